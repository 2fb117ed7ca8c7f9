//! Providers that a pool sends people to: made, shown, changed, deleted.
//!
//! INVARIANT: a provider that is deleted, or becomes another, vouches for nobody it vouched for before, and whom it put into
//! groups is in them no more.

use std::collections::BTreeMap;
use std::sync::Arc;

use garita_model::user_pool::{PoolFault, PoolId};
use garita_model::{
    Object, ObjectKey, Plain as _, PoolClient, PoolGroup, PoolProvider, PoolUser, Result, Secret, UserPool,
};
use garita_store::Snapshot;

use super::ask::judged;
use super::provider_groups::ungroup;
use super::provider_settings::{ProviderSettings, settled};
use super::{Part, invalid};
use crate::App;
use crate::authorize::Permit;
use crate::change::Change;
use crate::context::RequestContext;
use crate::iam::Page;
use crate::mint;

/// Most providers of a pool; Cognito's quota.
const MOST_PROVIDERS: usize = 300;

/// A provider with its secret, for who may read it.
pub struct ProviderDetail {
    /// The provider.
    pub provider: Arc<PoolProvider>,
    /// Its secret.
    pub secret: Option<Secret<String>>,
}

impl App {
    /// Makes a provider, and the group of those it vouches for.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`; `DuplicateProvider`; `InvalidParameter`; `LimitExceeded`.
    pub async fn create_pool_provider(
        self: &Arc<Self>,
        cx: &RequestContext,
        pool: PoolId,
        name: String,
        settings: ProviderSettings,
    ) -> Result<ProviderDetail> {
        PoolProvider::check_name(&name)?;
        let app = Arc::clone(self);
        self.change(cx, move |change| {
            let (permit, pool) = judged(change, "cognito-idp:CreateIdentityProvider", &pool)?;
            if find(change.state(), &pool, &name).is_some() {
                let message = format!("A provider with the name {name} already exists.");
                return Err(PoolFault::DuplicateProvider.because(message));
            }
            if of_pool(change.state(), &pool).count() >= MOST_PROVIDERS {
                let message = "Maximum number of identity providers per user pool reached.";
                return Err(PoolFault::LimitExceeded.because(message));
            }
            if settings.details.is_none() {
                return Err(invalid("`ProviderDetails` is missing"));
            }
            let bare = PoolProvider {
                account: pool.account,
                pool: pool.id.clone(),
                name,
                client: String::new(),
                secret: None,
                issuer: String::new(),
                scopes: String::new(),
                userinfo_by_post: false,
                own_redirect: false,
                endpoints: None,
                mapping: BTreeMap::new(),
                identifiers: Vec::new(),
                groups_claim: None,
                created: change.now(),
                modified: change.now(),
                min_rev: 0,
            };
            let provider = settled(change, &permit, &pool, bare, settings)?;
            make_group(change, &permit, &provider);
            change.put(&permit, provider.clone().into_object());
            app.with_provider_secret(Arc::new(provider))
        })
        .await
    }

    /// A provider.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`.
    pub fn describe_pool_provider(
        &self,
        cx: &RequestContext,
        pool: &PoolId,
        name: &str,
    ) -> Result<ProviderDetail> {
        let (state, pool) = self.read_pool(cx, "cognito-idp:DescribeIdentityProvider", pool)?;
        self.with_provider_secret(Arc::clone(find(&state, &pool, name).ok_or_else(|| absent(name))?))
    }

    /// A provider by a word that leads to it.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`.
    pub fn pool_provider_by_identifier(
        &self,
        cx: &RequestContext,
        pool: &PoolId,
        word: &str,
    ) -> Result<ProviderDetail> {
        let (state, pool) = self.read_pool(cx, "cognito-idp:GetIdentityProviderByIdentifier", pool)?;
        self.with_provider_secret(Arc::clone(led_to(&state, &pool, word).ok_or_else(|| absent(word))?))
    }

    /// The providers of a pool.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`; `InvalidParameter` for a part that cannot be.
    pub fn list_pool_providers(
        &self,
        cx: &RequestContext,
        pool: &PoolId,
        part: &Part,
    ) -> Result<Page<Arc<PoolProvider>>> {
        let action = "cognito-idp:ListIdentityProviders";
        let (state, pool) = self.read_pool(cx, action, pool)?;
        let pager = self.pager_over(format!("{action}\0{}", pool.id), part.token.as_deref(), part.most()?)?;
        let all = of_pool(&state, &pool);
        Ok(pager.cut(all.map(|provider| (provider.name.clone(), Arc::clone(provider)))))
    }

    /// Sets what can be set of a provider. With another issuer or client it is another provider: those it vouched for
    /// before are signed out.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`; `DuplicateProvider`; `InvalidParameter`.
    pub async fn update_pool_provider(
        self: &Arc<Self>,
        cx: &RequestContext,
        pool: PoolId,
        name: String,
        settings: ProviderSettings,
    ) -> Result<ProviderDetail> {
        let app = Arc::clone(self);
        self.change(cx, move |change| {
            let (permit, pool) = judged(change, "cognito-idp:UpdateIdentityProvider", &pool)?;
            let held = find(change.state(), &pool, &name).ok_or_else(|| absent(&name))?;
            let held = PoolProvider::clone(held);
            let provider = settled(change, &permit, &pool, held, settings)?;
            let provider = PoolProvider { modified: change.now(), ..provider };
            if provider.min_rev == change.revision() {
                take_out_of_groups(change, &permit, &pool, &name);
            }
            change.put(&permit, provider.clone().into_object());
            app.with_provider_secret(Arc::new(provider))
        })
        .await
    }

    /// Deletes a provider: those it vouched for are signed out, and no app client sends anybody to it any more.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`.
    pub async fn delete_pool_provider(
        self: &Arc<Self>,
        cx: &RequestContext,
        pool: PoolId,
        name: String,
    ) -> Result<()> {
        self.change(cx, move |change| {
            let (permit, pool) = judged(change, "cognito-idp:DeleteIdentityProvider", &pool)?;
            let held = find(change.state(), &pool, &name).ok_or_else(|| absent(&name))?;
            let key = ObjectKey::plain(held.as_ref());
            let clients =
                change.state().pool_clients(&pool.id).filter(|client| client.providers.contains(&name));
            let clients: Vec<Arc<PoolClient>> = clients.cloned().collect();
            for client in clients {
                let mut client = PoolClient::clone(&client);
                client.providers.retain(|held| *held != name);
                change.put(&permit, Object::PoolClient(Arc::new(client)));
            }
            take_out_of_groups(change, &permit, &pool, &name);
            change.delete(&permit, key);
            Ok(())
        })
        .await
    }

    fn with_provider_secret(&self, provider: Arc<PoolProvider>) -> Result<ProviderDetail> {
        let secret = mint::open_provider_secret(&self.keyring, &provider)?;
        Ok(ProviderDetail { provider, secret })
    }
}

/// A provider of a pool by its name.
pub(super) fn find<'a>(state: &'a Snapshot, pool: &UserPool, name: &str) -> Option<&'a Arc<PoolProvider>> {
    state.get(pool.account, &PoolProvider::place(&pool.id, name))
}

/// The providers of a pool.
pub(super) fn of_pool<'a>(
    state: &'a Snapshot,
    pool: &UserPool,
) -> impl Iterator<Item = &'a Arc<PoolProvider>> + use<'a> {
    state.list(pool.account, &PoolProvider::prefix(&pool.id))
}

/// The provider that a word leads to.
pub(super) fn led_to<'a>(state: &'a Snapshot, pool: &UserPool, word: &str) -> Option<&'a Arc<PoolProvider>> {
    of_pool(state, pool).find(|provider| provider.identifiers.iter().any(|held| held == word))
}

/// The name of the provider that a word leads to.
pub(crate) fn provider_called(state: &Snapshot, pool: &UserPool, word: &str) -> Option<String> {
    led_to(state, pool, word).map(|provider| provider.name.clone())
}

/// A provider that a client sends people to.
pub(crate) fn provider_of(
    state: &Snapshot,
    pool: &UserPool,
    client: &PoolClient,
    name: &str,
) -> Option<Arc<PoolProvider>> {
    let client = state.pool_client(&client.id)?;
    find(state, pool, name).filter(|_| client.takes(name)).cloned()
}

fn absent(name: &str) -> garita_model::Error {
    let shown: String = name.chars().take(64).collect();
    PoolFault::ResourceNotFound.because(format!("Identity provider {shown} does not exist."))
}

/// Takes everybody out of the groups that a provider put them into. Users may have come by another one since.
fn take_out_of_groups(change: &mut Change<'_>, permit: &Permit, pool: &UserPool, name: &str) {
    let in_one = |user: &&Arc<PoolUser>| user.identity(name).is_some_and(|known| !known.groups.is_empty());
    let users: Vec<Arc<PoolUser>> =
        change.state().pool_users(&pool.id, None).filter(in_one).cloned().collect();
    for user in users {
        let mut user = PoolUser::clone(&user);
        if ungroup(&mut user, name) {
            // As when an administrator takes somebody out of a group: what was given with it ends.
            user.min_rev = change.revision();
        }
        user.modified = change.now().as_second();
        change.put(permit, Object::PoolUser(Arc::new(user)));
    }
}

/// The group of everybody that a provider vouches for, which Cognito makes too.
fn make_group(change: &mut Change<'_>, permit: &Permit, provider: &PoolProvider) {
    let name = PoolProvider::group(&provider.pool, &provider.name);
    if change.state().pool_group(&provider.pool, &name).is_some() {
        return;
    }
    let group = PoolGroup {
        pool: provider.pool.clone(),
        name,
        description: Some(format!("Users who sign in through {}.", provider.name)),
        role: None,
        precedence: None,
        created: provider.created,
        modified: provider.created,
    };
    change.put(permit, Object::PoolGroup(Arc::new(group)));
}
