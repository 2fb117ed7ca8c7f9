//! A customer managed policy with up to five versions. The AWS-named ones are built in, in `app`.

use std::fmt;
use std::str::FromStr;

use garita_policy::{AccountId, Arn};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::id::UniqueId;
use crate::name::{Path, PolicyName};
use crate::object::iam_arn;
use crate::tag::Tag;

/// Most versions one policy keeps.
pub const MAX_VERSIONS: usize = 5;

/// A version's number; written `v3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VersionId(pub u32);

impl fmt::Display for VersionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}", self.0)
    }
}
impl FromStr for VersionId {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        text.strip_prefix('v')
            .filter(|digits| !digits.starts_with(['0', '+']))
            .and_then(|digits| digits.parse().ok())
            .map(Self)
            .ok_or_else(|| Error::invalid("versionId", "a version id looks like `v1`"))
    }
}

/// One version of a managed policy; never changed once made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyVersion {
    /// `v1`, `v2`, ...: counts up for ever.
    pub id: VersionId,
    /// The document, as it was put.
    pub document: String,
    /// When it was made.
    pub created: Timestamp,
}

/// A policy that can be attached to many principals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManagedPolicy {
    /// The account it belongs to.
    #[serde(with = "crate::object::display")]
    pub account: AccountId,
    /// Its name.
    pub name: PolicyName,
    /// Its path, part of its ARN.
    pub path: Path,
    /// `ANPA…`, never reused.
    pub id: UniqueId,
    /// When it was made.
    pub created: Timestamp,
    /// When its default version last changed.
    pub updated: Timestamp,
    /// For people, up to 1000 characters.
    pub description: Option<String>,
    /// One to five versions, oldest first.
    pub versions: Vec<PolicyVersion>,
    /// The version in force.
    pub default_version: VersionId,
    /// The number the next version gets.
    pub next_version: u32,
    /// Its tags.
    pub tags: Vec<Tag>,
}

impl ManagedPolicy {
    /// `arn:aws:iam::{account}:policy{path}{name}`.
    ///
    /// # Errors
    /// `Invalid` when path and name together are longer than an ARN may be.
    pub fn arn(&self) -> Result<Arn> {
        iam_arn(self.account, "policy", &self.path, self.name.as_str())
    }
    /// The version in force.
    pub fn default(&self) -> Option<&PolicyVersion> {
        self.version(self.default_version)
    }
    /// A version by its id.
    pub fn version(&self, id: VersionId) -> Option<&PolicyVersion> {
        self.versions.iter().find(|v| v.id == id)
    }
}
