//! Roles and their trust policies.

use std::sync::Arc;

use garita_model::{Path, Result, Role, RoleName, Tag};

use super::page::{Page, PageRequest};
use crate::App;
use crate::context::RequestContext;

/// What `CreateRole` asks for.
#[derive(Debug, Clone)]
pub struct CreateRole {
    /// The name.
    pub name: RoleName,
    /// The path.
    pub path: Path,
    /// The trust policy, as JSON.
    pub trust: String,
    /// For people.
    pub description: Option<String>,
    /// Longest session, in seconds; 3600 when not given.
    pub max_session: Option<u32>,
    /// ARN of a managed policy as permissions boundary.
    pub boundary: Option<String>,
    /// Tags.
    pub tags: Vec<Tag>,
}

/// What `UpdateRole` asks for.
#[derive(Debug, Clone)]
pub struct UpdateRole {
    /// The role.
    pub name: RoleName,
    /// Its new description.
    pub description: Option<String>,
    /// Its new longest session, in seconds.
    pub max_session: Option<u32>,
}

/// A role as it is shown.
#[derive(Debug, Clone)]
pub struct RoleDetail {
    /// The role; its own `trust` holds unique ids.
    pub role: Arc<Role>,
    /// The trust policy with the ARNs its principals have now; unique ids of those that are gone.
    pub trust: String,
}

impl App {
    /// Makes a role.
    pub async fn create_role(self: &Arc<Self>, cx: &RequestContext, input: CreateRole) -> Result<RoleDetail> {
        todo!()
    }
    /// A role.
    pub fn get_role(&self, cx: &RequestContext, name: &RoleName) -> Result<RoleDetail> {
        todo!()
    }
    /// The roles whose path begins with `path_prefix`.
    pub fn list_roles(
        &self,
        cx: &RequestContext,
        path_prefix: Option<&str>,
        page: &PageRequest,
    ) -> Result<Page<RoleDetail>> {
        todo!()
    }
    /// Changes a role's description or longest session.
    pub async fn update_role(self: &Arc<Self>, cx: &RequestContext, input: UpdateRole) -> Result<()> {
        todo!()
    }
    /// Changes a role's description: the older operation, which answers the role.
    pub async fn update_role_description(
        self: &Arc<Self>,
        cx: &RequestContext,
        name: RoleName,
        description: String,
    ) -> Result<RoleDetail> {
        todo!()
    }
    /// Deletes a role that has no policies any more.
    pub async fn delete_role(self: &Arc<Self>, cx: &RequestContext, name: RoleName) -> Result<()> {
        todo!()
    }
    /// Replaces a role's trust policy.
    pub async fn update_assume_role_policy(
        self: &Arc<Self>,
        cx: &RequestContext,
        name: RoleName,
        document: String,
    ) -> Result<()> {
        todo!()
    }
}
