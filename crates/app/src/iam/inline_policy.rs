//! Inline policies of users, groups and roles.

use std::sync::Arc;

use garita_model::{PolicyName, Result};

use super::entity::EntityName;
use super::page::{Page, PageRequest};
use crate::App;
use crate::context::RequestContext;

/// What `Put{User,Group,Role}Policy` asks for.
#[derive(Debug, Clone)]
pub struct PutInlinePolicy {
    /// Whose policy.
    pub entity: EntityName,
    /// Its name.
    pub name: PolicyName,
    /// The document, as JSON.
    pub document: String,
}

impl App {
    /// Puts an inline policy, in place of the one with its name: `Put{User,Group,Role}Policy`.
    pub async fn put_inline_policy(self: &Arc<Self>, cx: &RequestContext, input: PutInlinePolicy) -> Result<()> {
        todo!()
    }
    /// An inline policy's document, as it was put: `Get{User,Group,Role}Policy`.
    pub fn get_inline_policy(&self, cx: &RequestContext, of: &EntityName, name: &PolicyName) -> Result<String> {
        todo!()
    }
    /// Deletes an inline policy: `Delete{User,Group,Role}Policy`.
    pub async fn delete_inline_policy(
        self: &Arc<Self>,
        cx: &RequestContext,
        of: EntityName,
        name: PolicyName,
    ) -> Result<()> {
        todo!()
    }
    /// The names of the inline policies: `List{User,Group,Role}Policies`.
    pub fn list_inline_policies(
        &self,
        cx: &RequestContext,
        of: &EntityName,
        page: &PageRequest,
    ) -> Result<Page<PolicyName>> {
        todo!()
    }
}
