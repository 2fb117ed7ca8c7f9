//! Why nothing allowed a request: the statements that came nearest, and what of each did not fit.
//!
//! Looked at are the allows of the kind of policy that an implicit deny is laid to; of service control policies those
//! of the levels that do not allow. A statement about another service is not near.
//! INVARIANT: a statement is near only when at least one element of it fails; at most [`MAX_NEAR`] are told.

use std::fmt;

use super::principal::grant;
use super::{NamedPolicy, Policies};
use crate::context::{Probe, Request};
use crate::decision::{Decision, MatchedStatement, Outcome, PolicyType};
use crate::document::{ActionPattern, Effect, Statement};
use crate::parse_error::quoted;
use crate::pattern::{Match, fold};
use crate::resource::{ArnParts, ResourcePattern};

/// Most statements told of one decision.
pub const MAX_NEAR: usize = 5;
/// Most patterns quoted of one statement.
const MAX_QUOTED: usize = 3;
const PARTS: [&str; 6] = ["`arn`", "partition", "service", "region", "account", "resource part"];

/// A statement that would have allowed the request, but for what fails.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Near {
    /// The statement.
    pub statement: MatchedStatement,
    /// What of it fails; never empty.
    pub failing: Vec<Failing>,
}

/// An element of a statement that does not fit the request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Failing {
    /// `Action`, or `NotAction` when `excluded`.
    Action {
        /// Some of the patterns, quoted.
        patterns: String,
        /// The action is one that `NotAction` leaves out.
        excluded: bool,
    },
    /// `Principal` or `NotPrincipal`.
    Principal,
    /// `Resource`: the pattern that fits furthest.
    Resource {
        /// The pattern.
        pattern: String,
        /// The first part that does not fit: its name, the pattern's text and the request's.
        part: Option<(&'static str, String, String)>,
    },
    /// `NotResource`: the pattern that covers the resource.
    ExcludedResource {
        /// The pattern.
        pattern: String,
    },
    /// A line of `Condition`.
    Condition {
        /// The operator.
        operator: String,
        /// The key.
        key: String,
        /// The request's values; `None` when it has none.
        found: Option<Vec<String>>,
    },
}

/// The statements nearest to allowing `request`, nearest first; none unless `decision` is an implicit deny.
pub fn nearest(request: &Request<'_>, policies: &Policies<'_>, decision: &Decision) -> Vec<Near> {
    if decision.outcome() != Outcome::ImplicitDeny {
        return Vec::new();
    }
    let policies = policies.in_force(request.principal);
    let looker = Looker::new(request, policies.boundary.is_some());
    let mut near = Vec::new();
    let mut look = |policy_type, policies: &[NamedPolicy]| near.extend(looker.look(policy_type, policies));
    match decision.decided_by() {
        PolicyType::Identity | PolicyType::RootUser => {
            look(PolicyType::Identity, policies.identity);
            look(PolicyType::Resource, policies.resource.map_or(&[], std::slice::from_ref));
        }
        kind @ PolicyType::Boundary => look(kind, policies.boundary.map_or(&[], std::slice::from_ref)),
        kind @ PolicyType::Session => look(kind, policies.session.unwrap_or_default()),
        kind @ PolicyType::Resource => look(kind, policies.resource.map_or(&[], std::slice::from_ref)),
        kind @ PolicyType::Trust => look(kind, policies.trust.map_or(&[], std::slice::from_ref)),
        kind @ PolicyType::Endpoint => look(kind, policies.endpoint.map_or(&[], std::slice::from_ref)),
        kind @ (PolicyType::ServiceControl | PolicyType::ResourceControl) => {
            for level in policies.scp.unwrap_or_default().iter().filter(|level| !looker.allows(kind, level)) {
                look(kind, level);
            }
        }
    }
    near.retain(|(distance, near)| *distance < TOO_FAR && !near.failing.is_empty());
    near.sort_by_key(|(distance, _)| *distance);
    near.into_iter().take(MAX_NEAR).map(|(_, near)| near).collect()
}

/// From here on a statement speaks of something else.
const TOO_FAR: usize = 1_000;

struct Looker<'a> {
    request: &'a Request<'a>,
    bounded: bool,
    action: String,
    arn: Option<ArnParts<'a>>,
    probe: Probe<'a>,
}

impl<'a> Looker<'a> {
    fn new(request: &'a Request<'a>, bounded: bool) -> Self {
        Self {
            request,
            bounded,
            action: fold(request.action).into_owned(),
            arn: ArnParts::split(request.resource),
            probe: Probe::new(request.context),
        }
    }

    fn allows(&self, policy_type: PolicyType, policies: &[NamedPolicy]) -> bool {
        self.look(policy_type, policies).iter().any(|(_, near)| near.failing.is_empty())
    }

    /// Every allow, with how far it is from fitting.
    fn look(&self, policy_type: PolicyType, policies: &[NamedPolicy]) -> Vec<(usize, Near)> {
        let mut found = Vec::new();
        for policy in policies {
            for statement in policy.document().statements() {
                if statement.effect() == Effect::Allow {
                    let failing = self.failing(statement, policy_type);
                    let distance = failing.iter().map(|one| self.distance(one, statement)).sum();
                    let statement = MatchedStatement::new(policy, policy_type, statement);
                    found.push((distance, Near { statement, failing }));
                }
            }
        }
        found
    }

    fn failing(&self, statement: &Statement, policy_type: PolicyType) -> Vec<Failing> {
        let mut failing = Vec::new();
        failing.extend(self.failing_action(statement));
        if grant(statement, policy_type, self.request.principal, self.bounded).is_none() {
            failing.push(Failing::Principal);
        }
        failing.extend(self.failing_resource(statement));
        let unmet = statement.conditions().iter().filter(|condition| !condition.is_met(&self.probe));
        failing.extend(unmet.map(|condition| Failing::Condition {
            operator: condition.operator().to_string(),
            key: condition.key().to_owned(),
            found: self.request.context.get(condition.key()).map(|v| v.iter().map(str::to_owned).collect()),
        }));
        failing
    }

    fn failing_action(&self, statement: &Statement) -> Option<Failing> {
        let actions = statement.actions();
        let named = actions.iter().any(|pattern| pattern.matches_folded(&self.action, &self.probe));
        let excluded = statement.is_not_action();
        let patterns = || some(actions.iter().map(ActionPattern::as_str));
        (named == excluded).then(|| Failing::Action { patterns: patterns(), excluded })
    }

    fn failing_resource(&self, statement: &Statement) -> Option<Failing> {
        let clause = statement.resource_clause()?;
        let covers =
            |pattern: &&ResourcePattern| pattern.matches(self.arn.as_ref(), &self.probe) == Match::Yes;
        let covering = clause.patterns.iter().find(covers);
        match (covering, clause.negated) {
            (Some(pattern), true) => Some(Failing::ExcludedResource { pattern: pattern.as_str().to_owned() }),
            (None, false) => self.furthest(&clause.patterns),
            // An allow whose `NotResource` has a variable without a value covers nothing.
            (None, true) => clause
                .patterns
                .iter()
                .find(|pattern| pattern.matches(self.arn.as_ref(), &self.probe) == Match::Unresolved)
                .map(|pattern| Failing::Resource { pattern: pattern.as_str().to_owned(), part: None }),
            (Some(_), false) => None,
        }
    }

    fn furthest(&self, patterns: &[ResourcePattern]) -> Option<Failing> {
        let Some(arn) = &self.arn else {
            let pattern = patterns.first()?.as_str().to_owned();
            return Some(Failing::Resource { pattern, part: None });
        };
        let fits = patterns.iter().map(|pattern| (pattern, pattern.fit(arn, &self.probe)));
        let (pattern, (fitting, text)) = fits.rev().max_by_key(|(_, (fitting, _))| *fitting)?;
        let name = PARTS.get(fitting).copied();
        let part = name.zip(text).map(|(name, text)| (name, text.to_owned(), arn.part(fitting).to_owned()));
        Some(Failing::Resource { pattern: pattern.as_str().to_owned(), part })
    }

    fn distance(&self, failing: &Failing, statement: &Statement) -> usize {
        match failing {
            Failing::Condition { .. } => 1,
            Failing::Resource { part, .. } => {
                10 + part
                    .as_ref()
                    .map_or(0, |(name, ..)| PARTS.iter().rev().position(|p| p == name).unwrap_or(0))
            }
            Failing::ExcludedResource { .. } => 10,
            Failing::Principal => 30,
            Failing::Action { excluded, .. } => {
                let service = self.action.split(':').next().unwrap_or_default();
                let same = |text: &str| fold(text).split(':').next() == Some(service);
                let near = *excluded || statement.actions().iter().any(|action| same(action.as_str()));
                if near { 100 } else { TOO_FAR }
            }
        }
    }
}

/// The first few of `texts`, quoted.
fn some<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    let mut texts = texts.map(quoted);
    let shown: Vec<String> = texts.by_ref().take(MAX_QUOTED).collect();
    let more = texts.count();
    let shown = shown.join(", ");
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

impl fmt::Display for Failing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Action { patterns, excluded: false } => write!(f, "`Action` is only {patterns}"),
            Self::Action { patterns, excluded: true } => write!(f, "`NotAction` leaves out {patterns}"),
            Self::Principal => f.write_str("`Principal` does not name the caller"),
            Self::Resource { pattern, part: None } => {
                write!(f, "`Resource` {} does not fit", quoted(pattern))
            }
            Self::Resource { pattern, part: Some((name, wanted, found)) } => write!(
                f,
                "`Resource` {} does not fit: its {name} is {}, the request's is {}",
                quoted(pattern),
                quoted(wanted),
                quoted(found)
            ),
            Self::ExcludedResource { pattern } => write!(f, "`NotResource` leaves out {}", quoted(pattern)),
            Self::Condition { operator, key, found: None } => {
                write!(f, "condition `{operator}` on {} is not met: the request has no such key", quoted(key))
            }
            Self::Condition { operator, key, found: Some(values) } => {
                let values = some(values.iter().map(String::as_str));
                write!(f, "condition `{operator}` on {} is not met: the request has {values}", quoted(key))
            }
        }
    }
}

impl fmt::Display for Near {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}: ", self.statement, self.statement.start)?;
        for (index, failing) in self.failing.iter().enumerate() {
            write!(f, "{}{failing}", if index == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}
