//! Amazon Resource Names and account ids: the only way from text to `Arn` is `FromStr`.
//!
//! `arn:partition:service:region:account:resource`; the resource part may itself hold `:` and `/`.
//! INVARIANT: an `Arn` has six parts, a non-empty service and resource, and no control characters.

use std::fmt;
use std::str::FromStr;

/// Longest ARN accepted, in bytes (IAM's `arnType` allows 2048).
pub const MAX_ARN_LEN: usize = 2048;

/// A concrete resource name, split once at its first five colons.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Arn {
    text: String,
    /// Byte offset just after each of the five separating colons.
    starts: [u16; 5],
}

/// Why a text is not an ARN.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an ARN: {problem}")]
pub struct ArnError {
    text: String,
    problem: &'static str,
}

impl Arn {
    /// Builds an ARN of partition `aws` from its parts.
    ///
    /// # Errors
    /// When the parts do not form a valid ARN (see [`Arn::from_str`]).
    pub fn new(service: &str, region: &str, account: &str, resource: &str) -> Result<Self, ArnError> {
        format!("arn:aws:{service}:{region}:{account}:{resource}").parse()
    }

    fn part(&self, index: usize) -> &str {
        let start = index.checked_sub(1).and_then(|i| self.starts.get(i)).map_or(0, |s| usize::from(*s));
        let end = self.starts.get(index).map_or(self.text.len(), |s| usize::from(*s).saturating_sub(1));
        self.text.get(start..end).unwrap_or_default()
    }

    /// `aws`, `aws-cn` or `aws-us-gov`.
    pub fn partition(&self) -> &str {
        self.part(1)
    }
    /// The service namespace, such as `iam`.
    pub fn service(&self) -> &str {
        self.part(2)
    }
    /// The region; empty for global services.
    pub fn region(&self) -> &str {
        self.part(3)
    }
    /// The account part; empty or `aws` for some resources.
    pub fn account(&self) -> &str {
        self.part(4)
    }
    /// Everything after the fifth colon.
    pub fn resource(&self) -> &str {
        self.part(5)
    }
    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for Arn {
    type Err = ArnError;

    fn from_str(text: &str) -> Result<Self, ArnError> {
        let fail = |problem| Err(ArnError { text: text.chars().take(128).collect(), problem });
        if text.len() > MAX_ARN_LEN {
            return fail("longer than 2048 bytes");
        }
        if text.chars().any(char::is_control) {
            return fail("control character");
        }
        let mut starts = [0_u16; 5];
        let mut colons = text.bytes().enumerate().filter(|(_, b)| *b == b':');
        for start in &mut starts {
            match colons.next() {
                Some((at, _)) => *start = u16::try_from(at + 1).unwrap_or(u16::MAX),
                None => return fail("fewer than six parts"),
            }
        }
        let arn = Self { text: text.to_owned(), starts };
        if arn.part(0) != "arn" {
            return fail("must start with `arn:`");
        }
        if arn.partition().is_empty() || arn.service().is_empty() || arn.resource().is_empty() {
            return fail("partition, service and resource must not be empty");
        }
        Ok(arn)
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Arn({})", self.text)
    }
}

/// A twelve-digit account id.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId(u64);

/// Why a text is not an account id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an account id: twelve digits are wanted")]
pub struct AccountIdError(String);

impl AccountId {
    /// The account's number, below 10^12.
    pub fn number(self) -> u64 {
        self.0
    }
}

impl FromStr for AccountId {
    type Err = AccountIdError;

    fn from_str(text: &str) -> Result<Self, AccountIdError> {
        if text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()) {
            text.parse().map(Self).map_err(|_| AccountIdError(text.to_owned()))
        } else {
            Err(AccountIdError(text.chars().take(64).collect()))
        }
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012}", self.0)
    }
}

impl fmt::Debug for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccountId({:012})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_at_the_first_five_colons() {
        let arn: Arn = "arn:aws:execute-api:eu-west-1:111122223333:a1/prod/GET/x:y".parse().unwrap();
        assert_eq!(arn.partition(), "aws");
        assert_eq!(arn.service(), "execute-api");
        assert_eq!(arn.region(), "eu-west-1");
        assert_eq!(arn.account(), "111122223333");
        assert_eq!(arn.resource(), "a1/prod/GET/x:y");
    }

    #[test]
    fn refuses_what_is_not_an_arn() {
        for text in [
            "",
            "arn",
            "arn:aws:iam::1",
            "urn:aws:iam::1:x",
            "arn:aws:iam:::",
            "arn::iam::1:x",
            "arn:aws:iam::1:x\n",
        ] {
            assert!(text.parse::<Arn>().is_err(), "{text:?}");
        }
        let long = |len: usize| format!("arn:aws:iam::1:{}", "x".repeat(len - 15)).parse::<Arn>();
        assert!(long(2047).is_ok() && long(2048).is_ok() && long(2049).is_err());
    }

    #[test]
    fn account_ids_are_twelve_digits() {
        assert_eq!("000000000001".parse::<AccountId>().unwrap().to_string(), "000000000001");
        assert_eq!("111122223333".parse::<AccountId>().unwrap().number(), 111_122_223_333);
        for text in ["", "1", "00000000000a", "0000000000001", "+00000000001"] {
            assert!(text.parse::<AccountId>().is_err(), "{text:?}");
        }
    }
}
