//! Policy documents as they come in: parsed whole or refused, before anything changes.

use garita_model::{Error, Result};
use garita_policy::{ParseError, PolicyDocument, PolicyKind};

use super::quota::{POLICY_SIZE, TRUST_SIZE};
use garita_policy::document::counted_size;

/// What AWS says of a trust policy that is no JSON, as recorded there.
const RECORDED: &str = "This policy contains invalid Json";

/// Checks a document.
pub(crate) fn parse(text: &str, kind: PolicyKind) -> Result<PolicyDocument> {
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

/// AWS's words for the mistake, then what is wrong and where.
fn explain(error: &ParseError) -> String {
    match error.aws_message() {
        // The one text that clients are known to compare whole.
        text @ RECORDED => text.to_owned(),
        text => format!("{text} ({error})"),
    }
}
