//! Second factors: what a pool asks for.

use garita_model::UserPool;
use garita_model::user_pool::PoolId;
use serde_json::{Value, json};

use super::pool::MfaWord;
use super::{inputs, told};
use crate::call::Answer;
use crate::errors::Refusal;
use crate::json::JsonCall;

inputs! {
    GetConfig { user_pool_id: PoolId }
    SetConfig {
        user_pool_id: PoolId,
        software_token_mfa_configuration: Option<SoftwareToken>,
        mfa_configuration: Option<MfaWord>,
    }
    SoftwareToken { enabled: Option<bool> }
}

pub(crate) async fn get_config(call: JsonCall<'_>, input: GetConfig) -> Result<Answer, Refusal> {
    let pool = call.app.user_pool_mfa(call.cx, &input.user_pool_id)?;
    Ok(told(config(&pool)))
}

pub(crate) async fn set_config(call: JsonCall<'_>, input: SetConfig) -> Result<Answer, Refusal> {
    let software = input.software_token_mfa_configuration.map(|token| token.enabled.unwrap_or_default());
    let mode = input.mfa_configuration.map(Into::into);
    let pool = call.app.set_user_pool_mfa(call.cx, input.user_pool_id, mode, software).await?;
    Ok(told(config(&pool)))
}

fn config(pool: &UserPool) -> Value {
    json!({
        "SoftwareTokenMfaConfiguration": { "Enabled": pool.software_token },
        "MfaConfiguration": MfaWord::from(pool.mfa),
    })
}
