//! Managed policies: the account's own, and those AWS names.
//!
//! How much a policy is used is not stored but counted, within the caller's account. INVARIANT: a policy in use is
//! not deleted.

use std::sync::Arc;

use garita_model::id::IdKind;
use garita_model::{
    AccountId, Error, ManagedPolicy, Object, ObjectKey, Path, PolicyName, PolicyVersion, Result, Tag,
    UniqueId, VersionId, tag,
};
use garita_store::{Snapshot, aws_managed};
use jiff::Timestamp;
use serde_json::json;

use super::ask::{Ask, own_account};
use super::document;
use super::entity::iam_arn;
use super::page::{Page, PageRequest, check_prefix, is_under};
use super::policy_arn::{Managed, PolicyArn};
use super::quota;
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
    ///
    /// # Errors
    /// `AccessDenied`; `AlreadyExists` for a name that is taken in any case; `MalformedPolicy`; `LimitExceeded`;
    /// `Invalid` for its tags or description.
    pub async fn create_policy(
        self: &Arc<Self>,
        cx: &RequestContext,
        input: CreatePolicy,
    ) -> Result<PolicyDetail> {
        let account = own_account(cx)?;
        self.change(cx, move |change| {
            let arn = iam_arn(account, "policy", input.path.as_str(), input.name.as_str());
            let ask = Ask::new("iam:CreatePolicy", &arn, account).tagging(&input.tags);
            let permit = ask.judge_making(change, "iam:TagPolicy")?;
            let state = change.state();
            check(state, account, &input)?;
            let (first, now) = (VersionId(1), change.now());
            let policy = Arc::new(ManagedPolicy {
                account,
                name: input.name,
                path: input.path,
                id: UniqueId::draw(IdKind::ManagedPolicy, change.entropy())?,
                created: now,
                updated: now,
                description: input.description,
                versions: vec![PolicyVersion { id: first, document: input.document, created: now }],
                default_version: first,
                next_version: 2,
                tags: input.tags,
            });
            change.put(&permit, Object::ManagedPolicy(Arc::clone(&policy)));
            change
                .made(json!({ "policy": { "policyName": policy.name, "policyId": policy.id, "arn": arn } }));
            detail(change.state(), account, &Managed::Own(policy))
        })
        .await
    }

    /// A managed policy.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`; `Invalid` for what is no policy's ARN.
    pub fn get_policy(&self, cx: &RequestContext, arn: &str) -> Result<PolicyDetail> {
        let (account, state, arn) = (own_account(cx)?, self.snapshot(), PolicyArn::parse(arn)?);
        arn.ask("iam:GetPolicy", &state, account).judge_read(&state, cx)?;
        detail(&state, account, &arn.get(&state, account)?)
    }

    /// The managed policies: first those AWS names, then the account's own, by name.
    ///
    /// # Errors
    /// `AccessDenied`; `Invalid` for a marker, a number of items or a prefix that cannot be.
    pub fn list_policies(&self, cx: &RequestContext, input: &ListPolicies) -> Result<Page<PolicyDetail>> {
        let (account, state) = (own_account(cx)?, self.snapshot());
        let prefix = input.path_prefix.as_deref();
        check_prefix(prefix)?;
        let ask =
            Ask::new("iam:ListPolicies", iam_arn(account, "policy", prefix.unwrap_or("/"), ""), account);
        ask.judge_read(&state, cx)?;
        let aws = aws_managed().iter().map(Managed::Aws).filter(|_| input.scope != PolicyScope::Local);
        let own = state.managed_policies(account, None).cloned().map(Managed::Own);
        let all = aws.chain(own.filter(|_| input.scope != PolicyScope::Aws));
        let mut found = Vec::new();
        for policy in all.filter(|policy| is_under(policy.path(), prefix)) {
            let detail = detail(&state, account, &policy)?;
            if input.wants(&detail) {
                found.push((policy.list_key(), detail));
            }
        }
        Ok(self.pager(&ask, &input.page)?.sort(found))
    }

    /// Deletes a managed policy that is not in use and has no other versions.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`; `DeleteConflict` while it is attached, a boundary, or has versions beside its
    /// default one; `Invalid` for what is no policy's ARN.
    pub async fn delete_policy(self: &Arc<Self>, cx: &RequestContext, arn: String) -> Result<()> {
        let (account, arn) = (own_account(cx)?, PolicyArn::parse(&arn)?);
        self.change(cx, move |change| {
            let permit = arn.ask("iam:DeletePolicy", change.state(), account).judge(change)?;
            let state = change.state();
            let policy = arn.own(state, account)?;
            let conflict = |message: &str| Err(Error::DeleteConflict(message.to_owned()));
            if state.attachments(arn.as_str()).chain(state.bounded_by(arn.as_str())).next().is_some() {
                return conflict("Cannot delete a policy attached to entities.");
            }
            if policy.versions.len() > 1 {
                return conflict(
                    "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
                );
            }
            change.delete(&permit, Object::ManagedPolicy(policy).key());
            Ok(())
        })
        .await
    }
}

impl ListPolicies {
    fn wants(&self, policy: &PolicyDetail) -> bool {
        match self.usage {
            Some(PolicyUsage::Permissions) => policy.attachments > 0,
            Some(PolicyUsage::Boundary) => policy.boundary_uses > 0,
            None => !self.only_attached || policy.attachments > 0,
        }
    }
}

fn check(state: &Snapshot, account: AccountId, input: &CreatePolicy) -> Result<()> {
    if state.managed_policy(account, input.name.as_str()).is_some() {
        let message =
            format!("A policy called {} already exists. Duplicate names are not allowed.", input.name);
        return Err(Error::AlreadyExists(message));
    }
    quota::POLICIES.one_more(state.managed_policies(account, None).count())?;
    quota::check_description(input.description.as_deref())?;
    tag::check_all(&input.tags)?;
    document::check_managed(&input.document)
}

pub(super) fn detail(state: &Snapshot, account: AccountId, policy: &Managed) -> Result<PolicyDetail> {
    let arn = policy.arn();
    let prefix = format!("{account}/");
    let ours = |key: &&ObjectKey| key.key.starts_with(&prefix);
    let attachments = state.attachments(&arn).filter(ours).count();
    let boundary_uses = state.bounded_by(&arn).filter(ours).count();
    let (name, path, default_version) =
        (policy.name().to_owned(), policy.path().to_owned(), policy.default_version());
    let tags = policy.tags().to_vec();
    let (id, description, created, updated) = match policy {
        Managed::Own(p) => (p.id.to_string(), p.description.clone(), p.created, p.updated),
        Managed::Aws(p) => {
            (p.id.to_owned(), Some(p.description.to_owned()), aws_time(p.created)?, aws_time(p.updated)?)
        }
    };
    Ok(PolicyDetail {
        arn,
        name,
        id,
        path,
        default_version,
        attachments,
        boundary_uses,
        description,
        created,
        updated,
        tags,
    })
}

/// A time of a policy that is part of the program.
pub(super) fn aws_time(text: &str) -> Result<Timestamp> {
    text.parse().map_err(|_| Error::internal(format!("`{text}` is not a time")))
}
