//! How a refusal looks on the wire: one exhaustive map from errors to status, code and text.
//!
//! INVARIANT: a denial is 403, never a status the SDK retries (408, 429, 5xx); its body has `error_code` and
//! `message` for MLflow's client and `Message` for AWS's, with the same text; `decision` has it as a structure.

use garita_app::Outcome;
use garita_model::explanation::Ground;
use garita_model::{Error, RequestId};
use garita_wire::sigv4::SigV4Error;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Response, StatusCode};
use serde_json::json;

use crate::body::{Body, full};
use crate::browser::page;

/// MLflow's error code for what nothing serves.
pub(crate) const NO_ROUTE: &str = "ENDPOINT_NOT_FOUND";
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// What `WWW-Authenticate` says (RFC 6750 section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// No credentials were presented.
    None,
    /// The token is not accepted.
    InvalidToken,
}

impl Challenge {
    fn as_str(self) -> &'static str {
        match self {
            Self::None => "Bearer realm=\"garita\"",
            Self::InvalidToken => "Bearer realm=\"garita\", error=\"invalid_token\"",
        }
    }
}

/// How a person at a browser sees a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Shown {
    /// They are led to this address.
    Elsewhere(String),
    /// As a page in this frame.
    Page(page::Frame),
}

/// An answer that is not what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    /// MLflow's error code.
    pub(crate) code: &'static str,
    /// AWS's name of the error.
    pub(crate) kind: &'static str,
    /// The sentence.
    pub(crate) message: String,
    /// What stands behind a refusal by policy.
    pub(crate) ground: Option<Box<Ground>>,
    /// What the log and the trail say in its place.
    pub(crate) privately: Option<String>,
    /// How the caller may prove itself.
    pub(crate) challenge: Option<Challenge>,
    /// How a person at a browser sees it, if one waits.
    pub(crate) shown: Option<Box<Shown>>,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, kind: &'static str, message: impl Into<String>) -> Self {
        let (ground, privately, challenge, shown) = (None, None, None, None);
        Self { status, code, kind, message: message.into(), ground, privately, challenge, shown }
    }

    /// The request is not one that can be served, whoever sends it.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "INVALID_PARAMETER_VALUE", "BadRequestException", message)
    }
    /// As [`Refusal::bad_request`], with a status of its own.
    pub(crate) fn shape(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, ..Self::bad_request(message) }
    }
    /// Nothing serves this, said to someone who is known.
    pub(crate) fn no_route(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, NO_ROUTE, "AccessDeniedException", message)
    }
    /// The caller may not do this, for a reason that is no policy.
    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "PERMISSION_DENIED", "AccessDeniedException", message)
    }
    /// Nobody is known, and a bearer token would tell.
    pub(crate) fn challenged(challenge: Challenge, message: impl Into<String>) -> Self {
        let refusal =
            Self::new(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", "UnauthorizedException", message);
        Self { challenge: Some(challenge), ..refusal }
    }
    /// The body is larger than what is served.
    pub(crate) fn too_large(limit: u64) -> Self {
        let message = format!("the request body is larger than {limit} bytes");
        let kind = "RequestEntityTooLargeException";
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "INVALID_PARAMETER_VALUE", kind, message)
    }
    /// The body is of a kind the route does not take.
    pub(crate) fn unsupported(message: impl Into<String>) -> Self {
        Self::shape(StatusCode::UNSUPPORTED_MEDIA_TYPE, message)
    }
    /// The upstream cannot be reached.
    pub(crate) fn upstream_down() -> Self {
        let message = "the MLflow server behind this stage cannot be reached; try again later";
        let kind = "ServiceUnavailableException";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "TEMPORARILY_UNAVAILABLE", kind, message)
    }
    /// The upstream did not answer in time.
    pub(crate) fn upstream_slow() -> Self {
        let message = "the MLflow server behind this stage did not answer in time";
        let kind = "IntegrationTimeoutException";
        Self::new(StatusCode::GATEWAY_TIMEOUT, "TEMPORARILY_UNAVAILABLE", kind, message)
    }
    /// The upstream gave an answer that is not passed on.
    pub(crate) fn upstream_wrong(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_GATEWAY, "INTERNAL_ERROR", "IntegrationFailureException", message)
    }

    /// The body is not the one that was signed.
    pub(crate) fn payload_mismatch() -> Self {
        Self::from(&Error::Unauthenticated(SigV4Error::PayloadMismatch))
    }

    /// What the trail says of it.
    pub(crate) fn outcome(&self) -> Outcome {
        let message = self.privately.as_ref().unwrap_or(&self.message);
        Outcome::error(self.status.as_u16(), self.kind, message.clone())
    }

    /// The reply.
    pub(crate) fn into_response(self, request_id: &RequestId) -> Response<Body> {
        let Self { status, code, kind, mut message, ground, challenge, shown, privately: _ } = self;
        if let Some(ground) = &ground {
            message.push_str(&ground.told(request_id.as_str()));
        }
        match shown.map(|shown| *shown) {
            Some(Shown::Elsewhere(location)) => return page::see(&location, request_id),
            Some(Shown::Page(frame)) => {
                return page::refused(&frame, status, code, &message, request_id);
            }
            None => {}
        }
        let mut body = json!({ "error_code": code, "message": message, "Message": message });
        if let (Some(ground), Some(body)) = (ground, body.as_object_mut()) {
            body.insert("decision".to_owned(), ground.told_json(request_id.as_str()));
        }
        let mut response = Response::new(full(body.to_string()));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ERROR_TYPE, HeaderValue::from_static(kind));
        if let Ok(id) = HeaderValue::from_str(request_id.as_str()) {
            headers.insert(REQUEST_ID, id);
        }
        if let Some(challenge) = challenge {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge.as_str()));
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, HeaderValue::from_static("2"));
        }
        response
    }
}

/// The refusal for an error of `app`; its inner cause is logged here, once.
pub(crate) fn logged(error: &Error) -> Refusal {
    if let Some(cause) = error.cause() {
        tracing::error!(cause = cause.detail(), "{}", cause.public());
    }
    Refusal::from(error)
}

impl From<&Error> for Refusal {
    fn from(error: &Error) -> Self {
        let text = error.to_string();
        match error {
            Error::AccessDenied(denied) => {
                Self { ground: denied.ground.clone().map(Box::new), ..Self::forbidden(text) }
            }
            Error::Unauthenticated(error) => unauthenticated(error, text),
            Error::NotFound(_) => {
                Self::new(StatusCode::NOT_FOUND, "RESOURCE_DOES_NOT_EXIST", "NotFoundException", text)
            }
            Error::AlreadyExists(_) => {
                Self::new(StatusCode::CONFLICT, "RESOURCE_ALREADY_EXISTS", "ConflictException", text)
            }
            Error::DeleteConflict(_) | Error::Unmodifiable(_) => {
                Self::new(StatusCode::CONFLICT, "RESOURCE_CONFLICT", "ConflictException", text)
            }
            Error::Invalid { .. }
            | Error::InvalidParameter(_)
            | Error::InvalidInput(_)
            | Error::MalformedPolicy(_)
            | Error::PackedPolicyTooLarge(_)
            | Error::Rejected { .. }
            | Error::LimitExceeded(_) => Self::bad_request(text),
            Error::TooLarge(limit) => Self::too_large(u64::try_from(*limit).unwrap_or(u64::MAX)),
            Error::Unavailable(_) => Self { message: text, ..Self::upstream_down() },
            Error::Internal(_) => Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "INTERNAL_ERROR",
                "InternalServerErrorException",
                text,
            ),
        }
    }
}

/// API Gateway answers every failed signature with 403, and names the failure in `x-amzn-errortype`.
fn unauthenticated(error: &SigV4Error, text: String) -> Refusal {
    let (kind, text) = match error {
        // API Gateway's words for an unsigned request, and for an unknown route.
        SigV4Error::MissingAuthenticationToken => {
            ("MissingAuthenticationTokenException", "Missing Authentication Token".to_owned())
        }
        SigV4Error::UnsupportedAlgorithm(_)
        | SigV4Error::Ambiguous(_)
        | SigV4Error::MissingEqualSign(_)
        | SigV4Error::MissingParts(_)
        | SigV4Error::MalformedCredential(_)
        | SigV4Error::MalformedSignedHeaders(_)
        | SigV4Error::MalformedQueryString(_)
        | SigV4Error::MalformedPayloadHash
        | SigV4Error::StreamingPayload(_)
        | SigV4Error::UnsignedPayload
        | SigV4Error::InvalidExpires(_)
        | SigV4Error::InvalidDate(_) => ("IncompleteSignatureException", text),
        SigV4Error::BothLocations
        | SigV4Error::HostNotSigned
        | SigV4Error::HeaderNotSigned(_)
        | SigV4Error::Expired { .. }
        | SigV4Error::NotYetCurrent { .. }
        | SigV4Error::WrongScope(_)
        | SigV4Error::PayloadMismatch
        | SigV4Error::SignatureDoesNotMatch => ("InvalidSignatureException", text),
        SigV4Error::InvalidClientTokenId => ("UnrecognizedClientException", text),
        SigV4Error::ExpiredToken => ("ExpiredTokenException", text),
    };
    Refusal::new(StatusCode::FORBIDDEN, "UNAUTHENTICATED", kind, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt as _;

    #[tokio::test]
    async fn a_denial_speaks_to_both_clients() {
        let sentence = "User: arn:aws:iam::1:user/a is not authorized to perform: x:Y on resource: z";
        let id = RequestId::draw(&garita_model::SystemEntropy).unwrap();
        let refusal = Refusal::from(&Error::denied(sentence));
        assert_eq!((refusal.status, refusal.code), (StatusCode::FORBIDDEN, "PERMISSION_DENIED"));
        let response = refusal.into_response(&id);
        assert_eq!(response.headers()["x-amzn-errortype"], "AccessDeniedException");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["message"], sentence);
        assert_eq!(body["Message"], sentence);
        assert_eq!(body["error_code"], "PERMISSION_DENIED");
    }

    #[test]
    fn a_failed_signature_is_403_and_only_an_outage_may_be_retried() {
        for error in
            [SigV4Error::MissingAuthenticationToken, SigV4Error::PayloadMismatch, SigV4Error::ExpiredToken]
        {
            assert_eq!(Refusal::from(&Error::Unauthenticated(error)).status, StatusCode::FORBIDDEN);
        }
        assert_eq!(Refusal::from(&Error::unavailable("x", "y")).status, StatusCode::SERVICE_UNAVAILABLE);
    }
}
