//! One change as its author sees it: the head state, and what is put, deleted and recorded.
//!
//! INVARIANT: nothing of a transaction is visible to anyone else until it is committed, and then all of it is.

use garita_model::{Error, Object, ObjectKey, Result};

use crate::database::Step;
use crate::record::Record;
use crate::snapshot::Snapshot;

/// A change in the making; see [`crate::Store::write`].
pub struct Transaction {
    state: Snapshot,
    revision: u64,
    steps: Vec<Step>,
    records: Vec<Record>,
    failure: Option<Error>,
}

/// What a transaction comes to.
pub(crate) struct Outcome {
    pub(crate) state: Snapshot,
    pub(crate) steps: Vec<Step>,
    pub(crate) records: Vec<Record>,
}

impl Outcome {
    pub(crate) fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.records.is_empty()
    }
}

impl Transaction {
    pub(crate) fn new(head: &Snapshot) -> Self {
        Self {
            state: head.clone(),
            revision: head.revision() + 1,
            steps: Vec::new(),
            records: Vec::new(),
            failure: None,
        }
    }

    /// The head state, with what this transaction has put and deleted so far.
    pub fn state(&self) -> &Snapshot {
        &self.state
    }

    /// The revision this transaction will have.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Writes an object, in place of the one with its key. An object with a policy that does not parse fails the
    /// whole transaction when it ends: policies are checked before they come here.
    #[allow(clippy::needless_pass_by_value, reason = "what is put is given away")]
    pub fn put(&mut self, object: Object) {
        let kept = self.state.put(&object).and_then(|()| object.to_document());
        match kept {
            Ok(document) => self.steps.push(Step { key: object.key(), document: Some(document) }),
            Err(error) => self.failure = self.failure.take().or(Some(error)),
        }
    }

    /// Deletes an object; does nothing when it is not there.
    pub fn delete(&mut self, key: ObjectKey) {
        if self.state.delete(&key) {
            self.steps.push(Step { key, document: None });
        }
    }

    /// Commits an audit record with the change; it stays in the outbox until [`crate::Store::shipped`]. A
    /// transaction that only records takes a revision too, without rows in the change feed.
    pub fn record(&mut self, record: Record) {
        self.records.push(record);
    }

    pub(crate) fn end(self) -> Result<Outcome> {
        match self.failure {
            Some(error) => Err(error),
            None => Ok(Outcome { state: self.state, steps: self.steps, records: self.records }),
        }
    }
}
