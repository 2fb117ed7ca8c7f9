//! Benchmarks: Garita beside what people run today, interleaved in one run, over the same upstream.
//!
//! Absolute figures of a shared machine mean little, so every figure that has a bar is a ratio to nginx taken in the
//! same round, or processor time per request. `docs/development/benchmarks.md` says how to read the table.

mod contest;
mod figure;
mod garita;
mod identity;
pub(crate) mod instructions;
mod lap;
mod load;
mod nginx;
mod person;
mod process;
mod processors;
mod raw;
mod startup;

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail, ensure};

use crate::run;
use crate::system::{self, COMPILER, NGINX, WRK};
use crate::workspace::Workspace;
use figure::Figure;

/// What can be set on the command line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// Where to write the figures as JSON.
    json: Option<PathBuf>,
    /// The program to measure; built as it is published when none is named.
    program: Option<PathBuf>,
    /// How many rounds.
    rounds: usize,
    /// How many seconds each contestant runs in a round.
    seconds: u32,
}

impl Options {
    /// Reads the words after the benchmark's name.
    pub(crate) fn parse(words: &[&str]) -> Result<Self> {
        let mut options = Self { json: None, program: None, rounds: 7, seconds: 3 };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let value = words.next().with_context(|| format!("`{word}` needs a value"))?;
            match *word {
                "--json" => options.json = Some(PathBuf::from(value)),
                "--program" => options.program = Some(std::path::absolute(value)?),
                "--rounds" => options.rounds = value.parse()?,
                "--seconds" => options.seconds = value.parse()?,
                _ => bail!("`{word}` is not an option: there are --json, --program, --rounds and --seconds"),
            }
        }
        ensure!(options.rounds > 0 && options.seconds > 0, "there must be a round, and a second");
        Ok(options)
    }

    fn program(&self, workspace: &Workspace) -> Result<PathBuf> {
        self.program.clone().map_or_else(|| workspace.build_garita("dist"), Ok)
    }
}

/// The gateway beside nginx.
pub(crate) fn gateway(workspace: &Workspace, options: &Options) -> Result<()> {
    system::provide(&[COMPILER, NGINX, WRK])?;
    let program = options.program(workspace)?;
    let figures = contest::run(workspace, &program, options.rounds, options.seconds)?;
    publish(&figures, options)
}

/// Sign-ins beside the bare arithmetic they are made of.
pub(crate) fn identity(workspace: &Workspace, options: &Options) -> Result<()> {
    system::provide(&[COMPILER, WRK])?;
    let program = options.program(workspace)?;
    let figures = identity::run(workspace, &program, options.rounds, options.seconds)?;
    publish(&figures, options)
}

/// From nothing to the first answer, and what waiting costs.
pub(crate) fn startup(workspace: &Workspace, options: &Options) -> Result<()> {
    system::provide(&[COMPILER])?;
    let program = options.program(workspace)?;
    let figures = startup::run(&program, options.rounds)?;
    publish(&figures, options)
}

/// Policy decisions beside those of another engine: a program of its own, so that the peer stays out of our lock.
pub(crate) fn policy(workspace: &Workspace, options: &[&str]) -> Result<()> {
    let program = ["run", "--release", "--locked", "--manifest-path", "bench/policy/Cargo.toml", "--"];
    let mut command = workspace.command("cargo", &program);
    // Builds of another lock share nothing with ours.
    command.args(options).env("CARGO_TARGET_DIR", workspace.target().join("bench-policy"));
    run::loudly(&mut command)
}

fn publish(figures: &[Figure], options: &Options) -> Result<()> {
    print!("{}", figure::table(figures));
    if let Some(path) = &options.json {
        let text = serde_json::to_string_pretty(&figure::json(figures))?;
        std::fs::write(path, text + "\n").with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(())
}

/// The middle of some values.
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let at = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
    if sorted.len() % 2 == 1 { at(middle) } else { f64::midpoint(at(middle.wrapping_sub(1)), at(middle)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options() {
        let parsed = Options::parse(&["--json", "out.json", "--rounds", "3"]).unwrap();
        assert_eq!(parsed, Options { json: Some("out.json".into()), program: None, rounds: 3, seconds: 3 });
        for wrong in [&["--json"][..], &["--speed", "1"], &["--rounds", "many"], &["--rounds", "0"]] {
            assert!(Options::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn medians() {
        assert!((median(&[3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!((median(&[4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < f64::EPSILON);
        assert!(median(&[]).is_nan());
    }
}
