//! Refresh tokens: what they name, exchange them, end what they stand for.
//!
//! A refresh token is a sealed name of its sign-in with some randomness; what is stored is its SHA-256. INVARIANT:
//! where refresh tokens rotate, one that was exchanged and is shown again ends the sign-in, for whoever holds it, with
//! all that came of it.
//!
//! In the time of grace that a client gives them, it is exchanged again all the same: its reply may have been lost, or two
//! tabs of a browser hold it. Nobody can tell which, so each exchange begins a branch that goes on by itself, and none ends
//! another. What keeps the detection: the time of grace counts from the first exchange and no retry makes it longer, a
//! sign-in has few branches ([`PoolSession::MOST_BRANCHES`]) and one end.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_model::user_pool::{AuthFlow, ClientId, PoolFault, TokenHash, Uuid};
use garita_model::{Entropy, Error, Object, PoolSession, Result, Sealed, Secret};
use garita_store::Snapshot;
use jiff::{SignedDuration, Timestamp};

use super::finish::must_have_what_groups_demand;
use super::ground::{floor_of_user, may_go_on};
use super::tokens::IssuedTokens;
use super::user::about;
use super::{AdmittedClient, invalid};
use crate::App;
use crate::change::Change;
use crate::context::RequestContext;
use crate::hash;
use crate::keyring::Keyring;

const LABEL: &str = "pool-refresh-token/1";

impl App {
    /// `REFRESH_TOKEN_AUTH`.
    pub(super) fn refresh_by_flow(
        &self,
        cx: &RequestContext,
        admitted: &AdmittedClient,
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
        admitted: AdmittedClient,
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
        admitted: &AdmittedClient,
        token: &str,
    ) -> Result<Arc<PoolSession>> {
        let id = open(&self.keyring, admitted, token).ok_or_else(bad)?;
        let session = state.pool_session(admitted.pool(), id);
        session.filter(|session| session.client == admitted.client().id).cloned().ok_or_else(bad)
    }
}

/// Puts another refresh token in place of the one that was shown. One that was exchanged before ends the sign-in: the
/// change stands, and the caller gets the error inside.
pub(crate) fn rotate(
    change: &mut Change<'_>,
    admitted: &AdmittedClient,
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
    if !state.pool_client(&held.client).is_some_and(|client| may_go_on(client, &held)) {
        return Err(PoolFault::NotAuthorized.because("Refresh Token has been revoked"));
    }
    let user = state.pool_user(admitted.pool(), held.user);
    let provider = held.provider.as_deref();
    let floor = user.and_then(|user| floor_of_user(state, admitted.user_pool(), user, provider));
    if floor.is_none_or(|floor| floor > held.iss_rev) {
        return Err(PoolFault::NotAuthorized.because("Refresh Token has been revoked"));
    }
    if let Some(user) = user {
        // Before the exchange: a token that gets nothing is not used up.
        must_have_what_groups_demand(admitted.user_pool(), user, held.second_factor)?;
    }
    let refresh = draw(&change.app().keyring, change.entropy(), admitted, id)?;
    let mut session = PoolSession::clone(&held);
    let (shown, new) = (hash::of(token.expose()), hash::of(refresh.expose()));
    match which(&held, token.expose(), change.cx().now()) {
        Which::Current => session.exchange(shown, new, now, SignedDuration::from_secs(i64::from(grace))),
        Which::Former => session.branch(new),
        Which::Spent => {
            let error =
                PoolFault::RefreshTokenReuse.because("Refresh token reuse detected: the sign-in was ended");
            end(change, admitted, &held)?;
            change.refused(&error);
            return Ok(Err(error));
        }
    }
    change.put_own(admitted, Object::PoolSession(Arc::new(session.clone())))?;
    Ok(Ok((session, refresh)))
}

/// Ends a sign-in.
pub(crate) fn end(change: &mut Change<'_>, admitted: &AdmittedClient, session: &PoolSession) -> Result<()> {
    let ended = PoolSession { ended: true, ..session.clone() };
    change.put_own(admitted, Object::PoolSession(Arc::new(ended)))
}

/// Which of a sign-in's refresh tokens one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// One that is good: the newest of a branch.
    Current,
    /// One that was exchanged, in its time of grace.
    Former,
    /// One that was exchanged, and is good no more.
    Spent,
}

pub(crate) fn which(session: &PoolSession, token: &str, now: Timestamp) -> Which {
    let shown = hash::of(token);
    let is = |held: &TokenHash| verify_slices_are_equal(&held.0, &shown.0).is_ok();
    if session.is_newest(is) {
        return Which::Current;
    }
    match session.former.iter().any(|former| is(&former.hash) && now < former.until) {
        true => Which::Former,
        false => Which::Spent,
    }
}

/// A new refresh token of a sign-in.
pub(super) fn draw(
    keyring: &Keyring,
    entropy: &dyn Entropy,
    admitted: &AdmittedClient,
    id: Uuid,
) -> Result<Secret<String>> {
    let mut plain = [0_u8; 48];
    let (head, tail) = plain.split_at_mut(16);
    head.copy_from_slice(id.as_bytes());
    entropy.fill(tail)?;
    let sealed = keyring.seal(LABEL, &context(admitted), &plain, entropy)?;
    Ok(Secret::new(URL_SAFE_NO_PAD.encode(sealed.as_bytes())))
}

/// The sign-in that a refresh token names; none when it is not one of this client's.
fn open(keyring: &Keyring, admitted: &AdmittedClient, token: &str) -> Option<Uuid> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok().filter(|_| token.len() <= 512)?;
    let plain = keyring.open(LABEL, &context(admitted), &Sealed::from_bytes(bytes))?;
    let (id, _) = plain.expose().split_first_chunk::<16>()?;
    Some(Uuid::from_bytes(*id))
}

fn context(admitted: &AdmittedClient) -> Vec<u8> {
    format!("{}/{}", admitted.pool(), admitted.client().id).into_bytes()
}

/// The error for a refresh token that is not one.
pub(super) fn bad() -> Error {
    PoolFault::NotAuthorized.because("Invalid Refresh Token")
}
