//! A user of a pool.
//!
//! There are many: what every user has is kept small, and what few have stands apart from it.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::secret::Sealed;
use crate::user_pool::attribute::Attributes;
use crate::user_pool::id::{PoolId, Uuid};
use crate::user_pool::passkey::PendingPasskey;
use crate::user_pool::provider::Identity;
use crate::user_pool::session::TokenHash;

/// A user of a pool.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolUser {
    /// The pool.
    pub pool: PoolId,
    /// Never used twice.
    pub sub: Uuid,
    /// The name, in the case it was given; the `sub` where people sign up with an address.
    pub name: Box<str>,
    /// What is known of the user.
    pub attributes: Attributes,
    /// How far the user has come.
    pub status: UserStatus,
    /// Whether the user may sign in.
    pub enabled: bool,
    /// When it was made, in seconds since the epoch.
    pub created: i64,
    /// When it was last changed, in seconds since the epoch.
    pub modified: i64,
    /// The password, as a PHC string.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Box<str>>,
    /// The groups the user is in, by name.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub groups: Box<[Box<str>]>,
    /// Tokens and challenges of an earlier revision are refused.
    pub min_rev: u64,
    /// What few users have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub more: Option<Box<More>>,
}

/// What few users have.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct More {
    /// The authenticator app that was proved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software_token: Option<SoftwareToken>,
    /// The seed of one that is still to be proved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_seed: Option<Sealed>,
    /// Whether the authenticator app is asked for at sign-in.
    #[serde(default)]
    pub software_token_on: bool,
    /// Whether it is the factor the user prefers.
    #[serde(default)]
    pub software_token_preferred: bool,
    /// Until when a password that an administrator set is good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temporary_until: Option<Timestamp>,
    /// Passwords it had before, newest first, as PHC strings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former: Vec<Box<str>>,
    /// What an address is to become once it is proved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_email: Option<String>,
    /// What SRP needs in place of the password: salt and verifier, sealed; only where a client opens SRP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub srp: Option<Sealed>,
    /// The passkeys, oldest first, by the hashes of their ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passkeys: Vec<TokenHash>,
    /// One that is about to be made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_passkey: Option<PendingPasskey>,
    /// Whether a passkey counts as the second factor.
    #[serde(default)]
    pub passkey_mfa: bool,
    /// Who the user is at other providers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identities: Vec<Identity>,
    /// The recovery codes that are left, as keyed hashes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recovery: Vec<TokenHash>,
}

/// An authenticator app.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoftwareToken {
    /// The seed, encrypted under the master key.
    pub seed: Sealed,
    /// The last time step a code was accepted for: no code of this or an earlier step is accepted again.
    pub last_step: i64,
    /// How many time steps its clock is ahead.
    pub drift: i64,
    /// What the user calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl PoolUser {
    /// What few users have, to be changed.
    pub fn more_mut(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }
    /// The authenticator app that was proved.
    pub fn software_token(&self) -> Option<&SoftwareToken> {
        self.more.as_ref()?.software_token.as_ref()
    }
    /// Whether a code of the authenticator app is asked for at sign-in.
    pub fn asks_for_code(&self) -> bool {
        self.more.as_ref().is_some_and(|more| more.software_token_on && more.software_token.is_some())
    }
    /// The passkeys, oldest first, by the hashes of their ids.
    pub fn passkeys(&self) -> &[TokenHash] {
        self.more.as_ref().map_or(&[], |more| &more.passkeys)
    }
    /// Whether a passkey counts as the second factor.
    pub fn has_passkey_mfa(&self) -> bool {
        self.more.as_ref().is_some_and(|more| more.passkey_mfa && !more.passkeys.is_empty())
    }
    /// Who the user is at other providers.
    pub fn identities(&self) -> &[Identity] {
        self.more.as_ref().map_or(&[], |more| &more.identities)
    }
    /// Who the user is at a provider.
    pub fn identity(&self, provider: &str) -> Option<&Identity> {
        self.identities().iter().find(|identity| *identity.provider == *provider)
    }
    /// The recovery codes that are left, as keyed hashes.
    pub fn recovery_codes(&self) -> &[TokenHash] {
        self.more.as_ref().map_or(&[], |more| &more.recovery)
    }
    /// Whether it is in a group.
    pub fn is_in(&self, group: &str) -> bool {
        self.groups.iter().any(|name| **name == *group)
    }
}

/// No attribute and no hash is ever printed.
impl fmt::Debug for PoolUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PoolUser({}/{})", self.pool, self.sub)
    }
}

/// How far a user has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum UserStatus {
    /// Signed up, and did not prove an address.
    Unconfirmed,
    /// May sign in.
    Confirmed,
    /// Has a password that an administrator set, and must set another one.
    ForceChangePassword,
    /// Must set a new password with a code.
    ResetRequired,
    /// Vouched for by another provider.
    ExternalProvider,
}

impl UserStatus {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unconfirmed => "UNCONFIRMED",
            Self::Confirmed => "CONFIRMED",
            Self::ForceChangePassword => "FORCE_CHANGE_PASSWORD",
            Self::ResetRequired => "RESET_REQUIRED",
            Self::ExternalProvider => "EXTERNAL_PROVIDER",
        }
    }
}
