//! The policy simulator: what would be decided, were somebody to ask for these actions on these resources.
//!
//! A [`Simulation`] is made once from what a client sends ([`Supposition`]) and what the store knows ([`Held`]), and is
//! then run action by action. Nothing is decided here: each pair of action and resource goes to
//! [`evaluate()`](crate::evaluate()), so the simulator and the engine cannot disagree.
//! A trust policy has its say when a role is to be assumed: the one the store knows, or the resource policy given.
//! INVARIANT: what is made up of unknown parts is refused before anything is decided, see [`BadInput`].
//! IAM API reference, `SimulatePrincipalPolicy`, `SimulateCustomPolicy`.

mod caller;
mod entry;
mod input;
mod report;
mod scenario;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::arn::{AccountId, Arn};
use crate::context::{Context, Principal, Request};
use crate::decision::{MatchedStatement, Outcome, PolicyType};
use crate::document::PolicyKind;
use crate::evaluate::{NamedPolicy, Policies, evaluate};
pub use caller::Caller;
pub use entry::ContextEntry;
pub use input::{BadInput, Supposition, context_keys, parse_policies};

/// What of a simulation the store knows. Empty for one that rests on what the client sends alone.
#[derive(Clone, Debug, Default)]
pub struct Held {
    /// Who asks; when there is none, `CallerArn` says.
    pub caller: Option<Caller>,
    /// The policies of the user and its groups, of the group or of the role.
    pub identity: Vec<NamedPolicy>,
    /// The permissions boundary.
    pub boundary: Option<NamedPolicy>,
    /// Condition keys that follow from who asks, such as tags.
    pub keys: Context,
    /// Trust policies by the ARN of their role.
    pub trusts: BTreeMap<String, NamedPolicy>,
}

/// A simulation, checked and ready to run.
#[derive(Clone, Debug)]
pub struct Simulation {
    actions: Vec<String>,
    resources: Vec<String>,
    caller: Caller,
    owner: Option<AccountId>,
    given: Context,
    identity: Vec<NamedPolicy>,
    boundary: Option<NamedPolicy>,
    scp: Option<Vec<Vec<NamedPolicy>>>,
    resource_policy: Option<NamedPolicy>,
    trusts: BTreeMap<String, NamedPolicy>,
}

/// What would become of an action, over all resources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionResult {
    /// The action, as asked.
    pub action: String,
    /// The resource when there is one, else `*`.
    pub resource: String,
    /// What holds for the whole.
    pub finding: Finding,
    /// What holds for each resource; empty when no resource was named.
    pub resources: Vec<(String, Finding)>,
}

/// A simulated decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The answer; over several resources the strictest.
    pub outcome: Outcome,
    /// The statements that lead to it: those that deny wherever they stand, else those of identity, resource and trust
    /// policies that allow; none after an implicit deny.
    pub matched: Vec<MatchedStatement>,
    /// The condition keys that statements about this action and resource ask for and nobody gave.
    pub missing: Vec<String>,
    /// Whether the service control policies allow it; none without such.
    pub by_organization: Option<bool>,
    /// Whether the permissions boundary allows it; none without one.
    pub by_boundary: Option<bool>,
    /// What each kind of policy says, across accounts; empty within one. None when no resource was named, and when
    /// the organization's policies end the simulation.
    pub details: Option<Vec<(PolicyType, Outcome)>>,
}

/// The actions that need no permission, and that no policy takes away.
const FREE: [&str; 2] = ["sts:GetCallerIdentity", "sts:GetSessionToken"];
/// The actions that a trust policy has a say in.
const ASSUMING: [&str; 5] = [
    "sts:AssumeRole",
    "sts:AssumeRoleWithSAML",
    "sts:AssumeRoleWithWebIdentity",
    "sts:SetSourceIdentity",
    "sts:TagSession",
];

impl Simulation {
    /// The actions to run, in order.
    pub fn actions(&self) -> &[String] {
        &self.actions
    }

    /// About how many steps an action takes at most: each byte of a pattern is tried at most once at each byte of what
    /// it is matched with.
    pub fn cost(&self) -> u64 {
        let policies = self.identity.iter().chain(&self.boundary).chain(&self.resource_policy);
        let levels = self.scp.iter().flatten().flatten();
        let patterns: usize = policies.chain(levels).chain(self.trusts.values()).map(length).sum();
        let values: usize = self.given.iter().flat_map(|(_, values)| values.iter()).map(str::len).sum();
        let texts: usize = self.resources.iter().map(|resource| resource.len() + values + 256).sum();
        u64::try_from(patterns.saturating_mul(texts)).unwrap_or(u64::MAX)
    }

    /// What would become of `action`.
    pub fn run(&self, action: &str) -> ActionResult {
        let decided = |resource: &String| (resource.clone(), self.decide(action, resource));
        let resources: Vec<(String, Finding)> = self.resources.iter().map(decided).collect();
        let finding = report::over_all(resources.iter().map(|(_, finding)| finding));
        let (resource, resources) = match self.resources.as_slice() {
            [only] if only == "*" => ("*", Vec::new()),
            [only] => (only.as_str(), resources),
            _ => ("*", resources),
        };
        ActionResult { action: action.to_owned(), resource: resource.to_owned(), finding, resources }
    }

    fn decide(&self, action: &str, resource: &str) -> Finding {
        if FREE.iter().any(|free| free.eq_ignore_ascii_case(action)) {
            return report::free(self.scp.is_some(), self.boundary.is_some(), resource);
        }
        let owner = self.owner_of(resource);
        let principal = self.caller.principal(owner);
        let context = self.keys(&principal, owner);
        let request =
            Request { principal: &principal, action, resource, resource_account: owner, context: &context };
        let of_resource = self.resource_policy.as_ref();
        let policies = Policies {
            identity: &self.identity,
            boundary: self.boundary.as_ref(),
            resource: of_resource.filter(|policy| policy.document().kind() == PolicyKind::Resource),
            trust: self.trust(action, resource),
            scp: self.scp.as_deref(),
            ..Policies::default()
        };
        let across = self.caller.account().zip(owner).is_some_and(|(caller, owner)| caller != owner);
        report::finding(&evaluate(&request, &policies), &policies, resource, across)
    }

    /// The trust policy that has a say, when `action` assumes a role.
    fn trust(&self, action: &str, resource: &str) -> Option<&NamedPolicy> {
        if !ASSUMING.iter().any(|assuming| assuming.eq_ignore_ascii_case(action)) {
            return None;
        }
        let given = self.resource_policy.as_ref();
        let given = given.filter(|policy| policy.document().kind() == PolicyKind::Trust);
        given.or_else(|| self.trusts.get(resource))
    }

    fn owner_of(&self, resource: &str) -> Option<AccountId> {
        let named = || resource.parse::<Arn>().ok()?.account().parse().ok();
        named().or(self.owner).or_else(|| self.caller.account())
    }

    fn keys(&self, principal: &Principal, owner: Option<AccountId>) -> Context {
        if let Caller::Known(_) = self.caller {
            return Context::supposed(principal, owner, &self.given);
        }
        let mut keys = Context::new();
        if let Some(account) = self.caller.account() {
            keys.set("aws:PrincipalAccount", account.to_string());
        }
        if let Some(account) = owner {
            keys.set("aws:ResourceAccount", account.to_string());
        }
        keys.overlay(&self.given);
        keys
    }
}

/// About how long a policy is: up to the end of its last statement.
fn length(policy: &NamedPolicy) -> usize {
    policy.document().statements().last().map_or(0, |statement| statement.span().end.offset)
}
