//! Every test: the workspace's own, then real clients against the built program.
//!
//! INVARIANT: a test that did not run is a failure; the closing line counts all of them, whoever ran them.

mod tally;

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::run;
use crate::system::{self, CHROMIUM, COMPILER, NGINX, NODE, NPM, OPENSSL, PYTHON, VENV};
use crate::workspace::Workspace;
use tally::Tally;

/// Least free space in the target folder for a part to begin, in MiB: what the binaries of the tests take.
const ROOM: u64 = 2_048;

/// Everything. Later parts run even when an earlier one failed, so that one run tells all; but none on a full disk.
pub(crate) fn all(workspace: &Workspace) -> Result<()> {
    finish(vec![part("rust tests", workspace, run_rust), part("client tests", workspace, run_clients)])
}

/// The workspace's own tests.
pub(crate) fn rust(workspace: &Workspace) -> Result<()> {
    finish(vec![part("rust tests", workspace, run_rust)])
}

/// Real clients against the built program.
pub(crate) fn clients(workspace: &Workspace) -> Result<()> {
    finish(vec![part("client tests", workspace, run_clients)])
}

/// One part. Its closing line says what came out of it, which may be a failure that was counted.
fn part(title: &str, workspace: &Workspace, run: fn(&Workspace) -> Result<Tally>) -> Result<Tally> {
    run::judged(title, Tally::verdict, || {
        system::must_have_room(workspace.target(), ROOM)?;
        run(workspace)
    })
}

fn run_rust(workspace: &Workspace) -> Result<Tally> {
    system::provide(&[COMPILER])?;
    let arguments = ["test", "--workspace", "--locked", "--no-fail-fast"];
    let watched = run::watched(&mut workspace.command("cargo", &arguments))?;
    Ok(tally::of_cargo(&watched.text).ended(watched.success))
}

fn run_clients(workspace: &Workspace) -> Result<Tally> {
    system::provide(&[COMPILER, PYTHON, VENV, OPENSSL, CHROMIUM, NGINX, NODE, NPM])?;
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
