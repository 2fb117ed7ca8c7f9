//! Passkeys that names which are nobody's seem to have, so that one who is asked for a passkey need not be there (Web
//! Authentication section 14.6.2).
//!
//! Every second name has one, always the same. An answer with it is looked at as any other, and refused in the words that
//! a passkey which is there would be refused with: down to its signature, which nothing is.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_model::user_pool::MfaMode;
use garita_model::{Error, Result};
use serde_json::{Value, json};

use super::AdmittedClient;
use super::passkey_sign_in::{Asked, refused};
use crate::App;
use crate::webauthn::{Asserted, AuthenticationResponse, Held, Mismatch};

/// A key that answers for nobody, in COSE: the generator of P-256. Nothing that verifies with it is accepted.
const KEY: [u8; 77] = *b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20\
    \x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40\xf2\
    \x77\x03\x7d\x81\x2d\xeb\x33\xa0\xf4\xa1\x39\x45\xd8\x98\xc2\x96\
    \x22\x58\x20\
    \x4f\xe3\x42\xe2\xfe\x1a\x7f\x9b\x8e\xe7\xeb\x4a\x7c\x0f\x9e\x16\
    \x2b\xce\x33\x57\x6b\x31\x5e\xce\xcb\xb6\x40\x68\x37\xbf\x51\xf5";
const LABEL: &str = "passkey-stand-in/1";

impl App {
    /// The id of the passkey of a name that is nobody's, if it has one.
    pub(super) fn stand_in_passkey(&self, admitted: &AdmittedClient, name: &str) -> Result<Option<String>> {
        let pool = admitted.user_pool();
        let enough = pool.mfa != MfaMode::On || pool.web_authn.multi_factor;
        if !enough || !self.offers_passkeys(pool) {
            return Ok(None);
        }
        let key = self.keyring.derive(LABEL)?;
        let key = hmac::Key::new(hmac::HMAC_SHA512, key.expose());
        // A pool's id holds no line break.
        let tag = hmac::sign(&key, format!("{}\n{}", pool.id, pool.name_key(name)).as_bytes());
        let (id, rest) = tag.as_ref().split_at_checked(32).unwrap_or_default();
        let has_one = rest.first().is_some_and(|byte| byte % 2 == 0);
        Ok(has_one.then(|| URL_SAFE_NO_PAD.encode(id)))
    }

    /// Puts the passkey of a name that is nobody's, if it has one, where those of a user would stand.
    pub(super) fn put_stand_in(
        &self,
        admitted: &AdmittedClient,
        name: &str,
        options: &mut Value,
    ) -> Result<()> {
        if let (Some(id), Some(options)) = (self.stand_in_passkey(admitted, name)?, options.as_object_mut()) {
            let descriptor = json!({ "type": "public-key", "id": id, "transports": ["internal", "hybrid"] });
            options.insert("allowCredentials".to_owned(), json!([descriptor]));
        }
        Ok(())
    }

    /// Refuses an answer with a passkey that stands in for one.
    pub(super) fn refuse_stand_in(&self, admitted: &AdmittedClient, name: &str, asked: &Asked<'_>) -> Error {
        match self.hold_to_stand_in(admitted, name, asked) {
            Ok(_) => refused(Mismatch::Signature),
            Err(error) => error,
        }
    }

    fn hold_to_stand_in(&self, admitted: &AdmittedClient, name: &str, asked: &Asked<'_>) -> Result<Asserted> {
        let answer = AuthenticationResponse::parse(asked.answer).map_err(refused)?;
        let id = self.stand_in_passkey(admitted, name)?.and_then(|id| URL_SAFE_NO_PAD.decode(id).ok());
        let id =
            id.filter(|_| answer.user_handle().is_none()).ok_or_else(|| refused(Mismatch::Credential))?;
        let backup_eligible = id.first().is_some_and(|byte| byte % 2 == 0);
        let held = Held { id: &id, key: &KEY, counter: 0, backup_eligible };
        self.hold_to(admitted, asked, &held, &answer)
    }
}
