//! The answer for one principal: never, always, or a formula over what is not known.
//!
//! A formula is a list of requirements, of each of which one alternative must hold, unless a deny does. It has this
//! form because the order of evaluation has: each kind of policy that must allow is a requirement of its own, and a
//! grant that overrides one ("Grant" in `evaluate::principal`) is one more alternative of it. So it is as long as the
//! statements it comes from.

use super::Aim;
use super::known::Known;
use super::needs::{Asker, Fit, Need, remaining};
use crate::context::{Context, Principal, Probe};
use crate::decision::{MatchedStatement, PolicyType};
use crate::document::{Effect, Statement};
use crate::evaluate::principal::Grant;
use crate::evaluate::{NamedPolicy, Policies};

/// Most alternatives of a requirement that are compared with one another to leave out what says nothing new.
const MAX_COMPARED: usize = 64;

/// Whether a principal may.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer<'a> {
    /// Whatever the request brings, it is refused.
    Never(Never<'a>),
    /// Whatever the request brings, it is allowed, by these statements; none for the root user's default.
    Always(Vec<Alternative<'a>>),
    /// It depends on what the request brings.
    When(Formula<'a>),
}

/// Why nothing can be allowed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Never<'a> {
    /// A statement denies it.
    Denied(Alternative<'a>),
    /// No statement of this kind of policy allows it, or none that a deny does not undo.
    NotAllowed(PolicyType),
}

/// A statement, and what it still needs in order to apply.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Alternative<'a> {
    /// Its policy.
    pub policy: &'a NamedPolicy,
    /// As what the policy has its say.
    pub policy_type: PolicyType,
    /// The statement.
    pub statement: &'a Statement,
    /// All of these; none: it applies.
    pub needs: Vec<Need<'a>>,
}

/// One of the alternatives must hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Requirement<'a> {
    /// The kind of policy that must allow.
    pub policy_type: PolicyType,
    /// Never empty.
    pub any: Vec<Alternative<'a>>,
}

/// What decides, over what is not known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Formula<'a> {
    /// Each of these must hold.
    pub all: Vec<Requirement<'a>>,
    /// None of these may.
    pub unless: Vec<Alternative<'a>>,
    /// Statements that allow without further needs, where a kind of policy must.
    pub granted: Vec<Alternative<'a>>,
}

impl Alternative<'_> {
    /// The statement, as decisions list it.
    pub fn matched(&self) -> MatchedStatement {
        MatchedStatement::new(self.policy, self.policy_type, self.statement)
    }

    fn holds(&self, probe: &Probe<'_>, principal: &Principal, resource: &str) -> bool {
        self.needs.iter().all(|need| need.is_met(probe, principal, resource))
    }

    /// Whether it holds wherever `other` does.
    fn is_implied_by(&self, other: &Self) -> bool {
        self.needs.iter().all(|need| other.needs.contains(need))
    }
}

impl Answer<'_> {
    /// What a request is answered: one of this principal, with these keys, about this resource.
    pub fn holds(&self, context: &Context, principal: &Principal, resource: &str) -> bool {
        match self {
            Self::Never(_) => false,
            Self::Always(_) => true,
            Self::When(formula) => formula.holds(context, principal, resource),
        }
    }

    /// Whether there is nothing that would be allowed.
    pub fn is_never(&self) -> bool {
        matches!(self, Self::Never(_))
    }
}

impl Formula<'_> {
    fn holds(&self, context: &Context, principal: &Principal, resource: &str) -> bool {
        let probe = Probe::quiet(context);
        let holds = |alternative: &Alternative<'_>| alternative.holds(&probe, principal, resource);
        self.all.iter().all(|requirement| requirement.any.iter().any(holds)) && !self.unless.iter().any(holds)
    }
}

/// Whether `principal` may, by these policies: `identity` and `boundary` are its own, the others those around it.
pub fn answer<'a>(
    aim: &Aim<'_>,
    principal: &Principal,
    known: &Known,
    policies: &Policies<'a>,
) -> Answer<'a> {
    let asker = Asker { aim, principal, bounded: policies.boundary.is_some(), known };
    let mut gathered = Gathered::around(&asker, policies);
    gathered.add_all(&asker, PolicyType::Identity, policies.identity);
    if let Some(boundary) = policies.boundary {
        gathered.add_all(&asker, PolicyType::Boundary, std::slice::from_ref(boundary));
    }
    gathered.settle(&asker)
}

/// The statements of a principal's own policies that can take effect, with what remains of their conditions.
pub fn in_effect<'a>(
    known: &Known,
    policy_type: PolicyType,
    policies: &'a [NamedPolicy],
) -> Vec<Alternative<'a>> {
    let mut found = Vec::new();
    for policy in policies {
        for statement in policy.document().statements() {
            if let Some(needs) = remaining(statement, known) {
                found.push(Alternative { policy, policy_type, statement, needs });
            }
        }
    }
    found
}

/// Who a grant names, and the statement that grants.
type Granted<'a> = (Grant, Alternative<'a>);

/// What the statements say that can apply.
#[derive(Default)]
pub(super) struct Gathered<'a> {
    denies: Vec<Alternative<'a>>,
    identity: Vec<Granted<'a>>,
    /// None: there is no such policy.
    boundary: Option<Vec<Granted<'a>>>,
    session: Option<Vec<Granted<'a>>>,
    gate: Option<Vec<Granted<'a>>>,
    is_trust: bool,
    /// Service control policies by level, then the endpoint's.
    limits: Vec<(PolicyType, Vec<Granted<'a>>)>,
}

impl<'a> Gathered<'a> {
    /// Begins with the policies that are not the principal's own.
    pub(super) fn around(asker: &Asker<'_>, policies: &Policies<'a>) -> Self {
        let policies = policies.in_force(asker.principal);
        let mut all = Self::default();
        for level in policies.scp.unwrap_or_default() {
            all.limits.push((PolicyType::ServiceControl, Vec::new()));
            all.add_all(asker, PolicyType::ServiceControl, level);
        }
        for level in policies.rcp.unwrap_or_default() {
            all.add_all(asker, PolicyType::ResourceControl, level);
        }
        if let Some(endpoint) = policies.endpoint {
            all.limits.push((PolicyType::Endpoint, Vec::new()));
            all.add_all(asker, PolicyType::Endpoint, std::slice::from_ref(endpoint));
        }
        all.session = policies.session.map(|_| Vec::new());
        all.add_all(asker, PolicyType::Session, policies.session.unwrap_or_default());
        all.boundary = asker.bounded.then(Vec::new);
        all.is_trust = policies.trust.is_some();
        all.gate = policies.trust.or(policies.resource).map(|_| Vec::new());
        for (policy_type, policy) in
            [(PolicyType::Trust, policies.trust), (PolicyType::Resource, policies.resource)]
        {
            all.add_all(asker, policy_type, policy.map_or(&[], std::slice::from_ref));
        }
        all
    }

    fn add_all(&mut self, asker: &Asker<'_>, policy_type: PolicyType, policies: &'a [NamedPolicy]) {
        for policy in policies {
            for statement in policy.document().statements() {
                if asker.aim.action_fits(statement) {
                    self.add(asker, policy_type, policy, statement, Fit::Open);
                }
            }
        }
    }

    /// Adds a statement whose action fits.
    pub(super) fn add(
        &mut self,
        asker: &Asker<'_>,
        policy_type: PolicyType,
        policy: &'a NamedPolicy,
        statement: &'a Statement,
        fit: Fit,
    ) {
        let Some(needs) = asker.needs(statement, fit) else { return };
        for (grant, session) in asker.grants(statement, policy_type) {
            let needs = needs.iter().cloned().chain(session).collect();
            let alternative = Alternative { policy, policy_type, statement, needs };
            match statement.effect() {
                Effect::Deny => self.denies.push(alternative),
                Effect::Allow => {
                    if let Some(slot) = self.slot(policy_type) {
                        slot.push((grant, alternative));
                    }
                }
            }
        }
    }

    fn slot(&mut self, policy_type: PolicyType) -> Option<&mut Vec<Granted<'a>>> {
        match policy_type {
            PolicyType::Identity => Some(&mut self.identity),
            PolicyType::Boundary => self.boundary.as_mut(),
            PolicyType::Session => self.session.as_mut(),
            PolicyType::Trust => self.gate.as_mut(),
            // With a trust policy, that alone is the gate; the other's denies count all the same.
            PolicyType::Resource => self.gate.as_mut().filter(|_| !self.is_trust),
            PolicyType::ServiceControl | PolicyType::Endpoint => self.limits.last_mut().map(|(_, slot)| slot),
            PolicyType::ResourceControl | PolicyType::RootUser => None,
        }
    }

    /// The order of evaluation, as `evaluate::order`, over alternatives instead of facts.
    pub(super) fn settle(self, asker: &Asker<'_>) -> Answer<'a> {
        if let Some(deny) = self.denies.iter().find(|deny| deny.needs.is_empty()) {
            return Answer::Never(Never::Denied(deny.clone()));
        }
        let account = asker.principal.account();
        let same_account = asker.aim.resource_account.is_none_or(|owner| account == Some(owner));
        let mut formula = Builder { denies: self.denies, all: Vec::new(), granted: Vec::new() };
        let done = |formula: &mut Builder<'a>| {
            for (policy_type, allows) in self.limits {
                formula.require(policy_type, allows, &[], None)?;
            }
            let gate_type = if self.is_trust { PolicyType::Trust } else { PolicyType::Resource };
            let rules_alone = self.is_trust || self.gate.is_some() && asker.aim.is_kms_key();
            let gate = self.gate.unwrap_or_default();
            if rules_alone || account.is_none() || !same_account {
                formula.require(gate_type, Vec::new(), &gate, Some(Grant::Account))?;
            }
            if account.is_none() {
                return Ok(());
            }
            let own = if same_account { gate.as_slice() } else { &[] };
            if !matches!(asker.principal, Principal::Root { .. }) {
                formula.require(PolicyType::Identity, self.identity, own, Some(Grant::RoleOrIssuer))?;
            }
            for (policy_type, allows) in
                [(PolicyType::Boundary, self.boundary), (PolicyType::Session, self.session)]
            {
                if let Some(allows) = allows {
                    formula.require(policy_type, allows, own, Some(Grant::Principal))?;
                }
            }
            Ok(())
        };
        match done(&mut formula) {
            Err(policy_type) => Answer::Never(Never::NotAllowed(policy_type)),
            Ok(()) => formula.build(),
        }
    }
}

struct Builder<'a> {
    denies: Vec<Alternative<'a>>,
    all: Vec<Requirement<'a>>,
    granted: Vec<Alternative<'a>>,
}

impl<'a> Builder<'a> {
    /// One of `allows` must hold, or one of the gate's that grants at least `least`.
    fn require(
        &mut self,
        policy_type: PolicyType,
        allows: Vec<Granted<'a>>,
        gate: &[Granted<'a>],
        least: Option<Grant>,
    ) -> Result<(), PolicyType> {
        let overriding = gate.iter().filter(|(grant, _)| Some(*grant) >= least).cloned();
        let mut any: Vec<Alternative<'a>> = Vec::new();
        for (_, alternative) in allows.into_iter().chain(overriding) {
            if alternative.needs.is_empty() {
                if !self.granted.contains(&alternative) {
                    self.granted.push(alternative);
                }
                return Ok(());
            }
            // Where it holds, so does a deny.
            if self.denies.iter().any(|deny| deny.is_implied_by(&alternative)) {
                continue;
            }
            if any.len() < MAX_COMPARED {
                if any.iter().any(|known| known.is_implied_by(&alternative)) {
                    continue;
                }
                any.retain(|known| !alternative.is_implied_by(known));
            }
            any.push(alternative);
        }
        if any.is_empty() {
            return Err(policy_type);
        }
        self.all.push(Requirement { policy_type, any });
        Ok(())
    }

    fn build(self) -> Answer<'a> {
        let Self { mut denies, all, granted } = self;
        if all.is_empty() && denies.is_empty() {
            return Answer::Always(granted);
        }
        if denies.len() <= MAX_COMPARED {
            let mut kept: Vec<Alternative<'a>> = Vec::new();
            for deny in denies {
                if !kept.iter().any(|known| known.is_implied_by(&deny)) {
                    kept.retain(|known| !deny.is_implied_by(known));
                    kept.push(deny);
                }
            }
            denies = kept;
        }
        Answer::When(Formula { all, unless: denies, granted })
    }
}
