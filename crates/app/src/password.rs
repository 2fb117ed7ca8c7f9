//! Hashing passwords: Argon2id, on a thread where nobody waits.
//!
//! Cost as OWASP's "Password Storage Cheat Sheet" has it: 19 MiB, two passes. INVARIANT: no more than [`AT_ONCE`] run
//! together, so that guesses cost an attacker's time and not Garita's memory.

use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use garita_model::{Error, PasswordHash, Result, Secret};

use crate::App;

/// How many passwords are hashed at the same time.
pub(crate) const AT_ONCE: usize = 2;
/// Memory in KiB.
const MEMORY: u32 = 19 * 1024;
/// Passes over it.
const PASSES: u32 = 2;

type Hash = [u8; 32];

impl App {
    /// What a password is stored as.
    ///
    /// # Errors
    /// `Internal` when there is no randomness or no memory.
    pub(crate) async fn hash_password(&self, password: &Secret<String>) -> Result<PasswordHash> {
        let mut salt = [0_u8; 16];
        self.entropy().fill(&mut salt)?;
        let hash = self.hash(password, salt.to_vec(), MEMORY, PASSES).await?;
        Ok(PasswordHash {
            memory: MEMORY,
            passes: PASSES,
            salt: STANDARD_NO_PAD.encode(salt),
            hash: STANDARD_NO_PAD.encode(hash),
        })
    }

    /// Whether a password is the one that was stored.
    ///
    /// # Errors
    /// `Internal` when what is stored cannot be read.
    pub(crate) async fn is_password(&self, password: &Secret<String>, stored: &PasswordHash) -> Result<bool> {
        let unreadable = |_| Error::internal("a stored password hash cannot be read");
        let salt = STANDARD_NO_PAD.decode(&stored.salt).map_err(unreadable)?;
        let held = STANDARD_NO_PAD.decode(&stored.hash).map_err(unreadable)?;
        let hash = self.hash(password, salt, stored.memory, stored.passes).await?;
        Ok(verify_slices_are_equal(&hash, &held).is_ok())
    }

    async fn hash(&self, password: &Secret<String>, salt: Vec<u8>, memory: u32, passes: u32) -> Result<Hash> {
        let failed = |what: String| Error::internal(format!("a password cannot be hashed: {what}"));
        let _turn = self.hashing.acquire().await.map_err(|e| failed(e.to_string()))?;
        let password = password.clone();
        let work = move || {
            let params = Params::new(memory, passes, 1, Some(size_of::<Hash>()))?;
            let mut hash = Hash::default();
            Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into(
                password.expose().as_bytes(),
                &salt,
                &mut hash,
            )?;
            Ok::<_, argon2::Error>(hash)
        };
        let done = tokio::task::spawn_blocking(work).await.map_err(|e| failed(e.to_string()))?;
        done.map_err(|e| failed(e.to_string()))
    }
}
