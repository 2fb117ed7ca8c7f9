//! An IAM role: permissions without credentials of its own; its trust policy says who may assume it.

use std::collections::BTreeMap;

use garita_policy::{AccountId, Arn};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::id::UniqueId;
use crate::name::{Path, PolicyName, RoleName};
use crate::object::iam_arn;
use crate::tag::Tag;

/// A role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// The account it belongs to.
    #[serde(with = "crate::object::display")]
    pub account: AccountId,
    /// Its name.
    pub name: RoleName,
    /// Its path, part of its ARN.
    pub path: Path,
    /// `AROA…`, never reused.
    pub id: UniqueId,
    /// When it was made.
    pub created: Timestamp,
    /// For people, up to 1000 characters.
    pub description: Option<String>,
    /// The trust policy with the ARNs of existing users and roles replaced by their unique ids, so that a
    /// principal made anew under an old name is not trusted.
    pub trust: String,
    /// Longest session, in seconds: 3600 to 43200.
    pub max_session: u32,
    /// ARNs of attached managed policies, in the order of attachment.
    pub attached: Vec<String>,
    /// Inline policies: name to document, as it was put.
    pub inline: BTreeMap<PolicyName, String>,
    /// ARN of the permissions boundary.
    pub boundary: Option<String>,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// Sessions of this role issued at an earlier revision are refused.
    pub min_rev: u64,
}

/// When and where a role was last used; kept beside the role because it changes with use, not by a caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleUse {
    /// The role's account.
    #[serde(with = "crate::object::display")]
    pub account: AccountId,
    /// The role's unique id.
    pub role: UniqueId,
    /// The time of a request of one of its sessions; not of each: once a minute.
    pub at: Timestamp,
    /// The region of that request's signature.
    pub region: String,
}

/// What the path of a service-linked role begins with; nobody else's role has such a path.
pub const SERVICE_LINKED: &str = "/aws-service-role/";

impl Role {
    /// The service that a service-linked role belongs to, which alone may change it.
    pub fn linked_service(&self) -> Option<&str> {
        self.path.as_str().strip_prefix(SERVICE_LINKED)?.strip_suffix('/')
    }

    /// `arn:aws:iam::{account}:role{path}{name}`.
    ///
    /// # Errors
    /// `Invalid` when path and name together are longer than an ARN may be.
    pub fn arn(&self) -> Result<Arn> {
        iam_arn(self.account, "role", &self.path, self.name.as_str())
    }
}
