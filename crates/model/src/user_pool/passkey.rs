//! A passkey of a user: what is kept of a credential that an authenticator made. Web Authentication, section 4,
//! "credential record".
//!
//! It is found by the hash of its credential's id, which is unique in its pool; whose it is, the user's own list says
//! too. INVARIANT: both are written in one transaction. INVARIANT: a challenge is answered with a passkey once.

use garita_policy::AccountId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::user_pool::id::{ClientId, PoolId, Uuid};
use crate::user_pool::session::TokenHash;

/// A passkey.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolPasskey {
    /// The account of the pool.
    #[serde(with = "crate::object::display")]
    pub account: AccountId,
    /// The pool.
    pub pool: PoolId,
    /// Whose.
    pub user: Uuid,
    /// SHA-256 of the credential's id.
    pub place: TokenHash,
    /// The credential's id, in base64url.
    pub id: String,
    /// Its public key, in COSE and base64url.
    pub key: String,
    /// The relying party it was made for.
    pub relying_party: String,
    /// How often it had signed when it was last used, if its authenticator counts.
    pub counter: u32,
    /// Whether it may be copied to other devices of its owner.
    pub backup_eligible: bool,
    /// Whether it has been.
    pub backed_up: bool,
    /// Whether its authenticator is part of a device or goes from one to another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attachment: Option<String>,
    /// How its authenticator may be reached.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transports: Vec<String>,
    /// What people know it by.
    pub name: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<Timestamp>,
    /// The challenges it has answered, as long as they could be answered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answered: Vec<AnsweredChallenge>,
}

/// A challenge that was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnsweredChallenge {
    /// SHA-256 of it.
    pub hash: TokenHash,
    /// When it is over, whether it was answered or not.
    pub until: Timestamp,
}

/// A passkey that a user is about to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingPasskey {
    /// What is to be answered.
    pub challenge: TokenHash,
    /// The app client that asked, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientId>,
    /// Until when.
    pub until: Timestamp,
}

impl PoolPasskey {
    /// Most passkeys of a user; Cognito's quota.
    pub const MOST: usize = 20;

    /// What it is known by within its account.
    pub fn place(pool: &PoolId, hash: &TokenHash) -> String {
        format!("{pool}/{hash}")
    }
}

/// No key is printed.
impl std::fmt::Debug for PoolPasskey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PoolPasskey({}/{} of {})", self.pool, self.place, self.user)
    }
}
