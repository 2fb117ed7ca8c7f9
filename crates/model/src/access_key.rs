//! A long-lived access key of a user or of an account's root user.

use garita_policy::AccountId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::AccessKeyId;
use crate::name::UserName;
use crate::secret::Sealed;

/// Whether a key may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyStatus {
    /// It may.
    Active,
    /// It may not, until it is made active again.
    Inactive,
}

/// Whose key it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeyOwner {
    /// The account's root user.
    Root,
    /// A user of the account.
    User(UserName),
}

/// A long-lived key pair. The secret is sealed: SigV4 needs it back to verify.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessKey {
    /// `AKIA…`, or what the operator brought.
    pub id: AccessKeyId,
    /// The account it belongs to.
    #[serde(with = "crate::object::display")]
    pub account: AccountId,
    /// Whose it is.
    pub owner: KeyOwner,
    /// The secret, encrypted under the master key.
    pub secret: Sealed,
    /// Whether it may be used.
    pub status: KeyStatus,
    /// When it was made.
    pub created: Timestamp,
    /// Sessions made with it before this revision are refused: it was inactive then.
    #[serde(default)]
    pub min_rev: u64,
}

/// When and for what a key was last used; kept beside the key because it changes with use, not by a caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastUsed {
    /// The time of the request, to the second.
    pub at: Timestamp,
    /// The service's signing name.
    pub service: String,
    /// The region of the signature.
    pub region: String,
}
