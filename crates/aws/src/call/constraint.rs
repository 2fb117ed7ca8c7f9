//! The constraints of AWS's API models, and what AWS says when one is broken.
//!
//! The texts are AWS's own: `1 validation error detected: Value at 'status' failed to satisfy constraint: ...`.

use std::fmt;
use std::ops::RangeInclusive;

use garita_model::Error;

use crate::call::lower_camel;

/// A constraint that was broken.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Constraint<'a> {
    AtLeast(i64),
    AtMost(i64),
    NotShorter(usize),
    NotLonger(usize),
    Pattern(&'static str),
    OneOf(&'a str),
}

/// The characters a text may have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Alphabet {
    /// AWS's pattern, for the message.
    pub(crate) pattern: &'static str,
    /// What it allows besides letters, digits and `_`; none when anything goes.
    pub(crate) besides_word: Option<&'static str>,
}

impl Alphabet {
    /// Anything.
    pub(crate) const ANY: Self = Self { pattern: "", besides_word: None };

    fn has(self, text: &str) -> bool {
        let Some(besides) = self.besides_word else { return true };
        text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || besides.contains(c))
    }
}

impl Constraint<'_> {
    /// The first constraint a text breaks.
    pub(crate) fn of_text(text: &str, length: RangeInclusive<usize>, alphabet: Alphabet) -> Option<Self> {
        let characters = text.chars().count();
        if characters < *length.start() {
            Some(Self::NotShorter(*length.start()))
        } else if characters > *length.end() {
            Some(Self::NotLonger(*length.end()))
        } else {
            (!alphabet.has(text)).then_some(Self::Pattern(alphabet.pattern))
        }
    }

    /// The error for the parameter `name`; `value` is shown if given.
    pub(crate) fn broken(self, name: &'static str, value: Option<&str>) -> Error {
        let value = value.map(|v| format!(" '{v}'")).unwrap_or_default();
        let field = lower_camel(name);
        Error::invalid(
            name,
            format!(
                "1 validation error detected: Value{value} at '{field}' failed to satisfy constraint: {self}"
            ),
        )
    }
}

impl fmt::Display for Constraint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(bound) => write!(f, "Member must have value greater than or equal to {bound}"),
            Self::AtMost(bound) => write!(f, "Member must have value less than or equal to {bound}"),
            Self::NotShorter(bound) => write!(f, "Member must have length greater than or equal to {bound}"),
            Self::NotLonger(bound) => write!(f, "Member must have length less than or equal to {bound}"),
            Self::Pattern(pattern) => write!(f, "Member must satisfy regular expression pattern: {pattern}"),
            Self::OneOf(set) => write!(f, "Member must satisfy enum value set: [{set}]"),
        }
    }
}
