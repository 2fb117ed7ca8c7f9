//! Mutation tests of the policy engine: each small change of its code must make a test fail.
//!
//! `.cargo/mutants.toml` holds the settings. What survives is killed by a test or justified in
//! `docs/development/mutants.md`. It takes hours, so CI does not run it; one file takes minutes.

use anyhow::Result;

use crate::run::{self, step};
use crate::workspace::Workspace;

/// Enough random cases for a mutant, which has all the other tests as well.
const DIFFERENTIAL_CASES: &str = "8000";

/// Tries every mutant of the files named, or of the whole crate: with the unit tests, then what they let live with all.
pub(crate) fn policy(workspace: &Workspace, files: &[&str]) -> Result<()> {
    if !run::succeeds(&mut workspace.command("cargo", &["mutants", "--version"])) {
        step("install cargo-mutants", || {
            run::loudly(&mut workspace.command("cargo", &["install", "cargo-mutants", "--locked"]))
        })?;
    }
    let output = workspace.target().join("mutants");
    std::fs::create_dir_all(&output)?;
    let tries = |arguments: &[&str]| {
        let mut command =
            workspace.command("cargo", &["mutants", "--package", "garita-policy", "--jobs", "1"]);
        command.args(arguments).arg("--output").arg(&output);
        for file in files {
            command.args(["--file", file]);
        }
        // Mutants are built in a copy of the checkout, with a target folder of their own.
        command.env_remove("CARGO_TARGET_DIR").env("GARITA_DIFFERENTIAL_CASES", DIFFERENTIAL_CASES);
        command
    };
    // What the unit tests let live, all tests try again: most mutants then need one binary in place of four.
    if run::loudly(&mut tries(&["--cargo-arg", "--lib"])).is_ok() {
        return Ok(());
    }
    run::loudly(&mut tries(&["--iterate", "--cargo-arg", "--tests"]))
}
