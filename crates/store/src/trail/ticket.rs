//! A ticket: the promise that a request's final record finds its place on disk.
//!
//! INVARIANT: every ticket that was given out ends in exactly one final record, also when it is dropped.

use super::line;
use super::worker::Task;
use crate::inbox::Door;
use crate::record::Record;

/// What a request is about to do.
#[derive(Debug, Clone)]
pub struct Intent {
    /// The request.
    pub request_id: String,
    /// The record as far as it is known; it becomes the final one when there is no other.
    pub record: Record,
}

/// Room for one final record; see [`super::Trail::begin`].
pub struct Ticket {
    intent: Box<Intent>,
    place: Option<Place>,
    tasks: Door<Task>,
}

/// What the worker knows a ticket by.
pub(super) struct Place {
    /// The number of its intent's line.
    pub(super) number: u64,
}

impl Ticket {
    pub(super) fn new(intent: Intent, tasks: Door<Task>) -> Self {
        Self { intent: Box::new(intent), place: None, tasks }
    }

    /// Gives the ticket its place: from now on it counts.
    pub(super) fn give(mut self, number: u64) -> Self {
        self.place = Some(Place { number });
        self
    }

    pub(super) fn take(&mut self) -> Option<Place> {
        self.place.take()
    }

    /// The request it stands for.
    pub fn request_id(&self) -> &str {
        &self.intent.request_id
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let Some(place) = self.place.take() else { return };
        let why = "the request was given up before its outcome was recorded";
        match line::ended(self.intent.record.text().as_bytes(), "ClientDisconnected", why) {
            // A closed trail finishes open intents when it is opened next.
            Ok(body) => drop(self.tasks.send(Task::Finish { place, body, tell: None })),
            Err(error) => tracing::error!(?error, "the record of a request that was given up is lost"),
        }
    }
}
