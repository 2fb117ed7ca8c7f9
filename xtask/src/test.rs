//! Every test: the workspace's own, then real clients against the built program.
//!
//! INVARIANT: a test that did not run is a failure; the closing line counts all of them, whoever ran them.

mod tally;

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::run::{self, step};
use crate::system::{self, CHROMIUM, COMPILER, NODE, NPM, OPENSSL, PYTHON, VENV};
use crate::workspace::Workspace;
use tally::Tally;

/// Everything. Later parts run even when an earlier one failed, so that one run tells all.
pub(crate) fn all(workspace: &Workspace) -> Result<()> {
    let parts = [step("rust tests", || run_rust(workspace)), step("client tests", || run_clients(workspace))];
    finish(parts.into())
}

/// The workspace's own tests.
pub(crate) fn rust(workspace: &Workspace) -> Result<()> {
    finish(vec![step("rust tests", || run_rust(workspace))])
}

/// Real clients against the built program.
pub(crate) fn clients(workspace: &Workspace) -> Result<()> {
    finish(vec![step("client tests", || run_clients(workspace))])
}

fn run_rust(workspace: &Workspace) -> Result<Tally> {
    system::provide(&[COMPILER])?;
    let arguments = ["test", "--workspace", "--locked", "--no-fail-fast"];
    let watched = run::watched(&mut workspace.command("cargo", &arguments))?;
    Ok(tally::of_cargo(&watched.text).ended(watched.success))
}

fn run_clients(workspace: &Workspace) -> Result<Tally> {
    system::provide(&[COMPILER, PYTHON, VENV, OPENSSL, CHROMIUM, NODE, NPM])?;
    let garita = workspace.build_garita("dev")?;
    let python = environment(workspace)?;
    let mut command = workspace.command(&python.to_string_lossy(), &["-m", "pytest", "clients"]);
    let watched = run::watched(command.env("GARITA_BIN", garita))?;
    Ok(tally::of_pytest(&watched.text).ended(watched.success))
}

/// The Python environment of the client tests, made or brought up to date by the tests' own script.
fn environment(workspace: &Workspace) -> Result<PathBuf> {
    let folder = workspace.target().join("clients-venv");
    let script = workspace.path("clients/env.sh");
    run::loudly(workspace.command("bash", &[&script.to_string_lossy()]).env("CLIENTS_VENV", &folder))?;
    Ok(folder.join("bin/python"))
}

fn finish(parts: Vec<Result<Tally>>) -> Result<()> {
    let (mut total, mut broken) = (Tally::default(), 0);
    for part in parts {
        match part {
            Ok(tally) => total.add(tally),
            Err(error) => {
                broken += 1;
                eprintln!("error: {error:#}");
            }
        }
    }
    println!("{total}");
    if broken > 0 || !total.is_good() {
        bail!("the tests did not all pass{}", if broken > 0 { ": a part could not run" } else { "" });
    }
    Ok(())
}
