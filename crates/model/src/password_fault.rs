//! Why an account's policy does not allow a password: told apart here, in AWS's words on the wire, in the reader's own on
//! a page.
//!
//! Who decides by a refusal decides by its variant: its words are for people.

use std::fmt;

use crate::error::{Error, Reason};

/// Why a new password of an IAM user is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordFault {
    /// More than 128 characters.
    TooLong,
    /// A character that is not of the Latin alphabet.
    NotLatin,
    /// Fewer characters than this.
    TooShort(u32),
    /// No symbol.
    NoSymbol,
    /// No digit.
    NoNumber,
    /// No upper-case letter.
    NoUppercase,
    /// No lower-case letter.
    NoLowercase,
    /// Characters of fewer than three classes, where no policy says which.
    FewClasses,
    /// One that the user had before.
    Reused,
    /// The one there is, where another is asked for.
    Unchanged,
}

/// The sentence for the caller of the API.
impl fmt::Display for PasswordFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = |f: &mut fmt::Formatter<'_>, what| write!(f, "Password should have at least one {what}");
        match self {
            Self::TooLong | Self::NotLatin => {
                f.write_str("Password should have at most 128 characters of the Latin alphabet")
            }
            Self::TooShort(least) => write!(f, "Password should have a minimum length of {least}"),
            Self::NoSymbol => one(f, "symbol"),
            Self::NoNumber => one(f, "number"),
            Self::NoUppercase => one(f, "uppercase letter"),
            Self::NoLowercase => one(f, "lowercase letter"),
            Self::FewClasses => f.write_str(
                "Password should have at least three of: uppercase letters, lowercase letters, numbers, symbols",
            ),
            Self::Reused => f.write_str("Password cannot be reused: choose one that was not in use before"),
            Self::Unchanged => f.write_str("it is the password there is: choose another"),
        }
    }
}

impl From<PasswordFault> for Error {
    fn from(fault: PasswordFault) -> Self {
        Self::rejected(Reason::PasswordPolicyViolation(fault), fault.to_string())
    }
}
