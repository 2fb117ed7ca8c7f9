//! The MLflow server: one process on a Unix socket in a folder that only this user can enter.
//!
//! Garita holds the process's standard input; the process ends when that closes, so however Garita ends, MLflow does
//! too (`launch.py`). When MLflow dies by itself it is started again, after a pause that doubles while it keeps dying.
//!
//! INVARIANT: the folder is 0700 and the socket 0600 before anything listens: the gateway is the only way in.

mod child;
mod folder;
mod health;

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use child::Child;
pub use folder::MlflowFolder;

/// How long the first start may take: it makes the database.
const STARTS_WITHIN: Duration = Duration::from_secs(240);
/// The pause before the first restart, and the longest one.
const PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// A server that ran this long had started well: the next pause is short again.
const RAN_WELL: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Why there is no MLflow server.
#[derive(Debug, thiserror::Error)]
pub enum MlflowError {
    /// A socket in this folder would have a longer name than the system takes.
    #[error("`{}` is too long a path for a socket; choose a data folder with a shorter path", .0.display())]
    PathTooLong(PathBuf),
    /// It ended before it answered.
    #[error("MLflow ended before it answered; the end of `{}`:\n{tail}", log.display())]
    Ended {
        /// Its log.
        log: PathBuf,
        /// The last lines of it.
        tail: String,
    },
    /// It did not answer in time.
    #[error("MLflow did not answer within {} seconds; see `{}`", STARTS_WITHIN.as_secs(), log.display())]
    Silent {
        /// Its log.
        log: PathBuf,
    },
    /// A file or process failed.
    #[error("cannot {what}: {source}")]
    Io {
        /// What was being done.
        what: String,
        /// Why it failed.
        source: std::io::Error,
    },
}

/// A running MLflow server. Dropping it kills the process; [`MlflowServer::stop`] ends it in order.
#[derive(Debug)]
pub struct MlflowServer {
    folder: MlflowFolder,
    stop: Option<oneshot::Sender<()>>,
    keeper: JoinHandle<()>,
}

impl MlflowServer {
    /// Starts MLflow with this interpreter in this folder and waits until it answers.
    ///
    /// # Errors
    /// When the folder cannot be made private, or MLflow ends or stays silent: the end of its log is in the error.
    pub async fn start(python: &Path, folder: &Path) -> Result<Self, MlflowError> {
        let folder = MlflowFolder::make(folder)?;
        let first = first_start(python, &folder).await?;
        let (stop, stopped) = oneshot::channel();
        let keeper = Keeper { python: python.to_owned(), folder: folder.clone(), stopped };
        Ok(Self { folder, stop: Some(stop), keeper: tokio::spawn(keeper.keep(first)) })
    }

    /// The socket it listens on.
    pub fn socket(&self) -> PathBuf {
        self.folder.socket()
    }

    /// Its log.
    pub fn log(&self) -> PathBuf {
        self.folder.log()
    }

    /// Ends the process in order, and waits for that.
    pub async fn stop(mut self) {
        self.stop = None;
        if (&mut self.keeper).await.is_err() {
            tracing::warn!("the task that kept MLflow running failed");
        }
    }
}

impl Drop for MlflowServer {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

async fn first_start(python: &Path, folder: &MlflowFolder) -> Result<Child, MlflowError> {
    let mut child = Child::spawn(python, folder)?;
    let given_up = Instant::now() + STARTS_WITHIN;
    while !health::answers(&folder.socket()).await {
        if child.has_ended() {
            return Err(MlflowError::Ended { log: folder.log(), tail: folder.log_tail() });
        }
        if Instant::now() > given_up {
            return Err(MlflowError::Silent { log: folder.log() });
        }
        sleep(LOOK_EVERY).await;
    }
    Ok(child)
}

/// Keeps one MLflow process running until told to stop.
struct Keeper {
    python: PathBuf,
    folder: MlflowFolder,
    /// Resolves when the other end is dropped.
    stopped: oneshot::Receiver<()>,
}

impl Keeper {
    async fn keep(mut self, first: Child) {
        let (mut running, mut pause) = (Some(first), PAUSE.0);
        loop {
            let started = Instant::now();
            if let Some(mut child) = running.take() {
                tokio::select! {
                    status = child.ended() => tracing::warn!(%status, log = %self.folder.log().display(), "MLflow ended"),
                    _ = &mut self.stopped => return child.stop().await,
                }
            }
            if started.elapsed() > RAN_WELL {
                pause = PAUSE.0;
            }
            tokio::select! {
                () = sleep(pause) => {}
                _ = &mut self.stopped => return,
            }
            pause = (pause * 2).min(PAUSE.1);
            match Child::spawn(&self.python, &self.folder) {
                Ok(child) => {
                    tracing::info!("MLflow is started again");
                    running = Some(child);
                }
                Err(error) => tracing::error!(%error, "MLflow cannot be started again"),
            }
        }
    }
}

#[cfg(test)]
mod tests;
