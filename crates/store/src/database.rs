//! The SQLite file: how it is opened, what is read from it at start, and how one change is committed.
//!
//! WAL with `synchronous=FULL`: a commit is on disk when it returns. `locking_mode=EXCLUSIVE` is the lock against a
//! second process, and keeps the WAL index out of a memory-mapped file, whose growth on a full disk kills a process.
//! INVARIANT: only the writer thread uses a connection once the store is open.

use std::path::Path;

use garita_model::{Error, Object, ObjectKey, ObjectKind, Result, SystemEntropy};
use rusqlite::{Connection, OptionalExtension, params};

use crate::record::Record;
use crate::snapshot::Snapshot;
use crate::store::PendingRecord;
use crate::{failure, migration, statement};

/// The open database.
pub(crate) struct Database {
    connection: Connection,
}

/// One step of a change: an object's key and its document, or none when it is deleted.
pub(crate) struct Step {
    pub(crate) key: ObjectKey,
    pub(crate) document: Option<String>,
}

/// Everything one transaction writes.
pub(crate) struct Commit<'a> {
    pub(crate) steps: &'a [Step],
    /// Audit records.
    pub(crate) records: &'a [Record],
    /// The newest revision that the change feed forgets.
    pub(crate) forget: Option<u64>,
}

impl Database {
    /// Opens or creates the file, takes the lock and brings the schema up to date.
    pub(crate) fn open(file: &Path) -> Result<Self> {
        let connection = Connection::open(file).map_err(|e| failure::database("open the database", &e))?;
        prepare(&connection).map_err(|e| failure::database("prepare the database", &e))?;
        let database = Self { connection };
        database.begin()?;
        let ready = migration::run(&database.connection).and_then(|()| database.create_head());
        if let Err(error) = ready {
            database.rollback();
            return Err(error);
        }
        database.end()?;
        Ok(database)
    }

    fn create_head(&self) -> Result<()> {
        let epoch = garita_model::RequestId::draw(&SystemEntropy)?;
        self.execute("create the head", statement::CREATE_HEAD, params![epoch.as_str()])
    }

    /// Reads everything into a compiled snapshot.
    pub(crate) fn load(&self) -> Result<Snapshot> {
        let (revision, epoch) = self.head()?;
        let mut snapshot = Snapshot::new(revision, &epoch)?;
        for kind in self.texts(statement::READ_KINDS)? {
            if ObjectKind::parse(&kind).is_none() {
                return Err(Error::internal(format!(
                    "the data folder holds objects of a kind this garita does not know: `{kind}`"
                )));
            }
        }
        for kind in ObjectKind::ALL {
            self.load_kind(kind, &mut snapshot)?;
        }
        Ok(snapshot)
    }

    fn load_kind(&self, kind: ObjectKind, snapshot: &mut Snapshot) -> Result<()> {
        let failed = |error| failure::database("read the objects", &error);
        let mut query = self.connection.prepare_cached(statement::READ_OBJECTS).map_err(failed)?;
        let mut rows = query.query(params![kind.as_str()]).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            let key: String = row.get(0).map_err(failed)?;
            let document: String = row.get(1).map_err(failed)?;
            let object = Object::from_document(kind, &document)?;
            if object.key().key != key {
                return Err(Error::internal(format!(
                    "the stored {} `{key}` names itself otherwise",
                    kind.as_str()
                )));
            }
            snapshot.put(&object)?;
        }
        Ok(())
    }

    /// The head's revision and epoch.
    pub(crate) fn head(&self) -> Result<(u64, String)> {
        let failed = |error| failure::database("read the head", &error);
        let mut query = self.connection.prepare_cached(statement::READ_HEAD).map_err(failed)?;
        let head = query.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional().map_err(failed)?;
        head.ok_or_else(|| Error::internal("the data folder has no head"))
    }

    /// The records of the outbox, in commit order.
    pub(crate) fn outbox(&self) -> Result<Vec<(PendingRecord, u64)>> {
        let failed = |error| failure::database("read the outbox", &error);
        let mut query = self.connection.prepare_cached(statement::READ_OUTBOX).map_err(failed)?;
        let mut rows = query.query([]).map_err(failed)?;
        let mut records = Vec::new();
        while let Some(row) = rows.next().map_err(failed)? {
            let (revision, ordinal): (u64, u64) = (row.get(0).map_err(failed)?, row.get(1).map_err(failed)?);
            let record = Record::read(row.get(2).map_err(failed)?)?;
            records.push((PendingRecord { revision, record }, ordinal));
        }
        Ok(records)
    }

    fn texts(&self, sql: &str) -> Result<Vec<String>> {
        let failed = |error| failure::database("read the kinds", &error);
        let mut query = self.connection.prepare_cached(sql).map_err(failed)?;
        let rows = query.query_map([], |row| row.get(0)).map_err(failed)?;
        rows.collect::<rusqlite::Result<_>>().map_err(failed)
    }

    /// Begins a transaction that may write.
    pub(crate) fn begin(&self) -> Result<()> {
        self.batch("begin a transaction", "BEGIN IMMEDIATE")
    }

    /// Writes one change inside the transaction; answers its revision.
    pub(crate) fn write(&self, commit: &Commit<'_>) -> Result<u64> {
        let revision: u64 = self
            .connection
            .prepare_cached(statement::NEXT_REVISION)
            .and_then(|mut next| next.query_row([], |row| row.get(0)))
            .map_err(|e| failure::database("take a revision", &e))?;
        for (ordinal, step) in (0_u64..).zip(commit.steps) {
            self.write_step(revision, ordinal, step)?;
        }
        for (ordinal, record) in (0_u64..).zip(commit.records) {
            self.execute(
                "write the outbox",
                statement::ADD_OUTBOX,
                params![revision, ordinal, record.text()],
            )?;
        }
        if let Some(oldest) = commit.forget {
            self.execute("prune the change feed", statement::PRUNE_CHANGES, params![oldest])?;
        }
        Ok(revision)
    }

    fn write_step(&self, revision: u64, ordinal: u64, step: &Step) -> Result<()> {
        let (kind, key) = (step.key.kind.as_str(), &step.key.key);
        match &step.document {
            Some(text) => {
                self.execute("write an object", statement::PUT_OBJECT, params![kind, key, revision, text])?;
            }
            None => self.execute("delete an object", statement::DELETE_OBJECT, params![kind, key])?,
        }
        let row = params![revision, ordinal, kind, key, step.document];
        self.execute("write the change feed", statement::ADD_CHANGE, row)
    }

    /// Takes records that are on the trail out of the outbox, inside the transaction.
    pub(crate) fn clear_outbox(&self, shipped: &[(u64, u64)]) -> Result<()> {
        for (revision, ordinal) in shipped {
            self.execute("clear the outbox", statement::DELETE_OUTBOX, params![revision, ordinal])?;
        }
        Ok(())
    }

    /// Commits; when this returns, the change is on disk.
    pub(crate) fn end(&self) -> Result<()> {
        self.batch("commit", "COMMIT")
    }

    /// Gives the transaction up, if there still is one.
    pub(crate) fn rollback(&self) {
        if !self.connection.is_autocommit()
            && let Err(error) = self.batch("roll back", "ROLLBACK")
        {
            tracing::error!(?error, "a transaction cannot be rolled back");
        }
    }

    fn batch(&self, doing: &'static str, sql: &str) -> Result<()> {
        self.connection.execute_batch(sql).map_err(|e| failure::database(doing, &e))
    }

    fn execute(&self, doing: &'static str, sql: &str, values: &[&dyn rusqlite::ToSql]) -> Result<()> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut prepared| prepared.execute(values))
            .map(|_| ())
            .map_err(|e| failure::database(doing, &e))
    }

    #[cfg(test)]
    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(std::time::Duration::from_millis(100))?;
    connection.set_prepared_statement_cache_capacity(32);
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // The lock is taken by the first statement that writes, and kept.
    connection.execute_batch("BEGIN EXCLUSIVE; COMMIT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_on_disk_when_it_returns_and_the_lock_is_held() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join("garita.db")).unwrap();
        let ask = |name: &str| {
            let value: rusqlite::types::Value =
                database.connection.pragma_query_value(None, name, |row| row.get(0)).unwrap();
            value
        };
        assert_eq!(ask("journal_mode"), "wal".to_owned().into());
        assert_eq!(ask("synchronous"), 2_i64.into());
        assert_eq!(ask("locking_mode"), "exclusive".to_owned().into());
        assert!(!folder.path().join("garita.db-shm").exists(), "the WAL index must not be mapped");
    }
}
