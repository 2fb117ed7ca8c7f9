//! Signing in: flows, challenges, tokens.

use std::collections::BTreeMap;

use garita_app::user_pool::{ChallengeAnswer, ChallengeName, IssuedTokens, SignIn, SignInFlow, SignedIn};
use garita_model::Secret;
use garita_model::user_pool::{ClientId, PoolFault, PoolId};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::{done, inputs, told};
use crate::call::Answer;
use crate::errors::Refusal;
use crate::json::JsonCall;

/// `AuthFlowType`: the flows that are here.
#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Flow {
    UserPasswordAuth,
    AdminUserPasswordAuth,
    AdminNoSrpAuth,
    UserSrpAuth,
    RefreshToken,
    RefreshTokenAuth,
    UserAuth,
}

impl From<Flow> for SignInFlow {
    fn from(flow: Flow) -> Self {
        match flow {
            Flow::UserPasswordAuth => Self::UserPassword,
            Flow::AdminUserPasswordAuth | Flow::AdminNoSrpAuth => Self::AdminUserPassword,
            Flow::UserSrpAuth => Self::UserSrp,
            Flow::RefreshToken | Flow::RefreshTokenAuth => Self::RefreshToken,
            Flow::UserAuth => Self::User,
        }
    }
}

/// `ChallengeNameType`: the challenges that are here.
#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum ChallengeWord {
    NewPasswordRequired,
    SoftwareTokenMfa,
    MfaSetup,
    PasswordVerifier,
    SelectChallenge,
    Password,
    PasswordSrp,
    WebAuthn,
}

impl From<ChallengeWord> for ChallengeName {
    fn from(word: ChallengeWord) -> Self {
        match word {
            ChallengeWord::NewPasswordRequired => Self::NewPasswordRequired,
            ChallengeWord::SoftwareTokenMfa => Self::SoftwareTokenMfa,
            ChallengeWord::MfaSetup => Self::MfaSetup,
            ChallengeWord::PasswordVerifier => Self::PasswordVerifier,
            ChallengeWord::SelectChallenge => Self::SelectChallenge,
            ChallengeWord::Password => Self::Password,
            ChallengeWord::PasswordSrp => Self::PasswordSrp,
            ChallengeWord::WebAuthn => Self::WebAuthn,
        }
    }
}

inputs! {
    Initiate {
        auth_flow: Flow,
        auth_parameters: Option<BTreeMap<String, String>>,
        client_metadata: Option<BTreeMap<String, String>>,
        client_id: ClientId,
        analytics_metadata: Option<IgnoredAny>,
        user_context_data: Option<IgnoredAny>,
    }
    AdminInitiate {
        user_pool_id: PoolId,
        client_id: ClientId,
        auth_flow: Flow,
        auth_parameters: Option<BTreeMap<String, String>>,
        client_metadata: Option<BTreeMap<String, String>>,
        analytics_metadata: Option<IgnoredAny>,
        context_data: Option<IgnoredAny>,
    }
    Respond {
        client_id: ClientId,
        challenge_name: ChallengeWord,
        session: Option<String>,
        challenge_responses: Option<BTreeMap<String, String>>,
        analytics_metadata: Option<IgnoredAny>,
        user_context_data: Option<IgnoredAny>,
        client_metadata: Option<BTreeMap<String, String>>,
    }
    AdminRespond {
        user_pool_id: PoolId,
        client_id: ClientId,
        challenge_name: ChallengeWord,
        challenge_responses: Option<BTreeMap<String, String>>,
        session: Option<String>,
        analytics_metadata: Option<IgnoredAny>,
        context_data: Option<IgnoredAny>,
        client_metadata: Option<BTreeMap<String, String>>,
    }
    FromRefreshToken {
        refresh_token: String,
        client_id: ClientId,
        client_secret: Option<String>,
        device_key: Option<String>,
        client_metadata: Option<BTreeMap<String, String>>,
    }
    Revoke { token: String, client_id: ClientId, client_secret: Option<String> }
}

pub(crate) async fn initiate(call: JsonCall<'_>, input: Initiate) -> Result<Answer, Refusal> {
    let asked = sign_in(input.client_id, input.auth_flow, input.auth_parameters);
    Ok(step(call.app.initiate_auth(call.cx, asked).await?))
}

pub(crate) async fn admin_initiate(call: JsonCall<'_>, input: AdminInitiate) -> Result<Answer, Refusal> {
    let asked = sign_in(input.client_id, input.auth_flow, input.auth_parameters);
    Ok(step(call.app.admin_initiate_auth(call.cx, &input.user_pool_id, asked).await?))
}

pub(crate) async fn respond(call: JsonCall<'_>, input: Respond) -> Result<Answer, Refusal> {
    let answer = answer(input.client_id, input.challenge_name, input.session, input.challenge_responses);
    Ok(step(call.app.respond_to_auth_challenge(call.cx, answer).await?))
}

pub(crate) async fn admin_respond(call: JsonCall<'_>, input: AdminRespond) -> Result<Answer, Refusal> {
    let answer = answer(input.client_id, input.challenge_name, input.session, input.challenge_responses);
    Ok(step(call.app.admin_respond_to_auth_challenge(call.cx, &input.user_pool_id, answer).await?))
}

pub(crate) async fn from_refresh_token(
    call: JsonCall<'_>,
    input: FromRefreshToken,
) -> Result<Answer, Refusal> {
    if input.device_key.is_some() {
        return Err(PoolFault::InvalidParameter
            .because("devices are not tracked here: leave `DeviceKey` out")
            .into());
    }
    let (secret, token) = (input.client_secret.map(Secret::new), Secret::new(input.refresh_token));
    let tokens =
        call.app.tokens_from_refresh_token(call.cx, &input.client_id, secret.as_ref(), &token).await?;
    Ok(told(json!({ "AuthenticationResult": result(&tokens) })))
}

pub(crate) async fn revoke(call: JsonCall<'_>, input: Revoke) -> Result<Answer, Refusal> {
    let (secret, token) = (input.client_secret.map(Secret::new), Secret::new(input.token));
    call.app.revoke_pool_token(call.cx, &input.client_id, secret.as_ref(), &token).await?;
    Ok(done())
}

fn sign_in(client: ClientId, flow: Flow, parameters: Option<BTreeMap<String, String>>) -> SignIn {
    SignIn { client, flow: flow.into(), parameters: parameters.unwrap_or_default() }
}

fn answer(
    client: ClientId,
    name: ChallengeWord,
    session: Option<String>,
    responses: Option<BTreeMap<String, String>>,
) -> ChallengeAnswer {
    ChallengeAnswer { client, name: name.into(), session, responses: responses.unwrap_or_default() }
}

fn step(step: SignedIn) -> Answer {
    told(match step {
        SignedIn::Tokens(tokens) => {
            json!({ "ChallengeParameters": {}, "AuthenticationResult": result(&tokens) })
        }
        // An app that calls the API is no browser.
        SignedIn::Browser(_) => json!({}),
        SignedIn::Challenge(challenge) => json!({
            "ChallengeName": challenge.name.as_str(),
            "Session": challenge.session,
            "ChallengeParameters": challenge.parameters,
            "AvailableChallenges": (!challenge.available.is_empty())
                .then(|| challenge.available.iter().map(|name| name.as_str()).collect::<Vec<_>>()),
        }),
    })
}

fn result(tokens: &IssuedTokens) -> Value {
    json!({
        "AccessToken": tokens.access.expose(),
        "ExpiresIn": tokens.expires_in,
        "TokenType": "Bearer",
        "RefreshToken": tokens.refresh.as_ref().map(|token| token.expose().clone()),
        "IdToken": tokens.id.expose(),
    })
}
