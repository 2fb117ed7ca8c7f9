//! The request context: who, when, from where, for what. The first parameter of every verb.
//!
//! INVARIANT: time is read once, in [`App::arrive`]. A context with a caller other than anonymous comes only from
//! [`App::authenticate`], from the operator's own [`App::operator`], from the check of a token in `sts::web_identity` and
//! from a session of the console ([`crate::console`]).

mod global_keys;

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use garita_model::session::Session;
use garita_model::user_pool::TokenHash;
use garita_model::{AccessKeyId, AccountId, RequestId, Result};
use garita_policy::decision::Decision;
use garita_policy::evaluate::explain::Near;
use garita_policy::{Context, NamedPolicy, Principal};
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::App;
use crate::audit::{self, Event};
pub(crate) use global_keys::asks_of_arrival;
use global_keys::global_keys;

/// A request at the door, before anything is known of it.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// Names the request everywhere.
    pub request_id: RequestId,
    /// The time of arrival: the only time this request knows.
    pub now: Timestamp,
    /// The peer's address.
    pub source_ip: IpAddr,
    /// Whether it came over TLS.
    pub secure: bool,
    /// What the client calls itself, cut to 512 characters.
    pub user_agent: String,
    /// For durations only.
    pub started: Instant,
}

/// Who asks, as proved.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The principal policies name.
    pub principal: Principal,
    /// The key the request was signed with, verified or (for an anonymous caller) only claimed.
    pub key: Option<AccessKeyId>,
    /// The session, for temporary credentials.
    pub session: Option<Arc<SessionState>>,
    /// The revision the credentials were issued at; 0 for long-lived keys, which are looked up each time.
    pub iss_rev: u64,
}

/// A session token, opened and checked, with its session policies compiled.
#[derive(Debug)]
pub struct SessionState {
    /// What the token says.
    pub session: Session,
    /// The inline session policies, compiled; empty when none were given.
    pub inline: Vec<NamedPolicy>,
    /// What was shown for it.
    pub shown: ShownBy,
}

/// What is shown for a session, and so what it rests on besides its chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShownBy {
    /// A token: that of the session, or one of a user pool.
    Token,
    /// The cookie of a browser at the console, by its hash: it stands while that browser is signed in.
    Console(TokenHash),
    /// What signs a browser in at the console, with this very request.
    SigningIn,
}

impl ShownBy {
    /// Whether somebody is at the console: what AWS keeps from programs with temporary credentials is open there.
    pub(crate) fn is_console(self) -> bool {
        self != Self::Token
    }
}

impl Caller {
    /// Nobody known.
    pub fn anonymous(claimed: Option<AccessKeyId>) -> Self {
        Self { principal: Principal::Anonymous, key: claimed, session: None, iss_rev: 0 }
    }
    /// The caller's account.
    pub fn account(&self) -> Option<AccountId> {
        self.principal.account()
    }
}

/// One judgement made for a request: for the audit record.
#[derive(Debug, Clone)]
pub struct Judgement {
    /// The action asked for.
    pub action: String,
    /// The resource it was asked on.
    pub resource: String,
    /// The account that owns the resource.
    pub account: Option<AccountId>,
    /// What was decided and by which statements.
    pub decision: Decision,
    /// What explains a refusal; none for what was allowed.
    pub refused: Option<Refused>,
}

/// What explains a refusal beside its decision.
#[derive(Debug, Clone)]
pub struct Refused {
    /// The statements nearest to allowing it.
    pub nearest: Vec<Near>,
    /// The condition keys it was judged by.
    pub keys: Context,
}

/// What a request that no principal signed is about: for the audit record.
#[derive(Debug, Clone)]
pub(crate) struct Concerned {
    /// The account of the user pool.
    pub(crate) account: AccountId,
    /// The user pool.
    pub(crate) pool: String,
    /// The user, once it is known.
    pub(crate) sub: Option<String>,
}

/// Everything a verb needs to know about its request. Cheap to clone: clones share one log.
#[derive(Debug, Clone)]
pub struct RequestContext {
    arrival: Arc<Arrival>,
    caller: Arc<Caller>,
    /// Told when they are first asked for: not every request is judged.
    keys: Arc<OnceLock<Context>>,
    event: Arc<Event>,
    region: Arc<str>,
    declared_payload: Option<[u8; 32]>,
    mfa_now: bool,
    log: Arc<Log>,
}

/// What a sign-in at the console tells the audit record besides.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told {
    /// The account that somebody signs in to.
    pub(crate) account: Option<AccountId>,
    /// What stands in `additionalEventData`.
    pub(crate) data: Map<String, Value>,
}

/// What is noted of a request, for its audit record.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    /// Every judgement, in the order they were made.
    pub(crate) judged: Vec<Judgement>,
    /// What it is about, when no principal signed it.
    pub(crate) concerned: Option<Concerned>,
    /// What a sign-in at the console tells besides.
    pub(crate) told: Told,
    /// Who somebody says or proved to be in another way than by the signature of the request.
    pub(crate) identity: Option<Value>,
}

#[derive(Debug, Default)]
struct Log {
    notes: Mutex<Notes>,
    audited: AtomicBool,
}

impl App {
    /// Notes a request's arrival. This is where its time is read.
    ///
    /// # Errors
    /// `Internal` when there is no randomness for its id.
    pub fn arrive(&self, source_ip: IpAddr, secure: bool, user_agent: Option<&str>) -> Result<Arrival> {
        Ok(Arrival {
            request_id: RequestId::draw(self.entropy())?,
            now: self.clock.now(),
            source_ip,
            secure,
            user_agent: user_agent.unwrap_or("-").chars().take(512).collect(),
            started: Instant::now(),
        })
    }
}

impl RequestContext {
    pub(crate) fn new(
        arrival: impl Into<Arc<Arrival>>,
        caller: impl Into<Arc<Caller>>,
        region: &str,
        declared_payload: Option<[u8; 32]>,
    ) -> Self {
        Self {
            arrival: arrival.into(),
            caller: caller.into(),
            keys: Arc::default(),
            event: Arc::new(Event::unknown()),
            region: region.into(),
            declared_payload,
            mfa_now: false,
            log: Arc::new(Log::default()),
        }
    }

    /// The same request, now that it is known what it asks for.
    #[must_use]
    pub fn for_event(mut self, event: Event) -> Self {
        self.event = Arc::new(event);
        self
    }

    /// The same request with a log of its own: what is asked with it is advice and stands in no record.
    #[must_use]
    pub fn aside(&self) -> Self {
        Self { log: Arc::new(Log::default()), ..self.clone() }
    }

    /// The request's id.
    pub fn request_id(&self) -> &RequestId {
        &self.arrival.request_id
    }
    /// The request's time.
    pub fn now(&self) -> Timestamp {
        self.arrival.now
    }
    /// Its arrival.
    pub fn arrival(&self) -> &Arrival {
        &self.arrival
    }
    /// Who asks.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }
    /// The condition keys that hold for every judgement of this request.
    pub fn keys(&self) -> &Context {
        self.keys.get_or_init(|| global_keys(&self.arrival, &self.caller, &self.region))
    }
    /// What is asked for.
    pub fn event(&self) -> &Event {
        &self.event
    }
    /// The region the client signed for, or Garita's own.
    pub fn region(&self) -> &str {
        &self.region
    }
    /// The body's SHA-256 by the client's signed word; whoever reads the body must hold it to this.
    pub fn declared_payload(&self) -> Option<[u8; 32]> {
        self.declared_payload
    }

    /// When the caller proved a second factor: with this request, or for the session it came with.
    pub(crate) fn mfa_at(&self) -> Option<Timestamp> {
        let session = || self.caller.session.as_ref().and_then(|state| state.session.mfa_at);
        if self.mfa_now { Some(self.now()) } else { session() }
    }
    /// The same request, with a second factor that was proved with it.
    #[must_use]
    pub(crate) fn with_mfa(&self) -> Self {
        let mut keys = self.keys().clone();
        keys.set("aws:MultiFactorAuthPresent", "true");
        keys.set("aws:MultiFactorAuthAge", "0");
        Self { keys: Arc::new(keys.into()), mfa_now: true, ..self.clone() }
    }

    /// The same request, whose caller proved itself with the token of an identity provider that it carries. The audit
    /// record tells `identity`.
    #[must_use]
    pub(crate) fn of_web_identity(&self, provider: String, identity: Value) -> Self {
        let principal = Principal::WebIdentity { provider };
        let caller = Caller { principal, key: None, session: None, iss_rev: 0 };
        // A request carries one token, so this is the first time.
        self.claims(identity);
        self.by(caller)
    }
    /// The same request, whose caller is at the console or signs in there. The audit record tells of that caller.
    #[must_use]
    pub(crate) fn of_console(&self, caller: Caller) -> Self {
        self.claims(audit::user_identity(&caller));
        self.notes().told.account = caller.account();
        self.by(caller)
    }
    fn by(&self, caller: Caller) -> Self {
        Self { caller: Arc::new(caller), keys: Arc::default(), ..self.clone() }
    }
    /// Notes who somebody says they are who did not prove it.
    pub(crate) fn claims(&self, identity: Value) {
        self.notes().identity.get_or_insert(identity);
    }
    /// Notes what the record of a sign-in tells besides.
    pub(crate) fn tells(&self, told: Told) {
        self.notes().told = told;
    }
    /// Notes what the request is about.
    pub(crate) fn concerns(&self, what: Concerned) {
        self.notes().concerned = Some(what);
    }
    pub(crate) fn judged(&self, judgement: Judgement) {
        self.notes().judged.push(judgement);
    }
    /// What is noted so far. Not to be held while anything is waited for.
    pub(crate) fn notes(&self) -> MutexGuard<'_, Notes> {
        self.log.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
    /// Marks the request as audited; false when it already was.
    pub(crate) fn claim_audit(&self) -> bool {
        !self.log.audited.swap(true, Ordering::AcqRel)
    }
}
