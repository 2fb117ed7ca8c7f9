//! Passkeys: what people do with their own, and what they may sign in with.

use garita_app::user_pool::Who;
use garita_app::webauthn::RegistrationResponse;
use garita_model::user_pool::PoolFault;
use garita_model::{PoolPasskey, Secret};
use serde_json::{Value, json};

use super::user::factors;
use super::{at, done, inputs, told};
use crate::call::Answer;
use crate::errors::Refusal;
use crate::json::JsonCall;

inputs! {
    Bearer { access_token: String }
    Complete { access_token: String, credential: Value }
    List { access_token: String, next_token: Option<String>, max_results: Option<usize> }
    Named { access_token: String, credential_id: String }
}

pub(crate) async fn start(call: JsonCall<'_>, input: Bearer) -> Result<Answer, Refusal> {
    let token = Secret::new(input.access_token);
    let options = call.app.start_passkey(call.cx, Who::Token(&token)).await?;
    Ok(told(json!({ "CredentialCreationOptions": options })))
}

pub(crate) async fn complete(call: JsonCall<'_>, input: Complete) -> Result<Answer, Refusal> {
    let token = Secret::new(input.access_token);
    let answer = RegistrationResponse::of(input.credential)
        .map_err(|why| PoolFault::InvalidParameter.because(format!("`Credential`: {why}")))?;
    call.app.complete_passkey(call.cx, Who::Token(&token), &answer, None).await?;
    Ok(done())
}

pub(crate) async fn list(call: JsonCall<'_>, input: List) -> Result<Answer, Refusal> {
    let token = Secret::new(input.access_token);
    let (who, part) = (Who::Token(&token), input.next_token.as_deref());
    let page = call.app.list_passkeys(call.cx, &who, input.max_results, part)?;
    let shown: Vec<Value> = page.items.iter().map(|passkey| description(passkey)).collect();
    Ok(told(json!({ "Credentials": shown, "NextToken": page.marker })))
}

pub(crate) async fn delete(call: JsonCall<'_>, input: Named) -> Result<Answer, Refusal> {
    let token = Secret::new(input.access_token);
    call.app.delete_passkey(call.cx, Who::Token(&token), &input.credential_id).await?;
    Ok(done())
}

pub(crate) async fn auth_factors(call: JsonCall<'_>, input: Bearer) -> Result<Answer, Refusal> {
    let token = Secret::new(input.access_token);
    let (user, first) = call.app.own_auth_factors(call.cx, &token)?;
    let (second, preferred) = factors(&user);
    Ok(told(json!({
        "Username": user.name,
        "PreferredMfaSetting": preferred,
        "UserMFASettingList": second,
        "ConfiguredUserAuthFactors": first.iter().map(|factor| factor.as_str()).collect::<Vec<_>>(),
    })))
}

/// `WebAuthnCredentialDescription`.
fn description(passkey: &PoolPasskey) -> Value {
    json!({
        "CredentialId": passkey.id,
        "FriendlyCredentialName": passkey.name,
        "RelyingPartyId": passkey.relying_party,
        "AuthenticatorAttachment": passkey.attachment,
        "AuthenticatorTransports": passkey.transports,
        "CreatedAt": at(passkey.created),
    })
}
