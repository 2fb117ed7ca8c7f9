//! Managed policies by ARN: the account's own, and those that are part of the program.
//!
//! INVARIANT: a policy of another account is not found here, whatever the caller may do there.

use std::sync::Arc;

use garita_model::{AccountId, Arn, Error, ManagedPolicy, Result, Tag, VersionId};
use garita_store::{AwsManagedPolicy, Snapshot, aws_managed};

use super::ask::Ask;
use super::entity::iam_arn;

/// An ARN that has the form of a managed policy's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PolicyArn {
    text: String,
    /// None for AWS's own.
    owner: Option<AccountId>,
}

/// A managed policy.
#[derive(Clone)]
pub(super) enum Managed {
    Own(Arc<ManagedPolicy>),
    Aws(&'static AwsManagedPolicy),
}

impl PolicyArn {
    /// Reads the ARN of a managed policy.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let unreadable = || Error::invalid("policyArn", "Invalid ARN:  Could not be parsed!");
        let arn: Arn = text.parse().map_err(|_| unreadable())?;
        let fits = arn.partition() == "aws" && arn.service() == "iam" && arn.region().is_empty();
        let named = arn.resource().strip_prefix("policy/").is_some_and(|name| !name.is_empty());
        if !(fits && named) {
            return Err(Error::InvalidInput(format!("ARN {text} is not valid.")));
        }
        let owner = match arn.account() {
            "aws" => None,
            account => Some(account.parse().map_err(|_| unreadable())?),
        };
        Ok(Self { text: text.to_owned(), owner })
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// The policy, when it belongs to `account` or to AWS.
    pub(super) fn find(&self, state: &Snapshot, account: AccountId) -> Option<Managed> {
        match self.owner {
            Some(owner) if owner != account => None,
            Some(_) => state.managed_policy_by_arn(&self.text).cloned().map(Managed::Own),
            None => aws_managed().iter().find(|policy| policy.arn == self.text).map(Managed::Aws),
        }
    }

    /// The policy, or that it was not found.
    pub(super) fn get(&self, state: &Snapshot, account: AccountId) -> Result<Managed> {
        self.find(state, account).ok_or_else(|| not_found(&self.text))
    }

    /// The policy, for a change of the policy itself.
    pub(super) fn own(&self, state: &Snapshot, account: AccountId) -> Result<Arc<ManagedPolicy>> {
        match self.get(state, account)? {
            Managed::Own(policy) => Ok(policy),
            Managed::Aws(_) => Err(Error::denied("Policy is outside your own account.")),
        }
    }

    /// The question whether an action is allowed on it. Another account's policy is that account's to give.
    pub(super) fn ask(&self, action: &'static str, state: &Snapshot, account: AccountId) -> Ask {
        let ask = Ask::new(action, self.text.as_str(), self.owner.unwrap_or(account));
        match self.find(state, account) {
            Some(policy) => ask.on_tagged(policy.tags()),
            None => ask,
        }
    }
}

impl Managed {
    pub(super) fn arn(&self) -> String {
        match self {
            Self::Own(policy) => {
                iam_arn(policy.account, "policy", policy.path.as_str(), policy.name.as_str())
            }
            Self::Aws(policy) => policy.arn.to_owned(),
        }
    }
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Own(policy) => policy.name.as_str(),
            Self::Aws(policy) => policy.name,
        }
    }
    pub(super) fn path(&self) -> &str {
        match self {
            Self::Own(policy) => policy.path.as_str(),
            Self::Aws(_) => "/",
        }
    }
    pub(super) fn default_version(&self) -> VersionId {
        match self {
            Self::Own(policy) => policy.default_version,
            Self::Aws(_) => VersionId(1),
        }
    }
    /// By what it stands in lists: those AWS names come first.
    pub(super) fn list_key(&self) -> String {
        let rank = match self {
            Self::Aws(_) => "0",
            Self::Own(_) => "1",
        };
        format!("{rank}{}", self.name().to_ascii_lowercase())
    }
    pub(super) fn tags(&self) -> &[Tag] {
        match self {
            Self::Own(policy) => &policy.tags,
            Self::Aws(_) => &[],
        }
    }
}

/// That a policy is not there.
pub(super) fn not_found(arn: &str) -> Error {
    Error::NotFound(format!("Policy {arn} was not found."))
}

/// Checks that a policy can be attached.
pub(super) fn must_be_attachable(state: &Snapshot, account: AccountId, arn: &PolicyArn) -> Result<()> {
    let message = || format!("Policy {} does not exist or is not attachable.", arn.as_str());
    arn.find(state, account).map(drop).ok_or_else(|| Error::NotFound(message()))
}

/// Checks that a policy can be a permissions boundary.
pub(super) fn must_be_boundary(state: &Snapshot, account: AccountId, arn: Option<&str>) -> Result<()> {
    let Some(text) = arn else { return Ok(()) };
    let message = || format!("Scope ARN: {text} does not exist or is not attachable.");
    PolicyArn::parse(text)?.find(state, account).map(drop).ok_or_else(|| Error::NotFound(message()))
}
