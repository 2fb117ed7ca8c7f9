//! Everything that is checked without running a test: formatting, tidy, clippy, documentation, generated files.

use anyhow::Result;

use crate::run::{loudly, step};
use crate::system::{self, COMPILER};
use crate::workspace::Workspace;
use crate::{reference, tidy};

/// All checks, the quick ones first.
pub(crate) fn all(workspace: &Workspace) -> Result<()> {
    system::provide(&[COMPILER])?;
    let cargo = |arguments: &[&str]| loudly(&mut workspace.command("cargo", arguments));
    step("format", || cargo(&["fmt", "--all", "--check"]))?;
    step("tidy", || tidy::all(workspace))?;
    step("clippy", || {
        cargo(&["clippy", "--workspace", "--all-targets", "--locked", "--", "--deny", "warnings"])
    })?;
    step("rustdoc", || {
        let mut command = workspace.command("cargo", &["doc", "--workspace", "--no-deps", "--locked"]);
        loudly(command.env("RUSTDOCFLAGS", "--deny warnings"))
    })?;
    step("generated files", || reference::compare(workspace))
}
