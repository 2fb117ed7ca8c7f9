//! The other side: signing. Garita presigns its own URLs; tests and benchmarks sign as clients do.
//!
//! INVARIANT: what `sign` and `presign` make, [`super::parse`] and [`super::Presented::verify`] accept; both sides share
//! one canonical form. Secrets never reach an error or a log.
//!
//! Spec: IAM User Guide, "Create a signed AWS API request"; "Authenticating requests: using query parameters".

use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;

use super::canonical::{CanonicalSettings, Form, canonical_request, decoded_pairs, percent_encoded};
use super::key::TERMINATOR;
use super::parse::{ALGORITHM, MAX_EXPIRES, UNSIGNED_PAYLOAD};
use super::verify::string_to_sign;
use super::{BodyHash, Location, PayloadHash, Presented, RequestHead, Scope, SigningKey, timestamp};

/// Headers that change on the way or that signers leave alone.
const NEVER_SIGNED: [&str; 14] = [
    "authorization",
    "baggage",
    "connection",
    "expect",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "traceparent",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "x-amzn-trace-id",
];

/// What to sign with. No `Debug`: it holds a secret.
pub struct Credentials<'a> {
    /// The access key id.
    pub access_key_id: &'a str,
    /// The secret access key.
    pub secret_access_key: &'a str,
    /// The token, for temporary credentials.
    pub session_token: Option<&'a str>,
}

/// Why a request can't be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// A presigned URL that would live for no time, or for more than a week.
    #[error("a presigned URL must live 1..=604800 seconds")]
    Lifetime,
    /// `host` is missing, the query is malformed, or a value can't stand in a header.
    #[error(
        "the request can't be signed: it needs one `host` header, a well-formed query and ASCII credentials"
    )]
    Request,
}

/// Signs a request; returns the headers to set on it: `x-amz-date`, `x-amz-content-sha256`, `x-amz-security-token` if
/// there is a token, and `authorization`. All headers already on it are signed, save those that change on the way.
///
/// Of `body`, [`BodyHash::Declared`] can't be signed; [`BodyHash::Unsigned`] signs `UNSIGNED-PAYLOAD`.
///
/// # Errors
/// [`SignError::Request`].
pub fn sign(
    head: &RequestHead<'_>,
    body: BodyHash,
    credentials: &Credentials<'_>,
    scope: &Scope,
    now: Timestamp,
) -> Result<HeaderMap, SignError> {
    let value = |text: &str| HeaderValue::from_str(text).map_err(|_| SignError::Request);
    let payload = payload_text(body)?;
    let mut added = HeaderMap::new();
    added.insert("x-amz-date", value(&timestamp::basic(now))?);
    added.insert("x-amz-content-sha256", value(&payload)?);
    if let Some(token) = credentials.session_token {
        let mut token = value(token)?;
        token.set_sensitive(true);
        added.insert("x-amz-security-token", token);
    }
    let mut headers = head.headers.clone();
    headers.extend(added.clone());
    let head = RequestHead { headers: &headers, ..*head };
    let unsigned = unsigned(&head, credentials, scope, now, Location::Header);
    let signature = signature(&head, &unsigned, &payload, credentials)?;
    let credential = credential(credentials, scope);
    let names = unsigned.signed_headers.join(";");
    let text = format!("{ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}");
    added.insert("authorization", value(&text)?);
    Ok(added)
}

/// Presigns a request: returns the whole query that makes its URL one that anybody may use for `expires` seconds. The
/// headers on it are signed, and must be sent again by whoever uses the URL.
///
/// # Errors
/// [`SignError::Lifetime`], [`SignError::Request`].
pub fn presign(
    head: &RequestHead<'_>,
    body: BodyHash,
    credentials: &Credentials<'_>,
    scope: &Scope,
    now: Timestamp,
    expires: u32,
) -> Result<String, SignError> {
    if !(1..=MAX_EXPIRES).contains(&expires) {
        return Err(SignError::Lifetime);
    }
    let payload = payload_text(body)?;
    let unsigned = unsigned(head, credentials, scope, now, Location::Query);
    let (date, seconds) = (timestamp::basic(now), expires.to_string());
    let (credential, names) = (credential(credentials, scope), unsigned.signed_headers.join(";"));
    let mut parameters = vec![
        ("X-Amz-Algorithm", ALGORITHM),
        ("X-Amz-Credential", &credential),
        ("X-Amz-Date", &date),
        ("X-Amz-Expires", &seconds),
        ("X-Amz-SignedHeaders", &names),
    ];
    if body == BodyHash::Unsigned {
        parameters.push(("X-Amz-Content-Sha256", UNSIGNED_PAYLOAD));
    }
    parameters.extend(credentials.session_token.map(|token| ("X-Amz-Security-Token", token)));
    let mut query = head.query.to_owned();
    for (name, value) in parameters {
        let separator = if query.is_empty() { "" } else { "&" };
        query.push_str(&format!("{separator}{name}={}", percent_encoded(value.as_bytes())));
    }
    let signed = RequestHead { query: &query, ..*head };
    let signature = signature(&signed, &unsigned, &payload, credentials)?;
    Ok(format!("{query}&X-Amz-Signature={signature}"))
}

fn payload_text(body: BodyHash) -> Result<String, SignError> {
    match body {
        BodyHash::Known(hash) => Ok(hex::encode(hash)),
        BodyHash::Unsigned => Ok(UNSIGNED_PAYLOAD.to_owned()),
        BodyHash::Declared => Err(SignError::Request),
    }
}

/// The credential that is about to be made, for the canonical form to look at.
fn unsigned(
    head: &RequestHead<'_>,
    credentials: &Credentials<'_>,
    scope: &Scope,
    now: Timestamp,
    location: Location,
) -> Presented {
    let names = head.headers.keys().map(http::HeaderName::as_str).filter(|name| !NEVER_SIGNED.contains(name));
    let mut signed_headers: Vec<String> = names.map(str::to_owned).collect();
    signed_headers.sort_unstable();
    Presented {
        access_key_id: credentials.access_key_id.to_owned(),
        scope: scope.clone(),
        signed_headers,
        timestamp: now,
        expires: None,
        session_token: None,
        location,
        payload: PayloadHash::Absent,
        signature: None,
        terminator: TERMINATOR.to_owned(),
    }
}

fn signature(
    head: &RequestHead<'_>,
    unsigned: &Presented,
    payload: &str,
    credentials: &Credentials<'_>,
) -> Result<String, SignError> {
    let settings = CanonicalSettings::for_service(&unsigned.scope.service);
    let is_signable = decoded_pairs(head.query).is_ok() && head.headers.contains_key("host");
    let request = canonical_request(head, unsigned, Form::Aws { settings, with_token: true }, payload)
        .filter(|_| is_signable)
        .ok_or(SignError::Request)?;
    let key = SigningKey::for_scope(credentials.secret_access_key, &unsigned.scope);
    Ok(hex::encode(key.sign(&string_to_sign(unsigned.timestamp, &unsigned.scope, &request))))
}

fn credential(credentials: &Credentials<'_>, scope: &Scope) -> String {
    let Scope { date, region, service } = scope;
    format!("{}/{date}/{region}/{service}/{TERMINATOR}", credentials.access_key_id)
}
