//! What comes from elsewhere: licences, banned packages, and packages that are built in two versions.
//!
//! The rules stand in `deny.toml`, in the words of cargo-deny, so that one list serves both. This check needs no
//! network and no advisory database.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use toml::Value;

use super::Finding;
use super::graph::{Graph, Package};
use super::licence;

/// The part of `deny.toml` that is checked here.
#[derive(Debug, Default)]
pub(super) struct Policy {
    licences: Vec<String>,
    banned: Vec<(String, String)>,
    /// `name@version` of every package that may stand beside another version of itself.
    doubled: BTreeSet<String>,
}

impl Policy {
    /// Reads `deny.toml`. An exception without a reason is refused.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let document: toml::Table = text.parse().context("reading deny.toml")?;
        let section = |name: &str| document.get(name).with_context(|| format!("deny.toml has no [{name}]"));
        let (licences, bans) = (section("licenses")?, section("bans")?);
        Ok(Self {
            licences: list(licences, "allow").filter_map(Value::as_str).map(str::to_owned).collect(),
            banned: list(bans, "deny").map(with_reason).collect::<Result<_>>()?,
            doubled: list(bans, "skip").map(|entry| Ok(with_reason(entry)?.0)).collect::<Result<_>>()?,
        })
    }
}

fn list<'a>(table: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    table.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn with_reason(entry: &Value) -> Result<(String, String)> {
    let word = |name: &str| {
        let text = entry.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
        text.map(str::to_owned).with_context(|| format!("deny.toml: `{entry}` needs a `{name}`"))
    };
    Ok((word("crate")?, word("reason")?))
}

/// All checks of this file.
pub(super) fn check(graph: &Graph, policy: &Policy) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in graph.packages() {
        findings.extend(licence_of(package, policy));
        findings.extend(ban_of(package, policy));
    }
    findings.extend(doubles(graph, policy));
    findings
}

fn licence_of(package: &Package, policy: &Policy) -> Option<Finding> {
    let problem = match licence::satisfied(&package.licence, &policy.licences) {
        Ok(true) => return None,
        Ok(false) => format!("is under `{}`, which deny.toml does not accept", package.licence),
        Err(error) => format!("has a licence that cannot be read ({error})"),
    };
    let message = format!("`{}` {} {problem}: take another package", package.name, package.version);
    Some(Finding::new("licences", message))
}

fn ban_of(package: &Package, policy: &Policy) -> Option<Finding> {
    let (name, reason) = policy.banned.iter().find(|(name, _)| *name == package.name)?;
    let message =
        format!("`{name}` is banned ({reason}): find who needs it with `cargo tree --invert {name}`");
    Some(Finding::new("banned", message))
}

fn doubles(graph: &Graph, policy: &Policy) -> Vec<Finding> {
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in graph.packages() {
        versions.entry(&package.name).or_default().insert(&package.version);
    }
    let finding = |message: String| Finding::new("double-versions", message);
    let mut findings = Vec::new();
    let mut used = BTreeSet::new();
    for (name, versions) in versions.iter().filter(|(_, versions)| versions.len() > 1) {
        let explained = |version: &&&str| policy.doubled.contains(&format!("{name}@{version}"));
        used.extend(versions.iter().filter(explained).map(|version| format!("{name}@{version}")));
        let unexplained: Vec<&str> = versions.iter().filter(|version| !explained(version)).copied().collect();
        if unexplained.len() > 1 {
            let shown = unexplained.join(" and ");
            findings.push(finding(format!(
                "`{name}` is built as {shown}: bring them together, or give the older one a reason under `skip` in deny.toml"
            )));
        }
    }
    let stale = policy.doubled.iter().filter(|entry| !used.contains(*entry));
    findings
        .extend(stale.map(|entry| finding(format!("`{entry}` in deny.toml is no longer needed: remove it"))));
    findings
}

#[cfg(test)]
mod tests {
    use super::super::graph::made_up::{graph, outside};
    use super::*;

    const DENY: &str = r#"
        [licenses]
        allow = ["MIT"]
        [bans]
        deny = [{ crate = "ring", reason = "a second crypto library" }]
        skip = [{ crate = "syn@2.0.0", reason = "the derive macros of `old` still need it" }]
    "#;

    fn messages(packages: impl IntoIterator<Item = Package>) -> Vec<(&'static str, String)> {
        let findings = check(&graph(packages), &Policy::parse(DENY).unwrap());
        findings.into_iter().map(|finding| (finding.check, finding.message)).collect()
    }

    fn with_syn(packages: impl IntoIterator<Item = Package>) -> Vec<(&'static str, String)> {
        messages([outside("syn", "2.0.0", &[]), outside("syn", "3.0.0", &[])].into_iter().chain(packages))
    }

    #[test]
    fn explained_doubles_pass() {
        assert!(with_syn([]).is_empty());
    }

    #[test]
    fn unexplained_doubles_do_not() {
        let found = with_syn([outside("rand", "0.9.0", &[]), outside("rand", "0.10.0", &[])]);
        assert_eq!(found.len(), 1);
        assert!(found[0].1.contains("`rand` is built as 0.10.0 and 0.9.0"), "{found:?}");
    }

    #[test]
    fn a_reason_that_is_no_longer_needed_is_found() {
        let found = messages([outside("syn", "3.0.0", &[])]);
        assert!(found[0].1.contains("`syn@2.0.0` in deny.toml is no longer needed"), "{found:?}");
    }

    #[test]
    fn licences_and_bans() {
        let gpl = Package { licence: "GPL-3.0-only".to_owned(), ..outside("copyleft", "1.0.0", &[]) };
        let none = Package { licence: String::new(), ..outside("unlicensed", "1.0.0", &[]) };
        let found = with_syn([gpl, none, outside("ring", "0.17.0", &[])]);
        let checks: Vec<&str> = found.iter().map(|(check, _)| *check).collect();
        assert_eq!(checks, ["licences", "banned", "licences"]);
    }

    #[test]
    fn an_exception_needs_a_reason() {
        let error = Policy::parse("[licenses]\n[bans]\nskip = [{ crate = \"syn@2.0.0\" }]").unwrap_err();
        assert!(error.to_string().contains("needs a `reason`"), "{error}");
    }
}
