//! What a sign-in gives: id, access and refresh token; and what a refresh token gives.
//!
//! A refresh token is a sealed name of its sign-in with some randomness; what is stored is its SHA-256. INVARIANT:
//! where refresh tokens rotate, one that was exchanged and is shown again ends the sign-in, for whoever holds it.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_model::user_pool::{
    AuthFlow, ClientId, FormerToken, MfaMode, PoolFault, TokenHash, TokenValidity, UserStatus, Uuid,
};
use garita_model::{
    Entropy, Error, Object, ObjectKey, PoolClient, PoolSession, PoolUser, Result, Sealed, Secret, UserPool,
};
use garita_store::Snapshot;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::admit::wrong_credentials;
use super::federated::{identities, may_be_vouched_for};
use super::ground::{PoolGround, floor_of_user};
use super::passkey_sign_in::PasskeyProof;
use super::password::Prepared;
use super::sign_in::{SignedIn, asks_for_passkey, may_sign_in, may_stay_signed_in};
use super::user::about;
use super::{Admitted, invalid, session};
use crate::App;
use crate::change::Change;
use crate::context::RequestContext;
use crate::keyring::Keyring;
use crate::mint::token::{Access, Grant, Identity, Minter};
use crate::oauth::NewBrowser;
use crate::token::{RestsOn, Standing, TokenSubject};
use session::Vouched;

const LABEL: &str = "pool-refresh-token/1";
/// What access tokens of the API allow at the pool itself.
pub(super) const SELF_SERVICE: &str = "aws.cognito.signin.user.admin";
/// Most sign-ins of a user to all clients; the oldest goes when there is one more.
const MOST_SESSIONS: usize = 200;

/// Tokens, for the reply.
pub struct IssuedTokens {
    /// Tells the app who signed in.
    pub id: Secret<String>,
    /// Lets its bearer do things.
    pub access: Secret<String>,
    /// Gets others; none when the one that was shown stays good.
    pub refresh: Option<Secret<String>>,
    /// Seconds that the access token is good for.
    pub expires_in: i64,
}

/// What was shown for a sign-in.
pub(super) struct Proof {
    /// The sign-in it becomes.
    pub(super) id: Uuid,
    /// Who.
    pub(super) user: Uuid,
    /// The revision at which it began.
    pub(super) iss_rev: u64,
    /// The password it was shown for: one set meanwhile ends it.
    pub(super) password: Option<Box<str>>,
    /// What was shown besides it, or in its place.
    pub(super) factor: Factor,
    /// The password as it is to be stored from now on.
    pub(super) renewed: Option<Prepared>,
    /// The provider that vouched for who it is, in place of a password.
    pub(super) provider: Option<Vouched>,
}

/// What was shown besides a password, or in its place.
pub(super) enum Factor {
    /// Nothing.
    None,
    /// An authenticator app was set up, and so proved, on the way.
    SetUp,
    /// A code of the authenticator app.
    Code(String),
    /// A passkey.
    Passkey(PasskeyProof),
    /// A recovery code, by its keyed hash.
    Recovery(TokenHash),
}

impl App {
    /// Signs a person in who has shown everything.
    pub(super) async fn complete(
        self: &Arc<Self>,
        cx: &RequestContext,
        admitted: &Admitted,
        proof: Proof,
    ) -> Result<SignedIn> {
        let inside = admitted.clone();
        let finished = self.change(cx, move |change| finish(change, &inside, &proof)).await?;
        self.given(cx, admitted, finished)
    }

    /// What somebody gets who has signed in.
    pub(super) fn given(
        &self,
        cx: &RequestContext,
        admitted: &Admitted,
        finished: Finished,
    ) -> Result<SignedIn> {
        match finished {
            Finished::Session(session, refresh) => {
                self.issue(cx, admitted, &session, Some(refresh)).map(SignedIn::Tokens)
            }
            Finished::Browser(browser) => Ok(SignedIn::Browser(browser)),
        }
    }

    /// `REFRESH_TOKEN_AUTH`.
    pub(super) fn refresh_by_flow(
        &self,
        cx: &RequestContext,
        admitted: &Admitted,
        parameters: &BTreeMap<String, String>,
    ) -> Result<IssuedTokens> {
        let client = admitted.client();
        if client.rotation.is_some() {
            return Err(invalid("Refresh tokens rotate for this client: use GetTokensFromRefreshToken"));
        }
        if !client.allows(AuthFlow::RefreshToken) {
            return Err(
                PoolFault::NotAuthorized.because("REFRESH_TOKEN_AUTH flow not enabled for this client")
            );
        }
        let token = parameters.get("REFRESH_TOKEN");
        let token = token.ok_or_else(|| invalid("Missing required parameter REFRESH_TOKEN"))?;
        let state = self.snapshot();
        let held = self.held(&state, admitted, token)?;
        let user = state.pool_user(admitted.pool(), held.user).ok_or_else(bad)?;
        about(cx, admitted.user_pool(), user.sub);
        // Apps make the hash over whichever name they know the user by.
        let hash = parameters.get("SECRET_HASH").map(String::as_str);
        let given = parameters.get("USERNAME").map(String::as_str);
        let sub = user.sub.to_string();
        let emails = user.attributes.get("email");
        let names = [Some(&*user.name), Some(sub.as_str()), given, emails];
        let checked = names.into_iter().flatten().map(|name| self.check_secret_hash(admitted, name, hash));
        let checked: Vec<Result<()>> = checked.collect();
        if checked.iter().all(Result::is_err) {
            return checked.into_iter().next().unwrap_or(Ok(())).and_then(|()| Err(bad()));
        }
        match which(&held, token, cx.now()) {
            Which::Current => self.issue(cx, admitted, &held, None),
            Which::Former | Which::Spent => Err(bad()),
        }
    }

    /// Exchanges a refresh token.
    ///
    /// # Errors
    /// `ResourceNotFound` for the client; `NotAuthorized`; `RefreshTokenReuse` for one that was exchanged before, which
    /// ends the sign-in.
    pub async fn tokens_from_refresh_token(
        self: &Arc<Self>,
        cx: &RequestContext,
        client: &ClientId,
        secret: Option<&Secret<String>>,
        token: &Secret<String>,
    ) -> Result<IssuedTokens> {
        let admitted = self.admit(&self.snapshot(), cx, client)?;
        self.check_client_secret(&admitted, secret)?;
        let Some(grace) = admitted.client().rotation else {
            if !admitted.client().allows(AuthFlow::RefreshToken) {
                return Err(
                    PoolFault::NotAuthorized.because("REFRESH_TOKEN_AUTH flow not enabled for this client")
                );
            }
            let held = self.held(&self.snapshot(), &admitted, token.expose())?;
            about(cx, admitted.user_pool(), held.user);
            return match which(&held, token.expose(), cx.now()) {
                Which::Current => self.issue(cx, &admitted, &held, None),
                Which::Former | Which::Spent => Err(bad()),
            };
        };
        let (inside, token) = (admitted.clone(), token.clone());
        let exchanged = self.change(cx, move |change| rotate(change, &inside, &token, grace)).await?;
        let (session, refresh) = exchanged?;
        self.issue(cx, &admitted, &session, Some(refresh))
    }

    /// Ends the sign-in of a refresh token. One that is not known is as good as revoked (RFC 7009 §2.2).
    ///
    /// # Errors
    /// `ResourceNotFound` for the client; `NotAuthorized`; `UnsupportedToken` for another kind of token.
    pub async fn revoke_pool_token(
        self: &Arc<Self>,
        cx: &RequestContext,
        client: &ClientId,
        secret: Option<&Secret<String>>,
        token: &Secret<String>,
    ) -> Result<()> {
        let admitted = self.admit(&self.snapshot(), cx, client)?;
        self.check_client_secret(&admitted, secret)?;
        if !admitted.client().revocation {
            return Err(PoolFault::Unauthorized.because("Token revocation is not enabled for this client"));
        }
        if token.expose().matches('.').count() == 2 {
            return Err(PoolFault::UnsupportedToken.because("Only refresh tokens can be revoked"));
        }
        self.end_sign_in_of(cx, admitted, token).await
    }

    /// Ends the sign-in of a refresh token.
    pub(crate) async fn end_sign_in_of(
        self: &Arc<Self>,
        cx: &RequestContext,
        admitted: Admitted,
        token: &Secret<String>,
    ) -> Result<()> {
        let Ok(held) = self.held(&self.snapshot(), &admitted, token.expose()) else { return Ok(()) };
        about(cx, admitted.user_pool(), held.user);
        self.change(cx, move |change| {
            let found = change.state().pool_session(admitted.pool(), held.id).cloned();
            match found {
                Some(session) => end(change, &admitted, &session),
                None => Ok(()),
            }
        })
        .await
    }

    /// The sign-in that a refresh token names, live or not.
    pub(crate) fn held(
        &self,
        state: &Snapshot,
        admitted: &Admitted,
        token: &str,
    ) -> Result<Arc<PoolSession>> {
        let id = open(&self.keyring, admitted, token).ok_or_else(bad)?;
        let session = state.pool_session(admitted.pool(), id);
        session.filter(|session| session.client == admitted.client().id).cloned().ok_or_else(bad)
    }

    /// Mints tokens for a sign-in that stands.
    pub(super) fn issue(
        &self,
        cx: &RequestContext,
        admitted: &Admitted,
        session: &PoolSession,
        refresh: Option<Secret<String>>,
    ) -> Result<IssuedTokens> {
        let state = self.snapshot();
        let ground = PoolGround { state: &state, endpoint: self.issuer_base()? };
        if session.ended || cx.now() >= session.expires {
            return Err(PoolFault::NotAuthorized.because("Refresh Token has expired"));
        }
        let pool = state.user_pool(admitted.pool()).ok_or_else(bad)?;
        let client = state.pool_client(&session.client).ok_or_else(bad)?;
        let user = state.pool_user(&pool.id, session.user).ok_or_else(bad)?;
        may_stay_signed_in(user)?;
        must_have_what_groups_demand(pool, user, session.second_factor)?;
        let on = RestsOn {
            issuer: ground.issuer_of(pool),
            client: client.id.to_string(),
            subject: TokenSubject::User { sub: user.sub.to_string(), username: user.name.to_string() },
            origin_jti: client.revocation.then(|| session.id.to_string()),
        };
        let revoked = || PoolFault::NotAuthorized.because("Refresh Token has been revoked");
        let standing = Standing::check_since(&ground, on, session.iss_rev).map_err(|_| revoked())?;
        let groups = groups_of(&state, pool, user);
        let minter =
            Minter { tokens: &self.tokens, keyring: &self.keyring, entropy: self.entropy(), ground: &ground };
        let (now, event) = (cx.now(), cx.request_id().as_str());
        let grant = Grant {
            algorithm: pool.token_algorithm(&client.id),
            now,
            auth_time: session.started,
            event_id: event,
            groups: &groups.names,
        };
        let readable = user.attributes.iter().filter(|(name, _)| client.may_read(name));
        let attributes = readable.map(|(n, v)| (n.to_owned(), v.to_owned()));
        let attributes: Vec<(String, String)> = attributes.chain(identities(user)).collect();
        let identity = Identity {
            life: life(client.id_token),
            attributes: &attributes,
            roles: &groups.roles,
            preferred_role: groups.preferred.as_deref(),
            nonce: None,
            access_token: None,
        };
        let access_life = life(client.access_token);
        let access = Access { life: access_life, scopes: &session.scopes, by_oidc: false };
        Ok(IssuedTokens {
            id: minter.id_token(&standing, &grant, &identity)?,
            access: minter.access_token(&standing, &grant, &access)?,
            refresh,
            expires_in: i64::from(access_life),
        })
    }
}

/// What a user's groups say in tokens.
pub(crate) struct Groups {
    pub(crate) names: Vec<String>,
    pub(crate) roles: Vec<String>,
    pub(crate) preferred: Option<String>,
}

/// The groups of a user, the one with the lowest precedence first. Its role is preferred, unless another group has the
/// same precedence and another role. Cognito Developer Guide, "Assigning precedence values to groups".
pub(crate) fn groups_of(state: &Snapshot, pool: &UserPool, user: &PoolUser) -> Groups {
    let mut groups: Vec<_> = user.groups.iter().filter_map(|name| state.pool_group(&pool.id, name)).collect();
    groups.sort_by_key(|group| (group.precedence.unwrap_or(u32::MAX), group.name.clone()));
    let mut roles: Vec<String> = groups.iter().filter_map(|group| group.role.clone()).collect();
    let first = groups.first().and_then(|group| group.precedence);
    let mut best = groups.iter().filter(|group| first.is_some() && group.precedence == first);
    let preferred = best.next().and_then(|group| group.role.clone());
    let agreed = best.all(|group| group.role == preferred);
    let names = groups.iter().map(|group| group.name.clone()).collect();
    roles.dedup();
    Groups { names, roles, preferred: preferred.filter(|_| agreed) }
}

pub(crate) fn life(validity: TokenValidity) -> u32 {
    u32::try_from(validity.duration().as_secs()).unwrap_or(3_600)
}

/// What a sign-in ends with, before tokens are made.
pub(super) enum Finished {
    /// A sign-in of an app, with its refresh token.
    Session(Box<PoolSession>, Secret<String>),
    /// A browser with a cookie.
    Browser(NewBrowser),
}

/// Stores a sign-in, at the head: everything that was proved must still hold there.
pub(super) fn finish(change: &mut Change<'_>, admitted: &Admitted, proof: &Proof) -> Result<Finished> {
    let state = change.state();
    if state.pool_session(admitted.pool(), proof.id).is_some() {
        return Err(session::spent());
    }
    let client = state.pool_client(&admitted.client().id).cloned().ok_or_else(wrong_credentials)?;
    let held = state.pool_user(admitted.pool(), proof.user).cloned().ok_or_else(wrong_credentials)?;
    match &proof.provider {
        None => may_sign_in(state, admitted, &held)?,
        Some(vouched) => may_be_vouched_for(state, admitted, &held, vouched, proof.iss_rev)?,
    }
    let same_password = held.password == proof.password;
    let whole = held.status == UserStatus::Confirmed
        || proof.provider.is_some() && held.status == UserStatus::ExternalProvider;
    if !whole || held.min_rev > proof.iss_rev || !same_password {
        return Err(session::spent());
    }
    if let Some(new) = &proof.renewed {
        // Who has one is asked for nothing more.
        super::renewal::store(change, admitted, &held, new.clone())?;
    }
    let shown_outside = proof.provider.as_ref().is_some_and(|vouched| vouched.second_factor);
    let shown_here = match &proof.factor {
        Factor::None => false,
        Factor::SetUp => true,
        Factor::Code(code) => {
            let user = super::software_token::spend_code(change, &held, code)?;
            change.put_own(admitted, Object::PoolUser(Arc::new(user)))?;
            true
        }
        Factor::Passkey(proof) => super::passkey_sign_in::spend(change, admitted, &held, proof)?,
        Factor::Recovery(mac) => {
            let user = super::recovery::spend(change, admitted, &held, mac)?;
            change.put_own(admitted, Object::PoolUser(Arc::new(user)))?;
            true
        }
    };
    let second_factor = shown_here || shown_outside;
    if !second_factor && asks_for_more(change.state(), admitted, &held) {
        return Err(session::spent());
    }
    if let Some(former) = admitted.browser() {
        let by = proof.provider.as_ref().map(|vouched| vouched.provider.clone());
        let new = crate::oauth::Opening { mfa: second_factor, provider: by };
        return crate::oauth::open_browser(change, admitted, &held, new, former.as_deref())
            .map(Finished::Browser);
    }
    let now = change.now();
    let scopes = vec![SELF_SERVICE.to_owned()];
    let (id, user) = (proof.id, held.sub);
    let provider = proof.provider.as_ref().map(|vouched| vouched.provider.clone());
    let start = Start { id, client: &client, user, signed_in: now, second_factor, scopes, provider };
    begin(change, admitted, start).map(|(session, refresh)| Finished::Session(Box::new(session), refresh))
}

/// What a sign-in of an app begins with.
pub(crate) struct Start<'a> {
    /// Its id.
    pub(crate) id: Uuid,
    /// The app client.
    pub(crate) client: &'a PoolClient,
    /// Who.
    pub(crate) user: Uuid,
    /// When they showed who they are.
    pub(crate) signed_in: Timestamp,
    /// Whether they showed a second factor.
    pub(crate) second_factor: bool,
    /// The scopes of its access tokens.
    pub(crate) scopes: Vec<String>,
    /// The provider that vouched for them; none when the pool itself did.
    pub(crate) provider: Option<Box<str>>,
}

/// Stores a sign-in of an app, and draws its refresh token.
pub(crate) fn begin(
    change: &mut Change<'_>,
    admitted: &Admitted,
    start: Start<'_>,
) -> Result<(PoolSession, Secret<String>)> {
    make_room(change, admitted, start.user)?;
    let now = change.now();
    let refresh = draw(&change.app().keyring, change.entropy(), admitted, start.id)?;
    let session = PoolSession {
        pool: admitted.pool().clone(),
        id: start.id,
        user: start.user,
        client: start.client.id.clone(),
        started: start.signed_in,
        begun: Some(now),
        expires: now + start.client.refresh_token.duration(),
        iss_rev: change.revision(),
        current: hash(refresh.expose()),
        previous: None,
        second_factor: start.second_factor,
        ended: false,
        scopes: start.scopes,
        provider: start.provider,
    };
    change.put_own(admitted, Object::PoolSession(Arc::new(session.clone())))?;
    change.made(json!({ "originJti": session.id.to_string() }));
    Ok((session, refresh))
}

/// Whether a second factor is asked of a user now.
fn asks_for_more(state: &Snapshot, admitted: &Admitted, user: &PoolUser) -> bool {
    let Some(pool) = state.user_pool(admitted.pool()) else { return true };
    match pool.mfa_for(user) {
        MfaMode::Off => false,
        MfaMode::Optional => user.asks_for_code() || asks_for_passkey(pool, user),
        MfaMode::On => true,
    }
}

/// A group's demand holds for sign-ins of before too: who joins one must sign in anew to get its tokens.
pub(crate) fn must_have_what_groups_demand(
    pool: &UserPool,
    user: &PoolUser,
    second_factor: bool,
) -> Result<()> {
    if second_factor || !user.groups.iter().any(|group| pool.group_demands_mfa(group)) {
        return Ok(());
    }
    Err(PoolFault::NotAuthorized.because("a group of the user asks for a second factor: sign in again"))
}

/// Forgets sign-ins that are over, and the oldest when there are too many.
fn make_room(change: &mut Change<'_>, admitted: &Admitted, user: Uuid) -> Result<()> {
    let mut sessions: Vec<_> = change.state().pool_sessions_of(admitted.pool(), user).cloned().collect();
    sessions.sort_by_key(|session| session.started);
    let excess = (sessions.len() + 1).saturating_sub(MOST_SESSIONS);
    for (n, session) in sessions.iter().enumerate() {
        if session.is_over(change.cx().now()) || n < excess {
            change.delete_own(admitted, ObjectKey::pool_session(&session.pool, session.id))?;
        }
    }
    Ok(())
}

/// Puts another refresh token in place of the one that was shown. One that was exchanged before ends the sign-in: the
/// change stands, and the caller gets the error inside.
pub(crate) fn rotate(
    change: &mut Change<'_>,
    admitted: &Admitted,
    token: &Secret<String>,
    grace: u32,
) -> Result<Result<(PoolSession, Secret<String>)>> {
    let id = open(&change.app().keyring, admitted, token.expose()).ok_or_else(bad)?;
    let held = change.state().pool_session(admitted.pool(), id).cloned();
    let held = held.filter(|session| session.client == admitted.client().id).ok_or_else(bad)?;
    about(change.cx(), admitted.user_pool(), held.user);
    let now = change.now();
    if held.ended || change.cx().now() >= held.expires {
        return Err(PoolFault::NotAuthorized.because("Refresh Token has expired"));
    }
    let state = change.state();
    let user = state.pool_user(admitted.pool(), held.user);
    let provider = held.provider.as_deref();
    let floor = user.and_then(|user| floor_of_user(state, admitted.user_pool(), user, provider));
    if floor.is_none_or(|floor| floor > held.iss_rev) {
        return Err(PoolFault::NotAuthorized.because("Refresh Token has been revoked"));
    }
    let which = which(&held, token.expose(), change.cx().now());
    if which == Which::Spent {
        let error =
            PoolFault::RefreshTokenReuse.because("Refresh token reuse detected: the sign-in was ended");
        end(change, admitted, &held)?;
        change.refused(&error);
        return Ok(Err(error));
    }
    let refresh = draw(&change.app().keyring, change.entropy(), admitted, id)?;
    let mut session = PoolSession::clone(&held);
    if which == Which::Current {
        let until = now + SignedDuration::from_secs(i64::from(grace));
        session.previous = Some(FormerToken { hash: session.current, until });
    }
    session.current = hash(refresh.expose());
    change.put_own(admitted, Object::PoolSession(Arc::new(session.clone())))?;
    Ok(Ok((session, refresh)))
}

/// Ends a sign-in.
pub(crate) fn end(change: &mut Change<'_>, admitted: &Admitted, session: &PoolSession) -> Result<()> {
    let ended = PoolSession { ended: true, ..session.clone() };
    change.put_own(admitted, Object::PoolSession(Arc::new(ended)))
}

/// Which of a sign-in's refresh tokens one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// The one that is good.
    Current,
    /// The one before, in its time of grace.
    Former,
    /// One that was exchanged.
    Spent,
}

pub(crate) fn which(session: &PoolSession, token: &str, now: Timestamp) -> Which {
    let shown = hash(token);
    let is = |held: &TokenHash| verify_slices_are_equal(&held.0, &shown.0).is_ok();
    if is(&session.current) {
        return Which::Current;
    }
    match &session.previous {
        Some(former) if is(&former.hash) && now < former.until => Which::Former,
        _ => Which::Spent,
    }
}

fn hash(token: &str) -> TokenHash {
    let mut hash = TokenHash([0; 32]);
    hash.0.iter_mut().zip(digest(&SHA256, token.as_bytes()).as_ref()).for_each(|(to, from)| *to = *from);
    hash
}

/// A new refresh token of a sign-in.
fn draw(keyring: &Keyring, entropy: &dyn Entropy, admitted: &Admitted, id: Uuid) -> Result<Secret<String>> {
    let mut plain = [0_u8; 48];
    let (head, tail) = plain.split_at_mut(16);
    head.copy_from_slice(id.as_bytes());
    entropy.fill(tail)?;
    let sealed = keyring.seal(LABEL, &context(admitted), &plain, entropy)?;
    Ok(Secret::new(URL_SAFE_NO_PAD.encode(sealed.as_bytes())))
}

/// The sign-in that a refresh token names; none when it is not one of this client's.
fn open(keyring: &Keyring, admitted: &Admitted, token: &str) -> Option<Uuid> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok().filter(|_| token.len() <= 512)?;
    let plain = keyring.open(LABEL, &context(admitted), &Sealed::from_bytes(bytes))?;
    let (id, _) = plain.expose().split_first_chunk::<16>()?;
    Some(Uuid::from_bytes(*id))
}

fn context(admitted: &Admitted) -> Vec<u8> {
    format!("{}/{}", admitted.pool(), admitted.client().id).into_bytes()
}

/// The error for a refresh token that is not one.
fn bad() -> Error {
    PoolFault::NotAuthorized.because("Invalid Refresh Token")
}
