//! Everyone of a snapshot, with what is attached to them and known of them.
//!
//! INVARIANT: fails closed as deciding does: what a principal rests on and is not there denies it everything.

use std::sync::Arc;

use garita_model::{AccountId, Arn, Error, Result, Role, User};
use garita_policy::reach::Holder;
use garita_policy::{NamedPolicy, PolicyDocument, PolicyKind, PolicySource, Principal};
use garita_store::Snapshot;

/// Everyone: by account, the root user, users, roles.
pub(super) fn holders(state: &Snapshot) -> Result<Vec<Holder>> {
    let mut holders = Vec::new();
    for account in state.accounts() {
        holders.push(root(account.id));
        for found in state.users(account.id, None) {
            holders.push(user(state, found)?);
        }
        for found in state.roles(account.id, None) {
            holders.push(role(state, found)?);
        }
    }
    Ok(holders)
}

/// The one with this ARN.
pub(super) fn find(state: &Snapshot, text: &str) -> Result<Holder> {
    let invalid = || {
        let message = format!("`{text}` must be the ARN of a user, a role or a root user");
        Error::invalid("principal", message)
    };
    let arn: Arn = text.parse().map_err(|_| invalid())?;
    let account: AccountId = arn.account().parse().map_err(|_| invalid())?;
    if arn.partition() != "aws" || arn.service() != "iam" || !arn.region().is_empty() {
        return Err(invalid());
    }
    let unknown = || Error::NotFound(format!("nobody has the ARN `{text}`"));
    let (kind, path) = arn.resource().split_once('/').unwrap_or((arn.resource(), ""));
    let name = path.rsplit('/').next().unwrap_or_default();
    let holder = match kind {
        "root" if path.is_empty() => root(state.account(account).ok_or_else(unknown)?.id),
        "user" => user(state, state.user(account, name).ok_or_else(unknown)?)?,
        "role" => role(state, state.role(account, name).ok_or_else(unknown)?)?,
        _ => return Err(invalid()),
    };
    // Names are found in any case and under any path; an ARN is one text.
    if name_of(&holder.principal) == text { Ok(holder) } else { Err(unknown()) }
}

/// The ARN that people know a principal by: of a role's sessions, the role's.
pub(super) fn name_of(principal: &Principal) -> String {
    match principal {
        Principal::RoleSession { role_arn, .. } => role_arn.to_string(),
        other => other.arn_text(),
    }
}

fn root(account: AccountId) -> Holder {
    let principal = Principal::Root { account };
    Holder { principal, identity: Vec::new(), boundary: None, tags: Some(Vec::new()) }
}

fn user(state: &Snapshot, user: &User) -> Result<Holder> {
    let principal = Principal::User { arn: user.arn()?, id: user.id.to_string(), account: user.account };
    Ok(Holder {
        principal,
        identity: state.user_policies(user),
        boundary: boundary(state, user.boundary.as_deref())?,
        tags: Some(user.tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect()),
    })
}

fn role(state: &Snapshot, role: &Role) -> Result<Holder> {
    let principal = Principal::any_session(role.arn()?, role.id.to_string(), role.account)
        .map_err(|error| Error::internal(format!("sessions of role `{}`: {error}", role.name)))?;
    let tags = || role.tags.iter().map(|tag| (tag.key.clone(), tag.value.clone())).collect();
    Ok(Holder {
        principal,
        identity: state.role_policies(role),
        boundary: boundary(state, role.boundary.as_deref())?,
        // A session may have been given tags, that count in place of the role's.
        tags: (!sessions_can_be_tagged(state, role)).then(tags),
    })
}

/// Whether a role lets its sessions be tagged. One that does not is not given those of another session either.
fn sessions_can_be_tagged(state: &Snapshot, role: &Role) -> bool {
    state.trust(role).is_some_and(|policy| {
        policy.document().statements().iter().any(|statement| {
            let named = statement.actions().iter().any(|action| action.matches("sts:TagSession"));
            statement.effect() == garita_policy::Effect::Allow && named != statement.is_not_action()
        })
    })
}

fn boundary(state: &Snapshot, arn: Option<&str>) -> Result<Option<NamedPolicy>> {
    let Some(arn) = arn else { return Ok(None) };
    if let Some(policy) = state.boundary(arn) {
        return Ok(Some(policy));
    }
    // No request of its holder is answered.
    let text = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#;
    let document = PolicyDocument::parse(text, PolicyKind::Identity)
        .map_err(|error| Error::internal(format!("a policy that denies everything: {error}")))?;
    Ok(Some(NamedPolicy::new(arn, PolicySource::Boundary, Arc::new(document))))
}
