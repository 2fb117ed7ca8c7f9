//! Under which name an account vouches for its principals to services outside, and whether it does.
//!
//! INVARIANT: the id, once drawn, stays the account's for good: services outside trust it by that name.

use garita_policy::AccountId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::user_pool::Uuid;

/// An account's issuer of tokens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenIssuer {
    /// The account.
    #[serde(with = "crate::object::display")]
    pub account: AccountId,
    /// What its address ends in. It says nothing of the account.
    pub id: Uuid,
    /// When it was made.
    pub created: Timestamp,
    /// Whether tokens are given out. Those that were given out before are good until they run out.
    pub enabled: bool,
}

impl TokenIssuer {
    /// What [`crate::Plain::local`] of an account's only issuer is.
    pub const LOCAL: &str = "outbound";
}
