//! Signing in at an API stage: the stage is an app of the pool like any other, but in the same process.
//!
//! It asks with a code and a proof key, so what is true of other apps is true of it: the address it returns to is one
//! that its app client has registered, a code is good once, and one that is shown twice ends what came of it. It keeps no
//! tokens: a [`StageSession`] names the sign-in instead. INVARIANT: such a session stands only as long as the browser's
//! session at the pool and the sign-in both do.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_model::user_pool::{ClientId, PoolBrowser, PoolClient, UserPool};
use garita_model::{ObjectKey, Plain as _, PoolSession, Result, Secret, StageSession};
use garita_store::Snapshot;
use jiff::Timestamp;
use serde_json::json;

use super::ask::{Ask, AskFault, RawAsk};
use super::browser::{self, SignedIn};
use super::client::ProvenClient;
use super::fault::{OAuthCode, OAuthFault};
use super::grant::begin_by_code;
use crate::App;
use crate::authn::AcceptedPool;
use crate::change::Change;
use crate::context::RequestContext;
use crate::hash;
use crate::user_pool::{AdmittedClient, refresh};

/// Somebody who is signed in at a stage.
pub struct AtStage {
    pub(crate) session: Arc<StageSession>,
    pub(crate) who: SignedIn,
    pub(crate) sign_in: Arc<PoolSession>,
}

impl AtStage {
    /// Who is signed in at the pool.
    pub fn who(&self) -> &SignedIn {
        &self.who
    }
}

/// Where a stage sends a browser to sign in.
pub struct SignInPlace {
    /// The issuer of the pool, which also is where its endpoints are.
    pub issuer: String,
    /// The app client.
    pub client: ClientId,
    /// What for.
    pub scope: Option<&'static str>,
}

/// A code that a browser came back with.
pub struct CodeBack {
    /// The code.
    pub code: Secret<String>,
    /// The address it came to.
    pub redirect_uri: String,
    /// What the challenge was made of.
    pub verifier: Secret<String>,
}

impl App {
    /// Where people sign in for a pool's door, if its app client is fit for that.
    ///
    /// # Errors
    /// What is wrong with the client, for whoever set it up.
    pub fn sign_in_place(&self, accepted: &AcceptedPool, redirect_uri: &str) -> Result<SignInPlace, String> {
        let pool = &accepted.id;
        let (held, client) = self.sign_in_client(&self.snapshot(), accepted).ok_or_else(|| {
            format!(
                "the user pool `{pool}` does not exist, or has no app client of the id in `sign_in_client`"
            )
        })?;
        let openid = client.oauth_scopes.iter().any(|scope| scope == "openid");
        let scope = openid.then_some("openid");
        let raw = RawAsk {
            client_id: Some(client.id.to_string()),
            redirect_uri: Some(redirect_uri.to_owned()),
            response_type: Some("code".to_owned()),
            scope: scope.map(str::to_owned),
            code_challenge: Some("A".repeat(43)),
            code_challenge_method: Some("S256".to_owned()),
            ..RawAsk::default()
        };
        let id = &client.id;
        Ask::check(raw, &client).map_err(|fault| match fault {
            AskFault::Redirect(uri) => {
                format!("the app client `{id}` does not have the callback URL `{uri}`: add it to its `CallbackURLs`")
            }
            AskFault::Told(told) => format!("the app client `{id}` cannot sign people in: {}", told.fault.text),
            AskFault::ClientClosed | AskFault::UnknownClient | AskFault::NoRedirect => format!(
                "the app client `{id}` is not open to browsers: set `AllowedOAuthFlowsUserPoolClient`, the OAuth flow \
                 `code` and the identity provider `COGNITO` for it"
            ),
        })?;
        let base = self.issuer_base().map_err(|error| error.to_string())?;
        Ok(SignInPlace { issuer: format!("{base}/{}", held.id), client: client.id.clone(), scope })
    }

    fn sign_in_client(
        &self,
        state: &Snapshot,
        accepted: &AcceptedPool,
    ) -> Option<(Arc<UserPool>, Arc<PoolClient>)> {
        let pool = state.user_pool(&accepted.id)?;
        let client = state.pool_client(accepted.sign_in.as_ref()?)?;
        (client.pool == pool.id).then(|| (Arc::clone(pool), Arc::clone(client)))
    }

    /// Opens a browser's session at a stage, in place of what its former cookie stood for; answers the new cookie.
    ///
    /// # Errors
    /// `invalid_grant` for a code that is not good; `server_error` when something broke.
    pub async fn open_stage_session(
        self: &Arc<Self>,
        cx: &RequestContext,
        api: &str,
        accepted: &AcceptedPool,
        back: CodeBack,
        former: Option<&str>,
    ) -> Result<Secret<String>, OAuthFault> {
        let gone = || OAuthCode::InvalidClient.because("the app client of this stage is gone");
        let state = self.snapshot();
        let (pool, client) = self.sign_in_client(&state, accepted).ok_or_else(gone)?;
        let admitted = self.admit(&state, cx, &client.id).map_err(|_| gone())?;
        let proven = ProvenClient::of(admitted.clone());
        let (uri, verifier) = (Some(back.redirect_uri.as_str()), Some(&back.verifier));
        let body = self.open_code(&pool, &client, &back.code, uri, verifier, cx.now())?;
        let (browser, api, former) = (body.browser, api.to_owned(), former.map(hash::of));
        self.attempt(cx, &proven, move |change| {
            let begun = match begin_by_code(change, &admitted, body)? {
                Ok(begun) => begun,
                Err(fault) => return Ok(Err(fault)),
            };
            if let Some(former) = former {
                let place = StageSession::place(&pool.id, &api, &former);
                if let Some(held) = change.state().get::<StageSession>(pool.account, &place).cloned() {
                    end(change, &admitted, &held)?;
                }
            }
            let mut bytes = [0_u8; 32];
            change.entropy().fill(&mut bytes)?;
            let cookie = Secret::new(URL_SAFE_NO_PAD.encode(bytes));
            let session = StageSession {
                account: pool.account,
                pool: pool.id.clone(),
                api,
                cookie: hash::of(cookie.expose()),
                browser,
                sign_in: begun.session.id,
            };
            change.put_own(&admitted, session.into_object())?;
            Ok(Ok((begun, cookie)))
        })
        .await
        .map(|(_, cookie)| cookie)
    }

    /// Who is signed in at a stage with a browser that brings a cookie.
    pub fn signed_in_at_stage(
        &self,
        api: &str,
        accepted: &AcceptedPool,
        cookie: &str,
        now: Timestamp,
    ) -> Option<AtStage> {
        find(&self.snapshot(), api, accepted, cookie, now)
    }

    /// Signs a browser out: at the stage, at the pool, and of what it signed in to for the stage. A cookie that stands for
    /// nothing is as good as ended.
    ///
    /// # Errors
    /// `Unavailable` when the store cannot keep it.
    pub async fn end_stage_session(
        self: &Arc<Self>,
        cx: &RequestContext,
        api: &str,
        accepted: &AcceptedPool,
        cookie: &str,
    ) -> Result<()> {
        let state = self.snapshot();
        let Some((pool, client)) = self.sign_in_client(&state, accepted) else { return Ok(()) };
        let place = StageSession::place(&pool.id, api, &hash::of(cookie));
        // Whether or not it stands: the browser may still be signed in at the pool.
        let Some(held) = state.get::<StageSession>(pool.account, &place).cloned() else { return Ok(()) };
        let admitted = self.admit(&state, cx, &client.id)?;
        self.change(cx, move |change| {
            change.made(json!({ "userPoolId": pool.id.as_str() }));
            end(change, &admitted, &held)?;
            let browser = PoolBrowser::place(&pool.id, &held.browser);
            if let Some(browser) = change.state().get::<PoolBrowser>(pool.account, &browser).cloned() {
                change.end_browser(PoolBrowser::clone(&browser));
            }
            Ok(())
        })
        .await
    }
}

/// Ends a session with the sign-in it names, which no app has tokens of.
fn end(change: &mut Change<'_>, admitted: &AdmittedClient, session: &StageSession) -> Result<()> {
    change.forget(ObjectKey::plain(session));
    match change.state().pool_session(&session.pool, session.sign_in).cloned() {
        Some(sign_in) => refresh::end(change, admitted, &sign_in),
        None => Ok(()),
    }
}

/// Who is signed in at a stage, if everything it rests on stands.
pub(crate) fn find(
    state: &Snapshot,
    api: &str,
    accepted: &AcceptedPool,
    cookie: &str,
    now: Timestamp,
) -> Option<AtStage> {
    let (pool, account) = (&accepted.id, state.user_pool(&accepted.id)?.account);
    let place = StageSession::place(pool, api, &hash::of(cookie));
    let session = state.get::<StageSession>(account, &place)?;
    let who = browser::find(state, pool, session.browser, now)?;
    let sign_in = state.pool_session(pool, session.sign_in)?;
    let stands = !sign_in.ended
        && now < sign_in.expires
        && sign_in.user == who.user.sub
        && accepted.sign_in.as_ref() == Some(&sign_in.client);
    stands.then(|| AtStage { session: Arc::clone(session), who, sign_in: Arc::clone(sign_in) })
}

/// What can be forgotten of a session: all of it when what it rests on is gone. A sign-in that was ended is kept for a while
/// by a rule of its own: [`PoolSession::is_over`].
pub(super) fn over(state: &Snapshot, session: &StageSession, now: Timestamp) -> Vec<ObjectKey> {
    let sign_in = state.pool_session(&session.pool, session.sign_in).filter(|sign_in| !sign_in.ended);
    let alive = sign_in.is_some_and(|sign_in| now < sign_in.expires);
    if alive && browser::find(state, &session.pool, session.browser, now).is_some() {
        return Vec::new();
    }
    let sign_in = sign_in.map(|sign_in| ObjectKey::pool_session(&sign_in.pool, sign_in.id));
    std::iter::once(ObjectKey::plain(session)).chain(sign_in).collect()
}
