//! Tokens for a grant: the verbs of the token endpoint.
//!
//! INVARIANT: what a grant rests on is looked at in the transaction that uses it up: a code makes its sign-in there, a
//! device's decision goes as its sign-in comes, a refresh token is exchanged there. A second use of a code, and of a
//! refresh token that was exchanged, ends what came of the first.

use std::sync::Arc;

use garita_model::user_pool::{DeviceDecision, PoolDevice, PoolFault, PoolUser, Uuid};
use garita_model::{Error, ObjectKey, PoolSession, Result, Secret};

use super::ask;
use super::browser;
use super::claims::UserClaims;
use super::client::ProvenClient;
use super::code::CodeBody;
use super::fault::{OAuthCode, OAuthFault};
use crate::App;
use crate::change::Change;
use crate::context::{Concerned, RequestContext};
use crate::hash;
use crate::mint::token::{Access, Grant as Claims, Identity};
use crate::token::{RestsOn, Standing, TokenSubject};
use crate::user_pool::AdmittedClient;
use crate::user_pool::finish::{Start, begin, must_have_what_groups_demand};
use crate::user_pool::ground::{PoolGround, floor_of_user};
use crate::user_pool::refresh::{self, Which, rotate, which};
use crate::user_pool::tokens::{life, names_sign_in};

/// What a client has to get tokens for.
pub enum Grant {
    /// An authorization code.
    Code {
        /// The code.
        code: Secret<String>,
        /// The address it was asked for with.
        redirect_uri: Option<String>,
        /// What its challenge was made of.
        verifier: Option<Secret<String>>,
    },
    /// A refresh token.
    Refresh {
        /// The token.
        token: Secret<String>,
        /// Some of its scopes.
        scope: Option<String>,
    },
    /// The client itself.
    Client {
        /// What for.
        scope: Option<String>,
    },
    /// A device's code.
    Device {
        /// The code.
        code: Secret<String>,
    },
}

/// What a client gets.
pub struct GrantedTokens {
    /// The access token.
    pub access: Secret<String>,
    /// The id token, when `openid` was asked for.
    pub id: Option<Secret<String>>,
    /// A refresh token, when there is a new one.
    pub refresh: Option<Secret<String>>,
    /// Seconds the access token is good for.
    pub life: u32,
    /// What it allows.
    pub scopes: Vec<String>,
}

/// A sign-in that tokens are made for.
pub(super) struct Begun {
    pub(super) session: PoolSession,
    user: Arc<PoolUser>,
    refresh: Option<Secret<String>>,
    nonce: Option<String>,
}

/// Why a transaction gave nothing: refused and undone, or refused with something ended.
pub(super) type Attempt<T> = std::result::Result<T, OAuthFault>;

impl App {
    /// Gives tokens for a grant.
    ///
    /// # Errors
    /// The errors of RFC 6749 section 5.2, and of RFC 8628 section 3.5 for a device.
    pub async fn grant(
        self: &Arc<Self>,
        cx: &RequestContext,
        client: &ProvenClient,
        grant: Grant,
    ) -> Attempt<GrantedTokens> {
        let begun = match grant {
            Grant::Client { scope } => return self.client_tokens(cx, client, scope.as_deref()),
            Grant::Code { code, redirect_uri, verifier } => {
                self.exchange_code(cx, client, &code, redirect_uri.as_deref(), verifier.as_ref()).await?
            }
            Grant::Device { code } => self.exchange_device(cx, client, &code).await?,
            Grant::Refresh { token, scope } => self.refresh(cx, client, token, scope.as_deref()).await?,
        };
        self.user_tokens(cx, client, begun)
    }

    async fn exchange_code(
        self: &Arc<Self>,
        cx: &RequestContext,
        client: &ProvenClient,
        code: &Secret<String>,
        redirect_uri: Option<&str>,
        verifier: Option<&Secret<String>>,
    ) -> Attempt<Begun> {
        needs_flow(client, "code")?;
        let now = cx.now();
        let body = self.open_code(client.pool(), client.client(), code, redirect_uri, verifier, now)?;
        let admitted = client.admitted().clone();
        self.attempt(cx, client, move |change| {
            begin_by_code(change, &admitted, body).map(|attempt| attempt.map(|begun| (begun, ())))
        })
        .await
        .map(|(begun, ())| begun)
    }

    async fn exchange_device(
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
            DeviceDecision::Pending => {
                return Err(OAuthCode::AuthorizationPending
                    .because("nobody has decided yet: ask again in some seconds"));
            }
            DeviceDecision::Denied => {
                return Err(OAuthCode::AccessDenied.because("the person at the browser said no"));
            }
            DeviceDecision::Allowed { .. } => {}
        }
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
            change.delete_own(&admitted, ObjectKey::plain(held.as_ref()))?;
            let scopes = held.scopes.clone();
            let id = Uuid::draw(change.entropy())?;
            let (client, user_id) = (admitted.client(), user.sub);
            let start = Start { id, client, user: user_id, signed_in, second_factor, scopes, provider };
            let (session, refresh) = begin(change, &admitted, start)?;
            Ok(Ok((Begun { session, user, refresh: Some(refresh), nonce: None }, ())))
        })
        .await
        .map(|(begun, ())| begun)
    }

    async fn refresh(
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
    pub(super) async fn attempt<T: Send + 'static>(
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

    fn client_tokens(
        &self,
        cx: &RequestContext,
        client: &ProvenClient,
        scope: Option<&str>,
    ) -> Attempt<GrantedTokens> {
        needs_flow(client, "client_credentials")?;
        if client.client().secret.is_none() {
            return Err(
                OAuthCode::UnauthorizedClient.because("an app client without a secret cannot act for itself")
            );
        }
        let scopes = ask::scopes(scope, client.client())?;
        let (state, broken) = (self.snapshot(), |error: Error| OAuthFault::from(&error));
        let ground = PoolGround { state: &state, endpoint: self.issuer_base().map_err(broken)? };
        let on = RestsOn {
            issuer: ground.issuer_of(client.pool()),
            client: client.client().id.to_string(),
            subject: TokenSubject::Client,
            origin_jti: None,
        };
        let standing = Standing::check(&ground, on).map_err(|_| gone())?;
        let lasts = life(client.client().access_token);
        let now = cx.now();
        let claims = Claims {
            algorithm: client.pool().token_algorithm(&client.client().id),
            now,
            auth_time: now,
            event_id: cx.request_id().as_str(),
            groups: &[],
        };
        let access = Access { life: lasts, scopes: &scopes, by_oidc: true };
        let access = self.minter(&ground).access_token(&standing, &claims, &access);
        let access = access.map_err(broken)?;
        Ok(GrantedTokens { access, id: None, refresh: None, life: lasts, scopes })
    }

    fn user_tokens(
        &self,
        cx: &RequestContext,
        client: &ProvenClient,
        begun: Begun,
    ) -> Attempt<GrantedTokens> {
        let Begun { session, user, refresh, nonce } = begun;
        let (state, held) = (self.snapshot(), client.client());
        let broken = |error: Error| OAuthFault::from(&error);
        let ground = PoolGround { state: &state, endpoint: self.issuer_base().map_err(broken)? };
        let on = RestsOn {
            issuer: ground.issuer_of(client.pool()),
            client: held.id.to_string(),
            subject: TokenSubject::User { sub: user.sub.to_string(), username: user.name.to_string() },
            origin_jti: names_sign_in(held, &session).then(|| session.id.to_string()),
        };
        let standing = Standing::check_since(&ground, on, session.iss_rev).map_err(|_| gone())?;
        must_have_what_groups_demand(client.pool(), &user, session.second_factor)
            .map_err(|error| undemanded(&error))?;
        let said = UserClaims::of(&state, client.pool(), held, &user, &session.scopes);
        let origin = session.id.to_string();
        let claims = Claims {
            algorithm: client.pool().token_algorithm(&held.id),
            now: cx.now(),
            auth_time: session.started,
            event_id: &origin,
            groups: &said.groups.names,
        };
        let (minter, lasts) = (self.minter(&ground), life(held.access_token));
        let access = Access { life: lasts, scopes: &session.scopes, by_oidc: true };
        let access = minter.access_token(&standing, &claims, &access).map_err(broken)?;
        let openid = session.scopes.iter().any(|scope| scope == "openid");
        let id = openid.then(|| {
            let identity = Identity {
                life: life(held.id_token),
                attributes: &said.attributes,
                roles: &said.groups.roles,
                preferred_role: said.groups.preferred.as_deref(),
                nonce: nonce.as_deref(),
                access_token: Some(&access),
            };
            minter.id_token(&standing, &claims, &identity)
        });
        let id = id.transpose().map_err(broken)?;
        Ok(GrantedTokens { access, id, refresh, life: lasts, scopes: session.scopes })
    }
}

/// Begins the sign-in that a code stands for; a second use of the code ends it.
pub(super) fn begin_by_code(
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
    let start = Start {
        id: body.session,
        client: admitted.client(),
        user: who.user.sub,
        signed_in: body.signed_in,
        second_factor: body.second_factor,
        scopes: body.scopes,
        provider: who.browser.provider.clone(),
    };
    let (session, refresh) = begin(change, admitted, start)?;
    Ok(Ok(Begun { session, user: who.user, refresh: Some(refresh), nonce: body.nonce }))
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

fn needs_flow(client: &ProvenClient, flow: &str) -> Attempt<()> {
    let held = client.client();
    if held.oauth && held.oauth_flows.iter().any(|known| known == flow) {
        return Ok(());
    }
    Err(OAuthCode::UnauthorizedClient
        .because(format!("the app client does not have the OAuth flow `{flow}`: allow it for the client")))
}

/// Who joined a group that asks for a second factor since must sign in anew.
fn undemanded(error: &Error) -> OAuthFault {
    OAuthCode::InvalidGrant.because(error.to_string())
}

fn gone() -> OAuthFault {
    OAuthCode::InvalidGrant.because("the user or the app client is gone, disabled or signed out")
}
