//! Permissions boundaries of users and roles.

use garita_app::iam::Bounded;

use crate::call::{Answer, Call};
use crate::errors::Refusal;

/// What can have a boundary.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Who {
    /// Users.
    User,
    /// Roles.
    Role,
}

impl Who {
    fn named(self, call: &Call<'_>) -> Result<Bounded, Refusal> {
        Ok(match self {
            Self::User => Bounded::User(call.parsed("UserName")?),
            Self::Role => Bounded::Role(call.parsed("RoleName")?),
        })
    }
}

pub(crate) async fn put(call: Call<'_>, who: Who) -> Result<Answer, Refusal> {
    let (of, policy_arn) = (who.named(&call)?, call.text("PermissionsBoundary")?);
    call.app.put_permissions_boundary(call.cx, of, policy_arn).await?;
    Ok(Answer::done())
}

pub(crate) async fn delete(call: Call<'_>, who: Who) -> Result<Answer, Refusal> {
    call.app.delete_permissions_boundary(call.cx, who.named(&call)?).await?;
    Ok(Answer::done())
}
