//! SigV4 against AWS's own suite, against a peer signer, against every byte that could be changed, and against noise.

mod bytes;
mod ladder;
mod mlflow;
mod mutation;
mod signer;
mod suite;

use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;

use super::*;

pub(super) const KEY_ID: &str = "AKIDEXAMPLE";
pub(super) const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/// An owned request, to be changed at will.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Request {
    pub(super) fn new(method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(
                name.parse::<HeaderName>().unwrap(),
                HeaderValue::from_bytes(value.as_bytes()).unwrap(),
            );
        }
        Self {
            method: method.into(),
            path: path.into(),
            query: query.into(),
            headers: map,
            body: body.as_bytes().to_vec(),
        }
    }

    pub(super) fn head(&self) -> RequestHead<'_> {
        RequestHead { method: &self.method, path: &self.path, query: &self.query, headers: &self.headers }
    }

    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.headers.insert(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
    }

    /// Signs, for `execute-api` at 2026-01-01T00:00:00Z, the canonical request that a test spells out itself.
    pub(super) fn sign_over(&mut self, canonical: &str, names: &str) {
        let scope =
            Scope { date: "20260101".into(), region: "eu-west-1".into(), service: "execute-api".into() };
        let text = verify::string_to_sign(at("2026-01-01T00:00:00Z"), &scope, canonical);
        let signature = hex::encode(SigningKey::for_scope(SECRET, &scope).sign(&text));
        self.set(
            "authorization",
            &format!(
                "AWS4-HMAC-SHA256 Credential={KEY_ID}/20260101/eu-west-1/execute-api/aws4_request, \
                 SignedHeaders={names}, Signature={signature}"
            ),
        );
    }

    pub(super) fn presented(&self) -> Result<Presented, SigV4Error> {
        match parse(&self.head())? {
            Presence::Presented(presented) => Ok(presented),
            Presence::NotRequested => Err(SigV4Error::MissingAuthenticationToken),
        }
    }

    /// All that a door does, with one key in its store.
    pub(super) fn check(
        &self,
        at: Timestamp,
        service: &str,
        (key_id, secret): (&str, &str),
        dialect: Dialect,
    ) -> Result<Presented, SigV4Error> {
        let presented = self.presented()?;
        presented.check_time(at)?;
        presented.check_scope(&[service], RegionRule::Any)?;
        if presented.access_key_id != key_id {
            return Err(SigV4Error::InvalidClientTokenId);
        }
        let key = SigningKey::for_scope(secret, &presented.scope);
        presented.verify(&self.head(), BodyHash::of(&self.body), &key, dialect)?;
        Ok(presented)
    }
}

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}
