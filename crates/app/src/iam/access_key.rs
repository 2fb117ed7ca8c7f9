//! Access keys of users and of the root user.
//!
//! INVARIANT: an owner has at most two; a secret is shown once, when it is made. A key that is deactivated or deleted
//! takes with it every session made with it.

use std::sync::Arc;

use garita_model::access_key::LastUsed;
use garita_model::{
    AccessKey, AccessKeyId, AccountId, Error, KeyOwner, KeyStatus, Object, ObjectKey, ObjectKind, Result,
    UserName,
};
use garita_policy::Principal;
use garita_store::Snapshot;
use serde_json::json;

use super::ask::{Ask, own_account};
use super::entity::EntityName;
use super::page::{Page, PageRequest};
use super::{quota, user};
use crate::App;
use crate::authorize::Permit;
use crate::change::Change;
use crate::context::RequestContext;
use crate::mint::{self, NewKey};

/// What `UpdateAccessKey` asks for.
#[derive(Debug, Clone)]
pub struct UpdateAccessKey {
    /// Whose key; the caller's own when none.
    pub user: Option<UserName>,
    /// The key.
    pub id: AccessKeyId,
    /// What it is to be.
    pub status: KeyStatus,
}

/// What `GetAccessKeyLastUsed` answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyLastUsed {
    /// Whose key.
    pub owner: KeyOwner,
    /// When and for what; none when it never was.
    pub used: Option<LastUsed>,
}

impl App {
    /// Makes a key for a user, or for the caller (a user or the root user) when no user is named. The secret is in
    /// this answer and nowhere else.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`; `LimitExceeded` for a third key; `Invalid` when a caller that is neither gives no
    /// user name.
    pub async fn create_access_key(
        self: &Arc<Self>,
        cx: &RequestContext,
        user: Option<UserName>,
    ) -> Result<NewKey> {
        let account = own_account(cx)?;
        self.change(cx, move |change| {
            let (permit, owner) = owner(change, account, "iam:CreateAccessKey", user.as_ref())?;
            quota::KEYS_OF_USER.one_more(change.state().access_keys_of(account, &owner).count())?;
            let (app, now) = (change.app(), change.now());
            let made = mint::access_key(&app.keyring, app.entropy(), &permit, account, owner, now)?;
            change.put(&permit, Object::AccessKey(Arc::new(made.key.clone())));
            change.made(json!({ "accessKey": { "accessKeyId": made.key.id, "status": "Active" } }));
            Ok(made)
        })
        .await
    }

    /// The keys of a user, or of the caller, oldest first.
    ///
    /// # Errors
    /// As [`App::create_access_key`]; `Invalid` for a marker or a number of items that cannot be.
    pub fn list_access_keys(
        &self,
        cx: &RequestContext,
        user: Option<&UserName>,
        page: &PageRequest,
    ) -> Result<Page<Arc<AccessKey>>> {
        let (account, state) = (own_account(cx)?, self.snapshot());
        let name = addressed(&state, cx, user)?;
        let ask = ask("iam:ListAccessKeys", &state, account, name.as_ref());
        ask.judge_read(&state, cx)?;
        let owner = find(&state, account, name.as_ref())?;
        let keys = state.access_keys_of(account, &owner);
        let by_age =
            keys.map(|key| (format!("{:020}{}", key.created.as_second().max(0), key.id), Arc::clone(key)));
        Ok(self.pager(&ask, page)?.sort(by_age))
    }

    /// Activates or deactivates a key.
    ///
    /// # Errors
    /// As [`App::create_access_key`]; `NotFound` when the owner has no such key.
    pub async fn update_access_key(
        self: &Arc<Self>,
        cx: &RequestContext,
        input: UpdateAccessKey,
    ) -> Result<()> {
        let account = own_account(cx)?;
        self.change(cx, move |change| {
            let (permit, owner) = owner(change, account, "iam:UpdateAccessKey", input.user.as_ref())?;
            let key = key_of(change.state(), account, &owner, &input.id)?;
            // Sessions made with a key stay dead when it is made active again.
            let min_rev = match input.status {
                KeyStatus::Active => key.min_rev,
                KeyStatus::Inactive => change.revision(),
            };
            let key = AccessKey { status: input.status, min_rev, ..AccessKey::clone(&key) };
            change.put(&permit, Object::AccessKey(Arc::new(key)));
            Ok(())
        })
        .await
    }

    /// Deletes a key.
    ///
    /// # Errors
    /// As [`App::create_access_key`]; `NotFound` when the owner has no such key.
    pub async fn delete_access_key(
        self: &Arc<Self>,
        cx: &RequestContext,
        user: Option<UserName>,
        id: AccessKeyId,
    ) -> Result<()> {
        let account = own_account(cx)?;
        self.change(cx, move |change| {
            let (permit, owner) = owner(change, account, "iam:DeleteAccessKey", user.as_ref())?;
            key_of(change.state(), account, &owner, &id)?;
            change.delete(&permit, ObjectKey::access_key(&id));
            change.delete(&permit, ObjectKey { kind: ObjectKind::KeyUse, key: id.as_str().to_owned() });
            Ok(())
        })
        .await
    }

    /// When and for what a key of the account was last used. A key that is not there is judged as if it were some
    /// user's.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound` when the account has no such key.
    pub fn access_key_last_used(&self, cx: &RequestContext, id: &AccessKeyId) -> Result<KeyLastUsed> {
        let (account, state) = (own_account(cx)?, self.snapshot());
        let key = state.access_key(id).filter(|key| key.account == account);
        let action = "iam:GetAccessKeyLastUsed";
        let ask = match key.map(|key| &key.owner) {
            Some(KeyOwner::User(name)) => ask(action, &state, account, Some(name)),
            Some(KeyOwner::Root) => ask(action, &state, account, None),
            None => Ask::new(action, format!("arn:aws:iam::{account}:user/*"), account),
        };
        ask.judge_read(&state, cx)?;
        let owner = key.map(|key| key.owner.clone()).ok_or_else(|| no_key(id))?;
        Ok(KeyLastUsed { owner, used: self.last_used(id) })
    }
}

/// Whose keys a request is about: the user it names, or the caller. None is the root user.
fn addressed(state: &Snapshot, cx: &RequestContext, user: Option<&UserName>) -> Result<Option<UserName>> {
    match (user, &cx.caller().principal) {
        (Some(name), _) => Ok(Some(name.clone())),
        (None, Principal::Root { .. }) => Ok(None),
        (None, _) => user::calling_user(state, cx).map(Some),
    }
}

fn ask(action: &'static str, state: &Snapshot, account: AccountId, user: Option<&UserName>) -> Ask {
    match user {
        Some(name) => EntityName::User(name.clone()).ask([action; 3], state, account),
        None => Ask::new(action, format!("arn:aws:iam::{account}:root"), account),
    }
}

fn find(state: &Snapshot, account: AccountId, user: Option<&UserName>) -> Result<KeyOwner> {
    match user {
        Some(name) => user::get(state, account, name).map(|user| KeyOwner::User(user.name.clone())),
        None => Ok(KeyOwner::Root),
    }
}

/// What every change of keys begins with.
fn owner(
    change: &Change<'_>,
    account: AccountId,
    action: &'static str,
    user: Option<&UserName>,
) -> Result<(Permit, KeyOwner)> {
    let state = change.state();
    let name = addressed(state, change.cx(), user)?;
    let permit = ask(action, state, account, name.as_ref()).judge(change)?;
    Ok((permit, find(state, account, name.as_ref())?))
}

fn key_of(
    state: &Snapshot,
    account: AccountId,
    owner: &KeyOwner,
    id: &AccessKeyId,
) -> Result<Arc<AccessKey>> {
    let key = state.access_key(id).filter(|key| key.account == account && key.owner == *owner);
    key.cloned().ok_or_else(|| no_key(id))
}

fn no_key(id: &AccessKeyId) -> Error {
    Error::NotFound(format!("The Access Key with id {id} cannot be found."))
}
