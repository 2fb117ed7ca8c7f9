//! Where things are: the root of the checkout and cargo's target folder, as cargo itself says.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::run;

/// The checkout this program works on.
pub(crate) struct Workspace {
    root: PathBuf,
    target: PathBuf,
}

impl Workspace {
    /// Asks cargo.
    pub(crate) fn find() -> Result<Self> {
        let metadata = cargo_metadata(Path::new("."), &["--no-deps"])?;
        let folder = |name: &str| {
            metadata
                .get(name)
                .and_then(Value::as_str)
                .map(PathBuf::from)
                .context("cargo metadata lacks a folder")
        };
        Ok(Self { root: folder("workspace_root")?, target: folder("target_directory")? })
    }

    /// The folder for everything that is built.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// A file or folder of the checkout.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// A program, to be run at the root.
    pub(crate) fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root).args(arguments);
        command
    }

    /// The whole dependency graph for the platform that releases are made for.
    pub(crate) fn graph(&self) -> Result<Value> {
        cargo_metadata(&self.root, &["--locked", "--filter-platform", "x86_64-unknown-linux-gnu"])
    }

    /// Every file that is, or would be, under version control.
    pub(crate) fn files(&self) -> Result<Vec<String>> {
        let arguments = ["ls-files", "--cached", "--others", "--exclude-standard"];
        let listed = run::output(&mut self.command("git", &arguments))?;
        let there = |path: &&str| self.root.join(path).is_file();
        Ok(listed.lines().filter(there).map(str::to_owned).collect())
    }

    /// Builds the program in the given profile (`dev` or `dist`) and says where it is.
    pub(crate) fn build_garita(&self, profile: &str) -> Result<PathBuf> {
        let arguments = ["build", "--locked", "--package", "garita", "--profile", profile];
        run::quietly(&mut self.command("cargo", &arguments))?;
        let folder = if profile == "dev" { "debug" } else { profile };
        Ok(self.target.join(folder).join("garita"))
    }
}

fn cargo_metadata(folder: &Path, options: &[&str]) -> Result<Value> {
    let mut command = Command::new("cargo");
    command.current_dir(folder).args(["metadata", "--format-version", "1"]).args(options);
    serde_json::from_str(&run::output(&mut command)?).context("reading the output of cargo metadata")
}
