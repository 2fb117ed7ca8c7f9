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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{PolicyDocument, PolicyKind};
    use crate::evaluate::PolicySource;

    const ROOMY: u64 = 1 << 30;

    /// The same text each time, and each time another document.
    fn document() -> Arc<PolicyDocument> {
        let text = r#"{"Statement":{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}}"#;
        Arc::new(PolicyDocument::parse(text, PolicyKind::Identity).unwrap())
    }

    fn named(id: &str) -> NamedPolicy {
        NamedPolicy::new(id, PolicySource::UserInline, document())
    }

    /// `base`, and what differs from it in one thing each.
    fn base_and_others() -> (Vec<NamedPolicy>, Vec<(&'static str, Vec<NamedPolicy>)>) {
        let (read, shared) = (named("read"), document());
        let attached = |source| NamedPolicy::new("write", source, Arc::clone(&shared));
        let write = attached(PolicySource::UserInline);
        let others = vec![
            ("none", Vec::new()),
            ("fewer", vec![read.clone()]),
            ("more", vec![read.clone(), write.clone(), named("list")]),
            ("in another order", vec![write.clone(), read.clone()]),
            ("another document of the same text", vec![read.clone(), named("write")]),
            ("another first document", vec![named("read"), write.clone()]),
            ("another name", vec![read.clone(), write.clone().renamed("rewrite")]),
            ("another first name", vec![read.clone().renamed("reread"), write.clone()]),
            ("attached elsewhere", vec![read.clone(), attached(PolicySource::GroupInline)]),
        ];
        (vec![read, write], others)
    }

    fn key(policies: &[NamedPolicy]) -> Key {
        Key(Arc::new(PolicyIndex::new(policies.to_vec())))
    }

    #[test]
    fn the_same_policies_have_one_index() {
        let (base, _) = base_and_others();
        let cache = IndexCache::new(ROOMY);
        let first = cache.get(&base);
        assert!(Arc::ptr_eq(&first, &cache.get(&base.clone())));
        assert_eq!((cache.len(), first.policies()), (1, &*base));
    }

    #[test]
    fn other_policies_are_never_taken_for_these() {
        let (base, others) = base_and_others();
        let cache = IndexCache::new(ROOMY);
        let first = cache.get(&base);
        for (count, (what, other)) in others.iter().enumerate() {
            let found = cache.get(other);
            assert!(!Arc::ptr_eq(&first, &found), "{what}");
            assert_eq!(found.policies(), other, "{what}");
            assert_eq!(cache.len(), count + 2, "{what}");
        }
        // Nor has any of them driven out the first.
        assert!(Arc::ptr_eq(&first, &cache.get(&base)));
    }

    /// Whatever their hashes: those that share one are told apart by this alone.
    #[test]
    fn keys_are_equal_for_the_same_policies_alone() {
        let (base, others) = base_and_others();
        let known = key(&base);
        assert!(known == key(&base) && Wanted(&base).equivalent(&known));
        for (what, other) in &others {
            assert!(known != key(other) && !Wanted(other).equivalent(&known), "{what}");
        }
    }

    #[test]
    fn keys_of_other_documents_have_other_hashes() {
        let hash_of = |hashed: &dyn Fn(&mut std::hash::DefaultHasher)| {
            let mut state = std::hash::DefaultHasher::new();
            hashed(&mut state);
            state.finish()
        };
        let (one, other) = ([named("read")], [named("read")]);
        let wanted = |policies: &[NamedPolicy]| hash_of(&|state| Wanted(policies).hash(state));
        assert_eq!(wanted(&one), hash_of(&|state| key(&one).hash(state)), "a key is found by what is wanted");
        assert_ne!(wanted(&one), wanted(&other));
    }

    #[test]
    fn it_is_empty_until_the_first_is_made() {
        let cache = IndexCache::new(ROOMY);
        assert_eq!((cache.len(), cache.is_empty()), (0, true));
        cache.get(&[named("read")]);
        cache.get(&[named("write")]);
        assert_eq!((cache.len(), cache.is_empty()), (2, false));
    }

    #[test]
    fn it_holds_no_more_than_its_bytes() {
        let size = PolicyIndex::new(vec![named("read")]).size();
        let bytes = 64 * size;
        let cache = IndexCache::new(u64::try_from(bytes).unwrap());
        // Held on to, so that no address is used again.
        let all: Vec<_> = (0..640).map(|_| named("read")).collect();
        for policy in &all {
            cache.get(std::slice::from_ref(policy));
        }
        assert!(!cache.is_empty() && cache.len() <= 64, "{} of {size} bytes", cache.len());
    }
}
