//! The audit trail on disk: JSON lines, only ever appended, in `audit/` of the data folder.
//!
//! One thread takes all records that wait, writes them with one write and one `fdatasync`, then wakes their authors.
//! Each line carries `seq`, which has no gaps, and `prev`, the SHA-256 of the line before it: an edited, removed or
//! inserted line breaks the chain, and lines cut off the end show against a head noted elsewhere ([`Trail::head`]).
//! INVARIANT: `Ok` means that the record is on disk. INVARIANT: whoever holds a [`Ticket`] has a place on disk for the
//! final record; what happens to a ticket, there is a record of it.

mod batch;
mod find;
mod line;
mod place;
mod reader;
mod recover;
#[cfg(test)]
mod tests;
mod ticket;
mod verify;
mod worker;

use std::fs::{DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use garita_model::{Error, Result};
use jiff::Timestamp;
use tokio::sync::oneshot;

use crate::failure;
use crate::inbox::{self, Door};
use crate::record::Record;
pub use reader::{Entry, Reader};
pub use ticket::{Intent, Ticket};
pub use verify::Verified;
use worker::{BATCH, Task, Worker};

/// Most bytes of one line; longer fields are cut before.
pub const MAX_LINE: usize = 64 * 1024;
/// Most bytes of the line of a record that a ticket stands for.
pub const MAX_TICKET_LINE: usize = 16 * 1024;

/// A handle on the open trail; cheap to clone.
#[derive(Clone)]
pub struct Trail(Arc<Inner>);

struct Inner {
    folder: PathBuf,
    tasks: Door<Task>,
    worker: Mutex<Option<JoinHandle<()>>>,
}

impl Trail {
    /// Opens the trail of a data folder. A torn end, as a crash leaves it, is cut off; intents without a final record
    /// get one with the error code `OutcomeUnknown`.
    ///
    /// # Errors
    /// `Unavailable` when another process holds the trail or it cannot be read or written.
    pub fn open(folder: &Path) -> Result<Self> {
        let folder = folder.join("audit");
        let lock = hold(&folder)?;
        let (tasks, inbox) = inbox::of(BATCH);
        let mut worker = Worker::open(&folder)?;
        let thread = std::thread::Builder::new()
            .name("trail".to_owned())
            .spawn(move || {
                worker.work(inbox);
                drop(lock);
            })
            .map_err(|e| Error::internal(format!("the trail's thread does not start: {e}")))?;
        Ok(Self(Arc::new(Inner { folder, tasks, worker: Mutex::new(Some(thread)) })))
    }

    /// Puts a record on disk.
    ///
    /// # Errors
    /// `Unavailable` when the disk is full or failing: then the record is not on the trail.
    pub async fn append(&self, record: Record) -> Result<()> {
        let body = line::body(record, MAX_LINE)?;
        let (tell, told) = oneshot::channel();
        self.ask(Task::Append { body, tell })?;
        told.await.map_err(|_| closed())?
    }

    /// Makes sure that [`Trail::finish`] will find its place on disk. The intent is itself on disk when this returns.
    ///
    /// # Errors
    /// `Unavailable` when that cannot be promised.
    pub async fn begin(&self, intent: Intent) -> Result<Ticket> {
        let body = line::body(intent.record.clone(), MAX_TICKET_LINE)?;
        let (tell, told) = oneshot::channel();
        let ticket = Ticket::new(intent, self.0.tasks.clone());
        self.ask(Task::Begin { body, ticket, tell })?;
        told.await.map_err(|_| closed())?
    }

    /// Puts the final record of a ticket on disk.
    ///
    /// # Errors
    /// `Unavailable` when the disk fails.
    pub async fn finish(&self, mut ticket: Ticket, record: Record) -> Result<()> {
        let body = line::body(record, MAX_TICKET_LINE)?;
        let (tell, told) = oneshot::channel();
        let Some(place) = ticket.take() else {
            return Err(Error::internal("a ticket was used before it was given out"));
        };
        self.ask(Task::Finish { place, body, tell: Some(tell) })?;
        told.await.map_err(|_| closed())?
    }

    /// Whether a record with this event id is on the trail. Reads the files, newest first: for use at start, on what
    /// was in the outbox.
    pub fn contains(&self, event_id: &str) -> bool {
        matches!(find::find(&self.0.folder, event_id, None), Ok(Some(_)))
    }

    /// The record with this event id, as [`Trail::find_in`]. Reads files: not for a thread that others wait for.
    ///
    /// # Errors
    /// As [`Trail::find_in`].
    pub fn find(&self, event_id: &str, since: Option<Timestamp>) -> Result<Option<Entry>> {
        find::find(&self.0.folder, event_id, since).map_err(|e| reader::failed(&e))
    }

    /// The record with this event id in the trail of a data folder. Works beside a running server. `since` is a time
    /// before the record was written: near to it, the search is short.
    ///
    /// # Errors
    /// `Unavailable` when it is not found and some of the trail cannot be read.
    pub fn find_in(folder: &Path, event_id: &str, since: Option<Timestamp>) -> Result<Option<Entry>> {
        find::find(&folder.join("audit"), event_id, since).map_err(|e| reader::failed(&e))
    }

    /// The number of the last line and its SHA-256 in hexadecimal: noted elsewhere, it shows whether lines were cut
    /// off the end later. Waits for what was asked before.
    ///
    /// # Errors
    /// `Unavailable` when the trail is closed.
    pub async fn head(&self) -> Result<(u64, String)> {
        let (tell, told) = oneshot::channel();
        self.ask(Task::Head { tell })?;
        told.await.map_err(|_| closed())
    }

    /// The records in the trail of a data folder, oldest first, without intents. Works beside a running server; to
    /// follow it, ask the reader again after it has answered `None`.
    ///
    /// # Errors
    /// `Unavailable` when the folder cannot be read.
    pub fn read(folder: &Path) -> Result<Reader> {
        Reader::open(&folder.join("audit"))
    }

    /// Checks the chain of the trail of a data folder.
    ///
    /// # Errors
    /// `Invalid`, naming file and line, when the chain is broken; `Unavailable` when the folder cannot be read.
    pub fn verify(folder: &Path) -> Result<Verified> {
        verify::verify(&folder.join("audit"))
    }

    /// Takes no more records, finishes those that wait, and lets go of the folder.
    pub fn close(self) {
        let _ = self.0.tasks.send_now(Task::Close);
        let thread = self.0.worker.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the trail's thread panicked");
        }
    }

    fn ask(&self, task: Task) -> Result<()> {
        self.0.tasks.send(task).map_err(|_| closed())
    }
}

fn closed() -> Error {
    Error::unavailable("the server is stopping", "the trail is closed")
}

/// Creates the folder and takes its lock, which lasts as long as the file.
fn hold(folder: &Path) -> Result<File> {
    let failed = |e| failure::io("open the folder of the trail", &e);
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    let mut options = OpenOptions::new();
    let lock = options.write(true).create(true).truncate(false).mode(0o600).open(folder.join("lock"));
    let lock = lock.map_err(failed)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(std::fs::TryLockError::WouldBlock) => {
            Err(Error::unavailable(failure::IN_USE, "the trail is locked"))
        }
        Err(std::fs::TryLockError::Error(e)) => Err(failed(e)),
    }
}
