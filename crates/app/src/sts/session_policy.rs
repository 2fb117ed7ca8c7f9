//! Session policies: what may be given, and how much of the allowed size it takes.

use garita_model::tag::Tag;
use garita_model::{AccountId, Arn, Error, Result};
use garita_policy::PolicyKind;
use garita_store::Snapshot;

use crate::iam::document;

/// Most characters of inline session policy, and the measure of `PackedPolicySize`.
const MAX_POLICY: usize = 2_048;
/// Most managed policies given as session policies.
const MAX_POLICY_ARNS: usize = 10;

/// Whether policies may be given to a session of an account: an inline one, and managed ones by ARN.
pub(super) fn check_policies(
    state: &Snapshot,
    account: AccountId,
    policy: Option<&str>,
    arns: &[String],
) -> Result<()> {
    if arns.len() > MAX_POLICY_ARNS {
        return Err(Error::LimitExceeded("a session takes at most 10 policy ARNs".to_owned()));
    }
    for text in arns {
        let arn: Arn =
            text.parse().map_err(|_| Error::invalid("policyArns", format!("{text} is invalid")))?;
        let ours = arn.account() == "aws" || arn.account() == account.to_string();
        if !ours || state.policy_by_arn(text).is_none() {
            return Err(Error::MalformedPolicy(format!(
                "the session policy `{text}` does not exist in account {account}"
            )));
        }
    }
    let Some(policy) = policy else { return Ok(()) };
    if policy.chars().count() > MAX_POLICY {
        return Err(Error::PackedPolicyTooLarge(format!(
            "Serialized token too large for session: a session policy has at most {MAX_POLICY} characters"
        )));
    }
    document::parse(policy, PolicyKind::Session).map(drop)
}

/// Percent of the allowed size; none without policies and tags, as AWS answers.
pub(super) fn packed_size(policy: Option<&str>, arns: &[String], tags: &[Tag]) -> Option<usize> {
    let tags: usize = tags.iter().map(|t| t.key.len() + t.value.len()).sum();
    let size = policy.map_or(0, str::len) + arns.iter().map(String::len).sum::<usize>() + tags;
    // A full policy, ten ARNs and fifty full tags together are 100 %.
    (size > 0).then(|| (size * 100).div_ceil(MAX_POLICY + 10 * 2_048 + 50 * (128 + 256)).min(100))
}
