//! A provider's keys and endpoints: found through its configuration document, kept for a while, fetched again when a
//! token names a key that is not known.
//!
//! INVARIANT: only addresses that follow from the registered provider are fetched or answered: its configuration
//! document, and what is named in it (or was given in its place) on the provider's own host or on one that the operator
//! lists. One fetch at a time for a provider;
//! nobody can make Garita ask more often than every [`PAUSE`]. A provider that cannot be reached is no excuse for keys
//! older than [`GOOD_FOR`].

use std::convert::Infallible;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use garita_model::user_pool::ProviderEndpoints;
use garita_model::{EndpointAnswer, EndpointQuestion, Error, KeySource, OidcProvider, Reason, Result};
use jiff::{SignedDuration, Timestamp};
use quick_cache::sync::Cache;
use serde::Deserialize;
use tokio::sync::Mutex;

use super::jwk::{self, Algorithm, Key};
use super::{ProviderRules, invalid, issuer};

/// How long keys are good without being fetched again: so long may a key that the provider took back be accepted.
const GOOD_FOR: SignedDuration = SignedDuration::from_mins(5);
/// Least time between two fetches from one provider.
const PAUSE: SignedDuration = SignedDuration::from_secs(5);
/// Most providers whose keys are kept.
const MOST_PROVIDERS: usize = 1_000;

/// The keys of a provider.
pub(crate) struct KeySet(Vec<Key>);

impl KeySet {
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        jwk::parse(bytes).map(Self)
    }

    /// The key a token names, or the only one for its algorithm when it names none.
    pub(super) fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<&Key> {
        let named = |key: &&Key| id.is_none_or(|id| key.id.as_deref() == Some(id));
        let mut fitting = self.0.iter().filter(named).filter(|key| key.fits(algorithm));
        let first = fitting.next()?;
        (id.is_some() || fitting.next().is_none()).then_some(first)
    }

    fn has(&self, id: Option<&str>) -> bool {
        id.is_none_or(|id| self.0.iter().any(|key| key.id.as_deref() == Some(id)))
    }
}

/// What is known of a provider.
pub(crate) struct Known {
    /// Its keys.
    pub(crate) keys: Arc<KeySet>,
    /// Its endpoints.
    pub(crate) endpoints: Endpoints,
}

/// A provider's endpoints, as far as they may be spoken to.
pub(crate) struct Endpoints {
    /// Where browsers are sent.
    pub(crate) authorize: Option<String>,
    /// Where codes are exchanged.
    pub(crate) token: Option<String>,
    /// Where claims are asked for.
    pub(crate) userinfo: Option<String>,
    /// Whether a client proves itself with HTTP Basic: RFC 6749 section 2.3.1; else with fields of the form.
    pub(crate) basic: bool,
    /// Whether its answers to browsers name it: RFC 9207 section 3.
    pub(crate) names_itself: bool,
}

/// Where to look for a provider's keys and endpoints.
pub(crate) struct Source<'a> {
    /// Its issuer, with the scheme and without a slash at the end.
    pub(crate) issuer: &'a str,
    /// Its endpoints, when its configuration document is not to be asked.
    pub(crate) endpoints: Option<&'a ProviderEndpoints>,
}

/// The keys of all providers that were asked for of late.
pub(crate) struct ProviderKeys {
    source: Arc<dyn KeySource>,
    rules: ProviderRules,
    slots: Cache<String, Arc<Slot>>,
}

/// What is known of one provider's keys.
#[derive(Default)]
struct Slot {
    fetching: Mutex<()>,
    last: ArcSwapOption<Attempt>,
}

/// The last time a provider was asked.
struct Attempt {
    at: Timestamp,
    found: Result<Arc<Known>, Unfetched>,
}

/// Why there are no keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unfetched {
    /// The provider does not answer.
    Unreachable,
    /// What it answers cannot be used.
    Unusable,
}

impl Unfetched {
    fn error(self) -> Error {
        match self {
            Self::Unreachable => Error::rejected(
                Reason::IdpCommunicationError,
                "the identity provider could not be reached: try again later",
            ),
            Self::Unusable => invalid(
                "Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity documentation for requirements",
            ),
        }
    }
}

#[derive(Deserialize)]
struct Configuration {
    issuer: String,
    jwks_uri: String,
    authorization_endpoint: Option<String>,
    token_endpoint: Option<String>,
    userinfo_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl ProviderKeys {
    pub(crate) fn new(source: Arc<dyn KeySource>, rules: ProviderRules) -> Self {
        Self { source, rules, slots: Cache::new(MOST_PROVIDERS) }
    }

    /// What the operator allows.
    pub(crate) fn rules(&self) -> &ProviderRules {
        &self.rules
    }

    /// A provider's keys, with the one called `id` among them if the provider has it.
    ///
    /// # Errors
    /// `Rejected` when the provider cannot be reached, or what it answers cannot be used.
    pub(crate) async fn of(
        &self,
        provider: &OidcProvider,
        id: Option<&str>,
        now: Timestamp,
    ) -> Result<Arc<KeySet>> {
        let found = self.find(&Source { issuer: &issuer(provider), endpoints: None }, id, now).await;
        found.map(|known| Arc::clone(&known.keys)).map_err(Unfetched::error)
    }

    /// What is known of a provider, with the key called `id` among its keys if the provider has it.
    ///
    /// # Errors
    /// [`Unfetched`].
    pub(crate) async fn find(
        &self,
        source: &Source<'_>,
        id: Option<&str>,
        now: Timestamp,
    ) -> Result<Arc<Known>, Unfetched> {
        let issuer = source.issuer;
        if issuer.starts_with("http://") && !self.rules.loopback_http {
            tracing::warn!(issuer, "a provider over plain HTTP is not allowed by the configuration");
            return Err(Unfetched::Unusable);
        }
        let named = source.endpoints.map_or_else(|| issuer.to_owned(), |given| format!("{issuer} {given:?}"));
        let Ok(slot) = self.slots.get_or_insert_with::<_, Infallible>(&named, || Ok(Arc::default()));
        if let Some(known) = slot.known(id, now) {
            return known;
        }
        let _turn = slot.fetching.lock().await;
        // Another request may have asked meanwhile.
        if let Some(known) = slot.known(id, now) {
            return known;
        }
        let found = match source.endpoints {
            None => self.fetch(issuer).await.map(Arc::new),
            Some(given) => self.fetch_keys(issuer, given).await.map(Arc::new),
        };
        slot.last.store(Some(Arc::new(Attempt { at: now, found: found.clone() })));
        found
    }

    /// What an endpoint of a provider answers. The address is one of [`Endpoints`].
    ///
    /// # Errors
    /// [`Unfetched::Unreachable`].
    pub(crate) async fn ask(&self, question: &EndpointQuestion) -> Result<EndpointAnswer, Unfetched> {
        self.source.ask(question).await.map_err(|why| {
            tracing::warn!(address = question.address, %why, "an identity provider could not be reached");
            Unfetched::Unreachable
        })
    }

    /// The keys of a provider whose endpoints were given.
    async fn fetch_keys(&self, issuer: &str, given: &ProviderEndpoints) -> Result<Known, Unfetched> {
        let configuration = Configuration {
            issuer: issuer.to_owned(),
            jwks_uri: given.keys.clone(),
            authorization_endpoint: Some(given.authorize.clone()),
            token_endpoint: Some(given.token.clone()),
            userinfo_endpoint: given.userinfo.clone(),
            token_endpoint_auth_methods_supported: Some(Vec::new()),
            authorization_response_iss_parameter_supported: false,
        };
        self.known(issuer, configuration).await
    }

    async fn fetch(&self, issuer: &str) -> Result<Known, Unfetched> {
        let document = self.get(&format!("{issuer}/.well-known/openid-configuration")).await?;
        let unusable = |why: &str| {
            tracing::warn!(issuer, why, "the keys of an identity provider cannot be used");
            Unfetched::Unusable
        };
        let configuration: Configuration = serde_json::from_slice(&document)
            .map_err(|_| unusable("its configuration document has no `issuer` and `jwks_uri`"))?;
        if configuration.issuer.trim_end_matches('/') != issuer {
            return Err(unusable("its configuration document is another issuer's"));
        }
        self.known(issuer, configuration).await
    }

    async fn known(&self, issuer: &str, configuration: Configuration) -> Result<Known, Unfetched> {
        let unusable = |why: &str| {
            tracing::warn!(issuer, why, "the keys of an identity provider cannot be used");
            Unfetched::Unusable
        };
        if !self.may_hold_keys(issuer, &configuration.jwks_uri) {
            return Err(unusable("its `jwks_uri` is on another host, which the configuration does not list"));
        }
        let keys = self.get(&configuration.jwks_uri).await?;
        let keys = jwk::parse(&keys).map(KeySet);
        let keys = keys.ok_or_else(|| unusable("there is no key set at its `jwks_uri`"))?;
        let allowed = |address: Option<String>| {
            address.filter(|address| {
                let may = self.may_hold_keys(issuer, address);
                if !may {
                    tracing::warn!(
                        issuer,
                        address,
                        "an endpoint is on another host, which the configuration does not list"
                    );
                }
                may
            })
        };
        let methods = configuration.token_endpoint_auth_methods_supported;
        let endpoints = Endpoints {
            authorize: allowed(configuration.authorization_endpoint),
            token: allowed(configuration.token_endpoint),
            userinfo: allowed(configuration.userinfo_endpoint),
            basic: methods.is_none_or(|methods| methods.iter().any(|method| method == "client_secret_basic")),
            names_itself: configuration.authorization_response_iss_parameter_supported,
        };
        Ok(Known { keys: Arc::new(keys), endpoints })
    }

    async fn get(&self, address: &str) -> Result<Vec<u8>, Unfetched> {
        self.source.fetch(address).await.map_err(|why| {
            tracing::warn!(address, %why, "an identity provider could not be reached");
            Unfetched::Unreachable
        })
    }

    /// Whether keys may be fetched from an address, and whether an endpoint may be there: of the issuer's own host, or of one on the operator's list.
    pub(crate) fn may_hold_keys(&self, issuer: &str, address: &str) -> bool {
        let own = origin(issuer);
        own.is_some() && origin(address) == own
            || origin(address)
                .and_then(|origin| origin.strip_prefix("https://"))
                .is_some_and(|host| self.rules.key_hosts.iter().any(|listed| listed == host))
    }
}

impl Slot {
    /// What need not be asked again now.
    fn known(&self, id: Option<&str>, now: Timestamp) -> Option<Result<Arc<Known>, Unfetched>> {
        let last = self.last.load_full()?;
        let age = now.duration_since(last.at);
        let rests = age < PAUSE;
        match &last.found {
            Ok(known) if rests || age < GOOD_FOR && known.keys.has(id) => Some(Ok(Arc::clone(known))),
            Err(why) if rests => Some(Err(*why)),
            _ => None,
        }
    }
}

/// Scheme, host and port of an address; none for one that holds more than plain characters there.
fn origin(address: &str) -> Option<&str> {
    let host = address.find("://").map(|at| at + 3)?;
    let end = address.get(host..)?.find('/').map_or(address.len(), |at| host + at);
    let authority = address.get(host..end)?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b);
    (!authority.is_empty() && authority.bytes().all(plain)).then(|| address.get(..end)).flatten()
}
