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
use crate::user_pool::id::{ClientId, PoolId, Uuid};

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
    /// The token it was made with, for `AssumeRoleWithWebIdentity`.
    #[serde(default)]
    pub web_identity: Option<WebIdentity>,
    /// The principals this session was made through, nearest last: all must still be live.
    pub chain: Vec<Link>,
}

/// Whom the token of an identity provider was about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebIdentity {
    /// The provider's ARN.
    pub provider: String,
    /// The provider's issuer without the scheme: what its condition keys begin with.
    pub issuer: String,
    /// Whom the token was made for.
    pub audience: String,
    /// Whom it was about.
    pub subject: String,
    /// How the subject proved itself.
    pub methods: Vec<String>,
}

impl WebIdentity {
    /// Its condition keys with one value each: `{issuer}:aud`, `{issuer}:sub`, `aws:FederatedProvider`.
    pub fn keys(&self) -> [(String, String); 3] {
        [
            (format!("{}:aud", self.issuer), self.audience.clone()),
            (format!("{}:sub", self.issuer), self.subject.clone()),
            ("aws:FederatedProvider".to_owned(), self.provider.clone()),
        ]
    }
    /// The name of its condition key with several values.
    pub fn methods_key(&self) -> String {
        format!("{}:amr", self.issuer)
    }
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
    /// An OpenID Connect provider, by its issuer without the scheme and its time of making.
    OidcProvider(String, Timestamp),
    /// Somebody of a user pool, by the token that was shown.
    PoolUser(Box<PoolSignIn>),
}

/// What a session rests on that was made for a token of a user pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolSignIn {
    /// The pool.
    pub pool: PoolId,
    /// The app client the token is for.
    pub client: ClientId,
    /// Whom the token is about.
    pub user: Uuid,
    /// The sign-in the token goes back to, when that can be ended by itself.
    pub session: Option<Uuid>,
    /// The group whose role the session is of; none when a rule chose the role.
    pub group: Option<GroupRole>,
}

/// A group of a user pool, and the role it gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupRole {
    /// The group's name.
    pub name: String,
    /// The ARN of its role.
    pub role: String,
}
