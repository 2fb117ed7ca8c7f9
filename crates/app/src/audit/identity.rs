//! CloudTrail's `userIdentity` element: who a record is of.
//!
//! CloudTrail User Guide, "CloudTrail userIdentity element".

use std::borrow::Cow;
use std::fmt::Display;

use garita_model::session::{Origin, Session, Subject, WebIdentity};
use garita_model::{AccessKeyId, AccountId, Arn};
use garita_policy::Principal;
use jiff::Timestamp;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use crate::context::Caller;

/// Written as it is shown.
#[derive(Clone, Copy)]
pub(super) struct Shown<T>(pub(super) T);

impl<T: Display> Serialize for Shown<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

/// The element, for a caller.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UserIdentity<'a> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal_id: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invoked_by: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity_provider: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<Shown<AccountId>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access_key_id: Option<&'a AccessKeyId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_context: Option<SessionContext<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionContext<'a> {
    attributes: Attributes,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_issuer: Option<SessionIssuer<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_identity: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    web_id_federation_data: Option<FederationData<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Attributes {
    #[serde(serialize_with = "in_seconds")]
    creation_date: Timestamp,
    /// `true` or `false`, as text.
    mfa_authenticated: &'static str,
}

/// The role of a session, or the user that made a federated user.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionIssuer<'a> {
    r#type: &'static str,
    principal_id: Cow<'a, str>,
    arn: &'a str,
    account_id: Shown<AccountId>,
    user_name: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FederationData<'a> {
    federated_provider: &'a str,
    #[serde(serialize_with = "keys_of")]
    attributes: &'a WebIdentity,
}

impl<'a> UserIdentity<'a> {
    /// Of a caller.
    pub(super) fn of(caller: &'a Caller) -> Self {
        let account = caller.account();
        Self {
            arn: account.is_some().then(|| caller.principal.arn_text()),
            account_id: account.map(Shown),
            access_key_id: caller.key.as_ref(),
            session_context: caller.session.as_ref().map(|state| SessionContext::of(caller, &state.session)),
            ..Self::of_principal(&caller.principal)
        }
    }

    fn of_principal(principal: &'a Principal) -> Self {
        let last = |arn: &'a Arn| arn.resource().rsplit('/').next().unwrap_or_default();
        let id = |r#type, id| Self { r#type, principal_id: Some(id), ..Self::default() };
        match principal {
            Principal::Root { account } => id("Root", account.to_string().into()),
            Principal::User { id: unique, arn, .. } => {
                Self { user_name: Some(last(arn)), ..id("IAMUser", unique.into()) }
            }
            Principal::RoleSession { role_id, session_name, .. } => {
                id("AssumedRole", format!("{role_id}:{session_name}").into())
            }
            Principal::FederatedUser { arn, account, .. } => {
                id("FederatedUser", format!("{account}:{}", last(arn)).into())
            }
            Principal::Service { name } => {
                Self { r#type: "AWSService", invoked_by: Some(name), ..Self::default() }
            }
            Principal::WebIdentity { provider } => {
                Self { r#type: "WebIdentityUser", identity_provider: Some(provider), ..Self::default() }
            }
            Principal::Anonymous => Self { r#type: "Unknown", ..Self::default() },
        }
    }
}

impl<'a> SessionContext<'a> {
    fn of(caller: &'a Caller, session: &'a Session) -> Self {
        let data =
            |web: &'a WebIdentity| FederationData { federated_provider: &web.provider, attributes: web };
        Self {
            attributes: Attributes {
                creation_date: session.issued,
                mfa_authenticated: if session.mfa_at.is_some() { "true" } else { "false" },
            },
            session_issuer: SessionIssuer::of(caller, session),
            source_identity: session.source_identity.as_deref(),
            web_id_federation_data: session.web_identity.as_ref().map(data),
        }
    }
}

impl<'a> SessionIssuer<'a> {
    fn of(caller: &'a Caller, session: &'a Session) -> Option<Self> {
        let account_id = Shown(session.account);
        let issuer = |r#type, id: Cow<'a, str>, arn: &'a Arn, user_name| {
            Some(Self { r#type, principal_id: id, arn: arn.as_str(), account_id, user_name })
        };
        match (&session.subject, &caller.principal) {
            (Subject::Role { role, id, .. }, Principal::RoleSession { role_arn, .. }) => {
                issuer("Role", id.as_str().into(), role_arn, Some(role.as_str()))
            }
            (Subject::Federated { issuer: by, .. }, Principal::FederatedUser { issuer: arn, .. }) => match by
            {
                Origin::User(name, id) => issuer("IAMUser", id.as_str().into(), arn, Some(name.as_str())),
                Origin::Role(name, id) => issuer("Role", id.as_str().into(), arn, Some(name.as_str())),
                Origin::Root => issuer("Root", session.account.to_string().into(), arn, None),
                Origin::OidcProvider(..) | Origin::PoolUser(_) => None,
            },
            _ => None,
        }
    }
}

/// The element as a value, for a caller.
pub(crate) fn user_identity(caller: &Caller) -> Value {
    serde_json::to_value(UserIdentity::of(caller)).unwrap_or_default()
}

/// Who proved itself with the token of an identity provider.
pub(crate) fn web_identity(web: &WebIdentity) -> Value {
    json!({
        "type": "WebIdentityUser",
        "principalId": format!("{}:{}:{}", web.provider, web.audience, web.subject),
        "userName": web.subject,
        "identityProvider": web.provider,
    })
}

/// RFC 3339 in UTC, to the second, as CloudTrail writes times.
pub(super) fn in_seconds<S: Serializer>(time: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&format_args!("{time:.0}"))
}

fn keys_of<S: Serializer>(web: &&WebIdentity, to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(web.keys())
}
