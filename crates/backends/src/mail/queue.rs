//! A queue in front of a mailer: whoever sends does not wait for the mail server.
//!
//! That is not only for speed: a request that sends must not take longer than one that has nobody to send to, or it
//! would tell who is there. The queue is bounded and in memory. INVARIANT: a message keeps its place until it is sent or
//! given up, and holds up nobody while it waits to be tried again: an address that no server takes must not keep letters
//! from others. When Garita ends in good order what waits is tried once more ([`Mailer::finish`]); what is lost when it is
//! killed, people can ask for again.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use garita_model::{Error, MailMessage, Mailer, Result};
use tokio::sync::{Semaphore, watch};

use super::compose::check;

/// How many messages may wait.
pub const PLACES: u32 = 1_000;
/// How many are sent at the same time.
const AT_ONCE: usize = 4;
/// How long until a message that was not taken is tried again.
const PAUSES: [Duration; 3] = [Duration::from_secs(2), Duration::from_secs(15), Duration::from_secs(60)];
/// How long the end of Garita waits for messages.
const LAST: Duration = Duration::from_secs(10);

/// A mailer whose `send` ends when the message has a place in the queue.
pub struct QueuedMailer {
    line: Arc<Line>,
    places: Arc<Semaphore>,
    most: u32,
    last: Duration,
}

/// What every message in the queue needs.
struct Line {
    mailer: Arc<dyn Mailer>,
    turns: Semaphore,
    pauses: [Duration; 3],
    /// Whether Garita ends: nothing is tried later then.
    ending: watch::Sender<bool>,
}

impl QueuedMailer {
    /// A queue with so many places in front of a mailer. It sends inside a tokio runtime only.
    pub fn new(mailer: Arc<dyn Mailer>, places: u32) -> Self {
        Self::with_times(mailer, places, PAUSES, LAST)
    }

    fn with_times(mailer: Arc<dyn Mailer>, places: u32, pauses: [Duration; 3], last: Duration) -> Self {
        let most = places.max(1);
        // More than a semaphore can count is more than fits into memory.
        let room = usize::try_from(most).unwrap_or(Semaphore::MAX_PERMITS).min(Semaphore::MAX_PERMITS);
        let line = Line { mailer, turns: Semaphore::new(AT_ONCE), pauses, ending: watch::Sender::new(false) };
        Self { line: Arc::new(line), places: Arc::new(Semaphore::new(room)), most, last }
    }
}

impl Mailer for QueuedMailer {
    fn send(&self, message: MailMessage) -> Pin<Box<dyn Future<Output = Result<()>> + Send + '_>> {
        let placed = check(&message).and_then(|_| {
            let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| {
                let public = "too many e-mails wait to be sent; try again later";
                Error::unavailable(public, "the queue of e-mails is full")
            })?;
            let line = Arc::clone(&self.line);
            tokio::spawn(async move {
                line.deliver(message).await;
                drop(place);
            });
            Ok(())
        });
        Box::pin(std::future::ready(placed))
    }

    fn finish(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            self.line.ending.send_replace(true);
            let all = self.places.acquire_many(self.most);
            if tokio::time::timeout(self.last, all).await.is_err() {
                tracing::error!("Garita ends before all e-mails were taken: some are lost");
            }
        })
    }
}

impl Line {
    /// Sends a message, in its turn, until it is taken or given up.
    async fn deliver(&self, message: MailMessage) {
        let mut pauses = self.pauses.into_iter();
        loop {
            let Err(error) = self.try_once(message.clone()).await else { return };
            let why = error.cause().map_or_else(|| error.to_string(), |cause| cause.detail().to_owned());
            // What a server refuses for good it refuses again.
            let again = if matches!(error, Error::Unavailable(_)) { pauses.next() } else { None };
            let Some(pause) = again.filter(|_| !*self.ending.borrow()) else {
                tracing::error!(why, "an e-mail was given up");
                return;
            };
            tracing::warn!(why, ?pause, "an e-mail was not taken and will be tried again");
            let mut ending = self.ending.subscribe();
            // Whichever comes first, it is tried again.
            let _ = tokio::time::timeout(pause, ending.wait_for(|ending| *ending)).await;
        }
    }

    async fn try_once(&self, message: MailMessage) -> Result<()> {
        let turn = self.turns.acquire().await;
        let sent = self.mailer.send(message).await;
        drop(turn);
        sent
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Does not take the first so many messages.
    struct Stubborn(Mutex<(usize, Vec<String>)>);

    impl Mailer for Stubborn {
        fn send(&self, message: MailMessage) -> Pin<Box<dyn Future<Output = Result<()>> + Send + '_>> {
            let mut state = self.0.lock().unwrap();
            let answer = if state.0 > 0 {
                state.0 -= 1;
                Err(Error::unavailable("not now", "not now"))
            } else {
                state.1.push(message.text);
                Ok(())
            };
            Box::pin(std::future::ready(answer))
        }
    }

    /// Never done with a message.
    struct Stuck;

    impl Mailer for Stuck {
        fn send(&self, _: MailMessage) -> Pin<Box<dyn Future<Output = Result<()>> + Send + '_>> {
            Box::pin(std::future::pending())
        }
    }

    fn message(text: &str) -> MailMessage {
        MailMessage { to: "ana@example.com".to_owned(), subject: "s".to_owned(), text: text.to_owned() }
    }

    #[tokio::test]
    async fn a_message_is_tried_again() {
        for (refusals, arrives) in [(0, true), (3, true), (4, false)] {
            let inner = Arc::new(Stubborn(Mutex::new((refusals, Vec::new()))));
            let pauses = [Duration::from_millis(1); 3];
            let queue = QueuedMailer::with_times(inner.clone() as Arc<dyn Mailer>, 4, pauses, LAST);
            queue.send(message("hello")).await.unwrap();
            let settled = || {
                let state = inner.0.lock().unwrap();
                state.0 == 0 && (state.1.len() == 1) == arrives
            };
            while !settled() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    }

    #[tokio::test]
    async fn the_queue_is_bounded_and_takes_only_messages() {
        let queue = QueuedMailer::new(Arc::new(Stuck), 8);
        for _ in 0..8 {
            queue.send(message("x")).await.unwrap();
            tokio::task::yield_now().await;
        }
        let full = queue.send(message("x")).await.unwrap_err();
        assert!(matches!(full, Error::Unavailable(_)));
        let mut bad = message("x");
        bad.to = "ana@example.com\nBcc: bob@example.com".to_owned();
        assert!(matches!(queue.send(bad).await, Err(Error::Invalid { .. })));
    }

    /// Takes what is for Ana; of everybody else it says what it was told to.
    struct Choosy(Error, Mutex<Vec<String>>);

    impl Mailer for Choosy {
        fn send(&self, message: MailMessage) -> Pin<Box<dyn Future<Output = Result<()>> + Send + '_>> {
            self.1.lock().unwrap().push(message.to.clone());
            let answer = if message.to == "ana@example.com" { Ok(()) } else { Err(self.0.clone()) };
            Box::pin(std::future::ready(answer))
        }
    }

    impl Choosy {
        fn tried(&self, to: &str) -> usize {
            self.1.lock().unwrap().iter().filter(|tried| *tried == to).count()
        }
    }

    fn to(address: &str) -> MailMessage {
        MailMessage { to: address.to_owned(), ..message("x") }
    }

    #[tokio::test(start_paused = true)]
    async fn addresses_that_are_not_taken_hold_up_nobody() {
        let inner = Arc::new(Choosy(Error::unavailable("not now", "not now"), Mutex::default()));
        let queue = QueuedMailer::new(inner.clone(), 100);
        for _ in 0..50 {
            queue.send(to("nobody@example.com")).await.unwrap();
        }
        queue.send(to("ana@example.com")).await.unwrap();
        tokio::time::sleep(Duration::from_millis(10)).await;
        assert_eq!(inner.tried("ana@example.com"), 1);
        tokio::time::sleep(Duration::from_secs(120)).await;
        assert_eq!(inner.tried("nobody@example.com"), 50 * 4, "they are tried again all the same");
        assert_eq!(queue.places.available_permits(), 100, "and give their places back");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_refused_for_good_is_tried_once() {
        let inner = Arc::new(Choosy(Error::invalid("to", "no such mailbox"), Mutex::default()));
        let queue = QueuedMailer::new(inner.clone(), 100);
        queue.send(to("nobody@example.com")).await.unwrap();
        tokio::time::sleep(Duration::from_secs(120)).await;
        assert_eq!(inner.tried("nobody@example.com"), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_waits_for_what_can_still_be_sent_and_not_for_long() {
        let inner = Arc::new(Choosy(Error::unavailable("not now", "not now"), Mutex::default()));
        let queue = QueuedMailer::new(inner.clone(), 100);
        for _ in 0..20 {
            queue.send(to("ana@example.com")).await.unwrap();
        }
        queue.send(to("bo@example.com")).await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
        let began = tokio::time::Instant::now();
        queue.finish().await;
        assert_eq!((inner.tried("ana@example.com"), inner.tried("bo@example.com")), (20, 2));
        assert_eq!(began.elapsed(), Duration::ZERO, "nothing is waited for that is tried no more");
        let queue = QueuedMailer::new(Arc::new(Stuck), 8);
        queue.send(message("x")).await.unwrap();
        queue.finish().await;
        assert_eq!(began.elapsed(), LAST);
    }
}
