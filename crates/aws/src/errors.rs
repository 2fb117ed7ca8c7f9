//! What a refused caller is told: AWS's code, status and text, for Query and for JSON.
//!
//! INVARIANT: each table is one exhaustive match. The internal cause of an error goes to the log, once, here, under the
//! request's id; never to the wire.
//!
//! Spec: IAM and STS API references, "Common errors"; for JSON the names that AWS's JSON services give the same errors.

use garita_app::{Outcome, audit};
use garita_model::{Error, Reason};
use garita_wire::operation::RouteError;
use garita_wire::protocol::query::QueryError;
use http::StatusCode;

use crate::reply::Style;

/// Why a request was not done.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// A verb or authentication says no.
    App(Error),
    /// The parameters cannot be read.
    Query(QueryError),
    /// The JSON body cannot be read as what the operation takes.
    Json(String),
    /// No such operation here.
    Route(RouteError),
    /// A path other than `/`.
    NoSuchPath,
    /// A method other than GET and POST.
    Method,
    /// The body ended before its end.
    BrokenBody,
    /// The body did not come in time.
    SlowBody,
}

impl Refusal {
    /// Whether a policy decision stands behind it.
    pub(crate) fn is_by_policy(&self) -> bool {
        matches!(self, Self::App(Error::AccessDenied(denied)) if denied.ground.is_some())
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::App(error)
    }
}
impl From<QueryError> for Refusal {
    fn from(error: QueryError) -> Self {
        Self::Query(error)
    }
}
impl From<RouteError> for Refusal {
    fn from(error: RouteError) -> Self {
        Self::Route(error)
    }
}

/// What a caller is told.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// What follows the message in the reply, and not in the audit record, which has it in its decisions.
    pub(crate) explanation: String,
}

impl Told {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), explanation: String::new() }
    }

    /// The same, with what explains a refusal by policy: as EC2 does, ending in the encoded message.
    pub(crate) fn explained(self, refusal: &Refusal, request_id: &str, encoded: Option<&str>) -> Self {
        let Refusal::App(Error::AccessDenied(denied)) = refusal else { return self };
        let Some(ground) = &denied.ground else { return self };
        let mut explanation = ground.told(request_id);
        if let Some(encoded) = encoded {
            explanation.push_str(". Encoded authorization failure message: ");
            explanation.push_str(encoded);
        }
        Self { explanation, ..self }
    }

    /// The same, for the audit record.
    pub(crate) fn outcome(&self) -> Outcome {
        Outcome::error(self.status.as_u16(), self.code, self.message.clone())
    }
}

/// Words a refusal for the wire, and logs its cause if it has one.
pub(crate) fn told(refusal: &Refusal, style: Style, request_id: &str) -> Told {
    match refusal {
        Refusal::App(error) => {
            if let Some(cause) = error.cause() {
                tracing::error!(request_id, cause = cause.detail(), "a request failed");
            }
            let (code, status) = match style {
                Style::Query => (audit::error_code(error), query_status(error)),
                Style::Json10 | Style::Json11 => json_code(error),
            };
            Told::new(status, code, error.to_string())
        }
        Refusal::Query(error) => Told::new(error.status(), error.code(), error.message()),
        Refusal::Json(what) => Told::new(StatusCode::BAD_REQUEST, "SerializationException", what.as_str()),
        Refusal::Route(error) => Told::new(error.status(), error.code(), error.message()),
        Refusal::NoSuchPath => Told::new(
            StatusCode::NOT_FOUND,
            "UnknownOperationException",
            "there is nothing at this path: AWS requests go to `/`",
        ),
        Refusal::Method => Told::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "MethodNotAllowed",
            "the method is not allowed: AWS requests are POST, presigned ones may be GET",
        ),
        Refusal::BrokenBody => {
            Told::new(StatusCode::BAD_REQUEST, "IncompleteBody", "the request body ended before its end")
        }
        Refusal::SlowBody => Told::new(
            StatusCode::REQUEST_TIMEOUT,
            "RequestTimeout",
            "the request body did not arrive in time",
        ),
    }
}

/// The status of an error in AWS Query; its code is the one of the audit trail.
fn query_status(error: &Error) -> StatusCode {
    match error {
        Error::NotFound(_) => StatusCode::NOT_FOUND,
        Error::AlreadyExists(_) | Error::DeleteConflict(_) | Error::LimitExceeded(_) => StatusCode::CONFLICT,
        Error::Invalid { .. }
        | Error::InvalidParameter(_)
        | Error::InvalidInput(_)
        | Error::MalformedPolicy(_)
        | Error::PackedPolicyTooLarge(_)
        | Error::Unmodifiable(_) => StatusCode::BAD_REQUEST,
        Error::Rejected { reason, .. } => rejection_status(*reason),
        Error::Unauthenticated(error) => error.status(),
        Error::AccessDenied(_) => StatusCode::FORBIDDEN,
        Error::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
        Error::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The status of what only one operation tells.
fn rejection_status(reason: Reason) -> StatusCode {
    match reason {
        Reason::InvalidAuthenticationCode
        | Reason::OutboundFederationDisabled
        | Reason::SessionDurationEscalation => StatusCode::FORBIDDEN,
        Reason::FeatureEnabled => StatusCode::CONFLICT,
        Reason::FeatureDisabled => StatusCode::NOT_FOUND,
        Reason::ReportNotPresent | Reason::ReportExpired => StatusCode::GONE,
        Reason::PasswordPolicyViolation(_)
        | Reason::InvalidUserType
        | Reason::UserPool(_)
        | Reason::InvalidAuthorizationMessage
        | Reason::JwtPayloadSizeExceeded
        | Reason::InvalidIdentityToken
        | Reason::ExpiredToken
        | Reason::IdpCommunicationError
        | Reason::InvalidPublicKey
        | Reason::UnrecognizedPublicKeyEncoding
        | Reason::DuplicateSshPublicKey => StatusCode::BAD_REQUEST,
    }
}

/// Code and status of an error in AWS JSON.
fn json_code(error: &Error) -> (&'static str, StatusCode) {
    let bad = |code| (code, StatusCode::BAD_REQUEST);
    match error {
        Error::NotFound(_) => bad("ResourceNotFoundException"),
        Error::AlreadyExists(_) => bad("ResourceAlreadyExistsException"),
        Error::Invalid { .. }
        | Error::InvalidParameter(_)
        | Error::InvalidInput(_)
        | Error::MalformedPolicy(_)
        | Error::PackedPolicyTooLarge(_) => bad("ValidationException"),
        Error::Rejected { reason: Reason::UserPool(fault), .. } => bad(fault.code()),
        Error::Rejected { .. } => bad("ValidationException"),
        Error::DeleteConflict(_) | Error::Unmodifiable(_) => bad("ConflictException"),
        Error::LimitExceeded(_) => bad("LimitExceededException"),
        Error::Unauthenticated(error) => bad(json_signature_code(error.code())),
        Error::AccessDenied(_) => bad("AccessDeniedException"),
        Error::TooLarge(_) => ("RequestEntityTooLargeException", StatusCode::PAYLOAD_TOO_LARGE),
        Error::Unavailable(_) => ("ServiceUnavailableException", StatusCode::SERVICE_UNAVAILABLE),
        Error::Internal(_) => ("InternalServerException", StatusCode::INTERNAL_SERVER_ERROR),
    }
}

/// JSON services name the errors of a signature in their own way.
fn json_signature_code(code: &'static str) -> &'static str {
    match code {
        "MissingAuthenticationToken" => "MissingAuthenticationTokenException",
        "IncompleteSignature" => "IncompleteSignatureException",
        "SignatureDoesNotMatch" => "InvalidSignatureException",
        "InvalidClientTokenId" => "UnrecognizedClientException",
        "ExpiredToken" => "ExpiredTokenException",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use garita_model::PasswordFault;
    use garita_wire::sigv4::SigV4Error;

    /// One of each kind.
    fn every_error() -> Vec<Error> {
        vec![
            Error::NotFound("m".into()),
            Error::AlreadyExists("m".into()),
            Error::invalid("f", "m"),
            Error::InvalidParameter("m".into()),
            Error::InvalidInput("m".into()),
            Error::MalformedPolicy("m".into()),
            Error::PackedPolicyTooLarge("m".into()),
            Error::DeleteConflict("m".into()),
            Error::Unmodifiable("m".into()),
            Error::LimitExceeded("m".into()),
            PasswordFault::Reused.into(),
            SigV4Error::MissingAuthenticationToken.into(),
            SigV4Error::MalformedSignedHeaders("h".into()).into(),
            SigV4Error::InvalidClientTokenId.into(),
            SigV4Error::ExpiredToken.into(),
            SigV4Error::SignatureDoesNotMatch.into(),
            Error::denied("m"),
            Error::TooLarge(7),
            Error::unavailable("later", "the disk is full"),
            Error::internal("a row is torn"),
        ]
    }

    #[test]
    fn each_error_has_its_code_and_status_in_both_protocols() {
        let mut table = String::new();
        for error in every_error() {
            let refusal = Refusal::App(error);
            let [query, json] = [Style::Query, Style::Json11].map(|style| told(&refusal, style, "id"));
            assert_eq!(query.message, json.message);
            assert!(!query.message.contains("disk") && !query.message.contains("row"));
            let (q, j) = (query.status.as_u16(), json.status.as_u16());
            table.push_str(&format!("{q} {} | {j} {}\n", query.code, json.code));
        }
        insta::assert_snapshot!(table, @r"
        404 NoSuchEntity | 400 ResourceNotFoundException
        409 EntityAlreadyExists | 400 ResourceAlreadyExistsException
        400 ValidationError | 400 ValidationException
        400 InvalidParameterValue | 400 ValidationException
        400 InvalidInput | 400 ValidationException
        400 MalformedPolicyDocument | 400 ValidationException
        400 PackedPolicyTooLarge | 400 ValidationException
        409 DeleteConflict | 400 ConflictException
        400 UnmodifiableEntity | 400 ConflictException
        409 LimitExceeded | 400 LimitExceededException
        400 PasswordPolicyViolation | 400 ValidationException
        403 MissingAuthenticationToken | 400 MissingAuthenticationTokenException
        400 IncompleteSignature | 400 IncompleteSignatureException
        403 InvalidClientTokenId | 400 UnrecognizedClientException
        403 ExpiredToken | 400 ExpiredTokenException
        403 SignatureDoesNotMatch | 400 InvalidSignatureException
        403 AccessDenied | 400 AccessDeniedException
        413 RequestEntityTooLarge | 413 RequestEntityTooLargeException
        503 ServiceUnavailable | 503 ServiceUnavailableException
        500 InternalFailure | 500 InternalServerException
        ");
    }
}
