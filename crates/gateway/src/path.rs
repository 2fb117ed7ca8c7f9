//! The canonical path: decoded once, judged and forwarded in that form.
//!
//! INVARIANT: [`CanonicalPath::encoded`] is the only path that reaches an upstream, and decoding it gives exactly
//! the segments that were judged. No segment is empty, `.` or `..`, none holds a slash, a backslash, a control
//! character or a second layer of percent-encoding; so no later decoder can see another path in it.

use std::fmt::Write as _;

/// Longest raw path, in bytes.
pub const MAX_PATH: usize = 4096;

/// Why a path is refused. Its text is for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// It does not begin with a slash.
    #[error("the request target must begin with `/`")]
    NotAbsolute,
    /// It is longer than [`MAX_PATH`].
    #[error("the path is longer than 4096 bytes")]
    TooLong,
    /// A byte that must be percent-encoded, or must not be there at all.
    #[error("the path holds a character that must be percent-encoded")]
    RawCharacter,
    /// A `%` that is not followed by two hexadecimal digits.
    #[error("the path holds a `%` that is no percent-encoding")]
    MalformedEscape,
    /// An encoded slash, backslash or control character, or an encoding of something encoded.
    #[error("the path holds an encoded slash, backslash, control character or percent-encoding")]
    HiddenCharacter,
    /// The decoded bytes are not UTF-8.
    #[error("the path is not UTF-8")]
    NotUtf8,
    /// `//`, or a slash at the end.
    #[error("the path holds an empty segment")]
    EmptySegment,
    /// `.` or `..`.
    #[error("the path holds a `.` or `..` segment")]
    DotSegment,
}

/// A path whose every segment is decoded and harmless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CanonicalPath {
    segments: Vec<String>,
}

impl CanonicalPath {
    /// Parses the raw path of a request target.
    ///
    /// # Errors
    /// [`PathError`] for whatever an upstream could read in another way than we do.
    pub fn parse(raw: &str) -> Result<Self, PathError> {
        let behind = raw.strip_prefix('/').ok_or(PathError::NotAbsolute)?;
        if raw.len() > MAX_PATH {
            return Err(PathError::TooLong);
        }
        if behind.is_empty() {
            return Ok(Self { segments: Vec::new() });
        }
        // The root of a stage is written with a slash at its end; nothing else is.
        let behind = behind.strip_suffix('/').filter(|only| !only.contains('/')).unwrap_or(behind);
        let segments = behind.split('/').map(decode_segment).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { segments })
    }

    /// The decoded segments.
    pub fn segments(&self) -> &[String] {
        &self.segments
    }

    /// The first segment and the path behind it.
    pub fn split_first(&self) -> Option<(&str, Self)> {
        let (first, rest) = self.segments.split_first()?;
        Some((first, Self { segments: rest.to_vec() }))
    }

    /// Whether no segment holds a character that other software gives a meaning of its own, once decoded.
    pub fn is_plain(&self) -> bool {
        !self.segments.iter().any(|segment| segment.contains(['%', ';', '?', '#']))
    }

    /// The decoded path without its leading slash, as it stands in an `execute-api` ARN.
    pub fn decoded(&self) -> String {
        self.segments.join("/")
    }

    /// The path to send: everything but RFC 3986's unreserved characters is percent-encoded.
    pub fn encoded(&self) -> String {
        if self.segments.is_empty() {
            return "/".to_owned();
        }
        let mut out = String::with_capacity(64);
        for segment in &self.segments {
            out.push('/');
            encode_into(&mut out, segment);
        }
        out
    }
}

/// Percent-encodes all but `A-Z a-z 0-9 - . _ ~`.
pub(crate) fn encode_into(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            // INVARIANT: writing to a `String` cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

/// Decodes `%XX` once; `None` for an escape that is none.
pub(crate) fn percent_decode(raw: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(raw.len());
    let mut bytes = raw.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let (high, low) = (hex(bytes.next()?)?, hex(bytes.next()?)?);
            out.push(high * 16 + low);
        } else {
            out.push(byte);
        }
    }
    Some(out)
}

fn hex(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

fn decode_segment(raw: &str) -> Result<String, PathError> {
    if raw.is_empty() {
        return Err(PathError::EmptySegment);
    }
    if raw.bytes().any(|b| {
        !b.is_ascii_graphic()
            || matches!(b, b'\\' | b';' | b'?' | b'#' | b'"' | b'<' | b'>' | b'^' | b'`' | b'{' | b'|' | b'}')
    }) {
        return Err(PathError::RawCharacter);
    }
    let decoded = percent_decode(raw).ok_or(PathError::MalformedEscape)?;
    let decoded = String::from_utf8(decoded).map_err(|_| PathError::NotUtf8)?;
    if decoded.contains(['/', '\\']) || decoded.chars().any(char::is_control) || is_encoded_again(&decoded) {
        return Err(PathError::HiddenCharacter);
    }
    if decoded == "." || decoded == ".." {
        return Err(PathError::DotSegment);
    }
    Ok(decoded)
}

/// Whether a decoded text would change if it were decoded once more.
fn is_encoded_again(decoded: &str) -> bool {
    decoded.split('%').skip(1).any(|behind| {
        let mut bytes = behind.bytes();
        matches!((bytes.next().and_then(hex), bytes.next().and_then(hex)), (Some(_), Some(_)))
    })
}

#[cfg(test)]
mod tests {
    use super::PathError::*;
    use super::*;

    #[test]
    fn hostile_paths_are_refused() {
        for (raw, why) in [
            ("", NotAbsolute),
            ("a", NotAbsolute),
            ("*", NotAbsolute),
            ("//api", EmptySegment),
            ("/api//2.0", EmptySegment),
            ("/api/x/", EmptySegment),
            ("/api//", EmptySegment),
            ("/a/./b", DotSegment),
            ("/a/../b", DotSegment),
            ("/a/%2e/b", DotSegment),
            ("/a/%2E%2e/b", DotSegment),
            ("/a%2fb", HiddenCharacter),
            ("/a%2Fb", HiddenCharacter),
            ("/a%5cb", HiddenCharacter),
            ("/a%00b", HiddenCharacter),
            ("/a%0d%0ab", HiddenCharacter),
            ("/a%252e/b", HiddenCharacter),
            ("/a%252fb", HiddenCharacter),
            ("/a%c2%85b", HiddenCharacter),
            ("/a%zz", MalformedEscape),
            ("/a%2", MalformedEscape),
            ("/a%", MalformedEscape),
            ("/a%ff", NotUtf8),
            ("/a%c0%ae", NotUtf8),
            ("/a\\b", RawCharacter),
            ("/a;x", RawCharacter),
            ("/é", RawCharacter),
            ("/a b", RawCharacter),
            ("/a\u{0}b", RawCharacter),
            ("/a#b", RawCharacter),
        ] {
            assert_eq!(CanonicalPath::parse(raw), Err(why), "{raw:?}");
        }
        assert_eq!(CanonicalPath::parse(&format!("/{}", "a".repeat(MAX_PATH))), Err(TooLong));
    }

    #[test]
    fn one_canonical_form() {
        for (raw, encoded) in [
            ("/", "/"),
            ("/prod/", "/prod"),
            ("/api/2.0/mlflow/runs/get", "/api/2.0/mlflow/runs/get"),
            ("/%61pi/%67et", "/api/get"),
            ("/a/with%20space+plus", "/a/with%20space%2Bplus"),
            ("/a/100%25.txt", "/a/100%25.txt"),
            ("/a/caf%C3%A9", "/a/caf%C3%A9"),
            ("/a/%3bx", "/a/%3Bx"),
            ("/@o/n:1", "/%40o/n%3A1"),
        ] {
            let path = CanonicalPath::parse(raw).unwrap();
            assert_eq!(path.encoded(), encoded, "{raw}");
            assert_eq!(CanonicalPath::parse(&path.encoded()).unwrap(), path, "{raw}");
        }
        assert!(!CanonicalPath::parse("/a/100%25.txt").unwrap().is_plain());
    }
}
