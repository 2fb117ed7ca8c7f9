//! Groups and who is in them.
//!
//! Membership stands with the user, by the group's name: a group that gets another name takes its members along.
//! INVARIANT: a user never names a group that is not there.

use std::collections::BTreeMap;
use std::sync::Arc;

use garita_model::id::IdKind;
use garita_model::{AccountId, Error, Group, GroupName, Object, Path, Result, UniqueId, User, UserName};
use garita_store::Snapshot;
use serde_json::json;

use super::ask::{Ask, own_account};
use super::entity::{Entity, EntityName, iam_arn};
use super::page::{Page, PageRequest, check_prefix, is_under};
use super::{quota, user};
use crate::App;
use crate::authorize::Permit;
use crate::change::Change;
use crate::context::RequestContext;

/// What `CreateGroup` asks for.
#[derive(Debug, Clone)]
pub struct CreateGroup {
    /// The name.
    pub name: GroupName,
    /// The path.
    pub path: Path,
}

/// What `UpdateGroup` asks for.
#[derive(Debug, Clone)]
pub struct UpdateGroup {
    /// The name it has.
    pub name: GroupName,
    /// The name it is to have.
    pub new_name: Option<GroupName>,
    /// The path it is to have.
    pub new_path: Option<Path>,
}

/// What `GetGroup` answers.
#[derive(Debug, Clone)]
pub struct GroupDetail {
    /// The group.
    pub group: Arc<Group>,
    /// A part of its members.
    pub members: Page<Arc<User>>,
}

impl App {
    /// Makes a group.
    ///
    /// # Errors
    /// `AccessDenied`; `AlreadyExists` for a name that is taken in any case; `LimitExceeded`.
    pub async fn create_group(
        self: &Arc<Self>,
        cx: &RequestContext,
        input: CreateGroup,
    ) -> Result<Arc<Group>> {
        let account = own_account(cx)?;
        self.change(cx, move |change| {
            let arn = iam_arn(account, "group", input.path.as_str(), input.name.as_str());
            let permit = Ask::new("iam:CreateGroup", &arn, account).judge(change)?;
            let state = change.state();
            must_be_free(state, account, &input.name)?;
            quota::GROUPS.one_more(state.groups(account, None).count())?;
            let group = Arc::new(Group {
                account,
                name: input.name,
                path: input.path,
                id: UniqueId::draw(IdKind::Group, change.entropy())?,
                created: change.now(),
                attached: Vec::new(),
                inline: BTreeMap::new(),
            });
            change.put(&permit, Object::Group(Arc::clone(&group)));
            change.made(json!({ "group": { "groupName": group.name, "groupId": group.id, "arn": arn } }));
            Ok(group)
        })
        .await
    }

    /// A group and a part of its members.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`; `Invalid` for a marker or a number of items that cannot be.
    pub fn get_group(
        &self,
        cx: &RequestContext,
        name: &GroupName,
        page: &PageRequest,
    ) -> Result<GroupDetail> {
        let (account, state) = (own_account(cx)?, self.snapshot());
        let ask = EntityName::Group(name.clone()).ask(["iam:GetGroup"; 3], &state, account);
        ask.judge_read(&state, cx)?;
        let group = get(&state, account, name)?;
        let members = state.members(account, name.as_str()).map(|user| (user.name.key(), Arc::clone(user)));
        Ok(GroupDetail { members: self.pager(&ask, page)?.sort(members), group })
    }

    /// The groups whose path begins with `path_prefix`.
    ///
    /// # Errors
    /// `AccessDenied`; `Invalid` for a marker, a number of items or a prefix that cannot be.
    pub fn list_groups(
        &self,
        cx: &RequestContext,
        path_prefix: Option<&str>,
        page: &PageRequest,
    ) -> Result<Page<Arc<Group>>> {
        let (account, state) = (own_account(cx)?, self.snapshot());
        check_prefix(path_prefix)?;
        let ask =
            Ask::new("iam:ListGroups", iam_arn(account, "group", path_prefix.unwrap_or("/"), ""), account);
        ask.judge_read(&state, cx)?;
        let pager = self.pager(&ask, page)?;
        let groups = state.groups(account, pager.after()).filter(|g| is_under(g.path.as_str(), path_prefix));
        Ok(pager.cut(groups.map(|group| (group.name.key(), Arc::clone(group)))))
    }

    /// Gives a group another name or path. It stays the same group, with the same members and policies.
    ///
    /// # Errors
    /// `AccessDenied` unless allowed under the old ARN and the new one; `NotFound`; `AlreadyExists`.
    pub async fn update_group(self: &Arc<Self>, cx: &RequestContext, input: UpdateGroup) -> Result<()> {
        let account = own_account(cx)?;
        self.change(cx, move |change| {
            let ask =
                EntityName::Group(input.name.clone()).ask(["iam:UpdateGroup"; 3], change.state(), account);
            let permit = ask.judge(change)?;
            let held = change.state().group(account, input.name.as_str()).cloned();
            let name = input.new_name.as_ref().or(held.as_ref().map(|g| &g.name)).unwrap_or(&input.name);
            let path =
                input.new_path.as_ref().or(held.as_ref().map(|g| &g.path)).cloned().unwrap_or_default();
            ask.on(iam_arn(account, "group", path.as_str(), name.as_str())).judge(change)?;
            let group = get(change.state(), account, &input.name)?;
            if name.key() != group.name.key() {
                must_be_free(change.state(), account, name)?;
            }
            let changed = Group { name: name.clone(), path, ..Group::clone(&group) };
            replace(change, &permit, &group, changed);
            Ok(())
        })
        .await
    }

    /// Deletes a group that has neither members nor policies.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`; `DeleteConflict` while it has members or policies.
    pub async fn delete_group(self: &Arc<Self>, cx: &RequestContext, name: GroupName) -> Result<()> {
        let account = own_account(cx)?;
        self.change(cx, move |change| {
            let ask = EntityName::Group(name.clone()).ask(["iam:DeleteGroup"; 3], change.state(), account);
            let permit = ask.judge(change)?;
            let group = get(change.state(), account, &name)?;
            Entity::Group(Arc::clone(&group)).must_be_bare()?;
            if change.state().members(account, name.as_str()).next().is_some() {
                let message = "Cannot delete entity, must remove users from group first.";
                return Err(Error::DeleteConflict(message.to_owned()));
            }
            change.delete(&permit, Object::Group(group).key());
            Ok(())
        })
        .await
    }

    /// Puts a user into a group; nothing changes when it is in it already.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`; `LimitExceeded` for an eleventh group.
    pub async fn add_user_to_group(
        self: &Arc<Self>,
        cx: &RequestContext,
        group: GroupName,
        user: UserName,
    ) -> Result<()> {
        let account = own_account(cx)?;
        self.change(cx, move |change| {
            let (permit, group, member) = membership(change, account, "iam:AddUserToGroup", &group, &user)?;
            if member.groups.contains(&group.name) {
                return Ok(());
            }
            quota::GROUPS_OF_USER.one_more(member.groups.len())?;
            let mut member = User::clone(&member);
            member.groups.insert(group.name.clone());
            change.put(&permit, Object::User(Arc::new(member)));
            Ok(())
        })
        .await
    }

    /// Takes a user out of a group; nothing changes when it is not in it.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound` when there is no such user or group.
    pub async fn remove_user_from_group(
        self: &Arc<Self>,
        cx: &RequestContext,
        group: GroupName,
        user: UserName,
    ) -> Result<()> {
        let account = own_account(cx)?;
        self.change(cx, move |change| {
            let (permit, group, member) =
                membership(change, account, "iam:RemoveUserFromGroup", &group, &user)?;
            let mut member = User::clone(&member);
            if member.groups.remove(&group.name) {
                change.put(&permit, Object::User(Arc::new(member)));
            }
            Ok(())
        })
        .await
    }

    /// The groups a user is in.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`; `Invalid` for a marker or a number of items that cannot be.
    pub fn list_groups_for_user(
        &self,
        cx: &RequestContext,
        user: &UserName,
        page: &PageRequest,
    ) -> Result<Page<Arc<Group>>> {
        let (account, state) = (own_account(cx)?, self.snapshot());
        let ask = EntityName::User(user.clone()).ask(["iam:ListGroupsForUser"; 3], &state, account);
        ask.judge_read(&state, cx)?;
        let user = user::get(&state, account, user)?;
        let groups = user.groups.iter().filter_map(|name| state.group(account, name.as_str()));
        Ok(self.pager(&ask, page)?.sort(groups.map(|group| (group.name.key(), Arc::clone(group)))))
    }
}

/// What both membership operations begin with. They are judged on the group.
fn membership(
    change: &Change<'_>,
    account: AccountId,
    action: &'static str,
    group: &GroupName,
    user: &UserName,
) -> Result<(Permit, Arc<Group>, Arc<User>)> {
    let state = change.state();
    let permit = EntityName::Group(group.clone()).ask([action; 3], state, account).judge(change)?;
    Ok((permit, get(state, account, group)?, user::get(state, account, user)?))
}

fn get(state: &Snapshot, account: AccountId, name: &GroupName) -> Result<Arc<Group>> {
    let group = state.group(account, name.as_str()).cloned();
    group.ok_or_else(|| Error::NotFound(format!("The group with name {name} cannot be found.")))
}

fn must_be_free(state: &Snapshot, account: AccountId, name: &GroupName) -> Result<()> {
    match state.group(account, name.as_str()) {
        Some(_) => Err(Error::AlreadyExists(format!("Group with name {name} already exists."))),
        None => Ok(()),
    }
}

/// Puts a group in place of what it was, and its members into it.
fn replace(change: &mut Change<'_>, permit: &Permit, old: &Arc<Group>, new: Group) {
    if old.name != new.name {
        let members: Vec<Arc<User>> =
            change.state().members(old.account, old.name.as_str()).cloned().collect();
        change.delete(permit, Object::Group(Arc::clone(old)).key());
        for member in members {
            let mut member = User::clone(&member);
            member.groups.remove(&old.name);
            member.groups.insert(new.name.clone());
            change.put(permit, Object::User(Arc::new(member)));
        }
    }
    change.put(permit, Object::Group(Arc::new(new)));
}
