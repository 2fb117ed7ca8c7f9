//! What passkeys are bound to and asked with: the host they are for, the bytes they sign, how they are told of.
//!
//! INVARIANT: a passkey is for the name of a host, which the pool names or which is Garita's own; an address of a machine is
//! none (Web Authentication Level 3, section 4, "Relying Party Identifier").

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_model::user_pool::{PoolFault, TokenHash};
use garita_model::{Entropy, PoolPasskey, Result, UserPool};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::App;

/// Milliseconds that browsers are told to wait for an authenticator.
pub(super) const TIMEOUT: u32 = 180_000;

/// Bytes that a passkey is to sign: 256 bits of randomness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasskeyChallenge(TokenHash);

impl PasskeyChallenge {
    pub(super) fn draw(entropy: &dyn Entropy) -> Result<Self> {
        let mut bytes = [0; 32];
        entropy.fill(&mut bytes)?;
        Ok(Self(TokenHash(bytes)))
    }
    /// The bytes.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0.0
    }
    /// As it stands with a user who is asked.
    pub(super) fn kept(&self) -> TokenHash {
        self.0
    }
    /// As browsers take it.
    pub(super) fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.bytes())
    }
}

/// A host that passkeys are for, and the pages of Garita itself.
pub(super) struct RelyingParty {
    pub(super) id: String,
    /// The origin of the sign-in pages.
    pub(super) site: String,
}

impl App {
    /// Which host the passkeys of a pool are for.
    pub(super) fn relying_party(&self, pool: &UserPool) -> Result<RelyingParty> {
        let missing = || {
            PoolFault::WebAuthnConfigurationMissing.because(
                "passkeys are for the name of a host: set `RelyingPartyId` with SetUserPoolMfaConfig",
            )
        };
        let base = self.issuer_base()?;
        let (scheme, rest) = base.split_once("://").ok_or_else(missing)?;
        let authority = rest.split('/').next().unwrap_or_default().to_ascii_lowercase();
        let usual = if scheme == "https" { ":443" } else { ":80" };
        let authority = authority.strip_suffix(usual).unwrap_or(&authority);
        let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
        let own = Some(host).filter(|host| is_name(host)).map(str::to_owned);
        let id = pool.web_authn.relying_party.clone().or(own).ok_or_else(missing)?;
        Ok(RelyingParty { id, site: format!("{scheme}://{authority}") })
    }
}

/// Whether a host is a name that passkeys can be for: an address of a machine is none.
pub(super) fn is_name(host: &str) -> bool {
    let label = |label: &str| {
        let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        !label.is_empty() && label.bytes().all(inner) && !label.starts_with('-') && !label.ends_with('-')
    };
    let numeric = host.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    (1..=127).contains(&host.len()) && host.split('.').all(label) && !numeric
}

/// Whether authenticators must, should, or need not know their user.
pub(super) fn verification(required: bool) -> &'static str {
    if required { "required" } else { "preferred" }
}

/// A credential, as browsers are told of it.
pub(super) fn descriptor(passkey: &PoolPasskey) -> Value {
    let mut told = json!({ "type": "public-key", "id": passkey.id });
    if let (Some(members), false) = (told.as_object_mut(), passkey.transports.is_empty()) {
        members.insert("transports".to_owned(), json!(passkey.transports));
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passkeys_are_for_names() {
        for (host, is) in [
            ("localhost", true),
            ("id.example.com", true),
            ("127.0.0.1", false),
            ("[::1]", false),
            ("Example.com", false),
            ("a..b", false),
            ("-a.example", false),
            ("", false),
            ("https://a", false),
        ] {
            assert_eq!(is_name(host), is, "{host}");
        }
    }
}
