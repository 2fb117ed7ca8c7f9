//! A batch: the tasks that are answered by one write.
//!
//! INVARIANT: a task is answered once, after its line is on disk or certainly not counted.

use garita_model::{Error, Result};
use tokio::sync::oneshot;

use super::line::{Chain, Role};
use super::ticket::Ticket;
use super::worker::Task;
use crate::failure;

/// Someone waiting for a batch.
enum Waiter {
    Record(oneshot::Sender<Result<()>>),
    Begun { ticket: Ticket, number: u64, body: Vec<u8>, tell: oneshot::Sender<Result<Ticket>> },
    Finished { number: u64, tell: Option<oneshot::Sender<Result<()>>> },
}

/// What a batch that is on disk has changed.
#[derive(Default)]
pub(super) struct Effects {
    /// Tickets given out.
    pub(super) begun: u64,
    /// Tickets that ended.
    pub(super) finished: u64,
    /// Durable intents that are now open: number and body.
    pub(super) opened: Vec<(u64, Vec<u8>)>,
    /// Durable intents that are closed.
    pub(super) closed: Vec<u64>,
}

/// Lines to write, and who waits for them.
pub(super) struct Batch {
    pub(super) lines: Vec<u8>,
    pub(super) chain: Chain,
    waiters: Vec<Waiter>,
}

impl Batch {
    pub(super) fn new(chain: &Chain) -> Self {
        Self { lines: Vec::new(), chain: chain.clone(), waiters: Vec::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiters.is_empty()
    }

    /// Takes a task in; answers those that need no line.
    pub(super) fn add(&mut self, task: Task) {
        match task {
            Task::Append { body, tell } => {
                self.chain.add(Role::Record, &body, &mut self.lines);
                self.waiters.push(Waiter::Record(tell));
            }
            Task::Begin { body, ticket, tell } => {
                let number = self.chain.add(Role::Intent(None), &body, &mut self.lines);
                self.waiters.push(Waiter::Begun { ticket, number, body, tell });
            }
            Task::Finish { place, body, tell } => {
                self.chain.add(Role::Final(place.number), &body, &mut self.lines);
                self.waiters.push(Waiter::Finished { number: place.number, tell });
            }
            Task::Head { .. } | Task::Close => {}
        }
    }

    /// What has changed, now that the lines are on disk; a ticket that begins has its place.
    pub(super) fn done(mut self) -> (Effects, Answers) {
        let mut effects = Effects::default();
        for waiter in &mut self.waiters {
            match waiter {
                Waiter::Record(_) => {}
                Waiter::Begun { number, body, .. } => {
                    effects.begun += 1;
                    effects.opened.push((*number, std::mem::take(body)));
                }
                Waiter::Finished { number, .. } => {
                    effects.finished += 1;
                    effects.closed.push(*number);
                }
            }
        }
        (effects, Answers { waiters: self.waiters, error: None })
    }

    /// What has changed when the lines could not be written. A ticket that could not be finished is given up; its
    /// intent stays open.
    pub(super) fn failed(self, error: std::io::Error) -> (Effects, Answers) {
        let finished = self.waiters.iter().filter(|w| matches!(w, Waiter::Finished { .. })).count() as u64;
        (Effects { finished, ..Effects::default() }, Answers { waiters: self.waiters, error: Some(error) })
    }
}

/// The answers to a batch, not yet given.
pub(super) struct Answers {
    waiters: Vec<Waiter>,
    error: Option<std::io::Error>,
}

impl Answers {
    /// Tells everyone.
    pub(super) fn give(self) {
        let result = || self.error.as_ref().map_or(Ok(()), |error| Err(refusal(error)));
        for waiter in self.waiters {
            match waiter {
                Waiter::Record(tell) => drop(tell.send(result())),
                // Whoever gave up waiting drops the ticket, and that is recorded.
                Waiter::Begun { ticket, number, tell, .. } => {
                    drop(tell.send(result().map(|()| ticket.give(number))));
                }
                Waiter::Finished { tell, .. } => drop(tell.map(|tell| tell.send(result()))),
            }
        }
    }
}

/// Tells a task that it cannot be done.
pub(super) fn refuse(task: Task, error: &std::io::Error) {
    match task {
        Task::Append { tell, .. } => drop(tell.send(Err(refusal(error)))),
        Task::Begin { tell, .. } => drop(tell.send(Err(refusal(error)))),
        Task::Finish { tell, .. } => drop(tell.map(|tell| tell.send(Err(refusal(error))))),
        Task::Head { .. } | Task::Close => {}
    }
}

fn refusal(error: &std::io::Error) -> Error {
    failure::io("write the audit trail", error)
}
