//! Audit records: one for every answered request, on disk before its reply.
//!
//! A change writes its record inside its own transaction ([`crate::change`]) and then onto the trail; everything else
//! goes onto the trail alone ([`App::audit`]). A forward is bracketed: [`App::begin`] makes sure, before anything
//! happens upstream, that the record will find its place on disk; [`App::finish`] puts it there before the reply.

use garita_model::session::{Origin, Subject, WebIdentity};
use garita_model::{Arn, AuditRecord, Error, Reason, Result, explanation};
use garita_policy::Principal;
use garita_store::{Intent, Store, Trail};
use serde_json::{Map, Value, json};

use crate::App;
use crate::console;
use crate::context::{Caller, Concerned, Judgement, RequestContext};

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
        if cx.claim_audit() { self.trail.append(record(cx, outcome)).await } else { Ok(()) }
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
        let intent = Intent { request_id, record: record(cx, &Outcome::default()) };
        self.trail.begin(intent).await.map(|ticket| Ticket(Some(ticket)))
    }

    /// Puts the record of a forward on disk, before its reply.
    ///
    /// # Errors
    /// `Unavailable` when the disk is full or failing: then the reply must be that error.
    pub async fn finish(&self, ticket: Ticket, cx: &RequestContext, outcome: &Outcome) -> Result<()> {
        cx.claim_audit();
        let record = record(cx, outcome);
        match ticket.0 {
            Some(ticket) => self.trail.finish(ticket, record).await,
            None => self.trail.append(record).await,
        }
    }
}

/// Brings onto the trail the records of changes that were committed but not yet shipped.
pub(crate) async fn ship_pending(store: &Store, trail: &Trail) -> Result<()> {
    for pending in store.pending_records() {
        let event_id = pending.record.event_id.clone();
        if !trail.contains(&event_id) {
            trail.append(pending.record).await?;
        }
        store.shipped(&event_id);
    }
    Ok(())
}

/// The record of a request as it stands.
pub(crate) fn record(cx: &RequestContext, outcome: &Outcome) -> AuditRecord {
    let (arrival, event, judged) = (cx.arrival(), cx.event(), cx.judgements());
    let (concerned, told) = (cx.concerned(), cx.told());
    let of_pool = || concerned.as_ref().map(|concerned| concerned.account);
    let recipient = judged.iter().rev().find_map(|j| j.account).or_else(of_pool).or(told.account);
    let recipient = recipient.or_else(|| cx.caller().account());
    AuditRecord {
        event_version: "1.11".to_owned(),
        user_identity: cx.told_identity().unwrap_or_else(|| user_identity(cx.caller())),
        event_time: arrival.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        event_source: event.source.to_owned(),
        event_name: event.name.clone(),
        aws_region: cx.region().to_owned(),
        source_ip_address: arrival.source_ip.to_string(),
        user_agent: arrival.user_agent.clone(),
        error_code: outcome.error.as_ref().and_then(|error| error.code.clone()),
        error_message: outcome.error.as_ref().map(|error| error.message.clone()),
        request_parameters: event.parameters.clone(),
        response_elements: outcome.response.clone(),
        additional_event_data: additional(
            &judged,
            concerned.as_ref(),
            told.data,
            outcome,
            arrival.started.elapsed(),
        ),
        request_id: arrival.request_id.to_string(),
        event_id: arrival.request_id.to_string(),
        read_only: event.read_only,
        resources: resources(&judged),
        event_type: event_type(event).to_owned(),
        management_event: event.management,
        recipient_account_id: recipient.map(|a| a.to_string()).unwrap_or_default(),
        event_category: if event.management { "Management" } else { "Data" }.to_owned(),
    }
}

/// Sign-ins at the console are no calls of an API.
fn event_type(event: &Event) -> &'static str {
    if event.source == console::record::SOURCE { "AwsConsoleSignIn" } else { "AwsApiCall" }
}

fn resources(judged: &[Judgement]) -> Value {
    let named = judged.iter().filter(|j| j.resource != "*");
    named
        .map(|j| json!({ "ARN": j.resource, "accountId": j.account.map(|a| a.to_string()) }))
        .collect::<Vec<_>>()
        .into()
}

/// What CloudTrail has no field for: the decisions, the status, the duration in microseconds.
fn additional(
    judged: &[Judgement],
    concerned: Option<&Concerned>,
    told: Map<String, Value>,
    outcome: &Outcome,
    took: std::time::Duration,
) -> Value {
    let decisions: Vec<Value> = judged.iter().map(decision).collect();
    let mut data = json!({
        "status": outcome.status,
        "durationMicros": u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        "decisions": decisions,
    });
    if let (Some(Concerned { pool, sub, .. }), Some(data)) = (concerned, data.as_object_mut()) {
        data.insert("userPoolId".to_owned(), pool.as_str().into());
        data.extend(sub.iter().map(|sub| ("sub".to_owned(), sub.as_str().into())));
    }
    if let Some(data) = data.as_object_mut() {
        data.extend(told);
    }
    data
}

/// A decision, as [`explanation::DecisionRecord`] reads it; a refused one with what explains it.
fn decision(judgement: &Judgement) -> Value {
    let decision = &judgement.decision;
    let mut value = json!({
        "action": judgement.action,
        "resource": judgement.resource,
        "decision": decision.outcome().to_string(),
        "policyType": explanation::policy_type(decision.decided_by()),
        "statements": explanation::statements(decision),
    });
    if let (Some(refused), Some(object)) = (&judgement.refused, value.as_object_mut()) {
        let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
        put("reason", decision.reason().into());
        put("resourceAccount", judgement.account.map(|account| account.to_string()).into());
        put("nearest", explanation::nearest(&refused.nearest).into());
        put("missingContextKeys", explanation::missing_keys(decision).into());
        put("context", explanation::context(&refused.keys));
    }
    value
}

/// CloudTrail's `userIdentity` element.
pub(crate) fn user_identity(caller: &Caller) -> Value {
    let mut identity = Map::new();
    let mut put = |name: &str, value: String| identity.insert(name.to_owned(), value.into());
    match &caller.principal {
        Principal::Root { account } => {
            put("type", "Root".to_owned());
            put("principalId", account.to_string());
        }
        Principal::User { id, arn, .. } => {
            put("type", "IAMUser".to_owned());
            put("principalId", id.clone());
            put("userName", arn.resource().rsplit('/').next().unwrap_or_default().to_owned());
        }
        Principal::RoleSession { role_id, session_name, .. } => {
            put("type", "AssumedRole".to_owned());
            put("principalId", format!("{role_id}:{session_name}"));
        }
        Principal::FederatedUser { arn, account, .. } => {
            put("type", "FederatedUser".to_owned());
            put(
                "principalId",
                format!("{account}:{}", arn.resource().rsplit('/').next().unwrap_or_default()),
            );
        }
        Principal::Service { name } => {
            put("type", "AWSService".to_owned());
            put("invokedBy", name.clone());
        }
        Principal::WebIdentity { provider } => {
            put("type", "WebIdentityUser".to_owned());
            put("identityProvider", provider.clone());
        }
        Principal::Anonymous => {
            put("type", "Unknown".to_owned());
        }
    }
    if let Some(account) = caller.account() {
        put("arn", caller.principal.arn_text());
        put("accountId", account.to_string());
    }
    if let Some(key) = &caller.key {
        put("accessKeyId", key.to_string());
    }
    if let Some(state) = &caller.session {
        identity.insert("sessionContext".to_owned(), session_context(caller, &state.session));
    }
    identity.into()
}

fn session_context(caller: &Caller, session: &garita_model::Session) -> Value {
    let mut context = json!({
        "attributes": {
            "creationDate": session.issued.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "mfaAuthenticated": session.mfa_at.is_some().to_string(),
        },
    });
    let Some(object) = context.as_object_mut() else { return context };
    if let Some(issuer) = session_issuer(caller, session) {
        object.insert("sessionIssuer".to_owned(), issuer);
    }
    if let Some(source) = &session.source_identity {
        object.insert("sourceIdentity".to_owned(), source.as_str().into());
    }
    if let Some(web) = &session.web_identity {
        let attributes: Map<String, Value> =
            web.keys().into_iter().map(|(key, value)| (key, value.into())).collect();
        let data = json!({ "federatedProvider": web.provider, "attributes": attributes });
        object.insert("webIdFederationData".to_owned(), data);
    }
    context
}

/// Who proved itself with the token of an identity provider.
pub(crate) fn web_identity(web: &WebIdentity) -> Value {
    json!({
        "type": "WebIdentityUser",
        "principalId": format!("{}:{}:{}", web.provider, web.audience, web.subject),
        "userName": web.subject,
        "identityProvider": web.provider,
    })
}

/// The role of a session, or the user that made a federated user.
fn session_issuer(caller: &Caller, session: &garita_model::Session) -> Option<Value> {
    let account = session.account.to_string();
    let issuer = |kind: &str, id: &str, arn: &Arn, name: Option<&str>| json!({ "type": kind, "principalId": id, "arn": arn.as_str(), "accountId": account, "userName": name });
    match (&session.subject, &caller.principal) {
        (Subject::Role { role, id, .. }, Principal::RoleSession { role_arn, .. }) => {
            Some(issuer("Role", id.as_str(), role_arn, Some(role.as_str())))
        }
        (Subject::Federated { issuer: by, .. }, Principal::FederatedUser { issuer: arn, .. }) => {
            Some(match by {
                Origin::User(name, id) => issuer("IAMUser", id.as_str(), arn, Some(name.as_str())),
                Origin::Role(name, id) => issuer("Role", id.as_str(), arn, Some(name.as_str())),
                Origin::Root => issuer("Root", &account, arn, None),
                Origin::OidcProvider(..) | Origin::PoolUser(_) => return None,
            })
        }
        _ => None,
    }
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
