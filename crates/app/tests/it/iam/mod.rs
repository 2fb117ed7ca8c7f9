//! The IAM verbs, as a caller sees them.

mod access_key;
mod account;
mod authorization;
mod credential_report;
mod group;
mod instance_profile;
mod last_accessed;
mod login_profile;
mod mfa;
mod paging;
mod policy;
mod provider;
mod role;
mod service_linked_role;
mod ssh_public_key;
mod trust;
mod user;

use std::sync::Arc;

use garita_app::iam::{CreateGroup, CreatePolicy, CreateUser, EntityName, PageRequest, PolicyDetail};
use garita_app::{App, RequestContext};
use garita_model::{Group, Path, Result, User};
use garita_testkit::TestGarita;

use crate::stage::allow;

/// A Garita and its root user's request.
pub(crate) struct Office {
    pub(crate) garita: TestGarita,
    pub(crate) root: RequestContext,
}

impl Office {
    pub(crate) async fn open() -> Self {
        let garita = TestGarita::new().await;
        let root = garita.as_root();
        Self { garita, root }
    }
    pub(crate) fn app(&self) -> &Arc<App> {
        &self.garita.app
    }
    pub(crate) async fn user(&self, name: &str) -> Result<Arc<User>> {
        self.app().create_user(&self.root, new_user(name)).await
    }
    pub(crate) async fn group(&self, name: &str) -> Result<Arc<Group>> {
        let input = CreateGroup { name: name.parse().unwrap(), path: Path::default() };
        self.app().create_group(&self.root, input).await
    }
    pub(crate) async fn policy(&self, name: &str) -> Result<PolicyDetail> {
        self.app().create_policy(&self.root, new_policy(name)).await
    }
    pub(crate) fn revision(&self) -> u64 {
        self.app().snapshot().revision()
    }
}

pub(crate) fn new_user(name: &str) -> CreateUser {
    CreateUser { name: name.parse().unwrap(), path: Path::default(), boundary: None, tags: Vec::new() }
}

pub(crate) fn new_policy(name: &str) -> CreatePolicy {
    CreatePolicy {
        name: name.parse().unwrap(),
        path: Path::default(),
        document: allow("s3:GetObject", "*"),
        description: None,
        tags: Vec::new(),
    }
}

pub(crate) fn of_user(name: &str) -> EntityName {
    EntityName::User(name.parse().unwrap())
}
pub(crate) fn of_group(name: &str) -> EntityName {
    EntityName::Group(name.parse().unwrap())
}
pub(crate) fn of_role(name: &str) -> EntityName {
    EntityName::Role(name.parse().unwrap())
}

/// The first part of a list.
pub(crate) fn first() -> PageRequest {
    PageRequest::default()
}
