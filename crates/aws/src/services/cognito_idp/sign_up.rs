//! Signing up, and setting forgotten passwords.

use std::collections::BTreeMap;

use garita_app::user_pool::{ConfirmForgotten, Delivery, Named, SignUp};
use garita_model::Secret;
use garita_model::user_pool::{ClientId, PoolId};
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::{Attribute, done, inputs, told};
use crate::call::Answer;
use crate::errors::Refusal;
use crate::json::JsonCall;

inputs! {
    Up {
        client_id: ClientId,
        secret_hash: Option<String>,
        username: String,
        password: String,
        user_attributes: Option<Vec<Attribute>>,
        validation_data: Option<Vec<Attribute>>,
        analytics_metadata: Option<IgnoredAny>,
        user_context_data: Option<IgnoredAny>,
        client_metadata: Option<BTreeMap<String, String>>,
    }
    Confirm {
        client_id: ClientId,
        secret_hash: Option<String>,
        username: String,
        confirmation_code: String,
        force_alias_creation: Option<bool>,
        analytics_metadata: Option<IgnoredAny>,
        user_context_data: Option<IgnoredAny>,
        client_metadata: Option<BTreeMap<String, String>>,
    }
    Send {
        client_id: ClientId,
        secret_hash: Option<String>,
        username: String,
        analytics_metadata: Option<IgnoredAny>,
        user_context_data: Option<IgnoredAny>,
        client_metadata: Option<BTreeMap<String, String>>,
    }
    ConfirmForgot {
        client_id: ClientId,
        secret_hash: Option<String>,
        username: String,
        confirmation_code: String,
        password: String,
        analytics_metadata: Option<IgnoredAny>,
        user_context_data: Option<IgnoredAny>,
        client_metadata: Option<BTreeMap<String, String>>,
    }
    Reset { user_pool_id: PoolId, username: String, client_metadata: Option<BTreeMap<String, String>> }
}

pub(crate) async fn up(call: JsonCall<'_>, input: Up) -> Result<Answer, Refusal> {
    let asked = SignUp {
        client: input.client_id,
        secret_hash: input.secret_hash,
        username: input.username,
        password: Secret::new(input.password),
        attributes: Attribute::pairs(input.user_attributes),
    };
    let made = call.app.sign_up(call.cx, asked).await?;
    Ok(told(json!({
        "UserConfirmed": false,
        "CodeDeliveryDetails": made.delivery.as_ref().map(delivery),
        "UserSub": made.sub.to_string(),
    })))
}

pub(crate) async fn confirm(call: JsonCall<'_>, input: Confirm) -> Result<Answer, Refusal> {
    let who = Named { client: input.client_id, secret_hash: input.secret_hash, username: input.username };
    let force = input.force_alias_creation.unwrap_or_default();
    call.app.confirm_sign_up(call.cx, who, input.confirmation_code, force).await?;
    Ok(done())
}

pub(crate) async fn resend(call: JsonCall<'_>, input: Send) -> Result<Answer, Refusal> {
    let who = Named { client: input.client_id, secret_hash: input.secret_hash, username: input.username };
    let sent = call.app.resend_confirmation_code(call.cx, who).await?;
    Ok(told(json!({ "CodeDeliveryDetails": delivery(&sent) })))
}

pub(crate) async fn forgot(call: JsonCall<'_>, input: Send) -> Result<Answer, Refusal> {
    let who = Named { client: input.client_id, secret_hash: input.secret_hash, username: input.username };
    let sent = call.app.forgot_pool_password(call.cx, who).await?;
    Ok(told(json!({ "CodeDeliveryDetails": delivery(&sent) })))
}

pub(crate) async fn confirm_forgot(call: JsonCall<'_>, input: ConfirmForgot) -> Result<Answer, Refusal> {
    let who = Named { client: input.client_id, secret_hash: input.secret_hash, username: input.username };
    let (code, password) = (input.confirmation_code, Secret::new(input.password));
    call.app.confirm_forgot_pool_password(call.cx, ConfirmForgotten { who, code, password }).await?;
    Ok(done())
}

pub(crate) async fn reset(call: JsonCall<'_>, input: Reset) -> Result<Answer, Refusal> {
    call.app.admin_reset_pool_password(call.cx, input.user_pool_id, input.username).await?;
    Ok(done())
}

/// `CodeDeliveryDetailsType`.
pub(super) fn delivery(delivery: &Delivery) -> Value {
    json!({
        "Destination": delivery.destination,
        "DeliveryMedium": "EMAIL",
        "AttributeName": delivery.attribute,
    })
}
