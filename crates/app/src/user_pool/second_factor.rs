//! Which second factors a user is asked for, and what may be taken away of them.
//!
//! INVARIANT: where the pool or a group asks a second factor of somebody, nobody but an administrator takes the last one
//! away, by whatever call or page: whoever has the password alone could set up another one. INVARIANT: recovery codes go
//! with the last second factor.

use std::sync::Arc;

use garita_model::user_pool::{MfaMode, PoolId, TokenHash};
use garita_model::{PoolUser, Result, Secret, UserPool};

use super::invalid;
use super::next_step::asks_for_passkey;
use crate::App;
use crate::context::RequestContext;

/// Which second factors a user is to be asked for; what is not named stays.
#[derive(Debug, Clone, Copy, Default)]
pub struct MfaPreference {
    /// Whether the authenticator app is on, and whether it is preferred.
    pub software_token: Option<(bool, bool)>,
    /// Whether passkeys count.
    pub passkey: Option<bool>,
}

impl App {
    /// Sets which second factors a user is asked for.
    ///
    /// # Errors
    /// `NotAuthorized`; `InvalidParameter` for one the user does not have.
    pub async fn set_pool_user_mfa(
        self: &Arc<Self>,
        cx: &RequestContext,
        token: &Secret<String>,
        wanted: MfaPreference,
    ) -> Result<()> {
        self.edit_own(cx, token, move |_, bearer, user| {
            let pool = bearer.admitted.user_pool();
            prefer(pool, user, pool.mfa_for(user), &wanted)
        })
        .await
    }

    /// Sets which second factors a user is asked for, as an administrator.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`; `UserNotFound`; `InvalidParameter` for one the user does not have.
    pub async fn admin_set_pool_user_mfa(
        self: &Arc<Self>,
        cx: &RequestContext,
        pool: PoolId,
        name: String,
        wanted: MfaPreference,
    ) -> Result<()> {
        self.edit_pool_user(cx, "cognito-idp:AdminSetUserMFAPreference", pool, name, move |_, pool, user| {
            // An administrator may switch off what the pool asks of everyone: the user sets another one up then.
            prefer(pool, user, MfaMode::Optional, &wanted)
        })
        .await
    }
}

/// Sets which second factors a user is asked for. Recovery codes go with the last of them, whoever switches it off.
pub(super) fn prefer(
    pool: &UserPool,
    user: &mut PoolUser,
    mode: MfaMode,
    wanted: &MfaPreference,
) -> Result<()> {
    if let Some((on, preferred)) = wanted.software_token {
        if (on || preferred) && user.software_token().is_none() {
            return Err(invalid("User has not verified software token mfa"));
        }
        if preferred && !on {
            return Err(invalid("a second factor that is off cannot be the preferred one"));
        }
        let more = user.more_mut();
        (more.software_token_on, more.software_token_preferred) = (on, preferred);
    }
    if let Some(on) = wanted.passkey {
        if on && !pool.web_authn.multi_factor {
            return Err(invalid("passkeys are no second factor in this user pool"));
        }
        if on && user.passkeys().is_empty() {
            return Err(invalid("User has not registered a passkey"));
        }
        if on && !user.asks_for_code() {
            return Err(invalid("another second factor must be on besides passkeys: they can be lost"));
        }
        user.more_mut().passkey_mfa = on;
    }
    settle(pool, user, mode)
}

/// Settles what is left when a second factor was taken away: the last one stays where one is asked for, and recovery codes,
/// which stand in for something, go with the last one.
fn settle(pool: &UserPool, user: &mut PoolUser, mode: MfaMode) -> Result<()> {
    if has_second_factor(pool, user) {
        return Ok(());
    }
    if mode == MfaMode::On {
        return Err(invalid("User pool requires MFA: it cannot be turned off"));
    }
    if !user.recovery_codes().is_empty() {
        user.more_mut().recovery.clear();
    }
    Ok(())
}

/// Takes a passkey from a user who asks for it. One that is no second factor may always go.
pub(super) fn without_passkey(pool: &UserPool, user: &mut PoolUser, place: &TokenHash) -> Result<()> {
    let mode = if has_second_factor(pool, user) { pool.mfa_for(user) } else { MfaMode::Optional };
    let more = user.more_mut();
    more.passkeys.retain(|held| held != place);
    more.passkey_mfa &= !more.passkeys.is_empty();
    settle(pool, user, mode)
}

/// Takes the authenticator app from a user who asks for it.
pub(super) fn without_software_token(pool: &UserPool, user: &mut PoolUser) -> Result<()> {
    let off = MfaPreference { software_token: Some((false, false)), passkey: None };
    prefer(pool, user, pool.mfa_for(user), &off)?;
    let more = user.more_mut();
    (more.software_token, more.pending_seed) = (None, None);
    Ok(())
}

/// Whether a user has a second factor that counts here.
pub(super) fn has_second_factor(pool: &UserPool, user: &PoolUser) -> bool {
    user.asks_for_code() || asks_for_passkey(pool, user)
}
