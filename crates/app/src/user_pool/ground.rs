//! What the tokens of pools are made and verified against: a snapshot, and the URL that this Garita is known by.

use std::sync::Arc;

use garita_model::user_pool::{PoolId, Uuid};
use garita_model::{Error, PoolClient, PoolUser, Result, TokenKey, UserPool};
use garita_store::Snapshot;

use crate::App;
use crate::token::{Ground, Issuer, RestsOn, TokenSubject};

/// A snapshot with the URL that issuers begin with.
pub(super) struct PoolGround<'a> {
    pub(super) state: &'a Snapshot,
    pub(super) endpoint: &'a str,
}

impl PoolGround<'_> {
    /// The issuer of a pool: `{endpoint}/{pool id}`.
    pub(super) fn issuer_of(&self, pool: &UserPool) -> Issuer {
        let url = format!("{}/{}", self.endpoint, pool.id);
        Issuer { account: pool.account, pool: pool.id.to_string(), url }
    }

    fn client(&self, pool: &PoolId, id: &str) -> Option<&Arc<PoolClient>> {
        self.state.pool_client(&id.parse().ok()?).filter(|client| client.pool == *pool)
    }

    /// A user that tokens may be about: there, let in, and of the name that the token says.
    fn user(&self, pool: &PoolId, sub: &str, username: &str) -> Option<&Arc<PoolUser>> {
        let user = self.state.pool_user(pool, sub.parse().ok()?)?;
        (user.enabled && *user.name == *username).then_some(user)
    }
}

impl Ground for PoolGround<'_> {
    fn revision(&self) -> u64 {
        self.state.revision()
    }

    fn issuer(&self, iss: &str) -> Option<Issuer> {
        let id = iss.strip_prefix(self.endpoint)?.strip_prefix('/')?;
        let pool = self.state.user_pool(&id.parse().ok()?)?;
        Some(self.issuer_of(pool))
    }

    fn keys(&self, issuer: &Issuer) -> Vec<Arc<TokenKey>> {
        self.state.list::<TokenKey>(issuer.account, &TokenKey::prefix(&issuer.pool)).cloned().collect()
    }

    fn floor(&self, on: &RestsOn) -> Option<u64> {
        let pool: PoolId = on.issuer.pool.parse().ok()?;
        self.state.user_pool(&pool).filter(|pool| pool.account == on.issuer.account)?;
        let client = self.client(&pool, &on.client)?;
        let TokenSubject::User { sub, username } = &on.subject else { return Some(client.min_rev) };
        let user = self.user(&pool, sub, username)?;
        if let Some(origin) = &on.origin_jti {
            let session = self.state.pool_session(&pool, origin.parse::<Uuid>().ok()?)?;
            if session.ended || session.user != user.sub || session.client != client.id {
                return None;
            }
        }
        Some(client.min_rev.max(user.min_rev))
    }
}

impl App {
    /// Sets the URL that this Garita is reached by, once it is known: what issuers begin with. Later calls do nothing.
    pub fn set_endpoint(&self, url: &str) {
        // The first one stands: tokens that were issued name it.
        let _ = self.endpoint.set(url.trim_end_matches('/').to_owned());
    }

    /// The URL that issuers begin with.
    pub(super) fn issuer_base(&self) -> Result<&str> {
        let unknown = || Error::internal("tokens are asked for before the endpoint is known");
        self.endpoint.get().map(String::as_str).ok_or_else(unknown)
    }

    /// The key set that tokens of a pool are verified with; none when there is no such pool.
    pub fn pool_key_set(&self, pool: &PoolId, now: jiff::Timestamp) -> Option<serde_json::Value> {
        let state = self.snapshot();
        let pool = state.user_pool(pool)?;
        let keys: Vec<Arc<TokenKey>> =
            state.list::<TokenKey>(pool.account, &TokenKey::prefix(pool.id.as_str())).cloned().collect();
        Some(crate::token::jwks::document(&keys, now))
    }
}
