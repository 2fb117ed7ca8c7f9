//! How many instructions a decision takes: the same on a busy machine as on an idle one, so that it can be a gate.
//!
//! A count is what many decisions take less what none takes, by valgrind's callgrind. `bench/instructions.json` holds
//! the counts last accepted; more than 3 % above them is a failure. They depend on the compiler and its options, so
//! a change of those is a reason to record them anew.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};

use crate::run;
use crate::system::{self, COMPILER, VALGRIND};
use crate::workspace::Workspace;

/// Numbers of policies that decisions are counted at.
const POLICIES: [u32; 3] = [1, 100, 5000];
const DECISIONS: u64 = 2000;
const FILE: &str = "bench/instructions.json";
/// How much more is accepted.
const SLACK: f64 = 1.03;

type Counts = BTreeMap<String, u64>;

/// Counts, and compares with what was accepted.
pub(crate) fn gate(workspace: &Workspace) -> Result<()> {
    let text = std::fs::read_to_string(workspace.path(FILE)).with_context(|| format!("reading {FILE}"))?;
    let accepted: Counts = serde_json::from_str(&text).with_context(|| format!("reading {FILE}"))?;
    let counted = count(workspace)?;
    let mut grown = Vec::new();
    println!("\n{:24}  {:>9}  {:>9}", "instructions", "accepted", "now");
    for (name, now) in &counted {
        let before = *accepted.get(name).with_context(|| format!("{FILE} has no `{name}`: record it"))?;
        println!("{name:24}  {before:>9}  {now:>9}");
        if has_grown(before, *now) {
            grown.push(name.as_str());
        }
    }
    ensure!(
        grown.is_empty(),
        "more than 3 % above {FILE}: {}. If that is wanted: cargo xtask bench --record",
        grown.join(", ")
    );
    Ok(())
}

/// Counts, and accepts what was counted.
pub(crate) fn record(workspace: &Workspace) -> Result<()> {
    let text = serde_json::to_string_pretty(&count(workspace)?)?;
    std::fs::write(workspace.path(FILE), text + "\n").with_context(|| format!("writing {FILE}"))
}

fn has_grown(before: u64, now: u64) -> bool {
    now as f64 > before as f64 * SLACK
}

fn count(workspace: &Workspace) -> Result<Counts> {
    system::provide(&[COMPILER, VALGRIND])?;
    let build = ["build", "--release", "--locked", "--package", "garita-policy", "--example", "decisions"];
    run::loudly(&mut workspace.command("cargo", &build))?;
    let mut counts = Counts::new();
    for policies in POLICIES {
        let [none, many] = [0, DECISIONS].map(|decisions| instructions(workspace, policies, decisions));
        counts.insert(format!("policy.decide.{policies}"), many?.saturating_sub(none?) / DECISIONS);
    }
    Ok(counts)
}

fn instructions(workspace: &Workspace, policies: u32, decisions: u64) -> Result<u64> {
    let file = workspace.target().join("callgrind.out");
    let program = workspace.target().join("release/examples/decisions");
    let mut command = workspace.command("valgrind", &["--tool=callgrind", "--quiet"]);
    command.arg(format!("--callgrind-out-file={}", file.display())).arg(program);
    run::output(command.args([policies.to_string(), decisions.to_string()]))?;
    let text = std::fs::read_to_string(&file).context("reading what callgrind counted")?;
    total(&text).context("callgrind counted nothing")
}

fn total(text: &str) -> Option<u64> {
    let count =
        |line: &str| line.strip_prefix("summary: ").or(line.strip_prefix("totals: "))?.trim().parse().ok();
    text.lines().find_map(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_of_a_count() {
        assert_eq!(total("version: 1\nevents: Ir\nsummary: 1234\n\nfn=(1)\n"), Some(1234));
        assert_eq!(total("events: Ir\nfn=(1)\ntotals: 7\n"), Some(7));
        assert_eq!(total("events: Ir\n"), None);
    }

    #[test]
    fn three_in_a_hundred_are_too_many() {
        assert!(!has_grown(1000, 1030) && !has_grown(1000, 900));
        assert!(has_grown(1000, 1031));
    }
}
