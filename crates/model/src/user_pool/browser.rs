//! A browser that is signed in to a pool: what its cookie stands for, so that one sign-in serves several apps.
//!
//! It ends when it is not used for a while, and at the latest after a working day. INVARIANT: the cookie itself is
//! nowhere; what is found by it is its hash.

use garita_policy::AccountId;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::user_pool::id::{ClientId, PoolId, Uuid};
use crate::user_pool::session::TokenHash;

/// A browser that is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolBrowser {
    /// The account of the pool.
    #[serde(with = "crate::object::display")]
    pub account: AccountId,
    /// The pool.
    pub pool: PoolId,
    /// SHA-256 of its cookie.
    pub cookie: TokenHash,
    /// Who signed in.
    pub user: Uuid,
    /// When.
    pub signed_in: Timestamp,
    /// When it was last used, within [`PoolBrowser::GRAIN`].
    pub used: Timestamp,
    /// The revision of the store at which it began.
    pub iss_rev: u64,
    /// Whether a second factor was proved.
    pub mfa: bool,
    /// The app client it signed in for: what people do for themselves at a page counts as done through it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientId>,
    /// The provider that vouched for the user; none when the pool itself did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<Box<str>>,
}

impl PoolBrowser {
    /// How long it may lie unused.
    pub const IDLE: SignedDuration = SignedDuration::from_hours(1);
    /// How long it lives, however much it is used.
    pub const LIFE: SignedDuration = SignedDuration::from_hours(12);
    /// How exactly it is kept when it was last used: a write for every page would be many.
    pub const GRAIN: SignedDuration = SignedDuration::from_mins(5);

    /// Whether it has run out.
    pub fn is_over(&self, now: Timestamp) -> bool {
        let passed = |since: Timestamp, limit| now.duration_since(since) >= limit;
        passed(self.used, Self::IDLE) || passed(self.signed_in, Self::LIFE)
    }
    /// Whether a use now should be written down.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        now.duration_since(self.used) >= Self::GRAIN
    }
    /// What it is known by within its account.
    pub fn place(pool: &PoolId, cookie: &TokenHash) -> String {
        format!("{pool}/{cookie}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_ends_unused_and_at_the_end_of_the_day() {
        let at = |minutes: i64| Timestamp::from_second(minutes * 60).unwrap();
        let browser = |used| PoolBrowser {
            account: "111122223333".parse().unwrap(),
            pool: "eu-west-1_Ab3dE5gH9".parse().unwrap(),
            cookie: TokenHash([7; 32]),
            user: Uuid::LEAST,
            signed_in: at(0),
            used,
            iss_rev: 1,
            mfa: false,
            client: None,
            provider: None,
        };
        assert!(!browser(at(0)).is_over(at(59)) && browser(at(0)).is_over(at(60)));
        assert!(!browser(at(700)).is_over(at(719)) && browser(at(700)).is_over(at(720)));
        assert!(!browser(at(0)).is_stale(at(4)) && browser(at(0)).is_stale(at(5)));
        let place = PoolBrowser::place(&browser(at(0)).pool, &TokenHash([0xfb; 32]));
        assert_eq!(place, format!("eu-west-1_Ab3dE5gH9/{}s", "-_v7".repeat(10) + "-_"));
    }
}
