//! Identifiers of user pools: `eu-west-1_Ab3dE5gH9`, 26 letters of an app client, UUIDs of users and sign-ins.
//!
//! INVARIANT: an id is drawn from [`Entropy`] or read by `FromStr`; there is no other way to one.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::entropy::Entropy;
use crate::error::{Error, Result};
use crate::user_pool::fault::PoolFault;

const LETTERS_AND_DIGITS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const LOWER_AND_DIGITS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// So many characters of an alphabet, each as likely as the others.
fn draw(alphabet: &[u8], length: usize, entropy: &dyn Entropy) -> Result<String> {
    let fair = 256 - 256 % alphabet.len().max(1);
    let mut text = String::with_capacity(length);
    while text.len() < length {
        let mut bytes = [0_u8; 32];
        entropy.fill(&mut bytes)?;
        let chosen = bytes.iter().map(|b| usize::from(*b)).filter(|b| *b < fair);
        let letters = chosen.filter_map(|b| alphabet.get(b % alphabet.len())).map(|b| char::from(*b));
        text.extend(letters.take(length - text.len()));
    }
    Ok(text)
}

/// The id of a user pool: its region, `_`, and nine letters or digits.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PoolId(Arc<str>);

impl PoolId {
    /// Draws a new id (53 random bits: an id is no secret).
    ///
    /// # Errors
    /// `Internal` when there is no randomness.
    pub fn draw(region: &str, entropy: &dyn Entropy) -> Result<Self> {
        Ok(Self(format!("{region}_{}", draw(LETTERS_AND_DIGITS, 9, entropy)?).into()))
    }
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// Whether both share one text in memory.
    pub fn shares(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
    /// What stands before the `_`.
    pub fn region(&self) -> &str {
        self.0.rsplit_once('_').map_or("", |(region, _)| region)
    }
    /// What stands after the `_`: part of what SRP hashes.
    pub fn suffix(&self) -> &str {
        self.0.rsplit_once('_').map_or("", |(_, suffix)| suffix)
    }
}

impl FromStr for PoolId {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let word = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        let fits = text.rsplit_once('_').is_some_and(|(region, suffix)| {
            !region.is_empty()
                && word(region)
                && !suffix.is_empty()
                && suffix.bytes().all(|b| b.is_ascii_alphanumeric())
        });
        if fits && text.len() <= 55 {
            return Ok(Self(text.into()));
        }
        Err(PoolFault::InvalidParameter.because(
            "1 validation error detected: Value at 'userPoolId' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w-]+_[0-9a-zA-Z]+",
        ))
    }
}

/// The id of an app client: 26 lower-case letters or digits, or what another Cognito made.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClientId(Arc<str>);

impl ClientId {
    /// Draws a new id.
    ///
    /// # Errors
    /// `Internal` when there is no randomness.
    pub fn draw(entropy: &dyn Entropy) -> Result<Self> {
        Ok(Self(draw(LOWER_AND_DIGITS, 26, entropy)?.into()))
    }
    /// Draws the secret of a client: 52 letters or digits, 268 bits.
    ///
    /// # Errors
    /// `Internal` when there is no randomness.
    pub fn draw_secret(entropy: &dyn Entropy) -> Result<crate::secret::Secret<String>> {
        draw(LOWER_AND_DIGITS, 52, entropy).map(crate::secret::Secret::new)
    }
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ClientId {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'+';
        if (1..=128).contains(&text.len()) && text.bytes().all(word) {
            return Ok(Self(text.into()));
        }
        Err(PoolFault::InvalidParameter.because(
            "1 validation error detected: Value at 'clientId' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+]+",
        ))
    }
}

/// A random UUID (version 4): a user's `sub`, the id of a sign-in, a token's `jti`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Uuid([u8; 16]);

impl Uuid {
    /// Not greater than any other.
    pub const LEAST: Self = Self([0; 16]);

    /// Draws a new one.
    ///
    /// # Errors
    /// `Internal` when there is no randomness.
    pub fn draw(entropy: &dyn Entropy) -> Result<Self> {
        let mut bytes = [0_u8; 16];
        entropy.fill(&mut bytes)?;
        let bits = u128::from_be_bytes(bytes);
        let bits = (bits & !(0xf << 76)) | (0x4 << 76);
        Ok(Self(((bits & !(0x3 << 62)) | (0x2 << 62)).to_be_bytes()))
    }
    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
    /// One with these bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl FromStr for Uuid {
    type Err = Error;
    /// Reads the usual form, in either case.
    fn from_str(text: &str) -> Result<Self> {
        let malformed = || PoolFault::InvalidParameter.because("an id of this kind is a UUID");
        let hyphens = |(at, b): (usize, u8)| (b == b'-') == matches!(at, 8 | 13 | 18 | 23);
        if text.len() != 36 || !text.bytes().enumerate().all(hyphens) {
            return Err(malformed());
        }
        let mut digits = text.chars().filter(|c| *c != '-');
        let bits = digits.try_fold(0_u128, |bits, digit| Some((bits << 4) | u128::from(digit.to_digit(16)?)));
        bits.map(|bits| Self(bits.to_be_bytes())).ok_or_else(malformed)
    }
}
impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = u128::from_be_bytes(self.0);
        let (a, b, c) = (bits >> 96, (bits >> 80) & 0xffff, (bits >> 64) & 0xffff);
        let (d, e) = ((bits >> 48) & 0xffff, bits & 0xffff_ffff_ffff);
        write!(f, "{a:08x}-{b:04x}-{c:04x}-{d:04x}-{e:012x}")
    }
}
impl From<Uuid> for String {
    fn from(id: Uuid) -> Self {
        id.to_string()
    }
}

macro_rules! text {
    ($($type:ident)*) => {$(
        impl From<$type> for String {
            fn from(id: $type) -> Self {
                id.0.as_ref().to_owned()
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
    )*};
}
text! { PoolId ClientId }

macro_rules! from_string {
    ($($type:ident)*) => {$(
        impl TryFrom<String> for $type {
            type Error = Error;
            fn try_from(text: String) -> Result<Self> {
                text.parse()
            }
        }
    )*};
}
from_string! { PoolId ClientId Uuid }

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    #[test]
    fn drawn_ids_have_aws_shape_and_are_read_back() {
        let pool = PoolId::draw("eu-west-1", &SystemEntropy).unwrap();
        assert_eq!((pool.region(), pool.suffix().len()), ("eu-west-1", 9));
        assert_eq!(pool.as_str().parse::<PoolId>().unwrap(), pool);
        let client = ClientId::draw(&SystemEntropy).unwrap();
        assert_eq!(client.as_str().len(), 26);
        assert_eq!(client.as_str().parse::<ClientId>().unwrap(), client);
        let uuid = Uuid::draw(&SystemEntropy).unwrap();
        assert_eq!(uuid.to_string().to_uppercase().parse::<Uuid>().unwrap(), uuid);
        assert_eq!(uuid.to_string().as_bytes()[14], b'4');
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for text in ["", "_", "a_", "_a", "a_b-c", "eu west_1", &format!("a_{}", "b".repeat(54))] {
            assert!(text.parse::<PoolId>().is_err(), "{text}");
        }
        for text in ["", "a b", "a/b", &"a".repeat(129)] {
            assert!(text.parse::<ClientId>().is_err(), "{text}");
        }
        for text in ["", "0", "00000000-0000-4000-8000-00000000000g", "0000000000-00-4000-8000-000000000000"]
        {
            assert!(text.parse::<Uuid>().is_err(), "{text}");
        }
    }
}
