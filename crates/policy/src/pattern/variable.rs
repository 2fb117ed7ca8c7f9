//! `${key}` and `${key, 'default'}`: a value of the request that stands in a policy.
//!
//! Only a key with a single value can be a variable; a key with several is as good as missing.
//! IAM User Guide, "Policy variables".

use crate::context::{KeyName, Probe, Values};
use crate::parse_error::quoted;

/// A variable of a policy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Variable {
    key: KeyName,
    default: Option<Box<str>>,
}

/// Why a `${` does not begin a variable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("variable {text} {problem}")]
pub struct VariableError {
    text: String,
    problem: &'static str,
}

fn error(text: &str, problem: &'static str) -> VariableError {
    VariableError { text: quoted(text), problem }
}

/// Splits what follows `${` at the closing brace, which may not stand in a quoted default.
pub(super) fn split(inside: &str) -> Result<(&str, &str), VariableError> {
    let mut in_quotes = false;
    for (at, c) in inside.char_indices() {
        match c {
            '\'' => in_quotes = !in_quotes,
            '}' if !in_quotes => {
                let expression = inside.get(..at).unwrap_or_default();
                return Ok((expression, inside.get(at + 1..).unwrap_or_default()));
            }
            _ => {}
        }
    }
    Err(error(&format!("${{{inside}"), "has no closing brace"))
}

impl Variable {
    /// Reads what stands between the braces.
    pub(super) fn parse(expression: &str) -> Result<Self, VariableError> {
        let fail = |problem| Err(error(&format!("${{{expression}}}"), problem));
        let (key, default) = match expression.split_once(',') {
            Some((key, default)) => (key, Some(default.trim())),
            None => (expression, None),
        };
        if key.is_empty() {
            return fail("names no key");
        }
        if key.trim() != key || key.contains(['$', '{', '\'']) {
            return fail("is not a condition key");
        }
        let default = match default {
            None => None,
            Some(quoted) => match quoted.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')) {
                Some(text) => Some(text.into()),
                None => return fail("has a default without single quotes"),
            },
        };
        Ok(Self { key: KeyName::new(key), default })
    }

    /// The key it names, as written.
    pub fn key(&self) -> &str {
        self.key.as_str()
    }

    pub(crate) fn key_name(&self) -> &KeyName {
        &self.key
    }

    /// Its value in a request: the key's only value, else the default.
    pub(super) fn value<'v>(&'v self, probe: &Probe<'v>) -> Option<&'v str> {
        let found = if self.default.is_some() { probe.find(&self.key) } else { probe.get(&self.key) };
        match found {
            Some(Values::One(value)) => Some(value),
            Some(Values::Many(_)) => None,
            None => self.default.as_deref(),
        }
    }
}
