//! Habits of the project, one command each: `cargo xtask` alone lists them.
//!
//! `cargo xtask test` is the command the README names; `.ci/run` calls that very command, between `check` and
//! `fuzz`. INVARIANT: a step that cannot be done is a failure with a reason, never a step left out.

mod bench;
mod check;
mod fuzz;
mod mutants;
mod reference;
mod run;
mod system;
mod test;
mod tidy;
mod workspace;

use std::process::ExitCode;

use anyhow::{Result, bail};
use workspace::Workspace;

const USAGE: &str = "\
usage: cargo xtask <command>

  test [rust|clients]     every test, or one part; installs what the tests need
  check                   formatting, tidy, clippy, documentation, generated files
  fuzz [seconds]          every fuzz target, one minute each unless told otherwise
  ci                      check, test and fuzz
  tidy                    the invariants of the architecture, over the dependency graph and the sources
  docs [--check]          write docs/reference from the program's own tables, or compare
  bench gateway|identity|startup [--json FILE] [--program FILE] [--rounds N] [--seconds N]
                          measure the gateway beside nginx, sign-ins beside bare arithmetic, and how it starts
  bench policy [--json FILE]
                          measure policy decisions beside Cedar's
  bench --gate|--record   count the instructions of a decision, and compare with what was accepted, or accept
  differential [--cases N] [--seed S]
                          random policies and requests through evaluators that must agree
  mutants [FILE...]       small changes of the policy engine, each of which must make a test fail; takes hours";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match dispatch(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(words: &[&str]) -> Result<()> {
    if let [] | ["help" | "--help" | "-h"] = words {
        println!("{USAGE}");
        return Ok(());
    }
    let workspace = Workspace::find()?;
    match words {
        ["test"] => test::all(&workspace),
        ["test", "rust"] => test::rust(&workspace),
        ["test", "clients"] => test::clients(&workspace),
        ["check"] => check::all(&workspace),
        ["fuzz"] => fuzz::all(&workspace, fuzz::SECONDS),
        ["fuzz", seconds] => fuzz::all(&workspace, seconds.parse()?),
        ["ci"] => {
            check::all(&workspace)?;
            test::all(&workspace)?;
            fuzz::all(&workspace, fuzz::SECONDS)
        }
        ["tidy"] => tidy::all(&workspace),
        ["docs"] => reference::write(&workspace),
        ["docs", "--check"] => reference::compare(&workspace),
        ["bench", "gateway", options @ ..] => bench::gateway(&workspace, &bench::Options::parse(options)?),
        ["bench", "identity", options @ ..] => bench::identity(&workspace, &bench::Options::parse(options)?),
        ["bench", "startup", options @ ..] => bench::startup(&workspace, &bench::Options::parse(options)?),
        ["bench", "policy", options @ ..] => bench::policy(&workspace, options),
        ["bench", "--gate"] => bench::instructions::gate(&workspace),
        ["bench", "--record"] => bench::instructions::record(&workspace),
        ["differential", options @ ..] => {
            let example =
                ["run", "--release", "--locked", "--package", "garita-policy", "--example", "differential"];
            run::loudly(workspace.command("cargo", &example).arg("--").args(options))
        }
        ["mutants", files @ ..] => mutants::policy(&workspace, files),
        _ => bail!("`cargo xtask {}` is not a command\n\n{USAGE}", words.join(" ")),
    }
}
