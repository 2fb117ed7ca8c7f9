//! Managed policies: the account's own, and those AWS names.

use std::sync::Arc;

use garita_model::{Path, PolicyName, Result, Tag, VersionId};
use jiff::Timestamp;

use super::page::{Page, PageRequest};
use crate::App;
use crate::context::RequestContext;

/// What `CreatePolicy` asks for.
#[derive(Debug, Clone)]
pub struct CreatePolicy {
    /// The name.
    pub name: PolicyName,
    /// The path.
    pub path: Path,
    /// The document, as JSON.
    pub document: String,
    /// For people; cannot be changed later.
    pub description: Option<String>,
    /// Tags.
    pub tags: Vec<Tag>,
}

/// A managed policy as it is shown, whoever made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyDetail {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// `ANPA…`
    pub id: String,
    /// Its path.
    pub path: String,
    /// The version in force.
    pub default_version: VersionId,
    /// How many users, groups and roles of the account it is attached to.
    pub attachments: usize,
    /// How many users and roles of the account have it as their boundary.
    pub boundary_uses: usize,
    /// For people. Lists leave it out.
    pub description: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// When its default version last changed.
    pub updated: Timestamp,
    /// Its tags. Lists leave them out.
    pub tags: Vec<Tag>,
}

/// Whose policies are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PolicyScope {
    /// All.
    #[default]
    All,
    /// Those AWS names.
    Aws,
    /// The account's own.
    Local,
}

/// What a policy is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyUsage {
    /// Attached as a permissions policy.
    Permissions,
    /// Set as a permissions boundary.
    Boundary,
}

/// What `ListPolicies` asks for.
#[derive(Debug, Clone, Default)]
pub struct ListPolicies {
    /// Whose.
    pub scope: PolicyScope,
    /// Only those in use.
    pub only_attached: bool,
    /// Only those whose path begins so.
    pub path_prefix: Option<String>,
    /// Only those used so.
    pub usage: Option<PolicyUsage>,
    /// Which part.
    pub page: PageRequest,
}

impl App {
    /// Makes a managed policy with its first version.
    pub async fn create_policy(self: &Arc<Self>, cx: &RequestContext, input: CreatePolicy) -> Result<PolicyDetail> {
        todo!()
    }
    /// A managed policy.
    pub fn get_policy(&self, cx: &RequestContext, arn: &str) -> Result<PolicyDetail> {
        todo!()
    }
    /// The managed policies.
    pub fn list_policies(&self, cx: &RequestContext, input: &ListPolicies) -> Result<Page<PolicyDetail>> {
        todo!()
    }
    /// Deletes a managed policy that is not in use and has no other versions.
    pub async fn delete_policy(self: &Arc<Self>, cx: &RequestContext, arn: String) -> Result<()> {
        todo!()
    }
}
