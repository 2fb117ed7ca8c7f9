//! What is remembered of the people that were let in, so that the next request of each does not work it out again.
//!
//! INVARIANT: it holds only for the very revision of the store that it was worked out from, and only for the same proof,
//! shown where the same is accepted: any change of the store, be it of the person, a group or a role, ends all of it.
//! What depends on the request is never remembered: a trust policy that asks for an address or a time is asked each time.

use std::sync::Arc;

use garita_model::Role;
use garita_model::session::WebIdentity;
use garita_store::Snapshot;
use quick_cache::sync::Cache;

use super::bearer::AcceptedPool;
use super::person::Person;
use crate::context::Caller;
use crate::sts::AssumeRole;

/// Somebody who was let in.
pub(super) struct KnownCaller {
    /// Who they are to a trust policy.
    pub(super) web: WebIdentity,
    /// The role they have, as its trust policy is asked for it.
    pub(super) ask: AssumeRole,
    /// Who they are to all other policies.
    pub(super) caller: Arc<Caller>,
    /// The role.
    pub(super) role: Arc<Role>,
    /// Whether the role's trust policy asks for something of the request itself.
    pub(super) asks_of_arrival: bool,
}

/// A [`KnownCaller`], and what it rests on.
struct Entry {
    revision: u64,
    epoch: Box<str>,
    person: Person,
    accepted: AcceptedPool,
    known: Arc<KnownCaller>,
}

/// The last people that were let in, by what they showed.
pub(crate) struct KnownCallers(Cache<String, Arc<Entry>>);

impl KnownCallers {
    /// Most people that are remembered.
    const MOST: usize = 10_000;

    pub(crate) fn new() -> Self {
        Self(Cache::new(Self::MOST))
    }

    /// How `person` was let in last time, if nothing has changed since.
    pub(super) fn find(
        &self,
        state: &Snapshot,
        person: &Person,
        accepted: &AcceptedPool,
    ) -> Option<Arc<KnownCaller>> {
        let entry = self.0.get(&person.shown.id)?;
        let stands = (entry.revision, &*entry.epoch) == (state.revision(), state.epoch())
            && entry.person.is(person)
            && entry.accepted == *accepted;
        stands.then(|| Arc::clone(&entry.known))
    }

    /// Remembers how `person` was let in.
    pub(super) fn keep(
        &self,
        state: &Snapshot,
        person: Person,
        accepted: &AcceptedPool,
        known: Arc<KnownCaller>,
    ) {
        let (revision, epoch) = (state.revision(), state.epoch().into());
        let entry = Entry { revision, epoch, accepted: accepted.clone(), known, person };
        self.0.insert(entry.person.shown.id.clone(), Arc::new(entry));
    }
}
