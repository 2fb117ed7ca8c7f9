//! The signing key: four HMACs deep, good for one day, region and service.
//!
//! INVARIANT: no `Debug`, no `Serialize`; the bytes and every step towards them are wiped on drop. Deriving costs four
//! of the five HMACs of a verification, so callers keep the key per (access key, scope).
//!
//! Spec: IAM User Guide, "Create a signed AWS API request", step 4.

use aws_lc_rs::hmac;
use zeroize::{Zeroize, Zeroizing};

use super::Scope;

pub(super) const TERMINATOR: &str = "aws4_request";

/// The key that signs requests of one scope.
#[derive(Clone)]
pub struct SigningKey(Zeroizing<[u8; 32]>);

impl SigningKey {
    /// Derives the key for a day (`YYYYMMDD`), a region and a service from a secret access key.
    #[must_use]
    pub fn derive(secret: &str, date: &str, region: &str, service: &str) -> Self {
        let mut seed = Zeroizing::new(Vec::with_capacity(4 + secret.len()));
        seed.extend_from_slice(b"AWS4");
        seed.extend_from_slice(secret.as_bytes());
        let day = Zeroizing::new(hmac_sha256(&seed, date.as_bytes()));
        let region = Zeroizing::new(hmac_sha256(&*day, region.as_bytes()));
        let service = Zeroizing::new(hmac_sha256(&*region, service.as_bytes()));
        Self(Zeroizing::new(hmac_sha256(&*service, TERMINATOR.as_bytes())))
    }

    /// Derives the key for a scope.
    #[must_use]
    pub fn for_scope(secret: &str, scope: &Scope) -> Self {
        Self::derive(secret, &scope.date, &scope.region, &scope.service)
    }

    pub(super) fn sign(&self, string_to_sign: &str) -> [u8; 32] {
        hmac_sha256(&*self.0, string_to_sign.as_bytes())
    }
}

impl Zeroize for SigningKey {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message);
    let mut out = [0; 32];
    for (to, from) in out.iter_mut().zip(tag.as_ref()) {
        *to = *from;
    }
    out
}
