//! Users, as administrators see them: shown, listed, changed, deleted.

use std::sync::Arc;

use garita_model::user_pool::{CodePurpose, PoolFault, PoolId, UserStatus, Uuid};
use garita_model::{Object, ObjectKey, PoolUser, Result, UserPool};
use garita_store::Snapshot;

use super::ask::judged;
use super::attribute::{remove, set, spec, unproved_when_changed};
use super::filter::UserFilter;
use super::username::{find, must_be_free};
use super::{Part, invalid, no_user, passkey};
use crate::App;
use crate::authorize::Permit;
use crate::change::Change;
use crate::context::{Concerned, RequestContext};
use crate::iam::Page;

/// What `ListUsers` asks for.
#[derive(Debug, Clone, Default)]
pub struct UserListing {
    /// Which users.
    pub filter: Option<UserFilter>,
    /// Which part.
    pub part: Part,
}

impl App {
    /// A user.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`; `UserNotFound`.
    pub fn admin_get_pool_user(
        &self,
        cx: &RequestContext,
        pool: &PoolId,
        name: &str,
    ) -> Result<Arc<PoolUser>> {
        let (state, pool) = self.read_pool(cx, "cognito-idp:AdminGetUser", pool)?;
        find(&state, &pool, name).ok_or_else(no_user)
    }

    /// The users of a pool.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`; `InvalidParameter` for a part that cannot be.
    pub fn list_pool_users(
        &self,
        cx: &RequestContext,
        pool: &PoolId,
        listing: &UserListing,
    ) -> Result<Page<Arc<PoolUser>>> {
        let action = "cognito-idp:ListUsers";
        let (state, pool) = self.read_pool(cx, action, pool)?;
        let (part, filter) = (&listing.part, listing.filter.as_ref());
        let scope = format!("{action}\0{}\0{filter:?}", pool.id);
        let pager = self.pager_over(scope, part.token.as_deref(), part.most()?)?;
        let after = pager.after().and_then(|after| after.parse::<Uuid>().ok());
        let keyed = |user: &Arc<PoolUser>| (user.sub.to_string(), Arc::clone(user));
        if let Some((name, text)) = filter.and_then(UserFilter::indexed) {
            let found = state.pool_users_named(&pool.id, name, text);
            return Ok(pager.sort(found.filter(|user| filter.is_none_or(|f| f.has(user))).map(keyed)));
        }
        let users = state.pool_users(&pool.id, after);
        Ok(pager.cut(users.filter(|user| filter.is_none_or(|f| f.has(user))).map(keyed)))
    }

    /// Deletes a user; everything the user was given ends.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`; `UserNotFound`.
    pub async fn admin_delete_pool_user(
        self: &Arc<Self>,
        cx: &RequestContext,
        pool: PoolId,
        name: String,
    ) -> Result<()> {
        self.change(cx, move |change| {
            let (permit, pool) = judged(change, "cognito-idp:AdminDeleteUser", &pool)?;
            let user = find(change.state(), &pool, &name).ok_or_else(no_user)?;
            about(change.cx(), &pool, user.sub);
            for key in belongings(change.state(), &user) {
                change.delete(&permit, key);
            }
            Ok(())
        })
        .await
    }

    /// Lets a user sign in, or not. Who may not is cut off from everything at once.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`; `UserNotFound`.
    pub async fn admin_enable_pool_user(
        self: &Arc<Self>,
        cx: &RequestContext,
        pool: PoolId,
        name: String,
        enabled: bool,
    ) -> Result<()> {
        let action = if enabled { "cognito-idp:AdminEnableUser" } else { "cognito-idp:AdminDisableUser" };
        self.edit_pool_user(cx, action, pool, name, move |change, _, user| {
            if !enabled {
                // Sign-ins of before stay ended when the user is let in again.
                user.min_rev = change.revision();
            }
            user.enabled = enabled;
            Ok(())
        })
        .await
    }

    /// Sets attributes.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`; `UserNotFound`; `InvalidParameter`; `AliasExists`.
    pub async fn admin_update_pool_user(
        self: &Arc<Self>,
        cx: &RequestContext,
        pool: PoolId,
        name: String,
        attributes: Vec<(String, String)>,
    ) -> Result<()> {
        self.edit_pool_user(
            cx,
            "cognito-idp:AdminUpdateUserAttributes",
            pool,
            name,
            move |change, pool, user| {
                let before = user.attributes.clone();
                for (name, value) in &attributes {
                    let spec = spec(pool, name)?;
                    if !spec.mutable && before.get(name).is_some_and(|held| held != value) {
                        return Err(invalid(format!("{name}: Attribute cannot be updated.")));
                    }
                    set(pool, user, name, value)?;
                }
                unproved_when_changed(user, &before, &attributes)?;
                let free = |user: &PoolUser| must_be_free(change.state(), pool, user);
                free(user)
            },
        )
        .await
    }

    /// Takes attributes away.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`; `UserNotFound`; `InvalidParameter` for one that the user must have.
    pub async fn admin_delete_pool_user_attributes(
        self: &Arc<Self>,
        cx: &RequestContext,
        pool: PoolId,
        name: String,
        names: Vec<String>,
    ) -> Result<()> {
        self.edit_pool_user(cx, "cognito-idp:AdminDeleteUserAttributes", pool, name, move |_, pool, user| {
            remove(pool, user, &names)
        })
        .await
    }

    /// Confirms a sign-up without a code.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`; `UserNotFound`; `NotAuthorized` for a user who is confirmed.
    pub async fn admin_confirm_pool_user(
        self: &Arc<Self>,
        cx: &RequestContext,
        pool: PoolId,
        name: String,
    ) -> Result<()> {
        self.edit_pool_user(cx, "cognito-idp:AdminConfirmSignUp", pool, name, |_, _, user| {
            if user.status != UserStatus::Unconfirmed {
                let message = format!("User cannot be confirmed. Current status is {}", user.status.as_str());
                return Err(PoolFault::NotAuthorized.because(message));
            }
            user.status = UserStatus::Confirmed;
            Ok(())
        })
        .await
    }

    /// Signs a user out everywhere.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`; `UserNotFound`.
    pub async fn admin_sign_out_pool_user(
        self: &Arc<Self>,
        cx: &RequestContext,
        pool: PoolId,
        name: String,
    ) -> Result<()> {
        self.edit_pool_user(cx, "cognito-idp:AdminUserGlobalSignOut", pool, name, |change, _, user| {
            user.min_rev = change.revision();
            Ok(())
        })
        .await
    }

    /// Changes a user.
    pub(super) async fn edit_pool_user<T: Send + 'static>(
        self: &Arc<Self>,
        cx: &RequestContext,
        action: &'static str,
        pool: PoolId,
        name: String,
        edit: impl FnOnce(&mut Change<'_>, &UserPool, &mut PoolUser) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let edit = |change: &mut Change<'_>, _: &Permit, pool: &UserPool, user: &mut PoolUser| {
            edit(change, pool, user)
        };
        self.edit_permitted_user(cx, action, pool, name, edit).await
    }

    /// Changes a user, and what belongs to it.
    pub(super) async fn edit_permitted_user<T: Send + 'static>(
        self: &Arc<Self>,
        cx: &RequestContext,
        action: &'static str,
        pool: PoolId,
        name: String,
        edit: impl FnOnce(&mut Change<'_>, &Permit, &UserPool, &mut PoolUser) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.change(cx, move |change| {
            let (permit, pool) = judged(change, action, &pool)?;
            let held = find(change.state(), &pool, &name).ok_or_else(no_user)?;
            about(change.cx(), &pool, held.sub);
            let mut user = PoolUser::clone(&held);
            let answer = edit(change, &permit, &pool, &mut user)?;
            user.modified = change.now().as_second();
            change.put(&permit, Object::PoolUser(Arc::new(user)));
            Ok(answer)
        })
        .await
    }
}

/// Notes for the audit record whom a request is about.
pub(super) fn about(cx: &RequestContext, pool: &UserPool, sub: Uuid) {
    let pool_id = pool.id.to_string();
    cx.concerns(Concerned { account: pool.account, pool: pool_id, sub: Some(sub.to_string()) });
}

/// A user, and what was given to it.
pub(super) fn belongings(state: &Snapshot, user: &PoolUser) -> Vec<ObjectKey> {
    let sessions = state.pool_sessions_of(&user.pool, user.sub);
    let sessions = sessions.map(|session| ObjectKey::pool_session(&user.pool, session.id));
    let codes = CodePurpose::ALL.map(|purpose| ObjectKey::pool_code(&user.pool, user.sub, purpose));
    let own = [ObjectKey::pool_user(&user.pool, user.sub)];
    let pool = state.user_pool(&user.pool).into_iter();
    let passkeys = pool.flat_map(|pool| user.passkeys().iter().map(|hash| passkey::key_of(pool, hash)));
    sessions.chain(codes).chain(own).chain(passkeys).collect()
}
