//! The thread of the trail: group commit, room for open tickets, rotation.
//!
//! INVARIANT: the newest file always has room allocated for the final records of all open tickets; new work is
//! refused before that room is touched. INVARIANT: the newest file holds the intents of all open tickets, so that
//! recovery reads one file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use garita_model::Result;
use tokio::sync::oneshot;

use super::batch::{Batch, Effects, refuse};
use super::line::{self, Chain, Role};
use super::place::Place;
use super::ticket::{self, Ticket};
use super::{MAX_LINE, MAX_TICKET_LINE, recover};
use crate::failure;
use crate::inbox::Inbox;

/// A file that has grown so long is followed by the next one.
const FILE_SIZE: u64 = 64 * 1024 * 1024;
/// How much longer a file grows after it could not be followed.
const RETRY_AFTER: u64 = 1024 * 1024;
/// Tasks in one batch.
pub(super) const BATCH: usize = 2048;
/// What is told of an intent that a crash left open.
const UNKNOWN_OUTCOME: &str = "the server stopped before the outcome was recorded";

/// What the worker is asked to do.
pub(super) enum Task {
    /// Put a record on disk.
    Append { body: Vec<u8>, tell: oneshot::Sender<Result<()>> },
    /// Put an intent on disk and make room for its final record.
    Begin { body: Vec<u8>, ticket: Ticket, tell: oneshot::Sender<Result<Ticket>> },
    /// Put the final record of a ticket on disk.
    Finish { place: ticket::Place, body: Vec<u8>, tell: Option<oneshot::Sender<Result<()>>> },
    /// Tell where the chain stands.
    Head { tell: oneshot::Sender<(u64, String)> },
    /// Stop when everything before is done.
    Close,
}

/// The thread's own state.
pub(super) struct Worker {
    folder: PathBuf,
    place: Place,
    chain: Chain,
    /// Durable intents without a final record: the number of the first line and the record.
    open: BTreeMap<u64, Vec<u8>>,
    /// Tickets that are out.
    tickets: u64,
    /// The runtime of those who wait.
    runtime: Option<tokio::runtime::Handle>,
    /// The length at which files are followed by the next one.
    file_size: u64,
    /// The length at which this one is: more than `file_size` after a try that failed.
    rotate_at: u64,
}

impl Worker {
    /// Opens the newest file, repairs its end, and ends the intents that a crash left open.
    pub(super) fn open(folder: &Path) -> Result<Self> {
        let failed = |e| failure::io("open the audit trail", &e);
        let found = recover::recover(folder).map_err(failed)?;
        let place = Place::open(folder, found.number, found.good).map_err(failed)?;
        let mut worker = Self {
            folder: folder.to_owned(),
            place,
            chain: found.chain,
            open: found.open,
            tickets: 0,
            runtime: tokio::runtime::Handle::try_current().ok(),
            file_size: FILE_SIZE,
            rotate_at: FILE_SIZE,
        };
        worker.end_orphans();
        Ok(worker)
    }

    #[cfg(test)]
    pub(super) fn rotating_at(mut self, bytes: u64) -> Self {
        (self.file_size, self.rotate_at) = (bytes, bytes);
        self
    }

    /// An intent without a final record: its request was under way when the process ended.
    fn end_orphans(&mut self) {
        let mut batch = Batch::new(&self.chain);
        for (number, body) in std::mem::take(&mut self.open) {
            match line::ended(&body, "OutcomeUnknown", UNKNOWN_OUTCOME) {
                Ok(ended) => {
                    let place = ticket::Place { number };
                    batch.add(Task::Finish { place, body: ended, tell: None });
                }
                Err(error) => tracing::error!(number, ?error, "an intent on the audit trail cannot be read"),
            }
            self.open.insert(number, body);
            self.tickets += 1;
        }
        self.write(batch);
        self.tickets = 0;
    }

    /// Works until told to close or until every handle and ticket is gone.
    pub(super) fn work(&mut self, mut inbox: Inbox<Task>) {
        while let Some(tasks) = inbox.take(None) {
            let close = tasks.iter().any(|task| matches!(task, Task::Close));
            self.answer(tasks);
            if close {
                break;
            }
        }
        // What is allocated ahead is given back.
        self.place.cut();
    }

    fn answer(&mut self, tasks: Vec<Task>) {
        self.rotate_when_due();
        let room = self.room_for(&tasks);
        let full = self.place.ensure(room).err();
        let mut batch = Batch::new(&self.chain);
        let mut heads = Vec::new();
        for task in tasks {
            match (task, &full) {
                (Task::Head { tell }, _) => heads.push(tell),
                (task @ (Task::Append { .. } | Task::Begin { .. }), Some(error)) => refuse(task, error),
                (task, _) => batch.add(task),
            }
        }
        if !batch.is_empty() {
            self.write(batch);
        }
        for tell in heads {
            drop(tell.send((self.chain.seq, self.chain.hash.clone())));
        }
    }

    /// Bytes that must be free for all of `tasks` and for the final records of all tickets, those begun here included.
    fn room_for(&self, tasks: &[Task]) -> u64 {
        let need = |task: &Task| match task {
            Task::Append { body, .. } => line_room(body),
            Task::Begin { body, .. } => line_room(body) + MAX_TICKET_LINE as u64,
            Task::Finish { .. } | Task::Head { .. } | Task::Close => 0,
        };
        self.tickets * MAX_TICKET_LINE as u64 + tasks.iter().map(need).sum::<u64>()
    }

    fn write(&mut self, batch: Batch) {
        let chain = batch.chain.clone();
        let (effects, answers) = match self.place.append(&batch.lines) {
            Ok(()) => {
                self.chain = chain;
                batch.done()
            }
            Err(error) => {
                tracing::error!(%error, "the audit trail cannot be written");
                batch.failed(error)
            }
        };
        self.settle(effects);
        match &self.runtime {
            // Given from inside the runtime, the answers of a batch wake its threads once, not one by one.
            Some(runtime) => drop(runtime.spawn(async move { answers.give() })),
            None => answers.give(),
        }
    }

    fn settle(&mut self, effects: Effects) {
        self.tickets = (self.tickets + effects.begun).saturating_sub(effects.finished);
        self.open.extend(effects.opened);
        for number in effects.closed {
            self.open.remove(&number);
        }
    }

    /// Goes on to the next file, taking the open intents along. When that fails, the current file grows on.
    fn rotate_when_due(&mut self) {
        if self.place.good < self.rotate_at {
            return;
        }
        let (mut chain, mut lines) = (self.chain.clone(), Vec::new());
        for (number, body) in &self.open {
            chain.add(Role::Intent(Some(*number)), body, &mut lines);
        }
        match self.place.next(&self.folder, &lines, self.tickets * MAX_TICKET_LINE as u64) {
            Ok(next) => {
                self.place.cut();
                self.place = next;
                self.chain = chain;
                self.rotate_at = self.file_size;
            }
            Err(error) => {
                tracing::warn!(%error, "the audit trail cannot go on to a new file yet");
                self.rotate_at = self.place.good + RETRY_AFTER;
            }
        }
    }
}

/// Bytes the line of a body takes at most.
fn line_room(body: &[u8]) -> u64 {
    (body.len() + line::FRONT).min(MAX_LINE) as u64
}
