//! The fields of a form or a query: `application/x-www-form-urlencoded`, read strictly and within bounds.
//!
//! INVARIANT: what another reader might read differently is refused: a field twice (RFC 6749 section 3.1), a malformed
//! escape, bytes that are not UTF-8, a control character. A field without a value is as good as none (same section).

use std::collections::BTreeMap;

use garita_wire::form;

/// Most fields of a form.
pub const MAX_FIELDS: usize = 64;
/// Longest name of a field, in bytes.
pub const MAX_NAME: usize = 128;

/// Why a form is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadFields {
    /// Not UTF-8, a malformed escape or a control character.
    Malformed,
    /// One field twice.
    Twice,
    /// More than [`MAX_FIELDS`], or a name longer than [`MAX_NAME`].
    TooMany,
}

impl BadFields {
    /// What is wrong, for whoever wrote the client.
    pub fn text(self) -> &'static str {
        match self {
            Self::Malformed => "the parameters are not well-formed",
            Self::Twice => "a parameter is there more than once",
            Self::TooMany => "there are too many parameters, or one has too long a name",
        }
    }
}

/// Fields by their names. What is in them may be secret: they are never printed.
#[derive(Clone, Default)]
pub struct Fields(BTreeMap<String, String>);

impl Fields {
    /// Reads a form or a query.
    ///
    /// # Errors
    /// [`BadFields`].
    pub fn parse(bytes: &[u8]) -> Result<Self, BadFields> {
        let text = std::str::from_utf8(bytes).map_err(|_| BadFields::Malformed)?;
        let mut fields = BTreeMap::new();
        for (name, value) in form::raw_pairs(text) {
            let (name, value) = (decoded(name)?, decoded(value)?);
            if fields.len() >= MAX_FIELDS || name.len() > MAX_NAME {
                return Err(BadFields::TooMany);
            }
            if fields.insert(name, value).is_some() {
                return Err(BadFields::Twice);
            }
        }
        Ok(Self(fields))
    }

    /// A field, unless it is empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
    /// A field as its own text.
    pub(crate) fn own(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }
    /// The code that somebody typed: people type codes as they see them, in groups.
    pub(crate) fn code(&self) -> String {
        self.get("code").unwrap_or_default().split_whitespace().collect()
    }
    /// The names of all fields.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

fn decoded(text: &str) -> Result<String, BadFields> {
    let bytes = form::decode(text).map_err(|_| BadFields::Malformed)?;
    let text = String::from_utf8(bytes).map_err(|_| BadFields::Malformed)?;
    if text.chars().any(char::is_control) { Err(BadFields::Malformed) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_strictly() {
        let fields = Fields::parse(b"a=1+2&b=%C3%B1&c=&d").unwrap();
        assert_eq!((fields.get("a"), fields.get("b")), (Some("1 2"), Some("\u{f1}")));
        assert_eq!((fields.get("c"), fields.get("d"), fields.get("e")), (None, None, None));
        for (bad, why) in [
            (&b"a=1&a=2"[..], BadFields::Twice),
            (b"a=&%61=", BadFields::Twice),
            (b"a=%zz", BadFields::Malformed),
            (b"a=%ff", BadFields::Malformed),
            (b"a=\xff", BadFields::Malformed),
            (b"a=%0d%0aSet-Cookie:x", BadFields::Malformed),
            (b"a=%00", BadFields::Malformed),
        ] {
            assert_eq!(Fields::parse(bad).err(), Some(why), "{}", String::from_utf8_lossy(bad));
        }
        let many: String = (0..=MAX_FIELDS).map(|n| format!("f{n}=x&")).collect();
        assert_eq!(Fields::parse(many.as_bytes()).err(), Some(BadFields::TooMany));
        let long = "n".repeat(MAX_NAME + 1);
        assert_eq!(Fields::parse(long.as_bytes()).err(), Some(BadFields::TooMany));
    }
}
