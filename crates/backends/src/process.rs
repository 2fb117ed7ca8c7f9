//! A child process that is run to its end: its output line by line, and the last of it kept for the error.
//!
//! INVARIANT: a child is killed when its handle is dropped, so an interrupted run leaves nothing behind.

use std::collections::VecDeque;
use std::process::{ExitStatus, Stdio};

use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader, Lines};
use tokio::process::Command;

/// Lines kept for the error text.
const KEPT: usize = 15;

/// How a child ended.
#[derive(Debug)]
pub struct Ended {
    /// Its status.
    pub status: ExitStatus,
    /// The last lines it printed, oldest first.
    pub last_lines: Vec<String>,
}

/// Runs a command to its end and hands on each line it prints, from either stream.
///
/// # Errors
/// When the command cannot be started or its output cannot be read.
pub async fn run(command: &mut Command, on_line: &mut (dyn FnMut(&str) + Send)) -> std::io::Result<Ended> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn()?;
    let mut out = child.stdout.take().map(lines);
    let mut err = child.stderr.take().map(lines);
    let mut kept = VecDeque::with_capacity(KEPT);
    while out.is_some() || err.is_some() {
        let line = tokio::select! {
            line = next(&mut out) => line?,
            line = next(&mut err) => line?,
        };
        let Some(line) = line else { continue };
        on_line(&line);
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back(line);
    }
    Ok(Ended { status: child.wait().await?, last_lines: kept.into() })
}

fn lines<R: AsyncRead + Unpin>(stream: R) -> Lines<BufReader<R>> {
    BufReader::new(stream).lines()
}

/// The next line of a stream; at its end the stream is taken away. Never ready once it is gone.
async fn next<R: AsyncRead + Unpin>(
    stream: &mut Option<Lines<BufReader<R>>>,
) -> std::io::Result<Option<String>> {
    let Some(open) = stream.as_mut() else { return std::future::pending().await };
    let line = open.next_line().await?;
    if line.is_none() {
        *stream = None;
    }
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn both_streams_are_seen_and_the_last_lines_kept() {
        let mut command = Command::new("sh");
        command.args(["-c", "for i in $(seq 20); do echo o$i; done; echo bad >&2; exit 3"]);
        let mut seen = 0;
        let ended = run(&mut command, &mut |_| seen += 1).await.unwrap();
        assert_eq!((seen, ended.status.code(), ended.last_lines.len()), (21, Some(3), KEPT));
        assert!(ended.last_lines.iter().any(|line| line == "o20"));
    }

    #[tokio::test]
    async fn a_dropped_run_kills_its_child() {
        let folder = std::env::temp_dir().join(format!("garita-process-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("late");
        let mut command = Command::new("sh");
        command.arg("-c").arg(format!("sleep 0.4; touch {}", file.display()));
        let running = tokio::time::timeout(std::time::Duration::from_millis(100), async {
            run(&mut command, &mut |_| ()).await
        });
        assert!(running.await.is_err());
        tokio::time::sleep(std::time::Duration::from_millis(600)).await;
        assert!(!file.exists());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
