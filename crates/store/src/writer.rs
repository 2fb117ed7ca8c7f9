//! The writer: one thread that owns the database. It takes changes one after another, and those that wait together
//! become durable together, by one commit.
//!
//! INVARIANT: the snapshot in place is always the one of the last commit, and is swapped before the authors of the
//! commit's changes hear of it. INVARIANT: no author hears of anything before the commit, because what a change answers
//! may rest on another of its batch. INVARIANT: a refusal or a panic inside a change undoes that change and nothing else;
//! where the disk fails, the whole batch is undone, and all of its authors are told.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use garita_model::{Error, Result};

use crate::database::{Commit, Database};
use crate::inbox::Inbox;
use crate::record::Record;
use crate::snapshot::Snapshot;
use crate::transaction::{Outcome, Transaction};

/// Tasks in one batch.
pub(crate) const BATCH: usize = 64;
/// How long shipped records may stay in the outbox when no change comes by.
const IDLE: Duration = Duration::from_millis(200);
/// How many revisions the change feed keeps at least.
const KEPT_REVISIONS: u64 = 65_536;
/// The change feed is pruned once in so many revisions.
const PRUNE_EVERY: u64 = 256;

/// What the writer is asked to do.
pub(crate) enum Task {
    /// Run a change; its author is told when it is committed.
    Change(Box<dyn FnOnce(&mut Writer) -> Answer + Send>),
    /// The record with this event id is on the trail.
    Shipped(String),
    /// Finish.
    Close,
}

/// Tells the author of a change what came of it: what the change answered, or the failure that undid its batch.
pub(crate) type Answer = Box<dyn FnOnce(Option<&Error>) + Send>;

/// The thread's own state.
pub(crate) struct Writer {
    database: Database,
    head: Arc<ArcSwap<Snapshot>>,
    /// Records in the outbox: event id to revision and ordinal.
    waiting: HashMap<String, (u64, u64)>,
    /// Outbox rows to be cleared with the next commit.
    shipped: Vec<(u64, u64)>,
    /// What the changes of this batch have come to; none when none has begun the transaction.
    draft: Option<Draft>,
    /// Those who wait for the commit.
    authors: Vec<Answer>,
}

/// Changes that are written and not committed.
struct Draft {
    state: Snapshot,
    /// Their audit records in the outbox, as in [`Writer::waiting`].
    recorded: Vec<(String, (u64, u64))>,
}

impl Writer {
    pub(crate) fn new(
        database: Database,
        head: Arc<ArcSwap<Snapshot>>,
        waiting: HashMap<String, (u64, u64)>,
    ) -> Self {
        Self { database, head, waiting, shipped: Vec::new(), draft: None, authors: Vec::new() }
    }

    /// Works until told to close or until every handle of the store is gone; then clears the outbox.
    pub(crate) fn work(mut self, mut inbox: Inbox<Task>) {
        while let Some(tasks) = inbox.take(Some(IDLE)) {
            if tasks.is_empty() {
                self.clear_outbox();
            } else if !self.serve(tasks) {
                break;
            }
        }
        self.clear_outbox();
    }

    /// Serves a batch; answers whether to go on.
    fn serve(&mut self, batch: Vec<Task>) -> bool {
        let mut open = true;
        for task in batch {
            match task {
                Task::Change(change) => {
                    let author = change(self);
                    self.authors.push(author);
                }
                Task::Shipped(event) => self.shipped.extend(self.waiting.remove(&event)),
                Task::Close => {
                    open = false;
                    break;
                }
            }
        }
        self.end();
        open
    }

    /// Runs one change inside the transaction of its batch.
    pub(crate) fn change<T>(
        &mut self,
        name: &'static str,
        work: impl FnOnce(&mut Transaction) -> Result<T>,
    ) -> Result<T> {
        let draft = self.draft.take().map_or_else(|| self.begin(), Ok)?;
        let mut transaction = Transaction::new(&draft.state);
        self.draft = Some(draft);
        let answer = catch_unwind(AssertUnwindSafe(|| work(&mut transaction)))
            .map_err(|_| Error::internal(format!("the change `{name}` panicked")))??;
        let outcome = transaction.end()?;
        if !outcome.is_empty() {
            self.write(outcome).inspect_err(|error| self.undo(error))?;
        }
        Ok(answer)
    }

    fn begin(&mut self) -> Result<Draft> {
        self.database.begin()?;
        let head = self.head().inspect_err(|_| self.database.rollback())?;
        Ok(Draft { state: Snapshot::clone(&head), recorded: Vec::new() })
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

    /// Writes a change into the transaction, and takes it into the draft.
    fn write(&mut self, outcome: Outcome) -> Result<()> {
        let Outcome { mut state, steps, records } = outcome;
        let revision = state.revision() + 1;
        let forget = revision.checked_sub(KEPT_REVISIONS).filter(|old| old % PRUNE_EVERY == 0);
        let written = self.database.write(&Commit { steps: &steps, records: &records, forget })?;
        if written != revision {
            return Err(Error::internal(format!("revision {written} came where {revision} was due")));
        }
        state.advance(revision);
        let mut recorded = self.draft.take().map(|draft| draft.recorded).unwrap_or_default();
        let ids = records.into_iter().map(Record::into_event_id);
        recorded.extend(ids.zip((0..).map(|ordinal| (revision, ordinal))));
        self.draft = Some(Draft { state, recorded });
        Ok(())
    }

    /// Commits the batch, if it has changed anything, and tells the authors.
    fn end(&mut self) {
        let committed = match self.draft.take() {
            Some(draft) if draft.state.revision() != self.head.load().revision() => self.commit(draft),
            Some(_) => {
                self.database.rollback();
                Ok(())
            }
            None => Ok(()),
        };
        self.tell(committed.err().as_ref());
    }

    fn commit(&mut self, draft: Draft) -> Result<()> {
        let done = self.database.clear_outbox(&self.shipped).and_then(|()| self.database.end());
        done.inspect_err(|_| self.database.rollback())?;
        self.shipped.clear();
        self.waiting.extend(draft.recorded);
        self.head.store(Arc::new(draft.state));
        Ok(())
    }

    /// Gives the batch up as far as it has come.
    fn undo(&mut self, error: &Error) {
        self.draft = None;
        self.database.rollback();
        self.tell(Some(error));
    }

    fn tell(&mut self, undone: Option<&Error>) {
        self.authors.drain(..).for_each(|tell| tell(undone));
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
    Ok(rows.map(|(pending, ordinal)| (pending.record.into_event_id(), (pending.revision, ordinal))).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use garita_model::{Account, Object};

    use super::*;

    fn writer(folder: &std::path::Path) -> Writer {
        let database = Database::open(&folder.join("garita.db")).unwrap();
        let head = Arc::new(ArcSwap::from_pointee(database.load().unwrap()));
        Writer::new(database, head, HashMap::new())
    }

    fn account(min_rev: u64) -> Object {
        let (id, name) = ("111122223333".parse().unwrap(), "main".parse().unwrap());
        let created = jiff::Timestamp::UNIX_EPOCH;
        Object::Account(Arc::new(Account { id, name, alias: None, password_policy: None, created, min_rev }))
    }

    /// A change that puts the account; `told` gets what its author hears.
    fn put(min_rev: u64, told: &Sender<Result<u64>>) -> Task {
        let told = told.clone();
        Task::Change(Box::new(move |writer| {
            let answer = writer.change("test", |tx| {
                tx.put(account(min_rev));
                Ok(tx.revision())
            });
            Box::new(move |undone| told.send(undone.map_or(answer, |e| Err(e.clone()))).unwrap())
        }))
    }

    fn one(writer: &mut Writer, min_rev: u64) -> Result<u64> {
        let (told, hears) = channel();
        assert!(writer.serve(vec![put(min_rev, &told)]));
        hears.recv().unwrap()
    }

    fn failing(told: &Sender<Result<u64>>, work: fn(&mut Transaction) -> Result<u64>) -> Task {
        let told = told.clone();
        Task::Change(Box::new(move |writer| {
            let answer = writer.change("test", work);
            Box::new(move |undone| told.send(undone.map_or(answer, |e| Err(e.clone()))).unwrap())
        }))
    }

    #[test]
    fn a_batch_is_one_commit_and_its_failures_harm_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = writer(folder.path());
        let (told, hears) = channel();
        let refused = failing(&told, |tx| {
            tx.put(account(7));
            Err(Error::NotFound("nothing".to_owned()))
        });
        let panics = failing(&told, |tx| {
            tx.put(account(8));
            panic!("for the test")
        });
        let head = writer.head.clone();
        let unseen = Task::Change(Box::new(move |writer| {
            let seen =
                writer.change("test", |tx| Ok(tx.state().accounts().map(|a| a.min_rev).collect::<Vec<_>>()));
            assert_eq!(seen.unwrap(), [1], "a change sees the one before it");
            assert_eq!(head.load().revision(), 0, "nobody else does before the commit");
            Box::new(|undone| assert!(undone.is_none()))
        }));
        assert!(writer.serve(vec![put(1, &told), refused, unseen, panics, put(2, &told)]));
        assert_eq!(hears.recv().unwrap().unwrap(), 1);
        assert!(matches!(hears.recv().unwrap(), Err(Error::NotFound(_))));
        assert!(matches!(hears.recv().unwrap(), Err(Error::Internal(_))));
        assert_eq!(hears.recv().unwrap().unwrap(), 2);
        assert_eq!(writer.head.load().revision(), 2);
        assert_eq!(writer.database.head().unwrap().0, 2);
        assert_eq!(writer.head.load().accounts().next().unwrap().min_rev, 2);
    }

    #[test]
    fn where_the_disk_fails_all_of_the_batch_is_undone_and_told() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = writer(folder.path());
        assert_eq!(one(&mut writer, 1).unwrap(), 1);
        let full = |pages: u32| {
            let sql = format!("PRAGMA max_page_count = {pages}");
            Task::Change(Box::new(move |writer| {
                writer.database.connection().query_row(&sql, [], |_| Ok(())).unwrap();
                Box::new(|_| ())
            }))
        };
        let (told, hears) = channel();
        let large = failing(&told, |tx| {
            (0..2_000).for_each(|n| tx.put(account(n)));
            Ok(tx.revision())
        });
        let batch = vec![put(2, &told), full(1), large, full(1_000_000), put(3, &told)];
        assert!(writer.serve(batch));
        assert!(matches!(hears.recv().unwrap(), Err(Error::Unavailable(_))), "written before the failure");
        assert!(matches!(hears.recv().unwrap(), Err(Error::Unavailable(_))), "the one that failed");
        assert_eq!(hears.recv().unwrap().unwrap(), 2, "the next one takes the revision that was given up");
        assert_eq!(writer.head.load().accounts().next().unwrap().min_rev, 3);
        drop(writer);
        let database = Database::open(&folder.path().join("garita.db")).unwrap();
        assert_eq!(database.load().unwrap().accounts().next().unwrap().min_rev, 3);
    }

    #[test]
    fn a_commit_that_fails_leaves_nothing_and_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = writer(folder.path());
        let forbid = "PRAGMA foreign_keys = ON; CREATE TEMP TABLE a (id INTEGER PRIMARY KEY);
             CREATE TEMP TABLE b (a INTEGER REFERENCES a (id) DEFERRABLE INITIALLY DEFERRED)";
        writer.database.connection().execute_batch(forbid).unwrap();
        let (told, hears) = channel();
        let break_commit = Task::Change(Box::new(|writer| {
            writer.database.connection().execute("INSERT INTO b VALUES (1)", []).unwrap();
            Box::new(|undone| assert!(undone.is_some()))
        }));
        assert!(writer.serve(vec![put(1, &told), break_commit]));
        assert!(hears.recv().unwrap().is_err());
        assert_eq!(writer.head.load().revision(), 0);
        assert_eq!(one(&mut writer, 2).unwrap(), 1);
    }

    #[test]
    fn nothing_behind_the_end_is_begun() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = writer(folder.path());
        let (told, hears) = channel();
        assert!(!writer.serve(vec![put(1, &told), Task::Close, put(2, &told)]));
        drop(told);
        assert_eq!(hears.iter().map(Result::unwrap).collect::<Vec<_>>(), [1]);
        assert_eq!(writer.head.load().revision(), 1);
    }

    #[test]
    fn a_head_that_moved_without_the_snapshot_is_read_anew() {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = writer(folder.path());
        one(&mut writer, 1).unwrap();
        let stale = writer.head.load_full();
        one(&mut writer, 2).unwrap();
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
        one(&mut writer, 1).unwrap();
        let almost = KEPT_REVISIONS + PRUNE_EVERY - 1;
        writer.database.connection().execute("UPDATE head SET rev = $1", [almost]).unwrap();
        assert_eq!(one(&mut writer, 2).unwrap(), almost + 1);
        let rows = "SELECT COUNT(*), MIN(rev) FROM change";
        let left: (u64, u64) =
            writer.database.connection().query_row(rows, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        assert_eq!(left, (1, almost + 1));
    }
}
