//! A device that waits to be let in by someone at a browser: RFC 8628.
//!
//! INVARIANT: neither code is kept: the device's is long and found by its hash; the one that is typed is short, and is
//! kept as a keyed hash.

use garita_policy::AccountId;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::user_pool::id::{ClientId, PoolId, Uuid};
use crate::user_pool::session::TokenHash;

/// A device that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolDevice {
    /// The account of the pool.
    #[serde(with = "crate::object::display")]
    pub account: AccountId,
    /// The pool.
    pub pool: PoolId,
    /// SHA-256 of the device's own code.
    pub code: TokenHash,
    /// HMAC of the code it shows.
    pub shown: TokenHash,
    /// Its app client.
    pub client: ClientId,
    /// What it asks for.
    pub scopes: Vec<String>,
    /// When it began to wait.
    pub started: Timestamp,
    /// What was decided.
    pub decision: DeviceDecision,
}

/// What somebody decided about a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeviceDecision {
    /// Nothing yet.
    Pending,
    /// It may.
    Allowed {
        /// Who said so.
        user: Uuid,
        /// When they had signed in.
        signed_in: Timestamp,
        /// Whether they showed a second factor then.
        second_factor: bool,
        /// The revision of the store at which that sign-in began.
        iss_rev: u64,
        /// The provider that vouched for them; none when the pool itself did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        provider: Option<Box<str>>,
    },
    /// It may not.
    Denied,
}

impl PoolDevice {
    /// How long it waits.
    pub const LIFE: SignedDuration = SignedDuration::from_mins(10);

    /// Whether it has waited long enough.
    pub fn is_over(&self, now: Timestamp) -> bool {
        now.duration_since(self.started) >= Self::LIFE
    }
    /// Whether this user has allowed it.
    pub fn is_allowed_by(&self, who: Uuid) -> bool {
        matches!(self.decision, DeviceDecision::Allowed { user, .. } if user == who)
    }
    /// What it is known by within its account.
    pub fn place(pool: &PoolId, code: &TokenHash) -> String {
        format!("{pool}/{code}")
    }
}
