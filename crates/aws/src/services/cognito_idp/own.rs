//! What people do for themselves, with an access token.

use std::collections::BTreeMap;

use garita_app::user_pool::{MfaPreference, OwnPassword, SettingUp};
use garita_model::Secret;
use garita_model::user_pool::{PoolFault, PoolId};
use serde_json::{Value, json};

use super::sign_up::delivery;
use super::user::factors;
use super::{Attribute, done, inputs, told};
use crate::call::Answer;
use crate::errors::Refusal;
use crate::json::JsonCall;

inputs! {
    Bearer { access_token: String }
    UpdateAttributes {
        user_attributes: Vec<Attribute>,
        access_token: String,
        client_metadata: Option<BTreeMap<String, String>>,
    }
    DeleteAttributes { user_attribute_names: Vec<String>, access_token: String }
    SendCode {
        access_token: String,
        attribute_name: String,
        client_metadata: Option<BTreeMap<String, String>>,
    }
    Verify { access_token: String, attribute_name: String, code: String }
    ChangePassword { previous_password: String, proposed_password: String, access_token: String }
    Associate { access_token: Option<String>, session: Option<String> }
    VerifyToken {
        access_token: Option<String>,
        session: Option<String>,
        user_code: String,
        friendly_device_name: Option<String>,
    }
    Preference { enabled: Option<bool>, preferred_mfa: Option<bool> }
    PasskeyPreference { enabled: Option<bool> }
    SetPreference {
        software_token_mfa_settings: Option<Preference>,
        web_authn_mfa_settings: Option<PasskeyPreference>,
        access_token: String,
    }
    AdminSetPreference {
        software_token_mfa_settings: Option<Preference>,
        web_authn_mfa_settings: Option<PasskeyPreference>,
        username: String,
        user_pool_id: PoolId,
    }
}

pub(crate) async fn get(call: JsonCall<'_>, input: Bearer) -> Result<Answer, Refusal> {
    let (user, attributes) = call.app.get_own_user(call.cx, &Secret::new(input.access_token))?;
    let (factors, preferred) = factors(&user);
    let shown: Vec<Value> =
        attributes.iter().map(|(name, value)| json!({ "Name": name, "Value": value })).collect();
    Ok(told(json!({
        "Username": user.name,
        "UserAttributes": shown,
        "UserMFASettingList": factors,
        "PreferredMfaSetting": preferred,
    })))
}

pub(crate) async fn update_attributes(
    call: JsonCall<'_>,
    input: UpdateAttributes,
) -> Result<Answer, Refusal> {
    let (token, given) = (Secret::new(input.access_token), Attribute::pairs(Some(input.user_attributes)));
    let sent = call.app.update_own_attributes(call.cx, &token, given).await?;
    let list: Vec<Value> = sent.iter().map(delivery).collect();
    Ok(told(json!({ "CodeDeliveryDetailsList": list })))
}

pub(crate) async fn delete_attributes(
    call: JsonCall<'_>,
    input: DeleteAttributes,
) -> Result<Answer, Refusal> {
    let token = Secret::new(input.access_token);
    call.app.delete_own_attributes(call.cx, &token, input.user_attribute_names).await?;
    Ok(done())
}

pub(crate) async fn send_code(call: JsonCall<'_>, input: SendCode) -> Result<Answer, Refusal> {
    let token = Secret::new(input.access_token);
    let sent = call.app.send_attribute_code(call.cx, &token, &input.attribute_name).await?;
    Ok(told(json!({ "CodeDeliveryDetails": sent.as_ref().map(delivery) })))
}

pub(crate) async fn verify(call: JsonCall<'_>, input: Verify) -> Result<Answer, Refusal> {
    let token = Secret::new(input.access_token);
    call.app.verify_own_attribute(call.cx, &token, &input.attribute_name, input.code).await?;
    Ok(done())
}

pub(crate) async fn change_password(call: JsonCall<'_>, input: ChangePassword) -> Result<Answer, Refusal> {
    let asked = OwnPassword {
        token: Secret::new(input.access_token),
        previous: Secret::new(input.previous_password),
        proposed: Secret::new(input.proposed_password),
    };
    call.app.change_pool_password(call.cx, asked).await?;
    Ok(done())
}

pub(crate) async fn sign_out(call: JsonCall<'_>, input: Bearer) -> Result<Answer, Refusal> {
    call.app.global_sign_out(call.cx, &Secret::new(input.access_token)).await?;
    Ok(done())
}

pub(crate) async fn delete(call: JsonCall<'_>, input: Bearer) -> Result<Answer, Refusal> {
    call.app.delete_own_user(call.cx, &Secret::new(input.access_token)).await?;
    Ok(done())
}

pub(crate) async fn associate(call: JsonCall<'_>, input: Associate) -> Result<Answer, Refusal> {
    let made =
        call.app.associate_software_token(call.cx, setting_up(input.access_token, input.session)?).await?;
    Ok(told(json!({ "SecretCode": made.secret.expose(), "Session": made.session })))
}

pub(crate) async fn verify_token(call: JsonCall<'_>, input: VerifyToken) -> Result<Answer, Refusal> {
    let who = setting_up(input.access_token, input.session)?;
    let session =
        call.app.verify_software_token(call.cx, who, input.user_code, input.friendly_device_name).await?;
    Ok(told(json!({ "Status": "SUCCESS", "Session": session })))
}

pub(crate) async fn set_preference(call: JsonCall<'_>, input: SetPreference) -> Result<Answer, Refusal> {
    let wanted = preference(input.software_token_mfa_settings, input.web_authn_mfa_settings);
    call.app.set_pool_user_mfa(call.cx, &Secret::new(input.access_token), wanted).await?;
    Ok(done())
}

pub(crate) async fn admin_set_preference(
    call: JsonCall<'_>,
    input: AdminSetPreference,
) -> Result<Answer, Refusal> {
    let (pool, name) = (input.user_pool_id, input.username);
    let wanted = preference(input.software_token_mfa_settings, input.web_authn_mfa_settings);
    call.app.admin_set_pool_user_mfa(call.cx, pool, name, wanted).await?;
    Ok(done())
}

fn preference(token: Option<Preference>, passkey: Option<PasskeyPreference>) -> MfaPreference {
    let switch = |on: Option<bool>| on.unwrap_or_default();
    MfaPreference {
        software_token: token.map(|given| (switch(given.enabled), switch(given.preferred_mfa))),
        passkey: passkey.map(|given| switch(given.enabled)),
    }
}

fn setting_up(token: Option<String>, session: Option<String>) -> Result<SettingUp, Refusal> {
    match (token, session) {
        (Some(token), None) => Ok(SettingUp::Bearer(Secret::new(token))),
        (None, Some(session)) => Ok(SettingUp::Session(session)),
        _ => Err(PoolFault::InvalidParameter.because("give either `AccessToken` or `Session`").into()),
    }
}
