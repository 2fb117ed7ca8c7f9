//! Providers that a pool sends people to: made, shown, changed, deleted.
//!
//! INVARIANT: what a provider's secret is is sealed before it is stored; a provider's endpoints are on its issuer's own
//! host or on one that the operator lists, whether they are found or given.

use std::collections::BTreeMap;
use std::sync::Arc;

use garita_model::user_pool::provider::ProviderEndpoints;
use garita_model::user_pool::{PoolFault, PoolId};
use garita_model::{
    Object, ObjectKey, Plain as _, PoolClient, PoolGroup, PoolProvider, Result, Secret, UserPool,
};
use garita_store::Snapshot;

use super::ask::{ask, judged};
use super::{Part, invalid};
use crate::App;
use crate::authorize::Permit;
use crate::change::Change;
use crate::context::RequestContext;
use crate::iam::{Page, oidc_provider};
use crate::mint;

/// Most providers of a pool, and most words that lead to one; Cognito's quotas.
const MOST_PROVIDERS: usize = 300;
const MOST_IDENTIFIERS: usize = 50;
/// Longest claim, client id, secret and list of scopes.
const MOST_CLAIM: usize = 128;
const MOST_TEXT: usize = 2_048;

/// `ProviderDetails`, read.
pub struct ProviderDetails {
    /// Who the pool is at the provider.
    pub client: String,
    /// What proves it there.
    pub secret: Option<Secret<String>>,
    /// The provider's issuer.
    pub issuer: String,
    /// What is asked for.
    pub scopes: String,
    /// Whether its userinfo endpoint is asked with POST.
    pub userinfo_by_post: bool,
    /// Where its endpoints are, when its configuration document is not to be asked.
    pub endpoints: Option<ProviderEndpoints>,
    /// The claim that names groups of the pool.
    pub groups_claim: Option<String>,
}

/// What can be set of a provider; what is not named stays.
#[derive(Default)]
pub struct ProviderSettings {
    /// Where it is and who the pool is there.
    pub details: Option<ProviderDetails>,
    /// Attribute of the pool to claim.
    pub mapping: Option<BTreeMap<String, String>>,
    /// Words that lead to it.
    pub identifiers: Option<Vec<String>>,
}

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
fn led_to<'a>(state: &'a Snapshot, pool: &UserPool, word: &str) -> Option<&'a Arc<PoolProvider>> {
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
    client.providers.iter().find(|held| *held == name)?;
    find(state, pool, name).cloned()
}

fn absent(name: &str) -> garita_model::Error {
    let shown: String = name.chars().take(64).collect();
    PoolFault::ResourceNotFound.because(format!("Identity provider {shown} does not exist."))
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

/// A provider with its settings, checked.
fn settled(
    change: &Change<'_>,
    permit: &Permit,
    pool: &UserPool,
    mut provider: PoolProvider,
    settings: ProviderSettings,
) -> Result<PoolProvider> {
    if let Some(details) = settings.details {
        provider = detailed(change, permit, pool, provider, details)?;
    }
    if let Some(mapping) = settings.mapping {
        provider.mapping = mapping;
    }
    provider.mapping.entry("username".to_owned()).or_insert_with(|| "sub".to_owned());
    check_mapping(pool, &provider.mapping)?;
    if let Some(identifiers) = settings.identifiers {
        check_identifiers(change.state(), pool, &provider.name, &identifiers)?;
        provider.identifiers = identifiers;
    }
    Ok(provider)
}

fn detailed(
    change: &Change<'_>,
    permit: &Permit,
    pool: &UserPool,
    held: PoolProvider,
    details: ProviderDetails,
) -> Result<PoolProvider> {
    let keys = &change.app().provider_keys;
    let (rest, plain) = oidc_provider::issuer(&details.issuer, keys.rules().loopback_http)?;
    let issuer = format!("{}://{rest}", if plain { "http" } else { "https" });
    for address in details.endpoints.iter().flat_map(addresses) {
        if !keys.may_hold_keys(&issuer, address) || address.len() > MOST_TEXT {
            return Err(invalid(format!(
                "`{address}` is not on the host of the provider's issuer: an operator lists other hosts in the configuration, under `[identity_providers]`"
            )));
        }
    }
    let scope = |scope: &str| scope.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e));
    let mut scopes = details.scopes.split(' ').filter(|scope| !scope.is_empty());
    if !scopes.clone().any(|scope| scope == "openid")
        || !scopes.all(scope)
        || details.scopes.len() > MOST_TEXT
    {
        return Err(invalid("`authorize_scopes` must be scopes with `openid` among them, parted by spaces"));
    }
    let plain = |text: &str| (1..=MOST_TEXT).contains(&text.len()) && !text.chars().any(char::is_control);
    let secret = details.secret.as_ref();
    if !plain(&details.client) || secret.is_some_and(|secret| !plain(secret.expose())) {
        return Err(invalid(
            "`client_id` and `client_secret` have 1 to 2048 bytes without control characters",
        ));
    }
    if let Some(claim) = &details.groups_claim {
        check_claim(claim)?;
        // Who names groups for people adds them to groups: the caller must be allowed to.
        if held.groups_claim.as_ref() != Some(claim) {
            ask(change.state(), change.cx(), "cognito-idp:AdminAddUserToGroup", &pool.id, None)?;
        }
    }
    let place = PoolProvider::place(&pool.id, &held.name);
    let seal =
        |secret| mint::provider_secret(&change.app().keyring, change.entropy(), permit, &place, secret);
    let secret = secret.map(seal).transpose()?;
    let same = held.issuer == issuer && held.client == details.client;
    Ok(PoolProvider {
        min_rev: if same { held.min_rev } else { change.revision() },
        client: details.client,
        secret,
        issuer,
        scopes: details.scopes.split_ascii_whitespace().collect::<Vec<_>>().join(" "),
        userinfo_by_post: details.userinfo_by_post,
        endpoints: details.endpoints,
        groups_claim: details.groups_claim,
        ..held
    })
}

fn addresses(endpoints: &ProviderEndpoints) -> impl Iterator<Item = &String> {
    let ProviderEndpoints { authorize, token, userinfo, keys } = endpoints;
    [authorize, token, keys].into_iter().chain(userinfo)
}

/// Attributes that are there and can change, each from a claim; the name is always the subject.
fn check_mapping(pool: &UserPool, mapping: &BTreeMap<String, String>) -> Result<()> {
    for (attribute, claim) in mapping {
        check_claim(claim)?;
        if attribute == "username" {
            if claim != "sub" {
                return Err(invalid("Invalid AttributeMapping: `username` is always the claim `sub`"));
            }
            continue;
        }
        let spec = super::attribute::spec(pool, attribute)?;
        if !spec.mutable {
            return Err(invalid(format!(
                "Invalid AttributeMapping: `{attribute}` cannot be changed once it is set, and is at every sign-in"
            )));
        }
    }
    Ok(())
}

fn check_claim(claim: &str) -> Result<()> {
    if (1..=MOST_CLAIM).contains(&claim.len()) && !claim.chars().any(char::is_control) {
        return Ok(());
    }
    Err(invalid(format!("the name of a claim has 1 to {MOST_CLAIM} bytes")))
}

/// `IdpIdentifierType`: each leads to one provider of the pool.
fn check_identifiers(state: &Snapshot, pool: &UserPool, name: &str, words: &[String]) -> Result<()> {
    if words.len() > MOST_IDENTIFIERS {
        return Err(invalid(format!("a provider has at most {MOST_IDENTIFIERS} identifiers")));
    }
    let fits = |c: char| c.is_alphanumeric() || "_ +=.@-".contains(c);
    for (n, word) in words.iter().enumerate() {
        if !(1..=40).contains(&word.chars().count()) || !word.chars().all(fits) {
            return Err(invalid(r"an identifier has 1 to 40 letters, digits, spaces or `_+=.@-`"));
        }
        let elsewhere = led_to(state, pool, word).is_some_and(|provider| provider.name != name);
        if elsewhere || words.iter().take(n).any(|other| other == word) {
            return Err(PoolFault::DuplicateProvider.because(format!("The identifier {word} is taken.")));
        }
    }
    Ok(())
}
