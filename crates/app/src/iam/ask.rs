//! What a verb asks the judge: an action on a resource, with the condition keys IAM defines for it.
//!
//! Service Authorization Reference, "Actions, resources, and condition keys for AWS Identity and Access Management".

use garita_model::{AccountId, Error, Result, Tag};
use garita_store::Snapshot;

use crate::authorize::{Permit, Question, judge};
use crate::change::Change;
use crate::context::RequestContext;

/// A question with its condition keys, built up step by step.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    action: &'static str,
    resource: String,
    account: AccountId,
    keys: Vec<(String, String)>,
    tag_keys: Option<Vec<String>>,
}

impl Ask {
    /// An action on a resource that `account` owns.
    pub(super) fn new(action: &'static str, resource: impl Into<String>, account: AccountId) -> Self {
        Self { action, resource: resource.into(), account, keys: Vec::new(), tag_keys: None }
    }

    /// The same question about another resource: the ARN something is to have.
    pub(super) fn on(mut self, resource: String) -> Self {
        self.resource = resource;
        self
    }
    /// The resource has these tags.
    pub(super) fn on_tagged(mut self, tags: &[Tag]) -> Self {
        for tag in tags {
            self.keys.push((format!("aws:ResourceTag/{}", tag.key), tag.value.clone()));
            self.keys.push((format!("iam:ResourceTag/{}", tag.key), tag.value.clone()));
        }
        self
    }
    /// The request attaches or detaches this managed policy.
    pub(super) fn policy(mut self, arn: &str) -> Self {
        self.keys.push(("iam:PolicyARN".to_owned(), arn.to_owned()));
        self
    }
    /// The boundary the request sets, or else the one the principal has.
    pub(super) fn boundary(mut self, arn: Option<&str>) -> Self {
        self.keys.extend(arn.map(|arn| ("iam:PermissionsBoundary".to_owned(), arn.to_owned())));
        self
    }
    /// The request hands the role on to this service.
    pub(super) fn passed_to(mut self, service: &str) -> Self {
        self.keys.push(("iam:PassedToService".to_owned(), service.to_owned()));
        self
    }
    /// The request makes or deletes the role of this service.
    pub(super) fn linked_to(mut self, service: &str) -> Self {
        self.keys.push(("iam:AWSServiceName".to_owned(), service.to_owned()));
        self
    }
    /// The request sets these tags.
    pub(super) fn tagging(mut self, tags: &[Tag]) -> Self {
        self.keys.extend(tags.iter().map(|t| (format!("aws:RequestTag/{}", t.key), t.value.clone())));
        self.tag_keys((!tags.is_empty()).then(|| tags.iter().map(|t| t.key.clone()).collect()))
    }
    /// The request names these tag keys.
    pub(super) fn tag_keys(mut self, keys: Option<Vec<String>>) -> Self {
        self.tag_keys = keys;
        self
    }

    /// Judges the caller at the head.
    pub(super) fn judge(&self, change: &Change<'_>) -> Result<Permit> {
        self.question(self.action, |question| change.authorize(question))
    }
    /// Judges the caller of a read.
    pub(super) fn judge_read(&self, state: &Snapshot, cx: &RequestContext) -> Result<()> {
        self.question(self.action, |question| judge(state, cx, question, None)).map(drop)
    }
    /// Judges the caller of an operation that makes something: with tags, it needs the right to tag as well.
    pub(super) fn judge_making(&self, change: &Change<'_>, tag_action: &'static str) -> Result<Permit> {
        let permit = self.judge(change)?;
        if self.tag_keys.is_some() {
            self.question(tag_action, |question| change.authorize(question))?;
        }
        Ok(permit)
    }

    /// What tells this question from others about other things.
    pub(super) fn scope(&self) -> String {
        format!("{}\0{}\0{}", self.account, self.action, self.resource)
    }

    fn question<R>(&self, action: &str, answer: impl FnOnce(&Question<'_>) -> R) -> R {
        let keys: Vec<(&str, String)> = self.keys.iter().map(|(k, v)| (k.as_str(), v.clone())).collect();
        let lists: Vec<(&str, Vec<String>)> =
            self.tag_keys.iter().map(|keys| ("aws:TagKeys", keys.clone())).collect();
        let account = Some(self.account);
        answer(&Question { action, resource: &self.resource, account, keys: &keys, lists: &lists })
    }
}

/// The account whose IAM a request concerns: always the caller's own.
pub(super) fn own_account(cx: &RequestContext) -> Result<AccountId> {
    cx.caller().account().ok_or_else(|| Error::denied("the caller has no account"))
}
