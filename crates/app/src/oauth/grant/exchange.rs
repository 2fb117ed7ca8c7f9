//! What a grant is exchanged for: a sign-in, which tokens are made for.
//!
//! INVARIANT: what a grant rests on is looked at in the transaction that uses it up: a code makes its sign-in there, a
//! device's decision goes as its sign-in comes, a refresh token is exchanged there. A second use of a code, and of a
//! refresh token that was exchanged, ends what came of the first. INVARIANT: a sign-in begins with nothing that was taken from
//! its app client since it was asked for.
//!
//! RFC 6749 sections 4.1.3 and 6; RFC 8628 section 3.4; RFC 9700 section 4.14 for refresh tokens that rotate.

use std::sync::Arc;

use garita_model::user_pool::{DeviceDecision, PoolDevice, PoolFault, PoolUser, TokenHash, Uuid};
use garita_model::{Error, ObjectKey, PoolClient, PoolSession, Result, Secret};
use garita_store::Snapshot;
use jiff::Timestamp;

use super::{gone, needs_flow, undemanded};
use crate::App;
use crate::change::Change;
use crate::context::{Concerned, RequestContext};
use crate::hash;
use crate::oauth::browser;
use crate::oauth::client::ProvenClient;
use crate::oauth::code::CodeBody;
use crate::oauth::fault::{OAuthCode, OAuthFault};
use crate::user_pool::AdmittedClient;
use crate::user_pool::finish::{Start, begin, must_have_what_groups_demand};
use crate::user_pool::ground::{floor_of_user, may_go_on};
use crate::user_pool::refresh::{self, Which, rotate, which};

/// A sign-in that tokens are made for.
pub(in crate::oauth) struct Begun {
    pub(in crate::oauth) session: PoolSession,
    pub(super) user: Arc<PoolUser>,
    pub(super) refresh: Option<Secret<String>>,
    pub(super) nonce: Option<String>,
}

/// Why a transaction gave nothing: refused and undone, or refused with something ended.
pub(in crate::oauth) type Attempt<T> = std::result::Result<T, OAuthFault>;

impl App {
    pub(super) async fn exchange_code(
        self: &Arc<Self>,
        cx: &RequestContext,
        client: &ProvenClient,
        code: &Secret<String>,
        redirect_uri: Option<&str>,
        verifier: Option<&Secret<String>>,
    ) -> Attempt<Begun> {
        needs_flow(client.client(), "code")?;
        let now = cx.now();
        let body = self.open_code(client.pool(), client.client(), code, redirect_uri, verifier, now)?;
        let admitted = client.admitted().clone();
        self.attempt(cx, client, move |change| {
            begin_by_code(change, &admitted, body).map(|attempt| attempt.map(|begun| (begun, ())))
        })
        .await
        .map(|(begun, ())| begun)
    }

    pub(super) async fn exchange_device(
        self: &Arc<Self>,
        cx: &RequestContext,
        client: &ProvenClient,
        code: &Secret<String>,
    ) -> Attempt<Begun> {
        let (code, now) = (hash::of(code.expose()), cx.now());
        let place = PoolDevice::place(&client.pool().id, &code);
        let state = self.snapshot();
        let held = state.get::<PoolDevice>(client.pool().account, &place);
        let held = held.filter(|held| held.client == client.client().id);
        let held = held.ok_or_else(|| OAuthCode::InvalidGrant.because("the device code is not known"))?;
        if held.is_over(now) {
            return Err(OAuthCode::ExpiredToken.because("the device code has run out: ask for another one"));
        }
        match held.decision {
            DeviceDecision::Pending => return Err(self.not_yet(&code, now)),
            DeviceDecision::Denied => {
                return Err(OAuthCode::AccessDenied.because("the person at the browser said no"));
            }
            DeviceDecision::Allowed { .. } => {}
        }
        self.polls.forget(&code);
        let admitted = client.admitted().clone();
        self.attempt(cx, client, move |change| {
            let pool = admitted.user_pool();
            let gone = || Ok(Err(OAuthCode::InvalidGrant.because("the device code was used before")));
            let Some(held) = change.state().get::<PoolDevice>(pool.account, &place).cloned() else {
                return gone();
            };
            let DeviceDecision::Allowed { user, signed_in, second_factor, iss_rev, provider } =
                held.decision.clone()
            else {
                return gone();
            };
            let user = change.state().pool_user(&pool.id, user).cloned();
            let stands = |user: &Arc<PoolUser>| {
                let floor = floor_of_user(change.state(), pool, user, provider.as_deref());
                floor.is_some_and(|floor| iss_rev >= floor)
            };
            let Some(user) = user.filter(stands) else {
                return Ok(Err(OAuthCode::InvalidGrant.because("who allowed the device is signed out")));
            };
            if let Err(error) = must_have_what_groups_demand(pool, &user, second_factor) {
                return Ok(Err(undemanded(&error)));
            }
            let client = match still_may(change.state(), &admitted, provider.as_deref(), &held.scopes) {
                Ok(client) => client,
                Err(fault) => return Ok(Err(fault)),
            };
            change.delete_own(&admitted, ObjectKey::plain(held.as_ref()))?;
            let (id, scopes) = (Uuid::draw(change.entropy())?, held.scopes.clone());
            let start =
                Start { id, client: &client, user: user.sub, signed_in, second_factor, scopes, provider };
            let (session, refresh) = begin(change, &admitted, start)?;
            Ok(Ok((Begun { session, user, refresh: Some(refresh), nonce: None }, ())))
        })
        .await
        .map(|(begun, ())| begun)
    }

    /// What a device is told about which nobody has decided.
    fn not_yet(&self, device: &TokenHash, now: Timestamp) -> OAuthFault {
        match self.polls.ask(device, now) {
            None => OAuthCode::AuthorizationPending
                .because("nobody has decided yet: ask again after the interval that came with the codes"),
            Some(wait) => {
                let text = format!("the device asks too often: wait {} seconds from now on", wait.as_secs());
                OAuthCode::SlowDown.because(text)
            }
        }
    }

    pub(super) async fn exchange_refresh_token(
        self: &Arc<Self>,
        cx: &RequestContext,
        client: &ProvenClient,
        token: Secret<String>,
        scope: Option<&str>,
    ) -> Attempt<Begun> {
        let refused = |error: Error| match error {
            Error::Rejected { .. } => {
                OAuthCode::InvalidGrant.because("the refresh token is not known, has run out or was revoked")
            }
            error => OAuthFault::from(&error),
        };
        let (admitted, rotation) = (client.admitted().clone(), client.client().rotation);
        let held = self.held(&self.snapshot(), &admitted, token.expose()).map_err(refused)?;
        let which = which(&held, token.expose(), cx.now());
        if rotation.is_none() && (which != Which::Current || held.ended || cx.now() >= held.expires) {
            return Err(refused(PoolFault::NotAuthorized.because("not good")));
        }
        if which != Which::Spent && !may_go_on(client.client(), &held) {
            let text = "what this sign-in was for was taken from the app client: sign in again";
            return Err(OAuthCode::InvalidGrant.because(text));
        }
        let scopes = narrowed(&held.scopes, scope);
        if which != Which::Spent {
            // Before the exchange: a token that gets nothing is not used up. One that was exchanged before goes on, because
            // its sign-in ends whatever it asks for.
            scopes.as_ref().map_err(Clone::clone)?;
        }
        let (mut session, refresh) = match rotation {
            None => (PoolSession::clone(&held), None),
            Some(grace) => {
                let exchanged = self.change(cx, move |change| rotate(change, &admitted, &token, grace)).await;
                let (session, refresh) = exchanged.and_then(|inner| inner).map_err(refused)?;
                (session, Some(refresh))
            }
        };
        session.scopes = scopes?;
        let user = self.snapshot().pool_user(&session.pool, session.user).cloned().ok_or_else(gone)?;
        Ok(Begun { session, user, refresh, nonce: None })
    }

    /// Runs a transaction that may refuse and yet end something.
    pub(in crate::oauth) async fn attempt<T: Send + 'static>(
        self: &Arc<Self>,
        cx: &RequestContext,
        client: &ProvenClient,
        work: impl FnOnce(&mut Change<'_>) -> Result<Attempt<(Begun, T)>> + Send + 'static,
    ) -> Attempt<(Begun, T)> {
        let (account, pool) = (client.pool().account, client.pool().id.to_string());
        let inside = cx.clone();
        let done = self.change(cx, move |change| {
            let attempt = work(change)?;
            match &attempt {
                Ok((begun, _)) => {
                    let sub = Some(begun.user.sub.to_string());
                    inside.concerns(Concerned { account, pool, sub });
                }
                Err(fault) => change.refused(&PoolFault::NotAuthorized.because(fault.text.as_str())),
            }
            Ok(attempt)
        });
        done.await.unwrap_or_else(|error| Err(OAuthFault::from(&error)))
    }
}

/// Begins the sign-in that a code stands for; a second use of the code ends it.
pub(in crate::oauth) fn begin_by_code(
    change: &mut Change<'_>,
    admitted: &AdmittedClient,
    body: CodeBody,
) -> Result<Attempt<Begun>> {
    let now = change.cx().now();
    let pool = admitted.user_pool();
    if let Some(used) = change.state().pool_session(&pool.id, body.session).cloned() {
        return end(change, admitted, &used, "the code was used before: what came of it is ended");
    }
    let who = browser::find(change.state(), &pool.id, body.browser, now);
    let Some(who) = who.filter(|who| who.user.sub == body.user) else {
        return Ok(Err(OAuthCode::InvalidGrant.because("the sign-in the code came of has ended")));
    };
    let client = match still_may(change.state(), admitted, who.browser.provider.as_deref(), &body.scopes) {
        Ok(client) => client,
        Err(fault) => return Ok(Err(fault)),
    };
    let start = Start {
        id: body.session,
        client: &client,
        user: who.user.sub,
        signed_in: body.signed_in,
        second_factor: body.second_factor,
        scopes: body.scopes,
        provider: who.browser.provider.clone(),
    };
    let (session, refresh) = begin(change, admitted, start)?;
    Ok(Ok(Begun { session, user: who.user, refresh: Some(refresh), nonce: body.nonce }))
}

/// The app client, if it may be given now what somebody signed in for.
fn still_may(
    state: &Snapshot,
    admitted: &AdmittedClient,
    provider: Option<&str>,
    scopes: &[String],
) -> Attempt<Arc<PoolClient>> {
    let client = state.pool_client(&admitted.client().id).ok_or_else(gone)?;
    needs_flow(client, "code")?;
    if !client.takes(provider.unwrap_or(PoolClient::OWN)) {
        let text = "the app client does not take people of who vouched for this sign-in any more";
        return Err(OAuthCode::InvalidGrant.because(text));
    }
    match scopes.iter().find(|scope| !client.oauth_scopes.contains(scope)) {
        None => Ok(Arc::clone(client)),
        Some(scope) => Err(OAuthCode::InvalidGrant
            .because(format!("scope `{scope}` was taken from the app client: sign in again without it"))),
    }
}

/// Ends a sign-in because of what was shown a second time.
fn end<T>(
    change: &mut Change<'_>,
    admitted: &AdmittedClient,
    held: &PoolSession,
    text: &str,
) -> Result<Attempt<T>> {
    refresh::end(change, admitted, held)?;
    Ok(Err(OAuthCode::InvalidGrant.because(text)))
}

/// Some of the scopes there are: RFC 6749 section 6.
fn narrowed(held: &[String], asked: Option<&str>) -> Attempt<Vec<String>> {
    let Some(asked) = asked else { return Ok(held.to_vec()) };
    let asked: Vec<String> = asked.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect();
    match asked.iter().find(|scope| !held.contains(scope)) {
        Some(scope) => {
            Err(OAuthCode::InvalidScope.because(format!("scope `{scope}` was not granted at the sign-in")))
        }
        None => Ok(asked),
    }
}
