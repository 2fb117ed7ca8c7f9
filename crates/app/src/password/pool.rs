//! The threads that hash passwords.
//!
//! Hashing costs time and memory on purpose, and strangers ask for it. So there are few threads for it, each with one
//! piece of memory that it uses again; so many may wait for a turn; whoever comes on top is told to come back. Work
//! whose asker has gone is dropped. Nothing here ever holds up a thread of the runtime.
//!
//! INVARIANT: memory for hashes of Garita's own cost is at most workers × 19 MiB, whatever comes in. Hashes that were
//! brought along may cost more, up to the bounds in `stored`.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use argon2::Block;
use garita_model::Error;
use tokio::sync::oneshot;

/// How long a thread keeps its memory without work.
const KEEPS_MEMORY: Duration = Duration::from_secs(5);

/// Answers in a bunch.
const BUNCH: usize = 8;
/// Answers are held back for each other while at least so many pieces of work wait: then for at most half as long as
/// the last of these waits for its turn.
const CROWD: usize = 2 * BUNCH;

/// Too many passwords wait for being hashed; nothing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many sign-ins at once; try again in a moment")]
pub struct Busy;

impl From<Busy> for Error {
    fn from(_: Busy) -> Self {
        Self::unavailable("too many sign-ins at once; try again in a moment", "the hash pool's queue is full")
    }
}

/// A piece of work; none comes of it when its asker has gone.
type Job = Box<dyn FnOnce(&mut Scratch) -> Option<Answer> + Send>;
/// Tells the asker what came of it.
type Answer = Box<dyn FnOnce() + Send>;

/// A bounded pool of threads. They end, after what waits, when it is dropped.
pub struct HashPool {
    queue: Arc<Queue>,
    places: usize,
    taken: AtomicU64,
}

struct Queue {
    state: Mutex<State>,
    woken: Condvar,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    /// Answers that are held back for others.
    held: Vec<Answer>,
    closed: bool,
}

/// The memory of one thread.
#[derive(Default)]
pub struct Scratch {
    blocks: Vec<Block>,
}

impl Scratch {
    /// So much memory; none when there is not.
    pub(super) fn blocks(&mut self, count: usize) -> Option<&mut [Block]> {
        if self.blocks.len() < count {
            self.blocks.try_reserve_exact(count - self.blocks.len()).ok()?;
            self.blocks.resize(count, Block::default());
        }
        self.blocks.get_mut(..count)
    }

    /// Gives back what a hash of Garita's own cost does not need.
    fn shrink_to(&mut self, count: usize) {
        self.blocks.truncate(count);
        self.blocks.shrink_to_fit();
    }
}

impl HashPool {
    /// A pool for this machine: a thread for each processor, up to eight, and two seconds' work in the queue.
    pub fn for_this_machine() -> Self {
        let workers = thread::available_parallelism().map_or(2, usize::from).clamp(1, 8);
        Self::start(workers, workers.saturating_mul(64))
    }

    /// A pool of `workers` threads for which `places` pieces of work may wait.
    pub fn start(workers: usize, places: usize) -> Self {
        let queue = Arc::new(Queue { state: Mutex::default(), woken: Condvar::new() });
        for number in 0..workers.max(1) {
            let queue = Arc::clone(&queue);
            let thread = thread::Builder::new().name(format!("password-{number}"));
            if let Err(error) = thread.spawn(move || queue.work()) {
                tracing::error!(?error, "a thread for passwords cannot be started");
            }
        }
        Self { queue, places, taken: AtomicU64::new(0) }
    }

    /// How many pieces of work were taken in so far.
    pub fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    /// Does work on one of the threads.
    ///
    /// # Errors
    /// [`Busy`] when the queue is full.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Scratch) -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let (sender, receiver) = oneshot::channel();
        let job: Job = Box::new(move |scratch| {
            if sender.is_closed() {
                return None;
            }
            let done = work(scratch);
            // Whoever asked may be gone by now.
            Some(Box::new(move || drop(sender.send(done))) as Answer)
        });
        {
            let mut state = self.queue.lock();
            if state.closed || state.jobs.len() >= self.places {
                return Err(Busy);
            }
            self.taken.fetch_add(1, Ordering::Relaxed);
            state.jobs.push_back(job);
        }
        self.queue.woken.notify_one();
        // The sender goes without an answer only if the work panicked.
        receiver.await.map_err(|_| Busy)
    }
}

impl Drop for HashPool {
    fn drop(&mut self) {
        self.queue.lock().closed = true;
        self.queue.woken.notify_all();
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        let mut scratch = Scratch::default();
        while let Some(job) = self.next(&mut scratch) {
            // A fault in one hash must not leave the pool a thread short.
            let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| job(&mut scratch)));
            self.answer(done.unwrap_or_else(|_| {
                tracing::error!("hashing a password panicked");
                scratch = Scratch::default();
                None
            }));
            scratch.shrink_to(super::MEMORY as usize);
        }
    }

    /// Gives an answer together with those that are held back, or holds it back.
    fn answer(&self, answer: Option<Answer>) {
        let mut state = self.lock();
        state.held.extend(answer);
        if state.held.len() < BUNCH && state.jobs.len() >= CROWD {
            return;
        }
        let bunch = std::mem::take(&mut state.held);
        drop(state);
        bunch.into_iter().for_each(|answer| answer());
    }

    /// The next job, waiting for one; none when the pool is over.
    fn next(&self, scratch: &mut Scratch) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.jobs.pop_front() {
                return Some(job);
            }
            if state.closed {
                return None;
            }
            let (held, waited) =
                self.woken.wait_timeout(state, KEEPS_MEMORY).unwrap_or_else(PoisonError::into_inner);
            state = held;
            if waited.timed_out() {
                scratch.shrink_to(0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future as _;
    use std::sync::mpsc;
    use std::task::Poll;

    use super::*;

    #[tokio::test]
    async fn what_does_not_fit_is_refused_and_nothing_is_lost() {
        let pool = Arc::new(HashPool::start(1, 2));
        let (release, held) = mpsc::channel::<()>();
        let (started, running) = oneshot::channel();
        let first = tokio::spawn({
            let pool = Arc::clone(&pool);
            async move {
                pool.run(move |_| {
                    started.send(()).unwrap();
                    held.recv().unwrap();
                    0
                })
                .await
            }
        });
        running.await.unwrap();
        let waiting: Vec<_> = (1..=2)
            .map(|n| {
                let pool = Arc::clone(&pool);
                tokio::spawn(async move { pool.run(move |_| n).await })
            })
            .collect();
        while pool.queue.lock().jobs.len() < 2 {
            tokio::task::yield_now().await;
        }
        assert_eq!(pool.run(|_| 3).await, Err(Busy));
        release.send(()).unwrap();
        assert_eq!(first.await.unwrap(), Ok(0));
        for (n, job) in waiting.into_iter().enumerate() {
            assert_eq!(job.await.unwrap(), Ok(n + 1));
        }
        assert_eq!(pool.run(|_| 4).await, Ok(4));
    }

    #[test]
    fn where_many_wait_answers_come_in_bunches() {
        let queue = Queue { state: Mutex::default(), woken: Condvar::new() };
        queue.lock().jobs.extend((0..CROWD).map(|_| Box::new(|_: &mut Scratch| None) as Job));
        let given = Arc::new(AtomicU64::new(0));
        let answer = || {
            let given = Arc::clone(&given);
            let answer: Answer = Box::new(move || {
                given.fetch_add(1, Ordering::Relaxed);
            });
            Some(answer)
        };
        (1..BUNCH).for_each(|_| queue.answer(answer()));
        assert_eq!(given.load(Ordering::Relaxed), 0);
        queue.answer(answer());
        assert_eq!(given.load(Ordering::Relaxed), BUNCH as u64);
        queue.answer(answer());
        assert_eq!(given.load(Ordering::Relaxed), BUNCH as u64, "the next bunch has begun");
        queue.lock().jobs.pop_front();
        queue.answer(None);
        assert_eq!(given.load(Ordering::Relaxed), BUNCH as u64 + 1, "few wait, and nobody is held back");
    }

    #[tokio::test]
    async fn everyone_in_a_crowd_is_answered() {
        let pool = Arc::new(HashPool::start(2, 512));
        let asking: Vec<_> = (0..5 * CROWD)
            .map(|n| {
                let pool = Arc::clone(&pool);
                tokio::spawn(async move { pool.run(move |_| n).await })
            })
            .collect();
        for (n, asked) in asking.into_iter().enumerate() {
            assert_eq!(asked.await.unwrap(), Ok(n));
        }
    }

    #[tokio::test]
    async fn work_nobody_waits_for_is_dropped() {
        let pool = Arc::new(HashPool::start(1, 8));
        let (release, held) = mpsc::channel::<()>();
        let (started, running) = oneshot::channel();
        let blocking = tokio::spawn({
            let pool = Arc::clone(&pool);
            async move {
                let work = move |_: &mut Scratch| {
                    started.send(()).unwrap();
                    held.recv().unwrap();
                };
                pool.run(work).await
            }
        });
        running.await.unwrap();
        let (done, seen) = mpsc::channel::<&str>();
        let gone = done.clone();
        let mut forsaken = Box::pin(pool.run(move |_| gone.send("forsaken").unwrap()));
        // Asked once, so that it stands in the queue; then its asker goes away.
        let asked = std::future::poll_fn(|cx| Poll::Ready(forsaken.as_mut().poll(cx).is_pending()));
        assert!(asked.await);
        drop(forsaken);
        release.send(()).unwrap();
        blocking.await.unwrap().unwrap();
        pool.run(move |_| done.send("asked for").unwrap()).await.unwrap();
        assert_eq!(seen.iter().collect::<Vec<_>>(), ["asked for"]);
    }

    #[tokio::test]
    async fn a_panic_costs_one_answer_and_no_thread() {
        let pool = HashPool::start(1, 8);
        assert_eq!(pool.run(|_| -> u8 { panic!("for the test") }).await, Err(Busy));
        assert_eq!(pool.run(|_| 1).await, Ok(1));
    }
}
