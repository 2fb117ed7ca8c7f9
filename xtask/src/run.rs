//! Running other programs: shown before they start, without a standard input, and timed.
//!
//! INVARIANT: no child waits for a keyboard; a child that fails is an error that names the command.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

/// Runs a command whose output goes straight to the terminal.
pub(crate) fn quietly(command: &mut Command) -> Result<()> {
    let shown = show(command);
    let status = command.stdin(Stdio::null()).status().with_context(|| format!("starting `{shown}`"))?;
    ensure!(status.success(), "`{shown}` failed: {status}");
    Ok(())
}

/// As [`quietly`], with the command printed first.
pub(crate) fn loudly(command: &mut Command) -> Result<()> {
    println!("$ {}", show(command));
    quietly(command)
}

/// Runs a command and returns what it wrote to its standard output.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let shown = show(command);
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("starting `{shown}`"))?;
    ensure!(output.status.success(), "`{shown}` failed: {}", output.status);
    String::from_utf8(output.stdout).with_context(|| format!("`{shown}` wrote something that is not UTF-8"))
}

/// What a watched command did.
pub(crate) struct Watched {
    /// Whether it ended well.
    pub(crate) success: bool,
    /// Its standard output, which was also shown while it ran.
    pub(crate) text: String,
}

/// Runs a command, shows its standard output as it comes, and keeps it.
pub(crate) fn watched(command: &mut Command) -> Result<Watched> {
    let shown = show(command);
    println!("$ {shown}");
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("starting `{shown}`"))?;
    let stdout = child.stdout.take().context("the child has no standard output")?;
    let (mut text, mut screen) = (String::new(), std::io::stdout());
    for line in BufReader::new(stdout).split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        writeln!(screen, "{line}")?;
        text.push_str(&line);
        text.push('\n');
    }
    Ok(Watched { success: child.wait()?.success(), text })
}

/// Whether a command can be started and ends well; its output is not shown.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// Does a step and prints how it ended and how long it took.
pub(crate) fn step<T>(title: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    judged(title, |_| "ok".to_owned(), work)
}

/// As [`step`], for work that can come to a bad end without an error: `outcome` words what it answered.
pub(crate) fn judged<T>(
    title: &str,
    outcome: impl FnOnce(&T) -> String,
    work: impl FnOnce() -> Result<T>,
) -> Result<T> {
    println!("==> {title}");
    let started = Instant::now();
    let result = work();
    let said = result.as_ref().map_or_else(|_| "FAILED".to_owned(), outcome);
    println!("<== {title}: {said} in {}", minutes(started.elapsed()));
    result.with_context(|| format!("step `{title}`"))
}

fn minutes(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{} min {:02} s", seconds / 60, seconds % 60)
}

fn show(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
