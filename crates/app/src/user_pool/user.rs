//! Users, as administrators see them: made, shown, listed, changed, deleted.

use std::sync::Arc;

use garita_model::user_pool::{
    Attributes, CodePurpose, PoolFault, PoolId, SignInAttribute, UserStatus, Uuid,
};
use garita_model::{Object, ObjectKey, PoolUser, Result, Secret, UserPool};
use garita_store::{PoolName, Snapshot};
use jiff::SignedDuration;
use serde_json::json;

use super::ask::judged;
use super::filter::UserFilter;
use super::{Part, invalid, no_user, password};
use crate::App;
use crate::authorize::Permit;
use crate::change::Change;
use crate::context::{Concerned, RequestContext};
use crate::iam::Page;

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

/// What `ListUsers` asks for.
#[derive(Debug, Clone, Default)]
pub struct UserListing {
    /// Which users.
    pub filter: Option<UserFilter>,
    /// Which part.
    pub part: Part,
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
            None => password::draw(&pool.password_policy, self.entropy())?,
        };
        self.hold_pool_password(&pool, &password).await?;
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

/// The user that a name, an address or a `sub` means in a pool.
pub(super) fn find(state: &Snapshot, pool: &UserPool, text: &str) -> Option<Arc<PoolUser>> {
    let by_name = state.pool_users_named(&pool.id, PoolName::Username, text).next();
    let by_sub = || text.parse().ok().and_then(|sub| state.pool_user(&pool.id, sub));
    let by_address = |attribute: SignInAttribute, proved: bool| {
        let mut users = state.pool_users_named(&pool.id, PoolName::Attribute(attribute), text);
        users.find(|user| !proved || attribute.proof().is_none_or(|proof| user.attributes.is(proof)))
    };
    let as_name = || pool.username_attributes.iter().find_map(|attribute| by_address(*attribute, false));
    let as_alias = || pool.alias_attributes.iter().find_map(|attribute| by_address(*attribute, true));
    by_name.or_else(by_sub).or_else(as_name).or_else(as_alias).cloned()
}

/// A user, and what was given to it.
pub(super) fn belongings(state: &Snapshot, user: &PoolUser) -> Vec<ObjectKey> {
    let sessions = state.pool_sessions_of(&user.pool, user.sub);
    let sessions = sessions.map(|session| ObjectKey::pool_session(&user.pool, session.id));
    let codes = CodePurpose::ALL.map(|purpose| ObjectKey::pool_code(&user.pool, user.sub, purpose));
    let own = [ObjectKey::pool_user(&user.pool, user.sub)];
    sessions.chain(codes).chain(own).collect()
}

/// The name of a user who is to be made: what was given, or the `sub` where people sign up with an address.
pub(super) fn own_name(pool: &UserPool, sub: Uuid, username: &str) -> String {
    if pool.username_attributes.is_empty() { username.to_owned() } else { sub.to_string() }
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
    check_username(username)?;
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

/// Whether the name of a new user means one that is there.
pub(super) fn is_taken(state: &Snapshot, pool: &UserPool, username: &str) -> bool {
    let mut names = vec![PoolName::Username];
    names.extend(pool.username_attributes.iter().map(|attribute| PoolName::Attribute(*attribute)));
    names.into_iter().any(|name| state.pool_users_named(&pool.id, name, username).next().is_some())
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

/// Other users with an alias that this one is to have.
fn rivals(
    state: &Snapshot,
    pool: &UserPool,
    user: &PoolUser,
) -> impl Iterator<Item = (SignInAttribute, Arc<PoolUser>)> {
    let proved = |user: &PoolUser, attribute: SignInAttribute| {
        attribute.proof().is_none_or(|proof| user.attributes.is(proof))
    };
    let mut found = Vec::new();
    for attribute in pool.alias_attributes.iter().copied().filter(|attribute| proved(user, *attribute)) {
        let Some(value) = user.attributes.get(attribute.as_str()) else { continue };
        let others = state.pool_users_named(&pool.id, PoolName::Attribute(attribute), value);
        let others = others.filter(|other| other.sub != user.sub && proved(other, attribute));
        found.extend(others.map(|other| (attribute, Arc::clone(other))));
    }
    found.into_iter()
}

/// Refuses an alias that another user has, and an address that is another user's name.
pub(super) fn must_be_free(state: &Snapshot, pool: &UserPool, user: &PoolUser) -> Result<()> {
    must_be_free_as_name(state, pool, user)?;
    match rivals(state, pool, user).next() {
        None => Ok(()),
        Some((attribute, _)) => Err(PoolFault::AliasExists
            .because(format!("An account with the {} already exists.", attribute.as_str()))),
    }
}

/// Where an address is a name, two users never have the same.
fn must_be_free_as_name(state: &Snapshot, pool: &UserPool, user: &PoolUser) -> Result<()> {
    for attribute in &pool.username_attributes {
        let Some(value) = user.attributes.get(attribute.as_str()) else { continue };
        let mut others = state.pool_users_named(&pool.id, PoolName::Attribute(*attribute), value);
        if others.any(|other| other.sub != user.sub) {
            let message = format!("An account with the given {} already exists.", attribute.as_str());
            return Err(PoolFault::UsernameExists.because(message));
        }
    }
    // An alias must not be the name of someone else either: who is meant would depend on the order of looking.
    for attribute in &pool.alias_attributes {
        let Some(value) = user.attributes.get(attribute.as_str()) else { continue };
        let mut others = state.pool_users_named(&pool.id, PoolName::Username, value);
        if others.any(|other| other.sub != user.sub) {
            let message = format!("An account with the {} already exists.", attribute.as_str());
            return Err(PoolFault::AliasExists.because(message));
        }
    }
    Ok(())
}

/// An attribute that a pool has and that can be set.
pub(super) fn spec(pool: &UserPool, name: &str) -> Result<garita_model::user_pool::AttributeSpec> {
    let spec = pool.attribute(name).filter(|spec| spec.name != "sub");
    spec.ok_or_else(|| {
        let shown: String = name.chars().take(64).collect();
        invalid(format!(
            "Attributes did not conform to the schema: {shown}: Attribute does not exist in the schema."
        ))
    })
}

/// Sets an attribute, held to the schema.
pub(super) fn set(pool: &UserPool, user: &mut PoolUser, name: &str, value: &str) -> Result<()> {
    spec(pool, name)?.check(value)?;
    let attribute = SignInAttribute::ALL.into_iter().find(|attribute| attribute.as_str() == name);
    if attribute.is_some_and(|a| a != SignInAttribute::PreferredUsername && !is_address(a, value)) {
        let what = if name == "email" { "email address" } else { "phone number" };
        return Err(invalid(format!("Invalid {what} format.")));
    }
    user.attributes.set(name, value)
}

/// Takes attributes away, with what was said of them.
pub(super) fn remove(pool: &UserPool, user: &mut PoolUser, names: &[String]) -> Result<()> {
    for name in names {
        let spec = spec(pool, name)?;
        let as_name = pool.username_attributes.iter().any(|attribute| attribute.as_str() == name);
        if spec.required || as_name {
            return Err(invalid(format!("user.{name}: Attribute is required and cannot be deleted.")));
        }
        if !spec.mutable {
            return Err(invalid(format!("{name}: Attribute cannot be updated.")));
        }
        user.attributes.remove(name);
        let attribute = SignInAttribute::ALL.into_iter().find(|attribute| attribute.as_str() == name);
        if let Some(proof) = attribute.and_then(SignInAttribute::proof) {
            user.attributes.remove(proof);
        }
    }
    Ok(())
}

/// An address that changed is not proved, unless the same request says so.
pub(super) fn unproved_when_changed(
    user: &mut PoolUser,
    before: &Attributes,
    given: &[(String, String)],
) -> Result<()> {
    for attribute in SignInAttribute::ALL {
        let Some(proof) = attribute.proof() else { continue };
        let changed = before.get(attribute.as_str()) != user.attributes.get(attribute.as_str());
        if changed && !given.iter().any(|(name, _)| name == proof) {
            user.attributes.set(proof, "false")?;
        }
    }
    Ok(())
}

/// Whether a text has the form of an address.
pub(super) fn is_address(attribute: SignInAttribute, text: &str) -> bool {
    match attribute {
        SignInAttribute::Email => is_email(text),
        SignInAttribute::PhoneNumber => text.strip_prefix('+').is_some_and(|digits| {
            (3..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
        }),
        SignInAttribute::PreferredUsername => false,
    }
}

/// One `@`, something on both sides, nothing that breaks out of a header.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let plain = |c: char| !c.is_whitespace() && !c.is_control() && !"<>()[],;:\\\"@".contains(c);
    let labels = |label: &str| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-');
    let sides = !local.is_empty() && local.len() <= 64 && text.len() <= 254;
    sides
        && text.chars().filter(|c| *c != '@').all(plain)
        && local.chars().all(plain)
        && domain.split('.').all(labels)
}

/// `UsernameType`: 1 to 128 visible characters.
pub(super) fn check_username(name: &str) -> Result<()> {
    let visible = |c: char| !c.is_whitespace() && !c.is_control();
    if (1..=128).contains(&name.chars().count()) && name.chars().all(visible) {
        return Ok(());
    }
    Err(invalid(
        r"1 validation error detected: Value at 'username' failed to satisfy constraint: Member must satisfy regular expression pattern: [\p{L}\p{M}\p{S}\p{N}\p{P}]+",
    ))
}
