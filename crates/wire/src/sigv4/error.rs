//! Why a SigV4 credential is refused, in AWS's words.
//!
//! INVARIANT: `code`, `status` and the text are what an AWS service answers, so that SDKs and people recognise them; no
//! variant carries a secret, a token or a computed signature. The order of the variants is the order in which a
//! request meets them.
//!
//! Spec: IAM API Reference, "Common Error Types"; the texts are those AWS services return.

use jiff::Timestamp;

use super::timestamp::basic;

/// A refusal. Its `Display` is the message for the wire.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SigV4Error {
    /// No credentials, where they are required. [`super::parse`] never says this: a door does, when no scheme applies.
    #[error("Request is missing Authentication Token")]
    MissingAuthenticationToken,
    /// A percent escape in the query that is none.
    #[error("{0}")]
    MalformedQueryString(&'static str),
    /// Signature Version 2, SigV4A, or something unknown.
    #[error("Unsupported AWS 'algorithm': '{0}'.")]
    UnsupportedAlgorithm(String),
    /// Credentials in the header and in the query at once.
    #[error("Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.")]
    BothLocations,
    /// The credentials say one thing twice, or aren't text.
    #[error("{0} must appear exactly once, as printable ASCII.")]
    Ambiguous(&'static str),
    /// A parameter of the `Authorization` header without a value. Holds the header's hash, not the header.
    #[error(
        "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with \
         Base64): '{0}'."
    )]
    MissingEqualSign(String),
    /// Parts of the credentials are missing: one sentence for each.
    #[error("{0}")]
    MissingParts(String),
    /// A credential that isn't key id, date, region, service and terminator.
    #[error(
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{0}'"
    )]
    MalformedCredential(String),
    /// `SignedHeaders` that is not an ascending list of lower-case names.
    #[error("SignedHeaders must be an ascending list of lower-case header names, got '{0}'")]
    MalformedSignedHeaders(String),
    /// `host` is not among the signed headers.
    #[error("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")]
    HostNotSigned,
    /// A header that has a meaning to AWS is present but not signed.
    #[error("'{0}' must be a 'SignedHeader' in the AWS Authorization.")]
    HeaderNotSigned(String),
    /// The date has another format.
    #[error("Date must be in ISO-8601 'basic format'. Got '{0}'. See http://en.wikipedia.org/wiki/ISO_8601")]
    InvalidDate(String),
    /// A lifetime that isn't 1..=604800 seconds.
    #[error("{0}")]
    InvalidExpires(&'static str),
    /// `x-amz-content-sha256` is neither a SHA-256 nor a name this service knows.
    #[error("Malformed X-Amz-Content-Sha256 header value")]
    MalformedPayloadHash,
    /// A streaming payload mode: S3 has it, nothing else does.
    #[error("The payload mode '{0}' is not supported. Sign the SHA-256 of the whole body.")]
    StreamingPayload(String),
    /// `UNSIGNED-PAYLOAD` where the body must be signed, or no hash where one must be declared.
    #[error("The request signature must cover the body. Sign its SHA-256 in x-amz-content-sha256.")]
    UnsignedPayload,
    /// Signed too long ago, or a presigned URL past its life.
    #[error("Signature expired: {} is now earlier than {} ({} - {window})", basic(*.signed), basic(*.bound), basic(*.now))]
    Expired {
        /// When it was signed.
        signed: Timestamp,
        /// The earliest moment of signing that would pass.
        bound: Timestamp,
        /// The time of the check.
        now: Timestamp,
        /// `15 min.`, or the URL's own life.
        window: String,
    },
    /// Signed in the future.
    #[error("Signature not yet current: {} is still later than {} ({} + 15 min.)", basic(*.signed), basic(*.bound), basic(*.now))]
    NotYetCurrent {
        /// When it was signed.
        signed: Timestamp,
        /// The latest moment of signing that would pass.
        bound: Timestamp,
        /// The time of the check.
        now: Timestamp,
    },
    /// The scope names another region, service, terminator or day: one sentence for each.
    #[error("{0}")]
    WrongScope(String),
    /// Nobody has this access key id, or the session token is not its own. For the caller, after its look-up.
    #[error("The security token included in the request is invalid.")]
    InvalidClientTokenId,
    /// The session is over. For the caller, after its look-up.
    #[error("The security token included in the request is expired")]
    ExpiredToken,
    /// The body is not the one whose hash is signed.
    #[error("The provided 'x-amz-content-sha256' header does not match what was computed.")]
    PayloadMismatch,
    /// The signature is another.
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access \
         Key and signing method. Consult the service documentation for details."
    )]
    SignatureDoesNotMatch,
}

impl SigV4Error {
    /// The AWS error code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::MissingAuthenticationToken => "MissingAuthenticationToken",
            Self::MalformedQueryString(_) => "MalformedQueryString",
            Self::UnsupportedAlgorithm(_)
            | Self::Ambiguous(_)
            | Self::MissingEqualSign(_)
            | Self::MissingParts(_)
            | Self::MalformedCredential(_)
            | Self::MalformedSignedHeaders(_)
            | Self::InvalidDate(_) => "IncompleteSignature",
            Self::InvalidExpires(_) => "AuthorizationQueryParametersError",
            Self::MalformedPayloadHash | Self::StreamingPayload(_) | Self::UnsignedPayload => {
                "InvalidRequest"
            }
            Self::BothLocations
            | Self::HostNotSigned
            | Self::HeaderNotSigned(_)
            | Self::Expired { .. }
            | Self::NotYetCurrent { .. }
            | Self::WrongScope(_)
            | Self::SignatureDoesNotMatch => "SignatureDoesNotMatch",
            Self::InvalidClientTokenId => "InvalidClientTokenId",
            Self::ExpiredToken => "ExpiredToken",
            Self::PayloadMismatch => "XAmzContentSHA256Mismatch",
        }
    }

    /// The message, as AWS words it.
    #[must_use]
    pub fn message(&self) -> String {
        self.to_string()
    }

    /// The HTTP status: 400 for what can't be understood, 403 for what is understood and refused.
    #[must_use]
    pub fn status(&self) -> http::StatusCode {
        match self.code() {
            "MissingAuthenticationToken"
            | "SignatureDoesNotMatch"
            | "InvalidClientTokenId"
            | "ExpiredToken" => http::StatusCode::FORBIDDEN,
            _ => http::StatusCode::BAD_REQUEST,
        }
    }
}
