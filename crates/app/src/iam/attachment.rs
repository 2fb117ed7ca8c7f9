//! Managed policies on users, groups and roles.

use std::sync::Arc;

use garita_model::{Result, UniqueId};

use super::entity::EntityName;
use super::managed_policy::PolicyUsage;
use super::page::{Page, PageRequest};
use crate::App;
use crate::context::RequestContext;

/// An attached policy as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachedPolicy {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
}

/// Which kind of entities `ListEntitiesForPolicy` lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntityFilter {
    /// Users.
    User,
    /// Groups.
    Group,
    /// Roles.
    Role,
    /// `LocalManagedPolicy` and `AWSManagedPolicy`: a policy is on no policy, so none.
    Policy,
}

/// What `ListEntitiesForPolicy` asks for.
#[derive(Debug, Clone, Default)]
pub struct EntitiesForPolicy {
    /// The policy's ARN.
    pub arn: String,
    /// Only entities of this kind.
    pub filter: Option<EntityFilter>,
    /// Only entities whose path begins so.
    pub path_prefix: Option<String>,
    /// Only entities that use it so.
    pub usage: Option<PolicyUsage>,
    /// Which part.
    pub page: PageRequest,
}

/// An entity that uses a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyEntity {
    /// Its kind and name.
    pub name: EntityName,
    /// Its unique id.
    pub id: UniqueId,
}

impl App {
    /// Attaches a managed policy; nothing changes when it is attached already: `Attach{User,Group,Role}Policy`.
    pub async fn attach_policy(
        self: &Arc<Self>,
        cx: &RequestContext,
        to: EntityName,
        policy_arn: String,
    ) -> Result<()> {
        todo!()
    }
    /// Detaches a managed policy: `Detach{User,Group,Role}Policy`.
    pub async fn detach_policy(
        self: &Arc<Self>,
        cx: &RequestContext,
        from: EntityName,
        policy_arn: String,
    ) -> Result<()> {
        todo!()
    }
    /// The attached policies whose path begins with `path_prefix`: `ListAttached{User,Group,Role}Policies`.
    pub fn list_attached_policies(
        &self,
        cx: &RequestContext,
        of: &EntityName,
        path_prefix: Option<&str>,
        page: &PageRequest,
    ) -> Result<Page<AttachedPolicy>> {
        todo!()
    }
    /// The users, groups and roles of the account that use a policy.
    pub fn list_entities_for_policy(
        &self,
        cx: &RequestContext,
        input: &EntitiesForPolicy,
    ) -> Result<Page<PolicyEntity>> {
        todo!()
    }
}
