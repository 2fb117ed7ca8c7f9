//! The `Action` element: `*` or `service:name`, with wildcards in the name.
//!
//! Case does not matter. A name may hold anything but a second colon: AWS stores names with spaces or commas,
//! and they match nothing.
//! IAM User Guide, "IAM JSON policy elements: Action".

use crate::context::{Context, Probe};
use crate::parse_error::quoted;
use crate::pattern::{Match, Pattern, Syntax, fold};

/// A compiled value of `Action` or `NotAction`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ActionPattern {
    text: Box<str>,
    pattern: Pattern,
}

/// An action that is not a pattern: Garita's text for it and AWS's.
pub(super) struct BadAction {
    pub(super) message: String,
    pub(super) aws: String,
}

/// The actions a trust policy may speak of.
const STS_ACTIONS: [&str; 6] = [
    "sts:assumerole",
    "sts:assumerolewithsaml",
    "sts:assumerolewithwebidentity",
    "sts:tagsession",
    "sts:setsourceidentity",
    "sts:setcontext",
];

impl ActionPattern {
    pub(super) fn parse(text: &str) -> Result<Self, BadAction> {
        check_shape(text)?;
        let syntax = Syntax { wildcards: true, fold: true, variables: false };
        let pattern = Pattern::parse(text, syntax).map_err(|error| BadAction {
            message: error.to_string(),
            aws: "Syntax errors in policy.".to_owned(),
        })?;
        Ok(Self { text: text.into(), pattern })
    }

    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it covers `action`, in any case.
    pub fn matches(&self, action: &str) -> bool {
        self.matches_folded(&fold(action), &Probe::new(&Context::new()))
    }

    /// The pattern, to match folded names with.
    pub(crate) fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    pub(crate) fn matches_folded(&self, action: &str, probe: &Probe<'_>) -> bool {
        self.pattern.matches(action, probe) == Match::Yes
    }

    /// Whether it speaks of actions that a trust policy can grant, and of no other service.
    pub(super) fn is_for_trust(&self) -> bool {
        self.text.get(..4).is_some_and(|vendor| vendor.eq_ignore_ascii_case("sts:"))
            && STS_ACTIONS.iter().any(|action| self.matches(action))
    }
}

fn check_shape(text: &str) -> Result<(), BadAction> {
    let bad = |message: String, aws: String| Err(BadAction { message, aws });
    if text == "*" {
        return Ok(());
    }
    let Some((vendor, name)) = text.split_once(':') else {
        let aws = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";
        return bad(format!("action {} names no service before a colon", quoted(text)), aws.to_owned());
    };
    if name.contains(':') {
        let aws = "Actions/Condition can contain only one colon.";
        return bad(format!("action {} has more than one colon", quoted(text)), aws.to_owned());
    }
    let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    if vendor != "*" && (vendor.is_empty() || !vendor.chars().all(letters)) {
        let message = format!("service {} of action {} is not valid", quoted(vendor), quoted(text));
        return bad(message, format!("Vendor {vendor} is not valid"));
    }
    if name.is_empty() {
        let message = format!("action {} names no action after the colon", quoted(text));
        return bad(message, "Syntax errors in policy.".to_owned());
    }
    Ok(())
}
