//! App clients.

use std::collections::BTreeSet;

use garita_app::user_pool::{ClientDetail, ClientSettings};
use garita_model::user_pool::{AuthFlow, ClientId, PoolFault, PoolId, TokenValidity, ValidityUnit};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{at, done, inputs, paged, part, told};
use crate::call::Answer;
use crate::errors::Refusal;
use crate::json::JsonCall;

/// `ExplicitAuthFlowsType`. The names without `ALLOW_` are older ones; custom flows need triggers.
#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(clippy::enum_variant_names, reason = "the words of the wire")]
pub(crate) enum Flow {
    AdminNoSrpAuth,
    UserPasswordAuth,
    AllowAdminUserPasswordAuth,
    AllowUserPasswordAuth,
    AllowUserSrpAuth,
    AllowRefreshTokenAuth,
    AllowUserAuth,
}

const FLOWS: [(&str, AuthFlow); 5] = [
    ("ALLOW_USER_PASSWORD_AUTH", AuthFlow::UserPassword),
    ("ALLOW_ADMIN_USER_PASSWORD_AUTH", AuthFlow::AdminUserPassword),
    ("ALLOW_USER_SRP_AUTH", AuthFlow::UserSrp),
    ("ALLOW_REFRESH_TOKEN_AUTH", AuthFlow::RefreshToken),
    ("ALLOW_USER_AUTH", AuthFlow::User),
];

impl From<Flow> for AuthFlow {
    fn from(flow: Flow) -> Self {
        match flow {
            Flow::UserPasswordAuth | Flow::AllowUserPasswordAuth => Self::UserPassword,
            Flow::AdminNoSrpAuth | Flow::AllowAdminUserPasswordAuth => Self::AdminUserPassword,
            Flow::AllowUserSrpAuth => Self::UserSrp,
            Flow::AllowRefreshTokenAuth => Self::RefreshToken,
            Flow::AllowUserAuth => Self::User,
        }
    }
}

/// `TimeUnitsType`.
#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Unit {
    Seconds,
    Minutes,
    Hours,
    Days,
}

impl From<Unit> for ValidityUnit {
    fn from(unit: Unit) -> Self {
        match unit {
            Unit::Seconds => Self::Seconds,
            Unit::Minutes => Self::Minutes,
            Unit::Hours => Self::Hours,
            Unit::Days => Self::Days,
        }
    }
}

fn unit(unit: ValidityUnit) -> &'static str {
    match unit {
        ValidityUnit::Seconds => "seconds",
        ValidityUnit::Minutes => "minutes",
        ValidityUnit::Hours => "hours",
        ValidityUnit::Days => "days",
    }
}

/// `PreventUserExistenceErrorTypes`.
#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Prevent {
    Legacy,
    Enabled,
}

/// `FeatureType`.
#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Feature {
    Enabled,
    Disabled,
}

inputs! {
    Rotation { feature: Feature, retry_grace_period_seconds: Option<u32> }
    Units { access_token: Option<Unit>, id_token: Option<Unit>, refresh_token: Option<Unit> }
    Named { user_pool_id: PoolId, client_id: ClientId }
    List { user_pool_id: PoolId, max_results: Option<u32>, next_token: Option<String> }
}

/// What creating and updating have in common.
macro_rules! settings {
    ($($name:ident { $($own:ident: $type:ty),* } $client_name:ty;)*) => {
        inputs! {$(
            $name {
                $($own: $type,)*
                user_pool_id: PoolId,
                client_name: $client_name,
                refresh_token_validity: Option<u32>,
                access_token_validity: Option<u32>,
                id_token_validity: Option<u32>,
                token_validity_units: Option<Units>,
                read_attributes: Option<BTreeSet<String>>,
                write_attributes: Option<BTreeSet<String>>,
                explicit_auth_flows: Option<Vec<Flow>>,
                supported_identity_providers: Option<Vec<String>>,
                #[serde(rename = "CallbackURLs")]
                callback_urls: Option<Vec<String>>,
                #[serde(rename = "LogoutURLs")]
                logout_urls: Option<Vec<String>>,
                #[serde(rename = "DefaultRedirectURI")]
                default_redirect_uri: Option<String>,
                #[serde(rename = "AllowedOAuthFlows")]
                allowed_oauth_flows: Option<Vec<String>>,
                #[serde(rename = "AllowedOAuthScopes")]
                allowed_oauth_scopes: Option<Vec<String>>,
                #[serde(rename = "AllowedOAuthFlowsUserPoolClient")]
                allowed_oauth: Option<bool>,
                prevent_user_existence_errors: Option<Prevent>,
                enable_token_revocation: Option<bool>,
                enable_propagate_additional_user_context_data: Option<bool>,
                auth_session_validity: Option<u32>,
                refresh_token_rotation: Option<Rotation>,
            }
        )*}
        $(impl $name {
            fn settings(self) -> Result<ClientSettings, Refusal> {
                for flow in self.allowed_oauth_flows.iter().flatten() {
                    if !matches!(flow.as_str(), "code" | "implicit" | "client_credentials") {
                        return Err(not_one_of("AllowedOAuthFlows", flow));
                    }
                }
                if self.enable_propagate_additional_user_context_data == Some(true) {
                    return Err(not_one_of("EnablePropagateAdditionalUserContextData", "true"));
                }
                let units = self.token_validity_units;
                let of = |pick: fn(&Units) -> Option<Unit>| units.as_ref().and_then(pick);
                Ok(ClientSettings {
                    name: Option::from(self.client_name),
                    flows: self.explicit_auth_flows.map(|flows| flows.into_iter().map(Into::into).collect()),
                    access_token: validity(self.access_token_validity, of(|u| u.access_token), Unit::Hours, 1),
                    id_token: validity(self.id_token_validity, of(|u| u.id_token), Unit::Hours, 1),
                    refresh_token: validity(self.refresh_token_validity, of(|u| u.refresh_token), Unit::Days, 30),
                    session_minutes: self.auth_session_validity,
                    rotation: self
                        .refresh_token_rotation
                        .filter(|rotation| rotation.feature == Feature::Enabled)
                        .map(|rotation| rotation.retry_grace_period_seconds.unwrap_or_default()),
                    hides_users: self.prevent_user_existence_errors.map(|prevent| prevent == Prevent::Enabled),
                    revocation: self.enable_token_revocation,
                    reads: self.read_attributes,
                    writes: self.write_attributes,
                    providers: self.supported_identity_providers.unwrap_or_default(),
                    oauth: self.allowed_oauth.unwrap_or_default(),
                    oauth_flows: self.allowed_oauth_flows.unwrap_or_default(),
                    oauth_scopes: self.allowed_oauth_scopes.unwrap_or_default(),
                    callback_urls: self.callback_urls.unwrap_or_default(),
                    logout_urls: self.logout_urls.unwrap_or_default(),
                    default_redirect: self.default_redirect_uri,
                })
            }
        })*
    };
}

settings! {
    Create { generate_secret: Option<bool> } String;
    Update { client_id: ClientId } Option<String>;
}

fn not_one_of(member: &str, value: &str) -> Refusal {
    PoolFault::InvalidParameter
        .because(format!("the value `{value}` of `{member}` is not supported here"))
        .into()
}

/// A unit without a number is that of AWS's default; zero means the default too.
fn validity(amount: Option<u32>, given: Option<Unit>, usual: Unit, usually: u32) -> Option<TokenValidity> {
    match amount {
        None | Some(0) if given.is_none() => None,
        None | Some(0) => Some(TokenValidity { amount: usually, unit: usual.into() }),
        Some(amount) => Some(TokenValidity { amount, unit: given.unwrap_or(usual).into() }),
    }
}

pub(crate) async fn create(call: JsonCall<'_>, input: Create) -> Result<Answer, Refusal> {
    let (pool, secret) = (input.user_pool_id.clone(), input.generate_secret.unwrap_or_default());
    let made = call.app.create_pool_client(call.cx, pool, input.settings()?, secret).await?;
    Ok(told(json!({ "UserPoolClient": whole(&made) })))
}

pub(crate) async fn describe(call: JsonCall<'_>, input: Named) -> Result<Answer, Refusal> {
    let found = call.app.describe_pool_client(call.cx, &input.user_pool_id, &input.client_id)?;
    Ok(told(json!({ "UserPoolClient": whole(&found) })))
}

pub(crate) async fn list(call: JsonCall<'_>, input: List) -> Result<Answer, Refusal> {
    let part = part(input.next_token, input.max_results);
    let page = call.app.list_pool_clients(call.cx, &input.user_pool_id, &part)?;
    Ok(paged("UserPoolClients", "NextToken", &page, |client| {
        json!({
            "ClientId": client.id.as_str(),
            "UserPoolId": client.pool.as_str(),
            "ClientName": client.name,
        })
    }))
}

pub(crate) async fn update(call: JsonCall<'_>, input: Update) -> Result<Answer, Refusal> {
    let (pool, id) = (input.user_pool_id.clone(), input.client_id.clone());
    let changed = call.app.update_pool_client(call.cx, pool, id, input.settings()?).await?;
    Ok(told(json!({ "UserPoolClient": whole(&changed) })))
}

pub(crate) async fn delete(call: JsonCall<'_>, input: Named) -> Result<Answer, Refusal> {
    call.app.delete_pool_client(call.cx, input.user_pool_id, input.client_id).await?;
    Ok(done())
}

fn whole(detail: &ClientDetail) -> Value {
    let client = &detail.client;
    let if_any = |texts: &[String]| (!texts.is_empty()).then(|| json!(texts));
    let flows = FLOWS.iter().filter(|(_, flow)| client.allows(*flow));
    let rotation = match client.rotation {
        Some(grace) => json!({ "Feature": "ENABLED", "RetryGracePeriodSeconds": grace }),
        None => Value::Null,
    };
    json!({
        "UserPoolId": client.pool.as_str(),
        "ClientName": client.name,
        "ClientId": client.id.as_str(),
        "ClientSecret": detail.secret.as_ref().map(|secret| secret.expose().clone()),
        "LastModifiedDate": at(client.modified),
        "CreationDate": at(client.created),
        "RefreshTokenValidity": client.refresh_token.amount,
        "AccessTokenValidity": client.access_token.amount,
        "IdTokenValidity": client.id_token.amount,
        "TokenValidityUnits": {
            "AccessToken": unit(client.access_token.unit),
            "IdToken": unit(client.id_token.unit),
            "RefreshToken": unit(client.refresh_token.unit),
        },
        "ReadAttributes": client.reads,
        "WriteAttributes": client.writes,
        "ExplicitAuthFlows": flows.map(|(word, _)| *word).collect::<Vec<_>>(),
        "SupportedIdentityProviders": if_any(&client.providers),
        "CallbackURLs": if_any(&client.callback_urls),
        "LogoutURLs": if_any(&client.logout_urls),
        "DefaultRedirectURI": client.default_redirect,
        "AllowedOAuthFlows": if_any(&client.oauth_flows),
        "AllowedOAuthScopes": if_any(&client.oauth_scopes),
        "AllowedOAuthFlowsUserPoolClient": client.oauth,
        "PreventUserExistenceErrors": if client.hides_users { "ENABLED" } else { "LEGACY" },
        "EnableTokenRevocation": client.revocation,
        "EnablePropagateAdditionalUserContextData": false,
        "AuthSessionValidity": client.session_minutes,
        "RefreshTokenRotation": rotation,
    })
}
