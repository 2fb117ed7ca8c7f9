//! Where in a policy's text something stands, and what is wrong there.
//!
//! INVARIANT: lines and columns count from 1, columns in characters; offsets count bytes from 0.
//! Every error has two texts: Garita's own, which names the place, and the one AWS sends with
//! `MalformedPolicyDocument`, for clients that compare it.

use std::borrow::Cow;
use std::fmt;

/// A place in a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Bytes before this place.
    pub offset: usize,
}

impl Position {
    /// The first character of a text.
    pub const START: Self = Self { line: 1, column: 1, offset: 0 };

    /// The place after `passed`, which stands at this place.
    pub(crate) fn after(mut self, passed: char) -> Self {
        self.offset += passed.len_utf8();
        if passed == '\n' {
            self.line = self.line.saturating_add(1);
            self.column = 1;
        } else {
            self.column = self.column.saturating_add(1);
        }
        self
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} column {}", self.line, self.column)
    }
}

/// A stretch of a text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Span {
    /// The first character.
    pub start: Position,
    /// Just after the last character.
    pub end: Position,
}

/// Why a text is not a policy, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParseError {
    position: Position,
    message: String,
    aws: Cow<'static, str>,
}

impl ParseError {
    pub(crate) fn new(position: Position, message: impl Into<String>) -> Self {
        Self { position, message: message.into(), aws: Cow::Borrowed("Syntax errors in policy.") }
    }

    /// The same error with the text AWS uses for it.
    pub(crate) fn aws(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        self.aws = text.into();
        self
    }

    /// Where it is wrong.
    pub fn position(&self) -> Position {
        self.position
    }

    /// What is wrong, without the place.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The text AWS gives with `MalformedPolicyDocument` for this mistake.
    pub fn aws_message(&self) -> &str {
        &self.aws
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.message, self.position)
    }
}

impl std::error::Error for ParseError {}

/// User's text as it may stand in a message: at most 128 characters, control characters escaped.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from("`");
    for c in text.chars().take(128) {
        if c.is_control() {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    if text.chars().nth(128).is_some() {
        out.push('…');
    }
    out.push('`');
    out
}
