//! A Python environment of Garita's own, in the data folder: made once, then found ready in well under a second.
//!
//! INVARIANT: the stamp file is written last, after the packages have been imported, so an environment with the right
//! stamp is a whole one; anything else is made again from nothing.

mod interpreter;

use std::path::{Path, PathBuf};

use tokio::process::Command;

use crate::process;
pub use interpreter::Interpreter;

const STAMP: &str = "garita-environment";

/// What goes into an environment.
#[derive(Debug, Clone, Copy)]
pub struct Recipe<'a> {
    /// What pip is asked to install, in one resolution.
    pub packages: &'a [&'a str],
    /// A requirement raised afterwards without its dependencies, as far as that works: a release whose own pins are
    /// not published yet still runs on the dependencies of the one before it.
    pub raise: Option<Requirement<'a>>,
    /// Python that must run without error before the environment counts as made.
    pub check: &'a str,
}

/// One package and the versions of it that will do.
#[derive(Debug, Clone, Copy)]
pub struct Requirement<'a> {
    /// The package.
    pub package: &'a str,
    /// The version range, as pip writes it.
    pub range: &'a str,
}

/// Why there is no environment.
#[derive(Debug, thiserror::Error)]
pub enum PythonError {
    /// No interpreter is new enough.
    #[error(
        "no Python {0}.{1} or newer found; install one (for instance the packages `python3` and `python3-venv`) and \
         try again",
        interpreter::OLDEST.0,
        interpreter::OLDEST.1
    )]
    NoInterpreter,
    /// The environment could not be made.
    #[error(
        "`{python} -m venv` failed:\n{output}\nwhat to do: install the `venv` module of this Python (on Debian and \
         Ubuntu the package `python3-venv`)"
    )]
    Venv {
        /// The interpreter.
        python: String,
        /// The last lines it printed.
        output: String,
    },
    /// The packages could not be installed.
    #[error(
        "installing {packages} failed:\n{output}\nwhat to do: check that this machine reaches its package index (pip \
         honours PIP_INDEX_URL and the proxy variables), then run the same command again"
    )]
    Pip {
        /// What was being installed.
        packages: String,
        /// The last lines pip printed.
        output: String,
    },
    /// What was installed does not run.
    #[error("the packages were installed but do not run:\n{output}")]
    Broken {
        /// The last lines Python printed.
        output: String,
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

/// A Python environment in a folder.
#[derive(Debug, Clone)]
pub struct Environment {
    folder: PathBuf,
}

impl Environment {
    /// The environment in this folder, made or not.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Its interpreter.
    pub fn python(&self) -> PathBuf {
        self.folder.join("bin").join("python")
    }

    /// Whether it is there, whole, and made by this recipe.
    pub async fn is_ready(&self, recipe: &Recipe<'_>) -> bool {
        let stamped = tokio::fs::read_to_string(self.folder.join(STAMP)).await;
        if stamped.ok().as_deref() != Some(stamp(recipe).as_str()) {
            return false;
        }
        // The interpreter it was made from may have gone since.
        let alive = isolated(&self.python()).args(["-c", "import sys"]).kill_on_drop(true).status().await;
        alive.is_ok_and(|status| status.success())
    }

    /// Makes it by the recipe, from nothing. `on_line` gets what pip says as it works.
    ///
    /// # Errors
    /// When there is no interpreter, or a step of the recipe fails: the last lines it printed are in the error.
    pub async fn make(
        &self,
        recipe: &Recipe<'_>,
        on_line: &mut (dyn FnMut(&str) + Send),
    ) -> Result<(), PythonError> {
        let interpreter = Interpreter::find().await.ok_or(PythonError::NoInterpreter)?;
        on_line(&format!("using {interpreter}"));
        self.venv(&interpreter).await?;
        self.install(recipe.packages, on_line).await?;
        if let Some(raise) = recipe.raise {
            self.raise(raise, recipe.check, on_line).await?;
        }
        self.check(recipe.check).await?;
        let path = self.folder.join(STAMP);
        tokio::fs::write(&path, stamp(recipe)).await.map_err(|e| failed("write the environment's stamp", e))
    }

    /// The version of an installed package.
    ///
    /// # Errors
    /// When it is not installed or Python does not run.
    pub async fn version_of(&self, package: &str) -> Result<String, PythonError> {
        let code = "import importlib.metadata, sys; print(importlib.metadata.version(sys.argv[1]))";
        let mut command = isolated(&self.python());
        let output = command.args(["-c", code, package]).kill_on_drop(true).output().await;
        let output = output.map_err(|e| failed("run Python", e))?;
        if !output.status.success() {
            return Err(PythonError::Broken { output: String::from_utf8_lossy(&output.stderr).into_owned() });
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    async fn venv(&self, interpreter: &Interpreter) -> Result<(), PythonError> {
        let mut command = isolated(interpreter.program());
        command.args(["-m", "venv", "--clear"]).arg(&self.folder);
        let ended = process::run(&mut command, &mut |_| ()).await.map_err(|e| failed("run Python", e))?;
        if ended.status.success() {
            return Ok(());
        }
        let python = interpreter.program().display().to_string();
        Err(PythonError::Venv { python, output: ended.last_lines.join("\n") })
    }

    async fn install(
        &self,
        what: &[&str],
        on_line: &mut (dyn FnMut(&str) + Send),
    ) -> Result<(), PythonError> {
        let mut command = isolated(&self.python());
        command.args([
            "-m",
            "pip",
            "install",
            "--no-input",
            "--disable-pip-version-check",
            "--progress-bar",
            "off",
        ]);
        command.args(what);
        let ended = process::run(&mut command, on_line).await.map_err(|e| failed("run pip", e))?;
        if ended.status.success() {
            return Ok(());
        }
        let packages: Vec<&str> = what.iter().copied().filter(|word| !word.starts_with('-')).collect();
        Err(PythonError::Pip { packages: packages.join(", "), output: ended.last_lines.join("\n") })
    }

    /// Raises one package without its dependencies, and puts it back when it then does not run.
    async fn raise(
        &self,
        wanted: Requirement<'_>,
        check: &str,
        on_line: &mut (dyn FnMut(&str) + Send),
    ) -> Result<(), PythonError> {
        let Requirement { package, range } = wanted;
        let resolved = self.version_of(package).await?;
        let newest = format!("{package}{range}");
        if self.install(&["--no-deps", "--upgrade", &newest], on_line).await.is_ok()
            && (self.version_of(package).await? == resolved || self.check(check).await.is_ok())
        {
            return Ok(());
        }
        let back = format!("{package}=={resolved}");
        self.install(&["--no-deps", "--force-reinstall", &back], on_line).await
    }

    async fn check(&self, code: &str) -> Result<(), PythonError> {
        let mut command = isolated(&self.python());
        command.args(["-c", code]);
        let ended = process::run(&mut command, &mut |_| ()).await.map_err(|e| failed("run Python", e))?;
        if ended.status.success() {
            return Ok(());
        }
        Err(PythonError::Broken { output: ended.last_lines.join("\n") })
    }
}

/// An interpreter that looks at no PYTHON* variable and no package of the user's.
fn isolated(python: &Path) -> Command {
    let mut command = Command::new(python);
    command.arg("-I");
    command
}

fn stamp(recipe: &Recipe<'_>) -> String {
    let raise = recipe.raise.map(|r| format!("{}{}", r.package, r.range)).unwrap_or_default();
    format!("{}\n{raise}\n", recipe.packages.join("\n"))
}

fn failed(what: &str, source: std::io::Error) -> PythonError {
    PythonError::Io { what: what.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: Recipe<'static> = Recipe { packages: &[], raise: None, check: "import json" };

    fn folder(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("garita-python-{}-{name}", std::process::id()))
    }

    #[tokio::test]
    async fn only_a_whole_environment_of_the_same_recipe_is_ready() {
        let folder = folder("ready");
        let environment = Environment::at(&folder);
        assert!(!environment.is_ready(&EMPTY).await);
        // pip is not asked for anything: this machine may be without a package index.
        environment.venv(&Interpreter::find().await.unwrap()).await.unwrap();
        assert!(!environment.is_ready(&EMPTY).await, "not stamped yet");
        std::fs::write(folder.join(STAMP), stamp(&EMPTY)).unwrap();
        assert!(environment.is_ready(&EMPTY).await);
        let other = Recipe { packages: &["something"], ..EMPTY };
        assert!(!environment.is_ready(&other).await);
        assert!(!environment.version_of("pip").await.unwrap().is_empty());
        assert!(matches!(environment.check("import no_such_module").await, Err(PythonError::Broken { .. })));
        std::fs::remove_file(environment.python()).unwrap();
        assert!(!environment.is_ready(&EMPTY).await, "its interpreter is gone");
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[tokio::test]
    async fn a_failed_install_shows_what_pip_said() {
        let folder = folder("fails");
        let environment = Environment::at(&folder);
        environment.venv(&Interpreter::find().await.unwrap()).await.unwrap();
        let missing = folder.join("no-such-package.whl").display().to_string();
        let error =
            environment.install(&["--no-index", &missing], &mut |_| ()).await.unwrap_err().to_string();
        assert!(error.contains("no-such-package.whl") && error.contains("what to do"), "{error}");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
