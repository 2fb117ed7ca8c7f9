//! SHA-256: what cookies, codes and tokens are kept as, so that nothing that is stored or remembered opens anything.
//!
//! What is kept so is long and drawn at random, and so needs no salt and no work; passwords are kept in
//! [`crate::password`], and short codes under a key: [`crate::Keyring::mac`].

use aws_lc_rs::digest::{Context, SHA256};
use garita_model::user_pool::TokenHash;
use garita_model::{Entropy, Error, Result};

/// What a secret is kept as, or anything else is known by.
pub(crate) fn of(what: impl AsRef<[u8]>) -> TokenHash {
    TokenHash(sha256(&[what.as_ref()]))
}

/// A hash in place of randomness: for what must look drawn and be the same each time.
pub(crate) struct Fixed(pub(crate) [u8; 32]);

impl Entropy for Fixed {
    fn fill(&self, bytes: &mut [u8]) -> Result<()> {
        let drawn =
            self.0.get(..bytes.len()).ok_or_else(|| Error::internal("a hash is too short to draw from"))?;
        bytes.copy_from_slice(drawn);
        Ok(())
    }
}

/// SHA-256 of parts, one after the other.
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    parts.iter().for_each(|part| context.update(part));
    let mut hash = [0; 32];
    hash.iter_mut().zip(context.finish().as_ref()).for_each(|(to, from)| *to = *from);
    hash
}
