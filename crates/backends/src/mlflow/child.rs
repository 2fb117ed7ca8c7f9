//! The MLflow process itself.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{ChildStdin, Command};

use super::MlflowError;
use super::folder::MlflowFolder;

/// How long an orderly end may take before the process is killed.
const ENDS_WITHIN: Duration = Duration::from_secs(5);

/// A started MLflow process; killed when dropped.
#[derive(Debug)]
pub(super) struct Child {
    process: tokio::process::Child,
    // Held open: the process ends when this closes.
    stdin: Option<ChildStdin>,
}

impl Child {
    /// Starts `launch.py` in a process group of its own: a Ctrl-C in the terminal is for Garita, which then ends
    /// MLflow after the last request.
    pub(super) fn spawn(python: &Path, folder: &MlflowFolder) -> Result<Self, MlflowError> {
        let launcher = folder.launcher()?;
        let (out, err) = folder.open_log()?;
        let mut command = Command::new(python);
        command.arg("-I").arg(launcher).arg(folder.path()).stdin(Stdio::piped()).stdout(out).stderr(err);
        let mut process = command
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|source| MlflowError::Io { what: format!("run `{}`", python.display()), source })?;
        let stdin = process.stdin.take();
        Ok(Self { process, stdin })
    }

    pub(super) fn has_ended(&mut self) -> bool {
        !matches!(self.process.try_wait(), Ok(None))
    }

    /// Waits for the end, and says how it was.
    pub(super) async fn ended(&mut self) -> String {
        match self.process.wait().await {
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        }
    }

    /// Closes standard input, waits for the end, and kills the process when it takes too long.
    pub(super) async fn stop(mut self) {
        self.stdin = None;
        if tokio::time::timeout(ENDS_WITHIN, self.process.wait()).await.is_err()
            && let Err(error) = self.process.kill().await
        {
            tracing::warn!(%error, "MLflow could not be killed");
        }
    }
}
