//! Canonical requests: the one text that signer and verifier must both arrive at.
//!
//! AWS's form re-encodes the path once more (except for S3), removes `.`, `..` and empty segments, decodes, re-encodes
//! and sorts the query, and trims and collapses header values. The MLflow SDK's form takes path and header values as
//! they stand, and sorts the raw query.
//!
//! INVARIANT: a form never drops what a recipient would read, save for two cases that the caller answers for: path
//! segments that normalisation removes ([`path_is_normal`]), and all but the last of a repeated query key in the
//! `LastWins` form, which only the caller's list of such keys permits.
//!
//! Spec: IAM User Guide, "Create a signed AWS API request", step 1; RFC 3986 §5.2.4.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::{Location, Presented, RequestHead, SigV4Error};
use crate::form;

/// How AWS's canonical form treats the path; it depends on the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CanonicalSettings {
    /// Encode the path as sent once more: `%20` becomes `%2520`. All services but S3.
    pub double_encode: bool,
    /// Remove `.`, `..` and empty segments. All services but S3.
    pub normalize_path: bool,
}

/// One pair of a query, percent-decoded, `+` taken for a space.
pub(super) struct QueryPair {
    pub(super) key: Vec<u8>,
    pub(super) value: Vec<u8>,
}

/// Which signer's form to build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// AWS's own; `with_token: false` leaves a token in the query out, as if it was added after signing.
    Aws { settings: CanonicalSettings, with_token: bool },
    /// The SDK's, with every pair.
    RawSorted,
    /// The SDK's, with the last pair of each key.
    RawLastWins,
}

impl CanonicalSettings {
    /// The settings AWS uses for a signing name.
    #[must_use]
    pub fn for_service(service: &str) -> Self {
        let elsewhere = service != "s3";
        Self { double_encode: elsewhere, normalize_path: elsewhere }
    }
}

/// Whether AWS's normalisation leaves a path as it is.
///
/// A signature covers the normalised path only: `/a//b`, `/a/./b` and `/a/b` share one. A door that forwards or
/// authorizes the path as sent must refuse a path that is not normal.
///
/// ```
/// assert!(garita_wire::sigv4::path_is_normal("/api/2.0/mlflow/runs/get"));
/// assert!(!garita_wire::sigv4::path_is_normal("/api//runs/../secrets"));
/// ```
#[must_use]
pub fn path_is_normal(path: &str) -> bool {
    normalize(path) == path
}

/// The canonical request; `None` if this form can't be made of the request, so that it can't have been signed in it.
pub(super) fn canonical_request(
    head: &RequestHead<'_>,
    presented: &Presented,
    form: Form,
    payload: &str,
) -> Option<String> {
    if !head.path.starts_with('/') {
        return None;
    }
    let (path, query) = match form {
        Form::Aws { settings, with_token } => {
            let pairs = decoded_pairs(head.query).ok()?;
            (path(head.path, settings), query(&pairs, presented.location, with_token))
        }
        Form::RawSorted => (head.path.to_owned(), raw_query(head.query, false)?),
        Form::RawLastWins => (head.path.to_owned(), raw_query(head.query, true)?),
    };
    let mut text = format!("{}\n{path}\n{query}\n", head.method);
    for name in &presented.signed_headers {
        header_line(&mut text, head, name, form)?;
    }
    write!(text, "\n{}\n{payload}", presented.signed_headers.join(";")).ok()?;
    Some(text)
}

fn path(raw: &str, settings: CanonicalSettings) -> String {
    let path = if settings.normalize_path { normalize(raw) } else { raw.to_owned() };
    let mut out = String::with_capacity(path.len());
    for (i, segment) in path.split('/').enumerate() {
        if i > 0 {
            out.push('/');
        }
        if settings.double_encode {
            percent_encode(&mut out, segment.as_bytes());
        } else {
            // Per segment, so that `%2F` stays apart from `/`.
            let decoded: Cow<'_, [u8]> = percent_encoding::percent_decode_str(segment).into();
            percent_encode(&mut out, &decoded);
        }
    }
    out
}

pub(super) fn normalize(path: &str) -> String {
    let mut kept = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                kept.pop();
            }
            name => kept.push(name),
        }
    }
    let is_directory = matches!(path.rsplit('/').next(), Some("" | "." | ".."));
    let end = if is_directory && !kept.is_empty() { "/" } else { "" };
    format!("/{}{end}", kept.join("/"))
}

/// Decodes the pairs of a raw query; a `%` that no two hexadecimal digits follow is refused.
pub(super) fn decoded_pairs(query: &str) -> Result<Vec<QueryPair>, SigV4Error> {
    let decode = |text| form::decode(text).map_err(|bad| SigV4Error::MalformedQueryString(bad.0));
    form::raw_pairs(query)
        .map(|(key, value)| Ok(QueryPair { key: decode(key)?, value: decode(value)? }))
        .collect()
}

fn query(pairs: &[QueryPair], location: Location, with_token: bool) -> String {
    let is_signed = |pair: &&QueryPair| {
        location == Location::Header
            || (pair.key != b"X-Amz-Signature" && (with_token || pair.key != b"X-Amz-Security-Token"))
    };
    let mut encoded: Vec<(String, String)> = pairs
        .iter()
        .filter(is_signed)
        .map(|pair| (percent_encoded(&pair.key), percent_encoded(&pair.value)))
        .collect();
    encoded.sort_unstable();
    let joined: Vec<String> = encoded.iter().map(|(key, value)| format!("{key}={value}")).collect();
    joined.join("&")
}

/// The SDK's query: the raw pairs in a dictionary, sorted. Its signer fails unless each pair has exactly one `=`.
fn raw_query(query: &str, last_wins: bool) -> Option<String> {
    if query.is_empty() {
        return Some(String::new());
    }
    let mut pairs = Vec::new();
    for pair in query.split('&') {
        let (key, value) = pair.split_once('=').filter(|(_, value)| !value.contains('='))?;
        if last_wins {
            pairs.retain(|(seen, _)| *seen != key);
        }
        pairs.push((key, value));
    }
    pairs.sort_unstable();
    let joined: Vec<String> = pairs.iter().map(|(key, value)| format!("{key}={value}")).collect();
    Some(joined.join("&"))
}

/// The keys that stand more than once, spelled as sent.
pub(super) fn repeated_keys(query: &str) -> Vec<&str> {
    let mut keys: Vec<&str> = form::raw_pairs(query).map(|(key, _)| key).collect();
    keys.sort_unstable();
    let mut repeated: Vec<&str> =
        keys.iter().zip(keys.iter().skip(1)).filter(|(a, b)| a == b).map(|(a, _)| *a).collect();
    repeated.dedup();
    repeated
}

/// Appends `name:value\n`; `None` if the header isn't there, so that a stripped header is never taken for an empty one.
fn header_line(text: &mut String, head: &RequestHead<'_>, name: &str, form: Form) -> Option<()> {
    text.push_str(name);
    text.push(':');
    let mut values = 0;
    for value in head.headers.get_all(name) {
        let value = std::str::from_utf8(value.as_bytes()).ok()?;
        if values > 0 {
            text.push(',');
        }
        match form {
            Form::Aws { .. } => collapse(text, value),
            Form::RawSorted | Form::RawLastWins => text.push_str(value),
        }
        values += 1;
    }
    text.push('\n');
    let at_most = if matches!(form, Form::Aws { .. }) && name != "host" { usize::MAX } else { 1 };
    (1..=at_most).contains(&values).then_some(())
}

/// Trims, and turns each run of white space into one space.
fn collapse(text: &mut String, value: &str) {
    for (i, word) in value.split_ascii_whitespace().enumerate() {
        if i > 0 {
            text.push(' ');
        }
        text.push_str(word);
    }
}

pub(super) fn percent_encoded(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    percent_encode(&mut out, bytes);
    out
}

/// Escapes all but the unreserved characters of RFC 3986 §2.3.
fn percent_encode(out: &mut String, bytes: &[u8]) {
    out.extend(percent_encoding::percent_encode(bytes, crate::protocol::RFC3986));
}
