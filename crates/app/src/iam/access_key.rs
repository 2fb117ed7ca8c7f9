//! Access keys of users and of the root user.

use std::sync::Arc;

use garita_model::access_key::LastUsed;
use garita_model::{AccessKey, AccessKeyId, KeyOwner, KeyStatus, Result, UserName};

use super::page::{Page, PageRequest};
use crate::App;
use crate::context::RequestContext;
use crate::mint::NewKey;

/// What `UpdateAccessKey` asks for.
#[derive(Debug, Clone)]
pub struct UpdateAccessKey {
    /// Whose key; the caller's own when none.
    pub user: Option<UserName>,
    /// The key.
    pub id: AccessKeyId,
    /// What it is to be.
    pub status: KeyStatus,
}

/// What `GetAccessKeyLastUsed` answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyLastUsed {
    /// Whose key.
    pub owner: KeyOwner,
    /// When and for what; none when it never was.
    pub used: Option<LastUsed>,
}

impl App {
    /// Makes a key for a user, or for the caller (a user or the root user) when no user is named. The secret is in
    /// this answer and nowhere else.
    pub async fn create_access_key(
        self: &Arc<Self>,
        cx: &RequestContext,
        user: Option<UserName>,
    ) -> Result<NewKey> {
        todo!()
    }
    /// The keys of a user, or of the caller.
    pub fn list_access_keys(
        &self,
        cx: &RequestContext,
        user: Option<&UserName>,
        page: &PageRequest,
    ) -> Result<Page<Arc<AccessKey>>> {
        todo!()
    }
    /// Activates or deactivates a key.
    pub async fn update_access_key(self: &Arc<Self>, cx: &RequestContext, input: UpdateAccessKey) -> Result<()> {
        todo!()
    }
    /// Deletes a key.
    pub async fn delete_access_key(
        self: &Arc<Self>,
        cx: &RequestContext,
        user: Option<UserName>,
        id: AccessKeyId,
    ) -> Result<()> {
        todo!()
    }
    /// When and for what a key of the account was last used.
    pub fn access_key_last_used(&self, cx: &RequestContext, id: &AccessKeyId) -> Result<KeyLastUsed> {
        todo!()
    }
}
