//! Policy tests as data: cases that say who asks for what under which policies, and what must come out.
//!
//! A text of cases is a JSON list, one JSON object, or JSON lines; [`read`] takes it apart and [`Case::run`] decides
//! one. The format is stable and described in `docs/reference/policy-tests.md`. Positions, in errors as in
//! explanations, are those of the text of cases, unless a policy is given as a string.
//! INVARIANT: nothing unknown passes: a member that is not in the format makes its case unreadable, and a policy that
//! does not follow its grammar makes its case fail.

mod caller;
mod read;
#[cfg(test)]
mod tests;

use std::fmt::{self, Write as _};

use crate::arn::AccountId;
use crate::context::{Context, Principal, Request};
use crate::decision::{Decision, Outcome};
use crate::evaluate::{NamedPolicy, Policies, evaluate, explain};
use crate::parse_error::{ParseError, Position};
pub use read::read;

/// One case.
#[derive(Debug)]
pub struct Case {
    name: String,
    position: Position,
    asked: Asked,
    /// The policies, or what is wrong with one of them.
    policies: Result<Set, BadPolicy>,
    expect: Outcome,
    statement: Option<String>,
}

/// What a case asks.
#[derive(Debug)]
struct Asked {
    /// The principal, as written.
    who: String,
    principal: Principal,
    action: String,
    resource: String,
    resource_account: Option<AccountId>,
    context: Context,
}

/// The policies of a case.
#[derive(Debug, Default)]
struct Set {
    identity: Vec<NamedPolicy>,
    boundary: Option<NamedPolicy>,
    session: Option<Vec<NamedPolicy>>,
    resource: Option<NamedPolicy>,
    trust: Option<NamedPolicy>,
    scp: Option<Vec<Vec<NamedPolicy>>>,
    rcp: Option<Vec<Vec<NamedPolicy>>>,
    endpoint: Option<NamedPolicy>,
}

/// A policy of a case that is none.
#[derive(Debug)]
struct BadPolicy {
    which: String,
    error: ParseError,
}

/// A case that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("case {name}: {message} at {position}")]
pub struct CaseError {
    /// The case's name in backticks, or its number.
    name: String,
    message: String,
    position: Position,
}

/// How a case came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// As expected.
    Passed,
    /// Otherwise: what came out and why, in several lines without a line feed at the end.
    Failed(String),
}

impl Case {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it begins.
    pub fn position(&self) -> Position {
        self.position
    }

    /// Decides the case and compares.
    pub fn run(&self) -> Verdict {
        let set = match &self.policies {
            Ok(set) => set,
            Err(BadPolicy { which, error }) => {
                let expected = self.expect;
                return Verdict::Failed(format!("  expected {expected}, but {which} is no policy: {error}"));
            }
        };
        if self.asked.action.eq_ignore_ascii_case("sts:GetCallerIdentity") {
            return self.judge_free();
        }
        let (request, policies) = (self.asked.request(), set.policies());
        let decision = evaluate(&request, &policies);
        let named = |wanted: &String| {
            decision.matched().iter().any(|m| m.sid.as_ref().is_some_and(|s| **s == **wanted))
        };
        if decision.outcome() == self.expect && self.statement.as_ref().is_none_or(named) {
            return Verdict::Passed;
        }
        let near = explain::nearest(&request, &policies, &decision);
        let mut told = String::new();
        // Writing to a String cannot fail.
        let _ = self.tell(&mut told, &decision, &near);
        Verdict::Failed(told.trim_end().to_owned())
    }

    /// `sts:GetCallerIdentity` needs no permission, and no deny takes it away.
    fn judge_free(&self) -> Verdict {
        if self.expect == Outcome::Allowed && self.statement.is_none() {
            return Verdict::Passed;
        }
        let expected = self.expect;
        Verdict::Failed(format!("  expected {expected}, got allowed because this action needs no permission"))
    }

    fn tell(&self, out: &mut String, decision: &Decision, near: &[explain::Near]) -> fmt::Result {
        let (expect, outcome) = (self.expect, decision.outcome());
        if expect == outcome {
            let wanted = self.statement.as_deref().unwrap_or_default();
            writeln!(out, "  {outcome} as expected, but not by statement `{wanted}`")?;
        } else {
            writeln!(out, "  expected {expect}, got {outcome} {}", decision.reason())?;
        }
        let Asked { who, action, resource, .. } = &self.asked;
        writeln!(out, "  request: {who} asks for {action} on {resource}")?;
        for matched in decision.matched() {
            writeln!(out, "  matched: {matched} ({}), {}", matched.policy_type, matched.start)?;
        }
        for near in near {
            writeln!(out, "  nearest: {near}")?;
        }
        if !decision.missing_context_keys().is_empty() {
            writeln!(out, "  missing context keys: {}", decision.missing_context_keys().join(", "))?;
        }
        Ok(())
    }
}

impl Asked {
    fn request(&self) -> Request<'_> {
        Request {
            principal: &self.principal,
            action: &self.action,
            resource: &self.resource,
            resource_account: self.resource_account,
            context: &self.context,
        }
    }
}

impl Set {
    fn policies(&self) -> Policies<'_> {
        Policies {
            identity: &self.identity,
            boundary: self.boundary.as_ref(),
            session: self.session.as_deref(),
            resource: self.resource.as_ref(),
            trust: self.trust.as_ref(),
            scp: self.scp.as_deref(),
            rcp: self.rcp.as_deref(),
            endpoint: self.endpoint.as_ref(),
        }
    }

    /// Those that name principals.
    fn naming(&self) -> impl Iterator<Item = &NamedPolicy> {
        self.trust.iter().chain(&self.resource).chain(&self.endpoint)
    }
}
