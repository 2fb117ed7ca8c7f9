//! An app client: a program that people sign in to, and what it may ask for.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::secret::Sealed;
use crate::user_pool::id::{ClientId, PoolId};

/// An app client of a pool.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools, reason = "Cognito's own switches")]
pub struct PoolClient {
    /// The pool.
    pub pool: PoolId,
    /// Its id, found without the pool's.
    pub id: ClientId,
    /// Its name, for people.
    pub name: String,
    /// The secret, encrypted under the master key: `SECRET_HASH` cannot be verified without it.
    pub secret: Option<Sealed>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub modified: Timestamp,
    /// The ways to sign in that are open.
    pub flows: BTreeSet<AuthFlow>,
    /// How long tokens are good for.
    pub access_token: TokenValidity,
    /// See [`PoolClient::access_token`].
    pub id_token: TokenValidity,
    /// See [`PoolClient::access_token`].
    pub refresh_token: TokenValidity,
    /// Minutes until a challenge must be answered, 3 to 15.
    pub session_minutes: u32,
    /// Whether each use of a refresh token gives another one, and the seconds the old one is still good for.
    pub rotation: Option<u32>,
    /// Whether it is hidden if a user is there.
    pub hides_users: bool,
    /// Whether tokens can be revoked.
    pub revocation: bool,
    /// Attributes it reads; all when none are named.
    pub reads: Option<BTreeSet<String>>,
    /// Attributes it writes; all when none are named.
    pub writes: Option<BTreeSet<String>>,
    /// Who vouches for people here: `COGNITO` is the pool itself.
    pub providers: Vec<String>,
    /// Whether the OAuth endpoints are open to it.
    pub oauth: bool,
    /// OAuth flows.
    pub oauth_flows: Vec<String>,
    /// OAuth scopes.
    pub oauth_scopes: Vec<String>,
    /// Where a sign-in may lead back to.
    pub callback_urls: Vec<String>,
    /// Where a sign-out may lead back to.
    pub logout_urls: Vec<String>,
    /// Where a sign-in leads back to when the request does not say.
    pub default_redirect: Option<String>,
    /// Tokens issued before this revision are refused.
    pub min_rev: u64,
}

impl PoolClient {
    /// What the pool itself is called among those who vouch for people.
    pub const OWN: &str = "COGNITO";

    /// Whether it sends people to a provider, or to the pool itself ([`PoolClient::OWN`]).
    pub fn takes(&self, provider: &str) -> bool {
        self.providers.iter().any(|held| held == provider)
    }
    /// Whether a way to sign in is open.
    pub fn allows(&self, flow: AuthFlow) -> bool {
        self.flows.contains(&flow)
    }
    /// Whether it may read an attribute.
    pub fn may_read(&self, name: &str) -> bool {
        self.reads.as_ref().is_none_or(|names| name == "sub" || names.contains(name))
    }
    /// Whether it may write an attribute.
    pub fn may_write(&self, name: &str) -> bool {
        self.writes.as_ref().is_none_or(|names| names.contains(name))
    }
}

/// A way to sign in that a client opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum AuthFlow {
    /// A name and a password.
    UserPassword,
    /// The same, sent by an administrator's server.
    AdminUserPassword,
    /// A proof of the password without the password.
    UserSrp,
    /// A refresh token.
    RefreshToken,
    /// Whatever the user has: a password, a passkey.
    User,
}

/// How long a token is good for, as it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenValidity {
    /// How many.
    pub amount: u32,
    /// Of what.
    pub unit: ValidityUnit,
}

/// A unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the units of time")]
pub enum ValidityUnit {
    Seconds,
    Minutes,
    Hours,
    Days,
}

impl TokenValidity {
    /// As a duration.
    pub fn duration(self) -> SignedDuration {
        SignedDuration::from_secs(i64::from(self.amount).saturating_mul(match self.unit {
            ValidityUnit::Seconds => 1,
            ValidityUnit::Minutes => 60,
            ValidityUnit::Hours => 3_600,
            ValidityUnit::Days => 86_400,
        }))
    }
}
