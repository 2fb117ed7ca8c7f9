//! Indexes by the policies they were made from, for as long as they are in use.
//!
//! A change makes new documents for the policies it touches and leaves the others as they are. So an index made
//! from the same documents is the same index, whoever holds the policies and whatever else has changed; a change of
//! one policy costs an index for each principal that holds it, when that principal next asks.
//! INVARIANT: what is found was made from these very documents, under these names. A document lives as long as an
//! index over it, so an address that is known is not another document's.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use quick_cache::sync::Cache;
use quick_cache::{Equivalent, Weighter};

use super::PolicyIndex;
use crate::evaluate::NamedPolicy;

/// A bounded cache of indexes. What was not used for longest goes first.
#[derive(Debug)]
pub struct IndexCache {
    cache: Cache<Key, Arc<PolicyIndex>, Size>,
}

/// The index itself, compared by its policies.
#[derive(Clone, Debug)]
struct Key(Arc<PolicyIndex>);

/// Policies that an index is looked for.
struct Wanted<'a>(&'a [NamedPolicy]);

#[derive(Clone, Debug)]
struct Size;

impl Weighter<Key, Arc<PolicyIndex>> for Size {
    fn weight(&self, _: &Key, index: &Arc<PolicyIndex>) -> u64 {
        u64::try_from(index.size()).unwrap_or(u64::MAX)
    }
}

fn hash_policies<H: Hasher>(policies: &[NamedPolicy], state: &mut H) {
    for policy in policies {
        std::ptr::from_ref(policy.document()).hash(state);
    }
}

fn are_same(left: &[NamedPolicy], right: &[NamedPolicy]) -> bool {
    let same = |(a, b): (&NamedPolicy, &NamedPolicy)| {
        std::ptr::eq(a.document(), b.document()) && a.id() == b.id() && a.source() == b.source()
    };
    left.len() == right.len() && left.iter().zip(right).all(same)
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash_policies(self.0.policies(), state);
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        are_same(self.0.policies(), other.0.policies())
    }
}

impl Eq for Key {}

impl Hash for Wanted<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        hash_policies(self.0, state);
    }
}

impl Equivalent<Key> for Wanted<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        are_same(self.0, key.0.policies())
    }
}

impl IndexCache {
    /// A cache of indexes of together about `bytes`.
    pub fn new(bytes: u64) -> Self {
        // Most principals hold a handful of policies, which take a few kilobytes.
        let items = usize::try_from(bytes / 16_384).unwrap_or(usize::MAX).max(16);
        Self { cache: Cache::with_weighter(items, bytes, Size) }
    }

    /// The index of these policies, made when it is not there.
    pub fn get(&self, policies: &[NamedPolicy]) -> Arc<PolicyIndex> {
        if let Some(index) = self.cache.get(&Wanted(policies)) {
            return index;
        }
        let index = Arc::new(PolicyIndex::new(policies.to_vec()));
        self.cache.insert(Key(Arc::clone(&index)), Arc::clone(&index));
        index
    }

    /// How many indexes it holds.
    pub fn len(&self) -> usize {
        self.cache.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.cache.is_empty()
    }
}
