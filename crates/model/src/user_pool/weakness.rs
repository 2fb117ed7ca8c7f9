//! What a new password can lack.

use std::fmt;

/// What a new password lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weakness {
    /// Fewer characters than this.
    TooShort(u32),
    /// More than 256 characters.
    TooLong,
    /// A space at the beginning or at the end.
    OuterSpace,
    /// No lower-case letter.
    NoLowercase,
    /// No upper-case letter.
    NoUppercase,
    /// No digit.
    NoNumber,
    /// No symbol.
    NoSymbol,
    /// One that many people have.
    Common,
    /// Made of what is known about the user.
    Personal,
    /// Guessed soon.
    Guessable,
}

/// The sentence for the caller; Cognito's where it has one.
impl fmt::Display for Weakness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let policy = "Password did not conform with policy";
        match self {
            Self::TooShort(_) => write!(f, "{policy}: Password not long enough"),
            Self::TooLong => f.write_str(
                "1 validation error detected: Value at 'password' failed to satisfy constraint: Member must have length less than or equal to 256",
            ),
            Self::OuterSpace => f.write_str(
                "1 validation error detected: Value at 'password' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[\\S]+.*[\\S]+$",
            ),
            Self::NoLowercase => write!(f, "{policy}: Password must have lowercase characters"),
            Self::NoUppercase => write!(f, "{policy}: Password must have uppercase characters"),
            Self::NoNumber => write!(f, "{policy}: Password must have numeric characters"),
            Self::NoSymbol => write!(f, "{policy}: Password must have symbol characters"),
            Self::Common => write!(f, "{policy}: Password is one of those that many people use; choose another"),
            Self::Personal => write!(f, "{policy}: Password is made of your name or address; choose another"),
            Self::Guessable => write!(f, "{policy}: Password can be guessed; add a word or two that do not go together"),
        }
    }
}
