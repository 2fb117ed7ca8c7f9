//! The tasks of a thread, which takes those that wait together, so that one wait for the disk serves many of them.
//!
//! The thread is not called for each task. Whoever brings the first of several calls it [two turns](TURNS) later: until then
//! others bring theirs, and where nobody else has anything to do, that is at once. It is for the runtime to say who is ready;
//! what `sched_yield` does where processors are busy differs from one kernel to the next.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SendError, Sender, channel};
use std::time::Duration;

use tokio::runtime::Handle;

/// Turns of the runtime's worker before the thread is called: first those run that are ready, then those that were found to
/// be ready meanwhile. A turn is some sixty polls at most.
const TURNS: usize = 2;

/// Where tasks are brought; cheap to clone.
pub(crate) struct Door<T> {
    tasks: Sender<T>,
    bell: Bell,
}

/// Where the thread takes them.
pub(crate) struct Inbox<T> {
    tasks: Receiver<T>,
    calls: Receiver<()>,
    /// Most tasks taken at once.
    most: usize,
    /// Whether tasks may have been left behind when the most were taken.
    full: bool,
}

/// An inbox out of which so many tasks are taken at once at most.
pub(crate) fn of<T>(most: usize) -> (Door<T>, Inbox<T>) {
    let (tasks, inbox) = channel();
    let (calls, called) = channel();
    let bell = Bell { calls, held: Arc::default() };
    (Door { tasks, bell }, Inbox { tasks: inbox, calls: called, most, full: false })
}

impl<T> Door<T> {
    /// Brings a task.
    ///
    /// # Errors
    /// When the thread is gone.
    pub(crate) fn send(&self, task: T) -> Result<(), SendError<T>> {
        self.tasks.send(task)?;
        // Whoever holds the bell rings after this.
        if !self.bell.held.swap(true, Ordering::AcqRel) {
            let call = Call(self.bell.clone());
            if let Ok(runtime) = Handle::try_current() {
                runtime.spawn(async move {
                    for _ in 0..TURNS {
                        tokio::task::yield_now().await;
                    }
                    drop(call);
                });
            }
        }
        Ok(())
    }

    /// Leaves a task for when the thread is called next or looks by itself.
    ///
    /// # Errors
    /// When the thread is gone.
    pub(crate) fn leave(&self, task: T) -> Result<(), SendError<T>> {
        self.tasks.send(task)
    }

    /// Brings a task and calls the thread at once: for who is about to wait for it with a worker of the runtime.
    ///
    /// # Errors
    /// When the thread is gone.
    pub(crate) fn send_now(&self, task: T) -> Result<(), SendError<T>> {
        self.tasks.send(task)?;
        drop(Call(self.bell.clone()));
        Ok(())
    }
}

impl<T> Clone for Door<T> {
    fn clone(&self) -> Self {
        Self { tasks: self.tasks.clone(), bell: self.bell.clone() }
    }
}

impl<T> Inbox<T> {
    /// The tasks that wait, in order, as soon as there is a call; after `patience` those that were left, or none. `None` when nobody
    /// can bring any.
    pub(crate) fn take(&mut self, patience: Option<Duration>) -> Option<Vec<T>> {
        loop {
            let called = match patience {
                _ if self.full => Ok(()),
                Some(patience) => self.calls.recv_timeout(patience),
                None => self.calls.recv().map_err(RecvTimeoutError::from),
            };
            let tasks: Vec<T> = self.tasks.try_iter().take(self.most).collect();
            self.full = tasks.len() == self.most;
            match called {
                // A call for tasks that were taken with others before.
                Ok(()) if tasks.is_empty() => {}
                Err(RecvTimeoutError::Disconnected) if tasks.is_empty() => return None,
                _ => return Some(tasks),
            }
        }
    }
}

/// Calls the thread.
#[derive(Clone)]
struct Bell {
    calls: Sender<()>,
    /// Whether somebody is about to ring.
    held: Arc<AtomicBool>,
}

/// Calls the thread when it is dropped, also when a runtime ends that it waited in.
struct Call(Bell);

impl Drop for Call {
    fn drop(&mut self) {
        // Before the call: who comes later calls anew. Exchanged and not only stored, so that the thread sees the tasks of all who
        // found the bell held.
        self.0.held.swap(false, Ordering::AcqRel);
        // A thread that is gone takes nothing.
        let _ = self.0.calls.send(());
    }
}

#[cfg(test)]
mod tests {
    use tokio::runtime::Builder;

    use super::*;

    #[test]
    fn tasks_are_taken_in_order_and_those_over_the_most_without_another_call() {
        let (door, mut inbox) = of(4);
        (1..=6).for_each(|task| door.leave(task).unwrap());
        door.send(7).unwrap();
        assert_eq!(inbox.take(None).unwrap(), [1, 2, 3, 4]);
        assert_eq!(inbox.take(None).unwrap(), [5, 6, 7]);
        door.send_now(8).unwrap();
        assert_eq!(inbox.take(None).unwrap(), [8]);
    }

    #[test]
    fn what_a_runtime_has_ready_comes_together() {
        let (door, mut inbox) = of(100);
        let thread = std::thread::spawn(move || inbox.take(None).unwrap());
        Builder::new_current_thread().build().unwrap().block_on(async {
            for task in 0..20 {
                let door = door.clone();
                tokio::spawn(async move { door.send(task).unwrap() });
            }
            while !thread.is_finished() {
                tokio::task::yield_now().await;
            }
        });
        assert_eq!(thread.join().unwrap(), (0..20).collect::<Vec<_>>());
    }

    #[test]
    fn a_runtime_that_ends_calls_all_the_same() {
        let (door, mut inbox) = of(100);
        let runtime = Builder::new_current_thread().build().unwrap();
        runtime.block_on(async { door.send(1).unwrap() });
        assert_eq!(inbox.calls.try_recv(), Err(std::sync::mpsc::TryRecvError::Empty));
        drop(runtime);
        assert_eq!(inbox.take(None).unwrap(), [1]);
    }

    #[test]
    fn what_is_left_is_found_in_time_and_nothing_more_comes_when_all_doors_are_gone() {
        let (door, mut inbox) = of(4);
        let patience = Some(Duration::from_millis(1));
        assert!(inbox.take(patience).unwrap().is_empty());
        door.leave(1).unwrap();
        assert_eq!(inbox.take(patience).unwrap(), [1]);
        door.leave(2).unwrap();
        drop(door);
        assert_eq!(inbox.take(None).unwrap(), [2]);
        assert_eq!(inbox.take(None), None);
    }
}
