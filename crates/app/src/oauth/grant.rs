//! Tokens for a grant: the verbs of the token endpoint.
//!
//! A grant is exchanged for a sign-in ([`exchange`]), and tokens are made for that from the newest state; a client that acts
//! for itself has no sign-in. INVARIANT: no token is made for a sign-in that does not stand, or that lacks the second factor
//! its user's groups ask for.

mod exchange;

use std::sync::Arc;

use garita_model::{Error, PoolClient, Secret};

use super::ask;
use super::claims::UserClaims;
use super::client::ProvenClient;
use super::fault::{OAuthCode, OAuthFault};
use crate::App;
use crate::context::RequestContext;
use crate::mint::token::{Access, Grant as Claims, Identity};
use crate::token::{RestsOn, Standing, TokenSubject};
use crate::user_pool::finish::must_have_what_groups_demand;
use crate::user_pool::ground::PoolGround;
use crate::user_pool::tokens::{life, names_sign_in};
pub(super) use exchange::begin_by_code;
use exchange::{Attempt, Begun};

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
                let redirect_uri = redirect_uri.as_deref();
                Box::pin(self.exchange_code(cx, client, &code, redirect_uri, verifier.as_ref())).await?
            }
            Grant::Device { code } => Box::pin(self.exchange_device(cx, client, &code)).await?,
            Grant::Refresh { token, scope } => {
                Box::pin(self.exchange_refresh_token(cx, client, token, scope.as_deref())).await?
            }
        };
        self.user_tokens(cx, client, begun)
    }

    fn client_tokens(
        &self,
        cx: &RequestContext,
        client: &ProvenClient,
        scope: Option<&str>,
    ) -> Attempt<GrantedTokens> {
        needs_flow(client.client(), "client_credentials")?;
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

pub(super) fn needs_flow(client: &PoolClient, flow: &str) -> Attempt<()> {
    if client.oauth && client.oauth_flows.iter().any(|known| known == flow) {
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
