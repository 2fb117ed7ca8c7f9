//! Users, as administrators see them.

use std::collections::BTreeMap;

use garita_app::user_pool::{CreatePoolUser, SetPoolPassword, UserFilter, UserListing};
use garita_model::user_pool::{PoolFault, PoolId};
use garita_model::{PoolUser, Secret};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Attribute, at_second, done, inputs, paged, part, told};
use crate::call::Answer;
use crate::errors::Refusal;
use crate::json::JsonCall;

/// `MessageActionType`.
#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum MessageAction {
    Resend,
    Suppress,
}

/// `DeliveryMediumType`: there are no text messages here.
#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Medium {
    Email,
}

inputs! {
    Create {
        user_pool_id: PoolId,
        username: String,
        user_attributes: Option<Vec<Attribute>>,
        validation_data: Option<Vec<Attribute>>,
        temporary_password: Option<String>,
        force_alias_creation: Option<bool>,
        message_action: Option<MessageAction>,
        desired_delivery_mediums: Option<Vec<Medium>>,
        client_metadata: Option<BTreeMap<String, String>>,
    }
    Named { user_pool_id: PoolId, username: String }
    Confirm { user_pool_id: PoolId, username: String, client_metadata: Option<BTreeMap<String, String>> }
    List {
        user_pool_id: PoolId,
        attributes_to_get: Option<Vec<String>>,
        limit: Option<u32>,
        pagination_token: Option<String>,
        filter: Option<String>,
    }
    UpdateAttributes {
        user_pool_id: PoolId,
        username: String,
        user_attributes: Vec<Attribute>,
        client_metadata: Option<BTreeMap<String, String>>,
    }
    DeleteAttributes { user_pool_id: PoolId, username: String, user_attribute_names: Vec<String> }
    SetPassword { user_pool_id: PoolId, username: String, password: String, permanent: Option<bool> }
}

pub(crate) async fn create(call: JsonCall<'_>, input: Create) -> Result<Answer, Refusal> {
    let asked = CreatePoolUser {
        pool: input.user_pool_id,
        username: input.username,
        attributes: Attribute::pairs(input.user_attributes),
        temporary_password: input.temporary_password.map(Secret::new),
        force_alias: input.force_alias_creation.unwrap_or_default(),
        resend: input.message_action == Some(MessageAction::Resend),
        suppress: input.message_action == Some(MessageAction::Suppress),
    };
    let user = call.app.admin_create_pool_user(call.cx, asked).await?;
    Ok(told(json!({ "User": listed(&user, None) })))
}

pub(crate) async fn get(call: JsonCall<'_>, input: Named) -> Result<Answer, Refusal> {
    let user = call.app.admin_get_pool_user(call.cx, &input.user_pool_id, &input.username)?;
    let (factors, preferred) = factors(&user);
    Ok(told(json!({
        "Username": user.name,
        "UserAttributes": attributes(&user, |_| true),
        "UserCreateDate": at_second(user.created),
        "UserLastModifiedDate": at_second(user.modified),
        "Enabled": user.enabled,
        "UserStatus": user.status.as_str(),
        "UserMFASettingList": factors,
        "PreferredMfaSetting": preferred,
    })))
}

pub(crate) async fn list(call: JsonCall<'_>, input: List) -> Result<Answer, Refusal> {
    let filter: Option<UserFilter> = match input.filter.as_deref() {
        None | Some("") => None,
        Some(text) => Some(text.parse()?),
    };
    let listing = UserListing { filter, part: part(input.pagination_token, input.limit) };
    let page = call.app.list_pool_users(call.cx, &input.user_pool_id, &listing)?;
    let wanted = input.attributes_to_get;
    Ok(paged("Users", "PaginationToken", &page, |user| listed(user, wanted.as_deref())))
}

pub(crate) async fn delete(call: JsonCall<'_>, input: Named) -> Result<Answer, Refusal> {
    call.app.admin_delete_pool_user(call.cx, input.user_pool_id, input.username).await?;
    Ok(done())
}

pub(crate) async fn enable(call: JsonCall<'_>, input: Named) -> Result<Answer, Refusal> {
    call.app.admin_enable_pool_user(call.cx, input.user_pool_id, input.username, true).await?;
    Ok(done())
}

pub(crate) async fn disable(call: JsonCall<'_>, input: Named) -> Result<Answer, Refusal> {
    call.app.admin_enable_pool_user(call.cx, input.user_pool_id, input.username, false).await?;
    Ok(done())
}

pub(crate) async fn update_attributes(
    call: JsonCall<'_>,
    input: UpdateAttributes,
) -> Result<Answer, Refusal> {
    let attributes = Attribute::pairs(Some(input.user_attributes));
    call.app.admin_update_pool_user(call.cx, input.user_pool_id, input.username, attributes).await?;
    Ok(done())
}

pub(crate) async fn delete_attributes(
    call: JsonCall<'_>,
    input: DeleteAttributes,
) -> Result<Answer, Refusal> {
    let (pool, name) = (input.user_pool_id, input.username);
    call.app.admin_delete_pool_user_attributes(call.cx, pool, name, input.user_attribute_names).await?;
    Ok(done())
}

pub(crate) async fn set_password(call: JsonCall<'_>, input: SetPassword) -> Result<Answer, Refusal> {
    if input.password.is_empty() {
        return Err(PoolFault::InvalidParameter.because("`Password` must not be empty").into());
    }
    let asked = SetPoolPassword {
        pool: input.user_pool_id,
        username: input.username,
        password: Secret::new(input.password),
        permanent: input.permanent.unwrap_or_default(),
    };
    call.app.admin_set_pool_password(call.cx, asked).await?;
    Ok(done())
}

pub(crate) async fn confirm(call: JsonCall<'_>, input: Confirm) -> Result<Answer, Refusal> {
    call.app.admin_confirm_pool_user(call.cx, input.user_pool_id, input.username).await?;
    Ok(done())
}

pub(crate) async fn sign_out(call: JsonCall<'_>, input: Named) -> Result<Answer, Refusal> {
    call.app.admin_sign_out_pool_user(call.cx, input.user_pool_id, input.username).await?;
    Ok(done())
}

/// `UserType`, with those attributes that are wanted.
pub(super) fn listed(user: &PoolUser, wanted: Option<&[String]>) -> Value {
    json!({
        "Username": user.name,
        "Attributes": attributes(user, |name| wanted.is_none_or(|names| names.iter().any(|n| n == name))),
        "UserCreateDate": at_second(user.created),
        "UserLastModifiedDate": at_second(user.modified),
        "Enabled": user.enabled,
        "UserStatus": user.status.as_str(),
    })
}

/// Attributes with the `sub`, which comes last as AWS has it first or last.
pub(super) fn attributes(user: &PoolUser, wanted: impl Fn(&str) -> bool) -> Vec<Value> {
    let sub = user.sub.to_string();
    let identities = identities(user);
    let told = identities.iter().map(|told| ("identities", told.as_str()));
    let all = user.attributes.iter().chain(told).chain([("sub", sub.as_str())]);
    all.filter(|(name, _)| wanted(name))
        .map(|(name, value)| json!({ "Name": name, "Value": value }))
        .collect()
}

/// Who a user is at other providers, as the attribute that Cognito has for it.
fn identities(user: &PoolUser) -> Option<String> {
    let told = user.identities().iter().map(|identity| {
        json!({
            "userId": identity.subject,
            "providerName": identity.provider,
            "providerType": "OIDC",
            "issuer": null,
            "primary": identity.primary,
            "dateCreated": identity.since,
        })
    });
    let told: Vec<Value> = told.collect();
    (!told.is_empty()).then(|| Value::Array(told).to_string())
}

/// The second factors a user has, and the one that is asked for first.
pub(super) fn factors(user: &PoolUser) -> (Option<Vec<&'static str>>, Option<&'static str>) {
    const SOFTWARE_TOKEN: &str = "SOFTWARE_TOKEN_MFA";
    let on = user.asks_for_code();
    let preferred = on && user.more.as_ref().is_some_and(|more| more.software_token_preferred);
    let mut factors = Vec::new();
    factors.extend(on.then_some(SOFTWARE_TOKEN));
    factors.extend(user.has_passkey_mfa().then_some("WEB_AUTHN"));
    ((!factors.is_empty()).then_some(factors), preferred.then_some(SOFTWARE_TOKEN))
}
