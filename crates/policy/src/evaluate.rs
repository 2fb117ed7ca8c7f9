//! Deciding a request against every policy that has a say.
//!
//! A statement applies when its principal, action, resource and all conditions do. Then, in AWS's order:
//! 1. an explicit deny in any policy is final;
//! 2. resource control, service control and endpoint policies must allow, when there are any;
//! 3. a trust policy must allow, and so must a resource policy of another account, and a key's policy for a KMS key;
//! 4. identity policies must allow, unless the resource or trust policy grants to this very principal in the same
//!    account; so must a boundary and session policies, unless the grant overrides them (`Grant`).
//!
//! The root user needs no identity policy. A caller without an account (service, web identity, anonymous) rests
//! on the trust or resource policy alone. `sts:GetCallerIdentity` needs no permission: do not ask for it here.
//! INVARIANT: nothing is allowed unless a statement allows it, the root user's default apart.
//!
//! IAM User Guide, "Policy evaluation logic", "Cross-account policy evaluation logic".

pub mod explain;
pub(crate) mod order;
pub(crate) mod principal;
pub(crate) mod scan;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use crate::context::{Principal, Request};
use crate::decision::{Decision, MatchedStatement, Outcome, PolicyType};
use crate::document::PolicyDocument;
use order::{Said, is_limited, settle};
use scan::{Asked, Findings};

/// A policy with the name it is known by. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NamedPolicy {
    id: Arc<str>,
    source: PolicySource,
    document: Arc<PolicyDocument>,
}

impl NamedPolicy {
    /// `id` is the ARN of a managed policy or the name of an inline one.
    pub fn new(id: impl Into<Arc<str>>, source: PolicySource, document: Arc<PolicyDocument>) -> Self {
        Self { id: id.into(), source, document }
    }

    /// Its ARN or inline name.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Where it is attached.
    pub fn source(&self) -> PolicySource {
        self.source
    }

    /// What it says.
    pub fn document(&self) -> &PolicyDocument {
        &self.document
    }

    /// The same policy, known by another name.
    #[must_use]
    pub fn renamed(self, id: impl Into<Arc<str>>) -> Self {
        Self { id: id.into(), ..self }
    }

    pub(crate) fn shared_id(&self) -> Arc<str> {
        Arc::clone(&self.id)
    }
}

/// Where a policy is attached.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PolicySource {
    /// Inline in the user.
    UserInline,
    /// Inline in a group of the user.
    GroupInline,
    /// Inline in the role.
    RoleInline,
    /// A managed policy of the account.
    UserManaged,
    /// A managed policy of AWS.
    AwsManaged,
    /// Given with the session.
    Session,
    /// The permissions boundary.
    Boundary,
    /// The role's trust policy.
    Trust,
    /// The resource's own policy.
    Resource,
    /// A service control policy.
    ServiceControl,
    /// A resource control policy.
    ResourceControl,
    /// The endpoint's policy.
    Endpoint,
    /// Nowhere: given to the simulator.
    None,
}

impl fmt::Display for PolicySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UserInline => "inline policy of the user",
            Self::GroupInline => "inline policy of a group",
            Self::RoleInline => "inline policy of the role",
            Self::UserManaged => "managed policy",
            Self::AwsManaged => "AWS managed policy",
            Self::Session => "session policy",
            Self::Boundary => "permissions boundary",
            Self::Trust => "role trust policy",
            Self::Resource => "resource-based policy",
            Self::ServiceControl => "service control policy",
            Self::ResourceControl => "resource control policy",
            Self::Endpoint => "VPC endpoint policy",
            Self::None => "none",
        })
    }
}

/// Every policy that has a say in one request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Policies<'a> {
    /// Those of the user and its groups, or of the role.
    pub identity: &'a [NamedPolicy],
    /// The permissions boundary.
    pub boundary: Option<&'a NamedPolicy>,
    /// The session's policies, whose union limits it; `None` when none were given, and `Some(&[])` allows nothing.
    pub session: Option<&'a [NamedPolicy]>,
    /// The policy of the resource.
    pub resource: Option<&'a NamedPolicy>,
    /// The trust policy, when the action is to assume a role.
    pub trust: Option<&'a NamedPolicy>,
    /// Service control policies by level, from the root to the account; each level must allow, and a level
    /// without policies does not. `Some(&[])`, no level at all, limits nothing.
    pub scp: Option<&'a [Vec<NamedPolicy>]>,
    /// Resource control policies by level. AWS keeps one that allows everything attached at each level, so only
    /// their denies count.
    pub rcp: Option<&'a [Vec<NamedPolicy>]>,
    /// The policy of the endpoint the request came through.
    pub endpoint: Option<&'a NamedPolicy>,
}

impl Policies<'_> {
    /// Without those that have no say over `principal`: an organization limits the principals of its accounts, so its
    /// service control policies concern no caller without an account, and neither kind a service-linked role.
    /// AWS Organizations, "SCPs: tasks and entities not restricted", "RCPs: resources and entities not restricted".
    #[must_use]
    pub fn in_force(mut self, principal: &Principal) -> Self {
        self.scp = self.scp.filter(|_| is_limited(principal, PolicyType::ServiceControl));
        self.rcp = self.rcp.filter(|_| is_limited(principal, PolicyType::ResourceControl));
        self
    }
}

/// Decides `request`.
pub fn evaluate(request: &Request<'_>, policies: &Policies<'_>) -> Decision {
    let policies = &policies.in_force(request.principal);
    let asked = Asked::new(request, policies.boundary.is_some());
    let layers = Layers::gather(&asked, policies);
    let (outcome, decided_by) = match layers.first_denying() {
        Some(policy_type) => (Outcome::ExplicitDeny, policy_type),
        None => match settle(request, |policy_type| layers.said(policy_type)) {
            Ok(policy_type) => (Outcome::Allowed, policy_type),
            Err(policy_type) => (Outcome::ImplicitDeny, policy_type),
        },
    };
    Decision {
        outcome,
        decided_by,
        action: request.action.into(),
        verdicts: layers.verdicts(request.principal),
        matched: layers.into_matched(outcome == Outcome::ExplicitDeny),
        missing: asked.into_missing(),
    }
}

/// What each kind of policy says, in the order of evaluation.
struct Layers {
    found: Vec<Findings>,
}

impl Layers {
    fn gather(asked: &Asked<'_>, policies: &Policies<'_>) -> Self {
        let mut found = Vec::new();
        let mut one = |policy_type, policy: Option<&NamedPolicy>| {
            found.extend(policy.map(|policy| Findings::of(asked, policy_type, std::slice::from_ref(policy))));
        };
        one(PolicyType::Endpoint, policies.endpoint);
        one(PolicyType::Resource, policies.resource);
        one(PolicyType::Trust, policies.trust);
        one(PolicyType::Boundary, policies.boundary);
        found.push(Findings::of(asked, PolicyType::Identity, policies.identity));
        found.extend(policies.session.map(|all| Findings::of(asked, PolicyType::Session, all)));
        found.extend(
            policies.scp.map(|levels| Findings::of_levels(asked, PolicyType::ServiceControl, levels)),
        );
        found.extend(
            policies.rcp.map(|levels| Findings::of_levels(asked, PolicyType::ResourceControl, levels)),
        );
        found.sort_by_key(|findings| findings.policy_type);
        Self { found }
    }

    fn get(&self, policy_type: PolicyType) -> Option<&Findings> {
        self.found.iter().find(|findings| findings.policy_type == policy_type)
    }

    fn first_denying(&self) -> Option<PolicyType> {
        self.found.iter().find(|findings| !findings.denies.is_empty()).map(|findings| findings.policy_type)
    }

    fn said(&self, policy_type: PolicyType) -> Said {
        let found = self.get(policy_type).map(|findings| findings.grant);
        found.map_or(Said::Absent, |grant| grant.map_or(Said::Nothing, Said::Allows))
    }

    fn verdicts(&self, principal: &Principal) -> Vec<(PolicyType, Outcome)> {
        let is_root = matches!(principal, Principal::Root { .. });
        let verdict = |findings: &Findings| {
            let by_default = match findings.policy_type {
                PolicyType::ResourceControl => true,
                PolicyType::Identity => is_root,
                _ => false,
            };
            let outcome = if !findings.denies.is_empty() {
                Outcome::ExplicitDeny
            } else if by_default || findings.grant.is_some() {
                Outcome::Allowed
            } else {
                Outcome::ImplicitDeny
            };
            (findings.policy_type, outcome)
        };
        self.found.iter().map(verdict).collect()
    }

    fn into_matched(self, denied: bool) -> Vec<MatchedStatement> {
        self.found
            .into_iter()
            .flat_map(|findings| if denied { findings.denies } else { findings.allows })
            .collect()
    }
}
