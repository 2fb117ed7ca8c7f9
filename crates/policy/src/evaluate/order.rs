//! The order of evaluation once nothing denies: what allows the request, or what fails to.
//!
//! Written over what each kind of policy says, so that the plain evaluator and the indexed one share it. It asks
//! for no more than it needs to know. IAM User Guide, "Policy evaluation logic".

use super::principal::Grant;
use crate::context::{Principal, Request};
use crate::decision::PolicyType;
use crate::resource::ArnParts;

/// What one kind of policy says, denies apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Said {
    /// There is no such policy.
    Absent,
    /// Nothing allows.
    Nothing,
    /// A statement allows that names the principal this closely.
    Allows(Grant),
}

impl Said {
    fn grant(self) -> Option<Grant> {
        match self {
            Self::Allows(grant) => Some(grant),
            Self::Absent | Self::Nothing => None,
        }
    }
}

/// Whether policies of an organization concern `principal`: service control policies limit the principals of its
/// accounts, so they concern no caller without one; neither kind concerns a service-linked role.
pub(crate) fn is_limited(principal: &Principal, policy_type: PolicyType) -> bool {
    match policy_type {
        PolicyType::ServiceControl => !principal.is_service_linked() && principal.account().is_some(),
        PolicyType::ResourceControl => !principal.is_service_linked(),
        _ => true,
    }
}

/// Nobody may use a KMS key whose policy does not let them, not even in the key's own account.
/// AWS KMS Developer Guide, "Key policies in AWS KMS".
pub(crate) fn is_kms_key(resource: &str) -> bool {
    ArnParts::split(resource).is_some_and(|arn| arn.part(2) == "kms" && arn.part(5).starts_with("key/"))
}

/// What allows `request`, or what fails to.
pub(crate) fn settle(
    request: &Request<'_>,
    said: impl Fn(PolicyType) -> Said,
) -> Result<PolicyType, PolicyType> {
    require([PolicyType::ServiceControl, PolicyType::Endpoint], &said)?;
    let trust = said(PolicyType::Trust);
    let is_trust = trust != Said::Absent;
    let gate = if is_trust { PolicyType::Trust } else { PolicyType::Resource };
    let at_gate = if is_trust { trust } else { said(PolicyType::Resource) };
    let grant = at_gate.grant();
    let account = request.principal.account();
    let same_account = request.resource_account.is_none_or(|owner| account == Some(owner));
    let rules_alone = is_trust || at_gate != Said::Absent && is_kms_key(request.resource);
    if grant.is_none() && (rules_alone || account.is_none() || !same_account) {
        return Err(gate);
    }
    if account.is_none() {
        return Ok(gate);
    }
    let own = settle_own(request.principal, grant.filter(|_| same_account), &said)?;
    let gate_was_needed = rules_alone || !same_account;
    Ok(own.filter(|_| !gate_was_needed).unwrap_or(gate))
}

/// The principal's own side: what allows it (`None`: the grant alone), or what fails to.
fn settle_own(
    principal: &Principal,
    grant: Option<Grant>,
    said: &impl Fn(PolicyType) -> Said,
) -> Result<Option<PolicyType>, PolicyType> {
    let is_root = matches!(principal, Principal::Root { .. });
    let identity = is_root || said(PolicyType::Identity) != Said::Nothing;
    let limits = require([PolicyType::Boundary, PolicyType::Session], said);
    match grant {
        Some(Grant::Principal) if !identity || limits.is_err() => return Ok(None),
        Some(Grant::RoleOrIssuer) if !identity => return limits.map(|()| None),
        _ if !identity => return Err(PolicyType::Identity),
        _ => limits?,
    }
    Ok(Some(if is_root { PolicyType::RootUser } else { PolicyType::Identity }))
}

fn require(types: [PolicyType; 2], said: &impl Fn(PolicyType) -> Said) -> Result<(), PolicyType> {
    types.into_iter().find(|policy_type| said(*policy_type) == Said::Nothing).map_or(Ok(()), Err)
}
