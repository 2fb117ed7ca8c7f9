//! STS: sessions of roles and users, and who a caller is. API reference 2011-06-15.

use garita_app::iam::outbound_federation::ALGORITHMS;
use garita_app::mint::SessionCredentials;
use garita_app::sts::{
    AssumeRole, AssumeRoleWithWebIdentity, AssumedRole, GetFederationToken, GetWebIdentityToken,
    MAX_DURATION, MAX_USER_DURATION, MIN_DURATION, MfaCode,
};
use garita_model::{Error, Secret, Tag, TokenAlgorithm};
use garita_wire::protocol::iso8601;
use garita_wire::protocol::xml::XmlWriter;
use serde_json::{Value, json};

use crate::call::constraint::Alphabet;
use crate::call::{Answer, Call};
use crate::errors::Refusal;
use crate::services::iam::mfa::SERIAL;

/// `roleSessionNameType` and `sourceIdentityType`.
const NAME: Alphabet = Alphabet { pattern: r"[\w+=,.@-]*", besides_word: Some("+=,.@-") };
/// `externalIdType`.
const EXTERNAL_ID: Alphabet = Alphabet { pattern: r"[\w+=,.@:\/-]*", besides_word: Some("+=,.@:/-") };

pub(crate) async fn assume_role(call: Call<'_>) -> Result<Answer, Refusal> {
    let (role, session) = (call.text("RoleArn")?, call.text("RoleSessionName")?);
    call.fits("RoleSessionName", 2..=64, NAME)?;
    let mfa = mfa(&call)?;
    let ask = AssumeRole {
        role,
        session: session.parse()?,
        duration: call.number("DurationSeconds", MIN_DURATION, MAX_DURATION)?,
        external_id: call.fits("ExternalId", 2..=1_224, EXTERNAL_ID)?,
        policy: call.fits("Policy", 1..=usize::MAX, Alphabet::ANY)?,
        policy_arns: policy_arns(&call)?,
        tags: session_tags(&call)?,
        transitive: call.texts("TransitiveTagKeys")?,
        source_identity: call.fits("SourceIdentity", 2..=64, NAME)?,
    };
    let assumed = match mfa {
        Some(code) => call.app.assume_role_with_mfa(call.cx, ask, code).await?,
        None => call.app.assume_role(call.cx, &ask)?,
    };
    let made = json!({
        "credentials": shown(&assumed.credentials),
        "assumedRoleUser": { "assumedRoleId": assumed.id, "arn": assumed.arn },
        "packedPolicySize": assumed.packed,
        "sourceIdentity": assumed.source_identity,
    });
    let answer = Answer::result(move |result| {
        credentials(result, &assumed.credentials);
        role_user(result, &assumed);
    });
    Ok(answer.made(made))
}

pub(crate) async fn assume_role_with_web_identity(call: Call<'_>) -> Result<Answer, Refusal> {
    let (role, session) = (call.text("RoleArn")?, call.text("RoleSessionName")?);
    call.fits("RoleSessionName", 2..=64, NAME)?;
    let ask = AssumeRoleWithWebIdentity {
        role,
        session: session.parse()?,
        token: Secret::new(call.text("WebIdentityToken")?),
        duration: call.number("DurationSeconds", MIN_DURATION, MAX_DURATION)?,
        policy: call.fits("Policy", 1..=usize::MAX, Alphabet::ANY)?,
        policy_arns: policy_arns(&call)?,
    };
    let made = call.app.assume_role_with_web_identity(call.cx, ask).await?;
    let assumed = made.assumed;
    let told = json!({
        "credentials": shown(&assumed.credentials),
        "assumedRoleUser": { "assumedRoleId": assumed.id, "arn": assumed.arn },
        "subjectFromWebIdentityToken": made.subject,
        "audience": made.audience,
        "provider": made.issuer,
        "packedPolicySize": assumed.packed,
        "sourceIdentity": assumed.source_identity,
    });
    let answer = Answer::result(move |result| {
        credentials(result, &assumed.credentials);
        result.text("SubjectFromWebIdentityToken", &made.subject);
        role_user(result, &assumed);
        result.text("Provider", &made.issuer);
        result.text("Audience", &made.audience);
    });
    Ok(answer.made(told))
}

pub(crate) async fn get_web_identity_token(call: Call<'_>) -> Result<Answer, Refusal> {
    let audience = call.texts("Audience")?;
    let lengths = audience.iter().all(|one| (1..=1_000).contains(&one.chars().count()));
    if !(1..=10).contains(&audience.len()) || !lengths {
        let message = "1 validation error detected: Value at 'audience' failed to satisfy constraint: Member must have 1 to 10 items of 1 to 1000 characters";
        return Err(Error::invalid("audience", message).into());
    }
    call.text("SigningAlgorithm")?;
    let algorithm = call.one_of("SigningAlgorithm", &ALGORITHMS.map(|how| (how.as_str(), how)))?;
    let ask = GetWebIdentityToken {
        audience,
        duration: call.number("DurationSeconds", 60, 3_600)?,
        algorithm: algorithm.unwrap_or(TokenAlgorithm::Rs256),
        tags: session_tags(&call)?,
    };
    let made = call.app.get_web_identity_token(call.cx, &ask)?;
    let told = json!({ "expiration": iso8601(made.expires) });
    let answer = Answer::result(move |result| {
        result.text("WebIdentityToken", made.token.expose());
        result.timestamp("Expiration", made.expires);
    });
    Ok(answer.made(told))
}

pub(crate) async fn get_session_token(call: Call<'_>) -> Result<Answer, Refusal> {
    let duration = call.number("DurationSeconds", MIN_DURATION, MAX_USER_DURATION)?;
    let session = match mfa(&call)? {
        Some(code) => call.app.get_session_token_with_mfa(call.cx, duration, code).await?,
        None => call.app.get_session_token(call.cx, duration)?,
    };
    let made = json!({ "credentials": shown(&session) });
    Ok(Answer::result(move |result| credentials(result, &session)).made(made))
}

pub(crate) async fn get_federation_token(call: Call<'_>) -> Result<Answer, Refusal> {
    let name = call.text("Name")?;
    call.fits("Name", 2..=32, NAME)?;
    let ask = GetFederationToken {
        name: name.parse()?,
        duration: call.number("DurationSeconds", MIN_DURATION, MAX_USER_DURATION)?,
        policy: call.fits("Policy", 1..=usize::MAX, Alphabet::ANY)?,
        policy_arns: policy_arns(&call)?,
        tags: session_tags(&call)?,
    };
    let federated = call.app.get_federation_token(call.cx, &ask)?;
    let made = json!({
        "credentials": shown(&federated.credentials),
        "federatedUser": { "federatedUserId": federated.id, "arn": federated.arn },
        "packedPolicySize": federated.packed,
    });
    let answer = Answer::result(move |result| {
        credentials(result, &federated.credentials);
        result.element("FederatedUser", |user| {
            user.text("FederatedUserId", &federated.id);
            user.text("Arn", &federated.arn);
        });
        if let Some(percent) = federated.packed.and_then(|p| i64::try_from(p).ok()) {
            result.integer("PackedPolicySize", percent);
        }
    });
    Ok(answer.made(made))
}

pub(crate) async fn get_caller_identity(call: Call<'_>) -> Result<Answer, Refusal> {
    let caller = call.app.caller_identity(call.cx)?;
    Ok(Answer::result(move |result| {
        result.text("Arn", &caller.arn);
        result.text("UserId", &caller.user_id);
        result.text("Account", &caller.account.to_string());
    }))
}

pub(crate) async fn get_access_key_info(call: Call<'_>) -> Result<Answer, Refusal> {
    let account = call.app.access_key_info(call.cx, &call.parsed("AccessKeyId")?)?;
    Ok(Answer::result(move |result| result.text("Account", &account.to_string())))
}

/// The second factor that comes with a request: a device and a code, or neither.
fn mfa(call: &Call<'_>) -> Result<Option<MfaCode>, Refusal> {
    let (serial, code) =
        (call.fits("SerialNumber", 9..=256, SERIAL)?, call.fits("TokenCode", 6..=6, Alphabet::ANY)?);
    if serial.is_none() && code.is_none() {
        return Ok(None);
    }
    Ok(Some(MfaCode { serial: call.text("SerialNumber")?, code: call.text("TokenCode")? }))
}

fn policy_arns(call: &Call<'_>) -> Result<Vec<String>, Refusal> {
    let items = call.params.structs("PolicyArns")?;
    items.iter().map(|item| Ok(item.required("arn")?.to_owned())).collect()
}

/// Session tags; a key in the reserved space is told as STS tells it.
fn session_tags(call: &Call<'_>) -> Result<Vec<Tag>, Refusal> {
    call.tags().map_err(|refusal| match refusal {
        Refusal::App(Error::Invalid { message, .. }) => Refusal::App(Error::InvalidParameter(message)),
        other => other,
    })
}

fn role_user(result: &mut XmlWriter, assumed: &AssumedRole) {
    result.element("AssumedRoleUser", |user| {
        user.text("AssumedRoleId", &assumed.id);
        user.text("Arn", &assumed.arn);
    });
    if let Some(percent) = assumed.packed.and_then(|p| i64::try_from(p).ok()) {
        result.integer("PackedPolicySize", percent);
    }
    result.optional("SourceIdentity", assumed.source_identity.as_deref());
}

fn credentials(result: &mut XmlWriter, made: &SessionCredentials) {
    result.element("Credentials", |credentials| {
        credentials.text("AccessKeyId", made.key.as_str());
        credentials.text("SecretAccessKey", made.secret.expose());
        credentials.text("SessionToken", made.token.expose());
        credentials.timestamp("Expiration", made.expires);
    });
}

/// What the audit trail may know of credentials.
fn shown(made: &SessionCredentials) -> Value {
    json!({ "accessKeyId": made.key.as_str(), "expiration": iso8601(made.expires) })
}
