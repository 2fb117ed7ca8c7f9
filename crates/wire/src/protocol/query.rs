//! The requests of AWS Query: flat form parameters, read as the nested shape they stand for.
//!
//! `Tags.member.1.Key=team` is the member `Key` of the first structure of the list `Tags`. Parameters nobody asks for
//! are ignored, as AWS does; [`Params::unknown`] tells them.
//!
//! INVARIANT: bounded (5,000 parameters, names of 1,024 bytes; the size of the body is the caller's), and nothing is
//! read that another reader of the same body would read differently: a repeated parameter, a malformed escape and
//! bytes that are not UTF-8 are refused.
//!
//! Spec: Smithy, "AWS query protocol", query parameter serialization.
//!
//! ```
//! use garita_wire::protocol::query::Params;
//!
//! let params = Params::parse(b"Action=TagUser&Version=2010-05-08&UserName=ana&Tags.member.1.Key=team\
//!                              &Tags.member.1.Value=a%26b&MaxItems=many")?;
//! assert_eq!(params.required("UserName")?, "ana");
//! for tag in params.structs("Tags")? {
//!     assert_eq!((tag.required("Key")?, tag.required("Value")?), ("team", "a&b"));
//! }
//! assert_eq!(params.integer("MaxItems").unwrap_err().code(), "MalformedInput");
//! assert_eq!(params.required("PolicyName").unwrap_err().message(),
//!     "1 validation error detected: Value null at 'policyName' failed to satisfy constraint: Member must not be null");
//! # Ok::<(), garita_wire::protocol::query::QueryError>(())
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use crate::form;

/// The most parameters a request may have; also the highest index in a list.
pub const MAX_PARAMS: usize = 5_000;
/// The longest name of a parameter, in bytes.
pub const MAX_KEY_BYTES: usize = 1_024;

/// The parameters of a request, or those of one structure in it.
#[derive(Clone)]
pub struct Params {
    values: Arc<BTreeMap<String, String>>,
    /// What stands before each name: empty, or e.g. `Tags.member.1.`.
    prefix: String,
}

/// Why parameters are refused. Its `Display` is the message for the wire.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// An escape that is none, or bytes that are not UTF-8.
    #[error("{0}")]
    Malformed(&'static str),
    /// More than [`MAX_PARAMS`].
    #[error("The request has more than {MAX_PARAMS} parameters")]
    TooManyParams,
    /// A name longer than [`MAX_KEY_BYTES`].
    #[error("The request has a parameter whose name is longer than {MAX_KEY_BYTES} bytes")]
    KeyTooLong,
    /// One parameter twice.
    #[error("The request has the parameter '{0}' more than once")]
    Duplicate(String),
    /// A text where a list was expected, or an index that is no number.
    #[error("{0}")]
    Index(String),
    /// A structure or a list where a text was expected.
    #[error("Start of structure or map found where not expected.")]
    NotAText,
    /// A text that isn't of the type.
    #[error("STRING_VALUE can not be converted to {0}")]
    Type(&'static str),
    /// A required parameter is missing. Holds its path as AWS writes it, e.g. `tags.1.member.key`.
    #[error(
        "1 validation error detected: Value null at '{0}' failed to satisfy constraint: Member must not be null"
    )]
    Missing(String),
}

impl QueryError {
    /// The AWS error code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) => "ValidationError",
            Self::Malformed(_)
            | Self::TooManyParams
            | Self::KeyTooLong
            | Self::Duplicate(_)
            | Self::Index(_)
            | Self::NotAText
            | Self::Type(_) => "MalformedInput",
        }
    }

    /// The message.
    #[must_use]
    pub fn message(&self) -> String {
        self.to_string()
    }

    /// The HTTP status: 400.
    #[must_use]
    pub fn status(&self) -> http::StatusCode {
        http::StatusCode::BAD_REQUEST
    }
}

impl Params {
    /// Reads a form body, or a query string.
    ///
    /// # Errors
    /// If it isn't well-formed or over the bounds.
    pub fn parse(form: &[u8]) -> Result<Self, QueryError> {
        let text =
            std::str::from_utf8(form).map_err(|_| QueryError::Malformed("The request is not UTF-8"))?;
        let mut values = BTreeMap::new();
        for (key, value) in form::raw_pairs(text) {
            let (key, value) = (decoded(key)?, decoded(value)?);
            if key.len() > MAX_KEY_BYTES {
                return Err(QueryError::KeyTooLong);
            }
            if values.len() == MAX_PARAMS {
                return Err(QueryError::TooManyParams);
            }
            if values.contains_key(&key) {
                return Err(QueryError::Duplicate(key));
            }
            values.insert(key, value);
        }
        Ok(Self { values: Arc::new(values), prefix: String::new() })
    }

    /// `Action`.
    #[must_use]
    pub fn action(&self) -> Option<&str> {
        self.values.get("Action").map(String::as_str)
    }

    /// `Version`.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.values.get("Version").map(String::as_str)
    }

    /// A text, if it is there; it may be empty.
    #[must_use]
    pub fn string(&self, name: &str) -> Option<&str> {
        self.values.get(&format!("{}{name}", self.prefix)).map(String::as_str)
    }

    /// A text that must be there.
    ///
    /// # Errors
    /// [`QueryError::Missing`].
    pub fn required(&self, name: &str) -> Result<&str, QueryError> {
        self.string(name).ok_or_else(|| QueryError::Missing(self.path(name)))
    }

    /// A whole number, if it is there.
    ///
    /// # Errors
    /// [`QueryError::Type`] if it is not a decimal number of 64 bits.
    pub fn integer(&self, name: &str) -> Result<Option<i64>, QueryError> {
        let not_one = |_| QueryError::Type("an Integer");
        self.string(name).map(|text| text.parse().map_err(not_one)).transpose()
    }

    /// `true` or `false`, in any case, if it is there.
    ///
    /// # Errors
    /// [`QueryError::Type`].
    pub fn boolean(&self, name: &str) -> Result<Option<bool>, QueryError> {
        match self.string(name) {
            None => Ok(None),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
            Some(_) => Err(QueryError::Type("a Boolean")),
        }
    }

    /// A list of texts, `Name.member.N`, in the order of N; N may have gaps. Empty if it isn't there.
    ///
    /// # Errors
    /// [`QueryError::Index`]; [`QueryError::NotAText`] if an item has members of its own.
    pub fn list(&self, name: &str) -> Result<Vec<&str>, QueryError> {
        let start = format!("{}{name}.member.", self.prefix);
        let items = self.indices(name)?.into_iter();
        items
            .map(|n| self.values.get(&format!("{start}{n}")).map(String::as_str).ok_or(QueryError::NotAText))
            .collect()
    }

    /// A list of structures, `Name.member.N.*`, in the order of N; N may have gaps. Empty if it isn't there.
    ///
    /// # Errors
    /// [`QueryError::Index`].
    pub fn structs(&self, name: &str) -> Result<Vec<Self>, QueryError> {
        let start = format!("{}{name}.member.", self.prefix);
        let items = self.indices(name)?.into_iter();
        Ok(items.map(|n| Self { values: Arc::clone(&self.values), prefix: format!("{start}{n}.") }).collect())
    }

    /// The structure `Name.*`, if any member of it is there.
    #[must_use]
    pub fn structure(&self, name: &str) -> Option<Self> {
        let prefix = format!("{}{name}.", self.prefix);
        let is_there = self.below(&prefix).next().is_some();
        is_there.then(|| Self { values: Arc::clone(&self.values), prefix })
    }

    /// The parameters here that are not, or not under, one of `known`. AWS ignores them; a log may tell.
    #[must_use]
    pub fn unknown(&self, known: &[&str]) -> Vec<&str> {
        let root = |name: &&str| name.split('.').next().unwrap_or_default().to_owned();
        let is_known = |name: &&str| known.contains(&root(name).as_str());
        let protocol = |name: &&str| self.prefix.is_empty() && matches!(*name, "Action" | "Version");
        self.below(&self.prefix).filter(|name| !is_known(name) && !protocol(name)).collect()
    }

    /// What follows `prefix` in the names that start with it.
    fn below<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        let from = self.values.range::<str, _>((Bound::Included(prefix), Bound::Unbounded));
        from.map_while(move |(name, _)| name.strip_prefix(prefix))
    }

    fn indices(&self, name: &str) -> Result<BTreeSet<u16>, QueryError> {
        let list = format!("{}{name}.", self.prefix);
        let mut indices = BTreeSet::new();
        for rest in self.below(&list) {
            let index =
                rest.strip_prefix("member.").ok_or_else(|| QueryError::Index(UNEXPECTED_LIST.into()))?;
            indices.insert(index_number(index.split('.').next().unwrap_or_default())?);
        }
        match self.string(name) {
            // `Name=` is how an empty list is sent.
            None | Some("") => Ok(indices),
            Some(_) => Err(QueryError::Index("Expected list or null".into())),
        }
    }

    /// `Tags.member.1.` + `Key` as AWS writes it in messages: `tags.1.member.key`.
    fn path(&self, name: &str) -> String {
        let full = format!("{}{name}", self.prefix);
        let mut segments: Vec<String> = full.split('.').map(lower_first).collect();
        for i in 1..segments.len() {
            let is_item = segments.get(i).is_some_and(|segment| segment.bytes().all(|b| b.is_ascii_digit()))
                && segments.get(i - 1).is_some_and(|segment| segment == "member");
            if is_item {
                segments.swap(i - 1, i);
            }
        }
        segments.join(".")
    }
}

impl std::fmt::Debug for Params {
    /// The names only: values may be passwords and tokens.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.below(&self.prefix)).finish()
    }
}

const UNEXPECTED_LIST: &str = "Start of list found where not expected";

/// An index as AWS takes it: from 1, without leading zeros.
fn index_number(text: &str) -> Result<u16, QueryError> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(QueryError::Index(UNEXPECTED_LIST.into()));
    }
    if text.starts_with('0') {
        return Err(QueryError::Index(format!("{text} is not a valid index")));
    }
    let number = text.parse().ok().filter(|n| usize::from(*n) <= MAX_PARAMS);
    number.ok_or_else(|| QueryError::Index(format!("{text} is not a valid index")))
}

fn decoded(text: &str) -> Result<String, QueryError> {
    let bytes = form::decode(text).map_err(|bad| QueryError::Malformed(bad.0))?;
    String::from_utf8(bytes).map_err(|_| QueryError::Malformed("The request is not UTF-8"))
}

fn lower_first(segment: &str) -> String {
    let mut chars = segment.chars();
    let first = chars.next().map(|c| c.to_ascii_lowercase());
    first.into_iter().chain(chars).collect()
}

#[cfg(test)]
mod tests;
