//! A provider's key set: RFC 7517, as far as keys verify signatures.
//!
//! INVARIANT: a key verifies with the algorithms of its own kind only, so a public key is never the secret of an HMAC
//! and a token cannot choose how it is looked at. Keys of other kinds or uses, and RSA keys under 2048 bits, are left
//! out.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, EcdsaVerificationAlgorithm,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RsaParameters,
    RsaPublicKeyComponents, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

/// Most keys of a provider that are looked at.
const MOST_KEYS: usize = 100;
/// Bytes of the modulus of an RSA key: 2048 to 8192 bits.
const MODULUS: std::ops::RangeInclusive<usize> = 256..=1_024;

/// How a token may be signed: RFC 7518 §3.3, §3.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Rs256,
    Rs384,
    Rs512,
    Es256,
    Es384,
    Es512,
}

impl Algorithm {
    const ALL: [(Self, &'static str); 6] = [
        (Self::Rs256, "RS256"),
        (Self::Rs384, "RS384"),
        (Self::Rs512, "RS512"),
        (Self::Es256, "ES256"),
        (Self::Es384, "ES384"),
        (Self::Es512, "ES512"),
    ];

    /// The algorithm of a header's `alg`; none for those that are not accepted, `none` and HMAC among them.
    pub(super) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, known)| *known == name).map(|(algorithm, _)| algorithm)
    }

    fn rsa(self) -> Option<&'static RsaParameters> {
        match self {
            Self::Rs256 => Some(&RSA_PKCS1_2048_8192_SHA256),
            Self::Rs384 => Some(&RSA_PKCS1_2048_8192_SHA384),
            Self::Rs512 => Some(&RSA_PKCS1_2048_8192_SHA512),
            Self::Es256 | Self::Es384 | Self::Es512 => None,
        }
    }
    fn curve(self) -> Option<&'static EcdsaVerificationAlgorithm> {
        match self {
            Self::Es256 => Some(&ECDSA_P256_SHA256_FIXED),
            Self::Es384 => Some(&ECDSA_P384_SHA384_FIXED),
            Self::Es512 => Some(&ECDSA_P521_SHA512_FIXED),
            Self::Rs256 | Self::Rs384 | Self::Rs512 => None,
        }
    }
}

/// A key that verifies.
pub(crate) struct Key {
    /// The name tokens call it by.
    pub(super) id: Option<String>,
    /// The one algorithm it is for, when its provider says so.
    only: Option<Algorithm>,
    public: Public,
}

/// The numbers of a key.
enum Public {
    Rsa(RsaPublicKeyComponents<Vec<u8>>),
    /// The algorithm of the curve, and the point: 4, then both coordinates (SEC 1 §2.3.3).
    Curve(Algorithm, Vec<u8>),
}

impl Key {
    /// Whether it is for an algorithm.
    pub(super) fn fits(&self, algorithm: Algorithm) -> bool {
        let of_its_kind = match &self.public {
            Public::Rsa(_) => algorithm.rsa().is_some(),
            Public::Curve(own, _) => *own == algorithm,
        };
        of_its_kind && self.only.is_none_or(|only| only == algorithm)
    }

    /// Whether a signature is this key's.
    pub(super) fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        let good = match &self.public {
            Public::Rsa(key) => {
                algorithm.rsa().is_some_and(|how| key.verify(how, message, signature).is_ok())
            }
            Public::Curve(_, point) => algorithm
                .curve()
                .is_some_and(|how| UnparsedPublicKey::new(how, point).verify(message, signature).is_ok()),
        };
        good && self.fits(algorithm)
    }
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Parameters {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    alg: Option<String>,
    n: Option<String>,
    e: Option<String>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// The usable keys of a document; none when it is no key set.
pub(crate) fn parse(bytes: &[u8]) -> Option<Vec<Key>> {
    let document: Document = serde_json::from_slice(bytes).ok()?;
    let keys = document.keys.into_iter().take(MOST_KEYS);
    // A key that cannot be read is for others: the rest stays good.
    Some(keys.filter_map(|key| serde_json::from_value(key).ok()).filter_map(Parameters::key).collect())
}

impl Parameters {
    fn key(self) -> Option<Key> {
        if self.purpose.as_deref().is_some_and(|purpose| purpose != "sig") {
            return None;
        }
        let public = match self.kty.as_str() {
            "RSA" => self.rsa()?,
            "EC" => self.curve()?,
            _ => return None,
        };
        let only = match self.alg.as_deref() {
            None => None,
            Some(name) => Some(Algorithm::of(name)?),
        };
        Some(Key { id: self.kid, only, public })
    }

    fn rsa(&self) -> Option<Public> {
        let number = |text: &Option<String>| -> Option<Vec<u8>> {
            let bytes = URL_SAFE_NO_PAD.decode(text.as_deref()?).ok()?;
            Some(bytes.into_iter().skip_while(|byte| *byte == 0).collect())
        };
        let (n, e) = (number(&self.n)?, number(&self.e)?);
        MODULUS.contains(&n.len()).then_some(Public::Rsa(RsaPublicKeyComponents { n, e }))
    }

    fn curve(&self) -> Option<Public> {
        let (algorithm, length) = match self.crv.as_deref()? {
            "P-256" => (Algorithm::Es256, 32),
            "P-384" => (Algorithm::Es384, 48),
            "P-521" => (Algorithm::Es512, 66),
            _ => return None,
        };
        let whole = |text: &Option<String>| {
            URL_SAFE_NO_PAD.decode(text.as_deref()?).ok().filter(|bytes| bytes.len() == length)
        };
        let point = [vec![4], whole(&self.x)?, whole(&self.y)?].concat();
        Some(Public::Curve(algorithm, point))
    }
}
