//! Audit records: one for every answered request, on disk before its reply.
//!
//! A change writes its record inside its own transaction ([`crate::change`]) and then onto the trail; everything else
//! goes onto the trail alone ([`App::audit`]). A forward is bracketed: [`App::begin`] makes sure, before anything
//! happens upstream, that the record will find its place on disk; [`App::finish`] puts it there before the reply.

mod identity;
mod record;

use garita_model::{Error, Reason, Result};
use garita_store::{Intent, Store, Trail};
use serde_json::Value;

use crate::App;
use crate::context::RequestContext;
pub(crate) use identity::{user_identity, web_identity};
pub(crate) use record::record;

/// What a request asks for, as the audit trail names it.
#[derive(Debug, Clone)]
pub struct Event {
    /// `iam.amazonaws.com`, `execute-api.amazonaws.com`, ...
    pub source: &'static str,
    /// The operation.
    pub name: String,
    /// The parameters, with every secret left out by the door.
    pub parameters: Value,
    /// Whether the operation only reads.
    pub read_only: bool,
    /// Whether it belongs to the control plane.
    pub management: bool,
}

impl Event {
    /// A request that was refused before it was known what it asks for.
    pub fn unknown() -> Self {
        Self {
            source: "garita.internal",
            name: "Unknown".to_owned(),
            parameters: Value::Null,
            read_only: true,
            management: true,
        }
    }
}

/// How a request was answered.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// The HTTP status of the reply.
    pub status: u16,
    /// What the reply says is wrong, if it is an error.
    pub error: Option<Failure>,
    /// What was made, without secrets.
    pub response: Value,
}

/// What a reply says is wrong.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The error code. Records of sign-ins at the console tell why in words alone.
    pub code: Option<String>,
    /// The text.
    pub message: String,
}

impl Outcome {
    /// A reply without error.
    pub fn ok(status: u16) -> Self {
        Self { status, ..Self::default() }
    }
    /// A reply with an error.
    pub fn error(status: u16, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status, error: Some(Failure::new(code, message)), response: Value::Null }
    }
}

impl Failure {
    /// A code and its text.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: Some(code.into()), message: message.into() }
    }
}

/// A forward that has begun. One that changes something has its record's place on disk; dropped unfinished, the trail
/// says so.
pub struct Ticket(Option<garita_store::Ticket>);

impl App {
    /// Puts the record of an answered request on disk; does nothing when its change already did.
    ///
    /// # Errors
    /// `Unavailable` when the trail cannot be written: then the reply must be that error.
    pub async fn audit(&self, cx: &RequestContext, outcome: &Outcome) -> Result<()> {
        if cx.claim_audit() { self.trail.append(record(cx, outcome)?).await } else { Ok(()) }
    }

    /// Makes sure that the record of a forward will find its place, before the forward. A forward that only reads
    /// needs no promise: what it read is not given out unless [`App::finish`] succeeds.
    ///
    /// # Errors
    /// `Unavailable` when that cannot be promised: then nothing may be forwarded.
    pub async fn begin(&self, cx: &RequestContext) -> Result<Ticket> {
        if cx.event().read_only {
            return Ok(Ticket(None));
        }
        let request_id = cx.request_id().as_str().to_owned();
        let intent = Intent { request_id, record: record(cx, &Outcome::default())? };
        self.trail.begin(intent).await.map(|ticket| Ticket(Some(ticket)))
    }

    /// Puts the record of a forward on disk, before its reply.
    ///
    /// # Errors
    /// `Unavailable` when the disk is full or failing: then the reply must be that error.
    pub async fn finish(&self, ticket: Ticket, cx: &RequestContext, outcome: &Outcome) -> Result<()> {
        cx.claim_audit();
        let record = record(cx, outcome)?;
        match ticket.0 {
            Some(ticket) => self.trail.finish(ticket, record).await,
            None => self.trail.append(record).await,
        }
    }
}

/// Brings onto the trail the records of changes that were committed but not yet shipped.
pub(crate) async fn ship_pending(store: &Store, trail: &Trail) -> Result<()> {
    for pending in store.pending_records() {
        let event_id = pending.record.event_id().to_owned();
        if !trail.contains(&event_id) {
            trail.append(pending.record).await?;
        }
        store.shipped(&event_id);
    }
    Ok(())
}

/// The error code a record carries for an error, in AWS's spelling: the same for every door.
pub fn error_code(error: &Error) -> &'static str {
    match error {
        Error::NotFound(_) => "NoSuchEntity",
        Error::AlreadyExists(_) => "EntityAlreadyExists",
        Error::Invalid { .. } => "ValidationError",
        Error::InvalidParameter(_) => "InvalidParameterValue",
        Error::InvalidInput(_) => "InvalidInput",
        Error::MalformedPolicy(_) => "MalformedPolicyDocument",
        Error::PackedPolicyTooLarge(_) => "PackedPolicyTooLarge",
        Error::DeleteConflict(_) => "DeleteConflict",
        Error::Unmodifiable(_) => "UnmodifiableEntity",
        Error::LimitExceeded(_) => "LimitExceeded",
        Error::Rejected { reason, .. } => rejection_code(*reason),
        Error::Unauthenticated(error) => error.code(),
        Error::AccessDenied(_) => "AccessDenied",
        Error::TooLarge(_) => "RequestEntityTooLarge",
        Error::Unavailable(_) => "ServiceUnavailable",
        Error::Internal(_) => "InternalFailure",
    }
}

fn rejection_code(reason: Reason) -> &'static str {
    match reason {
        Reason::PasswordPolicyViolation(_) => "PasswordPolicyViolation",
        Reason::InvalidAuthenticationCode => "InvalidAuthenticationCode",
        Reason::InvalidPublicKey => "InvalidPublicKey",
        Reason::UnrecognizedPublicKeyEncoding => "UnrecognizedPublicKeyEncoding",
        Reason::DuplicateSshPublicKey => "DuplicateSSHPublicKey",
        Reason::ReportNotPresent => "ReportNotPresent",
        Reason::ReportExpired => "ReportExpired",
        Reason::InvalidIdentityToken => "InvalidIdentityToken",
        Reason::ExpiredToken => "ExpiredTokenException",
        Reason::IdpCommunicationError => "IDPCommunicationError",
        Reason::InvalidUserType => "InvalidUserType",
        Reason::UserPool(fault) => fault.code(),
        Reason::InvalidAuthorizationMessage => "InvalidAuthorizationMessageException",
        Reason::FeatureEnabled => "FeatureEnabled",
        Reason::FeatureDisabled => "FeatureDisabled",
        Reason::OutboundFederationDisabled => "OutboundWebIdentityFederationDisabledException",
        Reason::SessionDurationEscalation => "SessionDurationEscalationException",
        Reason::JwtPayloadSizeExceeded => "JWTPayloadSizeExceededException",
    }
}
