//! `ArnEquals`, `ArnLike` and their negations: ARNs compared part by part.
//!
//! `ArnEquals` means the same as `ArnLike`. Each of the six parts has its own wildcards, so a `*` in the region
//! never reaches into the account. `*` alone matches any ARN, and a value that stops early at a `*` goes on with
//! `*`; a value that is a single variable is compared whole.
//! IAM User Guide, "Amazon Resource Name (ARN) condition operators".

use crate::context::Probe;
use crate::pattern::{Match, Pattern, Syntax, Variable};
use crate::resource::{ArnParts, match_parts, split_pattern};

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum ArnPattern {
    Parts(Vec<Pattern>),
    Whole(Pattern),
    Nothing,
}

impl ArnPattern {
    pub(super) fn operand(text: &str, variables: bool) -> Result<Self, String> {
        let syntax = Syntax { wildcards: true, variables, fold: false };
        let compile = |part: &str| Pattern::parse(part, syntax).map_err(|error| error.to_string());
        let whole = compile(text)?;
        if whole.is_one_variable() {
            return Ok(Self::Whole(whole));
        }
        let mut parts = split_pattern(text, variables);
        if parts.len() < 6 {
            if parts.last().is_none_or(|last| !last.ends_with('*')) {
                return Ok(Self::Nothing);
            }
            parts.resize(6, "*");
        }
        Ok(Self::Parts(parts.into_iter().map(compile).collect::<Result<_, _>>()?))
    }

    pub(super) fn matches(&self, value: &str, probe: &Probe<'_>) -> bool {
        ArnParts::split(value).is_some_and(|arn| self.matches_parts(value, &arn, probe))
    }

    /// As [`Self::matches`]; `arn` is `value`, cut.
    pub(super) fn matches_parts(&self, value: &str, arn: &ArnParts<'_>, probe: &Probe<'_>) -> bool {
        match self {
            Self::Parts(patterns) => match_parts(patterns, arn, probe) == Match::Yes,
            Self::Whole(pattern) => pattern.matches(value, probe) == Match::Yes,
            Self::Nothing => false,
        }
    }

    pub(super) fn variables(&self) -> impl Iterator<Item = &Variable> {
        let patterns = match self {
            Self::Parts(patterns) => patterns.as_slice(),
            Self::Whole(pattern) => std::slice::from_ref(pattern),
            Self::Nothing => &[],
        };
        patterns.iter().flat_map(Pattern::variables)
    }
}
