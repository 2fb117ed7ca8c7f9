//! An instance profile: the name under which a machine gets a role.

use garita_policy::AccountId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::UniqueId;
use crate::name::{InstanceProfileName, Path, RoleName};
use crate::tag::Tag;

/// An instance profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceProfile {
    /// The account it belongs to.
    #[serde(with = "crate::object::display")]
    pub account: AccountId,
    /// Its name.
    pub name: InstanceProfileName,
    /// Its path, part of its ARN.
    pub path: Path,
    /// `AIPA…`, never reused.
    pub id: UniqueId,
    /// When it was made.
    pub created: Timestamp,
    /// Its role: one at most. A role in a profile cannot be deleted, so this one is there.
    pub role: Option<RoleName>,
    /// Its tags.
    pub tags: Vec<Tag>,
}
