//! Runs one of the quickstart's Python scripts: JSON in on standard input, lines out.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result};
use garita_backends::python::Environment;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{ChildStderr, Command};

use super::files;

/// What the user set for clients of their own is not for the demonstration.
const OTHERS_SETTINGS: [&str; 3] = ["AWS_", "MLFLOW_", "SAGEMAKER_"];
const TAIL_LINES: usize = 15;

/// A script, in a file where the user can read it.
pub(super) struct Script {
    python: PathBuf,
    file: PathBuf,
}

/// How a script ended.
pub(super) struct Ended {
    /// Whether its exit code was 0.
    pub(super) success: bool,
    /// The last lines of its standard error.
    pub(super) said: String,
}

impl Script {
    /// Puts the script in its place.
    pub(super) fn put(python: &Environment, place: &Path, name: &str, source: &str) -> Result<Self> {
        let file = place.join(name);
        files::replace(&file, source)?;
        Ok(Self { python: python.python(), file })
    }

    /// Runs it to its end and hands on each line of its standard output. The input may hold secrets: it goes
    /// through a pipe, never onto the command line.
    pub(super) async fn run(&self, input: &Value, on_line: &mut (dyn FnMut(&str) + Send)) -> Result<Ended> {
        let mut child =
            self.command().spawn().with_context(|| format!("cannot run `{}`", self.python.display()))?;
        let mut stdin = child.stdin.take().context("no standard input")?;
        let stdout = child.stdout.take().context("no standard output")?;
        let said = tokio::spawn(tail(child.stderr.take().context("no standard error")?));
        // A script that ended before it read its input says why on standard error.
        let _ = stdin.write_all(input.to_string().as_bytes()).await;
        drop(stdin);
        let mut lines = BufReader::new(stdout).lines();
        while let Some(line) = lines.next_line().await? {
            on_line(&line);
        }
        Ok(Ended { success: child.wait().await?.success(), said: said.await? })
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.python);
        command.arg("-I").arg(&self.file).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| OTHERS_SETTINGS.iter().any(|prefix| name.starts_with(prefix)))
            {
                command.env_remove(name);
            }
        }
        command.env("AWS_CONFIG_FILE", "/dev/null").env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
        command.env("NO_PROXY", "127.0.0.1,localhost").env("no_proxy", "127.0.0.1,localhost");
        command
    }
}

async fn tail(stderr: ChildStderr) -> String {
    let mut bytes = Vec::new();
    // What could be read is shown; there is nobody to tell of the rest.
    let _ = BufReader::new(stderr).read_to_end(&mut bytes).await;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    let first = lines.len().saturating_sub(TAIL_LINES);
    lines.into_iter().skip(first).collect::<Vec<_>>().join("\n")
}
