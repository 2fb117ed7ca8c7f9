//! The store as the verbs see it: a snapshot to read, and changes one after another.
//!
//! INVARIANT: a future of [`Store::write`] that resolves to `Ok` means that the change is on disk and in the
//! snapshot; one that resolves to `Err` means that nothing changed, as far as anyone can read.

use std::fs::{DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use arc_swap::ArcSwap;
use garita_model::{Error, Result};
use tokio::sync::{Semaphore, oneshot};

use crate::database::Database;
use crate::failure;
use crate::inbox::{self, Door};
use crate::record::Record;
use crate::snapshot::Snapshot;
use crate::transaction::Transaction;
use crate::writer::{Answer, BATCH, Task, Writer, waiting};

/// Name of the database in the data folder.
const FILE: &str = "garita.db";
/// How many changes may wait for the writer; more wait in their own tasks.
const QUEUE: usize = 256;

/// A handle on the open store; cheap to clone.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    head: Arc<ArcSwap<Snapshot>>,
    tasks: Door<Task>,
    room: Arc<Semaphore>,
    pending: Vec<PendingRecord>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

/// An audit record that was committed with its change and may not be on the trail.
#[derive(Debug, Clone, PartialEq)]
pub struct PendingRecord {
    /// The revision of the change.
    pub revision: u64,
    /// The record.
    pub record: Record,
}

impl Store {
    /// Opens the store in the data folder, creating both when they are not there.
    ///
    /// # Errors
    /// `Unavailable` when another process holds the folder or the disk fails; `Internal`, with the reason in its
    /// cause, when the store is damaged or was written by a newer version.
    pub fn open(folder: &Path) -> Result<Self> {
        create(folder)?;
        let database = Database::open(&folder.join(FILE))?;
        sync_folder(folder)?;
        let head = Arc::new(ArcSwap::from_pointee(database.load()?));
        let waiting = waiting(&database)?;
        let pending = database.outbox()?.into_iter().map(|(pending, _)| pending).collect();
        let writer = Writer::new(database, Arc::clone(&head), waiting);
        let (tasks, inbox) = inbox::of(BATCH);
        let thread = std::thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || writer.work(inbox))
            .map_err(|e| Error::internal(format!("the writer thread does not start: {e}")))?;
        let room = Arc::new(Semaphore::new(QUEUE));
        Ok(Self(Arc::new(Inner { head, tasks, room, pending, writer: Mutex::new(Some(thread)) })))
    }

    /// The state at the head: immutable, and as of the last commit.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.0.head.load_full()
    }

    /// Runs `work` as one change. It sees the head state and runs on the writer thread: it must not wait for
    /// anything. A change that puts, deletes and records nothing commits nothing and takes no revision.
    ///
    /// The change goes on when this future is dropped after it began to wait: it is then done or undone as a whole.
    ///
    /// # Errors
    /// What `work` answers; `Unavailable` when the disk is full or failing; `Internal` when `work` panics. Nothing
    /// has changed then.
    pub async fn write<T: Send + 'static>(
        &self,
        name: &'static str,
        work: impl FnOnce(&mut Transaction) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let room = Arc::clone(&self.0.room).acquire_owned().await.map_err(|_| closed())?;
        let (tell, told) = oneshot::channel();
        let change = move |writer: &mut Writer| {
            let answer = writer.change(name, work);
            Box::new(move |undone: Option<&Error>| {
                drop(room);
                // Nobody listens when the author gave up; the change stands all the same.
                let _ = tell.send(undone.map_or(answer, |error| Err(error.clone())));
            }) as Answer
        };
        self.0.tasks.send(Task::Change(Box::new(change))).map_err(|_| closed())?;
        told.await.map_err(|_| closed())?
    }

    /// The audit records that were in the outbox when the store was opened, in commit order: the trail must get
    /// those it lacks.
    pub fn pending_records(&self) -> Vec<PendingRecord> {
        self.0.pending.clone()
    }

    /// Says that the committed record with this event id is on the trail. It leaves the outbox with the next change,
    /// or soon.
    pub fn shipped(&self, event_id: &str) {
        // A closed store has cleared what it could; the rest is found on the trail when it is opened next.
        let _ = self.0.tasks.leave(Task::Shipped(event_id.to_owned()));
    }

    /// Takes no more changes, finishes those that wait, and lets go of the data folder.
    pub fn close(self) {
        self.0.room.close();
        let _ = self.0.tasks.send_now(Task::Close);
        let thread = self.0.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the writer thread panicked");
        }
    }
}

fn closed() -> Error {
    Error::unavailable("the server is stopping", "the store is closed")
}

/// Creates the folder (0700) and the file (0600): what is in them is for this process's user alone.
fn create(folder: &Path) -> Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|e| failure::io("create the data folder", &e))?;
    let failed = |e| failure::io("create the database", &e);
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(folder.join(FILE))
        .map_err(failed)?;
    file.set_permissions(std::fs::Permissions::from_mode(0o600)).map_err(failed)
}

/// Makes new names in the folder survive a power cut.
fn sync_folder(folder: &Path) -> Result<()> {
    std::fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|e| failure::io("sync the data folder", &e))
}
