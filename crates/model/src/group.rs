//! An IAM group: policies for all its members. Membership stands with the user.

use std::collections::BTreeMap;

use garita_policy::{AccountId, Arn};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::id::UniqueId;
use crate::name::{GroupName, Path, PolicyName};
use crate::object::iam_arn;

/// A group of users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// The account it belongs to.
    #[serde(with = "crate::object::display")]
    pub account: AccountId,
    /// Its name.
    pub name: GroupName,
    /// Its path, part of its ARN.
    pub path: Path,
    /// `AGPA…`, never reused.
    pub id: UniqueId,
    /// When it was made.
    pub created: Timestamp,
    /// ARNs of attached managed policies, in the order of attachment.
    pub attached: Vec<String>,
    /// Inline policies: name to document, as it was put.
    pub inline: BTreeMap<PolicyName, String>,
}

impl Group {
    /// `arn:aws:iam::{account}:group{path}{name}`.
    ///
    /// # Errors
    /// `Invalid` when path and name together are longer than an ARN may be.
    pub fn arn(&self) -> Result<Arn> {
        iam_arn(self.account, "group", &self.path, self.name.as_str())
    }
}
