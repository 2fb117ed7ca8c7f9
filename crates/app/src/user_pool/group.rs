//! Groups of a pool, and who is in them.
//!
//! Membership stands with the user, by the group's name. INVARIANT: a user never names a group that is not there.

use std::sync::Arc;

use garita_model::user_pool::provider::Identity;
use garita_model::user_pool::{PoolFault, PoolId, Uuid};
use garita_model::{Object, ObjectKey, PoolGroup, PoolUser, Result, UserPool};
use garita_store::Snapshot;

use super::ask::judged;
use super::provider_groups::no_gift_of_a_provider;
use super::user::about;
use super::username::find;
use super::{Part, check_name, invalid, no_user};
use crate::App;
use crate::authorize::Permit;
use crate::change::Change;
use crate::context::RequestContext;
use crate::iam::Page;

/// Most groups of a pool, and of a user; Cognito's quotas.
const MOST_GROUPS: usize = 10_000;
pub(super) const MOST_GROUPS_OF_USER: usize = 100;

/// What a group is besides its name.
#[derive(Debug, Clone, Default)]
pub struct GroupSettings {
    /// What it is for.
    pub description: Option<String>,
    /// The role its members may take.
    pub role: Option<String>,
    /// Whose role counts.
    pub precedence: Option<u32>,
}

/// What `CreateGroup` asks for.
#[derive(Debug, Clone)]
pub struct NewGroup {
    /// The pool.
    pub pool: PoolId,
    /// The name.
    pub name: String,
    /// The rest.
    pub settings: GroupSettings,
}

impl App {
    /// Makes a group.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`; `GroupExists`; `InvalidParameter`; `LimitExceeded`.
    pub async fn create_pool_group(
        self: &Arc<Self>,
        cx: &RequestContext,
        input: NewGroup,
    ) -> Result<Arc<PoolGroup>> {
        self.change(cx, move |change| {
            let (permit, pool) = judged(change, "cognito-idp:CreateGroup", &input.pool)?;
            add_group(change, &permit, &pool, input.name, input.settings)
        })
        .await
    }

    /// A group.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`.
    pub fn get_pool_group(&self, cx: &RequestContext, pool: &PoolId, name: &str) -> Result<Arc<PoolGroup>> {
        let (state, pool) = self.read_pool(cx, "cognito-idp:GetGroup", pool)?;
        get(&state, &pool, name)
    }

    /// The groups of a pool.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`; `InvalidParameter` for a part that cannot be.
    pub fn list_pool_groups(
        &self,
        cx: &RequestContext,
        pool: &PoolId,
        part: &Part,
    ) -> Result<Page<Arc<PoolGroup>>> {
        let action = "cognito-idp:ListGroups";
        let (state, pool) = self.read_pool(cx, action, pool)?;
        let pager = self.pager_over(format!("{action}\0{}", pool.id), part.token.as_deref(), part.most()?)?;
        Ok(pager.cut(state.pool_groups(&pool.id).map(|group| (group.name.clone(), Arc::clone(group)))))
    }

    /// Sets what a group is besides its name; what is not named stays.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`; `InvalidParameter`.
    pub async fn update_pool_group(
        self: &Arc<Self>,
        cx: &RequestContext,
        input: NewGroup,
    ) -> Result<Arc<PoolGroup>> {
        self.change(cx, move |change| {
            let (permit, pool) = judged(change, "cognito-idp:UpdateGroup", &input.pool)?;
            let held = get(change.state(), &pool, &input.name)?;
            let settings = GroupSettings {
                description: input.settings.description.or_else(|| held.description.clone()),
                role: input.settings.role.or_else(|| held.role.clone()),
                precedence: input.settings.precedence.or(held.precedence),
            };
            let group = PoolGroup { modified: change.now(), ..PoolGroup::clone(&held) };
            let group = Arc::new(settled(change, group, settings)?);
            change.put(&permit, Object::PoolGroup(Arc::clone(&group)));
            Ok(group)
        })
        .await
    }

    /// Deletes a group; who was in it is not any more.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`.
    pub async fn delete_pool_group(
        self: &Arc<Self>,
        cx: &RequestContext,
        pool: PoolId,
        name: String,
    ) -> Result<()> {
        self.change(cx, move |change| {
            let (permit, pool) = judged(change, "cognito-idp:DeleteGroup", &pool)?;
            get(change.state(), &pool, &name)?;
            let members: Vec<Arc<PoolUser>> =
                change.state().pool_members(&pool.id, &name, None).cloned().collect();
            for member in members {
                put_group(change, &permit, &member, &name, false);
            }
            change.delete(&permit, ObjectKey::pool_group(&pool.id, &name));
            Ok(())
        })
        .await
    }

    /// Puts a user into a group, or takes the user out of it; nothing changes when it is so already.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`; `UserNotFound`; `LimitExceeded`.
    pub async fn set_pool_membership(
        self: &Arc<Self>,
        cx: &RequestContext,
        pool: PoolId,
        username: String,
        group: String,
        member: bool,
    ) -> Result<()> {
        let action =
            if member { "cognito-idp:AdminAddUserToGroup" } else { "cognito-idp:AdminRemoveUserFromGroup" };
        self.change(cx, move |change| {
            let (permit, pool) = judged(change, action, &pool)?;
            get(change.state(), &pool, &group)?;
            let user = find(change.state(), &pool, &username).ok_or_else(no_user)?;
            about(change.cx(), &pool, user.sub);
            let given = |known: &Identity| known.groups.iter().any(|held| **held == *group);
            // What a provider gave becomes an administrator's own gift by being given again.
            if user.is_in(&group) == member && !user.identities().iter().any(given) {
                return Ok(());
            }
            if member && !user.is_in(&group) && user.groups.len() >= MOST_GROUPS_OF_USER {
                return Err(PoolFault::LimitExceeded.because("Maximum number of groups per user reached."));
            }
            put_group(change, &permit, &user, &group, member);
            Ok(())
        })
        .await
    }

    /// The groups of a user.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`; `UserNotFound`; `InvalidParameter` for a part that cannot be.
    pub fn list_groups_for_pool_user(
        &self,
        cx: &RequestContext,
        pool: &PoolId,
        username: &str,
        part: &Part,
    ) -> Result<Page<Arc<PoolGroup>>> {
        let action = "cognito-idp:AdminListGroupsForUser";
        let (state, pool) = self.read_pool(cx, action, pool)?;
        let user = find(&state, &pool, username).ok_or_else(no_user)?;
        let scope = format!("{action}\0{}\0{}", pool.id, user.sub);
        let pager = self.pager_over(scope, part.token.as_deref(), part.most()?)?;
        let groups = user.groups.iter().filter_map(|name| state.pool_group(&pool.id, name));
        Ok(pager.sort(groups.map(|group| (group.name.clone(), Arc::clone(group)))))
    }

    /// The members of a group.
    ///
    /// # Errors
    /// `AccessDenied`; `ResourceNotFound`; `InvalidParameter` for a part that cannot be.
    pub fn list_pool_users_in_group(
        &self,
        cx: &RequestContext,
        pool: &PoolId,
        group: &str,
        part: &Part,
    ) -> Result<Page<Arc<PoolUser>>> {
        let action = "cognito-idp:ListUsersInGroup";
        let (state, pool) = self.read_pool(cx, action, pool)?;
        get(&state, &pool, group)?;
        let scope = format!("{action}\0{}\0{group}", pool.id);
        let pager = self.pager_over(scope, part.token.as_deref(), part.most()?)?;
        let after = pager.after().and_then(|after| after.parse::<Uuid>().ok());
        let members = state.pool_members(&pool.id, group, after);
        Ok(pager.cut(members.map(|user| (user.sub.to_string(), Arc::clone(user)))))
    }
}

/// Makes a group that is not there yet.
pub(super) fn add_group(
    change: &mut Change<'_>,
    permit: &Permit,
    pool: &UserPool,
    name: String,
    settings: GroupSettings,
) -> Result<Arc<PoolGroup>> {
    check_name("groupName", &name)?;
    let state = change.state();
    if state.pool_group(&pool.id, &name).is_some() {
        return Err(PoolFault::GroupExists.because("A group with the name already exists."));
    }
    if state.pool_groups(&pool.id).count() >= MOST_GROUPS {
        return Err(PoolFault::LimitExceeded.because("Maximum number of groups per user pool reached."));
    }
    let now = change.now();
    let bare = PoolGroup {
        pool: pool.id.clone(),
        name,
        description: None,
        role: None,
        precedence: None,
        created: now,
        modified: now,
    };
    let group = Arc::new(settled(change, bare, settings)?);
    change.put(permit, Object::PoolGroup(Arc::clone(&group)));
    Ok(group)
}

/// Puts a user into a group or out of it, whoever put the user in before. What tokens say of groups is looked up again
/// wherever they are used, and they do not outlive their hour; a user who lost a group is signed out, as tokens name it.
fn put_group(change: &mut Change<'_>, permit: &Permit, user: &PoolUser, group: &str, member: bool) {
    let mut user = PoolUser::clone(user);
    let mut groups = std::mem::take(&mut user.groups).into_vec();
    let before = groups.len();
    groups.retain(|held| **held != *group);
    if member {
        groups.push(group.into());
    }
    if groups.len() < before {
        user.min_rev = change.revision();
    }
    user.groups = groups.into_boxed_slice();
    no_gift_of_a_provider(&mut user, group);
    user.modified = change.now().as_second();
    change.put(permit, Object::PoolUser(Arc::new(user)));
}

fn get(state: &Snapshot, pool: &UserPool, name: &str) -> Result<Arc<PoolGroup>> {
    let group = state.pool_group(&pool.id, name).cloned();
    group.ok_or_else(|| PoolFault::ResourceNotFound.because("Group not found."))
}

/// A group with its settings. A role that is handed to a group's members is handed on: its giver must be allowed to.
fn settled(change: &Change<'_>, group: PoolGroup, settings: GroupSettings) -> Result<PoolGroup> {
    if settings.description.as_ref().is_some_and(|text| text.chars().count() > 2_048) {
        return Err(invalid("a description has at most 2048 characters"));
    }
    if let Some(role) = settings.role.as_ref().filter(|role| group.role.as_ref() != Some(role)) {
        let arn: garita_model::Arn = role.parse().map_err(|_| invalid("`RoleArn` is no ARN of a role"))?;
        let account = arn.account().parse().ok();
        let is_role = arn.service() == "iam" && arn.resource().starts_with("role/");
        let Some(account) = account.filter(|_| is_role) else {
            return Err(invalid("`RoleArn` is no ARN of a role"));
        };
        let keys = [("iam:PassedToService", "cognito-idp.amazonaws.com".to_owned())];
        let question = crate::authorize::Question {
            action: "iam:PassRole",
            resource: role,
            account: Some(account),
            keys: &keys,
            lists: &[],
        };
        change.authorize(&question)?;
    }
    Ok(PoolGroup {
        description: settings.description,
        role: settings.role,
        precedence: settings.precedence,
        ..group
    })
}
