//! Everything that is stored, as one list: a kind, a key and a document.
//!
//! INVARIANT: an object's key is a function of the object ([`Object::key`]); kinds are never renamed, because
//! they stand in the change feed.

use std::sync::Arc;

use garita_policy::{AccountId, Arn};
use serde::{Deserialize, Serialize};

use crate::access_key::{AccessKey, LastUsed};
use crate::account::Account;
use crate::console::{ConsoleSession, SigninToken};
use crate::error::{Error, Result};
use crate::group::Group;
use crate::id::AccessKeyId;
use crate::identity_provider::OidcProvider;
use crate::identity_provider::SamlProvider;
use crate::instance_profile::InstanceProfile;
use crate::login_profile::LoginProfile;
use crate::managed_policy::ManagedPolicy;
use crate::mfa_device::MfaDevice;
use crate::name::Path;
use crate::plain::Plain;
use crate::role::{Role, RoleUse};
use crate::role_deletion::RoleDeletion;
use crate::ssh_public_key::SshPublicKey;
use crate::token_issuer::TokenIssuer;
use crate::token_key::TokenKey;
use crate::user::User;
use crate::user_pool::{ClientId, CodePurpose, PoolId, Uuid};
use crate::user_pool::{
    PoolBrowser, PoolClient, PoolCode, PoolDevice, PoolGroup, PoolPasskey, PoolProvider, PoolSession,
    PoolUser, ResourceServer, StageSession, UserPool,
};

/// A stored thing with its kind.
#[derive(Clone, Serialize, Deserialize)]
#[serde(untagged)]
#[allow(missing_docs, reason = "each variant is the noun of its name")]
pub enum Object {
    Account(Arc<Account>),
    User(Arc<User>),
    Group(Arc<Group>),
    Role(Arc<Role>),
    ManagedPolicy(Arc<ManagedPolicy>),
    AccessKey(Arc<AccessKey>),
    KeyUse(AccessKeyId, LastUsed),
    LoginProfile(Arc<LoginProfile>),
    InstanceProfile(Arc<InstanceProfile>),
    MfaDevice(Arc<MfaDevice>),
    SshPublicKey(Arc<SshPublicKey>),
    SamlProvider(Arc<SamlProvider>),
    OidcProvider(Arc<OidcProvider>),
    TokenKey(Arc<TokenKey>),
    RoleUse(Arc<RoleUse>),
    RoleDeletion(Arc<RoleDeletion>),
    TokenIssuer(Arc<TokenIssuer>),
    UserPool(Arc<UserPool>),
    PoolClient(Arc<PoolClient>),
    PoolGroup(Arc<PoolGroup>),
    PoolUser(Arc<PoolUser>),
    PoolSession(Arc<PoolSession>),
    PoolCode(Arc<PoolCode>),
    PoolBrowser(Arc<PoolBrowser>),
    PoolDevice(Arc<PoolDevice>),
    StageSession(Arc<StageSession>),
    PoolPasskey(Arc<PoolPasskey>),
    PoolProvider(Arc<PoolProvider>),
    /// A resource server of a user pool.
    ResourceServer(Arc<ResourceServer>),
    ConsoleSession(Arc<ConsoleSession>),
    SigninToken(Arc<SigninToken>),
}

/// The kind of a stored thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each variant is the noun of its name")]
pub enum ObjectKind {
    Account,
    User,
    Group,
    Role,
    ManagedPolicy,
    AccessKey,
    KeyUse,
    LoginProfile,
    InstanceProfile,
    MfaDevice,
    SshPublicKey,
    SamlProvider,
    OidcProvider,
    TokenKey,
    RoleUse,
    RoleDeletion,
    TokenIssuer,
    UserPool,
    PoolClient,
    PoolGroup,
    PoolUser,
    PoolSession,
    PoolCode,
    PoolBrowser,
    PoolDevice,
    StageSession,
    PoolPasskey,
    PoolProvider,
    ResourceServer,
    ConsoleSession,
    SigninToken,
}

impl ObjectKind {
    /// Every kind, in the order a snapshot loads them.
    pub const ALL: [Self; 31] = [
        Self::Account,
        Self::ManagedPolicy,
        Self::Group,
        Self::User,
        Self::Role,
        Self::AccessKey,
        Self::KeyUse,
        Self::LoginProfile,
        Self::InstanceProfile,
        Self::MfaDevice,
        Self::SshPublicKey,
        Self::SamlProvider,
        Self::OidcProvider,
        Self::TokenKey,
        Self::RoleUse,
        Self::RoleDeletion,
        Self::TokenIssuer,
        Self::UserPool,
        Self::PoolClient,
        Self::PoolGroup,
        Self::PoolUser,
        Self::PoolSession,
        Self::PoolCode,
        Self::PoolBrowser,
        Self::PoolDevice,
        Self::StageSession,
        Self::PoolPasskey,
        Self::PoolProvider,
        Self::ResourceServer,
        Self::ConsoleSession,
        Self::SigninToken,
    ];

    /// The word that stands in the store and in the change feed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::User => "user",
            Self::Group => "group",
            Self::Role => "role",
            Self::ManagedPolicy => "managed_policy",
            Self::AccessKey => "access_key",
            Self::KeyUse => "key_use",
            Self::LoginProfile => "login_profile",
            Self::InstanceProfile => "instance_profile",
            Self::MfaDevice => "mfa_device",
            Self::SshPublicKey => "ssh_public_key",
            Self::SamlProvider => "saml_provider",
            Self::OidcProvider => "oidc_provider",
            Self::TokenKey => "token_key",
            Self::RoleUse => "role_use",
            Self::RoleDeletion => "role_deletion",
            Self::TokenIssuer => "token_issuer",
            Self::UserPool => "user_pool",
            Self::PoolClient => "pool_client",
            Self::PoolGroup => "pool_group",
            Self::PoolUser => "pool_user",
            Self::PoolSession => "pool_session",
            Self::PoolCode => "pool_code",
            Self::PoolBrowser => "pool_browser",
            Self::PoolDevice => "pool_device",
            Self::StageSession => "stage_session",
            Self::PoolPasskey => "pool_passkey",
            Self::PoolProvider => "pool_provider",
            Self::ResourceServer => "resource_server",
            Self::ConsoleSession => "console_session",
            Self::SigninToken => "signin_token",
        }
    }

    /// The kind of a word; none for a word this version does not know (then the store must not be used).
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// What identifies a stored thing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectKey {
    /// Its kind.
    pub kind: ObjectKind,
    /// `{account}/{name in lower case}`, or the id alone.
    pub key: String,
}

impl ObjectKey {
    /// The key of something named within an account.
    pub fn named(kind: ObjectKind, account: AccountId, lowercase_name: &str) -> Self {
        Self { kind, key: format!("{account}/{lowercase_name}") }
    }
    /// The key of a plain noun.
    pub fn plain<T: Plain>(noun: &T) -> Self {
        Self::named(T::KIND, noun.account(), &noun.local())
    }
    /// The key of an access key.
    pub fn access_key(id: &AccessKeyId) -> Self {
        Self { kind: ObjectKind::AccessKey, key: id.as_str().to_owned() }
    }
    /// The key of a user pool.
    pub fn user_pool(id: &PoolId) -> Self {
        Self { kind: ObjectKind::UserPool, key: id.as_str().to_owned() }
    }
    /// The key of an app client.
    pub fn pool_client(id: &ClientId) -> Self {
        Self { kind: ObjectKind::PoolClient, key: id.as_str().to_owned() }
    }
    /// The key of a group of a pool.
    pub fn pool_group(pool: &PoolId, name: &str) -> Self {
        Self { kind: ObjectKind::PoolGroup, key: format!("{pool}/{name}") }
    }
    /// The key of a user of a pool.
    pub fn pool_user(pool: &PoolId, sub: Uuid) -> Self {
        Self { kind: ObjectKind::PoolUser, key: format!("{pool}/{sub}") }
    }
    /// The key of a sign-in.
    pub fn pool_session(pool: &PoolId, id: Uuid) -> Self {
        Self { kind: ObjectKind::PoolSession, key: format!("{pool}/{id}") }
    }
    /// The key of a code.
    pub fn pool_code(pool: &PoolId, user: Uuid, purpose: CodePurpose) -> Self {
        Self { kind: ObjectKind::PoolCode, key: format!("{pool}/{user}/{}", purpose.as_str()) }
    }
}

impl Object {
    /// Its key.
    pub fn key(&self) -> ObjectKey {
        let named = ObjectKey::named;
        match self {
            Self::Account(a) => ObjectKey { kind: ObjectKind::Account, key: a.id.to_string() },
            Self::User(u) => named(ObjectKind::User, u.account, &u.name.key()),
            Self::Group(g) => named(ObjectKind::Group, g.account, &g.name.key()),
            Self::Role(r) => named(ObjectKind::Role, r.account, &r.name.key()),
            Self::ManagedPolicy(p) => named(ObjectKind::ManagedPolicy, p.account, &p.name.key()),
            Self::AccessKey(k) => ObjectKey::access_key(&k.id),
            Self::KeyUse(id, _) => ObjectKey { kind: ObjectKind::KeyUse, key: id.as_str().to_owned() },
            Self::LoginProfile(p) => ObjectKey::plain(p.as_ref()),
            Self::InstanceProfile(p) => ObjectKey::plain(p.as_ref()),
            Self::MfaDevice(p) => ObjectKey::plain(p.as_ref()),
            Self::SshPublicKey(p) => ObjectKey::plain(p.as_ref()),
            Self::SamlProvider(p) => ObjectKey::plain(p.as_ref()),
            Self::OidcProvider(p) => ObjectKey::plain(p.as_ref()),
            Self::TokenKey(p) => ObjectKey::plain(p.as_ref()),
            Self::RoleUse(p) => ObjectKey::plain(p.as_ref()),
            Self::RoleDeletion(p) => ObjectKey::plain(p.as_ref()),
            Self::TokenIssuer(p) => ObjectKey::plain(p.as_ref()),
            Self::UserPool(p) => ObjectKey::user_pool(&p.id),
            Self::PoolClient(c) => ObjectKey::pool_client(&c.id),
            Self::PoolGroup(g) => ObjectKey::pool_group(&g.pool, &g.name),
            Self::PoolUser(u) => ObjectKey::pool_user(&u.pool, u.sub),
            Self::PoolSession(s) => ObjectKey::pool_session(&s.pool, s.id),
            Self::PoolCode(c) => ObjectKey::pool_code(&c.pool, c.user, c.purpose),
            Self::PoolBrowser(p) => ObjectKey::plain(p.as_ref()),
            Self::PoolDevice(p) => ObjectKey::plain(p.as_ref()),
            Self::StageSession(p) => ObjectKey::plain(p.as_ref()),
            Self::PoolPasskey(p) => ObjectKey::plain(p.as_ref()),
            Self::PoolProvider(p) => ObjectKey::plain(p.as_ref()),
            Self::ResourceServer(p) => ObjectKey::plain(p.as_ref()),
            Self::ConsoleSession(p) => ObjectKey::plain(p.as_ref()),
            Self::SigninToken(p) => ObjectKey::plain(p.as_ref()),
        }
    }

    /// Its document, as the store keeps it.
    ///
    /// # Errors
    /// `Internal` when it cannot be written, which would be a fault of this program.
    pub fn to_document(&self) -> Result<String> {
        serde_json::to_string(self)
            .map_err(|e| Error::internal(format!("cannot write {:?}: {e}", self.key())))
    }

    /// Reads a document of a kind.
    ///
    /// # Errors
    /// `Internal` when the document is not of that kind: the store is damaged or newer than this program.
    pub fn from_document(kind: ObjectKind, document: &str) -> Result<Self> {
        fn read<T: serde::de::DeserializeOwned>(document: &str) -> serde_json::Result<T> {
            serde_json::from_str(document)
        }
        match kind {
            ObjectKind::Account => read(document).map(|o| Self::Account(Arc::new(o))),
            ObjectKind::User => read(document).map(|o| Self::User(Arc::new(o))),
            ObjectKind::Group => read(document).map(|o| Self::Group(Arc::new(o))),
            ObjectKind::Role => read(document).map(|o| Self::Role(Arc::new(o))),
            ObjectKind::ManagedPolicy => read(document).map(|o| Self::ManagedPolicy(Arc::new(o))),
            ObjectKind::AccessKey => read(document).map(|o| Self::AccessKey(Arc::new(o))),
            ObjectKind::KeyUse => read(document).map(|(id, used)| Self::KeyUse(id, used)),
            ObjectKind::LoginProfile => read(document).map(LoginProfile::into_object),
            ObjectKind::InstanceProfile => read(document).map(InstanceProfile::into_object),
            ObjectKind::MfaDevice => read(document).map(MfaDevice::into_object),
            ObjectKind::SshPublicKey => read(document).map(SshPublicKey::into_object),
            ObjectKind::SamlProvider => read(document).map(SamlProvider::into_object),
            ObjectKind::OidcProvider => read(document).map(OidcProvider::into_object),
            ObjectKind::TokenKey => read(document).map(TokenKey::into_object),
            ObjectKind::RoleUse => read(document).map(RoleUse::into_object),
            ObjectKind::RoleDeletion => read(document).map(RoleDeletion::into_object),
            ObjectKind::TokenIssuer => read(document).map(TokenIssuer::into_object),
            ObjectKind::UserPool => read(document).map(|o| Self::UserPool(Arc::new(o))),
            ObjectKind::PoolClient => read(document).map(|o| Self::PoolClient(Arc::new(o))),
            ObjectKind::PoolGroup => read(document).map(|o| Self::PoolGroup(Arc::new(o))),
            ObjectKind::PoolUser => read(document).map(|o| Self::PoolUser(Arc::new(o))),
            ObjectKind::PoolSession => read(document).map(|o| Self::PoolSession(Arc::new(o))),
            ObjectKind::PoolCode => read(document).map(|o| Self::PoolCode(Arc::new(o))),
            ObjectKind::PoolBrowser => read(document).map(PoolBrowser::into_object),
            ObjectKind::PoolDevice => read(document).map(PoolDevice::into_object),
            ObjectKind::StageSession => read(document).map(StageSession::into_object),
            ObjectKind::PoolPasskey => read(document).map(PoolPasskey::into_object),
            ObjectKind::PoolProvider => read(document).map(PoolProvider::into_object),
            ObjectKind::ResourceServer => read(document).map(ResourceServer::into_object),
            ObjectKind::ConsoleSession => read(document).map(ConsoleSession::into_object),
            ObjectKind::SigninToken => read(document).map(SigninToken::into_object),
        }
        .map_err(|e| Error::internal(format!("stored {} cannot be read: {e}", kind.as_str())))
    }
}

pub(crate) fn iam_arn(account: AccountId, kind: &str, path: &Path, name: &str) -> Result<Arn> {
    format!("arn:aws:iam::{account}:{kind}{path}{name}")
        .parse()
        .map_err(|_| Error::invalid("path", "path and name together are too long for an ARN"))
}

/// Serializes through `Display` and `FromStr`.
pub mod display {
    use serde::{Deserialize, Deserializer, Serializer};

    /// As its text.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<T: std::fmt::Display, S: Serializer>(value: &T, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(value)
    }
    /// From its text.
    ///
    /// # Errors
    /// Those of the deserializer; what the text is not.
    pub fn deserialize<'de, T, D>(d: D) -> Result<T, D::Error>
    where
        T: std::str::FromStr<Err: std::fmt::Display>,
        D: Deserializer<'de>,
    {
        let text = <std::borrow::Cow<'de, str>>::deserialize(d)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
