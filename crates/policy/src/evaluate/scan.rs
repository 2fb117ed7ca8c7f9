//! Which statements of a set of policies apply to a request.
//!
//! All of them are looked at: a decision lists every statement that applied and every key that was missing.
//! INVARIANT: conditions are tried only once action, principal and resource fit, so no key is reported missing on
//! account of a statement about something else.

use std::borrow::Cow;

use super::NamedPolicy;
use super::principal::{Grant, grant};
use crate::context::{Principal, Probe, Request};
use crate::decision::{MatchedStatement, PolicyType};
use crate::document::{Effect, Statement};
use crate::pattern::{Match, fold};
use crate::resource::ArnParts;

/// A request in the form that statements are matched with.
pub(super) struct Asked<'a> {
    principal: &'a Principal,
    bounded: bool,
    action: Cow<'a, str>,
    resource: Option<ArnParts<'a>>,
    probe: Probe<'a>,
}

impl<'a> Asked<'a> {
    pub(super) fn new(request: &Request<'a>, bounded: bool) -> Self {
        Self {
            principal: request.principal,
            bounded,
            action: fold(request.action),
            resource: ArnParts::split(request.resource),
            probe: Probe::new(request.context),
        }
    }

    pub(super) fn into_missing(self) -> Vec<String> {
        self.probe.into_missing()
    }

    /// How closely `statement` applies; `None` when it does not.
    fn applies(&self, statement: &Statement, policy_type: PolicyType) -> Option<Grant> {
        if !self.action_fits(statement) {
            return None;
        }
        let grant = grant(statement, policy_type, self.principal, self.bounded)?;
        let fits =
            resource_fits(statement, self.resource.as_ref(), &self.probe) && self.conditions_met(statement);
        fits.then_some(grant)
    }

    fn action_fits(&self, statement: &Statement) -> bool {
        let mut patterns = statement.actions().iter();
        let named = patterns.any(|pattern| pattern.matches_folded(&self.action, &self.probe));
        named != statement.is_not_action()
    }

    fn conditions_met(&self, statement: &Statement) -> bool {
        // Not cut short: each condition may note a missing key.
        statement.conditions().iter().fold(true, |met, condition| condition.is_met(&self.probe) & met)
    }
}

/// Whether a statement covers the resource; `arn` is none when the request has no ARN.
///
/// A variable without a value matches no resource. Under `NotResource` that is the safe side for a deny, which then
/// applies; an allow must not grow by it, so it does not.
pub(crate) fn resource_fits(statement: &Statement, arn: Option<&ArnParts<'_>>, probe: &Probe<'_>) -> bool {
    let Some(clause) = statement.resource_clause() else { return true };
    let mut unresolved = false;
    for pattern in &clause.patterns {
        match pattern.matches(arn, probe) {
            Match::Yes => return !clause.negated,
            Match::No => {}
            Match::Unresolved => unresolved = true,
        }
    }
    clause.negated && (!unresolved || statement.effect() == Effect::Deny)
}

/// What one kind of policy says of a request.
pub(super) struct Findings {
    pub(super) policy_type: PolicyType,
    pub(super) allows: Vec<MatchedStatement>,
    pub(super) denies: Vec<MatchedStatement>,
    /// The closest of the allows; `None` when nothing allows, or not at every level.
    pub(super) grant: Option<Grant>,
}

impl Findings {
    pub(super) fn of(asked: &Asked<'_>, policy_type: PolicyType, policies: &[NamedPolicy]) -> Self {
        let mut findings = Self { policy_type, allows: Vec::new(), denies: Vec::new(), grant: None };
        for policy in policies {
            for statement in policy.document().statements() {
                let Some(grant) = asked.applies(statement, policy_type) else { continue };
                let matched = MatchedStatement::new(policy, policy_type, statement);
                match statement.effect() {
                    Effect::Deny => findings.denies.push(matched),
                    Effect::Allow => {
                        findings.allows.push(matched);
                        findings.grant = findings.grant.max(Some(grant));
                    }
                }
            }
        }
        findings
    }

    /// Levels of an organization: each must allow.
    pub(super) fn of_levels(asked: &Asked<'_>, policy_type: PolicyType, levels: &[Vec<NamedPolicy>]) -> Self {
        let mut all =
            Self { policy_type, allows: Vec::new(), denies: Vec::new(), grant: Some(Grant::Principal) };
        for level in levels {
            let mut findings = Self::of(asked, policy_type, level);
            all.grant = all.grant.min(findings.grant);
            all.allows.append(&mut findings.allows);
            all.denies.append(&mut findings.denies);
        }
        all
    }
}
