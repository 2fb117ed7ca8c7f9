//! The master key and what is derived from it: sealing of stored secrets and of session tokens.
//!
//! One 256-bit key, from a file or the environment; every use has its own key, derived with HKDF-SHA256 (RFC 5869)
//! under a label. Sealing is AES-256-GCM-SIV (RFC 8452), so a repeated nonce costs only equality of messages.
//! INVARIANT: the master key itself encrypts nothing.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Prk, Salt};
use aws_lc_rs::hmac;
use garita_model::{Entropy, Error, Result, Sealed, Secret};

/// The key ring of one Garita.
pub struct Keyring {
    master: Prk,
    /// What seals and opens for each label that was used; labels are constants, so they are few.
    ciphers: RwLock<HashMap<&'static str, Arc<LessSafeKey>>>,
}

struct Bytes32;

impl aws_lc_rs::hkdf::KeyType for Bytes32 {
    fn len(&self) -> usize {
        32
    }
}

impl Keyring {
    /// A key ring over a master key of 32 bytes.
    pub fn new(master: &Secret<[u8; 32]>) -> Self {
        let master = Salt::new(HKDF_SHA256, b"garita/1").extract(master.expose());
        Self { master, ciphers: RwLock::default() }
    }

    /// The key for one purpose.
    ///
    /// # Errors
    /// `Internal` when the crypto library fails.
    pub fn derive(&self, label: &str) -> Result<Secret<[u8; 32]>> {
        let mut key = [0_u8; 32];
        self.master
            .expand(&[label.as_bytes()], Bytes32)
            .and_then(|okm| okm.fill(&mut key))
            .map_err(|_| Error::internal("key derivation failed"))?;
        Ok(Secret::new(key))
    }

    /// The keyed hash of parts for one purpose: HMAC-SHA256 of them, one after the other.
    ///
    /// # Errors
    /// `Internal` when the crypto library fails.
    pub fn mac(&self, label: &str, parts: &[&[u8]]) -> Result<[u8; 32]> {
        let key = self.derive(label)?;
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key.expose()));
        parts.iter().for_each(|part| context.update(part));
        let tag = context.sign();
        tag.as_ref().first_chunk().copied().ok_or_else(|| Error::internal("a keyed hash is too short"))
    }

    /// Encrypts `plain` for one purpose, bound to `context`: it opens only with the same label and context.
    ///
    /// # Errors
    /// `Internal` when there is no randomness or the crypto library fails.
    pub fn seal(
        &self,
        label: &'static str,
        context: &[u8],
        plain: &[u8],
        entropy: &dyn Entropy,
    ) -> Result<Sealed> {
        let mut nonce = [0_u8; NONCE_LEN];
        entropy.fill(&mut nonce)?;
        let mut sealed = nonce.to_vec();
        let mut body = plain.to_vec();
        self.cipher(label)?
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(context), &mut body)
            .map_err(|_| Error::internal("sealing failed"))?;
        sealed.append(&mut body);
        Ok(Sealed::from_bytes(sealed))
    }

    /// Decrypts what [`Keyring::seal`] made; none when it was made with another key, label or context, or changed.
    pub fn open(&self, label: &'static str, context: &[u8], sealed: &Sealed) -> Option<Secret<Vec<u8>>> {
        let (nonce, body) = sealed.as_bytes().split_first_chunk::<NONCE_LEN>()?;
        let mut body = body.to_vec();
        let cipher = self.cipher(label).ok()?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = cipher.open_in_place(nonce, Aad::from(context), &mut body).ok()?.len();
        body.truncate(length);
        Some(Secret::new(body))
    }

    fn cipher(&self, label: &'static str) -> Result<Arc<LessSafeKey>> {
        if let Some(known) = self.ciphers.read().unwrap_or_else(PoisonError::into_inner).get(label) {
            return Ok(Arc::clone(known));
        }
        let key = self.derive(label)?;
        let cipher = UnboundKey::new(&AES_256_GCM_SIV, key.expose())
            .map(|key| Arc::new(LessSafeKey::new(key)))
            .map_err(|_| Error::internal("the crypto library refused a key"))?;
        let mut ciphers = self.ciphers.write().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(ciphers.entry(label).or_insert(cipher)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use garita_model::SystemEntropy;

    #[test]
    fn opens_only_with_the_same_key_label_context_and_bytes() {
        let ring = Keyring::new(&Secret::new([7; 32]));
        let sealed = ring.seal("a", b"ctx", b"secret", &SystemEntropy).unwrap();
        assert_eq!(ring.open("a", b"ctx", &sealed).unwrap().expose(), b"secret");
        assert!(ring.open("b", b"ctx", &sealed).is_none());
        assert!(ring.open("a", b"other", &sealed).is_none());
        assert!(Keyring::new(&Secret::new([8; 32])).open("a", b"ctx", &sealed).is_none());
        for index in 0..sealed.as_bytes().len() {
            let mut bytes = sealed.as_bytes().to_vec();
            bytes[index] ^= 1;
            assert!(ring.open("a", b"ctx", &Sealed::from_bytes(bytes)).is_none(), "byte {index}");
        }
        assert!(ring.open("a", b"ctx", &Sealed::from_bytes(vec![1, 2])).is_none());
    }
}
