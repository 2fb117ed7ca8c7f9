//! Tags on users, roles and customer managed policies.

use std::sync::Arc;

use garita_model::{Result, RoleName, Tag, UserName};

use super::page::{Page, PageRequest};
use crate::App;
use crate::context::RequestContext;

/// What can have tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tagged {
    /// A user, by name.
    User(UserName),
    /// A role, by name.
    Role(RoleName),
    /// A customer managed policy, by ARN.
    Policy(String),
}

impl App {
    /// Sets tags, replacing those with the same keys: `Tag{User,Role,Policy}`.
    pub async fn tag(self: &Arc<Self>, cx: &RequestContext, what: Tagged, tags: Vec<Tag>) -> Result<()> {
        todo!()
    }
    /// Takes tags away; keys that are not there are no error: `Untag{User,Role,Policy}`.
    pub async fn untag(self: &Arc<Self>, cx: &RequestContext, what: Tagged, keys: Vec<String>) -> Result<()> {
        todo!()
    }
    /// The tags, by key: `List{User,Role,Policy}Tags`.
    pub fn list_tags(&self, cx: &RequestContext, what: &Tagged, page: &PageRequest) -> Result<Page<Tag>> {
        todo!()
    }
}
