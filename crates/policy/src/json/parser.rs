//! The reader itself: one character of look-ahead, one pass.
//!
//! INVARIANT: recursion is bounded by `MAX_DEPTH`; the cursor only moves forward. Grammar: RFC 8259 sections 2-7.

use std::collections::HashSet;

use super::{MAX_DEPTH, MAX_LEN, Member, Node, Value};
use crate::parse_error::{ParseError, Position, Span, quoted};

/// Reads one JSON value that fills `text`.
///
/// # Errors
/// When `text` is not JSON, repeats a member name, nests deeper than [`MAX_DEPTH`] or is longer than [`MAX_LEN`].
///
/// ```
/// let node = garita_policy::json::parse("{\"a\": [1, true]}").unwrap();
/// assert_eq!(node.to_string(), "{\"a\":[1,true]}");
/// let error = garita_policy::json::parse("{\"a\": 1,\n \"a\": 2}").unwrap_err();
/// assert_eq!(error.to_string(), "duplicate key `a` at line 2 column 2");
/// ```
pub fn parse(text: &str) -> Result<Node, ParseError> {
    if text.len() > MAX_LEN {
        return Err(ParseError::new(Position::START, format!("text is longer than {MAX_LEN} bytes")));
    }
    parse_from(text, Position::START)
}

/// As [`parse`], for a text of any length that begins at `start` of a larger one.
pub(crate) fn parse_from(text: &str, start: Position) -> Result<Node, ParseError> {
    let mut cursor = Cursor { rest: text, position: start };
    cursor.skip_space();
    let node = cursor.node(0)?;
    cursor.skip_space();
    match cursor.peek() {
        None => Ok(node),
        Some(c) => Err(cursor.unexpected(c, "the end of the text")),
    }
}

struct Cursor<'a> {
    rest: &'a str,
    position: Position,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let next = chars.next()?;
        self.rest = chars.as_str();
        self.position = self.position.after(next);
        Some(next)
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(' ' | '\t' | '\n' | '\r')) {
            self.bump();
        }
    }

    fn error(&self, message: impl Into<String>) -> ParseError {
        ParseError::new(self.position, message)
    }

    fn unexpected(&self, found: char, wanted: &str) -> ParseError {
        self.error(format!(
            "invalid JSON: {} where {wanted} is wanted",
            quoted(found.encode_utf8(&mut [0; 4]))
        ))
    }

    /// The error for whatever stands here, which is not `wanted`.
    fn wanted(&self, wanted: &str) -> ParseError {
        match self.peek() {
            Some(c) => self.unexpected(c, wanted),
            None => self.error(format!("invalid JSON: the text ends where {wanted} is wanted")),
        }
    }

    fn take(&mut self, wanted: char) -> Result<(), ParseError> {
        if self.peek() == Some(wanted) {
            self.bump();
            Ok(())
        } else {
            Err(self.wanted(&format!("`{wanted}`")))
        }
    }

    fn node(&mut self, depth: usize) -> Result<Node, ParseError> {
        if depth > MAX_DEPTH {
            return Err(self.error(format!("nested deeper than {MAX_DEPTH}")));
        }
        let start = self.position;
        let value = match self.peek() {
            Some('{') => self.object(depth)?,
            Some('[') => self.array(depth)?,
            Some('"') => Value::Text(self.text()?),
            Some('-' | '0'..='9') => self.number()?,
            Some('t') => self.word("true", Value::Bool(true))?,
            Some('f') => self.word("false", Value::Bool(false))?,
            Some('n') => self.word("null", Value::Null)?,
            _ => return Err(self.wanted("a value")),
        };
        Ok(Node { value, span: Span { start, end: self.position } })
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, ParseError> {
        for c in word.chars() {
            if self.peek() != Some(c) {
                return Err(self.wanted(&format!("`{word}`")));
            }
            self.bump();
        }
        Ok(value)
    }

    fn object(&mut self, depth: usize) -> Result<Value, ParseError> {
        let mut members = Vec::new();
        let mut names = HashSet::new();
        self.take('{')?;
        self.skip_space();
        if self.peek() == Some('}') {
            self.bump();
            return Ok(Value::Object(members));
        }
        loop {
            self.skip_space();
            let member = self.member(depth)?;
            if !names.insert(member.name.clone()) {
                let message = format!("duplicate key {}", quoted(&member.name));
                return Err(ParseError::new(member.span.start, message));
            }
            members.push(member);
            if self.more('}')? {
                continue;
            }
            return Ok(Value::Object(members));
        }
    }

    fn member(&mut self, depth: usize) -> Result<Member, ParseError> {
        let start = self.position;
        if self.peek() != Some('"') {
            return Err(self.wanted("a quoted key"));
        }
        let name = self.text()?;
        let span = Span { start, end: self.position };
        self.skip_space();
        self.take(':')?;
        self.skip_space();
        Ok(Member { name, span, value: self.node(depth + 1)? })
    }

    fn array(&mut self, depth: usize) -> Result<Value, ParseError> {
        let mut items = Vec::new();
        self.take('[')?;
        self.skip_space();
        if self.peek() == Some(']') {
            self.bump();
            return Ok(Value::Array(items));
        }
        loop {
            self.skip_space();
            items.push(self.node(depth + 1)?);
            if !self.more(']')? {
                return Ok(Value::Array(items));
            }
        }
    }

    /// After an element: `true` after a comma, `false` after `close`.
    fn more(&mut self, close: char) -> Result<bool, ParseError> {
        self.skip_space();
        match self.peek() {
            Some(',') => {
                self.bump();
                Ok(true)
            }
            Some(c) if c == close => {
                self.bump();
                Ok(false)
            }
            _ => Err(self.wanted(&format!("`,` or `{close}`"))),
        }
    }

    fn number(&mut self) -> Result<Value, ParseError> {
        let mut digits = String::new();
        if self.peek() == Some('-') {
            digits.extend(self.bump());
        }
        if self.peek() == Some('0') {
            digits.extend(self.bump());
        } else {
            self.digits(&mut digits)?;
        }
        if self.peek() == Some('.') {
            digits.extend(self.bump());
            self.digits(&mut digits)?;
        }
        if matches!(self.peek(), Some('e' | 'E')) {
            digits.extend(self.bump());
            if matches!(self.peek(), Some('+' | '-')) {
                digits.extend(self.bump());
            }
            self.digits(&mut digits)?;
        }
        Ok(Value::Number(digits))
    }

    fn digits(&mut self, out: &mut String) -> Result<(), ParseError> {
        if !self.peek().is_some_and(|c| c.is_ascii_digit()) {
            return Err(self.wanted("a digit"));
        }
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            out.extend(self.bump());
        }
        Ok(())
    }

    fn text(&mut self) -> Result<String, ParseError> {
        let mut out = String::new();
        self.take('"')?;
        loop {
            match self.peek() {
                Some('"') => {
                    self.bump();
                    return Ok(out);
                }
                Some('\\') => out.push(self.escape()?),
                Some(c) if u32::from(c) >= 0x20 => out.extend(self.bump()),
                Some(_) => return Err(self.error("invalid JSON: control character in a string")),
                None => return Err(self.error("invalid JSON: the text ends inside a string")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, ParseError> {
        let start = self.position;
        self.bump();
        let plain = match self.peek() {
            Some(c @ ('"' | '\\' | '/')) => c,
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => return self.unicode_escape(start),
            _ => return Err(self.wanted("an escape")),
        };
        self.bump();
        Ok(plain)
    }

    /// `\uXXXX`, or two of them for a character beyond U+FFFF (RFC 8259 section 7).
    fn unicode_escape(&mut self, start: Position) -> Result<char, ParseError> {
        let lone = || ParseError::new(start, "invalid JSON: half a surrogate pair");
        let first = self.hex()?;
        if !(0xD800..0xE000).contains(&first) {
            return char::from_u32(first).ok_or_else(lone);
        }
        if self.peek() != Some('\\') {
            return Err(lone());
        }
        self.bump();
        if self.peek() != Some('u') {
            return Err(lone());
        }
        let second = self.hex()?;
        if first >= 0xDC00 || !(0xDC00..0xE000).contains(&second) {
            return Err(lone());
        }
        char::from_u32(0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00)).ok_or_else(lone)
    }

    /// The four digits after `\u`; the cursor stands on the `u`.
    fn hex(&mut self) -> Result<u32, ParseError> {
        self.bump();
        let mut code = 0;
        for _ in 0..4 {
            let Some(digit) = self.peek().and_then(|c| c.to_digit(16)) else {
                return Err(self.wanted("a hexadecimal digit"));
            };
            code = code * 16 + digit;
            self.bump();
        }
        Ok(code)
    }
}
