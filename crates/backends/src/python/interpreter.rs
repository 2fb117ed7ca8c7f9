//! Finding a Python interpreter that is new enough.

use std::fmt;
use std::path::{Path, PathBuf};

use tokio::process::Command;

/// The oldest version that MLflow 3 and its dependencies are run on here.
pub(super) const OLDEST: (u32, u32) = (3, 11);

/// The names tried, in this order: versions every package has wheels for come first.
const NAMES: [&str; 5] = ["python3.13", "python3.12", "python3.11", "python3", "python"];

/// A Python interpreter on this machine.
#[derive(Debug, Clone)]
pub struct Interpreter {
    program: PathBuf,
    version: (u32, u32),
}

impl Interpreter {
    /// The first one on the search path that runs and is new enough.
    pub async fn find() -> Option<Self> {
        for name in NAMES {
            if let Some(found) = Self::ask(name).await.filter(|found| found.version >= OLDEST) {
                return Some(found);
            }
        }
        None
    }

    /// What to run.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// Asks an interpreter for its version and its path; none when it does not run (a version manager may keep a
    /// name on the search path that starts nothing) or lacks `venv`.
    async fn ask(name: &str) -> Option<Self> {
        let code = "import ensurepip, sys, venv; print(*sys.version_info[:2], sys.executable)";
        let output = Command::new(name).args(["-I", "-c", code]).kill_on_drop(true).output().await.ok()?;
        output.status.success().then(|| Self::parse(&String::from_utf8_lossy(&output.stdout))).flatten()
    }

    fn parse(said: &str) -> Option<Self> {
        let mut words = said.trim().splitn(3, ' ');
        let version = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        let program = words.next().filter(|path| !path.is_empty())?.into();
        Some(Self { program, version })
    }
}

impl fmt::Display for Interpreter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Python {}.{} at {}", self.version.0, self.version.1, self.program.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_interpreter_says_is_read() {
        let found = Interpreter::parse("3 12 /opt/my python/bin/python3\n").unwrap();
        assert_eq!((found.version, found.program()), ((3, 12), Path::new("/opt/my python/bin/python3")));
        assert!(Interpreter::parse("").is_none());
        assert!(Interpreter::parse("3 x /usr/bin/python").is_none());
        assert!(Interpreter::parse("3 12 ").is_none());
    }

    #[tokio::test]
    async fn a_name_that_is_not_there_is_passed_over() {
        assert!(Interpreter::ask("no-such-python").await.is_none());
    }
}
