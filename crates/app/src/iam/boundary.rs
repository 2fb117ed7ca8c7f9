//! Permissions boundaries of users and roles.
//!
//! A boundary is a managed policy that says what the principal can be allowed at most. INVARIANT: it is there; a
//! policy that is some principal's boundary cannot be deleted.

use std::sync::Arc;

use garita_model::{Result, RoleName, UserName};

use super::ask::{Ask, own_account};
use super::entity::{Actions, EntityName};
use super::policy_arn::must_be_boundary;
use crate::App;
use crate::change::Change;
use crate::context::RequestContext;

/// A user or role, by name: what can have a permissions boundary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bounded {
    /// A user.
    User(UserName),
    /// A role.
    Role(RoleName),
}

impl From<Bounded> for EntityName {
    fn from(of: Bounded) -> Self {
        match of {
            Bounded::User(name) => Self::User(name),
            Bounded::Role(name) => Self::Role(name),
        }
    }
}

const PUT: Actions = ["iam:PutUserPermissionsBoundary", "", "iam:PutRolePermissionsBoundary"];
const DELETE: Actions = ["iam:DeleteUserPermissionsBoundary", "", "iam:DeleteRolePermissionsBoundary"];

impl App {
    /// Sets a permissions boundary: `Put{User,Role}PermissionsBoundary`.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound` when there is no such principal or policy; `Invalid` for what is no policy's ARN.
    pub async fn put_permissions_boundary(
        self: &Arc<Self>,
        cx: &RequestContext,
        of: Bounded,
        policy_arn: String,
    ) -> Result<()> {
        let (account, of) = (own_account(cx)?, EntityName::from(of));
        self.change(cx, move |change| {
            let ask = of.ask(PUT, change.state(), account).boundary(Some(&policy_arn));
            set(change, &ask, &of, Some(policy_arn))
        })
        .await
    }

    /// Takes a permissions boundary away; nothing changes when there is none:
    /// `Delete{User,Role}PermissionsBoundary`.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound` when there is no such principal.
    pub async fn delete_permissions_boundary(
        self: &Arc<Self>,
        cx: &RequestContext,
        of: Bounded,
    ) -> Result<()> {
        let (account, of) = (own_account(cx)?, EntityName::from(of));
        self.change(cx, move |change| {
            let ask = of.ask_bounded(DELETE, change.state(), account);
            set(change, &ask, &of, None)
        })
        .await
    }
}

fn set(change: &mut Change<'_>, ask: &Ask, of: &EntityName, new: Option<String>) -> Result<()> {
    let permit = ask.judge(change)?;
    let account = own_account(change.cx())?;
    let entity = of.find(change.state(), account)?;
    entity.must_be_free()?;
    must_be_boundary(change.state(), account, new.as_deref())?;
    let object = entity.changed(|part| {
        if let Some(boundary) = part.boundary {
            *boundary = new;
        }
    });
    change.put(&permit, object);
    Ok(())
}
