//! Versions of managed policies.

use std::sync::Arc;

use garita_model::{Result, VersionId};
use jiff::Timestamp;

use super::page::{Page, PageRequest};
use crate::App;
use crate::context::RequestContext;

/// What `CreatePolicyVersion` asks for.
#[derive(Debug, Clone)]
pub struct CreatePolicyVersion {
    /// The policy's ARN.
    pub arn: String,
    /// The document, as JSON.
    pub document: String,
    /// Whether it comes into force at once.
    pub set_as_default: bool,
}

/// A version as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionDetail {
    /// `v1`, ...
    pub id: VersionId,
    /// The document. AWS shows it in `GetPolicyVersion` only.
    pub document: String,
    /// Whether it is in force.
    pub is_default: bool,
    /// When it was made.
    pub created: Timestamp,
}

impl App {
    /// Makes a version.
    pub async fn create_policy_version(
        self: &Arc<Self>,
        cx: &RequestContext,
        input: CreatePolicyVersion,
    ) -> Result<VersionDetail> {
        todo!()
    }
    /// A version.
    pub fn get_policy_version(&self, cx: &RequestContext, arn: &str, version: VersionId) -> Result<VersionDetail> {
        todo!()
    }
    /// The versions, newest first.
    pub fn list_policy_versions(
        &self,
        cx: &RequestContext,
        arn: &str,
        page: &PageRequest,
    ) -> Result<Page<VersionDetail>> {
        todo!()
    }
    /// Deletes a version that is not in force.
    pub async fn delete_policy_version(
        self: &Arc<Self>,
        cx: &RequestContext,
        arn: String,
        version: VersionId,
    ) -> Result<()> {
        todo!()
    }
    /// Brings a version into force.
    pub async fn set_default_policy_version(
        self: &Arc<Self>,
        cx: &RequestContext,
        arn: String,
        version: VersionId,
    ) -> Result<()> {
        todo!()
    }
}
