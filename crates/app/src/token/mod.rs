//! Tokens of user pools: signing keys, the published key set, and the one place that verifies.
//!
//! [`key`] makes keys and signs; [`rotation`] says which key follows which and when; [`jwks`] is the set that others
//! verify with; [`Tokens::verify`] is how Garita itself verifies. Tokens are made in [`crate::mint::token`], and only
//! for a [`Standing`]: proof that the user and the app client were live in a snapshot.
//!
//! INVARIANT: a token is a claim, never the truth. However well signed, it is accepted only while everything it rests
//! on ([`RestsOn`]) stands in the newest snapshot, at a revision no later than the one it was issued at.

pub mod jwks;
mod jws;
mod keeper;
pub mod key;
pub mod rotation;
mod standing;
pub(crate) mod verify;

use std::sync::Arc;

use garita_model::{AccountId, TokenKey};
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use key::Signer;
pub use standing::Standing;
pub use verify::{Audience, Expected, TokenError, Verified};

/// Most bytes of a token: what a header line of a usual server holds. A token that is larger is refused unread.
pub const MAX_TOKEN: usize = 16 * 1024;
/// How much of verified tokens is kept in memory.
const CACHE_BYTES: u64 = 16 * 1024 * 1024;
/// A guess for laying out the cache: tokens of usual size that fit into it.
const CACHE_ITEMS: usize = 8 * 1024;
/// How many opened private keys are kept.
const SIGNERS: usize = 256;

/// Who signs tokens: a user pool under the URL that its tokens name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer {
    /// The account of the pool.
    pub account: AccountId,
    /// The pool's id.
    pub pool: String,
    /// The claim `iss`: `{endpoint}/{pool id}`.
    pub url: String,
}

/// Whom a token is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenSubject {
    /// A user of the pool.
    User {
        /// Never used twice, as a user's unique id.
        sub: String,
        /// The name, which may have been someone else's before.
        username: String,
    },
    /// The app client itself (client credentials).
    Client,
}

/// What a token rests on: all of it must stand for the token to be good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestsOn {
    /// The pool.
    pub issuer: Issuer,
    /// The app client.
    pub client: String,
    /// The user, or the client itself.
    pub subject: TokenSubject,
    /// The sign-in that it goes back to, when it has refresh tokens that can be revoked.
    pub origin_jti: Option<String>,
}

/// What tokens are made and verified against: the snapshot with the settings of this Garita.
pub trait Ground {
    /// The revision of the snapshot.
    fn revision(&self) -> u64;
    /// The pool behind a claim `iss`; none for any URL that is not exactly one of Garita's own issuers.
    fn issuer(&self, iss: &str) -> Option<Issuer>;
    /// The signing keys of a pool, in any stage.
    fn keys(&self, issuer: &Issuer) -> Vec<Arc<TokenKey>>;
    /// The lowest revision at which a token that rests on this may have been issued: the greatest `min_rev` of all
    /// of it. None when something is gone, disabled or another one under the same name.
    fn floor(&self, on: &RestsOn) -> Option<u64>;
    /// One signing key of a pool.
    fn key(&self, issuer: &Issuer, kid: &str) -> Option<Arc<TokenKey>> {
        self.keys(issuer).into_iter().find(|key| key.kid == kid)
    }
}

/// What is remembered between tokens: verified ones, and opened keys. One for a process.
pub struct Tokens {
    verified: Cache<[u8; 32], Arc<Verified>, Bytes>,
    signers: Cache<String, Arc<Signer>>,
}

/// Weighs a verified token by what it holds.
#[derive(Clone)]
struct Bytes;

impl Weighter<[u8; 32], Arc<Verified>> for Bytes {
    fn weight(&self, _: &[u8; 32], token: &Arc<Verified>) -> u64 {
        // Claims are held twice: as text, and picked apart.
        u64::try_from(token.claims().len()).unwrap_or(u64::MAX).saturating_mul(2).saturating_add(512)
    }
}

impl Default for Tokens {
    fn default() -> Self {
        Self { verified: Cache::with_weighter(CACHE_ITEMS, CACHE_BYTES, Bytes), signers: Cache::new(SIGNERS) }
    }
}
