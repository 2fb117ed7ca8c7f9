//! Versions of managed policies.
//!
//! A version is never changed; one of up to five is in force. INVARIANT: the one in force is there, and numbers are
//! never used again.

use std::sync::Arc;

use garita_model::managed_policy::MAX_VERSIONS;
use garita_model::{Error, ManagedPolicy, Object, PolicyVersion, Result, VersionId};
use jiff::Timestamp;
use serde_json::json;

use super::ask::own_account;
use super::document;
use super::managed_policy::aws_time;
use super::page::{Page, PageRequest};
use super::policy_arn::{Managed, PolicyArn};
use crate::App;
use crate::change::Change;
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
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`; `MalformedPolicy`; `LimitExceeded` for a sixth version or a document that is too
    /// long; `Invalid` for what is no policy's ARN.
    pub async fn create_policy_version(
        self: &Arc<Self>,
        cx: &RequestContext,
        input: CreatePolicyVersion,
    ) -> Result<VersionDetail> {
        let arn = PolicyArn::parse(&input.arn)?;
        self.edit_policy(cx, arn, "iam:CreatePolicyVersion", move |change, policy| {
            document::check_managed(&input.document)?;
            if policy.versions.len() >= MAX_VERSIONS {
                let message = "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.";
                return Err(Error::LimitExceeded(message.to_owned()));
            }
            let id = VersionId(policy.next_version);
            let version = PolicyVersion { id, document: input.document, created: change.now() };
            policy.next_version += 1;
            policy.versions.push(version.clone());
            if input.set_as_default {
                (policy.default_version, policy.updated) = (id, change.now());
            }
            change.made(json!({ "policyVersion": { "versionId": id.to_string() } }));
            Ok(detail(policy, version))
        })
        .await
    }

    /// A version.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`; `Invalid` for what is no policy's ARN.
    pub fn get_policy_version(
        &self,
        cx: &RequestContext,
        arn: &str,
        version: VersionId,
    ) -> Result<VersionDetail> {
        let (account, state, arn) = (own_account(cx)?, self.snapshot(), PolicyArn::parse(arn)?);
        arn.ask("iam:GetPolicyVersion", &state, account).judge_read(&state, cx)?;
        let versions = versions(&arn.get(&state, account)?)?;
        versions.into_iter().find(|v| v.id == version).ok_or_else(|| no_version(&arn, version))
    }

    /// The versions, newest first.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`; `Invalid` for what is no policy's ARN, or a page that cannot be.
    pub fn list_policy_versions(
        &self,
        cx: &RequestContext,
        arn: &str,
        page: &PageRequest,
    ) -> Result<Page<VersionDetail>> {
        let (account, state, arn) = (own_account(cx)?, self.snapshot(), PolicyArn::parse(arn)?);
        let ask = arn.ask("iam:ListPolicyVersions", &state, account);
        ask.judge_read(&state, cx)?;
        let versions = versions(&arn.get(&state, account)?)?;
        let newest_first = versions.into_iter().map(|v| (format!("{:010}", u32::MAX - v.id.0), v));
        Ok(self.pager(&ask, page)?.sort(newest_first))
    }

    /// Deletes a version that is not in force.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`; `DeleteConflict` for the default version; `Invalid` for what is no policy's ARN.
    pub async fn delete_policy_version(
        self: &Arc<Self>,
        cx: &RequestContext,
        arn: String,
        version: VersionId,
    ) -> Result<()> {
        let arn = PolicyArn::parse(&arn)?;
        self.edit_policy(cx, arn.clone(), "iam:DeletePolicyVersion", move |_, policy| {
            policy.version(version).ok_or_else(|| no_version(&arn, version))?;
            if policy.default_version == version {
                let message = "Cannot delete the default version of a policy.";
                return Err(Error::DeleteConflict(message.to_owned()));
            }
            policy.versions.retain(|v| v.id != version);
            Ok(())
        })
        .await
    }

    /// Brings a version into force.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`; `Invalid` for what is no policy's ARN.
    pub async fn set_default_policy_version(
        self: &Arc<Self>,
        cx: &RequestContext,
        arn: String,
        version: VersionId,
    ) -> Result<()> {
        let arn = PolicyArn::parse(&arn)?;
        self.edit_policy(cx, arn.clone(), "iam:SetDefaultPolicyVersion", move |change, policy| {
            policy.version(version).ok_or_else(|| no_version(&arn, version))?;
            (policy.default_version, policy.updated) = (version, change.now());
            Ok(())
        })
        .await
    }

    async fn edit_policy<T: Send + 'static>(
        self: &Arc<Self>,
        cx: &RequestContext,
        arn: PolicyArn,
        action: &'static str,
        edit: impl FnOnce(&mut Change<'_>, &mut ManagedPolicy) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let account = own_account(cx)?;
        self.change(cx, move |change| {
            let permit = arn.ask(action, change.state(), account).judge(change)?;
            let mut policy = ManagedPolicy::clone(&*arn.own(change.state(), account)?);
            let answer = edit(change, &mut policy)?;
            change.put(&permit, Object::ManagedPolicy(Arc::new(policy)));
            Ok(answer)
        })
        .await
    }
}

fn detail(policy: &ManagedPolicy, version: PolicyVersion) -> VersionDetail {
    let is_default = policy.default_version == version.id;
    VersionDetail { id: version.id, document: version.document, is_default, created: version.created }
}

pub(super) fn versions(policy: &Managed) -> Result<Vec<VersionDetail>> {
    match policy {
        Managed::Own(policy) => Ok(policy.versions.iter().map(|v| detail(policy, v.clone())).collect()),
        Managed::Aws(aws) => {
            let (id, document) = (policy.default_version(), aws.document.to_owned());
            Ok(vec![VersionDetail { id, document, is_default: true, created: aws_time(aws.updated)? }])
        }
    }
}

fn no_version(arn: &PolicyArn, version: VersionId) -> Error {
    Error::NotFound(format!("Policy {} version {version} does not exist or is not attachable.", arn.as_str()))
}
