//! A session: temporary credentials and what they rest on.
//!
//! Sessions are not stored. Everything about one is sealed into its session token (see `app::mint`), so any
//! node can verify it; revocation works through `iss_rev` against the `min_rev` of what it rests on.

use garita_policy::AccountId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{AccessKeyId, UniqueId};
use crate::name::{RoleName, SessionName, UserName};
use crate::tag::Tag;

/// What a session token holds besides the secret key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The key id these claims belong to.
    pub key: AccessKeyId,
    /// The account whose principal this is.
    #[serde(with = "crate::object::display")]
    pub account: AccountId,
    /// Who the session is.
    pub subject: Subject,
    /// When it was made.
    pub issued: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
    /// The revision of the store at which it was made.
    pub iss_rev: u64,
    /// Inline session policy documents.
    pub policies: Vec<String>,
    /// ARNs of managed policies given as session policies.
    pub policy_arns: Vec<String>,
    /// Session tags, transitive ones included.
    pub tags: Vec<Tag>,
    /// Keys of the tags that a chained session inherits.
    pub transitive: Vec<String>,
    /// The source identity; once set, a chain keeps it.
    pub source_identity: Option<String>,
    /// When the caller proved a second factor, if it did.
    #[serde(default)]
    pub mfa_at: Option<Timestamp>,
    /// The principals this session was made through, nearest last: all must still be live.
    pub chain: Vec<Link>,
}

/// Who a session is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Subject {
    /// A role session (`AssumeRole`).
    Role {
        /// The role's name.
        role: RoleName,
        /// The role's unique id: a role made anew is another role.
        id: UniqueId,
        /// The name its caller chose.
        session: SessionName,
    },
    /// A user with temporary credentials (`GetSessionToken`).
    User {
        /// The user's name.
        user: UserName,
        /// The user's unique id.
        id: UniqueId,
    },
    /// The root user with temporary credentials.
    Root,
    /// A federated user (`GetFederationToken`).
    Federated {
        /// The name its maker chose: 2 to 32 characters.
        name: SessionName,
        /// Who made it; the session can do nothing that its maker cannot.
        issuer: Origin,
    },
}

/// A principal a session was made through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The principal's account.
    #[serde(with = "crate::object::display")]
    pub account: AccountId,
    /// Who it was.
    pub subject: Origin,
    /// The long-lived key the chain began with, if this link had one.
    pub key: Option<AccessKeyId>,
}

/// The kind and identity of a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// The root user.
    Root,
    /// A user, by name and unique id.
    User(UserName, UniqueId),
    /// A role, by name and unique id.
    Role(RoleName, UniqueId),
}
