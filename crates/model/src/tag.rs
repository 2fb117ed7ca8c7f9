//! Tags on principals and sessions: at most fifty, keys unique without regard to case.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// One key with one value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// 1 to 128 characters.
    pub key: String,
    /// Up to 256 characters.
    pub value: String,
}

/// Most tags on one thing.
pub const MAX_TAGS: usize = 50;

impl Tag {
    /// A checked tag.
    ///
    /// # Errors
    /// `Invalid` when the key or value is too long, empty or holds characters AWS refuses.
    pub fn new(key: &str, value: &str) -> Result<Self> {
        let allowed =
            |text: &str| text.chars().all(|c| c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c));
        if key.is_empty() || key.chars().count() > 128 || !allowed(key) {
            return Err(Error::invalid(
                "tags",
                format!("tag key `{}` must have 1 to 128 letters, digits, spaces or _.:/=+-@", shorten(key)),
            ));
        }
        if value.chars().count() > 256 || !allowed(value) {
            return Err(Error::invalid(
                "tags",
                format!("the value of tag `{key}` must have at most 256 letters, digits, spaces or _.:/=+-@"),
            ));
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(Error::invalid(
                "tags",
                format!("tag key `{key}` begins with the reserved prefix `aws:`"),
            ));
        }
        Ok(Self { key: key.to_owned(), value: value.to_owned() })
    }
}

fn shorten(text: &str) -> String {
    text.chars().take(64).collect()
}

/// Checks that a list of tags may stand on one thing.
///
/// # Errors
/// `Invalid` for a key given twice (whatever the case), `LimitExceeded` for more than fifty.
pub fn check_all(tags: &[Tag]) -> Result<()> {
    if tags.len() > MAX_TAGS {
        return Err(Error::LimitExceeded("Cannot exceed quota for TagsPerResource: 50".to_owned()));
    }
    let mut keys: Vec<String> = tags.iter().map(|t| t.key.to_lowercase()).collect();
    keys.sort_unstable();
    keys.dedup();
    if keys.len() == tags.len() {
        Ok(())
    } else {
        Err(Error::invalid(
            "tags",
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
        ))
    }
}
