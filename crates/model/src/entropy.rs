//! Randomness, replaceable in tests. INVARIANT: every id, secret and nonce is drawn from here.

use crate::error::{Error, Result};

/// Where random bytes come from.
pub trait Entropy: Send + Sync {
    /// Fills `bytes` with unpredictable bytes.
    ///
    /// # Errors
    /// `Internal` when the source fails; nothing may be made from a buffer that was not filled.
    fn fill(&self, bytes: &mut [u8]) -> Result<()>;
}

/// The operating system's generator, through the crypto library.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[allow(clippy::disallowed_methods, reason = "the one place that draws randomness")]
    fn fill(&self, bytes: &mut [u8]) -> Result<()> {
        aws_lc_rs::rand::fill(bytes).map_err(|_| Error::internal("the random generator failed"))
    }
}
