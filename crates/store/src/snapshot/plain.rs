//! Reading the nouns that nothing is derived from.

use std::ops::Bound;
use std::sync::Arc;

use garita_model::{AccountId, ObjectKey, Plain};

use super::Snapshot;

impl Snapshot {
    /// A plain noun by what it is known by in its account.
    pub fn get<T: Plain>(&self, account: AccountId, local: &str) -> Option<&Arc<T>> {
        self.plain.get(&ObjectKey::named(T::KIND, account, local)).and_then(T::of)
    }

    /// The plain nouns of an account whose local key begins so, in the order of those keys.
    pub fn list<'a, T: Plain + 'a>(
        &'a self,
        account: AccountId,
        prefix: &str,
    ) -> impl Iterator<Item = &'a Arc<T>> + use<'a, T> {
        let from = ObjectKey::named(T::KIND, account, prefix);
        let begin = from.key.clone();
        self.plain
            .range((Bound::Included(from), Bound::Unbounded))
            .take_while(move |(key, _)| key.kind == T::KIND && key.key.starts_with(&begin))
            .filter_map(|(_, object)| T::of(object))
    }
}
