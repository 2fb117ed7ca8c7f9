//! Providers that a pool sends people to, and who people are there.
//!
//! `ProviderDetails` is a map on the wire: which keys it takes depends on the type of the provider, and a key that means
//! nothing here is refused by name. `groups_claim` and `own_redirect_uri` are keys of Garita's own.

use std::collections::BTreeMap;

use garita_app::user_pool::{ProviderDetail, ProviderDetails, ProviderSettings, ProviderUser, SELF_PROVIDER};
use garita_model::user_pool::provider::ProviderEndpoints;
use garita_model::user_pool::{PoolFault, PoolId};
use garita_model::{PoolProvider, Secret};
use serde_json::{Value, json};

use super::{at, done, inputs, paged, part, told};
use crate::call::Answer;
use crate::errors::Refusal;
use crate::json::JsonCall;

type Details = BTreeMap<String, String>;

inputs! {
    Create {
        user_pool_id: PoolId,
        provider_name: String,
        provider_type: String,
        provider_details: Details,
        attribute_mapping: Option<BTreeMap<String, String>>,
        idp_identifiers: Option<Vec<String>>,
    }
    Update {
        user_pool_id: PoolId,
        provider_name: String,
        provider_details: Option<Details>,
        attribute_mapping: Option<BTreeMap<String, String>>,
        idp_identifiers: Option<Vec<String>>,
    }
    Named { user_pool_id: PoolId, provider_name: String }
    Identified { user_pool_id: PoolId, idp_identifier: String }
    List { user_pool_id: PoolId, max_results: Option<u32>, next_token: Option<String> }
    /// `ProviderUserIdentifierType`.
    Person {
        provider_name: String,
        provider_attribute_name: Option<String>,
        provider_attribute_value: String,
    }
    Link { user_pool_id: PoolId, destination_user: Person, source_user: Person }
    Disable { user_pool_id: PoolId, user: Person }
}

pub(crate) async fn create(call: JsonCall<'_>, input: Create) -> Result<Answer, Refusal> {
    if input.provider_type != "OIDC" {
        let kind: String = input.provider_type.chars().take(32).collect();
        let message = format!("providers of the type `{kind}` are not here yet: make one of the type `OIDC`");
        return Err(PoolFault::InvalidParameter.because(message).into());
    }
    let settings = ProviderSettings {
        details: Some(details(input.provider_details)?),
        mapping: input.attribute_mapping,
        identifiers: input.idp_identifiers,
    };
    let (pool, name) = (input.user_pool_id, input.provider_name);
    let made = call.app.create_pool_provider(call.cx, pool, name, settings).await?;
    Ok(whole(&made))
}

pub(crate) async fn describe(call: JsonCall<'_>, input: Named) -> Result<Answer, Refusal> {
    let held = call.app.describe_pool_provider(call.cx, &input.user_pool_id, &input.provider_name)?;
    Ok(whole(&held))
}

pub(crate) async fn by_identifier(call: JsonCall<'_>, input: Identified) -> Result<Answer, Refusal> {
    let held = call.app.pool_provider_by_identifier(call.cx, &input.user_pool_id, &input.idp_identifier)?;
    Ok(whole(&held))
}

pub(crate) async fn list(call: JsonCall<'_>, input: List) -> Result<Answer, Refusal> {
    let part = part(input.next_token, input.max_results);
    let page = call.app.list_pool_providers(call.cx, &input.user_pool_id, &part)?;
    Ok(paged("Providers", "NextToken", &page, |provider| {
        json!({
            "ProviderName": provider.name,
            "ProviderType": "OIDC",
            "LastModifiedDate": at(provider.modified),
            "CreationDate": at(provider.created),
        })
    }))
}

pub(crate) async fn update(call: JsonCall<'_>, input: Update) -> Result<Answer, Refusal> {
    let settings = ProviderSettings {
        details: input.provider_details.map(details).transpose()?,
        mapping: input.attribute_mapping,
        identifiers: input.idp_identifiers,
    };
    let (pool, name) = (input.user_pool_id, input.provider_name);
    let held = call.app.update_pool_provider(call.cx, pool, name, settings).await?;
    Ok(whole(&held))
}

pub(crate) async fn delete(call: JsonCall<'_>, input: Named) -> Result<Answer, Refusal> {
    call.app.delete_pool_provider(call.cx, input.user_pool_id, input.provider_name).await?;
    Ok(done())
}

pub(crate) async fn link(call: JsonCall<'_>, input: Link) -> Result<Answer, Refusal> {
    let source = person(input.source_user)?;
    let destination = ProviderUser {
        provider: input.destination_user.provider_name,
        value: input.destination_user.provider_attribute_value,
    };
    call.app.admin_link_provider_for_user(call.cx, input.user_pool_id, destination, source).await?;
    Ok(done())
}

pub(crate) async fn disable(call: JsonCall<'_>, input: Disable) -> Result<Answer, Refusal> {
    let who = person(input.user)?;
    call.app.admin_disable_provider_for_user(call.cx, input.user_pool_id, who).await?;
    Ok(done())
}

/// Somebody by the provider's own word for them, which Cognito calls `Cognito_Subject` for providers of this type.
fn person(given: Person) -> Result<ProviderUser, Refusal> {
    let by = given.provider_attribute_name.as_deref();
    if given.provider_name != SELF_PROVIDER && by != Some("Cognito_Subject") {
        let message = "`ProviderAttributeName` must be `Cognito_Subject` for a provider of the type OIDC";
        return Err(PoolFault::InvalidParameter.because(message).into());
    }
    Ok(ProviderUser { provider: given.provider_name, value: given.provider_attribute_value })
}

/// Reads the map, in the words of the Cognito Developer Guide, "Adding OIDC identity providers".
fn details(mut given: Details) -> Result<ProviderDetails, Refusal> {
    let invalid = |message: String| Refusal::from(PoolFault::InvalidParameter.because(message));
    let mut take = |name: &str| given.remove(name).filter(|value| !value.is_empty());
    let needed = |name: &str, value: Option<String>| {
        value.ok_or_else(|| invalid(format!("`ProviderDetails` must have `{name}`")))
    };
    let client = needed("client_id", take("client_id"))?;
    let issuer = needed("oidc_issuer", take("oidc_issuer"))?;
    let scopes = needed("authorize_scopes", take("authorize_scopes"))?;
    let userinfo_by_post = match take("attributes_request_method").as_deref() {
        None | Some("GET") => false,
        Some("POST") => true,
        Some(_) => return Err(invalid("`attributes_request_method` must be `GET` or `POST`".to_owned())),
    };
    if take("attributes_url_add_attributes").is_some_and(|value| value != "false") {
        return Err(invalid("`attributes_url_add_attributes` must be `false` for the type OIDC".to_owned()));
    }
    let own_redirect = match take("own_redirect_uri").as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(invalid("`own_redirect_uri` must be `true` or `false`".to_owned())),
    };
    let (secret, groups_claim) = (take("client_secret").map(Secret::new), take("groups_claim"));
    let urls = ["authorize_url", "token_url", "jwks_uri", "attributes_url"].map(&mut take);
    let endpoints = match urls {
        [None, None, None, None] => None,
        [authorize, token, keys, userinfo] => Some(ProviderEndpoints {
            authorize: needed("authorize_url", authorize)?,
            token: needed("token_url", token)?,
            userinfo,
            keys: needed("jwks_uri", keys)?,
        }),
    };
    if let Some(unknown) = given.keys().next() {
        let unknown: String = unknown.chars().take(64).collect();
        return Err(invalid(format!(
            "`ProviderDetails` has `{unknown}`, which means nothing for the type OIDC"
        )));
    }
    Ok(ProviderDetails {
        client,
        secret,
        issuer,
        scopes,
        userinfo_by_post,
        own_redirect,
        endpoints,
        groups_claim,
    })
}

fn whole(detail: &ProviderDetail) -> Answer {
    let provider = &detail.provider;
    told(json!({
        "IdentityProvider": {
            "UserPoolId": provider.pool.as_str(),
            "ProviderName": provider.name,
            "ProviderType": "OIDC",
            "ProviderDetails": shown(provider, detail.secret.as_ref()),
            "AttributeMapping": provider.mapping,
            "IdpIdentifiers": provider.identifiers,
            "LastModifiedDate": at(provider.modified),
            "CreationDate": at(provider.created),
        }
    }))
}

/// The map as it was given, the secret too: who may describe a provider may read it, as of app clients.
fn shown(provider: &PoolProvider, secret: Option<&Secret<String>>) -> Value {
    let endpoints = provider.endpoints.as_ref();
    json!({
        "client_id": provider.client,
        "client_secret": secret.map(Secret::expose),
        "oidc_issuer": provider.issuer,
        "authorize_scopes": provider.scopes,
        "attributes_request_method": if provider.userinfo_by_post { "POST" } else { "GET" },
        "attributes_url_add_attributes": "false",
        "authorize_url": endpoints.map(|given| &given.authorize),
        "token_url": endpoints.map(|given| &given.token),
        "attributes_url": endpoints.and_then(|given| given.userinfo.as_ref()),
        "jwks_uri": endpoints.map(|given| &given.keys),
        "groups_claim": provider.groups_claim,
        "own_redirect_uri": provider.own_redirect.then_some("true"),
    })
}
