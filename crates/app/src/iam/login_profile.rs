//! Passwords of users.
//!
//! A password is hashed before its change begins, for a caller that may set it; in the change the caller is judged
//! again, and the password is held to the account's policy of that moment. INVARIANT: a change goes through only on
//! the password it was prepared for, so a former password cannot come back in a race.

use std::sync::Arc;

use garita_model::login_profile::{MAX_FORMER, check_password};
use garita_model::{
    AccountId, Error, LoginProfile, ObjectKey, PasswordFault, PasswordHash, Plain, Reason, Result, Secret,
    User, UserName,
};
use garita_policy::Principal;
use garita_store::Snapshot;
use jiff::Timestamp;
use serde_json::json;

use super::alias::held;
use super::ask::own_account;
use super::entity::EntityName;
use super::user;
use crate::App;
use crate::attempts::{Attempt, Tried};
use crate::authorize::Permit;
use crate::change::Change;
use crate::context::RequestContext;

/// What `CreateLoginProfile` asks for.
pub struct SetPassword {
    /// Whose; the caller's own when none.
    pub user: Option<UserName>,
    /// The password.
    pub password: Secret<String>,
    /// Whether the user must set another one at the next sign-in.
    pub reset_required: bool,
}

/// What `UpdateLoginProfile` asks for.
pub struct UpdateLoginProfile {
    /// Whose.
    pub user: UserName,
    /// The new password.
    pub password: Option<Secret<String>>,
    /// Whether the user must set another one at the next sign-in.
    pub reset_required: Option<bool>,
}

/// A password on its way into a profile.
struct Prepared {
    plain: Secret<String>,
    hash: PasswordHash,
    /// The profile it was prepared for.
    over: Option<Arc<LoginProfile>>,
}

impl App {
    /// Gives a user a password.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`; `AlreadyExists`; `Rejected` for a password the policy does not allow; `Invalid`
    /// when a caller that is not a user gives no name.
    pub async fn create_login_profile(
        self: &Arc<Self>,
        cx: &RequestContext,
        input: SetPassword,
    ) -> Result<(UserName, LoginProfile)> {
        let (account, name) = self.may("iam:CreateLoginProfile", cx, input.user)?;
        let hash = self.hash_password(&input.password).await?;
        self.change(cx, move |change| {
            let (permit, user) = judged(change, "iam:CreateLoginProfile", account, &name)?;
            if profile(change.state(), &user).is_some() {
                let message = format!("Login Profile for user {} already exists.", user.name);
                return Err(Error::AlreadyExists(message));
            }
            let policy = held(change.state(), account)?.password_policy.clone();
            check_password(policy.as_ref(), input.password.expose())?;
            let now = change.now();
            let made = LoginProfile {
                account,
                user: user.id.clone(),
                created: now,
                changed: now,
                reset_required: input.reset_required,
                password: hash,
                former: Vec::new(),
                last_used: None,
            };
            change.put(&permit, made.clone().into_object());
            change.made(json!({ "loginProfile": { "userName": user.name } }));
            Ok((user.name.clone(), made))
        })
        .await
    }

    /// A user's profile, without the password.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`.
    pub fn get_login_profile(
        &self,
        cx: &RequestContext,
        user: Option<UserName>,
    ) -> Result<(UserName, Arc<LoginProfile>)> {
        let (account, name) = self.may("iam:GetLoginProfile", cx, user)?;
        let state = self.snapshot();
        let user = user::get(&state, account, &name)?;
        let found = profile(&state, &user).ok_or_else(|| absent(&user.name))?;
        Ok((user.name.clone(), found))
    }

    /// Sets another password, or asks the user to.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`; `Rejected` for a password the policy does not allow; `Unavailable` when another
    /// change came in between.
    pub async fn update_login_profile(
        self: &Arc<Self>,
        cx: &RequestContext,
        input: UpdateLoginProfile,
    ) -> Result<()> {
        let (account, name) = self.may("iam:UpdateLoginProfile", cx, Some(input.user))?;
        let prepared = match input.password {
            Some(password) => Some(self.prepare(account, &name, password).await?),
            None => None,
        };
        self.change(cx, move |change| {
            let (permit, user) = judged(change, "iam:UpdateLoginProfile", account, &name)?;
            let found = profile(change.state(), &user).ok_or_else(|| absent(&user.name))?;
            let mut profile = LoginProfile::clone(&found);
            if let Some(prepared) = prepared {
                set(change, &mut profile, prepared)?;
            }
            profile.reset_required = input.reset_required.unwrap_or(profile.reset_required);
            change.put(&permit, profile.into_object());
            Ok(())
        })
        .await
    }

    /// Takes a user's password away.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`.
    pub async fn delete_login_profile(
        self: &Arc<Self>,
        cx: &RequestContext,
        user: Option<UserName>,
    ) -> Result<()> {
        let (account, name) = self.may("iam:DeleteLoginProfile", cx, user)?;
        self.change(cx, move |change| {
            let (permit, user) = judged(change, "iam:DeleteLoginProfile", account, &name)?;
            let found = profile(change.state(), &user).ok_or_else(|| absent(&user.name))?;
            change.delete(&permit, ObjectKey::plain(found.as_ref()));
            Ok(())
        })
        .await
    }

    /// The calling user sets another password for itself.
    ///
    /// # Errors
    /// `AccessDenied`, also for a wrong old password; `NotFound`; `Rejected` for a caller that is no user and for a
    /// password the policy does not allow; `Unavailable` when another change came in between.
    pub async fn change_password(
        self: &Arc<Self>,
        cx: &RequestContext,
        old: Secret<String>,
        new: Secret<String>,
    ) -> Result<()> {
        if !matches!(cx.caller().principal, Principal::User { .. }) {
            let message = "Only IAM Users can change their own password";
            return Err(Error::rejected(Reason::InvalidUserType, message));
        }
        let (account, name) = self.may("iam:ChangePassword", cx, None)?;
        let state = self.snapshot();
        let held = profile(&state, &*user::get(&state, account, &name)?).ok_or_else(|| absent(&name))?;
        let attempt = self.count_old_password(cx)?;
        if !self.is_password(&old, &held.password).await? {
            return Err(Error::denied("The old password was incorrect."));
        }
        self.attempts.succeeded(&attempt);
        self.replace_own_password(cx, held.password.clone(), new, |_, _| Ok(())).await
    }

    /// Counts a try of the calling user's old password, wherever it is shown: whoever holds an access key or a browser must
    /// not guess it.
    ///
    /// # Errors
    /// `AccessDenied` after too many; for a caller that is no user.
    pub(crate) fn count_old_password(&self, cx: &RequestContext) -> Result<Attempt> {
        let Principal::User { id, account, .. } = &cx.caller().principal else {
            return Err(Error::denied("only a user has a password of its own"));
        };
        let counted = self.attempts.begin(Tried::ChangePassword, &account.to_string(), id, cx.now());
        counted.ok_or_else(|| Error::denied("the old password was shown wrong too often: wait an hour"))
    }

    /// Sets another password for the calling user, who has proved to know the `proved` one; `then` goes on in the same
    /// change.
    ///
    /// # Errors
    /// As [`App::change_password`]; what `then` answers.
    pub(crate) async fn replace_own_password<T: Send + 'static>(
        self: &Arc<Self>,
        cx: &RequestContext,
        proved: PasswordHash,
        new: Secret<String>,
        then: impl FnOnce(&mut Change<'_>, &User) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (account, name) = self.may("iam:ChangePassword", cx, None)?;
        let prepared = self.prepare(account, &name, new).await?;
        if prepared.over.as_ref().is_none_or(|over| over.password != proved) {
            return Err(changed_meanwhile());
        }
        self.change(cx, move |change| {
            let (permit, user) = judged(change, "iam:ChangePassword", account, &name)?;
            let found = profile(change.state(), &user).ok_or_else(|| absent(&user.name))?;
            let mut profile = LoginProfile::clone(&found);
            set(change, &mut profile, prepared)?;
            profile.reset_required = false;
            change.put(&permit, profile.into_object());
            then(change, &user)
        })
        .await
    }

    /// When a user last signed in with the password it has.
    pub fn password_last_used(&self, user: &User) -> Option<Timestamp> {
        profile(&self.snapshot(), user)?.last_used
    }

    /// Whose profile a request is about, for a caller that may do the action on it.
    fn may(
        &self,
        action: &'static str,
        cx: &RequestContext,
        user: Option<UserName>,
    ) -> Result<(AccountId, UserName)> {
        let (account, state) = (own_account(cx)?, self.snapshot());
        let name = user.map_or_else(|| user::calling_user(&state, cx), Ok)?;
        EntityName::User(name.clone()).ask([action; 3], &state, account).judge_read(&state, cx)?;
        Ok((account, name))
    }

    /// Hashes a password, unless it is one of those that must not come back.
    async fn prepare(&self, account: AccountId, name: &UserName, plain: Secret<String>) -> Result<Prepared> {
        let state = self.snapshot();
        let over = state.user(account, name.as_str()).and_then(|user| profile(&state, user));
        let policy = state.account(account).and_then(|account| account.password_policy.as_ref());
        let kept = policy.and_then(|policy| policy.reuse_prevention).unwrap_or(0);
        if let Some(profile) = &over {
            let used = std::iter::once(&profile.password).chain(&profile.former);
            for hash in used.take(usize::try_from(kept).unwrap_or(MAX_FORMER)) {
                if self.is_password(&plain, hash).await? {
                    return Err(PasswordFault::Reused.into());
                }
            }
        }
        let hash = self.hash_password(&plain).await?;
        Ok(Prepared { plain, hash, over })
    }
}

/// A user's profile.
pub(crate) fn profile(state: &Snapshot, user: &User) -> Option<Arc<LoginProfile>> {
    state.get::<LoginProfile>(user.account, user.id.as_str()).cloned()
}

fn judged(
    change: &Change<'_>,
    action: &'static str,
    account: AccountId,
    name: &UserName,
) -> Result<(Permit, Arc<User>)> {
    let ask = EntityName::User(name.clone()).ask([action; 3], change.state(), account);
    let permit = ask.judge(change)?;
    Ok((permit, user::get(change.state(), account, name)?))
}

fn set(change: &Change<'_>, profile: &mut LoginProfile, prepared: Prepared) -> Result<()> {
    if prepared.over.is_none_or(|over| over.password != profile.password) {
        return Err(changed_meanwhile());
    }
    let policy = held(change.state(), profile.account)?.password_policy.clone();
    check_password(policy.as_ref(), prepared.plain.expose())?;
    profile.former.insert(0, std::mem::replace(&mut profile.password, prepared.hash));
    profile.former.truncate(MAX_FORMER);
    profile.changed = change.now();
    Ok(())
}

fn absent(name: &UserName) -> Error {
    Error::NotFound(format!("Login Profile for User {name} cannot be found."))
}

fn changed_meanwhile() -> Error {
    Error::unavailable("the password was changed by another request; try again", "a lost race")
}
