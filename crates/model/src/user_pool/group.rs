//! A group of a pool: a word in tokens, and the role that goes with it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::user_pool::id::PoolId;

/// A group of a pool. Its members name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolGroup {
    /// The pool.
    pub pool: PoolId,
    /// Its name; case matters.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// The role its members may take.
    pub role: Option<String>,
    /// Whose role counts when a user is in several groups: the lowest wins.
    pub precedence: Option<u32>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub modified: Timestamp,
}
