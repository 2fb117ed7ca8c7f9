//! Policy documents as they come in: parsed whole or refused, before anything changes.

use garita_model::{Error, Result};
use garita_policy::{ParseError, PolicyDocument, PolicyKind};

use super::quota::{POLICY_SIZE, TRUST_SIZE};
use garita_policy::document::counted_size;

/// What AWS says of a mistake it does not name.
const UNNAMED: &str = "Syntax errors in policy.";

/// Checks a document.
pub(super) fn parse(text: &str, kind: PolicyKind) -> Result<PolicyDocument> {
    PolicyDocument::parse(text, kind).map_err(|error| Error::MalformedPolicy(explain(&error)))
}

/// Checks a version of a managed policy.
pub(super) fn check_managed(text: &str) -> Result<()> {
    POLICY_SIZE.fits(counted_size(text))?;
    parse(text, PolicyKind::Identity).map(drop)
}

/// Checks the size of a trust policy.
pub(super) fn check_trust_size(text: &str) -> Result<()> {
    TRUST_SIZE.fits(counted_size(text))
}

/// AWS's own text for mistakes it names; for all others what is wrong, and where.
fn explain(error: &ParseError) -> String {
    if error.aws_message() == UNNAMED { error.to_string() } else { error.aws_message().to_owned() }
}
