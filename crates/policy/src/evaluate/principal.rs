//! Whether a statement's principals include who asks, and how closely.
//!
//! A resource policy that names the principal itself gives it rights of its own; one that names its account only
//! lets the account's policies decide. So a match has a [`Grant`], from weak to strong:
//!
//! | grant | same account: identity | boundary, session |
//! |---|---|---|
//! | `Account` | must allow | limit |
//! | `RoleOrIssuer` | overridden | limit |
//! | `Principal` | overridden | overridden |
//!
//! `*` in a trust policy does not reach services or web identities: those must be named to be let in.
//! IAM User Guide, "Determining whether a request is allowed or denied within an account"; "NotPrincipal".

use crate::context::Principal;
use crate::decision::PolicyType;
use crate::document::{Effect, PrincipalPattern, Statement};
use crate::resource::ArnParts;

/// How closely a statement names the principal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Grant {
    /// Its account.
    Account,
    /// The role of its session, or the user that issued its federated session.
    RoleOrIssuer,
    /// Itself, or everyone.
    Principal,
}

/// How closely `statement` names `principal`; `None` when it does not. `bounded`: it has a permissions boundary.
pub(crate) fn grant(
    statement: &Statement,
    policy_type: PolicyType,
    principal: &Principal,
    bounded: bool,
) -> Option<Grant> {
    let Some(clause) = statement.principal_clause() else {
        return is_attached_to_principal(policy_type).then_some(Grant::Principal);
    };
    let patterns = || clause.patterns.iter().map(|(pattern, _)| pattern);
    if !clause.negated {
        let named_only = policy_type == PolicyType::Trust && statement.effect() == Effect::Allow;
        return patterns().filter_map(|pattern| closeness(pattern, principal, named_only)).max();
    }
    let applies = match statement.effect() {
        Effect::Allow => !patterns().any(|pattern| closeness(pattern, principal, false).is_some()),
        Effect::Deny => bounded || !is_wholly_listed(patterns, principal),
    };
    applies.then_some(Grant::Principal)
}

/// Policies of the caller's side say nothing of principals: they apply to whom they are attached to.
pub(crate) fn is_attached_to_principal(policy_type: PolicyType) -> bool {
    match policy_type {
        PolicyType::Identity | PolicyType::Boundary | PolicyType::Session => true,
        PolicyType::ServiceControl | PolicyType::RootUser => true,
        PolicyType::ResourceControl | PolicyType::Endpoint => false,
        PolicyType::Resource | PolicyType::Trust => false,
    }
}

fn closeness(pattern: &PrincipalPattern, principal: &Principal, named_only: bool) -> Option<Grant> {
    if pattern.is_everyone() {
        let reached = !named_only || principal.account().is_some();
        return reached.then_some(Grant::Principal);
    }
    match (pattern, principal) {
        (PrincipalPattern::Aws(name), _) => aws_closeness(name, principal),
        (PrincipalPattern::Service(wanted), Principal::Service { name }) => {
            (wanted == name).then_some(Grant::Principal)
        }
        (PrincipalPattern::Federated(wanted), Principal::WebIdentity { provider }) => {
            (wanted == provider).then_some(Grant::Principal)
        }
        _ => None,
    }
}

fn aws_closeness(name: &str, principal: &Principal) -> Option<Grant> {
    if is_account_of(name, principal) {
        // The root user's ARN is the account's.
        let is_root = matches!(principal, Principal::Root { .. });
        return Some(if is_root { Grant::Principal } else { Grant::Account });
    }
    match principal {
        Principal::User { arn, id, .. } => (name == arn.as_str() || name == id).then_some(Grant::Principal),
        Principal::RoleSession { role_arn, role_id, session_arn, .. } => {
            if name == session_arn.as_str() {
                Some(Grant::Principal)
            } else {
                (name == role_arn.as_str() || name == role_id).then_some(Grant::RoleOrIssuer)
            }
        }
        Principal::FederatedUser { arn, issuer, .. } => {
            if name == arn.as_str() {
                Some(Grant::Principal)
            } else {
                (name == issuer.as_str()).then_some(Grant::RoleOrIssuer)
            }
        }
        Principal::Root { .. }
        | Principal::Service { .. }
        | Principal::WebIdentity { .. }
        | Principal::Anonymous => None,
    }
}

/// Whether `name` is the principal's account, as twelve digits or as `arn:aws:iam::account:root`.
fn is_account_of(name: &str, principal: &Principal) -> bool {
    let Some(account) = principal.account() else { return false };
    if is_account_id(name) {
        return name.parse() == Ok(account);
    }
    ArnParts::split(name).is_some_and(|arn| {
        let id = arn.part(4);
        arn.part(2) == "iam" && arn.part(5) == "root" && is_account_id(id) && id.parse() == Ok(account)
    })
}

/// Asked first, because the error of parsing what is none takes memory.
fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

/// A deny with `NotPrincipal` spares only those of whom every name is listed: session, role and account.
fn is_wholly_listed<'s, I>(patterns: impl Fn() -> I, principal: &Principal) -> bool
where
    I: Iterator<Item = &'s PrincipalPattern>,
{
    let listed = |grant| patterns().any(|pattern| closeness(pattern, principal, false) == Some(grant));
    patterns().any(PrincipalPattern::is_everyone)
        || match principal {
            Principal::RoleSession { .. } | Principal::FederatedUser { .. } => {
                listed(Grant::Principal) && listed(Grant::RoleOrIssuer) && listed(Grant::Account)
            }
            Principal::User { .. } => listed(Grant::Principal) && listed(Grant::Account),
            Principal::Root { .. }
            | Principal::Service { .. }
            | Principal::WebIdentity { .. }
            | Principal::Anonymous => listed(Grant::Principal),
        }
}
