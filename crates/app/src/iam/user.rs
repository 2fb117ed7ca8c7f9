//! Users.
//!
//! A user is known by its unique id: a new name or path leaves it the same user, with the same keys and policies,
//! while a user made anew under an old name is another one. Sessions name the user as well as the id, so they end
//! when the name changes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use garita_model::id::IdKind;
use garita_model::{
    AccessKey, Account, AccountId, Error, KeyOwner, Object, Path, Result, Tag, UniqueId, User, UserName, tag,
};
use garita_policy::Principal;
use garita_store::{PrincipalRef, Snapshot};
use serde_json::json;

use super::ask::{Ask, own_account};
use super::entity::{Entity, EntityName, iam_arn};
use super::page::{Page, PageRequest, check_prefix, is_under};
use super::policy_arn::must_be_boundary;
use super::{login_profile, mfa_device, quota, ssh_public_key};
use crate::App;
use crate::authorize::Permit;
use crate::change::Change;
use crate::context::RequestContext;

/// What `CreateUser` asks for.
#[derive(Debug, Clone)]
pub struct CreateUser {
    /// The name.
    pub name: UserName,
    /// The path.
    pub path: Path,
    /// ARN of a managed policy as permissions boundary.
    pub boundary: Option<String>,
    /// Tags.
    pub tags: Vec<Tag>,
}

/// What `UpdateUser` asks for.
#[derive(Debug, Clone)]
pub struct UpdateUser {
    /// The name it has.
    pub name: UserName,
    /// The name it is to have.
    pub new_name: Option<UserName>,
    /// The path it is to have.
    pub new_path: Option<Path>,
}

/// What `GetUser` finds.
#[derive(Debug, Clone)]
pub enum FoundUser {
    /// A user.
    User(Arc<User>),
    /// The calling root user, who has no name.
    Root(Arc<Account>),
}

impl App {
    /// Makes a user.
    ///
    /// # Errors
    /// `AccessDenied`; `AlreadyExists` for a name that is taken in any case; `NotFound` for a boundary that is not
    /// there; `Invalid` or `LimitExceeded` for its tags; `LimitExceeded` for one user too many.
    pub async fn create_user(self: &Arc<Self>, cx: &RequestContext, input: CreateUser) -> Result<Arc<User>> {
        let account = own_account(cx)?;
        self.change(cx, move |change| {
            let arn = iam_arn(account, "user", input.path.as_str(), input.name.as_str());
            let ask = Ask::new("iam:CreateUser", &arn, account);
            let ask = ask.boundary(input.boundary.as_deref()).tagging(&input.tags);
            let permit = ask.judge_making(change, "iam:TagUser")?;
            let state = change.state();
            must_be_free(state, account, &input.name)?;
            quota::USERS.one_more(state.users(account, None).count())?;
            must_be_boundary(state, account, input.boundary.as_deref())?;
            tag::check_all(&input.tags)?;
            let user = Arc::new(User {
                account,
                name: input.name,
                path: input.path,
                id: UniqueId::draw(IdKind::User, change.entropy())?,
                created: change.now(),
                attached: Vec::new(),
                inline: BTreeMap::new(),
                boundary: input.boundary,
                groups: BTreeSet::new(),
                tags: input.tags,
                min_rev: 0,
            });
            change.put(&permit, Object::User(Arc::clone(&user)));
            change.made(json!({ "user": { "userName": user.name, "userId": user.id, "arn": arn } }));
            Ok(user)
        })
        .await
    }

    /// A user; the calling one when no name is given.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`; `Invalid` when a caller that is not a user gives no name.
    pub fn get_user(&self, cx: &RequestContext, name: Option<&UserName>) -> Result<FoundUser> {
        let (account, state) = (own_account(cx)?, self.snapshot());
        let name = match (name, &cx.caller().principal) {
            (Some(name), _) => name.clone(),
            (None, Principal::Root { .. }) => {
                let arn = format!("arn:aws:iam::{account}:root");
                Ask::new("iam:GetUser", arn, account).judge_read(&state, cx)?;
                let root = state.account(account).cloned();
                return root
                    .map(FoundUser::Root)
                    .ok_or_else(|| Error::internal("the caller's account is gone"));
            }
            (None, _) => calling_user(&state, cx)?,
        };
        EntityName::User(name.clone()).ask(["iam:GetUser"; 3], &state, account).judge_read(&state, cx)?;
        get(&state, account, &name).map(FoundUser::User)
    }

    /// The users whose path begins with `path_prefix`.
    ///
    /// # Errors
    /// `AccessDenied`; `Invalid` for a marker, a number of items or a prefix that cannot be.
    pub fn list_users(
        &self,
        cx: &RequestContext,
        path_prefix: Option<&str>,
        page: &PageRequest,
    ) -> Result<Page<Arc<User>>> {
        let (account, state) = (own_account(cx)?, self.snapshot());
        check_prefix(path_prefix)?;
        let ask =
            Ask::new("iam:ListUsers", iam_arn(account, "user", path_prefix.unwrap_or("/"), ""), account);
        ask.judge_read(&state, cx)?;
        let pager = self.pager(&ask, page)?;
        let users = state.users(account, pager.after()).filter(|u| is_under(u.path.as_str(), path_prefix));
        Ok(pager.cut(users.map(|user| (user.name.key(), Arc::clone(user)))))
    }

    /// Gives a user another name or path. It stays the same user: its unique id, keys and policies remain.
    ///
    /// # Errors
    /// `AccessDenied` unless allowed under the old ARN and the new one; `NotFound`; `AlreadyExists`.
    pub async fn update_user(self: &Arc<Self>, cx: &RequestContext, input: UpdateUser) -> Result<()> {
        let account = own_account(cx)?;
        self.change(cx, move |change| {
            let ask =
                EntityName::User(input.name.clone()).ask(["iam:UpdateUser"; 3], change.state(), account);
            let permit = ask.judge(change)?;
            let held = change.state().user(account, input.name.as_str()).cloned();
            let name = input.new_name.as_ref().or(held.as_ref().map(|u| &u.name)).unwrap_or(&input.name);
            let path =
                input.new_path.as_ref().or(held.as_ref().map(|u| &u.path)).cloned().unwrap_or_default();
            ask.on(iam_arn(account, "user", path.as_str(), name.as_str())).judge(change)?;
            let user = get(change.state(), account, &input.name)?;
            if name.key() != user.name.key() {
                must_be_free(change.state(), account, name)?;
            }
            // Sessions made under a name stay dead when the user gets it back.
            let min_rev = if *name == user.name { user.min_rev } else { change.revision() };
            let changed = User { name: name.clone(), path, min_rev, ..User::clone(&user) };
            replace(change, &permit, &user, changed);
            Ok(())
        })
        .await
    }

    /// Deletes a user that nothing hangs on any more.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`; `DeleteConflict` while it has policies, groups or credentials.
    pub async fn delete_user(self: &Arc<Self>, cx: &RequestContext, name: UserName) -> Result<()> {
        let account = own_account(cx)?;
        self.change(cx, move |change| {
            let ask = EntityName::User(name.clone()).ask(["iam:DeleteUser"; 3], change.state(), account);
            let permit = ask.judge(change)?;
            let state = change.state();
            let user = get(state, account, &name)?;
            Entity::User(Arc::clone(&user)).must_be_bare()?;
            let conflict = |message: &str| Err(Error::DeleteConflict(message.to_owned()));
            if !user.groups.is_empty() {
                return conflict("Cannot delete entity, must remove users from group first.");
            }
            if state.access_keys_of(account, &KeyOwner::User(user.name.clone())).next().is_some() {
                return conflict("Cannot delete entity, must delete access keys first.");
            }
            if login_profile::profile(state, &user).is_some() {
                return conflict("Cannot delete entity, must delete login profile first.");
            }
            if mfa_device::of_user(state, &user).next().is_some() {
                return conflict("Cannot delete entity, must delete MFA device first.");
            }
            if ssh_public_key::of_user(state, &user).next().is_some() {
                return conflict("Cannot delete entity, must delete SSH public keys first.");
            }
            change.delete(&permit, Object::User(user).key());
            Ok(())
        })
        .await
    }
}

/// A user of the account.
pub(super) fn get(state: &Snapshot, account: AccountId, name: &UserName) -> Result<Arc<User>> {
    let user = state.user(account, name.as_str()).cloned();
    user.ok_or_else(|| Error::NotFound(format!("The user with name {name} cannot be found.")))
}

/// The name the calling user has now.
pub(super) fn calling_user(state: &Snapshot, cx: &RequestContext) -> Result<UserName> {
    let found = match &cx.caller().principal {
        Principal::User { id, .. } => state.principal_by_unique_id(id),
        _ => None,
    };
    match found {
        Some(PrincipalRef::User(user)) => Ok(user.name.clone()),
        Some(PrincipalRef::Role(_)) | None => {
            Err(Error::invalid("userName", "Must specify userName when calling with non-User credentials"))
        }
    }
}

fn must_be_free(state: &Snapshot, account: AccountId, name: &UserName) -> Result<()> {
    match state.user(account, name.as_str()) {
        Some(_) => Err(Error::AlreadyExists(format!("User with name {name} already exists."))),
        None => Ok(()),
    }
}

/// Puts a user in place of what it was, with its keys.
fn replace(change: &mut Change<'_>, permit: &Permit, old: &Arc<User>, new: User) {
    if old.name != new.name {
        let owner = KeyOwner::User(old.name.clone());
        let keys: Vec<Arc<AccessKey>> = change.state().access_keys_of(old.account, &owner).cloned().collect();
        change.delete(permit, Object::User(Arc::clone(old)).key());
        for key in keys {
            let key = AccessKey { owner: KeyOwner::User(new.name.clone()), ..AccessKey::clone(&key) };
            change.put(permit, Object::AccessKey(Arc::new(key)));
        }
    }
    change.put(permit, Object::User(Arc::new(new)));
}
