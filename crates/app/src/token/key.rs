//! Signing keys: made, sealed, opened, used.
//!
//! A key's name is its thumbprint (RFC 7638), so two keys cannot share one. The private half leaves this module only
//! sealed under the master key and bound to that name. Key generation draws from the crypto library's own generator:
//! it takes no other.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{self, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED,
    ECDSA_P384_SHA384_FIXED_SIGNING, ED25519, EcdsaKeyPair, EcdsaSigningAlgorithm,
    EcdsaVerificationAlgorithm, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256,
    RsaPublicKeyComponents, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_model::{
    AccountId, Entropy, Error, KeyStage, PublicKey, Result, Secret, TokenAlgorithm, TokenKey, TokenUse,
};
use jiff::Timestamp;

use super::{Ground, Issuer, Tokens};
use crate::keyring::Keyring;

const LABEL: &str = "token-key";

/// What a new key is for.
#[derive(Debug, Clone, Copy)]
pub struct NewKey<'a> {
    /// The account of the pool.
    pub account: AccountId,
    /// The pool's id.
    pub pool: &'a str,
    /// How it signs.
    pub algorithm: TokenAlgorithm,
    /// Which tokens it signs.
    pub signs: TokenUse,
}

/// Makes a key that is published from `now` and signs from `signs_from`. RSA takes tenths of a second: not inside a
/// transaction, and not on a thread that serves others.
///
/// # Errors
/// `Internal` when the crypto library fails or there is no randomness.
pub fn generate(
    new: NewKey<'_>,
    keyring: &Keyring,
    entropy: &dyn Entropy,
    now: Timestamp,
    signs_from: Timestamp,
) -> Result<TokenKey> {
    let (private, public) =
        draw(new.algorithm).ok_or_else(|| Error::internal("a signing key cannot be generated"))?;
    let kid = thumbprint(&public);
    let sealed = keyring.seal(LABEL, kid.as_bytes(), private.expose(), entropy)?;
    Ok(TokenKey {
        account: new.account,
        pool: new.pool.to_owned(),
        kid,
        algorithm: new.algorithm,
        signs: new.signs,
        public,
        private: sealed,
        created: now,
        signs_from,
        signs_until: None,
        verifies_until: None,
        denied: None,
    })
}

/// The two keys a pool needs for an algorithm, signing from `now`.
///
/// # Errors
/// As [`generate`].
pub fn generate_pair(
    account: AccountId,
    pool: &str,
    algorithm: TokenAlgorithm,
    keyring: &Keyring,
    entropy: &dyn Entropy,
    now: Timestamp,
) -> Result<[TokenKey; 2]> {
    let make = |signs| generate(NewKey { account, pool, algorithm, signs }, keyring, entropy, now, now);
    Ok([make(TokenUse::Id)?, make(TokenUse::Access)?])
}

/// The key that signs such tokens at `now`: of several, the one that began last.
pub(crate) fn current(
    ground: &dyn Ground,
    issuer: &Issuer,
    algorithm: TokenAlgorithm,
    signs: TokenUse,
    now: Timestamp,
) -> Option<Arc<TokenKey>> {
    let fits = |key: &Arc<TokenKey>| {
        key.algorithm == algorithm && key.signs == signs && key.stage(now) == KeyStage::Current
    };
    let later = |a: &Arc<TokenKey>, b: &Arc<TokenKey>| (a.signs_from, &a.kid).cmp(&(b.signs_from, &b.kid));
    ground.keys(issuer).into_iter().filter(fits).max_by(later)
}

/// A private key, opened.
pub(crate) struct Signer {
    pair: Pair,
    /// What its tokens begin with: their header as Cognito writes it, in base64url, and the dot after it.
    header: String,
}

enum Pair {
    Rsa(Box<rsa::KeyPair>),
    Elliptic(Box<EcdsaKeyPair>),
    Ed25519(Box<Ed25519KeyPair>),
}

fn elliptic(
    how: &'static EcdsaSigningAlgorithm,
    pkcs8: &[u8],
) -> std::result::Result<Pair, aws_lc_rs::error::KeyRejected> {
    EcdsaKeyPair::from_pkcs8(how, pkcs8).map(Box::new).map(Pair::Elliptic)
}

impl Signer {
    fn open(keyring: &Keyring, key: &TokenKey) -> Result<Self> {
        let plain = keyring
            .open(LABEL, key.kid.as_bytes(), &key.private)
            .ok_or_else(|| Error::internal("a stored signing key does not open: wrong master key?"))?;
        let pair = match key.algorithm {
            TokenAlgorithm::Rs256 => rsa::KeyPair::from_pkcs8(plain.expose()).map(Box::new).map(Pair::Rsa),
            TokenAlgorithm::Es256 => elliptic(&ECDSA_P256_SHA256_FIXED_SIGNING, plain.expose()),
            TokenAlgorithm::Es384 => elliptic(&ECDSA_P384_SHA384_FIXED_SIGNING, plain.expose()),
            TokenAlgorithm::EdDsa => {
                Ed25519KeyPair::from_pkcs8(plain.expose()).map(Box::new).map(Pair::Ed25519)
            }
        };
        let pair = pair.map_err(|_| Error::internal("a stored signing key cannot be read"))?;
        let header = format!(r#"{{"kid":"{}","alg":"{}"}}"#, key.kid, key.algorithm.as_str());
        Ok(Self { pair, header: URL_SAFE_NO_PAD.encode(header) + "." })
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let failed = |_| Error::internal("signing failed");
        let rng = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &rng, message, &mut signature).map_err(failed)?;
                Ok(signature)
            }
            Pair::Elliptic(pair) => pair.sign(&rng, message).map(|s| s.as_ref().to_vec()).map_err(failed),
            Pair::Ed25519(pair) => pair.try_sign(message).map(|s| s.as_ref().to_vec()).map_err(failed),
        }
    }
}

impl Tokens {
    /// A compact JWS (RFC 7515 section 7.1) over `claims`.
    pub(crate) fn sign(&self, keyring: &Keyring, key: &TokenKey, claims: &str) -> Result<Secret<String>> {
        let signer = match self.signers.get(&key.kid) {
            Some(signer) => signer,
            None => {
                let signer = Arc::new(Signer::open(keyring, key)?);
                self.signers.insert(key.kid.clone(), Arc::clone(&signer));
                signer
            }
        };
        let mut token = signer.header.clone();
        URL_SAFE_NO_PAD.encode_string(claims, &mut token);
        let signature = signer.sign(token.as_bytes())?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(Secret::new(token))
    }
}

/// Whether a signature is the key's, made in the way that the key is for.
pub(crate) fn verifies(key: &TokenKey, message: &[u8], signature: &[u8]) -> bool {
    let bytes = |text: &String| URL_SAFE_NO_PAD.decode(text).ok();
    let good = match (key.algorithm, &key.public) {
        (TokenAlgorithm::Rs256, PublicKey::Rsa { n, e }) => {
            let (Some(n), Some(e)) = (bytes(n), bytes(e)) else { return false };
            RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
        }
        (TokenAlgorithm::Es256, PublicKey::P256 { x, y }) => {
            return of_point(&ECDSA_P256_SHA256_FIXED, x, y, message, signature);
        }
        (TokenAlgorithm::Es384, PublicKey::P384 { x, y }) => {
            return of_point(&ECDSA_P384_SHA384_FIXED, x, y, message, signature);
        }
        (TokenAlgorithm::EdDsa, PublicKey::Ed25519 { x }) => {
            let Some(x) = bytes(x) else { return false };
            UnparsedPublicKey::new(&ED25519, x).verify(message, signature)
        }
        (
            TokenAlgorithm::Rs256 | TokenAlgorithm::Es256 | TokenAlgorithm::Es384 | TokenAlgorithm::EdDsa,
            _,
        ) => return false,
    };
    good.is_ok()
}

/// Whether a signature is that of the key with this point.
fn of_point(
    how: &'static EcdsaVerificationAlgorithm,
    x: &str,
    y: &str,
    message: &[u8],
    signature: &[u8],
) -> bool {
    let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
    let (Some(x), Some(y)) = (bytes(x), bytes(y)) else { return false };
    let point = [&[4], x.as_slice(), y.as_slice()].concat();
    UnparsedPublicKey::new(how, point).verify(message, signature).is_ok()
}

/// A new key pair: the private half as PKCS #8.
fn draw(algorithm: TokenAlgorithm) -> Option<(Secret<Vec<u8>>, PublicKey)> {
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let rng = SystemRandom::new();
    match algorithm {
        TokenAlgorithm::Rs256 => {
            let pair = rsa::KeyPair::generate(KeySize::Rsa2048).ok()?;
            let private = pair.as_der().ok()?.as_ref().to_vec();
            let (n, e) = rsa_numbers(pair.public_key().as_ref())?;
            Some((Secret::new(private), PublicKey::Rsa { n: text(n), e: text(e) }))
        }
        TokenAlgorithm::Es256 => {
            let (private, x, y) = draw_point(&ECDSA_P256_SHA256_FIXED_SIGNING, 32)?;
            Some((private, PublicKey::P256 { x, y }))
        }
        TokenAlgorithm::Es384 => {
            let (private, x, y) = draw_point(&ECDSA_P384_SHA384_FIXED_SIGNING, 48)?;
            Some((private, PublicKey::P384 { x, y }))
        }
        TokenAlgorithm::EdDsa => {
            let made = Ed25519KeyPair::generate_pkcs8(&rng).ok()?;
            let private = Secret::new(made.as_ref().to_vec());
            let pair = Ed25519KeyPair::from_pkcs8(private.expose()).ok()?;
            Some((private, PublicKey::Ed25519 { x: text(pair.public_key().as_ref()) }))
        }
    }
}

/// A new key pair on a curve, with the coordinates of its point.
fn draw_point(
    how: &'static EcdsaSigningAlgorithm,
    coordinate: usize,
) -> Option<(Secret<Vec<u8>>, String, String)> {
    let made = EcdsaKeyPair::generate_pkcs8(how, &SystemRandom::new()).ok()?;
    let private = Secret::new(made.as_ref().to_vec());
    let pair = EcdsaKeyPair::from_pkcs8(how, private.expose()).ok()?;
    // SEC 1 section 2.3.3: 4, then both coordinates.
    let (_, point) = pair.public_key().as_ref().split_first()?;
    let (x, y) = point.split_at_checked(coordinate)?;
    Some((private, URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y)))
}

/// Modulus and exponent of an `RSAPublicKey` (RFC 8017 appendix A.1.1) that the crypto library wrote.
fn rsa_numbers(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (sequence, _) = der_value(der, 0x30)?;
    let (modulus, rest) = der_value(sequence, 0x02)?;
    let (exponent, _) = der_value(rest, 0x02)?;
    // A JSON Web Key holds the numbers without the zero that makes them positive in DER.
    let positive = |number: &'_ [u8]| number.iter().take_while(|byte| **byte == 0).count();
    Some((modulus.get(positive(modulus)..)?, exponent.get(positive(exponent)..)?))
}

/// The value of a DER element with this tag, and what comes after it.
fn der_value(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (first, rest) = der.split_first()?;
    let (short, rest) = rest.split_first()?;
    let (length, rest) = match usize::from(*short) {
        length @ 0..0x80 => (length, rest),
        long => {
            let (bytes, rest) = rest.split_at_checked(long - 0x80).filter(|(bytes, _)| bytes.len() <= 4)?;
            (bytes.iter().fold(0, |n, byte| (n << 8) | usize::from(*byte)), rest)
        }
    };
    (*first == tag).then(|| rest.split_at_checked(length)).flatten()
}

/// RFC 7638: the hash of the members that make the key, in the order of their names.
fn thumbprint(public: &PublicKey) -> String {
    let text = match public {
        PublicKey::Rsa { n, e } => format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#),
        PublicKey::P256 { x, y } => format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#),
        PublicKey::P384 { x, y } => format!(r#"{{"crv":"P-384","kty":"EC","x":"{x}","y":"{y}"}}"#),
        PublicKey::Ed25519 { x } => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#),
    };
    URL_SAFE_NO_PAD.encode(digest(&SHA256, text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7638 section 3.1.
    #[test]
    fn thumbprints_are_those_of_the_rfc() {
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiF\
                 V4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c\
                 7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF\
                 44-csFCur-kEgU8awapJzKnqDKgw";
        let key = PublicKey::Rsa { n: n.to_owned(), e: "AQAB".to_owned() };
        assert_eq!(thumbprint(&key), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    #[test]
    fn public_numbers_are_read_from_der() {
        let der = [&[0x30, 0x0a, 0x02, 0x03, 0x00, 0xc1, 0x01, 0x02, 0x03][..], &[1, 0, 1]].concat();
        assert_eq!(rsa_numbers(&der), Some((&[0xc1, 1][..], &[1, 0, 1][..])));
        for cut in 0..der.len() {
            assert_eq!(rsa_numbers(&der[..cut]), None, "{cut} bytes");
        }
        assert_eq!(rsa_numbers(&[0x30, 0x89, 1, 1, 1, 1, 1, 1, 1, 1, 1]), None);
    }
}
