//! What is told of a token to those who may ask: userinfo (OpenID Connect Core section 5.3), introspection (RFC 7662),
//! and the end of a refresh token (RFC 7009).

use std::sync::Arc;

use garita_model::user_pool::{PoolId, Uuid};
use garita_model::{Secret, TokenUse};
use serde_json::{Map, Value, json};

use super::claims::UserClaims;
use super::client::ProvenClient;
use super::fault::{OAuthCode, OAuthFault};
use crate::App;
use crate::context::{Concerned, RequestContext};
use crate::token::{Audience, Expected, TokenSubject, Verified};
use crate::user_pool::ground::{PoolGround, floor_of};
use crate::user_pool::refresh::{Which, which};

impl App {
    /// Tells about the user an access token is for.
    ///
    /// # Errors
    /// `invalid_token`; `insufficient_scope` without `openid`.
    pub fn oidc_user_info(
        &self,
        cx: &RequestContext,
        pool: Option<&str>,
        token: &Secret<String>,
    ) -> Result<Value, OAuthFault> {
        let refused = |text: &str| OAuthCode::InvalidToken.because(text);
        let state = self.snapshot();
        let base = self.issuer_base().map_err(|error| OAuthFault::from(&error))?;
        let ground = PoolGround { state: &state, endpoint: base };
        let expected = Expected { usage: TokenUse::Access, pool, audience: Audience::AnyClient };
        let verified = self
            .tokens()
            .verify(&ground, token.expose(), &expected, cx.now())
            .map_err(|error| refused(&error.to_string()))?;
        let TokenSubject::User { sub, username } = &verified.on.subject else {
            return Err(refused("the token is about no user"));
        };
        if !verified.scopes.iter().any(|scope| scope == "openid") {
            return Err(OAuthCode::InsufficientScope.because("the token lacks the scope `openid`"));
        }
        let id: PoolId = verified.on.issuer.pool.parse().map_err(|_| refused("the pool is gone"))?;
        let account = verified.on.issuer.account;
        cx.concerns(Concerned { account, pool: id.to_string(), sub: Some(sub.clone()) });
        let user = sub.parse::<Uuid>().ok().and_then(|sub| state.pool_user(&id, sub));
        let client = verified.on.client.parse().ok().and_then(|client| state.pool_client(&client));
        let (Some(user), Some(client), Some(pool)) = (user, client, state.user_pool(&id)) else {
            return Err(refused("the user is gone"));
        };
        let mut told = Map::new();
        for (name, value) in UserClaims::of(&state, pool, client, user, &verified.scopes).attributes {
            told.insert(name, value.into());
        }
        told.insert("sub".to_owned(), sub.as_str().into());
        told.insert("username".to_owned(), username.as_str().into());
        Ok(Value::Object(told))
    }

    /// Tells a client that keeps a secret whether a token of its pool is good, and what it says.
    ///
    /// # Errors
    /// `unauthorized_client` for a client without a secret: it could be anybody.
    pub fn introspect_oidc_token(
        &self,
        cx: &RequestContext,
        client: &ProvenClient,
        token: &Secret<String>,
    ) -> Result<Value, OAuthFault> {
        if client.client().secret.is_none() {
            let text = "only an app client with a secret may ask about tokens";
            return Err(OAuthCode::UnauthorizedClient.because(text));
        }
        let state = self.snapshot();
        let base = self.issuer_base().map_err(|error| OAuthFault::from(&error))?;
        let ground = PoolGround { state: &state, endpoint: base };
        let pool = Some(client.pool().id.as_str());
        let verify = |usage| {
            let expected = Expected { usage, pool, audience: Audience::AnyClient };
            self.tokens().verify(&ground, token.expose(), &expected, cx.now()).ok()
        };
        let verified = verify(TokenUse::Access).or_else(|| verify(TokenUse::Id));
        if let Some(verified) = verified {
            return Ok(introspected(&verified));
        }
        let session = self.held(&state, client.admitted(), token.expose()).ok();
        let good = session.filter(|held| {
            which(held, token.expose(), cx.now()) == Which::Current && !held.ended && cx.now() < held.expires
        });
        let user =
            good.and_then(|held| state.pool_user(&held.pool, held.user).map(|user| (held.clone(), user)));
        let standing = user.filter(|(held, user)| {
            let now = state.pool_client(&held.client);
            let floor = now.and_then(|now| floor_of(&state, client.pool(), now, user, Some(held.id)));
            floor.is_some_and(|floor| held.iss_rev >= floor)
        });
        Ok(standing.map_or_else(
            || json!({ "active": false }),
            |(held, user)| {
                json!({
                    "active": true,
                    "token_type": "refresh_token",
                    "client_id": held.client.as_str(),
                    "sub": user.sub.to_string(),
                    "username": &*user.name,
                    "scope": held.scopes.join(" "),
                    "exp": held.expires.as_second(),
                })
            },
        ))
    }

    /// Ends the sign-in that a refresh token is of. A token that is none of ours is as good as ended.
    ///
    /// # Errors
    /// `unsupported_token_type` for an access or id token.
    pub async fn revoke_oidc_token(
        self: &Arc<Self>,
        cx: &RequestContext,
        client: &ProvenClient,
        token: &Secret<String>,
    ) -> Result<(), OAuthFault> {
        if token.expose().matches('.').count() == 2 {
            let text = "only refresh tokens are revoked: with one, the access tokens that came of it end too";
            return Err(OAuthCode::UnsupportedTokenType.because(text));
        }
        if !client.client().revocation {
            return Err(
                OAuthCode::UnsupportedTokenType.because("the app client has token revocation switched off")
            );
        }
        let ended = self.end_sign_in_of(cx, client.admitted().clone(), token).await;
        ended.map_err(|error| OAuthFault::from(&error))
    }
}

fn introspected(verified: &Verified) -> Value {
    let mut told: Map<String, Value> = serde_json::from_str(verified.claims()).unwrap_or_default();
    told.insert("active".to_owned(), true.into());
    told.insert("client_id".to_owned(), verified.on.client.as_str().into());
    told.insert("token_type".to_owned(), "Bearer".into());
    Value::Object(told)
}
