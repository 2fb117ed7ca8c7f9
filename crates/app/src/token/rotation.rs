//! Which key follows which: planned ahead, with overlap, and at once when a key must not be trusted any more.
//!
//! A key signs for a period. Its successor is published before it begins, for at least as long as others may keep the
//! key set; the key itself stays published until the longest-lived token it signed has run out. [`plan`] only says
//! what is missing from that order; it is right to run it at any time, any number of times, on any node.

use std::collections::BTreeMap;
use std::sync::Arc;

use garita_model::{KeyStage, TokenAlgorithm, TokenKey, TokenUse};
use jiff::{SignedDuration, Timestamp};

/// How long keys do what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// How long a key signs.
    pub signs_for: SignedDuration,
    /// How long it is published before that.
    pub published_before: SignedDuration,
    /// How long after that: the longest life of a token, and a little.
    pub verifies_after: SignedDuration,
}

impl Default for Schedule {
    /// A quarter of a year; two days ahead; the day that Cognito lets a token live, and an hour.
    fn default() -> Self {
        Self {
            signs_for: SignedDuration::from_hours(90 * 24),
            published_before: SignedDuration::from_hours(48),
            verifies_after: SignedDuration::from_hours(25),
        }
    }
}

/// Something to do to a pool's keys.
#[derive(Clone, PartialEq, Eq)]
pub enum Step {
    /// Make a key of this kind, signing from then on.
    Add {
        /// How it signs.
        algorithm: TokenAlgorithm,
        /// Which tokens.
        signs: TokenUse,
        /// When it begins.
        signs_from: Timestamp,
    },
    /// Put this in place of the key of its name.
    Put(Box<TokenKey>),
    /// Delete this key: every token of it has run out.
    Delete(Arc<TokenKey>),
}

/// What is to be done to the keys of one pool. A pool keeps a key for each algorithm that it has one for.
pub fn plan(keys: &[Arc<TokenKey>], schedule: Schedule, now: Timestamp) -> Vec<Step> {
    let mut kinds: BTreeMap<(TokenAlgorithm, TokenUse), Vec<&Arc<TokenKey>>> = BTreeMap::new();
    for key in keys {
        kinds.entry((key.algorithm, key.signs)).or_default().push(key);
    }
    let each = |((algorithm, signs), keys)| plan_kind(algorithm, signs, keys, schedule, now);
    kinds.into_iter().flat_map(each).collect()
}

/// Denies a key that someone else may have: nothing it signed is accepted once this is applied. A successor that was
/// ready begins at once; otherwise [`plan`] on what comes out of this asks for a new key.
pub fn deny(key: &TokenKey, schedule: Schedule, now: Timestamp) -> TokenKey {
    let over = later(now, schedule.verifies_after);
    TokenKey { denied: Some(now), signs_until: Some(now), verifies_until: Some(over), ..key.clone() }
}

fn later(from: Timestamp, by: SignedDuration) -> Timestamp {
    from.saturating_add(by).unwrap_or(Timestamp::MAX)
}

fn plan_kind(
    algorithm: TokenAlgorithm,
    signs: TokenUse,
    mut keys: Vec<&Arc<TokenKey>>,
    schedule: Schedule,
    now: Timestamp,
) -> Vec<Step> {
    keys.sort_by_key(|key| (key.signs_from, key.kid.clone()));
    let add = |signs_from| Step::Add { algorithm, signs, signs_from };
    let mut steps: Vec<Step> = keys
        .iter()
        .filter(|key| key.verifies_until.is_some_and(|end| now >= end))
        .map(|key| Step::Delete(Arc::clone(key)))
        .collect();
    let in_stage = |stage| keys.iter().filter(move |key| key.stage(now) == stage).copied();
    let retire = |key: &TokenKey, at: Timestamp| {
        let over = Some(later(at, schedule.verifies_after));
        Step::Put(Box::new(TokenKey { signs_until: Some(at), verifies_until: over, ..key.clone() }))
    };
    let mut signing: Vec<&Arc<TokenKey>> = in_stage(KeyStage::Current).collect();
    let current = signing.pop();
    // Two nodes may each have made a successor: the one that begins last signs alone.
    if let Some(current) = current {
        let others = signing.into_iter().filter(|key| key.signs_until.is_none());
        steps.extend(others.map(|key| retire(key, current.signs_from.max(now))));
    }
    let begins = match (current, in_stage(KeyStage::Next).next()) {
        (None, None) => {
            steps.push(add(now));
            return steps;
        }
        // Its predecessor was denied: better that verifiers fetch the set again than that nobody can sign in.
        (None, Some(next)) => {
            steps.push(Step::Put(Box::new(TokenKey { signs_from: now, ..TokenKey::clone(next) })));
            return steps;
        }
        (Some(_), Some(next)) => next.signs_from,
        (Some(current), None) => {
            let ends = later(current.signs_from, schedule.signs_for);
            if now < ends.saturating_sub(schedule.published_before).unwrap_or(Timestamp::MIN) {
                return steps;
            }
            let begins = ends.max(later(now, schedule.published_before));
            steps.push(add(begins));
            begins
        }
    };
    steps.extend(current.filter(|key| key.signs_until.is_none()).map(|key| retire(key, begins)));
    steps
}
