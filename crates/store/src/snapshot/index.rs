//! An index: an ordered, persistent set of pairs, read by its left side.
//!
//! INVARIANT: a pair stands at most once.

use std::ops::Bound;
use std::sync::Arc;

use garita_model::{ObjectKey, ObjectKind};
use imbl::OrdSet;
use jiff::Timestamp;

/// Pairs of a text and something it leads to.
#[derive(Clone)]
pub(super) struct Pairs<R: Ord + Clone>(OrdSet<(Arc<str>, R)>);

/// When a thing was made, and its id.
pub(super) type Made = (Timestamp, Arc<str>);

/// A right side that knows the least of its kind.
pub(super) trait Least {
    /// Not greater than any other value.
    fn least() -> Self;
}

impl Least for Arc<str> {
    fn least() -> Self {
        "".into()
    }
}
impl Least for ObjectKey {
    fn least() -> Self {
        Self { kind: ObjectKind::Account, key: String::new() }
    }
}
impl Least for Made {
    fn least() -> Self {
        (Timestamp::MIN, "".into())
    }
}

impl<R: Ord + Clone> Default for Pairs<R> {
    fn default() -> Self {
        Self(OrdSet::new())
    }
}

impl<R: Ord + Clone + Least> Pairs<R> {
    pub(super) fn insert(&mut self, left: &str, right: R) {
        self.0.insert((left.into(), right));
    }

    pub(super) fn remove(&mut self, left: &str, right: R) {
        self.0.remove(&(Arc::from(left), right));
    }

    /// Everything `left` leads to, in order.
    pub(super) fn of<'a>(&'a self, left: &str) -> impl Iterator<Item = &'a R> + use<'a, R> {
        let left: Arc<str> = left.into();
        let from = Bound::Included((Arc::clone(&left), R::least()));
        self.0.range((from, Bound::Unbounded)).take_while(move |(l, _)| *l == left).map(|(_, right)| right)
    }
}
