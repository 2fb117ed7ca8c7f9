//! MLflow's folder: database, artifacts, socket, log and launcher; private to this user.

use std::fs::{File, OpenOptions, Permissions};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::MlflowError;

const LAUNCHER: &str = include_str!("launch.py");
/// What `sockaddr_un` takes on every system Garita runs on, with its terminating zero.
const LONGEST_SOCKET_PATH: usize = 104;
/// A log larger than this is set aside at the next start.
const LARGE_LOG: u64 = 8 << 20;
const TAIL_LINES: usize = 15;

/// A folder that holds everything of one MLflow server.
#[derive(Debug, Clone)]
pub struct MlflowFolder {
    path: PathBuf,
}

impl MlflowFolder {
    /// Makes the folder, or makes it private when it was there.
    pub(super) fn make(path: &Path) -> Result<Self, MlflowError> {
        let absolute = std::path::absolute(path).map_err(|e| failed("find", path, e))?;
        let folder = Self { path: absolute };
        if folder.socket().as_os_str().as_bytes().len() >= LONGEST_SOCKET_PATH {
            return Err(MlflowError::PathTooLong(folder.socket()));
        }
        std::fs::create_dir_all(&folder.path).map_err(|e| failed("create", path, e))?;
        let private = Permissions::from_mode(0o700);
        std::fs::set_permissions(&folder.path, private).map_err(|e| failed("make private", path, e))?;
        Ok(folder)
    }

    /// Where it is, absolute.
    pub fn path(&self) -> &Path {
        &self.path
    }
    /// The socket MLflow listens on.
    pub fn socket(&self) -> PathBuf {
        self.path.join("mlflow.sock")
    }
    /// What MLflow prints.
    pub fn log(&self) -> PathBuf {
        self.path.join("mlflow.log")
    }

    /// Puts the launcher in place, as this Garita knows it.
    pub(super) fn launcher(&self) -> Result<PathBuf, MlflowError> {
        let path = self.path.join("launch.py");
        std::fs::write(&path, LAUNCHER).map_err(|e| failed("write", &path, e))?;
        Ok(path)
    }

    /// The log, opened for standard output and standard error.
    pub(super) fn open_log(&self) -> Result<(File, File), MlflowError> {
        let path = self.log();
        if path.metadata().is_ok_and(|log| log.len() > LARGE_LOG) {
            let aside = self.path.join("mlflow.log.1");
            std::fs::rename(&path, &aside).map_err(|e| failed("set aside", &path, e))?;
        }
        let open = || {
            let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path)?;
            Ok((file.try_clone()?, file))
        };
        open().map_err(|e| failed("open", &path, e))
    }

    /// The last lines of the log.
    pub(super) fn log_tail(&self) -> String {
        let log = std::fs::read(self.log()).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        let first = lines.len().saturating_sub(TAIL_LINES);
        lines.into_iter().skip(first).collect::<Vec<_>>().join("\n")
    }
}

fn failed(what: &str, path: &Path, source: std::io::Error) -> MlflowError {
    MlflowError::Io { what: format!("{what} `{}`", path.display()), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_made_private_even_if_it_was_not() {
        let path = std::env::temp_dir().join(format!("garita-mlflow-folder-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        let folder = MlflowFolder::make(&path).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        folder.open_log().unwrap();
        assert_eq!(folder.log().metadata().unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::write(folder.log(), "1\n".repeat(40) + "last\n").unwrap();
        let tail = folder.log_tail();
        assert_eq!((tail.lines().count(), tail.lines().last()), (TAIL_LINES, Some("last")));
        std::fs::remove_dir_all(&path).unwrap();
    }

    #[test]
    fn a_path_no_socket_can_have_is_refused_at_once() {
        let path = std::env::temp_dir().join("x".repeat(120));
        assert!(matches!(MlflowFolder::make(&path), Err(MlflowError::PathTooLong(_))));
        assert!(!path.exists());
    }
}
