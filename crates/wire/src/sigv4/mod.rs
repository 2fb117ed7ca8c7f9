//! Verification of AWS Signature Version 4, stateless.
//!
//! A door calls, in this order, [`parse`] (what is presented, and is it whole), [`Presented::check_time`],
//! [`Presented::check_scope`], looks the access key up, and calls [`Presented::verify`]. That order is AWS's own order
//! of errors, so a client sees the message it would see there.
//!
//! INVARIANT: a credential that is presented is either verified or an error; it never counts as absent. `host` and
//! every `x-amz-*` header are signed, or the request is refused.
//!
//! Spec: IAM User Guide, "AWS Signature Version 4 for API requests"; the dialect of the MLflow SDK is that of
//! `requests_auth_aws_sigv4` 0.7.
//!
//! ```
//! use garita_wire::sigv4::{self, BodyHash, Dialect, Presence, RegionRule, RequestHead, SigningKey};
//!
//! // The `get-vanilla` case of AWS's signing test suite.
//! let mut headers = http::HeaderMap::new();
//! headers.insert("host", "example.amazonaws.com".parse()?);
//! headers.insert("x-amz-date", "20150830T123600Z".parse()?);
//! headers.insert("authorization", concat!(
//!     "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, ",
//!     "SignedHeaders=host;x-amz-date, ",
//!     "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31").parse()?);
//! let head = RequestHead { method: "GET", path: "/", query: "", headers: &headers };
//!
//! let Presence::Presented(presented) = sigv4::parse(&head)? else { return Err("no credentials".into()) };
//! presented.check_time("2015-08-30T12:40:00Z".parse()?)?;
//! presented.check_scope(&["service"], RegionRule::OneOf(&["us-east-1"]))?;
//! let secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"; // of presented.access_key_id
//! let key = SigningKey::for_scope(secret, &presented.scope);
//! presented.verify(&head, BodyHash::of(b""), &key, Dialect::Aws)?;
//!
//! // One changed byte anywhere that is signed, and it is refused.
//! let other = RequestHead { path: "/x", ..head };
//! assert_eq!(presented.verify(&other, BodyHash::of(b""), &key, Dialect::Aws).unwrap_err().code(),
//!            "SignatureDoesNotMatch");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod canonical;
mod error;
mod key;
mod parse;
mod presign;
mod timestamp;
mod verify;

#[cfg(test)]
mod tests;

use crate::hash::sha256;

pub use canonical::{CanonicalSettings, path_is_normal};
pub use error::SigV4Error;
pub use key::SigningKey;
pub use parse::parse;
pub use presign::{Credentials, SignError, presign, sign};

/// The part of a request that SigV4 looks at, as it stood on the wire.
#[derive(Clone, Copy, Debug)]
pub struct RequestHead<'a> {
    /// The method, upper case.
    pub method: &'a str,
    /// The path, raw: percent-encoded as it was sent.
    pub path: &'a str,
    /// The query without its `?`, raw; empty if there is none.
    pub query: &'a str,
    /// All headers, in the order received.
    pub headers: &'a http::HeaderMap,
}

/// Whether a request claims to be signed with SigV4.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "matched where it is made, never kept")]
pub enum Presence {
    /// Neither an AWS `Authorization` header nor `X-Amz-*` credentials in the query: another scheme may look.
    NotRequested,
    /// Credentials, whole but not verified yet.
    Presented(Presented),
}

/// A well-formed SigV4 credential. It proves nothing until [`Presented::verify`] has returned `Ok`.
pub struct Presented {
    /// Whose key signed, by the sender's word.
    pub access_key_id: String,
    /// What the key was derived for.
    pub scope: Scope,
    /// The signed header names: lower case, ascending, `host` among them.
    pub signed_headers: Vec<String>,
    /// When it was signed, to the second.
    pub timestamp: jiff::Timestamp,
    /// Seconds a presigned URL lives, 1..=604800; `None` in a header or if the URL doesn't say.
    pub expires: Option<u32>,
    /// The session token. It need not be signed: look it up together with `access_key_id`.
    pub session_token: Option<String>,
    /// Where the credentials stood.
    pub location: Location,
    /// What the sender says of its body.
    pub payload: PayloadHash,
    signature: Option<[u8; 32]>,
    terminator: String,
}

/// A credential scope: what a signing key is good for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    /// The day, `YYYYMMDD`, UTC.
    pub date: String,
    /// The region the client believes it talks to.
    pub region: String,
    /// The signing name of the service, e.g. `iam`, `execute-api`.
    pub service: String,
}

/// Where credentials stand in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Location {
    /// The `Authorization` header.
    Header,
    /// The query: a presigned URL.
    Query,
}

/// What a request declares about its body, in `x-amz-content-sha256`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadHash {
    /// A SHA-256. It is part of what is signed, so it can be trusted once verified, and compared with the body.
    Declared([u8; 32]),
    /// `UNSIGNED-PAYLOAD`: the signature does not cover the body.
    Unsigned,
    /// Nothing; outside S3 clients say nothing, and the hash of the body itself is signed.
    Absent,
}

/// What the caller knows of the body when it verifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyHash {
    /// The SHA-256 of the whole body, read and bounded by the caller.
    Known([u8; 32]),
    /// The body is not read yet; the caller will itself compare [`Presented::declared_payload_hash`] with the body as
    /// it streams, and withhold the end until they agree. Refused unless the request declares a hash.
    Declared,
    /// The caller accepts a body that the signature does not cover. Passes only for `UNSIGNED-PAYLOAD`.
    Unsigned,
}

/// Whose canonical forms are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// AWS's own, and nothing else.
    Aws,
    /// AWS's own, then those that the MLflow SDK's signer makes.
    MlflowSdk {
        /// The query keys that may stand more than once although only the last is signed. Keep it to keys whose
        /// repetition the upstream means as a list.
        repeated_keys: &'static [&'static str],
    },
}

/// Which regions a scope may name. Clients sign with their own configured region, even for global services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegionRule<'a> {
    /// Any.
    Any,
    /// One of these.
    OneOf(&'a [&'a str]),
}

impl BodyHash {
    /// The hash of a body at hand.
    #[must_use]
    pub fn of(body: &[u8]) -> Self {
        Self::Known(sha256(body))
    }
}

impl Presented {
    /// The SHA-256 the sender declared for its body, if any.
    #[must_use]
    pub fn declared_payload_hash(&self) -> Option<[u8; 32]> {
        match self.payload {
            PayloadHash::Declared(hash) => Some(hash),
            PayloadHash::Unsigned | PayloadHash::Absent => None,
        }
    }
}

impl std::fmt::Debug for Presented {
    /// Everything but the signature and the session token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Presented")
            .field("access_key_id", &self.access_key_id)
            .field("scope", &self.scope)
            .field("signed_headers", &self.signed_headers)
            .field("timestamp", &self.timestamp)
            .field("expires", &self.expires)
            .field("location", &self.location)
            .field("payload", &self.payload)
            .finish_non_exhaustive()
    }
}
