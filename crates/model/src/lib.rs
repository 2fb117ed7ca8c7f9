//! The nouns: accounts, principals, policies, credentials, ids, secrets and time. No I/O and no SQL.
//!
//! Read top-down: [`id`] and [`name`] are the only ways from text to an identifier; [`error`] is what
//! every verb may answer; the rest are the things Garita keeps. A noun that is stored is one document:
//! [`object::Object`] lists them all.

pub mod access_key;
pub mod account;
pub mod audit;
pub mod clock;
pub mod console;
pub mod entropy;
pub mod error;
pub mod explanation;
pub mod group;
pub mod id;
pub mod identity_provider;
pub mod instance_profile;
pub mod key_source;
pub mod login_profile;
pub mod mailer;
pub mod managed_policy;
pub mod mfa_device;
pub mod name;
pub mod object;
pub mod password_fault;
pub mod plain;
pub mod role;
pub mod role_deletion;
pub mod secret;
pub mod session;
pub mod ssh_public_key;
pub mod tag;
pub mod token_issuer;
pub mod token_key;
pub mod user;
pub mod user_pool;

pub use access_key::{AccessKey, KeyOwner, KeyStatus};
pub use account::{Account, AccountAlias};
pub use audit::AuditRecord;
pub use clock::{Clock, SystemClock};
pub use console::{ConsoleSession, SigninToken};
pub use entropy::{Entropy, SystemEntropy};
pub use error::{Error, Reason, Result};
pub use garita_policy::{AccountId, Arn};
pub use group::Group;
pub use id::{AccessKeyId, RequestId, UniqueId};
pub use identity_provider::{OidcProvider, SamlProvider};
pub use instance_profile::InstanceProfile;
pub use key_source::{Asking, EndpointAnswer, EndpointQuestion, FetchError, Fetching, KeySource};
pub use login_profile::{LoginProfile, PasswordHash, PasswordPolicy};
pub use mailer::{MailMessage, Mailer};
pub use managed_policy::{ManagedPolicy, PolicyVersion, VersionId};
pub use mfa_device::{MfaAssignment, MfaDevice};
pub use name::{
    AccountName, GroupName, InstanceProfileName, MfaDeviceName, Path, PolicyName, RoleName, SamlProviderName,
    SessionName, UserName,
};
pub use object::{Object, ObjectKey, ObjectKind};
pub use password_fault::PasswordFault;
pub use plain::Plain;
pub use role::{Role, RoleUse};
pub use role_deletion::{DeletionEnd, DeletionFailure, RoleDeletion};
pub use secret::{Sealed, Secret};
pub use session::Session;
pub use ssh_public_key::SshPublicKey;
pub use tag::Tag;
pub use token_issuer::TokenIssuer;
pub use token_key::{KeyStage, PublicKey, TokenAlgorithm, TokenKey, TokenUse};
pub use user::User;
pub use user_pool::{
    PoolBrowser, PoolClient, PoolCode, PoolDevice, PoolGroup, PoolPasskey, PoolProvider, PoolSession,
    PoolUser, StageSession, UserPool,
};
