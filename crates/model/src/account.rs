//! An account: the unit that owns principals, policies and APIs. One Garita holds several.

use garita_policy::AccountId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::name::AccountName;

/// An account and its root user (the root user's keys are [`crate::AccessKey`]s owned by `Root`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Twelve digits.
    #[serde(with = "crate::object::display")]
    pub id: AccountId,
    /// For people; unique in this Garita.
    pub name: AccountName,
    /// When it was made.
    pub created: Timestamp,
    /// Credentials of the root user issued at an earlier revision are refused.
    pub min_rev: u64,
}
