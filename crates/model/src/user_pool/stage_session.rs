//! A browser that is signed in at an API stage: what its cookie there stands for.
//!
//! It holds nothing of its own but what it rests on: the sign-in at the pool that it came of, with the browser there, and
//! the sign-in to the app client that the stage signs people in with. INVARIANT: it stands only as long as both do; the
//! cookie itself is nowhere, what is found by it is its hash.

use garita_policy::AccountId;
use serde::{Deserialize, Serialize};

use crate::user_pool::id::{PoolId, Uuid};
use crate::user_pool::session::TokenHash;

/// A browser that is signed in at an API stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageSession {
    /// The account of the pool.
    #[serde(with = "crate::object::display")]
    pub account: AccountId,
    /// The pool.
    pub pool: PoolId,
    /// The id of the API.
    pub api: String,
    /// SHA-256 of its cookie.
    pub cookie: TokenHash,
    /// The browser at the pool, by the hash of its cookie there.
    pub browser: TokenHash,
    /// The sign-in to the app client.
    pub sign_in: Uuid,
}

impl StageSession {
    /// What it is known by within its account.
    pub fn place(pool: &PoolId, api: &str, cookie: &TokenHash) -> String {
        format!("{pool}/{api}/{cookie}")
    }
}
