//! Who is there, by SigV4: the one place that checks access keys and session tokens. [`bearer`] is the one for tokens of
//! user pools, [`browser`] the one for browsers that are signed in at a stage.
//!
//! The order is AWS's: what is presented must be whole, in time, for this service and region; then the key is looked
//! up, then the signature is compared. INVARIANT: a credential that was presented and failed never becomes an
//! anonymous request: [`App::authenticate`] answers an error, and the context in [`Unproven`] is for the audit record.

mod bearer;
mod browser;
mod known_callers;
mod person;
mod pool_role;

use std::sync::{Arc, PoisonError};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use garita_model::access_key::LastUsed;
use garita_model::session::{Origin, Subject};
use garita_model::{AccessKeyId, Error, KeyOwner, KeyStatus, Result, Secret, Session};
use garita_policy::{NamedPolicy, PolicyDocument, PolicyKind, PolicySource, Principal};
use garita_store::Snapshot;
use garita_wire::sigv4::{
    self, BodyHash, Dialect, Presence, Presented, RegionRule, RequestHead, Scope, SigV4Error, SigningKey,
};
use jiff::Timestamp;
use quick_cache::sync::Cache;

use crate::App;
use crate::console::ShownCredentials;
use crate::context::{Arrival, Caller, RequestContext};
use crate::hash;
use crate::live;
use crate::mint::{self, OpenedToken};

pub use bearer::{AcceptedPool, Bearer, BearerError, BearerRefused};
pub(crate) use known_callers::KnownCallers;
pub use pool_role::{NoRole, RoleRule, RuleMatch, TagSource};

/// What a door accepts as a signature.
#[derive(Debug, Clone, Copy)]
pub struct SigV4Scheme {
    /// The signing names of the services behind this door.
    pub services: &'static [&'static str],
    /// Whose canonical forms are accepted.
    pub dialect: Dialect,
}

/// A request whose caller did not prove who they are.
#[derive(Debug)]
pub struct Unproven {
    /// The request with an anonymous caller: for the audit record only.
    pub cx: RequestContext,
    /// Why.
    pub error: Error,
}

/// Derived signing keys of verified callers: four of five HMACs of a verification go away.
pub(crate) struct SigningKeys(Cache<(String, Scope), Arc<SigningKey>>);

/// Opened session tokens, by the SHA-256 of the token.
pub(crate) struct Sessions(Cache<[u8; 32], Arc<OpenedToken>>);

impl SigningKeys {
    pub(crate) fn new() -> Self {
        Self(Cache::new(20_000))
    }
}
impl Sessions {
    pub(crate) fn new() -> Self {
        Self(Cache::new(10_000))
    }
}

impl App {
    /// Finds out who sent a request.
    ///
    /// # Errors
    /// [`Unproven`] with AWS's error: nothing presented, malformed, out of time, unknown key, wrong signature.
    pub fn authenticate(
        &self,
        arrival: Arrival,
        head: &RequestHead<'_>,
        body: BodyHash,
        scheme: SigV4Scheme,
    ) -> Result<RequestContext, Box<Unproven>> {
        let mut claimed = None;
        match self.prove(&arrival, head, body, scheme, &mut claimed) {
            Ok((caller, presented)) => {
                let region = presented.scope.region.as_str();
                Ok(RequestContext::new(arrival, caller, region, presented.declared_payload_hash()))
            }
            Err(error) => {
                let cx = RequestContext::new(arrival, Caller::anonymous(claimed), &self.region, None);
                Err(Box::new(Unproven { cx, error }))
            }
        }
    }

    /// Refuses what can be refused before the body is there: a credential that is not whole, not in time, not for
    /// this service, or of no active key. It proves nothing, but keeps strangers from making a door hold their bodies.
    ///
    /// # Errors
    /// As [`App::authenticate`], but for the signature.
    pub fn recognize(
        &self,
        arrival: &Arrival,
        head: &RequestHead<'_>,
        scheme: SigV4Scheme,
    ) -> Result<(), Box<Unproven>> {
        let mut claimed = None;
        self.claim(&self.snapshot(), arrival, head, scheme, &mut claimed).map(drop).map_err(|error| {
            let caller = Caller::anonymous(claimed);
            Box::new(Unproven { cx: RequestContext::new(arrival.clone(), caller, &self.region, None), error })
        })
    }

    /// A request that was refused before anyone looked for credentials: for its audit record.
    pub fn nobody(&self, arrival: Arrival) -> RequestContext {
        RequestContext::new(arrival, Caller::anonymous(None), &self.region, None)
    }

    fn prove(
        &self,
        arrival: &Arrival,
        head: &RequestHead<'_>,
        body: BodyHash,
        scheme: SigV4Scheme,
        claimed: &mut Option<AccessKeyId>,
    ) -> Result<(Caller, Presented)> {
        let state = self.snapshot();
        let (caller, presented, key) = self.claim(&state, arrival, head, scheme, claimed)?;
        presented.verify(head, body, &key, scheme.dialect)?;
        live::check(&state, &caller)?;
        if let (None, Some(id)) = (&caller.session, &caller.key) {
            self.note_use(id, arrival.now, &presented.scope);
        }
        if let Some(session) = caller.session.as_ref().map(|state| &state.session)
            && let Subject::Role { id, .. } = &session.subject
        {
            self.note_role_use(session.account, id, arrival.now, &presented.scope.region);
        }
        Ok((caller, presented))
    }

    /// Everything but the signature, and the key to verify that with.
    fn claim(
        &self,
        state: &Snapshot,
        arrival: &Arrival,
        head: &RequestHead<'_>,
        scheme: SigV4Scheme,
        claimed: &mut Option<AccessKeyId>,
    ) -> Result<(Caller, Presented, Arc<SigningKey>)> {
        let Presence::Presented(presented) = sigv4::parse(head)? else {
            return Err(SigV4Error::MissingAuthenticationToken.into());
        };
        presented.check_time(arrival.now)?;
        let regions: Vec<&str> = self.regions.iter().map(String::as_str).collect();
        presented.check_scope(scheme.services, RegionRule::OneOf(&regions))?;
        let id: AccessKeyId =
            presented.access_key_id.parse().map_err(|_| SigV4Error::InvalidClientTokenId)?;
        *claimed = Some(id.clone());
        let (caller, key) = match &presented.session_token {
            Some(token) => self.session_caller(state, &id, token, arrival.now, &presented.scope)?,
            None => self.key_caller(state, &id, &presented.scope)?,
        };
        Ok((caller, presented, key))
    }

    fn key_caller(
        &self,
        state: &Snapshot,
        id: &AccessKeyId,
        scope: &Scope,
    ) -> Result<(Caller, Arc<SigningKey>)> {
        let unknown = || Error::from(SigV4Error::InvalidClientTokenId);
        let key = state.access_key(id).filter(|k| k.status == KeyStatus::Active).ok_or_else(unknown)?;
        let principal = match &key.owner {
            KeyOwner::Root => Principal::Root { account: key.account },
            KeyOwner::User(name) => {
                let user = state.user(key.account, name.as_str()).ok_or_else(unknown)?;
                Principal::User { arn: user.arn()?, id: user.id.to_string(), account: key.account }
            }
        };
        // A brought key id may be deleted and brought again with another secret: its time tells them apart.
        let cache_id = format!("{id}@{}", key.created);
        let signing = self.signing_key(cache_id, scope, || mint::open_secret(&self.keyring, key))?;
        Ok((Caller { principal, key: Some(id.clone()), session: None, iss_rev: 0 }, signing))
    }

    fn session_caller(
        &self,
        state: &Snapshot,
        id: &AccessKeyId,
        token: &str,
        now: Timestamp,
        scope: &Scope,
    ) -> Result<(Caller, Arc<SigningKey>)> {
        let (caller, opened) = self.token_caller(state, id, token, now)?;
        let signing = self.signing_key(id.as_str().to_owned(), scope, || {
            Some(Secret::new(opened.secret.expose().clone()))
        })?;
        Ok((caller, signing))
    }

    /// Whose a session token is, if its time is not over. It says nothing of who showed it.
    fn token_caller(
        &self,
        state: &Snapshot,
        id: &AccessKeyId,
        token: &str,
        now: Timestamp,
    ) -> Result<(Caller, Arc<OpenedToken>)> {
        let opened = self.open_token(id, token)?;
        let session = &opened.state.session;
        if now >= session.expires {
            return Err(SigV4Error::ExpiredToken.into());
        }
        let principal = session_principal(state, session)?;
        let (key, iss_rev) = (Some(id.clone()), session.iss_rev);
        Ok((Caller { principal, key, session: Some(opened.state.clone()), iss_rev }, opened))
    }

    /// Whose the credentials of a session are that are shown as they are, with the secret key, in place of a signature.
    ///
    /// # Errors
    /// As [`App::authenticate`]: unknown, over, revoked, or with a secret key that is not theirs.
    pub(crate) fn prove_credentials(
        &self,
        state: &Snapshot,
        shown: &ShownCredentials,
        now: Timestamp,
    ) -> Result<Caller> {
        let (caller, opened) = self.token_caller(state, &shown.key, shown.token.expose(), now)?;
        let (held, given) = (opened.secret.expose().as_bytes(), shown.secret.expose().as_bytes());
        verify_slices_are_equal(held, given).map_err(|_| SigV4Error::SignatureDoesNotMatch)?;
        live::check(state, &caller)?;
        Ok(caller)
    }

    fn open_token(&self, id: &AccessKeyId, token: &str) -> Result<Arc<OpenedToken>> {
        let hash = hash::sha256(&[token.as_bytes()]);
        if let Some(opened) = self.sessions.0.get(&hash)
            && opened.state.session.key == *id
        {
            return Ok(opened);
        }
        let opened = mint::open_token(&self.keyring, id, token).ok_or(SigV4Error::InvalidClientTokenId)?;
        let opened = Arc::new(opened);
        self.sessions.0.insert(hash, opened.clone());
        Ok(opened)
    }

    fn signing_key(
        &self,
        id: String,
        scope: &Scope,
        secret: impl FnOnce() -> Option<Secret<String>>,
    ) -> Result<Arc<SigningKey>> {
        let cached = (id, scope.clone());
        if let Some(key) = self.signing_keys.0.get(&cached) {
            return Ok(key);
        }
        let secret =
            secret().ok_or_else(|| Error::internal("a stored secret does not open: wrong master key?"))?;
        let key = Arc::new(SigningKey::for_scope(secret.expose(), scope));
        self.signing_keys.0.insert(cached, key.clone());
        Ok(key)
    }

    fn note_use(&self, id: &AccessKeyId, now: Timestamp, scope: &Scope) {
        let at = Timestamp::from_second(now.as_second()).unwrap_or(now);
        let used = LastUsed { at, service: scope.service.clone(), region: scope.region.clone() };
        self.key_use.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), used);
    }
}

/// The principal of a session, from the nouns as they are now.
pub(crate) fn session_principal(state: &Snapshot, session: &Session) -> Result<Principal> {
    let (account, gone) = (session.account, SigV4Error::InvalidClientTokenId);
    Ok(match &session.subject {
        Subject::Root => Principal::Root { account },
        Subject::User { user, .. } => {
            let user = state.user(account, user.as_str()).ok_or(gone)?;
            Principal::User { arn: user.arn()?, id: user.id.to_string(), account }
        }
        Subject::Federated { name, issuer } => {
            let issuer = match issuer {
                Origin::User(user, _) => state.user(account, user.as_str()).ok_or(gone)?.arn()?.to_string(),
                Origin::Root => format!("arn:aws:iam::{account}:root"),
                Origin::Role(..) | Origin::OidcProvider(..) | Origin::PoolUser(_) => return Err(gone.into()),
            };
            let parse =
                |text: String| text.parse().map_err(|_| Error::internal("the ARN of a federated user"));
            let arn = parse(format!("arn:aws:sts::{account}:federated-user/{name}"))?;
            Principal::FederatedUser { arn, issuer: parse(issuer)?, account }
        }
        Subject::Role { role, session: name, .. } => {
            let role = state.role(account, role.as_str()).ok_or(gone)?;
            let session_arn = format!("arn:aws:sts::{account}:assumed-role/{}/{name}", role.name);
            Principal::RoleSession {
                role_arn: role.arn()?,
                role_id: role.id.to_string(),
                session_arn: session_arn.parse().map_err(|_| Error::internal("session ARN"))?,
                session_name: name.to_string(),
                account,
            }
        }
    })
}

/// Compiles the inline session policies of a token.
pub(crate) fn compile_session(session: &Session) -> Option<Vec<NamedPolicy>> {
    let compile = |text: &String| PolicyDocument::parse(text, PolicyKind::Session).ok().map(Arc::new);
    let named = |document| NamedPolicy::new("session-policy", PolicySource::Session, document);
    session.policies.iter().map(|text| compile(text).map(named)).collect()
}
