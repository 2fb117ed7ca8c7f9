//! A user's SSH public key.

use garita_policy::AccountId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::access_key::KeyStatus;
use crate::id::UniqueId;

/// An SSH public key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SshPublicKey {
    /// The account it belongs to.
    #[serde(with = "crate::object::display")]
    pub account: AccountId,
    /// The user's unique id.
    pub user: UniqueId,
    /// `APKA…`.
    pub id: UniqueId,
    /// The key as it was uploaded: its type, itself in base64, perhaps a comment.
    pub body: String,
    /// MD5 of the key, in hex with colons, as AWS tells it.
    pub fingerprint: String,
    /// Whether it may be used.
    pub status: KeyStatus,
    /// When it was uploaded.
    pub uploaded: Timestamp,
}
