//! A virtual MFA device: a seed shared with a user's authenticator app, for one-time codes (RFC 6238).

use garita_policy::AccountId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::UniqueId;
use crate::name::{MfaDeviceName, Path};
use crate::secret::Sealed;
use crate::tag::Tag;

/// A virtual MFA device. Its serial number is its ARN.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MfaDevice {
    /// The account it belongs to.
    #[serde(with = "crate::object::display")]
    pub account: AccountId,
    /// Its name.
    pub name: MfaDeviceName,
    /// Its path, part of its serial number.
    pub path: Path,
    /// When it was made.
    pub created: Timestamp,
    /// The seed, encrypted under the master key.
    pub seed: Sealed,
    /// Whose it is, once someone proved to have it.
    pub assigned: Option<MfaAssignment>,
    /// Its tags.
    pub tags: Vec<Tag>,
}

/// A device in someone's hands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MfaAssignment {
    /// The user's unique id.
    pub user: UniqueId,
    /// Since when.
    pub enabled: Timestamp,
    /// The last time step a code was accepted for: no code of this or an earlier step is accepted again.
    pub last_step: i64,
    /// How many time steps the device's clock is ahead.
    pub drift: i64,
}
