//! Forgotten passwords: a code goes to a proved address, and with it a new password is set.
//!
//! INVARIANT: a code is good only as long as its user could have another one sent to the same address, and no password was
//! set since. Whoever may have read it must not undo what was done against them.

use std::sync::Arc;

use garita_model::user_pool::pool::RecoveryMechanism;
use garita_model::user_pool::{CodePurpose, PoolFault, PoolId, UserStatus};
use garita_model::{Object, PoolUser, Result, Secret, UserPool};

use super::code::{self, Delivery, mismatch};
use super::sign_up::Named;
use super::{AdmittedClient, invalid, no_user, password};
use crate::App;
use crate::attempts::Tried;
use crate::context::RequestContext;

/// What `ConfirmForgotPassword` asks for.
pub struct ConfirmForgotten {
    /// Which client, whose password.
    pub who: Named,
    /// The code that was sent.
    pub code: String,
    /// The new password.
    pub password: Secret<String>,
}

impl App {
    /// Sends a code with which a new password can be set.
    ///
    /// # Errors
    /// `ResourceNotFound` for the client; `NotAuthorized`; `LimitExceeded`; what stands in the way of the user, where the
    /// client does not hide it.
    pub async fn forgot_pool_password(self: &Arc<Self>, cx: &RequestContext, who: Named) -> Result<Delivery> {
        let (admitted, user) = self.named(cx, &who)?;
        self.count(cx, &admitted, Tried::SendCode, &who, user.as_deref())?;
        if !admitted.client().hides_users {
            may_recover(admitted.user_pool(), user.as_ref().ok_or_else(no_user)?)?;
        }
        let user = user.filter(|user| may_recover(admitted.user_pool(), user).is_ok());
        self.send_code(cx, &admitted, user, &who.username, CodePurpose::ForgotPassword).await
    }

    /// Sets a new password with the code that was sent, and signs the user out everywhere.
    ///
    /// # Errors
    /// `ResourceNotFound` for the client; `NotAuthorized`; `CodeMismatch`; `ExpiredCode`; `InvalidPassword`;
    /// `LimitExceeded`; `UserNotFound` where the client does not hide it.
    pub async fn confirm_forgot_pool_password(
        self: &Arc<Self>,
        cx: &RequestContext,
        input: ConfirmForgotten,
    ) -> Result<()> {
        let (admitted, user) = self.named(cx, &input.who)?;
        // Of the user nothing but the name that was given: more would tell what is known of somebody.
        let known = vec![input.who.username.clone()];
        self.hold_pool_password(admitted.user_pool(), &input.password, known).await?;
        let attempt = self.count(cx, &admitted, Tried::ConfirmForgotPassword, &input.who, user.as_deref())?;
        // Nothing that takes long is done but for who has the code: the time it takes tells nothing of anybody else.
        let whose = (admitted.pool(), user.as_deref());
        let purpose = CodePurpose::ForgotPassword;
        let looked = code::look_at(self, &self.snapshot(), whose, purpose, &input.code);
        let user = self.must_be_there(&admitted, user, mismatch)?;
        looked?;
        let new = self.prepare_password(admitted.pool(), &user.name, &input.password).await?;
        let history = self.former(&admitted, &user, &input.password).await?;
        let code = input.code;
        let set = self
            .change(cx, move |change| {
                let held =
                    change.state().pool_user(admitted.pool(), user.sub).cloned().ok_or_else(mismatch)?;
                may_recover(admitted.user_pool(), &held).map_err(|_| mismatch())?;
                let address = code::take(change, &admitted, &held, CodePurpose::ForgotPassword, &code)?;
                // Only to who has the code: what the password was before is nobody else's business.
                if history {
                    return Err(PoolFault::PasswordHistory
                        .because("Password has previously been used, please provide a different password."));
                }
                let mut user = PoolUser::clone(&held);
                if user.attributes.get("email") != Some(&address) {
                    return Err(mismatch());
                }
                password::replace(admitted.user_pool(), &mut user, new);
                password::temporary_until(&mut user, None);
                user.status = UserStatus::Confirmed;
                user.min_rev = change.revision();
                user.modified = change.now().as_second();
                change.put_own(&admitted, Object::PoolUser(Arc::new(user)))
            })
            .await;
        if set.is_ok() {
            self.attempts.succeeded(&attempt);
        }
        set
    }

    async fn former(
        &self,
        admitted: &AdmittedClient,
        user: &PoolUser,
        password: &Secret<String>,
    ) -> Result<bool> {
        match self.must_not_be_former(admitted.user_pool(), user, password).await {
            Ok(()) => Ok(false),
            Err(garita_model::Error::Rejected { .. }) => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Makes a user's password useless until a new one is set with a code, which is sent if there is an address.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`; `UserNotFound`; `InvalidParameter` for a user without a proved address.
    pub async fn admin_reset_pool_password(
        self: &Arc<Self>,
        cx: &RequestContext,
        pool: PoolId,
        name: String,
    ) -> Result<()> {
        let app = Arc::clone(self);
        let mail = self
            .edit_permitted_user(
                cx,
                "cognito-idp:AdminResetUserPassword",
                pool,
                name,
                |change, permit, pool, user| {
                    may_recover(pool, user)?;
                    user.status = UserStatus::ResetRequired;
                    user.min_rev = change.revision();
                    let email = user.attributes.get("email").unwrap_or_default().to_owned();
                    let purpose = CodePurpose::ForgotPassword;
                    code::drawn(change, permit, pool, user, purpose, &email)
                },
            )
            .await?;
        app.send_mail(mail).await
    }
}

/// Whether a user may set a forgotten password: confirmed, with a proved address that the pool sends to.
fn may_recover(pool: &UserPool, user: &PoolUser) -> Result<()> {
    if !user.enabled {
        return Err(PoolFault::UserDisabled.because("User is disabled."));
    }
    if matches!(user.status, UserStatus::ForceChangePassword | UserStatus::ExternalProvider) {
        return Err(PoolFault::NotAuthorized.because("User password cannot be reset in the current state."));
    }
    let by_email = pool.recovery.contains(&RecoveryMechanism::VerifiedEmail);
    let proved = user.attributes.is("email_verified") && user.attributes.get("email").is_some();
    if !(by_email && proved) || user.status == UserStatus::Unconfirmed {
        return Err(invalid(
            "Cannot reset password for the user as there is no registered/verified email or phone_number",
        ));
    }
    Ok(())
}
