//! The filter of `ListUsers`: `email = "ana@example.com"`, `username ^= "a"`.
//!
//! `"AttributeName Filter-Type "AttributeValue""`, where the type is `=` or `^=` (begins with), and a backslash stands
//! before a quotation mark of the value. INVARIANT: reading is total; a filter longer than 256 characters is refused.

use std::str::FromStr;

use garita_model::user_pool::SignInAttribute;
use garita_model::{Error, PoolUser, Result};
use garita_store::PoolName;

use super::invalid;

/// Which users are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserFilter {
    attribute: Attribute,
    prefix: bool,
    value: String,
}

/// What can be searched by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attribute {
    Username,
    Sub,
    Status,
    Enabled,
    Kept(&'static str),
}

const SEARCHABLE: [(&str, Attribute); 12] = [
    ("username", Attribute::Username),
    ("sub", Attribute::Sub),
    ("cognito:user_status", Attribute::Status),
    ("status", Attribute::Enabled),
    ("email", Attribute::Kept("email")),
    ("phone_number", Attribute::Kept("phone_number")),
    ("name", Attribute::Kept("name")),
    ("given_name", Attribute::Kept("given_name")),
    ("family_name", Attribute::Kept("family_name")),
    ("preferred_username", Attribute::Kept("preferred_username")),
    ("email_verified", Attribute::Kept("email_verified")),
    ("phone_number_verified", Attribute::Kept("phone_number_verified")),
];

impl FromStr for UserFilter {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        read(text).ok_or_else(|| {
            invalid("Error while parsing filter: write `email = \"ana@example.com\"` or `username ^= \"a\"`")
        })
    }
}

fn read(text: &str) -> Option<UserFilter> {
    if text.chars().count() > 256 {
        return None;
    }
    let (name, rest) = text.split_once('=')?;
    let (name, prefix) = match name.strip_suffix('^') {
        Some(name) => (name, true),
        None => (name, false),
    };
    let name = name.trim().trim_matches('"');
    let attribute = SEARCHABLE.iter().find(|(known, _)| *known == name)?.1;
    let quoted = rest.trim().strip_prefix('"')?;
    let mut value = String::new();
    let mut letters = quoted.chars();
    loop {
        match letters.next()? {
            '\\' => value.push(letters.next()?),
            '"' => break,
            letter => value.push(letter),
        }
    }
    letters.next().is_none().then_some(UserFilter { attribute, prefix, value })
}

impl UserFilter {
    /// Whether a user is wanted. Case does not matter, but in a status.
    pub(super) fn has(&self, user: &PoolUser) -> bool {
        let sub;
        let held = match self.attribute {
            Attribute::Username => &*user.name,
            Attribute::Sub => {
                sub = user.sub.to_string();
                &sub
            }
            Attribute::Status => return self.fits(user.status.as_str()),
            Attribute::Enabled => return self.fits(if user.enabled { "Enabled" } else { "Disabled" }),
            Attribute::Kept(name) => match user.attributes.get(name) {
                Some(value) => value,
                None => return false,
            },
        };
        let (held, wanted) = (held.to_lowercase(), self.value.to_lowercase());
        if self.prefix { held.starts_with(&wanted) } else { held == wanted }
    }

    fn fits(&self, held: &str) -> bool {
        if self.prefix { held.starts_with(&self.value) } else { held == self.value }
    }

    /// The index that finds the users without looking at all of them, by the pool's rule for case.
    pub(super) fn indexed(&self) -> Option<(PoolName, &str)> {
        if self.prefix {
            return None;
        }
        let name = match self.attribute {
            Attribute::Username => PoolName::Username,
            Attribute::Kept(name) => {
                let all = SignInAttribute::ALL.into_iter();
                PoolName::Attribute(all.into_iter().find(|attribute| attribute.as_str() == name)?)
            }
            Attribute::Sub | Attribute::Status | Attribute::Enabled => return None,
        };
        Some((name, &self.value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(text: &str) -> Option<UserFilter> {
        text.parse().ok()
    }

    #[test]
    fn filters_are_read() {
        for (text, attribute, prefix, value) in [
            ("email = \"a@b\"", Attribute::Kept("email"), false, "a@b"),
            ("username^=\"a\\\"b\\\\\"", Attribute::Username, true, "a\"b\\"),
            ("\"cognito:user_status\"=\"CONFIRMED\"", Attribute::Status, false, "CONFIRMED"),
            ("  sub  =  \"\"  ", Attribute::Sub, false, ""),
        ] {
            let value = value.to_owned();
            assert_eq!(filter(text), Some(UserFilter { attribute, prefix, value }), "{text}");
        }
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        let long = format!("email = \"{}\"", "a".repeat(256));
        for text in [
            "",
            "email",
            "email = a",
            "email = \"a",
            "email = \"a\" or",
            "custom:x = \"a\"",
            "email > \"a\"",
            "email = \"a\\",
            &long,
        ] {
            assert_eq!(filter(text), None, "{text}");
        }
    }
}
