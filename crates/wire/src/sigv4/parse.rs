//! From a request head to a whole, unverified credential.
//!
//! The location of the credentials decides the one path taken: an `Authorization` header whose scheme starts with
//! `AWS`, or `X-Amz-Algorithm` (or any other part of a presigned URL) in the query. Both at once are refused, and so is
//! any part that stands twice: a proxy in front might read the other one.
//!
//! INVARIANT: `NotRequested` only if nothing AWS-like is presented. A `Presented` has `host` and every `x-amz-*` header
//! that is there among its signed headers.
//!
//! Spec: IAM User Guide, "Elements of an AWS API request signature"; "Authenticating requests: query parameters".

use base64::Engine as _;
use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::canonical::{self, QueryPair};
use super::{Location, PayloadHash, Presence, Presented, RequestHead, Scope, SigV4Error, timestamp};
use crate::form;
use crate::hash::sha256;

pub(super) const ALGORITHM: &str = "AWS4-HMAC-SHA256";
pub(super) const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";
pub(super) const MAX_EXPIRES: u32 = 604_800;

/// Parts of a presigned URL; one of them is enough to claim it is one.
const QUERY_CREDENTIALS: [&str; 4] =
    ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders"];
/// Headers that signers add after presigning, so they can't be signed there.
const UNSIGNED_IN_QUERY_FORM: [&str; 2] = ["x-amz-user-agent", "x-amz-checksum-mode"];

/// The texts of one credential, wherever they stood, before they mean anything.
struct Parts {
    credential: String,
    signed_headers: String,
    signature: String,
    date: String,
    date_header: Option<&'static str>,
}

/// Finds the SigV4 credential of a request.
///
/// # Errors
/// The first rung of AWS's ladder that the credential fails, up to and including the format of its date. Nothing is
/// compared with the clock, the service or a key yet.
pub fn parse(head: &RequestHead<'_>) -> Result<Presence, SigV4Error> {
    let mut in_header = false;
    for value in head.headers.get_all(AUTHORIZATION) {
        in_header |= value.as_bytes().get(..3).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"AWS"));
    }
    let in_query = form::raw_pairs(head.query).any(|(key, _)| claims_presigning(key));
    match (in_header, in_query) {
        (false, false) => Ok(Presence::NotRequested),
        (true, true) => Err(SigV4Error::BothLocations),
        // Browsers and proxies add an `Authorization` of their own; which one the sender meant is anyone's guess.
        (false, true) if head.headers.contains_key(AUTHORIZATION) => Err(SigV4Error::BothLocations),
        (true, false) => {
            canonical::decoded_pairs(head.query)?;
            presented_in_header(head).map(Presence::Presented)
        }
        (false, true) => {
            presented_in_query(head, &canonical::decoded_pairs(head.query)?).map(Presence::Presented)
        }
    }
}

/// Also true of the escaped spelling of a name, and of the access key of Signature Version 2.
fn claims_presigning(raw_key: &str) -> bool {
    let key = percent_encoding::percent_decode_str(raw_key).decode_utf8_lossy();
    QUERY_CREDENTIALS.contains(&key.as_ref()) || key == "AWSAccessKeyId"
}

fn presented_in_header(head: &RequestHead<'_>) -> Result<Presented, SigV4Error> {
    let header = single(head.headers, "authorization")?.unwrap_or_default();
    let (algorithm, rest) = header.split_once(' ').unwrap_or((header, ""));
    if algorithm != ALGORITHM {
        return Err(SigV4Error::UnsupportedAlgorithm(algorithm.to_owned()));
    }
    let parts = header_parts(head, header, rest)?;
    let token = single(head.headers, "x-amz-security-token")?.map(str::to_owned);
    let payload = payload_hash(single(head.headers, "x-amz-content-sha256")?)?;
    assemble(head, parts, Location::Header, (None, token, payload))
}

fn header_parts(head: &RequestHead<'_>, header: &str, rest: &str) -> Result<Parts, SigV4Error> {
    let [mut credential, mut signature, mut signed_headers] = [None; 3];
    for part in rest.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let Some((name, value)) = part.split_once('=') else {
            let hash = base64::engine::general_purpose::STANDARD.encode(sha256(header.as_bytes()));
            return Err(SigV4Error::MissingEqualSign(hash));
        };
        let (slot, name) = match name {
            "Credential" => (&mut credential, "Credential"),
            "Signature" => (&mut signature, "Signature"),
            "SignedHeaders" => (&mut signed_headers, "SignedHeaders"),
            _ => continue,
        };
        if slot.replace(value).is_some() {
            return Err(SigV4Error::Ambiguous(name));
        }
    }
    let (date, date_header) = match single(head.headers, "x-amz-date")? {
        Some(date) => (Some(date), "x-amz-date"),
        None => (single(head.headers, "date")?, "date"),
    };
    let mut missing = Vec::new();
    for (part, name) in
        [(credential, "Credential"), (signature, "Signature"), (signed_headers, "SignedHeaders")]
    {
        if part.is_none_or(str::is_empty) {
            missing.push(format!("Authorization header requires '{name}' parameter."));
        }
    }
    if date.is_none() {
        missing.push(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.".into(),
        );
    }
    if let (true, Some(credential), Some(signature), Some(signed_headers), Some(date)) =
        (missing.is_empty(), credential, signature, signed_headers, date)
    {
        let [credential, signature, signed_headers, date] =
            [credential, signature, signed_headers, date].map(str::to_owned);
        return Ok(Parts { credential, signed_headers, signature, date, date_header: Some(date_header) });
    }
    Err(SigV4Error::MissingParts(format!("{} Authorization={ALGORITHM}", missing.join(" "))))
}

fn presented_in_query(head: &RequestHead<'_>, pairs: &[QueryPair]) -> Result<Presented, SigV4Error> {
    if pairs.iter().any(|pair| pair.key == b"AWSAccessKeyId") {
        return Err(SigV4Error::UnsupportedAlgorithm("AWS".into()));
    }
    let algorithm = parameter(pairs, "X-Amz-Algorithm")?;
    if let Some(other) = algorithm.as_deref().filter(|algorithm| *algorithm != ALGORITHM) {
        return Err(SigV4Error::UnsupportedAlgorithm(other.to_owned()));
    }
    let parts = query_parts(pairs, algorithm.is_some())?;
    let expires = parameter(pairs, "X-Amz-Expires")?.map(|text| expires(&text)).transpose()?;
    // Some services want the token inside the signature, some beside it: in the query or as a header.
    let beside = single(head.headers, "x-amz-security-token")?.map(str::to_owned);
    let inside = parameter(pairs, "X-Amz-Security-Token")?;
    if beside.is_some() && inside.is_some() {
        return Err(SigV4Error::Ambiguous("X-Amz-Security-Token"));
    }
    let (in_query, in_header) =
        (parameter(pairs, "X-Amz-Content-Sha256")?, single(head.headers, "x-amz-content-sha256")?);
    if in_query.is_some() && in_header.is_some() {
        return Err(SigV4Error::Ambiguous("X-Amz-Content-Sha256"));
    }
    let payload = payload_hash(in_query.as_deref().or(in_header))?;
    assemble(head, parts, Location::Query, (expires, inside.or(beside), payload))
}

fn query_parts(pairs: &[QueryPair], has_algorithm: bool) -> Result<Parts, SigV4Error> {
    let mut missing = Vec::new();
    let mut required = |name: &'static str| {
        let value = parameter(pairs, name)?.filter(|value| !value.is_empty());
        if value.is_none() {
            missing.push(format!("AWS query-string parameters must include '{name}'. "));
        }
        Ok(value.unwrap_or_default())
    };
    if !has_algorithm {
        required("X-Amz-Algorithm")?;
    }
    let parts = Parts {
        credential: required("X-Amz-Credential")?,
        signature: required("X-Amz-Signature")?,
        signed_headers: required("X-Amz-SignedHeaders")?,
        date: required("X-Amz-Date")?,
        date_header: None,
    };
    if missing.is_empty() {
        return Ok(parts);
    }
    Err(SigV4Error::MissingParts(format!("{}Re-examine the query-string parameters.", missing.concat())))
}

fn assemble(
    head: &RequestHead<'_>,
    parts: Parts,
    location: Location,
    (expires, session_token, payload): (Option<u32>, Option<String>, PayloadHash),
) -> Result<Presented, SigV4Error> {
    let elements: Vec<&str> = parts.credential.split('/').collect();
    let [access_key_id, date, region, service, terminator] = elements.as_slice() else {
        return Err(SigV4Error::MalformedCredential(parts.credential));
    };
    let scope = Scope { date: (*date).into(), region: (*region).into(), service: (*service).into() };
    let (access_key_id, terminator) = ((*access_key_id).to_owned(), (*terminator).to_owned());
    let signed_headers = signed_headers(&parts.signed_headers)?;
    require_signed(head.headers, &signed_headers, location, parts.date_header)?;
    let timestamp = timestamp::parse(&parts.date).ok_or(SigV4Error::InvalidDate(parts.date))?;
    let signature = digest(&parts.signature);
    Ok(Presented {
        access_key_id,
        scope,
        signed_headers,
        timestamp,
        expires,
        session_token,
        location,
        payload,
        signature,
        terminator,
    })
}

fn signed_headers(list: &str) -> Result<Vec<String>, SigV4Error> {
    let names: Vec<String> = list.split(';').map(str::to_owned).collect();
    let is_name = |name: &String| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic() && !b.is_ascii_uppercase() && b != b':')
    };
    // Strictly ascending, as every signer writes them: a name that stood twice would be canonicalised twice.
    if names.iter().all(is_name) && names.is_sorted_by(|a, b| a < b) {
        return Ok(names);
    }
    Err(SigV4Error::MalformedSignedHeaders(list.to_owned()))
}

fn require_signed(
    headers: &HeaderMap,
    signed: &[String],
    location: Location,
    date_header: Option<&str>,
) -> Result<(), SigV4Error> {
    let is_signed = |name: &str| signed.iter().any(|signed| signed == name);
    if !is_signed("host") {
        return Err(SigV4Error::HostNotSigned);
    }
    for name in headers.keys().map(http::HeaderName::as_str) {
        // A token may be added after signing; whoever accepts it looks it up together with the access key id.
        let exempt = name == "x-amz-security-token"
            || (location == Location::Query && UNSIGNED_IN_QUERY_FORM.contains(&name));
        let meaningful = name.starts_with("x-amz-") && !exempt;
        if (meaningful || Some(name) == date_header) && !is_signed(name) {
            return Err(SigV4Error::HeaderNotSigned(name.to_owned()));
        }
    }
    Ok(())
}

fn payload_hash(text: Option<&str>) -> Result<PayloadHash, SigV4Error> {
    match text {
        None => Ok(PayloadHash::Absent),
        Some(UNSIGNED_PAYLOAD) => Ok(PayloadHash::Unsigned),
        Some(mode) if mode.starts_with("STREAMING-") => Err(SigV4Error::StreamingPayload(mode.to_owned())),
        Some(hash) => digest(hash).map(PayloadHash::Declared).ok_or(SigV4Error::MalformedPayloadHash),
    }
}

/// The digest that 64 digits stand for. An upper-case one is another text: no AWS signer writes that.
fn digest(text: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    let lower_case = !text.bytes().any(|byte| byte.is_ascii_uppercase());
    (lower_case && hex::decode_to_slice(text, &mut digest).is_ok()).then_some(digest)
}

fn expires(text: &str) -> Result<u32, SigV4Error> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(SigV4Error::InvalidExpires("X-Amz-Expires should be a number"));
    }
    match text.parse::<u32>() {
        Ok(0) => Err(SigV4Error::InvalidExpires("X-Amz-Expires must be positive")),
        Ok(seconds) if seconds <= MAX_EXPIRES => Ok(seconds),
        Ok(_) | Err(_) => Err(SigV4Error::InvalidExpires(
            "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than \
             604800 seconds",
        )),
    }
}

/// The one value of a header, if it is there.
fn single<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<Option<&'a str>, SigV4Error> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| SigV4Error::Ambiguous(name)),
        (Some(_), Some(_)) => Err(SigV4Error::Ambiguous(name)),
    }
}

/// The one value of a query parameter, if it is there.
fn parameter(pairs: &[QueryPair], name: &'static str) -> Result<Option<String>, SigV4Error> {
    let mut values = pairs.iter().filter(|pair| pair.key == name.as_bytes()).map(|pair| &pair.value);
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) if value.iter().all(u8::is_ascii_graphic) => {
            Ok(Some(String::from_utf8_lossy(value).into_owned()))
        }
        (Some(_), _) => Err(SigV4Error::Ambiguous(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_has_64_lower_case_digits() {
        let bytes = std::array::from_fn(|i| (i * 9) as u8);
        let text = hex::encode(bytes);
        assert_eq!(digest(&text), Some(bytes));
        assert_eq!(digest(&text.to_uppercase()), None);
        assert_eq!(digest(&"0".repeat(62)), None);
        assert_eq!(digest(&format!("{text}0")), None);
        assert_eq!(digest(&"é".repeat(32)), None);
    }
}
