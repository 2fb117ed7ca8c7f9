//! How the tasks of a thread come together, so that one wait for the disk serves many of them.
//!
//! Where the processors are busy, those whose tasks are nearly made are let run first. Where one is idle, giving way takes
//! no time. Where tasks come one by one nobody is waited for: while others keep the processors busy that would be for
//! nothing.

use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

/// How long a task may wait for others; one turn of another thread on a busy processor may come on top.
const PATIENCE: Duration = Duration::from_millis(5);
/// Giving way takes at least so long where another thread wants the processor.
const TURN: Duration = Duration::from_micros(20);
/// After so many tasks that came alone, the next one is not kept waiting.
const CALM: u32 = 8;

/// The company in which a thread's tasks came of late.
pub(crate) struct Company {
    most: usize,
    /// Tasks in a row that came alone, up to [`CALM`].
    alone: u32,
}

impl Company {
    /// For batches of so many tasks at most.
    pub(crate) fn of(most: usize) -> Self {
        Self { most, alone: CALM }
    }

    /// A task with those that wait behind it, in order.
    pub(crate) fn gather<T>(&mut self, first: T, tasks: &Receiver<T>) -> Vec<T> {
        let mut batch = vec![first];
        batch.extend(tasks.try_iter().take(self.most - 1));
        if self.alone < CALM || batch.len() > 1 {
            self.wait(&mut batch, tasks);
        }
        self.alone = if batch.len() > 1 { 0 } else { self.alone.saturating_add(1) };
        batch
    }

    fn wait<T>(&self, batch: &mut Vec<T>, tasks: &Receiver<T>) {
        let began = Instant::now();
        let mut waited = Duration::ZERO;
        while batch.len() < self.most && waited < PATIENCE {
            let (before, since) = (batch.len(), waited);
            std::thread::yield_now();
            batch.extend(tasks.try_iter().take(self.most - before));
            waited = began.elapsed();
            // Nobody came, and nobody else wanted the processor.
            if batch.len() == before && waited - since < TURN {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn what_waits_comes_along_in_order_up_to_the_most() {
        let (sender, tasks) = channel();
        (1..=6).for_each(|task| sender.send(task).unwrap());
        let mut company = Company::of(4);
        assert_eq!(company.gather(0, &tasks), [0, 1, 2, 3]);
        assert_eq!(company.gather(tasks.recv().unwrap(), &tasks), [4, 5, 6]);
        assert_eq!(company.gather(7, &tasks), [7]);
    }

    #[test]
    fn tasks_that_come_alone_for_long_are_not_kept_waiting() {
        let (_sender, tasks) = channel();
        let mut company = Company::of(4);
        for task in 0..20 {
            assert_eq!(company.gather(task, &tasks), [task]);
            assert!(company.alone >= CALM);
        }
        company.alone = 0;
        (0..8).for_each(|task| drop(company.gather(task, &tasks)));
        assert_eq!(company.alone, CALM);
    }
}
