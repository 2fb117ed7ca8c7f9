//! From decisions to what the simulator tells of them.

use std::collections::HashSet;

use super::Finding;
use crate::decision::{Decision, MatchedStatement, Outcome, PolicyType};
use crate::evaluate::Policies;

/// What is told of a decision; `across` says whether caller and resource belong to different accounts.
pub(super) fn finding(decision: &Decision, policies: &Policies<'_>, resource: &str, across: bool) -> Finding {
    let allows = |policy_type| decision.verdict(policy_type) == Some(Outcome::Allowed);
    // Policies that have no say over the caller hold nothing back.
    let by_organization = policies.scp.map(|_| {
        let verdict = decision.verdict(PolicyType::ServiceControl);
        verdict.is_none_or(|verdict| verdict == Outcome::Allowed)
    });
    Finding {
        outcome: decision.outcome(),
        matched: decision.matched().iter().filter(|one| tells(decision.outcome(), one)).cloned().collect(),
        missing: decision.missing_context_keys().to_vec(),
        by_organization,
        by_boundary: policies.boundary.map(|_| allows(PolicyType::Boundary)),
        details: (resource != "*" && by_organization != Some(false))
            .then(|| if across { details(decision, policies) } else { Vec::new() }),
    }
}

/// Whether a statement leads to the outcome.
fn tells(outcome: Outcome, statement: &MatchedStatement) -> bool {
    match outcome {
        Outcome::ExplicitDeny => true,
        Outcome::ImplicitDeny => false,
        Outcome::Allowed => {
            matches!(statement.policy_type, PolicyType::Identity | PolicyType::Resource | PolicyType::Trust)
        }
    }
}

fn details(decision: &Decision, policies: &Policies<'_>) -> Vec<(PolicyType, Outcome)> {
    let of_resource = if policies.trust.is_some() { PolicyType::Trust } else { PolicyType::Resource };
    let verdict = |policy_type| decision.verdict(policy_type).unwrap_or(Outcome::ImplicitDeny);
    let mut details =
        vec![(PolicyType::Identity, verdict(PolicyType::Identity)), (of_resource, verdict(of_resource))];
    details.extend(policies.boundary.map(|_| (PolicyType::Boundary, verdict(PolicyType::Boundary))));
    details
}

/// What is told of an action that needs no permission.
pub(super) fn free(organization: bool, boundary: bool, resource: &str) -> Finding {
    Finding {
        outcome: Outcome::Allowed,
        matched: Vec::new(),
        missing: Vec::new(),
        by_organization: organization.then_some(true),
        by_boundary: boundary.then_some(true),
        details: (resource != "*").then(Vec::new),
    }
}

/// What holds over all resources: the strictest answer, and the statements and keys of all.
pub(super) fn over_all<'a>(findings: impl Iterator<Item = &'a Finding> + Clone) -> Finding {
    let outcomes = findings.clone().map(|finding| finding.outcome);
    let outcome = outcomes.max_by_key(|outcome| strictness(*outcome)).unwrap_or(Outcome::ImplicitDeny);
    let deciding = findings.clone().filter(|finding| finding.outcome == outcome);
    let (mut seen, mut named) = (HashSet::new(), HashSet::new());
    let matched = deciding.flat_map(|finding| &finding.matched);
    let matched = matched.filter(|one| seen.insert((one.policy_type, one.source, &one.policy_id, one.index)));
    let missing = findings.clone().flat_map(|finding| &finding.missing);
    let mut missing: Vec<String> = missing.filter(|key| named.insert(key.to_lowercase())).cloned().collect();
    missing.sort_by_key(|key| key.to_lowercase());
    Finding {
        outcome,
        matched: matched.cloned().collect(),
        missing,
        by_organization: all(findings.clone().filter_map(|finding| finding.by_organization)),
        by_boundary: all(findings.clone().filter_map(|finding| finding.by_boundary)),
        details: strictest(findings.filter_map(|finding| finding.details.as_deref())),
    }
}

fn strictness(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Allowed => 0,
        Outcome::ImplicitDeny => 1,
        Outcome::ExplicitDeny => 2,
    }
}

/// Whether all are true; none when there are none.
fn all(answers: impl Iterator<Item = bool>) -> Option<bool> {
    answers.reduce(|all, one| all && one)
}

fn strictest<'a>(
    all: impl Iterator<Item = &'a [(PolicyType, Outcome)]>,
) -> Option<Vec<(PolicyType, Outcome)>> {
    all.map(<[_]>::to_vec).reduce(|mut known, more| {
        for (policy_type, outcome) in more {
            match known.iter_mut().find(|(of, _)| *of == policy_type) {
                Some((_, kept)) if strictness(*kept) < strictness(outcome) => *kept = outcome,
                Some(_) => {}
                None => known.push((policy_type, outcome)),
            }
        }
        known
    })
}
