//! Names people give: each a newtype whose only constructor from text is `FromStr`.
//!
//! Lengths and alphabets are IAM's (`userNameType`, `roleNameType`, ...). IAM holds names unique without
//! regard to case, so a store key is the name in lower case while the name itself keeps its case.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

macro_rules! name {
    ($(#[$doc:meta])* $type:ident, $field:literal, $max:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(String);

        impl $type {
            /// Longest name, in characters.
            pub const MAX: usize = $max;
            /// The text, in the case it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }
            /// The text by which the name is unique.
            pub fn key(&self) -> String {
                self.0.to_ascii_lowercase()
            }
        }
        impl FromStr for $type {
            type Err = Error;
            fn from_str(text: &str) -> Result<Self> {
                check($field, text, $max).map(|()| Self(text.to_owned()))
            }
        }
        impl TryFrom<String> for $type {
            type Error = Error;
            fn try_from(text: String) -> Result<Self> {
                text.parse()
            }
        }
        impl From<$type> for String {
            fn from(name: $type) -> Self {
                name.0
            }
        }
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// A user's name.
    UserName, "userName", 64
);
name!(
    /// A group's name.
    GroupName, "groupName", 128
);
name!(
    /// A role's name.
    RoleName, "roleName", 64
);
name!(
    /// A managed or inline policy's name.
    PolicyName, "policyName", 128
);
name!(
    /// A virtual MFA device's name.
    MfaDeviceName, "virtualMFADeviceName", 226
);
name!(
    /// A SAML provider's name.
    SamlProviderName, "name", 128
);
name!(
    /// An instance profile's name.
    InstanceProfileName, "instanceProfileName", 128
);
name!(
    /// The name of a role session, as its caller chose it.
    SessionName, "roleSessionName", 64
);
name!(
    /// An account's name, for people.
    AccountName, "accountName", 50
);

fn check(field: &'static str, text: &str, max: usize) -> Result<()> {
    if text.is_empty() {
        let message = format!(
            "1 validation error detected: Value at '{field}' failed to satisfy constraint: Member must have length greater than or equal to 1"
        );
        return Err(Error::Invalid { field, message });
    }
    if text.len() > max {
        let message = format!(
            "1 validation error detected: Value at '{field}' failed to satisfy constraint: Member must have length less than or equal to {max}"
        );
        return Err(Error::Invalid { field, message });
    }
    if text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+=,.@_-".contains(&b)) {
        return Ok(());
    }
    let message = format!(
        "The specified value for {field} is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-"
    );
    Err(Error::Invalid { field, message })
}

/// The path of an IAM entity: `/`, or `/…/` of printable ASCII, at most 512 characters.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Path(String);

impl Path {
    /// The text, with both slashes.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
impl Default for Path {
    fn default() -> Self {
        Self("/".to_owned())
    }
}
impl FromStr for Path {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let printable = text.bytes().all(|b| (0x21..=0x7e).contains(&b));
        let slashes = text.starts_with('/') && text.ends_with('/');
        if printable && slashes && text.len() <= 512 {
            return Ok(Self(text.to_owned()));
        }
        let message = "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.";
        Err(Error::Invalid { field: "path", message: message.to_owned() })
    }
}
impl TryFrom<String> for Path {
    type Error = Error;
    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}
impl From<Path> for String {
    fn from(path: Path) -> Self {
        path.0
    }
}
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_their_case_and_compare_without() {
        let name: UserName = "Ana.Ruiz@x".parse().unwrap();
        assert_eq!((name.as_str(), name.key().as_str()), ("Ana.Ruiz@x", "ana.ruiz@x"));
    }

    #[test]
    fn names_outside_iams_alphabet_are_refused() {
        let long = "a".repeat(65);
        for text in ["", "a b", "a/b", "ñ", "a:b", long.as_str()] {
            assert!(text.parse::<UserName>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn paths_begin_and_end_with_a_slash() {
        assert!("/".parse::<Path>().is_ok() && "/a/b/".parse::<Path>().is_ok());
        for text in ["", "a", "/a", "a/", "/a b/", "/ñ/"] {
            assert!(text.parse::<Path>().is_err(), "{text:?}");
        }
    }
}
