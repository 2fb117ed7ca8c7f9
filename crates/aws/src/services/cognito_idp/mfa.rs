//! Second factors: what a pool asks for.

use garita_model::UserPool;
use garita_model::user_pool::{PoolId, WebAuthnSettings};
use serde::Deserialize;
use serde_json::{Value, json};

use super::pool::MfaWord;
use super::{inputs, told};
use crate::call::Answer;
use crate::errors::Refusal;
use crate::json::JsonCall;

/// `UserVerificationType`.
#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verification {
    Required,
    Preferred,
}

/// `WebAuthnFactorConfigurationType`.
#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum FactorWord {
    SingleFactor,
    MultiFactorWithUserVerification,
}

inputs! {
    GetConfig { user_pool_id: PoolId }
    SetConfig {
        user_pool_id: PoolId,
        software_token_mfa_configuration: Option<SoftwareToken>,
        mfa_configuration: Option<MfaWord>,
        web_authn_configuration: Option<WebAuthn>,
    }
    SoftwareToken { enabled: Option<bool> }
    WebAuthn {
        relying_party_id: Option<String>,
        user_verification: Option<Verification>,
        factor_configuration: Option<FactorWord>,
    }
}

pub(crate) async fn get_config(call: JsonCall<'_>, input: GetConfig) -> Result<Answer, Refusal> {
    let pool = call.app.user_pool_mfa(call.cx, &input.user_pool_id)?;
    Ok(told(config(&pool)))
}

pub(crate) async fn set_config(call: JsonCall<'_>, input: SetConfig) -> Result<Answer, Refusal> {
    let software = input.software_token_mfa_configuration.map(|token| token.enabled.unwrap_or_default());
    let mode = input.mfa_configuration.map(Into::into);
    let web_authn = input.web_authn_configuration.map(|given| WebAuthnSettings {
        relying_party: given.relying_party_id,
        verification_required: given.user_verification == Some(Verification::Required),
        multi_factor: given.factor_configuration == Some(FactorWord::MultiFactorWithUserVerification),
    });
    let pool = call.app.set_user_pool_mfa(call.cx, input.user_pool_id, mode, software, web_authn).await?;
    Ok(told(config(&pool)))
}

fn config(pool: &UserPool) -> Value {
    json!({
        "SoftwareTokenMfaConfiguration": { "Enabled": pool.software_token },
        "MfaConfiguration": MfaWord::from(pool.mfa),
        "WebAuthnConfiguration": web_authn(pool),
    })
}

/// What is asked of passkeys; nothing is told where there are none.
fn web_authn(pool: &UserPool) -> Option<Value> {
    let held = &pool.web_authn;
    (pool.has_passkeys() || *held != WebAuthnSettings::default()).then(|| {
        json!({
            "RelyingPartyId": held.relying_party,
            "UserVerification": if held.verification_required { "required" } else { "preferred" },
            "FactorConfiguration":
                if held.multi_factor { "MULTI_FACTOR_WITH_USER_VERIFICATION" } else { "SINGLE_FACTOR" },
        })
    })
}
