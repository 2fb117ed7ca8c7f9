//! A code that was sent to a user, to prove an address or to set a new password.
//!
//! What is kept is a keyed hash: six digits under a plain hash would be read off at once.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::user_pool::id::{PoolId, Uuid};
use crate::user_pool::session::TokenHash;

/// A code on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolCode {
    /// The pool.
    pub pool: PoolId,
    /// Whose.
    pub user: Uuid,
    /// What for.
    pub purpose: CodePurpose,
    /// HMAC of the code.
    pub mac: TokenHash,
    /// The address it was sent to.
    pub address: String,
    /// When it is no longer good.
    pub expires: Timestamp,
}

impl PoolCode {
    /// How long it is told of a code that it came too late.
    const KEPT: SignedDuration = SignedDuration::from_hours(24);

    /// Whether it can be forgotten.
    pub fn is_over(&self, now: Timestamp) -> bool {
        now.duration_since(self.expires) >= Self::KEPT
    }
}

/// What a code is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum CodePurpose {
    /// To confirm a sign-up.
    SignUp,
    /// To set a new password.
    ForgotPassword,
    /// To prove an e-mail address.
    Email,
}

impl CodePurpose {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::SignUp, Self::ForgotPassword, Self::Email];

    /// The word in its key.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignUp => "sign-up",
            Self::ForgotPassword => "forgot-password",
            Self::Email => "email",
        }
    }
}
