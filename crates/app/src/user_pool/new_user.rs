//! Users that administrators make: a password that must be changed, and a letter that says so.
//!
//! Whoever makes a user, a user begins as a [`draft`], which holds the name to what the pool takes for one.

use std::sync::Arc;

use garita_model::user_pool::{Attributes, PoolFault, PoolId, SignInAttribute, UserStatus, Uuid};
use garita_model::{Object, PoolUser, Result, Secret, UserPool};
use jiff::SignedDuration;
use serde_json::json;

use super::ask::judged;
use super::attribute::{is_address, set};
use super::user::about;
use super::username::{find, is_taken, must_be_free, must_be_free_as_name, own_name, rivals};
use super::{check_name, invalid, no_user, password};
use crate::App;
use crate::authorize::Permit;
use crate::change::Change;
use crate::context::RequestContext;

/// What `AdminCreateUser` asks for.
pub struct CreatePoolUser {
    /// The pool.
    pub pool: PoolId,
    /// The name; an address where people sign up with one.
    pub username: String,
    /// Attributes.
    pub attributes: Vec<(String, String)>,
    /// The password to begin with; made when none is given.
    pub temporary_password: Option<Secret<String>>,
    /// Whether a proved address is taken from the user who has it.
    pub force_alias: bool,
    /// Whether the user is there and is to be invited again.
    pub resend: bool,
    /// Whether no invitation is sent.
    pub suppress: bool,
}

impl App {
    /// Makes a user with a password that must be changed at the first sign-in.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`; `UsernameExists`; `AliasExists`; `InvalidParameter`; `InvalidPassword`;
    /// `CodeDeliveryFailure` when the user is to be invited and no message can be sent.
    pub async fn admin_create_pool_user(
        self: &Arc<Self>,
        cx: &RequestContext,
        input: CreatePoolUser,
    ) -> Result<Arc<PoolUser>> {
        const ACTION: &str = "cognito-idp:AdminCreateUser";
        let (state, pool) = self.read_pool(cx, ACTION, &input.pool)?;
        let password = match &input.temporary_password {
            Some(password) => password.clone(),
            None => password::draw(&pool.passwords(), self.entropy())?,
        };
        let known = input.attributes.iter().map(|(_, value)| value.clone());
        let known = known.chain([input.username.clone()]).collect();
        self.hold_pool_password(&pool, &password, known).await?;
        let sub = Uuid::draw(self.entropy())?;
        let again = find(&state, &pool, &input.username).filter(|_| input.resend);
        let name = again.map_or_else(|| own_name(&pool, sub, &input.username), |user| user.name.to_string());
        let new = self.prepare_password(&pool.id, &name, &password).await?;
        let suppress = input.suppress;
        let (user, pool) = self
            .change(cx, move |change| {
                let (permit, pool) = judged(change, ACTION, &input.pool)?;
                let user = if input.resend {
                    invited_again(change, &pool, &input)?
                } else {
                    made(change, &pool, sub, &input)?
                };
                let mut user = claimed(change, &permit, &pool, user, input.force_alias)?;
                user.status = UserStatus::ForceChangePassword;
                password::give(&mut user, new);
                let days = i64::from(pool.password_policy.temporary_days);
                user.more_mut().temporary_until = Some(change.now() + SignedDuration::from_hours(24 * days));
                about(change.cx(), &pool, user.sub);
                change.made(json!({ "user": { "sub": user.sub.to_string() } }));
                let user = Arc::new(user);
                change.put(&permit, Object::PoolUser(Arc::clone(&user)));
                Ok((user, pool))
            })
            .await?;
        if !suppress {
            self.invite(&pool, &user, &password).await?;
        }
        Ok(user)
    }
}

/// A user that is not there yet.
pub(super) fn draft(
    change: &Change<'_>,
    pool: &UserPool,
    sub: Uuid,
    username: &str,
    status: UserStatus,
) -> Result<PoolUser> {
    let now = change.now().as_second();
    let mut user = PoolUser {
        pool: pool.id.clone(),
        sub,
        name: own_name(pool, sub, username).into(),
        attributes: Attributes::default(),
        status,
        enabled: true,
        created: now,
        modified: now,
        password: None,
        groups: [].into(),
        min_rev: 0,
        more: None,
    };
    check_name("username", username)?;
    if pool.username_attributes.is_empty() {
        if let Some(attribute) =
            pool.alias_attributes.iter().find(|attribute| is_address(**attribute, username))
        {
            let what = if *attribute == SignInAttribute::Email { "email" } else { "phone number" };
            return Err(invalid(format!(
                "Username cannot be of {what} format, since user pool is configured for {what} alias."
            )));
        }
        return Ok(user);
    }
    let fits = pool.username_attributes.iter().find(|attribute| is_address(**attribute, username));
    let attribute = fits.ok_or_else(|| invalid("Username should be either an email or a phone number."))?;
    user.attributes.set(attribute.as_str(), username)?;
    Ok(user)
}

fn made(change: &Change<'_>, pool: &UserPool, sub: Uuid, input: &CreatePoolUser) -> Result<PoolUser> {
    let mut user = draft(change, pool, sub, &input.username, UserStatus::ForceChangePassword)?;
    let taken = || PoolFault::UsernameExists.because("User account already exists");
    if is_taken(change.state(), pool, &input.username) {
        return Err(taken());
    }
    for (name, value) in &input.attributes {
        set(pool, &mut user, name, value)?;
    }
    Ok(user)
}

fn invited_again(change: &Change<'_>, pool: &UserPool, input: &CreatePoolUser) -> Result<PoolUser> {
    let user = find(change.state(), pool, &input.username).ok_or_else(no_user)?;
    if user.status != UserStatus::ForceChangePassword {
        let message = format!("Resend not possible. Current status is {}", user.status.as_str());
        return Err(PoolFault::UnsupportedUserState.because(message));
    }
    Ok(PoolUser::clone(&user))
}

/// A user whose proved addresses are its own: free, or taken from who had them.
fn claimed(
    change: &mut Change<'_>,
    permit: &Permit,
    pool: &UserPool,
    user: PoolUser,
    force: bool,
) -> Result<PoolUser> {
    if !force {
        must_be_free(change.state(), pool, &user)?;
        return Ok(user);
    }
    must_be_free_as_name(change.state(), pool, &user)?;
    let others: Vec<(SignInAttribute, Arc<PoolUser>)> = rivals(change.state(), pool, &user).collect();
    for (attribute, other) in others {
        let mut other = PoolUser::clone(&other);
        match attribute.proof() {
            Some(proof) => other.attributes.set(proof, "false")?,
            None => other.attributes.remove(attribute.as_str()),
        }
        change.put(permit, Object::PoolUser(Arc::new(other)));
    }
    Ok(user)
}
