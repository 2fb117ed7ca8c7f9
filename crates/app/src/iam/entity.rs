//! What holds policies: a user, a group or a role, addressed by name.
//!
//! Attached policies, inline policies, boundaries and tags work alike on all three: a verb takes an [`EntityName`],
//! finds the `Entity` and changes a `Part` of a copy.

use std::collections::BTreeMap;
use std::sync::Arc;

use garita_model::{
    AccountId, Error, Group, GroupName, Object, PolicyName, Result, Role, RoleName, Tag, UniqueId, User,
    UserName,
};
use garita_store::{PrincipalRef, Snapshot};

use super::ask::Ask;
use super::service_linked_role::must_not_be_linked;

/// A user, group or role of the caller's account, by name in any case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntityName {
    /// A user.
    User(UserName),
    /// A group.
    Group(GroupName),
    /// A role.
    Role(RoleName),
}

/// The actions of one operation that exists for users, groups and roles, in this order.
pub(super) type Actions = [&'static str; 3];

impl EntityName {
    /// The word for its kind, in ARNs and messages.
    pub(super) fn kind(&self) -> &'static str {
        self.choose(["user", "group", "role"])
    }
    /// Its name.
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::User(name) => name.as_str(),
            Self::Group(name) => name.as_str(),
            Self::Role(name) => name.as_str(),
        }
    }
    /// What of three things is for its kind.
    pub(super) fn choose<T>(&self, [user, group, role]: [T; 3]) -> T {
        match self {
            Self::User(_) => user,
            Self::Group(_) => group,
            Self::Role(_) => role,
        }
    }

    /// The entity.
    pub(super) fn find(&self, state: &Snapshot, account: AccountId) -> Result<Entity> {
        self.look_up(state, account).ok_or_else(|| {
            Error::NotFound(format!("The {} with name {} cannot be found.", self.kind(), self.as_str()))
        })
    }

    /// The question whether an action is allowed on it. An entity that is not there is judged as if it had path `/`.
    pub(super) fn ask(&self, actions: Actions, state: &Snapshot, account: AccountId) -> Ask {
        let action = self.choose(actions);
        match self.look_up(state, account) {
            Some(entity) => Ask::new(action, entity.arn(), account).on_tagged(entity.tags()),
            None => Ask::new(action, iam_arn(account, self.kind(), "/", self.as_str()), account),
        }
    }

    /// As [`EntityName::ask`], with the boundary it has: for operations that change what it may do.
    pub(super) fn ask_bounded(&self, actions: Actions, state: &Snapshot, account: AccountId) -> Ask {
        let held = self.look_up(state, account);
        self.ask(actions, state, account).boundary(held.as_ref().and_then(Entity::boundary))
    }

    fn look_up(&self, state: &Snapshot, account: AccountId) -> Option<Entity> {
        let name = self.as_str();
        match self {
            Self::User(_) => state.user(account, name).cloned().map(Entity::User),
            Self::Group(_) => state.group(account, name).cloned().map(Entity::Group),
            Self::Role(_) => state.role(account, name).cloned().map(Entity::Role),
        }
    }
}

/// `arn:aws:iam::{account}:{kind}{path}{name}`.
pub(super) fn iam_arn(account: AccountId, kind: &str, path: &str, name: &str) -> String {
    format!("arn:aws:iam::{account}:{kind}{path}{name}")
}

/// A user, group or role.
pub(super) enum Entity {
    User(Arc<User>),
    Group(Arc<Group>),
    Role(Arc<Role>),
}

/// What a verb may change of an entity.
pub(super) struct Part<'a> {
    pub(super) attached: &'a mut Vec<String>,
    pub(super) inline: &'a mut BTreeMap<PolicyName, String>,
    /// None for a group.
    pub(super) boundary: Option<&'a mut Option<String>>,
    /// None for a group.
    pub(super) tags: Option<&'a mut Vec<Tag>>,
}

impl From<PrincipalRef> for Entity {
    fn from(principal: PrincipalRef) -> Self {
        match principal {
            PrincipalRef::User(user) => Self::User(user),
            PrincipalRef::Role(role) => Self::Role(role),
        }
    }
}

impl Entity {
    pub(super) fn name(&self) -> EntityName {
        match self {
            Self::User(user) => EntityName::User(user.name.clone()),
            Self::Group(group) => EntityName::Group(group.name.clone()),
            Self::Role(role) => EntityName::Role(role.name.clone()),
        }
    }
    pub(super) fn arn(&self) -> String {
        match self {
            Self::User(user) => iam_arn(user.account, "user", user.path.as_str(), user.name.as_str()),
            Self::Group(group) => iam_arn(group.account, "group", group.path.as_str(), group.name.as_str()),
            Self::Role(role) => iam_arn(role.account, "role", role.path.as_str(), role.name.as_str()),
        }
    }
    pub(super) fn path(&self) -> &str {
        match self {
            Self::User(user) => user.path.as_str(),
            Self::Group(group) => group.path.as_str(),
            Self::Role(role) => role.path.as_str(),
        }
    }
    pub(super) fn id(&self) -> &UniqueId {
        match self {
            Self::User(user) => &user.id,
            Self::Group(group) => &group.id,
            Self::Role(role) => &role.id,
        }
    }
    pub(super) fn attached(&self) -> &[String] {
        match self {
            Self::User(user) => &user.attached,
            Self::Group(group) => &group.attached,
            Self::Role(role) => &role.attached,
        }
    }
    pub(super) fn inline(&self) -> &BTreeMap<PolicyName, String> {
        match self {
            Self::User(user) => &user.inline,
            Self::Group(group) => &group.inline,
            Self::Role(role) => &role.inline,
        }
    }
    pub(super) fn boundary(&self) -> Option<&str> {
        match self {
            Self::User(user) => user.boundary.as_deref(),
            Self::Group(_) => None,
            Self::Role(role) => role.boundary.as_deref(),
        }
    }
    pub(super) fn tags(&self) -> &[Tag] {
        match self {
            Self::User(user) => &user.tags,
            Self::Group(_) => &[],
            Self::Role(role) => &role.tags,
        }
    }

    /// Refuses to let policies of a service's role be changed.
    pub(super) fn must_be_free(&self) -> Result<()> {
        match self {
            Self::Role(role) => must_not_be_linked(role),
            Self::User(_) | Self::Group(_) => Ok(()),
        }
    }

    /// Refuses to let an entity be deleted that still has policies.
    pub(super) fn must_be_bare(&self) -> Result<()> {
        if !self.inline().is_empty() {
            return Err(Error::DeleteConflict(
                "Cannot delete entity, must delete policies first.".to_owned(),
            ));
        }
        if !self.attached().is_empty() {
            let message = "Cannot delete entity, must detach all policies first.";
            return Err(Error::DeleteConflict(message.to_owned()));
        }
        Ok(())
    }

    /// A changed copy.
    pub(super) fn changed(&self, change: impl FnOnce(Part<'_>)) -> Object {
        match self {
            Self::User(user) => {
                let mut user = User::clone(user);
                let (boundary, tags) = (Some(&mut user.boundary), Some(&mut user.tags));
                change(Part { attached: &mut user.attached, inline: &mut user.inline, boundary, tags });
                Object::User(Arc::new(user))
            }
            Self::Group(group) => {
                let mut group = Group::clone(group);
                change(Part {
                    attached: &mut group.attached,
                    inline: &mut group.inline,
                    boundary: None,
                    tags: None,
                });
                Object::Group(Arc::new(group))
            }
            Self::Role(role) => {
                let mut role = Role::clone(role);
                let (boundary, tags) = (Some(&mut role.boundary), Some(&mut role.tags));
                change(Part { attached: &mut role.attached, inline: &mut role.inline, boundary, tags });
                Object::Role(Arc::new(role))
            }
        }
    }
}
