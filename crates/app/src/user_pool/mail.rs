//! What pools write to people: invitations and codes.
//!
//! A pool's own texts go before Garita's, in which `{username}` and `{####}` stand for the name and the code or password,
//! as Cognito has it. The language is the one of the user's `locale`, else the pool's (the tag `garita:language`).

use garita_model::user_pool::PoolFault;
use garita_model::{MailMessage, PoolUser, Result, Secret, UserPool};
use jiff::Timestamp;

use super::code::too_often;
use crate::App;
use crate::attempts::Tried;
use crate::letter::{Filling, Language, Letter, Own};

impl App {
    /// Invites a user, if there is an address and a way to send to it.
    ///
    /// # Errors
    /// `CodeDeliveryFailure` when the message cannot be handed over.
    pub(super) async fn invite(
        &self,
        pool: &UserPool,
        user: &PoolUser,
        password: &Secret<String>,
    ) -> Result<()> {
        let Some(address) = user.attributes.get("email").map(str::to_owned) else { return Ok(()) };
        if self.mailer.is_none() {
            tracing::warn!(pool = %pool.id, sub = %user.sub, "no mail server is configured: a user was not invited");
            return Ok(());
        }
        let messages = &pool.messages;
        let own =
            Own { subject: messages.invitation_subject.as_deref(), text: messages.invitation.as_deref() };
        self.send_mail(letter_to(pool, user, &address, Letter::Invitation, own, password)).await
    }

    /// Waits, for a while, for the letters that are on their way: none is sent after it.
    pub async fn finish_letters(&self) {
        if let Some(mailer) = &self.mailer {
            mailer.finish().await;
        }
    }

    /// Counts a letter to an address that somebody names as theirs: nobody has strangers written to without end, under
    /// ever new names.
    ///
    /// # Errors
    /// `LimitExceeded`.
    pub(super) fn count_letter(&self, pool: &UserPool, address: &str, now: Timestamp) -> Result<()> {
        let address = address.to_lowercase();
        let counted = self.attempts.begin(Tried::Letter, pool.id.as_str(), &address, now);
        counted.map(drop).ok_or_else(too_often)
    }

    /// Hands a message over.
    pub(super) async fn send_mail(&self, message: MailMessage) -> Result<()> {
        let failed = || {
            PoolFault::CodeDeliveryFailure
                .because("the message cannot be sent: there is no mail server, or it does not take it")
        };
        let Some(mailer) = &self.mailer else { return Err(failed()) };
        mailer.send(message).await.map_err(|error| {
            tracing::warn!(?error, "a message was not sent");
            failed()
        })
    }
}

/// A letter to a user, in the pool's words or else in the user's language.
pub(super) fn letter_to(
    pool: &UserPool,
    user: &PoolUser,
    address: &str,
    letter: Letter,
    own: Own<'_>,
    secret: &Secret<String>,
) -> MailMessage {
    let language = Language::of(user.attributes.get("locale").or(pool.language()));
    // Where people sign up with an address, their name is a number they never saw.
    let named = user.attributes.get("email").filter(|_| !pool.username_attributes.is_empty());
    let username = named.unwrap_or(&user.name);
    // Of the address it goes to everybody may be told.
    let username = if username == address { username.into() } else { letter.name(username) };
    let (subject, text) = letter.write(language, own, Filling { username: &username, secret });
    MailMessage { to: address.to_owned(), subject, text }
}
