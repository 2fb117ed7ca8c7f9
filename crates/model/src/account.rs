//! An account: the unit that owns principals, policies and APIs. One Garita holds several.

use std::fmt;
use std::str::FromStr;

use garita_policy::AccountId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::login_profile::PasswordPolicy;
use crate::name::AccountName;

/// An account and its root user (the root user's keys are [`crate::AccessKey`]s owned by `Root`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Twelve digits.
    #[serde(with = "crate::object::display")]
    pub id: AccountId,
    /// For people; unique in this Garita.
    pub name: AccountName,
    /// Its other name, unique in this Garita, that sign-in addresses are made of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<AccountAlias>,
    /// What it asks of its users' passwords; AWS's default when none is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_policy: Option<PasswordPolicy>,
    /// When it was made.
    pub created: Timestamp,
    /// Credentials of the root user issued at an earlier revision are refused.
    pub min_rev: u64,
}

/// An account's alias: 3 to 63 lower-case letters, digits and single dashes, as a DNS label.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountAlias(String);

impl AccountAlias {
    /// Words that stand for something else where an alias stands in a sign-in address.
    const RESERVED: [&'static str; 6] = ["assets", "console", "federation", "login", "logout", "oauth2"];

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// Whether a sign-in address cannot be made of it: a word with a meaning of its own, or twelve digits, which are an
    /// account's number.
    pub fn is_reserved(&self) -> bool {
        Self::RESERVED.contains(&self.0.as_str()) || self.0.parse::<AccountId>().is_ok()
    }
}

impl FromStr for AccountAlias {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let letters = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let dashes = !(text.starts_with('-') || text.ends_with('-') || text.contains("--"));
        if letters && dashes && (3..=63).contains(&text.len()) {
            return Ok(Self(text.to_owned()));
        }
        let message = "1 validation error detected: Value at 'accountAlias' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$";
        Err(Error::invalid("accountAlias", message))
    }
}
impl TryFrom<String> for AccountAlias {
    type Error = Error;
    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}
impl From<AccountAlias> for String {
    fn from(alias: AccountAlias) -> Self {
        alias.0
    }
}
impl fmt::Display for AccountAlias {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl fmt::Debug for AccountAlias {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_are_dns_labels() {
        let longest = "a".repeat(63);
        for text in ["abc", "a-b-c", "1ab", longest.as_str()] {
            assert!(text.parse::<AccountAlias>().is_ok(), "{text:?}");
        }
        let long = "a".repeat(64);
        for text in ["", "ab", "-ab", "ab-", "a--b", "Abc", "a_b", "añb", long.as_str()] {
            assert!(text.parse::<AccountAlias>().is_err(), "{text:?}");
        }
        let reserved = |text: &str| text.parse::<AccountAlias>().unwrap().is_reserved();
        assert!(
            reserved("console") && reserved("111122223333") && !reserved("11112222333") && !reserved("team")
        );
    }
}
