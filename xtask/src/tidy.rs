//! The invariants of the architecture, each a small check over the dependency graph or the sources.
//!
//! A check has a name, and each finding says what to do. `docs/development/architecture.md` says which invariant is
//! held by which check, and which by the compiler or by a test.

mod graph;
mod licence;
mod links;
mod rooms;
mod sources;
mod supply;

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Result, bail};

use crate::workspace::Workspace;
use graph::Graph;
use supply::Policy;

/// One thing to mend.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    check: &'static str,
    message: String,
}

impl Finding {
    fn new(check: &'static str, message: impl Into<String>) -> Self {
        Self { check, message: message.into() }
    }
}

/// Runs every check.
pub(crate) fn all(workspace: &Workspace) -> Result<()> {
    let graph = Graph::parse(&workspace.graph()?)?;
    let policy = Policy::parse(&fs::read_to_string(workspace.path("deny.toml"))?)?;
    let mut findings = rooms::check(&graph);
    findings.extend(supply::check(&graph, &policy));
    let mut files = 0;
    let known: BTreeSet<String> = workspace.files()?.into_iter().collect();
    for path in &known {
        // What is not text has no lines to check.
        if let Ok(text) = fs::read_to_string(workspace.path(path)) {
            files += 1;
            findings.extend(sources::check(path, &text));
            findings.extend(links::check(path, &text, &known));
            if let Some(note) = sources::note(path, &text) {
                println!("note: {note}");
            }
        }
    }
    println!("tidy: {} packages and {files} files looked at", graph.packages().len());
    report(&findings)
}

fn report(findings: &[Finding]) -> Result<()> {
    for finding in findings {
        eprintln!("{}: {}", finding.check, finding.message);
    }
    if findings.is_empty() { Ok(()) } else { bail!("{} findings", findings.len()) }
}
