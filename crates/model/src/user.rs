//! An IAM user.

use std::collections::{BTreeMap, BTreeSet};

use garita_policy::{AccountId, Arn};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::id::UniqueId;
use crate::name::{GroupName, Path, PolicyName, UserName};
use crate::object::iam_arn;
use crate::tag::Tag;

/// A person or program with long-lived credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The account it belongs to.
    #[serde(with = "crate::object::display")]
    pub account: AccountId,
    /// Its name.
    pub name: UserName,
    /// Its path, part of its ARN.
    pub path: Path,
    /// `AIDA…`, never reused.
    pub id: UniqueId,
    /// When it was made.
    pub created: Timestamp,
    /// ARNs of attached managed policies, in the order of attachment.
    pub attached: Vec<String>,
    /// Inline policies: name to document, as it was put.
    pub inline: BTreeMap<PolicyName, String>,
    /// ARN of the permissions boundary.
    pub boundary: Option<String>,
    /// The groups it is a member of.
    pub groups: BTreeSet<GroupName>,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// Sessions made from this user at an earlier revision are refused.
    pub min_rev: u64,
}

impl User {
    /// `arn:aws:iam::{account}:user{path}{name}`.
    ///
    /// # Errors
    /// `Invalid` when path and name together are longer than an ARN may be.
    pub fn arn(&self) -> Result<Arn> {
        iam_arn(self.account, "user", &self.path, self.name.as_str())
    }
}
