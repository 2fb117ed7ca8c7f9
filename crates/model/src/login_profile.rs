//! A user's password, and what an account asks of passwords.
//!
//! Quotas and defaults are those of the IAM User Guide, "Set an account password policy for IAM users".

use std::fmt;

use garita_policy::AccountId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::UniqueId;
use crate::password_fault::PasswordFault;

/// Most former passwords that are remembered.
pub const MAX_FORMER: usize = 24;

/// A user's password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginProfile {
    /// The account it belongs to.
    #[serde(with = "crate::object::display")]
    pub account: AccountId,
    /// The user's unique id: a new name does not end it.
    pub user: UniqueId,
    /// When it was made.
    pub created: Timestamp,
    /// When the password was last set.
    pub changed: Timestamp,
    /// Whether the user must set another one at the next sign-in.
    pub reset_required: bool,
    /// The password.
    pub password: PasswordHash,
    /// Passwords it had before, newest first.
    pub former: Vec<PasswordHash>,
    /// When somebody last signed in with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used: Option<Timestamp>,
}

/// What a password is stored as: Argon2id with its own salt and cost.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordHash {
    /// Memory in KiB.
    pub memory: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Random, in base64.
    pub salt: String,
    /// The hash, in base64.
    pub hash: String,
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash")
    }
}

/// What an account asks of the passwords of its users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools, reason = "AWS's own switches")]
pub struct PasswordPolicy {
    /// Fewest characters, 6 to 128.
    pub min_length: u32,
    /// At least one symbol.
    pub symbols: bool,
    /// At least one digit.
    pub numbers: bool,
    /// At least one upper-case letter.
    pub uppercase: bool,
    /// At least one lower-case letter.
    pub lowercase: bool,
    /// Whether every user may change its own password and see the policy, without a policy that allows it.
    pub users_may_change: bool,
    /// Days a password is good for.
    pub max_age: Option<u32>,
    /// How many former passwords cannot be used again, 1 to 24.
    pub reuse_prevention: Option<u32>,
    /// Whether a password that ran out can be changed by an administrator alone.
    pub hard_expiry: Option<bool>,
}

impl Default for PasswordPolicy {
    /// What a policy is when `UpdateAccountPasswordPolicy` names nothing.
    fn default() -> Self {
        Self {
            min_length: 6,
            symbols: false,
            numbers: false,
            uppercase: false,
            lowercase: false,
            users_may_change: false,
            max_age: None,
            reuse_prevention: None,
            hard_expiry: None,
        }
    }
}

/// Which classes of characters a password has.
struct Classes {
    upper: bool,
    lower: bool,
    digit: bool,
    symbol: bool,
}

impl Classes {
    fn of(password: &str) -> Self {
        let has = |class: fn(char) -> bool| password.chars().any(class);
        Self {
            upper: has(char::is_uppercase),
            lower: has(char::is_lowercase),
            digit: has(|c| c.is_ascii_digit()),
            symbol: has(|c| "!@#$%^&*()_+-=[]{}|'".contains(c)),
        }
    }
}

/// Holds a new password to an account's policy; without one, to AWS's default: eight characters of three classes.
///
/// # Errors
/// The first thing the password lacks.
pub fn check_password(policy: Option<&PasswordPolicy>, password: &str) -> Result<(), PasswordFault> {
    let classes = Classes::of(password);
    let length = password.chars().count();
    let least = policy.map_or(8, |policy| policy.min_length);
    if length > 128 {
        return Err(PasswordFault::TooLong);
    }
    if password.chars().any(|c| !matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{ff}')) {
        return Err(PasswordFault::NotLatin);
    }
    if u32::try_from(length).unwrap_or(u32::MAX) < least {
        return Err(PasswordFault::TooShort(least));
    }
    let Some(policy) = policy else {
        let kinds = [classes.upper, classes.lower, classes.digit, classes.symbol];
        let enough = kinds.into_iter().filter(|has| *has).count() >= 3;
        return if enough { Ok(()) } else { Err(PasswordFault::FewClasses) };
    };
    let asked = [
        (policy.symbols, classes.symbol, PasswordFault::NoSymbol),
        (policy.numbers, classes.digit, PasswordFault::NoNumber),
        (policy.uppercase, classes.upper, PasswordFault::NoUppercase),
        (policy.lowercase, classes.lower, PasswordFault::NoLowercase),
    ];
    match asked.into_iter().find(|(asked, has, _)| *asked && !has) {
        Some((.., fault)) => Err(fault),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_held_to_the_policy() {
        fn told(policy: Option<&PasswordPolicy>, password: &str) -> String {
            check_password(policy, password).map_or_else(|e| e.to_string(), |()| "ok".into())
        }
        let strict = PasswordPolicy {
            min_length: 10,
            symbols: true,
            numbers: true,
            uppercase: true,
            lowercase: true,
            ..PasswordPolicy::default()
        };
        for (password, answer) in [
            ("Aa1!aaaaa", "Password should have a minimum length of 10"),
            ("Aa11aaaaaa", "Password should have at least one symbol"),
            ("Aa!!aaaaaa", "Password should have at least one number"),
            ("aa1!aaaaaa", "Password should have at least one uppercase letter"),
            ("AA1!AAAAAA", "Password should have at least one lowercase letter"),
            ("Aa1!aaaaaa", "ok"),
        ] {
            assert_eq!(told(Some(&strict), password), answer, "{password}");
        }
        assert_eq!(told(None, "Abcdef12"), "ok");
        assert!(told(None, "abcdef12").contains("at least three of"));
        assert_eq!(told(None, "Abcde12"), "Password should have a minimum length of 8");
        assert_eq!(told(Some(&PasswordPolicy::default()), "aaaaaa"), "ok");
        assert!(told(None, "Abcdef12\u{1F600}").contains("Latin"));
        assert!(told(None, &"Ab1".repeat(43)).contains("128"));
    }
}
