//! Many policies as one: what is asked in place of each policy by itself.
//!
//! Statements are found by action, then by resource, and only those few are looked at: every deny, and of the allows
//! those up to the first that settles it. The cost of a decision does so not grow with the number of policies, but with
//! the number of those that speak of this very action and resource.
//! INVARIANT: an index says what `evaluate` says of the same policies; the differential test holds them together.
//! INVARIANT: asking takes no memory for an action in ASCII of at most 128 bytes.

mod actions;
mod build;
mod cache;
mod statements;
#[cfg(test)]
mod tests;
mod trie;

use crate::condition::Programs;
use crate::context::{Principal, Probe, Request};
use crate::decision::PolicyType;
use crate::document::Statement;
use crate::evaluate::NamedPolicy;
use crate::evaluate::principal::{Grant, grant, is_attached_to_principal};
use crate::hash::hash;
use crate::resource::ArnParts;
pub use cache::IndexCache;
use statements::{Member, Statements};

/// Policies, indexed.
#[derive(Debug)]
pub struct PolicyIndex {
    policies: Box<[NamedPolicy]>,
    statements: Statements,
    programs: Programs,
}

/// Where a statement stands: which policy of the index, and which of its statements.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Found {
    pub(crate) policy: u32,
    pub(crate) statement: u32,
}

/// What policies say of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Says {
    /// This statement denies it.
    Denies(Found),
    /// This statement allows it, and names the principal as closely as any that does.
    Allows(Grant, Found),
    /// No statement applies.
    Nothing,
}

/// A request in the form that indexes are asked with.
pub(crate) struct Asked<'a> {
    principal: &'a Principal,
    bounded: bool,
    action: &'a str,
    hash: u64,
    arn: Option<ArnParts<'a>>,
    /// What stands before the fifth colon of an ARN.
    head: &'a str,
    probe: Probe<'a>,
}

impl<'a> Asked<'a> {
    /// `action` is the request's, folded; `bounded` says whether the principal has a permissions boundary.
    pub(crate) fn new(request: &Request<'a>, action: &'a str, bounded: bool) -> Self {
        let arn = ArnParts::split(request.resource);
        let last = arn.map_or(0, |arn| arn.resource().len() + 1);
        let end = request.resource.len().saturating_sub(last);
        Self {
            principal: request.principal,
            bounded,
            action,
            hash: hash(action),
            arn,
            head: request.resource.get(..end).unwrap_or_default(),
            probe: Probe::quiet(request.context),
        }
    }
}

impl PolicyIndex {
    /// Indexes policies. Takes about a microsecond for each action and resource they name.
    pub fn new(policies: Vec<NamedPolicy>) -> Self {
        let mut programs = Programs::default();
        let mut builder = build::Builder::default();
        for (policy, number) in policies.iter().zip(0..) {
            for (statement, place) in policy.document().statements().iter().zip(0..) {
                builder.add(statement, Found { policy: number, statement: place }, &mut programs);
            }
        }
        let statements = builder.build();
        programs.finish();
        Self { statements, programs, policies: policies.into() }
    }

    /// The policies indexed, in their order.
    pub fn policies(&self) -> &[NamedPolicy] {
        &self.policies
    }

    /// About how many bytes it takes, the policies apart.
    pub fn size(&self) -> usize {
        size_of::<Self>() + self.statements.size() + self.programs.size()
    }

    /// A statement and its policy.
    pub(crate) fn get(&self, found: Found) -> Option<(&NamedPolicy, &Statement)> {
        let policy = self.policies.get(found.policy as usize)?;
        Some((policy, policy.document().statements().get(found.statement as usize)?))
    }

    /// What the policies say of the request.
    pub(crate) fn ask(&self, asked: &Asked<'_>, policy_type: PolicyType) -> Says {
        let statement = |found| self.get(found).map(|(_, statement)| statement);
        self.statements.ask(asked, statement, |member| self.applies(member, asked, policy_type))
    }

    /// Shows `visit` each statement that speaks of this action and, surely or perhaps, of this resource, whoever asks
    /// and whatever its conditions. A statement may be shown more than once.
    pub(crate) fn possible(&self, asked: &Asked<'_>, visit: impl FnMut(Found, bool)) {
        self.statements.possible(asked, |found| self.get(found).map(|(_, statement)| statement), visit);
    }

    fn applies(&self, member: &Member, asked: &Asked<'_>, policy_type: PolicyType) -> Option<Grant> {
        let met = |program| self.programs.is_met(program, &asked.probe);
        if !member.conditions.as_ref().is_none_or(met) {
            return None;
        }
        if !member.names_principals && is_attached_to_principal(policy_type) {
            return Some(Grant::Principal);
        }
        let (_, statement) = self.get(member.found)?;
        grant(statement, policy_type, asked.principal, asked.bounded)
    }
}
