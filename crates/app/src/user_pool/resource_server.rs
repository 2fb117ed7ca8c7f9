//! Resource servers: scopes of a team's own APIs, for app clients to ask for.
//!
//! INVARIANT: an app client names no scope that is not there. One that goes is taken from the clients that have it, in the
//! same change, and what they were given with it ends: what was taken away must not be good any more.

use std::collections::BTreeSet;
use std::sync::Arc;

use garita_model::user_pool::{PoolFault, PoolId, ResourceScope, ResourceServer};
use garita_model::{Error, Object, ObjectKey, PoolClient, Result, UserPool};
use garita_store::Snapshot;

use super::ask::judged;
use super::{Part, invalid};
use crate::App;
use crate::authorize::Permit;
use crate::change::Change;
use crate::context::RequestContext;
use crate::iam::Page;

/// Scopes that every pool has.
const OF_OIDC: [&str; 5] = ["openid", "email", "phone", "profile", "aws.cognito.signin.user.admin"];
/// Most resource servers of a pool, and most scopes of one; Cognito's quotas.
const MOST_SERVERS: usize = 25;
const MOST_SCOPES: usize = 100;

/// What a resource server is besides its identifier.
#[derive(Debug, Clone)]
pub struct ResourceServerSettings {
    /// Its name.
    pub name: String,
    /// Its scopes.
    pub scopes: Vec<ResourceScope>,
}

impl App {
    /// Makes a resource server.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`; `InvalidParameter`, also for one that is there; `LimitExceeded`.
    pub async fn create_resource_server(
        self: &Arc<Self>,
        cx: &RequestContext,
        pool: PoolId,
        identifier: String,
        settings: ResourceServerSettings,
    ) -> Result<Arc<ResourceServer>> {
        self.change(cx, move |change| {
            let (permit, pool) = judged(change, "cognito-idp:CreateResourceServer", &pool)?;
            check_identifier(&identifier)?;
            if find(change.state(), &pool, &identifier).is_ok() {
                return Err(invalid(format!("{identifier} already exists in user pool {}.", pool.id)));
            }
            if servers(change.state(), &pool).count() >= MOST_SERVERS {
                return Err(PoolFault::LimitExceeded
                    .because("Maximum number of resource servers per user pool reached."));
            }
            put(change, &permit, &pool, identifier, settings)
        })
        .await
    }

    /// A resource server.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`.
    pub fn describe_resource_server(
        &self,
        cx: &RequestContext,
        pool: &PoolId,
        identifier: &str,
    ) -> Result<Arc<ResourceServer>> {
        let (state, pool) = self.read_pool(cx, "cognito-idp:DescribeResourceServer", pool)?;
        find(&state, &pool, identifier).cloned()
    }

    /// The resource servers of a pool.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`; `InvalidParameter` for a part that cannot be.
    pub fn list_resource_servers(
        &self,
        cx: &RequestContext,
        pool: &PoolId,
        part: &Part,
    ) -> Result<Page<Arc<ResourceServer>>> {
        let action = "cognito-idp:ListResourceServers";
        let (state, pool) = self.read_pool(cx, action, pool)?;
        let pager = self.pager_over(format!("{action}\0{}", pool.id), part.token.as_deref(), part.most()?)?;
        Ok(pager.cut(servers(&state, &pool).map(|server| (server.identifier.clone(), Arc::clone(server)))))
    }

    /// Sets name and scopes.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`; `InvalidParameter`.
    pub async fn update_resource_server(
        self: &Arc<Self>,
        cx: &RequestContext,
        pool: PoolId,
        identifier: String,
        settings: ResourceServerSettings,
    ) -> Result<Arc<ResourceServer>> {
        self.change(cx, move |change| {
            let (permit, pool) = judged(change, "cognito-idp:UpdateResourceServer", &pool)?;
            let held = find(change.state(), &pool, &identifier)?.clone();
            let server = put(change, &permit, &pool, identifier, settings)?;
            let stays: BTreeSet<String> = server.full_scopes().collect();
            take_from_clients(change, &permit, &pool, &gone(&held, &stays));
            Ok(server)
        })
        .await
    }

    /// Deletes a resource server with its scopes.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`.
    pub async fn delete_resource_server(
        self: &Arc<Self>,
        cx: &RequestContext,
        pool: PoolId,
        identifier: String,
    ) -> Result<()> {
        self.change(cx, move |change| {
            let (permit, pool) = judged(change, "cognito-idp:DeleteResourceServer", &pool)?;
            let held = find(change.state(), &pool, &identifier)?.clone();
            take_from_clients(change, &permit, &pool, &gone(&held, &BTreeSet::new()));
            change.delete(&permit, ObjectKey::plain(held.as_ref()));
            Ok(())
        })
        .await
    }
}

/// The resource servers of a pool, by their identifiers.
pub(super) fn servers<'a>(
    state: &'a Snapshot,
    pool: &UserPool,
) -> impl Iterator<Item = &'a Arc<ResourceServer>> + use<'a> {
    state.list::<ResourceServer>(pool.account, &ResourceServer::prefix(&pool.id))
}

/// Refuses scopes that are neither of OpenID Connect nor of a resource server.
pub(super) fn must_be_scopes(state: &Snapshot, pool: &UserPool, scopes: &[String]) -> Result<()> {
    let own: BTreeSet<String> = servers(state, pool).flat_map(|server| server.full_scopes()).collect();
    let known = |scope: &&String| OF_OIDC.contains(&scope.as_str()) || own.contains(*scope);
    match scopes.iter().find(|scope| !known(scope)) {
        None => Ok(()),
        Some(scope) => {
            let shown: String = scope.chars().take(256).collect();
            Err(PoolFault::ScopeDoesNotExist.because(format!("Invalid scope requested: {shown}")))
        }
    }
}

fn find<'a>(state: &'a Snapshot, pool: &UserPool, identifier: &str) -> Result<&'a Arc<ResourceServer>> {
    let found = state.get::<ResourceServer>(pool.account, &ResourceServer::place(&pool.id, identifier));
    found.ok_or_else(|| {
        let shown: String = identifier.chars().take(256).collect();
        PoolFault::ResourceNotFound.because(format!("Resource server {shown} does not exist."))
    })
}

fn put(
    change: &mut Change<'_>,
    permit: &Permit,
    pool: &UserPool,
    identifier: String,
    settings: ResourceServerSettings,
) -> Result<Arc<ResourceServer>> {
    let ResourceServerSettings { name, scopes } = settings;
    let named = |c: char| c.is_ascii_alphanumeric() || c.is_ascii_whitespace() || "_+=,.@-".contains(c);
    if !(1..=256).contains(&name.len()) || !name.chars().all(named) {
        return Err(pattern("name", r"[\w\s+=,.@-]+"));
    }
    if scopes.len() > MOST_SCOPES {
        return Err(invalid(format!("a resource server has at most {MOST_SCOPES} scopes")));
    }
    for (at, scope) in scopes.iter().enumerate() {
        if !is_word(&scope.name) || scope.name.contains('/') {
            return Err(pattern("scopeName", r"[\x21\x23-\x2E\x30-\x5B\x5D-\x7E]+"));
        }
        if !(1..=256).contains(&scope.description.chars().count()) {
            return Err(invalid("a scope's description has 1 to 256 characters"));
        }
        if scopes.iter().skip(at + 1).any(|other| other.name == scope.name) {
            return Err(invalid(format!("the scope {} is there twice", scope.name)));
        }
    }
    let server = ResourceServer { account: pool.account, pool: pool.id.clone(), identifier, name, scopes };
    let server = Arc::new(server);
    change.put(permit, Object::ResourceServer(Arc::clone(&server)));
    Ok(server)
}

/// Scopes that a resource server has and that do not stay.
fn gone(held: &ResourceServer, stays: &BTreeSet<String>) -> BTreeSet<String> {
    held.full_scopes().filter(|scope| !stays.contains(scope)).collect()
}

/// Takes scopes from the app clients of a pool, and ends what those that had one were given.
fn take_from_clients(change: &mut Change<'_>, permit: &Permit, pool: &UserPool, gone: &BTreeSet<String>) {
    let has = |client: &&Arc<PoolClient>| client.oauth_scopes.iter().any(|scope| gone.contains(scope));
    let clients: Vec<_> = change.state().pool_clients(&pool.id).filter(has).cloned().collect();
    for client in clients {
        let mut client = PoolClient::clone(&client);
        client.oauth_scopes.retain(|scope| !gone.contains(scope));
        client.min_rev = change.revision();
        client.modified = change.now();
        change.put(permit, Object::PoolClient(Arc::new(client)));
    }
}

/// What scopes are made of: RFC 6749 §3.3.
fn is_word(text: &str) -> bool {
    let fits = |b: u8| (0x21..=0x7e).contains(&b) && b != b'"' && b != b'\\';
    (1..=256).contains(&text.len()) && text.bytes().all(fits)
}

fn check_identifier(identifier: &str) -> Result<()> {
    if is_word(identifier) {
        return Ok(());
    }
    Err(pattern("identifier", r"[\x21\x23-\x5B\x5D-\x7E]+"))
}

fn pattern(member: &str, pattern: &str) -> Error {
    invalid(format!(
        "1 validation error detected: Value at '{member}' failed to satisfy constraint: Member must satisfy regular expression pattern: {pattern}"
    ))
}
