//! The verbs: every use case once, whatever door the caller came in by.
//!
//! A door makes an [`Arrival`], asks [`App::authenticate`] who is there, names what is wanted with an [`Event`], and
//! calls a verb. A verb that writes runs inside [`App::change`], where the caller is judged again against the head
//! of the store; a door that forwards asks [`App::authorize`] for a [`Permit`] and brackets the forward with
//! [`App::begin`] and [`App::finish`].
//!
//! INVARIANT: only [`authorize`] makes a [`Permit`]; only [`mint`] makes a credential; every answered request leaves
//! exactly one audit record, on disk before its reply.

pub mod access_key;
pub mod account;
pub(crate) mod attempts;
pub mod audit;
pub mod authn;
pub mod authorize;
pub mod change;
pub mod console;
pub mod context;
pub mod explain;
mod hash;
pub mod iam;
pub mod keyring;
pub mod letter;
pub mod live;
pub mod mint;
pub mod oauth;
pub mod oidc;
pub mod password;
pub mod reach;
pub mod srp;
pub mod sts;
mod to_the_end;
pub mod token;
mod totp;
pub mod user_pool;
pub mod webauthn;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use garita_model::{AccessKeyId, Clock, Entropy, KeySource, Result, RoleUse, UniqueId, access_key::LastUsed};
use garita_store::{Snapshot, Store, Trail};

pub use audit::{Event, Failure, Outcome, Ticket};
pub use authn::{
    AcceptedPool, Bearer, BearerError, BearerRefused, RoleRule, RuleMatch, SigV4Scheme, TagSource, Unproven,
};
pub use authorize::Permit;
pub use change::Change;
pub use context::{Arrival, Caller, RequestContext};
pub use keyring::Keyring;
pub use oidc::ProviderRules;
pub use to_the_end::to_the_end;

/// What an [`App`] is made of besides its data folder.
pub struct Parts {
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where randomness comes from.
    pub entropy: Arc<dyn Entropy>,
    /// The master key.
    pub keyring: Keyring,
    /// Garita's own region; signatures for `also_regions` are accepted too.
    pub region: String,
    /// Sends e-mail; without it nobody can sign up or set a forgotten password.
    pub mailer: Option<Arc<dyn garita_model::Mailer>>,
    /// Other regions a client may have signed for.
    pub also_regions: Vec<String>,
    /// Which rules for passwords a user pool has that is given none.
    pub pool_passwords: garita_model::user_pool::PasswordProfile,
    /// Where the keys of identity providers come from.
    pub key_source: Arc<dyn KeySource>,
    /// What the operator allows of identity providers.
    pub provider_rules: ProviderRules,
}

/// The application: one for a process, shared by all doors.
pub struct App {
    store: Store,
    trail: Trail,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    keyring: Keyring,
    region: String,
    regions: Vec<String>,
    folder: PathBuf,
    signing_keys: authn::SigningKeys,
    sessions: authn::Sessions,
    known_callers: authn::KnownCallers,
    key_use: Mutex<HashMap<AccessKeyId, LastUsed>>,
    browser_use: Mutex<HashMap<[u8; 32], jiff::Timestamp>>,
    role_use: Mutex<HashMap<UniqueId, RoleUse>>,
    passwords: password::Passwords,
    reports: iam::credential_report::Reports,
    access_jobs: iam::last_accessed::Jobs,
    guesses: iam::mfa_device::Guesses,
    everyone: reach::Everyone,
    tokens: token::Tokens,
    lookups: tokio::sync::Semaphore,
    mailer: Option<Arc<dyn garita_model::Mailer>>,
    attempts: attempts::Attempts,
    pool_passwords: garita_model::user_pool::PasswordProfile,
    endpoint: std::sync::OnceLock<String>,
    aws_endpoint: std::sync::OnceLock<String>,
    provider_keys: oidc::keys::ProviderKeys,
    ended_errands: oauth::errand::Ended,
    polls: oauth::polls::Polls,
}

impl App {
    /// Opens the store and the audit trail in `folder`, and brings onto the trail what a crash kept from it.
    ///
    /// # Errors
    /// `Unavailable` when another process holds the folder, `Internal` when it cannot be read.
    pub async fn open(folder: &Path, parts: Parts) -> Result<Arc<Self>> {
        let store = Store::open(folder)?;
        let trail = Trail::open(folder)?;
        audit::ship_pending(&store, &trail).await?;
        let mut regions = parts.also_regions;
        regions.insert(0, parts.region.clone());
        let hash_pool = password::HashPool::for_this_machine();
        let passwords = password::Passwords::new(hash_pool, Arc::clone(&parts.entropy));
        Ok(Arc::new(Self {
            store,
            trail,
            clock: parts.clock,
            entropy: parts.entropy,
            keyring: parts.keyring,
            region: parts.region,
            regions,
            folder: folder.to_owned(),
            signing_keys: authn::SigningKeys::new(),
            sessions: authn::Sessions::new(),
            known_callers: authn::KnownCallers::new(),
            key_use: Mutex::new(HashMap::new()),
            browser_use: Mutex::new(HashMap::new()),
            role_use: Mutex::new(HashMap::new()),
            guesses: iam::mfa_device::Guesses::default(),
            everyone: reach::Everyone::default(),
            mailer: parts.mailer,
            pool_passwords: parts.pool_passwords,
            attempts: attempts::Attempts::default(),
            endpoint: std::sync::OnceLock::new(),
            aws_endpoint: std::sync::OnceLock::new(),
            reports: iam::credential_report::Reports::default(),
            access_jobs: iam::last_accessed::Jobs::default(),
            tokens: token::Tokens::default(),
            passwords,
            lookups: tokio::sync::Semaphore::new(explain::AT_ONCE),
            ended_errands: oauth::errand::Ended::default(),
            polls: oauth::polls::Polls::default(),
            provider_keys: oidc::keys::ProviderKeys::new(parts.key_source, parts.provider_rules),
        }))
    }

    /// Takes no more changes, finishes those that wait, and lets go of the data folder.
    pub fn close(&self) {
        self.store.clone().close();
        self.trail.clone().close();
    }

    /// The state decisions are made from: immutable, compiled, at one revision.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.store.snapshot()
    }
    /// Garita's own region.
    pub fn region(&self) -> &str {
        &self.region
    }
    /// The data folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
    /// Where randomness comes from.
    pub fn entropy(&self) -> &dyn Entropy {
        self.entropy.as_ref()
    }
    /// Verified tokens of user pools, and their opened keys.
    pub fn tokens(&self) -> &token::Tokens {
        &self.tokens
    }
    /// What makes tokens of user pools on this ground.
    pub fn minter<'a>(&'a self, ground: &'a dyn token::Ground) -> mint::token::Minter<'a> {
        let (keyring, entropy) = (&self.keyring, self.entropy.as_ref());
        mint::token::Minter { tokens: &self.tokens, keyring, entropy, ground }
    }
    /// A key for one purpose, derived from the master key; the same for the same label.
    ///
    /// # Errors
    /// `Internal` when the crypto library fails.
    pub fn derive_key(&self, label: &str) -> Result<garita_model::Secret<[u8; 32]>> {
        self.keyring.derive(label)
    }
}
