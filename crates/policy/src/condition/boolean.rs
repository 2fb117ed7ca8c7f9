//! `Bool`, and the `true` or `false` of `Null`.
//!
//! A `Bool` value may be a variable; the request's value is compared without regard to case.
//! IAM User Guide, "Boolean condition operators", "Condition operator to check existence of condition keys".

use crate::context::Probe;
use crate::parse_error::quoted;
use crate::pattern::{Match, Pattern, Rest, Syntax, Variable, fold};

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Flag(Pattern);

impl Flag {
    pub(super) fn operand(text: &str, variables: bool) -> Result<Self, String> {
        let syntax = Syntax { variables, fold: true, wildcards: false };
        let pattern = Pattern::parse(text, syntax).map_err(|error| error.to_string())?;
        if !pattern.has_variables() {
            literal(text)?;
        }
        Ok(Self(pattern))
    }

    pub(super) fn matches(&self, value: &str, probe: &Probe<'_>) -> bool {
        let word = ["true", "false"].into_iter().find(|word| word.eq_ignore_ascii_case(value));
        word.is_some_and(|word| self.0.matches(word, probe) == Match::Yes)
    }

    /// What it is, unless it is a variable.
    pub(super) fn literal(&self) -> Option<bool> {
        match self.0.beginning() {
            (word, Rest::End) => Some(word == "true"),
            _ => None,
        }
    }

    pub(super) fn variables(&self) -> impl Iterator<Item = &Variable> {
        self.0.variables()
    }
}

/// Reads `true` or `false`, in either case.
pub(super) fn literal(text: &str) -> Result<bool, String> {
    match &*fold(text) {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(format!("{} is neither `true` nor `false`", quoted(text))),
    }
}
