//! Keys of passkeys, in COSE: RFC 9052 section 7, RFC 9053 section 7, RFC 8230 for RSA.
//!
//! INVARIANT: a key has the parameters of its algorithm, each once, and none besides (CTAP 2.1, section 6.1.2: no optional
//! ones); a signature is checked with the algorithm the key names and no other.

use aws_lc_rs::rsa::PublicKeyComponents;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
};
use cbor4ii::core::Value;

use super::{Mismatch, decode};

/// Most bytes of a key: RSA with 4,096 bits takes 530.
const MOST: usize = 1_024;
/// The modulus of an RSA key, in bytes: 2,048 to 4,096 bits.
const MODULUS: std::ops::RangeInclusive<usize> = 256..=512;

/// What a key signs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
    /// RSASSA-PKCS1-v1_5 with SHA-256, which older Windows machines have.
    Rs256,
}

impl Algorithm {
    /// All of them, best first.
    pub const ALL: [Self; 3] = [Self::EdDsa, Self::Es256, Self::Rs256];

    /// Its number in the registry of COSE algorithms.
    pub fn id(self) -> i32 {
        match self {
            Self::Es256 => -7,
            Self::EdDsa => -8,
            Self::Rs256 => -257,
        }
    }
}

/// A key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicKey {
    /// A point of P-256, uncompressed.
    Es256(Vec<u8>),
    /// A point of Ed25519.
    EdDsa(Vec<u8>),
    /// Modulus and exponent.
    Rs256(Vec<u8>, Vec<u8>),
}

impl PublicKey {
    /// Reads a key.
    ///
    /// # Errors
    /// `Malformed`; `Unsupported` for an algorithm, curve or size that was not asked for.
    pub fn parse(bytes: &[u8]) -> Result<Self, Mismatch> {
        if bytes.len() > MOST {
            return Err(Mismatch::Malformed);
        }
        let (Value::Map(parameters), []) = decode(bytes)? else { return Err(Mismatch::Malformed) };
        let parameters = Parameters(parameters);
        let key = match (parameters.number(1)?, parameters.number(3)?) {
            (2, -7) => {
                parameters.only(&[1, 3, -1, -2, -3])?;
                parameters.must_be(-1, 1)?;
                let (x, y) = (parameters.bytes(-2)?, parameters.bytes(-3)?);
                if x.len() != 32 || y.len() != 32 {
                    return Err(Mismatch::Malformed);
                }
                Self::Es256([&[4], x, y].concat())
            }
            (1, -8) => {
                parameters.only(&[1, 3, -1, -2])?;
                parameters.must_be(-1, 6)?;
                Self::EdDsa(parameters.bytes(-2)?.to_vec())
            }
            (3, -257) => {
                parameters.only(&[1, 3, -1, -2])?;
                let (n, e) = (parameters.bytes(-1)?, parameters.bytes(-2)?);
                if !MODULUS.contains(&n.len()) || n.first() == Some(&0) || !matches!(e, [1, 0, 1]) {
                    return Err(Mismatch::Unsupported);
                }
                Self::Rs256(n.to_vec(), e.to_vec())
            }
            _ => return Err(Mismatch::Unsupported),
        };
        key.check()?;
        Ok(key)
    }

    /// What it signs with.
    pub fn algorithm(&self) -> Algorithm {
        match self {
            Self::Es256(_) => Algorithm::Es256,
            Self::EdDsa(_) => Algorithm::EdDsa,
            Self::Rs256(..) => Algorithm::Rs256,
        }
    }

    /// A point must be on its curve.
    fn check(&self) -> Result<(), Mismatch> {
        let parsed = match self {
            Self::Es256(point) => ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point),
            Self::EdDsa(point) => ParsedPublicKey::new(&ED25519, point),
            Self::Rs256(..) => return Ok(()),
        };
        parsed.map(drop).map_err(|_| Mismatch::Malformed)
    }

    /// Checks a signature.
    ///
    /// # Errors
    /// `Signature`.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Mismatch> {
        let verified = match self {
            Self::Es256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(message, signature)
            }
            Self::EdDsa(point) => UnparsedPublicKey::new(&ED25519, point).verify(message, signature),
            Self::Rs256(n, e) => {
                PublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
        };
        verified.map_err(|_| Mismatch::Signature)
    }
}

/// The parameters of a key, by their labels.
struct Parameters(Vec<(Value, Value)>);

impl Parameters {
    fn get(&self, label: i128) -> Result<&Value, Mismatch> {
        let found = self.0.iter().find(|(name, _)| *name == Value::Integer(label));
        found.map(|(_, value)| value).ok_or(Mismatch::Malformed)
    }
    fn number(&self, label: i128) -> Result<i128, Mismatch> {
        match self.get(label)? {
            Value::Integer(number) => Ok(*number),
            _ => Err(Mismatch::Malformed),
        }
    }
    fn bytes(&self, label: i128) -> Result<&[u8], Mismatch> {
        match self.get(label)? {
            Value::Bytes(bytes) => Ok(bytes),
            _ => Err(Mismatch::Malformed),
        }
    }
    fn must_be(&self, label: i128, number: i128) -> Result<(), Mismatch> {
        if self.number(label)? == number { Ok(()) } else { Err(Mismatch::Unsupported) }
    }
    /// Each of these labels once, and no others.
    fn only(&self, labels: &[i128]) -> Result<(), Mismatch> {
        if self.0.len() != labels.len() {
            return Err(Mismatch::Malformed);
        }
        labels.iter().try_for_each(|label| self.get(*label).map(drop))
    }
}
