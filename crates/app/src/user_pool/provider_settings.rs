//! What a provider of a pool is set to, and what of it cannot be.
//!
//! INVARIANT: what a provider's secret is is sealed before it is stored; a provider's endpoints are on its issuer's own
//! host or on one that the operator lists, whether they are found or given.

use std::collections::BTreeMap;

use garita_model::user_pool::PoolFault;
use garita_model::user_pool::provider::ProviderEndpoints;
use garita_model::{PoolProvider, Result, Secret, UserPool};
use garita_store::Snapshot;

use super::ask::ask;
use super::invalid;
use super::provider::led_to;
use crate::authorize::Permit;
use crate::change::Change;
use crate::iam::oidc_provider;
use crate::mint;

/// Most words that lead to a provider; Cognito's quota.
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
    /// Whether it sends browsers back to an address of its own.
    pub own_redirect: bool,
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

/// A provider with its settings, checked.
pub(super) fn settled(
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
    let issuer = checked_issuer(change, &details)?;
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
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-.~".contains(&byte);
    if details.own_redirect && !held.name.bytes().all(unreserved) {
        return Err(invalid(
            "the name of a provider with `own_redirect_uri` stands in that address: give it one of letters, digits, `-`, `.` and `~`",
        ));
    }
    let same = held.issuer == issuer && held.client == details.client;
    if let Some(claim) = &details.groups_claim {
        check_claim(claim)?;
        // Who names groups for people adds them to groups, and so does who says where the names come from: the caller must
        // be allowed to.
        let as_before = same && held.endpoints == details.endpoints;
        if !as_before || held.groups_claim.as_ref() != Some(claim) {
            ask(change.state(), change.cx(), "cognito-idp:AdminAddUserToGroup", &pool.id, None)?;
        }
    }
    let place = PoolProvider::place(&pool.id, &held.name);
    let seal =
        |secret| mint::provider_secret(&change.app().keyring, change.entropy(), permit, &place, secret);
    let secret = secret.map(seal).transpose()?;
    Ok(PoolProvider {
        min_rev: if same { held.min_rev } else { change.revision() },
        client: details.client,
        secret,
        issuer,
        scopes: details.scopes.split_ascii_whitespace().collect::<Vec<_>>().join(" "),
        userinfo_by_post: details.userinfo_by_post,
        own_redirect: details.own_redirect,
        endpoints: details.endpoints,
        groups_claim: details.groups_claim,
        ..held
    })
}

/// The issuer, whose endpoints are on its own host or on one that the operator lists.
fn checked_issuer(change: &Change<'_>, details: &ProviderDetails) -> Result<String> {
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
    Ok(issuer)
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
