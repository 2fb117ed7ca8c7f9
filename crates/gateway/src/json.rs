//! A JSON body, read strictly and written anew in one pass.
//!
//! RFC 8259 with the ambiguities closed: UTF-8 without a mark, an object at the top, no member name twice, no lone
//! surrogate, bounded depth. Python's `NaN` and `Infinity` are taken, and sent on as the strings that protobuf's
//! JSON mapping has for them. Numbers keep the digits they were written with.
//!
//! INVARIANT: [`JsonObject::bytes`] is the only body that reaches an upstream, and every JSON reader reads the same
//! in it.

use std::collections::HashSet;
use std::fmt::Write as _;

use crate::field::{self, FieldError};

/// Deepest nesting of arrays and objects.
pub const MAX_DEPTH: usize = 100;

/// Why a body is refused. Its text is for the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// UTF-16, a byte order mark, or broken UTF-8.
    #[error("the body is not UTF-8 without a byte order mark")]
    NotUtf8,
    /// Something else than an object at the top.
    #[error("the body must be a JSON object")]
    NotAnObject,
    /// Not JSON; holds the byte offset.
    #[error("the body is not JSON (byte {0})")]
    Syntax(usize),
    /// A member name twice in one object.
    #[error("the body holds the name `{0}` twice in one object")]
    Repeated(String),
    /// Deeper than [`MAX_DEPTH`].
    #[error("the body is nested deeper than 100 levels")]
    TooDeep,
    /// A field that must not stand as it does.
    #[error("in the body, {0}")]
    Field(#[from] FieldError),
}

/// A JSON object in canonical form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonObject {
    text: String,
}

impl JsonObject {
    /// Reads a body.
    ///
    /// # Errors
    /// [`JsonError`] for whatever an upstream could read in another way than we do.
    pub fn parse(body: &[u8]) -> Result<Self, JsonError> {
        let text = std::str::from_utf8(body).map_err(|_| JsonError::NotUtf8)?;
        if text.starts_with('\u{feff}') {
            return Err(JsonError::NotUtf8);
        }
        let mut reader = Reader { text, at: 0, out: String::with_capacity(text.len()) };
        reader.space();
        if reader.peek() != Some(b'{') {
            return Err(JsonError::NotAnObject);
        }
        let members = reader.object(0)?;
        reader.space();
        if reader.at != text.len() {
            return Err(JsonError::Syntax(reader.at));
        }
        check_members(&reader.out, &members)?;
        Ok(Self { text: reader.out })
    }

    /// The canonical bytes.
    pub fn bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// The canonical bytes, given up.
    pub fn into_bytes(self) -> Vec<u8> {
        self.text.into_bytes()
    }
}

/// The name of a member and where its value stands in the output.
type Members = Vec<(String, std::ops::Range<usize>)>;

fn check_members(out: &str, members: &Members) -> Result<(), JsonError> {
    field::check_names(members.iter().map(|(name, _)| name.as_str()), &[])?;
    let text_of = |name: &str| {
        let (_, range) = members.iter().find(|(other, _)| other == name)?;
        serde_json::from_str::<String>(out.get(range.clone())?).ok()
    };
    field::check_run_id(text_of("run_id").as_deref(), text_of("run_uuid").as_deref())?;
    field::check_tag(text_of("key").as_deref(), text_of("value").as_deref())?;
    for (name, range) in members {
        let value = out.get(range.clone()).unwrap_or_default();
        match field::snake_case(name).as_str() {
            "experiment_id" if value != "null" => {
                let text = serde_json::from_str(value).unwrap_or_else(|_| value.to_owned());
                field::check_experiment_id(name, &text)?;
            }
            "experiment_ids" if value != "null" => {
                let wrong = |_| FieldError::ExperimentId(name.clone());
                for id in serde_json::from_str::<Vec<String>>(value).map_err(wrong)? {
                    field::check_experiment_id(name, &id)?;
                }
            }
            "artifact_location" if value != "null" => {
                let text = serde_json::from_str::<String>(value).unwrap_or_else(|_| value.to_owned());
                field::check_artifact_location(name, &text)?;
            }
            _ => {}
        }
    }
    Ok(())
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    out: String,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }
    fn fail<T>(&self) -> Result<T, JsonError> {
        Err(JsonError::Syntax(self.at))
    }
    fn take(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        if there {
            self.at += 1;
        }
        there
    }
    fn expect(&mut self, byte: u8) -> Result<(), JsonError> {
        if self.take(byte) {
            self.out.push(char::from(byte));
            return Ok(());
        }
        self.fail()
    }

    fn value(&mut self, depth: usize) -> Result<(), JsonError> {
        match self.peek() {
            Some(b'{') => self.object(depth).map(drop),
            Some(b'[') => self.array(depth),
            Some(b'"') => {
                let text = self.string()?;
                write_string(&mut self.out, &text);
                Ok(())
            }
            Some(b'-' | b'0'..=b'9' | b'N' | b'I') => self.number(),
            _ => ["true", "false", "null"]
                .into_iter()
                .find_map(|word| self.word(word, word))
                .map_or_else(|| self.fail(), Ok),
        }
    }

    /// Takes a word, if it is there, and writes what stands for it.
    fn word(&mut self, word: &str, written: &str) -> Option<()> {
        self.text.get(self.at..)?.strip_prefix(word)?;
        self.at += word.len();
        self.out.push_str(written);
        Some(())
    }

    fn object(&mut self, depth: usize) -> Result<Members, JsonError> {
        if depth >= MAX_DEPTH {
            return Err(JsonError::TooDeep);
        }
        self.expect(b'{')?;
        let (mut members, mut names) = (Members::new(), HashSet::new());
        self.space();
        while !self.take(b'}') {
            if !members.is_empty() {
                self.expect(b',')?;
                self.space();
            }
            let name = self.string()?;
            if !names.insert(name.clone()) {
                return Err(JsonError::Repeated(name.chars().take(64).collect()));
            }
            write_string(&mut self.out, &name);
            self.space();
            self.expect(b':')?;
            self.space();
            let start = self.out.len();
            self.value(depth + 1)?;
            members.push((name, start..self.out.len()));
            self.space();
        }
        self.out.push('}');
        Ok(members)
    }

    fn array(&mut self, depth: usize) -> Result<(), JsonError> {
        if depth >= MAX_DEPTH {
            return Err(JsonError::TooDeep);
        }
        self.expect(b'[')?;
        self.space();
        let mut first = true;
        while !self.take(b']') {
            if !first {
                self.expect(b',')?;
                self.space();
            }
            first = false;
            self.value(depth + 1)?;
            self.space();
        }
        self.out.push(']');
        Ok(())
    }

    fn string(&mut self) -> Result<String, JsonError> {
        if !self.take(b'"') {
            return self.fail();
        }
        let mut text = String::new();
        loop {
            let Some(c) = self.text.get(self.at..).and_then(|rest| rest.chars().next()) else {
                return self.fail();
            };
            self.at += c.len_utf8();
            match c {
                '"' => return Ok(text),
                '\\' => text.push(self.escape()?),
                '\u{0}'..='\u{1f}' => return self.fail(),
                _ => text.push(c),
            }
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let Some(byte) = self.peek() else { return self.fail() };
        self.at += 1;
        Ok(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(),
            _ => return self.fail(),
        })
    }

    fn unicode(&mut self) -> Result<char, JsonError> {
        let high = self.hex4()?;
        let code = match high {
            0xd800..=0xdbff => {
                if !(self.take(b'\\') && self.take(b'u')) {
                    return self.fail();
                }
                match self.hex4()? {
                    low @ 0xdc00..=0xdfff => 0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00),
                    _ => return self.fail(),
                }
            }
            _ => high,
        };
        char::from_u32(code).map_or_else(|| self.fail(), Ok)
    }

    fn hex4(&mut self) -> Result<u32, JsonError> {
        let digits = self.text.get(self.at..self.at + 4).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        let Some(code) = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) else {
            return self.fail();
        };
        self.at += 4;
        Ok(code)
    }

    fn number(&mut self) -> Result<(), JsonError> {
        let words = [("NaN", "\"NaN\""), ("Infinity", "\"Infinity\""), ("-Infinity", "\"-Infinity\"")];
        if words.into_iter().find_map(|(word, written)| self.word(word, written)).is_some() {
            return Ok(());
        }
        let start = self.at;
        self.take(b'-');
        if !self.take(b'0') && self.digits() == 0 {
            return self.fail();
        }
        if self.take(b'.') && self.digits() == 0 {
            return self.fail();
        }
        if self.take(b'e') || self.take(b'E') {
            let _sign = self.take(b'+') || self.take(b'-');
            if self.digits() == 0 {
                return self.fail();
            }
        }
        let written = self.text.get(start..self.at).unwrap_or_default();
        // Beyond the range of a double, readers differ: an infinity, an error, or a number of any size.
        if !written.parse::<f64>().is_ok_and(f64::is_finite) {
            return self.fail();
        }
        self.out.push_str(written);
        Ok(())
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at - start
    }
}

fn write_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{0}'..='\u{1f}' => {
                // INVARIANT: writing to a `String` cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests;
