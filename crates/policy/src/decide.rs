//! Deciding a request with indexed policies: the answer at once, its explanation when somebody asks.
//!
//! [`decide`] gives a [`Verdict`] of a few words: the outcome, the kind of policy that settled it and the statement
//! that did. It stops as soon as these are known. [`CompiledPolicies::explain`] goes through every statement of the
//! same policies and gives the whole [`Decision`], for a refusal's text or the simulator.
//! INVARIANT: both have the same outcome by the same kind of policy, and the verdict's statement is among those
//! that the decision lists. INVARIANT: deciding takes no memory, see [`PolicyIndex`].

use std::sync::Arc;

use crate::context::{Principal, Request};
use crate::decision::{Decision, MatchedStatement, Outcome, PolicyType};
use crate::document::Statement;
use crate::evaluate::explain::{self, Near};
use crate::evaluate::order::{Said, is_limited, settle};
use crate::evaluate::principal::Grant;
use crate::evaluate::{NamedPolicy, Policies, evaluate};
use crate::index::{Asked, Found, PolicyIndex, Says};
use crate::pattern::fold_into;

/// Every policy that has a say in one request, indexed by kind: see [`Policies`].
#[derive(Clone, Copy, Debug, Default)]
pub struct CompiledPolicies<'a> {
    /// Those of the user and its groups, or of the role.
    pub identity: Option<&'a PolicyIndex>,
    /// The permissions boundary.
    pub boundary: Option<&'a PolicyIndex>,
    /// The session's policies; an index of none allows nothing.
    pub session: Option<&'a PolicyIndex>,
    /// The policy of the resource.
    pub resource: Option<&'a PolicyIndex>,
    /// The trust policy, when the action is to assume a role.
    pub trust: Option<&'a PolicyIndex>,
    /// Service control policies by level, from the root to the account.
    pub scp: Option<&'a [Arc<PolicyIndex>]>,
    /// Resource control policies by level.
    pub rcp: Option<&'a [Arc<PolicyIndex>]>,
    /// The policy of the endpoint the request came through.
    pub endpoint: Option<&'a PolicyIndex>,
}

/// What was decided, in a few words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Verdict {
    outcome: Outcome,
    decided_by: PolicyType,
    statement: Option<StatementRef>,
}

/// A statement of [`CompiledPolicies`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StatementRef {
    policy_type: PolicyType,
    /// The level, for policies of an organization; else 0.
    level: usize,
    found: Found,
}

impl Verdict {
    /// The answer.
    pub fn outcome(self) -> Outcome {
        self.outcome
    }

    /// Whether the answer is yes.
    pub fn is_allowed(self) -> bool {
        self.outcome == Outcome::Allowed
    }

    /// The kind of policy that settled it: the one that denies, that fails to allow, or that grants.
    pub fn decided_by(self) -> PolicyType {
        self.decided_by
    }

    /// The statement that denies or grants; none after an implicit deny, nor for the root user's default.
    pub fn statement(self) -> Option<StatementRef> {
        self.statement
    }
}

/// The order in which policies are asked: the first that denies is the one that is told.
const ORDER: [PolicyType; 8] = [
    PolicyType::ResourceControl,
    PolicyType::ServiceControl,
    PolicyType::Endpoint,
    PolicyType::Resource,
    PolicyType::Trust,
    PolicyType::Identity,
    PolicyType::Boundary,
    PolicyType::Session,
];

/// Decides `request`.
///
/// ```
/// # use std::sync::Arc;
/// use garita_policy::{
///     CompiledPolicies, Context, NamedPolicy, PolicyDocument, PolicyIndex, PolicyKind, PolicySource, Principal,
///     Request, decide,
/// };
///
/// let text = r#"{"Statement":{"Sid":"Read","Effect":"Allow","Action":"s3:Get*","Resource":"*"}}"#;
/// let document = PolicyDocument::parse(text, PolicyKind::Identity).unwrap();
/// let index = PolicyIndex::new(vec![NamedPolicy::new("read", PolicySource::UserInline, Arc::new(document))]);
/// let policies = CompiledPolicies { identity: Some(&index), ..CompiledPolicies::default() };
///
/// let principal = Principal::Root { account: "111122223333".parse().unwrap() };
/// let request = Request {
///     principal: &principal,
///     action: "s3:GetObject",
///     resource: "arn:aws:s3:::models/weights",
///     resource_account: None,
///     context: &Context::new(),
/// };
/// assert!(decide(&request, &policies).is_allowed());
/// ```
pub fn decide(request: &Request<'_>, policies: &CompiledPolicies<'_>) -> Verdict {
    let policies = policies.in_force(request.principal);
    let mut buffer = [0; 128];
    let action = fold_into(request.action, &mut buffer);
    let asked = Asked::new(request, &action, policies.boundary.is_some());
    let mut answers = [Answer::ABSENT; ORDER.len()];
    for (policy_type, answer) in ORDER.into_iter().zip(&mut answers) {
        match policies.ask(&asked, policy_type) {
            Ok(said) => *answer = said,
            Err(denies) => {
                let statement = Some(denies);
                return Verdict { outcome: Outcome::ExplicitDeny, decided_by: policy_type, statement };
            }
        }
    }
    let answer = |policy_type| {
        let place = ORDER.iter().position(|asked| *asked == policy_type);
        place.and_then(|place| answers.get(place)).copied().unwrap_or(Answer::ABSENT)
    };
    match settle(request, |policy_type| answer(policy_type).said) {
        Ok(policy_type) => {
            // The root user's default is no statement's.
            let found = answer(policy_type).found;
            let statement = found.map(|found| StatementRef { policy_type, level: 0, found });
            Verdict { outcome: Outcome::Allowed, decided_by: policy_type, statement }
        }
        Err(policy_type) => {
            Verdict { outcome: Outcome::ImplicitDeny, decided_by: policy_type, statement: None }
        }
    }
}

/// What one kind of policy says of a request that it does not deny, and by which statement.
#[derive(Clone, Copy)]
struct Answer {
    said: Said,
    found: Option<Found>,
}

impl Answer {
    const ABSENT: Self = Self { said: Said::Absent, found: None };
}

impl<'a> CompiledPolicies<'a> {
    /// Decides `request` and says why, by every statement of the same policies.
    pub fn explain(&self, request: &Request<'_>) -> Decision {
        self.spread(|policies| evaluate(request, policies))
    }

    /// The statements nearest to allowing `request`: see [`explain::nearest`].
    pub fn nearest(&self, request: &Request<'_>, decision: &Decision) -> Vec<Near> {
        self.spread(|policies| explain::nearest(request, policies, decision))
    }

    /// The same policies without their indexes.
    fn spread<R>(&self, look: impl FnOnce(&Policies<'_>) -> R) -> R {
        let only = |index: Option<&PolicyIndex>| index.and_then(|index| index.policies().first().cloned());
        let levels = |levels: Option<&[Arc<PolicyIndex>]>| {
            levels.map(|levels| levels.iter().map(|index| index.policies().to_vec()).collect::<Vec<_>>())
        };
        let (boundary, resource) = (only(self.boundary), only(self.resource));
        let (trust, endpoint) = (only(self.trust), only(self.endpoint));
        let (scp, rcp) = (levels(self.scp), levels(self.rcp));
        look(&Policies {
            identity: self.identity.map_or(&[], PolicyIndex::policies),
            boundary: boundary.as_ref(),
            session: self.session.map(PolicyIndex::policies),
            resource: resource.as_ref(),
            trust: trust.as_ref(),
            scp: scp.as_deref(),
            rcp: rcp.as_deref(),
            endpoint: endpoint.as_ref(),
        })
    }

    /// The verdict as a decision: an allowed request's lists the one statement that granted it, anything else is
    /// explained in full.
    pub fn decision(&self, request: &Request<'_>, verdict: Verdict) -> Decision {
        if !verdict.is_allowed() {
            return self.explain(request);
        }
        Decision {
            outcome: verdict.outcome,
            decided_by: verdict.decided_by,
            action: request.action.into(),
            matched: verdict.statement.and_then(|statement| self.matched(statement)).into_iter().collect(),
            verdicts: vec![(verdict.decided_by, Outcome::Allowed)],
            missing: Vec::new(),
        }
    }

    /// Without those that have no say over `principal`, as [`Policies::in_force`].
    fn in_force(mut self, principal: &Principal) -> Self {
        self.scp = self.scp.filter(|_| is_limited(principal, PolicyType::ServiceControl));
        self.rcp = self.rcp.filter(|_| is_limited(principal, PolicyType::ResourceControl));
        self
    }

    /// A verdict's statement, as a decision lists it.
    pub fn matched(&self, statement: StatementRef) -> Option<MatchedStatement> {
        let (policy, stands) = self.statement(statement)?;
        Some(MatchedStatement::new(policy, statement.policy_type, stands))
    }

    /// A verdict's statement and its policy.
    pub fn statement(&self, statement: StatementRef) -> Option<(&'a NamedPolicy, &'a Statement)> {
        let index = match self.levels(statement.policy_type) {
            Some(levels) => levels.get(statement.level)?,
            None => self.index(statement.policy_type)?,
        };
        index.get(statement.found)
    }

    fn index(&self, policy_type: PolicyType) -> Option<&'a PolicyIndex> {
        match policy_type {
            PolicyType::Identity => self.identity,
            PolicyType::Boundary => self.boundary,
            PolicyType::Session => self.session,
            PolicyType::Resource => self.resource,
            PolicyType::Trust => self.trust,
            PolicyType::Endpoint => self.endpoint,
            PolicyType::ServiceControl | PolicyType::ResourceControl | PolicyType::RootUser => None,
        }
    }

    fn levels(&self, policy_type: PolicyType) -> Option<&'a [Arc<PolicyIndex>]> {
        match policy_type {
            PolicyType::ServiceControl => self.scp,
            PolicyType::ResourceControl => self.rcp,
            _ => None,
        }
    }

    /// What one kind of policy says; the statement, when one denies.
    fn ask(&self, asked: &Asked<'_>, policy_type: PolicyType) -> Result<Answer, StatementRef> {
        if let Some(levels) = self.levels(policy_type) {
            return ask_levels(levels, asked, policy_type);
        }
        let Some(index) = self.index(policy_type) else {
            // There may be no identity policies; that there is none of another kind leaves that kind out.
            let said = if policy_type == PolicyType::Identity { Said::Nothing } else { Said::Absent };
            return Ok(Answer { said, found: None });
        };
        match index.ask(asked, policy_type) {
            Says::Denies(found) => Err(StatementRef { policy_type, level: 0, found }),
            Says::Allows(grant, found) => Ok(Answer { said: Said::Allows(grant), found: Some(found) }),
            Says::Nothing => Ok(Answer { said: Said::Nothing, found: None }),
        }
    }
}

/// What the levels of an organization say: all must allow.
fn ask_levels(
    levels: &[Arc<PolicyIndex>],
    asked: &Asked<'_>,
    policy_type: PolicyType,
) -> Result<Answer, StatementRef> {
    let mut least = Some(Grant::Principal);
    for (level, index) in levels.iter().enumerate() {
        match index.ask(asked, policy_type) {
            Says::Denies(found) => return Err(StatementRef { policy_type, level, found }),
            Says::Allows(grant, _) => least = least.map(|least| least.min(grant)),
            Says::Nothing => least = None,
        }
    }
    Ok(Answer { said: least.map_or(Said::Nothing, Said::Allows), found: None })
}
