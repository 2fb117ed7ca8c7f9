//! Identifiers Garita makes: unique ids with AWS's prefixes, access key ids, request ids.
//!
//! An access key id carries its account in the way AWS's do (forty bits behind the prefix), so that
//! `sts:GetAccessKeyInfo` can name the account of a session that nobody stores.

use std::fmt;
use std::str::FromStr;

use garita_policy::AccountId;
use serde::{Deserialize, Serialize};

use crate::entropy::Entropy;
use crate::error::{Error, Result};

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// What kind of thing a unique id names: the list of AWS's prefixes that Garita uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdKind {
    /// `AIDA`: a user.
    User,
    /// `AGPA`: a group.
    Group,
    /// `AROA`: a role.
    Role,
    /// `ANPA`: a managed policy.
    ManagedPolicy,
    /// `AIPA`: an instance profile.
    InstanceProfile,
    /// `APKA`: a public key.
    PublicKey,
}

impl IdKind {
    fn prefix(self) -> &'static str {
        match self {
            Self::User => "AIDA",
            Self::Group => "AGPA",
            Self::Role => "AROA",
            Self::ManagedPolicy => "ANPA",
            Self::InstanceProfile => "AIPA",
            Self::PublicKey => "APKA",
        }
    }
}

/// A unique id such as `AROA…`: never used twice, not even for the same name.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UniqueId(String);

impl UniqueId {
    /// Draws a new id (85 random bits behind the prefix).
    ///
    /// # Errors
    /// `Internal` when there is no randomness.
    pub fn draw(kind: IdKind, entropy: &dyn Entropy) -> Result<Self> {
        let mut bytes = [0_u8; 17];
        entropy.fill(&mut bytes)?;
        let mut text = String::from(kind.prefix());
        text.extend(bytes.iter().map(|b| base32_char(*b)));
        Ok(Self(text))
    }
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn base32_char(value: u8) -> char {
    BASE32.get(usize::from(value & 31)).map_or('A', |b| char::from(*b))
}

impl fmt::Display for UniqueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl fmt::Debug for UniqueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a key lives until it is deleted or until its session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyTerm {
    /// `AKIA`: of a user or of the root user.
    Long,
    /// `ASIA`: of a session.
    Session,
}

/// An access key id: 16 to 128 word characters, as IAM's `accessKeyIdType`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccessKeyId(String);

impl AccessKeyId {
    /// Draws a new id that carries its account (40 random bits: an id is no secret).
    ///
    /// # Errors
    /// `Internal` when there is no randomness.
    pub fn draw(term: KeyTerm, account: AccountId, entropy: &dyn Entropy) -> Result<Self> {
        let mut random = [0_u8; 5];
        entropy.fill(&mut random)?;
        let random = random.iter().fold(0_u128, |n, b| (n << 8) | u128::from(*b));
        let bits = (1_u128 << 79) | (u128::from(account.number()) << 39) | (random & ((1 << 39) - 1));
        let mut text = String::from(match term {
            KeyTerm::Long => "AKIA",
            KeyTerm::Session => "ASIA",
        });
        for index in (0..16).rev() {
            text.push(base32_char(u8::try_from((bits >> (index * 5)) & 31).unwrap_or(0)));
        }
        Ok(Self(text))
    }

    /// The account an id of Garita's (or AWS's) own making carries; none for foreign shapes.
    pub fn account(&self) -> Option<AccountId> {
        let body = self.0.strip_prefix("AKIA").or_else(|| self.0.strip_prefix("ASIA"))?;
        if body.len() != 16 {
            return None;
        }
        let mut bits = 0_u128;
        for byte in body.bytes() {
            let value = BASE32.iter().position(|b| *b == byte)?;
            bits = (bits << 5) | u128::try_from(value).ok()?;
        }
        let account = (bits >> 39) & ((1 << 40) - 1);
        format!("{account:012}").parse().ok()
    }

    /// Whether the id has the form of a session's key.
    pub fn is_session(&self) -> bool {
        self.0.starts_with("ASIA")
    }
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AccessKeyId {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let fits = (16..=128).contains(&text.len());
        if fits && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::invalid("AccessKeyId", "an access key id has 16 to 128 letters, digits or `_`"))
        }
    }
}
impl TryFrom<String> for AccessKeyId {
    type Error = Error;
    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}
impl From<AccessKeyId> for String {
    fn from(id: AccessKeyId) -> Self {
        id.0
    }
}
impl fmt::Display for AccessKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl fmt::Debug for AccessKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Names one request in replies, log and audit trail; also the decision's id. A random UUID (version 4).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RequestId(String);

impl RequestId {
    /// Draws a new id.
    ///
    /// # Errors
    /// `Internal` when there is no randomness.
    pub fn draw(entropy: &dyn Entropy) -> Result<Self> {
        let mut bytes = [0_u8; 16];
        entropy.fill(&mut bytes)?;
        Ok(Self::from_bytes(bytes))
    }

    fn from_bytes(bytes: [u8; 16]) -> Self {
        let mut bits = u128::from_be_bytes(bytes);
        bits = (bits & !(0xf << 76)) | (0x4 << 76);
        bits = (bits & !(0x3 << 62)) | (0x2 << 62);
        Self::written(bits)
    }

    fn written(bits: u128) -> Self {
        let (a, b, c) = (bits >> 96, (bits >> 80) & 0xffff, (bits >> 64) & 0xffff);
        let (d, e) = ((bits >> 48) & 0xffff, bits & 0xffff_ffff_ffff);
        Self(format!("{a:08x}-{b:04x}-{c:04x}-{d:04x}-{e:012x}"))
    }
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number it writes.
    pub fn to_bits(&self) -> u128 {
        let digits: String = self.0.chars().filter(|c| *c != '-').collect();
        u128::from_str_radix(&digits, 16).unwrap_or_default()
    }

    /// The id that writes this number; none when it is no version 4 UUID.
    pub fn from_bits(bits: u128) -> Option<Self> {
        let id = Self::from_bytes(bits.to_be_bytes());
        (id.to_bits() == bits).then_some(id)
    }
}

impl FromStr for RequestId {
    type Err = Error;

    /// Takes what [`fmt::Display`] gives, in lower or upper case.
    fn from_str(text: &str) -> Result<Self> {
        let lower = text.to_ascii_lowercase();
        let digits: String = lower.chars().filter(|c| *c != '-').collect();
        let id = u128::from_str_radix(&digits, 16).ok().and_then(Self::from_bits);
        id.filter(|id| id.0 == lower).ok_or_else(|| {
            let shown: String = text.chars().take(64).collect();
            Error::invalid(
                "",
                format!("`{shown}` is not a decision id: give the id that the refusal ends with"),
            )
        })
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    #[test]
    fn key_ids_carry_their_account() {
        for number in ["000000000001", "111122223333", "999999999999"] {
            let account: AccountId = number.parse().unwrap();
            let id = AccessKeyId::draw(KeyTerm::Session, account, &SystemEntropy).unwrap();
            assert_eq!(id.as_str().len(), 20);
            assert_eq!(id.account(), Some(account));
        }
        // The example of AWS's documentation, decoded with the published scheme.
        assert_eq!(
            "ASIAQNZGKIQY56JQ7WML".parse::<AccessKeyId>().unwrap().account().map(|a| a.to_string()),
            Some("029608264753".to_owned())
        );
        assert_eq!("AKIDEXAMPLE_FOREIGN".parse::<AccessKeyId>().unwrap().account(), None);
    }

    #[test]
    fn unique_ids_have_aws_shape() {
        let id = UniqueId::draw(IdKind::Role, &SystemEntropy).unwrap();
        assert!(id.as_str().starts_with("AROA") && id.as_str().len() == 21);
    }

    #[test]
    fn request_ids_are_version_4_uuids() {
        assert_eq!(RequestId::from_bytes([0xff; 16]).as_str(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(RequestId::from_bytes([0; 16]).as_str(), "00000000-0000-4000-8000-000000000000");
    }

    #[test]
    fn request_ids_are_read_as_they_are_written_and_in_no_other_way() {
        let id = RequestId::draw(&SystemEntropy).unwrap();
        assert_eq!(id.as_str().parse::<RequestId>().unwrap().as_str(), id.as_str());
        assert_eq!(id.as_str().to_uppercase().parse::<RequestId>().unwrap().as_str(), id.as_str());
        assert_eq!(RequestId::from_bits(id.to_bits()).unwrap().as_str(), id.as_str());
        assert!(RequestId::from_bits(u128::MAX).is_none());
        let text = id.as_str().to_owned();
        let rest = text.get(1..).unwrap();
        for wrong in ["", "x", rest, &text.replace('-', ""), &format!("{text}0"), &format!("+{rest}")] {
            assert!(wrong.parse::<RequestId>().is_err(), "{wrong}");
        }
    }
}
