//! Users.

use std::sync::Arc;

use garita_model::{Account, Path, Result, Tag, User, UserName};

use super::page::{Page, PageRequest};
use crate::App;
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
    pub async fn create_user(self: &Arc<Self>, cx: &RequestContext, input: CreateUser) -> Result<Arc<User>> {
        todo!()
    }
    /// A user; the calling one when no name is given.
    pub fn get_user(&self, cx: &RequestContext, name: Option<&UserName>) -> Result<FoundUser> {
        todo!()
    }
    /// The users whose path begins with `path_prefix`.
    pub fn list_users(
        &self,
        cx: &RequestContext,
        path_prefix: Option<&str>,
        page: &PageRequest,
    ) -> Result<Page<Arc<User>>> {
        todo!()
    }
    /// Gives a user another name or path. It stays the same user: its unique id, keys and policies remain.
    pub async fn update_user(self: &Arc<Self>, cx: &RequestContext, input: UpdateUser) -> Result<()> {
        todo!()
    }
    /// Deletes a user that nothing hangs on any more.
    pub async fn delete_user(self: &Arc<Self>, cx: &RequestContext, name: UserName) -> Result<()> {
        todo!()
    }
}
