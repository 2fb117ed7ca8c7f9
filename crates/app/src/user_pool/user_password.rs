//! Passwords that administrators set.

use std::sync::Arc;

use garita_model::user_pool::{PoolFault, PoolId, UserStatus};
use garita_model::{PoolUser, Result, Secret};
use jiff::SignedDuration;

use super::{code, password};
use crate::App;
use crate::context::RequestContext;

/// What `AdminSetUserPassword` asks for.
pub struct SetPoolPassword {
    /// The pool.
    pub pool: PoolId,
    /// Whose.
    pub username: String,
    /// The password.
    pub password: Secret<String>,
    /// Whether the user may keep it.
    pub permanent: bool,
}

impl App {
    /// Sets a user's password and signs the user out everywhere.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`; `UserNotFound`; `InvalidPassword`; `PasswordHistory`.
    pub async fn admin_set_pool_password(
        self: &Arc<Self>,
        cx: &RequestContext,
        input: SetPoolPassword,
    ) -> Result<()> {
        const ACTION: &str = "cognito-idp:AdminSetUserPassword";
        let (state, pool) = self.read_pool(cx, ACTION, &input.pool)?;
        let held = super::username::find(&state, &pool, &input.username).ok_or_else(super::no_user)?;
        must_have_password(&held)?;
        self.hold_pool_password(&pool, &input.password, password::about(&held)).await?;
        self.must_not_be_former(&pool, &held, &input.password).await?;
        let new = self.prepare_password(&pool.id, &held.name, &input.password).await?;
        let (prepared_for, permanent) = (held.password.clone(), input.permanent);
        self.edit_permitted_user(cx, ACTION, input.pool, input.username, move |change, permit, pool, user| {
            must_have_password(user)?;
            password::must_be_unchanged(user, prepared_for.as_deref())?;
            if let Some(code) = code::of_forgotten(change.state(), user) {
                change.delete(permit, code);
            }
            password::replace(pool, user, new);
            user.min_rev = change.revision();
            user.status = if permanent { UserStatus::Confirmed } else { UserStatus::ForceChangePassword };
            let days = i64::from(pool.password_policy.temporary_days);
            let until = (!permanent).then(|| change.now() + SignedDuration::from_hours(24 * days));
            password::temporary_until(user, until);
            Ok(())
        })
        .await
    }
}

/// Who was made for a provider has no password here, and gets none: the provider alone vouches for them.
fn must_have_password(user: &PoolUser) -> Result<()> {
    if user.status == UserStatus::ExternalProvider {
        return Err(PoolFault::UnsupportedUserState
            .because("the user signs in through a provider and has no password here: set it there"));
    }
    Ok(())
}
