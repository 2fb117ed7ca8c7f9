//! What the tokens of pools are made and verified against: a snapshot, and the URL that this Garita is known by.

use std::sync::Arc;

use garita_model::session::PoolSignIn;
use garita_model::user_pool::{PoolId, Uuid};
use garita_model::{
    AccountId, Error, PoolClient, PoolProvider, PoolSession, PoolUser, Result, TokenKey, UserPool,
    user_pool::UserStatus,
};
use garita_store::Snapshot;

use super::finish::{SELF_SERVICE, must_have_what_groups_demand};
use crate::App;
use crate::token::{Ground, Issuer, RestsOn, TokenSubject};

/// A snapshot with the URL that issuers begin with.
pub struct PoolGround<'a> {
    pub(crate) state: &'a Snapshot,
    pub(crate) endpoint: &'a str,
}

impl PoolGround<'_> {
    /// The issuer of a pool: `{endpoint}/{pool id}`.
    pub fn issuer_of(&self, pool: &UserPool) -> Issuer {
        let url = format!("{}/{}", self.endpoint, pool.id);
        Issuer { account: pool.account, pool: pool.id.to_string(), url }
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
        let pool = self.state.user_pool(&pool).filter(|pool| pool.account == on.issuer.account)?;
        let client = self.state.pool_client(&on.client.parse().ok()?);
        let client = client.filter(|client| client.pool == pool.id)?;
        let TokenSubject::User { sub, username } = &on.subject else { return Some(client.min_rev) };
        let user = self.state.pool_user(&pool.id, sub.parse().ok()?)?;
        let session = on.origin_jti.as_ref().map(|id| id.parse()).transpose().ok()?;
        if *user.name != **username {
            return None;
        }
        floor_of(self.state, pool, client, user, session)
    }
}

/// The lowest revision at which the token behind a session may have been issued; none when something it rests on is
/// gone, disabled or ended, or when the user's group does not give that role any more.
pub(crate) fn floor(state: &Snapshot, account: AccountId, on: &PoolSignIn) -> Option<u64> {
    let pool = state.user_pool(&on.pool).filter(|pool| pool.account == account)?;
    let client = state.pool_client(&on.client).filter(|client| client.pool == on.pool)?;
    let user = state.pool_user(&on.pool, on.user)?;
    if let Some(through) = &on.group {
        let group = state.pool_group(&on.pool, &through.name).filter(|group| user.is_in(&group.name))?;
        group.role.as_ref().filter(|role| **role == through.role)?;
    }
    // A group may ask for a second factor only since, or have the user only since.
    let sign_in = on.session.and_then(|id| state.pool_session(&on.pool, id));
    must_have_what_groups_demand(pool, user, sign_in.is_some_and(|sign_in| sign_in.second_factor)).ok()?;
    floor_of(state, pool, client, user, on.session)
}

/// The lowest revision at which what an app client was given for a user may have been issued: the user's, the client's, and
/// the sign-in's, if it names one.
pub(crate) fn floor_of(
    state: &Snapshot,
    pool: &UserPool,
    client: &PoolClient,
    user: &PoolUser,
    session: Option<Uuid>,
) -> Option<u64> {
    let mut provider = None;
    if let Some(id) = session {
        let session = state.pool_session(&client.pool, id)?;
        let stands = !session.ended && session.user == user.sub && session.client == client.id;
        if !stands || !may_go_on(client, session) {
            return None;
        }
        provider = session.provider.as_deref();
    }
    floor_of_user(state, pool, user, provider).map(|floor| floor.max(client.min_rev))
}

/// Whether an app client may still be given what a sign-in was for: an administrator may have taken a scope or the flow from it
/// since. A sign-in by the API is for the user's own account, whatever the client may ask for else. Who has signed in
/// through a provider that was taken from the client stays signed in there.
pub(crate) fn may_go_on(client: &PoolClient, session: &PoolSession) -> bool {
    if session.provider.is_none() && session.scopes == [SELF_SERVICE] {
        return true;
    }
    let flow = client.oauth && client.oauth_flows.iter().any(|flow| flow == "code");
    flow && session.scopes.iter().all(|scope| client.oauth_scopes.contains(scope))
}

/// The lowest revision at which a user's sign-in may have begun that a provider vouched for, or the pool itself; none
/// when the user is disabled, or when the provider is gone or no longer the user's.
pub(crate) fn floor_of_user(
    state: &Snapshot,
    pool: &UserPool,
    user: &PoolUser,
    provider: Option<&str>,
) -> Option<u64> {
    if !user.enabled {
        return None;
    }
    // Who was made for a provider has nobody else to vouch for them, whatever a sign-in says.
    let own =
        || user.identities().iter().find(|identity| identity.primary).map(|identity| &*identity.provider);
    let by = match (provider, user.status) {
        (Some(provider), _) => provider,
        (None, UserStatus::ExternalProvider) => own()?,
        (None, _) => return Some(user.min_rev),
    };
    user.identity(by)?;
    let provider = state.get::<PoolProvider>(pool.account, &PoolProvider::place(&pool.id, by))?;
    Some(user.min_rev.max(provider.min_rev))
}

impl App {
    /// Sets the URL that this Garita is reached by, once it is known: what issuers begin with. Later calls do nothing.
    pub fn set_endpoint(&self, url: &str) {
        // The first one stands: tokens that were issued name it.
        let _ = self.endpoint.set(url.trim_end_matches('/').to_owned());
    }

    /// Sets the URL that AWS clients reach this Garita by: what the issuers of accounts begin with. Later calls do nothing.
    pub fn set_aws_endpoint(&self, url: &str) {
        let _ = self.aws_endpoint.set(url.trim_end_matches('/').to_owned());
    }

    /// The URL that the issuers of accounts begin with.
    pub(crate) fn sts_issuer_base(&self) -> Result<&str> {
        let unknown = || Error::internal("tokens are asked for before the endpoint is known");
        self.aws_endpoint.get().map(String::as_str).ok_or_else(unknown)
    }

    /// The URL that issuers begin with.
    pub(crate) fn issuer_base(&self) -> Result<&str> {
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

    /// What the tokens of all pools are made and verified against, in a snapshot.
    ///
    /// # Errors
    /// `Internal` before the endpoint is known.
    pub fn pool_ground<'a>(&'a self, state: &'a Snapshot) -> Result<PoolGround<'a>> {
        Ok(PoolGround { state, endpoint: self.issuer_base()? })
    }
}
