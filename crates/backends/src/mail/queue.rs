//! A queue in front of a mailer: whoever sends does not wait for the mail server.
//!
//! That is not only for speed: a request that sends must not take longer than one that has nobody to send to, or it
//! would tell who is there. The queue is bounded and in memory: what waits when Garita ends is lost, and people ask for
//! another code.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use garita_model::{Error, MailMessage, Mailer, Result};
use tokio::sync::mpsc;

use super::compose::check;

/// How many messages may wait.
pub const PLACES: usize = 1_000;
/// How many are sent at the same time.
const AT_ONCE: usize = 4;
/// How long until a message that was not taken is tried again.
const PAUSES: [Duration; 3] = [Duration::from_secs(2), Duration::from_secs(15), Duration::from_secs(60)];

/// A mailer whose `send` ends when the message has a place in the queue.
pub struct QueuedMailer(mpsc::Sender<MailMessage>);

impl QueuedMailer {
    /// A queue with so many places in front of a mailer. Must be called inside a tokio runtime; the tasks behind it end
    /// with the queue.
    pub fn start(mailer: &Arc<dyn Mailer>, places: usize) -> Self {
        Self::with_pauses(mailer, places, PAUSES)
    }

    fn with_pauses(mailer: &Arc<dyn Mailer>, places: usize, pauses: [Duration; 3]) -> Self {
        let (sender, waiting) = mpsc::channel(places.max(1));
        let waiting = Arc::new(tokio::sync::Mutex::new(waiting));
        for _ in 0..AT_ONCE {
            tokio::spawn(work(Arc::clone(mailer), Arc::clone(&waiting), pauses));
        }
        Self(sender)
    }
}

impl Mailer for QueuedMailer {
    fn send(&self, message: MailMessage) -> Pin<Box<dyn Future<Output = Result<()>> + Send + '_>> {
        let placed = check(&message).and_then(|_| {
            self.0.try_send(message).map_err(|_| {
                let public = "too many e-mails wait to be sent; try again later";
                Error::unavailable(public, "the queue of e-mails is full")
            })
        });
        Box::pin(std::future::ready(placed))
    }
}

async fn work(
    mailer: Arc<dyn Mailer>,
    waiting: Arc<tokio::sync::Mutex<mpsc::Receiver<MailMessage>>>,
    pauses: [Duration; 3],
) {
    loop {
        let next = waiting.lock().await.recv().await;
        let Some(message) = next else { return };
        deliver(mailer.as_ref(), message, pauses).await;
    }
}

async fn deliver(mailer: &dyn Mailer, message: MailMessage, pauses: [Duration; 3]) {
    let mut pauses = pauses.into_iter();
    loop {
        let Err(error) = mailer.send(message.clone()).await else { return };
        let why = error.cause().map_or_else(|| error.to_string(), |cause| cause.detail().to_owned());
        // A message that is none stays none.
        let again = if matches!(error, Error::Unavailable(_)) { pauses.next() } else { None };
        let Some(pause) = again else {
            tracing::error!(why, "an e-mail was given up");
            return;
        };
        tracing::warn!(why, ?pause, "an e-mail was not taken and will be tried again");
        tokio::time::sleep(pause).await;
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
            let queue = QueuedMailer::with_pauses(
                &(inner.clone() as Arc<dyn Mailer>),
                4,
                [Duration::from_millis(1); 3],
            );
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
        let queue =
            QueuedMailer::with_pauses(&(Arc::new(Stuck) as Arc<dyn Mailer>), 8, [Duration::from_secs(1); 3]);
        let mut placed = 0;
        while queue.send(message("x")).await.is_ok() {
            placed += 1;
            tokio::task::yield_now().await;
            assert!(placed <= 8 + AT_ONCE, "bounded");
        }
        assert!(placed >= 8);
        let full = queue.send(message("x")).await.unwrap_err();
        assert!(matches!(full, Error::Unavailable(_)));
        let mut bad = message("x");
        bad.to = "ana@example.com\nBcc: bob@example.com".to_owned();
        assert!(matches!(queue.send(bad).await, Err(Error::Invalid { .. })));
    }
}
