//! Groups and who is in them.

use std::sync::Arc;

use garita_model::{Group, GroupName, Path, Result, User, UserName};

use super::page::{Page, PageRequest};
use crate::App;
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
    pub async fn create_group(self: &Arc<Self>, cx: &RequestContext, input: CreateGroup) -> Result<Arc<Group>> {
        todo!()
    }
    /// A group and a part of its members.
    pub fn get_group(&self, cx: &RequestContext, name: &GroupName, page: &PageRequest) -> Result<GroupDetail> {
        todo!()
    }
    /// The groups whose path begins with `path_prefix`.
    pub fn list_groups(
        &self,
        cx: &RequestContext,
        path_prefix: Option<&str>,
        page: &PageRequest,
    ) -> Result<Page<Arc<Group>>> {
        todo!()
    }
    /// Gives a group another name or path.
    pub async fn update_group(self: &Arc<Self>, cx: &RequestContext, input: UpdateGroup) -> Result<()> {
        todo!()
    }
    /// Deletes a group that has neither members nor policies.
    pub async fn delete_group(self: &Arc<Self>, cx: &RequestContext, name: GroupName) -> Result<()> {
        todo!()
    }
    /// Puts a user into a group; nothing changes when it is in it already.
    pub async fn add_user_to_group(
        self: &Arc<Self>,
        cx: &RequestContext,
        group: GroupName,
        user: UserName,
    ) -> Result<()> {
        todo!()
    }
    /// Takes a user out of a group.
    pub async fn remove_user_from_group(
        self: &Arc<Self>,
        cx: &RequestContext,
        group: GroupName,
        user: UserName,
    ) -> Result<()> {
        todo!()
    }
    /// The groups a user is in.
    pub fn list_groups_for_user(
        &self,
        cx: &RequestContext,
        user: &UserName,
        page: &PageRequest,
    ) -> Result<Page<Arc<Group>>> {
        todo!()
    }
}
