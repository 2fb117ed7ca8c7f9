//! The judgement of a role's trust policy, and of the caller's policies with it.
//!
//! IAM User Guide, "Pass session tags in AWS STS", "Monitor and control actions taken with assumed roles" (in a chain of
//! roles `sts:SetSourceIdentity` must be allowed for each of them).

use std::sync::{Arc, OnceLock};

use garita_model::error::Refusal;
use garita_model::session::WebIdentity;
use garita_model::tag::Tag;
use garita_model::{AccountId, Arn, Error, Result, Role};
use garita_policy::{NamedPolicy, PolicyKind, PolicySource, Principal};
use garita_store::Snapshot;

use super::AssumeRole;
use super::session_tag::{source_identity, transitive_keys};
use crate::authorize::{Question, judge};
use crate::context::RequestContext;
use crate::iam::document;

/// How a caller came to ask for a role.
pub(super) struct Means {
    action: &'static str,
    keys: Vec<(String, String)>,
    lists: Vec<(String, Vec<String>)>,
    /// The token of an identity provider.
    pub(super) web_identity: Option<WebIdentity>,
}

impl Means {
    /// By a signed request.
    pub(super) fn signature(ask: &AssumeRole) -> Self {
        let external_id = ask.external_id.iter().map(|id| ("sts:ExternalId".to_owned(), id.clone()));
        Self { action: "sts:AssumeRole", keys: external_id.collect(), lists: Vec::new(), web_identity: None }
    }

    /// By the token of an identity provider.
    pub(super) fn web_identity(web: WebIdentity) -> Self {
        Self {
            action: "sts:AssumeRoleWithWebIdentity",
            keys: web.keys().into(),
            lists: vec![(web.methods_key(), web.methods.clone())],
            web_identity: Some(web),
        }
    }

    /// A refusal in the words of the operation. STS tells nothing of the role to who has but a token.
    fn refusal(&self, error: Error) -> Error {
        match error {
            Error::AccessDenied(refusal) if self.web_identity.is_some() => {
                let message = format!("Not authorized to perform {}", self.action);
                Error::AccessDenied(Box::new(Refusal { message, ..*refusal }))
            }
            other => other,
        }
    }
}

/// The role to assume, once its trust policy and the caller's policies allow it.
///
/// A role that is not there is judged like one that trusts nobody: who may not assume it cannot tell the two apart.
pub(super) fn judged_role(
    state: &Snapshot,
    cx: &RequestContext,
    ask: &AssumeRole,
    means: &Means,
) -> Result<Arc<Role>> {
    let (account, name) = role_name(&ask.role)?;
    if matches!(cx.caller().principal, Principal::Root { .. }) {
        return Err(Error::denied("Roles may not be assumed by root accounts."));
    }
    let role = state.role(account, name).filter(|r| r.arn().is_ok_and(|a| a.as_str() == ask.role));
    let trust = match role {
        Some(role) => state.trust(role).ok_or_else(|| {
            Error::internal(format!("the trust policy of `{}` is not in the snapshot", ask.role))
        })?,
        None => trusts_nobody()?,
    };
    let tags = role.map_or(&[][..], |role| &role.tags);
    judge_trust(state, cx, account, trust, tags, ask, means).map_err(|error| means.refusal(error))?;
    role.cloned().ok_or_else(|| Error::denied(format!("role `{}` does not exist", ask.role)))
}

/// The role that whoever asks with a token may have, once its trust policy lets the provider in.
pub(crate) fn role_for_web_identity(
    state: &Snapshot,
    cx: &RequestContext,
    ask: &AssumeRole,
    web: WebIdentity,
) -> Result<Arc<Role>> {
    judged_role(state, cx, ask, &Means::web_identity(web))
}

/// The account and name in a role's ARN.
pub(super) fn role_name(text: &str) -> Result<(AccountId, &str)> {
    let invalid = || Error::invalid("roleArn", format!("{text} is invalid"));
    let arn: Arn = text.parse().map_err(|_| invalid())?;
    let account: AccountId = arn.account().parse().map_err(|_| invalid())?;
    let is_role = arn.resource().strip_prefix("role/").is_some_and(|path| !path.is_empty());
    if !is_role || arn.service() != "iam" || arn.partition() != "aws" || !arn.region().is_empty() {
        return Err(invalid());
    }
    text.rsplit('/').next().map(|name| (account, name)).ok_or_else(invalid)
}

/// The trust policy of a role that is not there. No id that Garita draws has a zero in it.
pub(crate) fn trusts_nobody() -> Result<&'static NamedPolicy> {
    static NOBODY: OnceLock<NamedPolicy> = OnceLock::new();
    let text = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"AIDA00000000000000000"},"Action":["sts:AssumeRole","sts:AssumeRoleWithWebIdentity"]}}"#;
    if let Some(nobody) = NOBODY.get() {
        return Ok(nobody);
    }
    let document = Arc::new(document::parse(text, PolicyKind::Trust)?);
    Ok(NOBODY.get_or_init(|| NamedPolicy::new("a role that is not there", PolicySource::Trust, document)))
}

fn judge_trust(
    state: &Snapshot,
    cx: &RequestContext,
    account: AccountId,
    trust: &NamedPolicy,
    tags: &[Tag],
    ask: &AssumeRole,
    means: &Means,
) -> Result<()> {
    let mut keys = vec![("sts:RoleSessionName", ask.session.to_string())];
    keys.extend(means.keys.iter().map(|(name, value)| (name.as_str(), value.clone())));
    let source_identity = source_identity(cx, ask)?;
    keys.extend(source_identity.iter().map(|v| ("sts:SourceIdentity", v.clone())));
    let tag_names: Vec<String> = ask.tags.iter().map(|t| format!("aws:RequestTag/{}", t.key)).collect();
    keys.extend(tag_names.iter().map(String::as_str).zip(ask.tags.iter().map(|t| t.value.clone())));
    let role_tags: Vec<String> = tags.iter().map(|t| format!("aws:ResourceTag/{}", t.key)).collect();
    keys.extend(role_tags.iter().map(String::as_str).zip(tags.iter().map(|t| t.value.clone())));
    let mut lists: Vec<(&str, Vec<String>)> =
        means.lists.iter().map(|(name, values)| (name.as_str(), values.clone())).collect();
    if !ask.tags.is_empty() {
        lists.push(("aws:TagKeys", ask.tags.iter().map(|t| t.key.clone()).collect()));
    }
    if !ask.transitive.is_empty() {
        lists.push(("sts:TransitiveTagKeys", ask.transitive.clone()));
    }
    let mut actions = vec![means.action];
    // What the calling session passes on is set on the new one like what is asked for: it takes the same permission.
    if !ask.tags.is_empty() || !transitive_keys(cx, ask).is_empty() {
        actions.push("sts:TagSession");
    }
    if source_identity.is_some() {
        actions.push("sts:SetSourceIdentity");
    }
    for action in actions {
        let (resource, account) = (ask.role.as_str(), Some(account));
        let question = Question { action, resource, account, keys: &keys, lists: &lists };
        judge(state, cx, &question, Some(trust))?;
    }
    Ok(())
}
