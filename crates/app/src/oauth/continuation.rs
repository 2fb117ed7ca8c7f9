//! What a browser carries from page to page: sealed, so that it can neither be read nor made up, and good for a while.
//!
//! INVARIANT: what is opened was sealed for the same purpose by this Garita, and has not run out.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_model::{Error, Result, Sealed, Secret};
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::App;

const LABEL: &str = "continuation/1";
/// Most bytes of a sealed text. It stands in URLs.
pub const MAX_SEALED: usize = 6 * 1024;

#[derive(Serialize, Deserialize)]
struct Body<T> {
    #[serde(rename = "u")]
    until: i64,
    #[serde(rename = "s")]
    state: T,
}

impl App {
    /// Seals a state for a purpose.
    ///
    /// # Errors
    /// `TooLarge` when it would not fit in a URL; `Internal` when there is no randomness.
    pub fn seal<T: Serialize>(
        &self,
        purpose: &str,
        state: &T,
        now: Timestamp,
        life: SignedDuration,
    ) -> Result<String> {
        let until = now.saturating_add(life).map_or(i64::MAX, Timestamp::as_second);
        let plain = serde_json::to_vec(&Body { until, state })
            .map_err(|e| Error::internal(format!("a state cannot be written: {e}")))?;
        let sealed = self.keyring.seal(LABEL, purpose.as_bytes(), &plain, self.entropy())?;
        let text = URL_SAFE_NO_PAD.encode(sealed.as_bytes());
        if text.len() > MAX_SEALED { Err(Error::TooLarge(MAX_SEALED)) } else { Ok(text) }
    }

    /// Opens what [`App::seal`] made for the same purpose; none when it is not that, or has run out.
    pub fn unseal<T: DeserializeOwned>(&self, purpose: &str, text: &str, now: Timestamp) -> Option<T> {
        if text.len() > MAX_SEALED {
            return None;
        }
        let sealed = Sealed::from_bytes(URL_SAFE_NO_PAD.decode(text).ok()?);
        let plain: Secret<Vec<u8>> = self.keyring.open(LABEL, purpose.as_bytes(), &sealed)?;
        let body: Body<T> = serde_json::from_slice(plain.expose()).ok()?;
        (now.as_second() < body.until).then_some(body.state)
    }
}
