//! A browser that is signed in at the console, and the token that a broker signs one in with.
//!
//! Both hold a [`Session`]: whoever is signed in is judged as whoever signs with the credentials of such a session.
//! INVARIANT: neither cookie nor token is anywhere; what is found by them is their hash. A session that began with a
//! password stands only while that password, and the user's MFA devices, are what they were.

use garita_policy::AccountId;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::session::Session;
use crate::user_pool::TokenHash;

/// A browser that is signed in at the console.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsoleSession {
    /// The account it is signed in to.
    #[serde(with = "crate::object::display")]
    pub account: AccountId,
    /// SHA-256 of its cookie.
    pub cookie: TokenHash,
    /// Who is signed in, since when, and until when at most.
    pub session: Session,
    /// What it began with: SHA-256 over the user's password hash and MFA devices. None when a broker signed it in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<TokenHash>,
    /// When it was last used, within [`ConsoleSession::GRAIN`].
    pub used: Timestamp,
}

impl ConsoleSession {
    /// How long one of a user lives: IAM User Guide, "How IAM users sign in to AWS".
    pub const LIFE: SignedDuration = SignedDuration::from_hours(12);
    /// How long it may lie unused.
    pub const IDLE: SignedDuration = SignedDuration::from_hours(1);
    /// How exactly it is kept when it was last used: a write for every page would be many.
    pub const GRAIN: SignedDuration = SignedDuration::from_mins(5);

    /// Whether it has run out.
    pub fn is_over(&self, now: Timestamp) -> bool {
        now >= self.session.expires || now.duration_since(self.used) >= Self::IDLE
    }
    /// Whether a use now should be written down.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        now.duration_since(self.used) >= Self::GRAIN
    }
    /// When it ends if it is used no more than it was.
    pub fn ends(&self) -> Timestamp {
        self.used
            .saturating_add(Self::IDLE)
            .map_or(self.session.expires, |idle| idle.min(self.session.expires))
    }
}

/// A token for which one browser is signed in with a session that somebody else made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SigninToken {
    /// The account it signs in to.
    #[serde(with = "crate::object::display")]
    pub account: AccountId,
    /// SHA-256 of the token.
    pub token: TokenHash,
    /// Whose credentials were shown for it.
    pub session: Session,
    /// How many seconds the browser is signed in; as long as the credentials are good when it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u32>,
    /// Until when it can be used.
    pub until: Timestamp,
}

impl SigninToken {
    /// How long one is good: IAM User Guide, "Enable custom identity broker access to the AWS console".
    pub const LIFE: SignedDuration = SignedDuration::from_mins(15);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Subject;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(minutes * 60).unwrap()
    }

    #[test]
    fn it_ends_unused_and_with_its_session() {
        let browser = |used| ConsoleSession {
            account: "111122223333".parse().unwrap(),
            cookie: TokenHash([7; 32]),
            session: Session {
                key: "ASIATESTTESTTESTTEST".parse().unwrap(),
                account: "111122223333".parse().unwrap(),
                subject: Subject::Root,
                issued: at(0),
                expires: at(720),
                iss_rev: 1,
                policies: Vec::new(),
                policy_arns: Vec::new(),
                tags: Vec::new(),
                transitive: Vec::new(),
                source_identity: None,
                mfa_at: None,
                web_identity: None,
                chain: Vec::new(),
            },
            basis: None,
            used: at(used),
        };
        assert!(!browser(0).is_over(at(59)) && browser(0).is_over(at(60)));
        assert!(!browser(700).is_over(at(719)) && browser(700).is_over(at(720)));
        assert!(!browser(0).is_stale(at(4)) && browser(0).is_stale(at(5)));
        assert_eq!([browser(0).ends(), browser(700).ends()], [at(60), at(720)]);
    }
}
