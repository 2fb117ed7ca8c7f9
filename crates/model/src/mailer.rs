//! E-mail, as the verbs see it: something that takes a message and sees to it that it arrives.

use std::future::Future;
use std::pin::Pin;

use crate::error::Result;

/// An e-mail to one person. Its text may hold a code: it is never logged.
#[derive(Clone, PartialEq, Eq)]
pub struct MailMessage {
    /// The address.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The text, without mark-up.
    pub text: String,
}

/// Sends e-mail.
pub trait Mailer: Send + Sync {
    /// Hands a message over. When this resolves to `Ok`, the message is out of Garita's hands.
    ///
    /// # Errors
    /// `Unavailable` when the message cannot be handed over now; `Invalid` for an address that cannot be one, and for a
    /// message that is refused for good.
    fn send(&self, message: MailMessage) -> Pin<Box<dyn Future<Output = Result<()>> + Send + '_>>;

    /// Waits, for a while, until nothing that was handed over is in memory only. Nothing is sent after it.
    fn finish(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::ready(()))
    }
}
