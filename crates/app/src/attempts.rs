//! How often something was tried: what keeps passwords and codes from being guessed.
//!
//! Cognito Developer Guide, "Lockout behavior for failed sign-in attempts": after five failures a user is locked out for
//! a second, and for twice as long after each further one, up to about fifteen minutes. Quotas, "API request rate":
//! so many codes an hour. Names are counted whether a user has them or not.
//!
//! One table counts people of user pools and IAM users, these with their account in place of a pool.
//!
//! A try is counted before it is made and taken back when it succeeds, so that tries at the same time cannot slip
//! through. The counts are in memory: a restart, which nobody outside can cause, forgets them.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// Failures before the first lock-out.
const FREE: u32 = 5;
/// Longest lock-out: 2^10 seconds are 17 minutes, so the last doubling is cut.
const LONGEST: SignedDuration = SignedDuration::from_secs(900);
/// After how long without a failure they are forgotten.
const FORGET: SignedDuration = SignedDuration::from_mins(15);
const HOUR: SignedDuration = SignedDuration::from_hours(1);
/// Most names that are counted. A failed password costs a hash, so this many of those in a quarter of an hour are far
/// away; what costs less makes room for itself ([`make_room`]).
const MOST: usize = 200_000;

/// What is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Tried {
    Password,
    SendCode,
    /// A letter to an address that whoever asks for it has named, and not proved to be theirs.
    Letter,
    ConfirmSignUp,
    ConfirmForgotPassword,
    VerifyAttribute,
    ChangePassword,
    SoftwareToken,
    /// The code that a device shows, typed by whoever is at an address.
    DeviceCode,
}

impl Tried {
    /// How many there may be in an hour; none for those that lock out.
    fn an_hour(self) -> Option<u32> {
        match self {
            Self::Password | Self::SoftwareToken | Self::DeviceCode => None,
            Self::SendCode | Self::Letter | Self::ChangePassword => Some(5),
            Self::ConfirmSignUp | Self::ConfirmForgotPassword | Self::VerifyAttribute => Some(15),
        }
    }
}

#[derive(Clone, Copy)]
struct Count {
    tries: u32,
    /// The last try for those that lock out, the first of its hour for the others.
    at: Timestamp,
}

/// All counts.
#[derive(Default)]
pub(crate) struct Attempts(Mutex<HashMap<u64, Count>>);

/// A try that was counted; it stays counted unless it is said to have succeeded.
pub(crate) struct Attempt(u64);

impl Attempts {
    /// Counts a try of a name in a pool, if it may be made now.
    pub(crate) fn begin(&self, tried: Tried, pool: &str, name: &str, now: Timestamp) -> Option<Attempt> {
        let mut hasher = DefaultHasher::new();
        (tried, pool, name).hash(&mut hasher);
        let key = hasher.finish();
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= MOST && !counts.contains_key(&key) {
            make_room(&mut counts, now);
        }
        let count = counts.entry(key).or_insert(Count { tries: 0, at: now });
        let age = now.duration_since(count.at);
        match tried.an_hour() {
            Some(most) => {
                if age >= HOUR {
                    *count = Count { tries: 0, at: now };
                }
                if count.tries >= most {
                    return None;
                }
            }
            None => {
                if age >= FORGET && age >= lock_out(count.tries) {
                    count.tries = 0;
                }
                if age < lock_out(count.tries) {
                    return None;
                }
                count.at = now;
            }
        }
        count.tries += 1;
        Some(Attempt(key))
    }

    /// Takes one try back. The failures before it stay counted, where whoever tries can succeed as often as they like.
    pub(crate) fn take_back(&self, attempt: &Attempt) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&attempt.0) {
            count.tries = count.tries.saturating_sub(1);
        }
    }

    /// Forgets the tries of a name: the last one succeeded.
    pub(crate) fn succeeded(&self, attempt: &Attempt) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&attempt.0);
    }
}

/// How long nothing may be tried after so many failures.
fn lock_out(failures: u32) -> SignedDuration {
    match failures.checked_sub(FREE) {
        None => SignedDuration::ZERO,
        Some(doublings) => SignedDuration::from_secs(1_i64 << doublings.min(20)).min(LONGEST),
    }
}

/// Forgets what is old; when that does not help, what was tried least, so that nobody has the tries of one name forgotten
/// by asking for many others once; and half of what is left then.
fn make_room(counts: &mut HashMap<u64, Count>, now: Timestamp) {
    counts.retain(|_, count| now.duration_since(count.at) < HOUR);
    for tries in 1..=FREE {
        if counts.len() < MOST {
            return;
        }
        counts.retain(|_, count| count.tries > tries);
    }
    if counts.len() >= MOST {
        counts.retain(|key, _| key % 2 == 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + second).unwrap()
    }

    #[test]
    fn failures_lock_out_for_longer_and_longer() {
        let attempts = Attempts::default();
        let may = |second| attempts.begin(Tried::Password, "p", "ana", at(second)).is_some();
        assert!((0..5).all(|_| may(0)), "five are free");
        assert!(!may(0) && may(1), "then one second");
        assert!(!may(2) && may(3), "then two");
        assert!(!may(6) && may(7), "then four");
        assert_eq!([5, 6, 14, 15, 40].map(|n| lock_out(n).as_secs()), [1, 2, 512, 900, 900]);
        assert!(attempts.begin(Tried::Password, "p", "bo", at(7)).is_some(), "of another user");
    }

    #[test]
    fn success_and_time_make_good() {
        let attempts = Attempts::default();
        for _ in 0..5 {
            attempts.begin(Tried::Password, "p", "ana", at(0));
        }
        let right = attempts.begin(Tried::Password, "p", "ana", at(1)).unwrap();
        attempts.succeeded(&right);
        assert!((0..5).all(|_| attempts.begin(Tried::Password, "p", "ana", at(1)).is_some()));
        assert!(attempts.begin(Tried::Password, "p", "ana", at(1)).is_none());
        assert!((0..5).all(|_| attempts.begin(Tried::Password, "p", "ana", at(2_000)).is_some()));
    }

    #[test]
    fn codes_are_counted_by_the_hour() {
        let attempts = Attempts::default();
        let may = |second| attempts.begin(Tried::SendCode, "p", "ana", at(second)).is_some();
        assert!((0..5).all(|n| may(n * 60)) && !may(301) && !may(3_599) && may(3_600));
    }

    #[test]
    fn names_of_no_account_make_nobody_forget_the_tries_of_one() {
        let attempts = Attempts::default();
        let tried = Tried::ConfirmForgotPassword;
        let names = ["ana", "bo", "eve", "mia"];
        for name in names {
            assert!((0..15).all(|_| attempts.begin(tried, "p", name, at(0)).is_some()));
        }
        for n in 0..(2 * MOST) {
            attempts.begin(tried, "p", &n.to_string(), at(1));
        }
        for name in names {
            assert!(attempts.begin(tried, "p", name, at(2)).is_none(), "{name}");
        }
    }

    #[test]
    fn the_table_is_bounded() {
        let attempts = Attempts::default();
        for n in 0..(MOST + MOST / 2) {
            attempts.begin(Tried::Password, "p", &n.to_string(), at(0));
        }
        assert!(attempts.0.lock().unwrap().len() <= MOST);
        // Also of names that were tried as often as may be.
        let attempts = Attempts::default();
        for n in 0..=MOST {
            assert!(
                (0..6).all(|_| attempts.begin(Tried::VerifyAttribute, "p", &n.to_string(), at(0)).is_some())
            );
        }
        assert!(attempts.0.lock().unwrap().len() <= MOST);
    }
}
