//! What pools write to people: invitations and codes.
//!
//! `{username}` and `{####}` in a pool's own texts stand for the name and the code or password, as Cognito has it.

use garita_model::user_pool::PoolFault;
use garita_model::{MailMessage, PoolUser, Result, Secret, UserPool};

use crate::App;

const INVITATION_SUBJECT: &str = "Your temporary password";
const INVITATION: &str = "Your username is {username} and temporary password is {####}.";

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
        let text = messages.invitation.as_deref().unwrap_or(INVITATION);
        let named = user.attributes.get("email").filter(|_| !pool.username_attributes.is_empty());
        let text =
            text.replace("{username}", named.unwrap_or(&user.name)).replace("{####}", password.expose());
        let subject = messages.invitation_subject.as_deref().unwrap_or(INVITATION_SUBJECT).to_owned();
        self.send_mail(MailMessage { to: address, subject, text }).await
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
