//! How often a device asks whether somebody has decided: RFC 8628 section 3.5, `slow_down`.
//!
//! Each question that comes too early makes the device wait five seconds longer from then on. This is kept in memory, so
//! that a device that hurries costs no writes: after a restart it is at the first interval again, and asks at most that
//! often. INVARIANT: only devices that wait are kept, of which an app client has few, and never more than [`MOST`].

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use garita_model::user_pool::{PoolDevice, TokenHash};
use jiff::{SignedDuration, Timestamp};

/// Seconds between two questions of a device that has not hurried.
pub(super) const INTERVAL: SignedDuration = SignedDuration::from_secs(5);
/// How much longer it waits after each question that came too early.
const LONGER: SignedDuration = SignedDuration::from_secs(5);
/// How much earlier a question may come: those on their way are not all as fast.
const EARLY: SignedDuration = SignedDuration::from_secs(1);
/// Most devices that are kept.
const MOST: usize = 50_000;

#[derive(Clone, Copy)]
struct Poll {
    last: Timestamp,
    interval: SignedDuration,
}

/// The devices that have asked, by the hashes of their codes.
#[derive(Default)]
pub(crate) struct Polls(Mutex<HashMap<[u8; 32], Poll>>);

impl Polls {
    /// Notes a question of a device that waits. Answers how long it must wait now, if it came too early.
    pub(super) fn ask(&self, device: &TokenHash, now: Timestamp) -> Option<SignedDuration> {
        let mut polls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if polls.len() >= MOST && !polls.contains_key(&device.0) {
            make_room(&mut polls, now);
        }
        let Some(held) = polls.get_mut(&device.0) else {
            polls.insert(device.0, Poll { last: now, interval: INTERVAL });
            return None;
        };
        let early = now.duration_since(held.last) < held.interval - EARLY;
        held.last = now;
        if !early {
            return None;
        }
        held.interval = (held.interval + LONGER).min(PoolDevice::LIFE);
        Some(held.interval)
    }

    /// Forgets a device that was answered.
    pub(super) fn forget(&self, device: &TokenHash) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&device.0);
    }
}

/// Forgets devices that have run out; when that does not help, those that have not hurried, and then all.
fn make_room(polls: &mut HashMap<[u8; 32], Poll>, now: Timestamp) {
    polls.retain(|_, poll| now.duration_since(poll.last) < PoolDevice::LIFE);
    if polls.len() >= MOST {
        polls.retain(|_, poll| poll.interval > INTERVAL);
    }
    if polls.len() >= MOST {
        polls.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millisecond: i64) -> Timestamp {
        Timestamp::from_millisecond(1_000_000_000 + millisecond).unwrap()
    }

    fn device(n: u32) -> TokenHash {
        let mut hash = [0; 32];
        hash[..4].copy_from_slice(&n.to_be_bytes());
        TokenHash(hash)
    }

    #[test]
    fn who_asks_too_early_waits_longer_from_then_on() {
        let polls = Polls::default();
        let ask = |at_ms| polls.ask(&device(1), at(at_ms)).map(|interval| interval.as_secs());
        assert_eq!(
            [ask(0), ask(4_900), ask(10_000)],
            [None, None, None],
            "in time, but for what the way takes"
        );
        assert_eq!(ask(12_000), Some(10));
        assert_eq!(ask(17_000), Some(15), "five seconds are not enough any more");
        assert_eq!(ask(32_000), None);
        assert_eq!(ask(42_000), Some(20), "nor later");
        assert_eq!(polls.ask(&device(2), at(42_000)), None, "another device");
        (0..1_000).for_each(|n| {
            ask(42_000 + n);
        });
        assert_eq!(ask(43_000), Some(PoolDevice::LIFE.as_secs()));
        polls.forget(&device(1));
        assert_eq!(ask(43_001), None);
    }

    #[test]
    fn the_table_is_bounded_and_keeps_who_hurries() {
        let polls = Polls::default();
        assert_eq!(
            [polls.ask(&device(0), at(0)), polls.ask(&device(0), at(1))],
            [None, Some(INTERVAL + LONGER)]
        );
        for n in 1..=(2 * u32::try_from(MOST).unwrap()) {
            polls.ask(&device(n), at(2));
        }
        assert!(polls.0.lock().unwrap().len() <= MOST);
        assert!(polls.ask(&device(0), at(3)).is_some());
        let late = 2 + i64::try_from(PoolDevice::LIFE.as_millis()).unwrap();
        for n in 1..=u32::try_from(MOST).unwrap() {
            polls.ask(&device(n), at(1));
            polls.ask(&device(n), at(2));
        }
        polls.ask(&device(u32::MAX), at(late + 10));
        assert!(polls.0.lock().unwrap().len() <= MOST);
    }
}
