//! What tokens of a sign-in say: the id token and the access token that an app gets.
//!
//! They are minted anew each time, from the newest state: of the pool, the client, the person and the groups.

use garita_model::user_pool::{PoolFault, TokenValidity};
use garita_model::{PoolClient, PoolSession, PoolUser, Result, Secret, UserPool};
use garita_store::Snapshot;

use super::AdmittedClient;
use super::federated::identities;
use super::finish::must_have_what_groups_demand;
use super::ground::{PoolGround, may_go_on};
use super::refresh::bad;
use super::sign_in::may_stay_signed_in;
use crate::App;
use crate::context::RequestContext;
use crate::mint::token::{Access, Grant, Identity, Minter};
use crate::token::{RestsOn, Standing, TokenSubject};

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

impl App {
    /// Mints tokens for a sign-in that stands.
    pub(super) fn issue(
        &self,
        cx: &RequestContext,
        admitted: &AdmittedClient,
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
        let revoked = || PoolFault::NotAuthorized.because("Refresh Token has been revoked");
        if !may_go_on(client, session) {
            return Err(revoked());
        }
        let on = RestsOn {
            issuer: ground.issuer_of(pool),
            client: client.id.to_string(),
            subject: TokenSubject::User { sub: user.sub.to_string(), username: user.name.to_string() },
            origin_jti: names_sign_in(client, session).then(|| session.id.to_string()),
        };
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

/// Whether tokens name the sign-in they are of, and end with it: where the client has revocation on, and always where a
/// provider vouched for somebody, since nothing else tells which tokens end with the provider.
pub(crate) fn names_sign_in(client: &PoolClient, session: &PoolSession) -> bool {
    client.revocation || session.provider.is_some()
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
    let mut roles: Vec<String> = Vec::new();
    for role in groups.iter().filter_map(|group| group.role.as_ref()) {
        if !roles.contains(role) {
            roles.push(role.clone());
        }
    }
    let first = groups.first().and_then(|group| group.precedence);
    let mut best = groups.iter().filter(|group| first.is_some() && group.precedence == first);
    let preferred = best.next().and_then(|group| group.role.clone());
    let agreed = best.all(|group| group.role == preferred);
    let names = groups.iter().map(|group| group.name.clone()).collect();
    Groups { names, roles, preferred: preferred.filter(|_| agreed) }
}

pub(crate) fn life(validity: TokenValidity) -> u32 {
    u32::try_from(validity.duration().as_secs()).unwrap_or(3_600)
}
