//! The writer: one thread that owns the database and takes changes one at a time.
//!
//! INVARIANT: the snapshot in place is always the one of the last commit, and is swapped before the change's author
//! hears of it. INVARIANT: a failure or a panic inside a change undoes that change and nothing else.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use arc_swap::ArcSwap;
use garita_model::{Error, Result};

use crate::database::{Commit, Database};
use crate::snapshot::Snapshot;
use crate::transaction::{Outcome, Transaction};

/// How long shipped records may stay in the outbox when no change comes by.
const IDLE: Duration = Duration::from_millis(200);
/// How many revisions the change feed keeps at least.
const KEPT_REVISIONS: u64 = 65_536;
/// The change feed is pruned once in so many revisions.
const PRUNE_EVERY: u64 = 256;

/// What the writer is asked to do.
pub(crate) enum Task {
    /// Run a change and tell its author.
    Change(Box<dyn FnOnce(&mut Writer) + Send>),
    /// The record with this event id is on the trail.
    Shipped(String),
    /// Finish.
    Close,
}

/// The thread's own state.
pub(crate) struct Writer {
    database: Database,
    head: Arc<ArcSwap<Snapshot>>,
    /// Records in the outbox: event id to revision and ordinal.
    waiting: HashMap<String, (u64, u64)>,
    /// Outbox rows to be cleared with the next commit.
    shipped: Vec<(u64, u64)>,
}

impl Writer {
    pub(crate) fn new(
        database: Database,
        head: Arc<ArcSwap<Snapshot>>,
        waiting: HashMap<String, (u64, u64)>,
    ) -> Self {
        Self { database, head, waiting, shipped: Vec::new() }
    }

    /// Works until told to close or until every handle of the store is gone; then clears the outbox.
    pub(crate) fn work(mut self, tasks: &Receiver<Task>) {
        loop {
            match tasks.recv_timeout(IDLE) {
                Ok(Task::Change(change)) => change(&mut self),
                Ok(Task::Shipped(event)) => self.shipped.extend(self.waiting.remove(&event)),
                Err(RecvTimeoutError::Timeout) => self.clear_outbox(),
                Ok(Task::Close) | Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        self.clear_outbox();
    }

    /// Runs one change from begin to commit.
    pub(crate) fn change<T>(
        &mut self,
        name: &'static str,
        work: impl FnOnce(&mut Transaction) -> Result<T>,
    ) -> Result<T> {
        self.database.begin()?;
        let done = self.inside(name, work);
        if done.is_err() {
            self.database.rollback();
        }
        done
    }

    fn inside<T>(
        &mut self,
        name: &'static str,
        work: impl FnOnce(&mut Transaction) -> Result<T>,
    ) -> Result<T> {
        let head = self.head()?;
        let mut transaction = Transaction::new(&head);
        let revision = transaction.revision();
        let answer = catch_unwind(AssertUnwindSafe(|| work(&mut transaction)))
            .map_err(|_| Error::internal(format!("the change `{name}` panicked")))??;
        let outcome = transaction.end()?;
        if outcome.steps.is_empty() && outcome.records.is_empty() {
            self.database.rollback();
        } else {
            self.commit(revision, outcome)?;
        }
        Ok(answer)
    }

    /// The head state. A commit that failed after it reached the disk shows here: then the database is right.
    fn head(&mut self) -> Result<Arc<Snapshot>> {
        let head = self.head.load_full();
        let (revision, epoch) = self.database.head()?;
        if revision == head.revision() && epoch == head.epoch() {
            return Ok(head);
        }
        tracing::error!(
            stored = revision,
            held = head.revision(),
            "the snapshot is not the head: it is read anew"
        );
        let snapshot = Arc::new(self.database.load()?);
        self.waiting = waiting(&self.database)?;
        self.head.store(Arc::clone(&snapshot));
        Ok(snapshot)
    }

    fn commit(&mut self, revision: u64, outcome: Outcome) -> Result<()> {
        let Outcome { mut state, steps, records } = outcome;
        let texts: Vec<String> =
            records.iter().map(serde_json::to_string).collect::<Result<_, _>>().map_err(
                |e: serde_json::Error| Error::internal(format!("an audit record cannot be written: {e}")),
            )?;
        let forget = revision.checked_sub(KEPT_REVISIONS).filter(|old| old % PRUNE_EVERY == 0);
        let commit = Commit { steps: &steps, records: &texts, shipped: &self.shipped, forget };
        let written = self.database.write(&commit)?;
        if written != revision {
            return Err(Error::internal(format!("revision {written} came where {revision} was due")));
        }
        self.database.end()?;
        self.shipped.clear();
        let rows = records.into_iter().map(|r| r.event_id).zip((0..).map(|ordinal| (revision, ordinal)));
        self.waiting.extend(rows);
        state.advance(revision);
        self.head.store(Arc::new(state));
        Ok(())
    }

    /// Takes shipped records out of the outbox when no change comes by to do it.
    fn clear_outbox(&mut self) {
        if self.shipped.is_empty() {
            return;
        }
        let cleared = self.database.begin().and_then(|()| {
            self.database.clear_outbox(&self.shipped)?;
            self.database.end()
        });
        match cleared {
            Ok(()) => self.shipped.clear(),
            Err(error) => {
                tracing::warn!(?error, "shipped audit records stay in the outbox for now");
                self.database.rollback();
            }
        }
    }
}

/// Where each record of the outbox stands, by its event id.
pub(crate) fn waiting(database: &Database) -> Result<HashMap<String, (u64, u64)>> {
    let rows = database.outbox()?.into_iter();
    Ok(rows.map(|(pending, ordinal)| (pending.record.event_id, (pending.revision, ordinal))).collect())
}

#[cfg(test)]
mod tests {
    use garita_model::{Account, Object};

    use super::*;

    fn writer(folder: &std::path::Path) -> Writer {
        let database = Database::open(&folder.join("garita.db")).unwrap();
        let head = Arc::new(ArcSwap::from_pointee(database.load().unwrap()));
        Writer::new(database, head, HashMap::new())
    }

    fn put(writer: &mut Writer, min_rev: u64) -> Result<u64> {
        writer.change("test", |tx| {
            let (id, name) = ("111122223333".parse().unwrap(), "main".parse().unwrap());
            let account = Account {
                id,
                name,
                alias: None,
                password_policy: None,
                created: jiff::Timestamp::UNIX_EPOCH,
                min_rev,
            };
            tx.put(Object::Account(Arc::new(account)));
            Ok(tx.revision())
        })
    }

    #[test]
    fn a_head_that_moved_without_the_snapshot_is_read_anew() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = writer(folder.path());
        put(&mut writer, 1).unwrap();
        let stale = writer.head.load_full();
        put(&mut writer, 2).unwrap();
        writer.head.store(stale);
        let seen =
            writer.change("test", |tx| Ok(tx.state().accounts().map(|a| a.min_rev).collect::<Vec<_>>()));
        assert_eq!(seen.unwrap(), [2]);
        assert_eq!(writer.head.load().revision(), 2);
    }

    #[test]
    fn the_change_feed_forgets_what_is_old() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = writer(folder.path());
        put(&mut writer, 1).unwrap();
        let almost = KEPT_REVISIONS + PRUNE_EVERY - 1;
        writer.database.connection().execute("UPDATE head SET rev = $1", [almost]).unwrap();
        assert_eq!(put(&mut writer, 2).unwrap(), almost + 1);
        let rows = "SELECT COUNT(*), MIN(rev) FROM change";
        let left: (u64, u64) =
            writer.database.connection().query_row(rows, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        assert_eq!(left, (1, almost + 1));
    }
}
