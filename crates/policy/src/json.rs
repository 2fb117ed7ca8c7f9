//! A strict JSON reader that remembers where everything stood.
//!
//! RFC 8259 with the ambiguities closed: duplicate member names are refused, nesting is at most [`MAX_DEPTH`],
//! a text at most [`MAX_LEN`] bytes, and numbers keep the digits they were written with.
//! INVARIANT: [`parse`] accepts exactly one value and never panics, whatever the text.

mod parser;
#[cfg(test)]
mod tests;

use std::fmt::{self, Write};

use crate::parse_error::Span;
pub use parser::parse;
pub(crate) use parser::parse_from;

/// Deepest nesting of arrays and objects.
pub const MAX_DEPTH: usize = 64;
/// Longest text, in bytes.
pub const MAX_LEN: usize = 256 * 1024;

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// From its first character to just after its last.
    pub span: Span,
}

/// A JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as written.
    Number(String),
    /// A string, with its escapes resolved.
    Text(String),
    /// An array.
    Array(Vec<Node>),
    /// An object; names are distinct and in the order written.
    Object(Vec<Member>),
}

/// One `name: value` of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The name.
    pub name: String,
    /// Where the name stands.
    pub span: Span,
    /// The value.
    pub value: Node,
}

impl Value {
    /// What this value is, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}

impl fmt::Display for Value {
    /// Writes the value as JSON without white space.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(digits) => f.write_str(digits),
            Self::Text(text) => write_text(f, text),
            Self::Array(items) => {
                f.write_char('[')?;
                for (index, item) in items.iter().enumerate() {
                    let comma = if index == 0 { "" } else { "," };
                    write!(f, "{comma}{item}")?;
                }
                f.write_char(']')
            }
            Self::Object(members) => {
                f.write_char('{')?;
                for (index, member) in members.iter().enumerate() {
                    f.write_str(if index == 0 { "" } else { "," })?;
                    write_text(f, &member.name)?;
                    write!(f, ":{}", member.value)?;
                }
                f.write_char('}')
            }
        }
    }
}

fn write_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            c if u32::from(c) < 0x20 => write!(f, "\\u{:04x}", u32::from(c))?,
            c => f.write_char(c)?,
        }
    }
    f.write_char('"')
}
