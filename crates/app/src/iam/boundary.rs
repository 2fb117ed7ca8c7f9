//! Permissions boundaries of users and roles.

use std::sync::Arc;

use garita_model::{Result, RoleName, UserName};

use crate::App;
use crate::context::RequestContext;

/// A user or role, by name: what can have a permissions boundary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bounded {
    /// A user.
    User(UserName),
    /// A role.
    Role(RoleName),
}

impl App {
    /// Sets a permissions boundary: `Put{User,Role}PermissionsBoundary`.
    pub async fn put_permissions_boundary(
        self: &Arc<Self>,
        cx: &RequestContext,
        of: Bounded,
        policy_arn: String,
    ) -> Result<()> {
        todo!()
    }
    /// Takes a permissions boundary away: `Delete{User,Role}PermissionsBoundary`.
    pub async fn delete_permissions_boundary(self: &Arc<Self>, cx: &RequestContext, of: Bounded) -> Result<()> {
        todo!()
    }
}
