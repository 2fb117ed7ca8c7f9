//! Authorization codes: five minutes, one use, and only for the client, address, proof key and browser it was made for.
//!
//! A code is sealed and holds everything; what it names is the id of the sign-in that comes of it. That sign-in is
//! stored once, so a code that is shown again finds it there, and ends it: RFC 9700 section 4.5.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_model::user_pool::{ClientId, PoolClient, TokenHash, UserPool, Uuid};
use garita_model::{Result, Secret};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::ask::Ask;
use super::browser::SignedIn;
use super::fault::{OAuthCode, OAuthFault};
use crate::App;
use crate::context::{Concerned, RequestContext};
use crate::hash::sha256;

/// How long a code is good: Cognito's five minutes.
const LIFE: SignedDuration = SignedDuration::from_mins(5);
/// A `code_verifier`: RFC 7636 section 4.1.
const VERIFIER: std::ops::RangeInclusive<usize> = 43..=128;

/// What a code holds.
#[derive(Serialize, Deserialize)]
pub(super) struct CodeBody {
    /// The sign-in that comes of it.
    #[serde(rename = "i")]
    pub(super) session: Uuid,
    /// Whose.
    #[serde(rename = "u")]
    pub(super) user: Uuid,
    #[serde(rename = "c")]
    client: ClientId,
    #[serde(rename = "r")]
    redirect_uri: String,
    #[serde(rename = "h", default, skip_serializing_if = "Option::is_none")]
    challenge: Option<String>,
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub(super) nonce: Option<String>,
    #[serde(rename = "s")]
    pub(super) scopes: Vec<String>,
    /// The browser that must still be signed in when the code is exchanged.
    #[serde(rename = "b")]
    pub(super) browser: TokenHash,
    #[serde(rename = "a")]
    pub(super) signed_in: Timestamp,
    #[serde(rename = "m")]
    pub(super) second_factor: bool,
}

impl App {
    /// Makes the code that an app's browser goes back with.
    ///
    /// # Errors
    /// `NotAuthorized` for who came by a provider that the app client does not send people to; `Internal` when there is
    /// no randomness.
    pub fn authorization_code(
        &self,
        cx: &RequestContext,
        pool: &UserPool,
        client: &PoolClient,
        who: &SignedIn,
        ask: &Ask,
    ) -> Result<Secret<String>> {
        let sub = Some(who.user.sub.to_string());
        cx.concerns(Concerned { account: pool.account, pool: pool.id.to_string(), sub });
        who.must_be_taken(client)?;
        let body = CodeBody {
            session: Uuid::draw(self.entropy())?,
            user: who.user.sub,
            client: client.id.clone(),
            redirect_uri: ask.redirect_uri.clone(),
            challenge: ask.challenge.clone(),
            nonce: ask.nonce.clone(),
            scopes: ask.scopes.clone(),
            browser: who.browser.cookie,
            signed_in: who.browser.signed_in,
            second_factor: who.browser.mfa,
        };
        self.seal(&purpose(pool), &body, cx.now(), LIFE).map(Secret::new)
    }

    /// Opens a code and holds its bearer to it.
    ///
    /// # Errors
    /// `invalid_grant`.
    pub(super) fn open_code(
        &self,
        pool: &UserPool,
        client: &PoolClient,
        code: &Secret<String>,
        redirect_uri: Option<&str>,
        verifier: Option<&Secret<String>>,
        now: Timestamp,
    ) -> Result<CodeBody, OAuthFault> {
        let refused = |text: &str| OAuthCode::InvalidGrant.because(text);
        let body: CodeBody = self
            .unseal(&purpose(pool), code.expose(), now)
            .ok_or_else(|| refused("the code is not one of this pool, or has run out"))?;
        if body.client != client.id {
            return Err(refused("the code was given to another app client"));
        }
        // Who did not name an address when asking need not name one now.
        let named = redirect_uri.or(client.default_redirect.as_deref());
        if named != Some(body.redirect_uri.as_str()) {
            return Err(refused("redirect_uri is not the one the code was asked for with"));
        }
        match (&body.challenge, verifier) {
            (None, None) => Ok(body),
            (Some(challenge), Some(verifier)) if proves(verifier, challenge) => Ok(body),
            // A verifier for a code without a challenge is a sign that someone took the challenge out: RFC 9700 4.8.2.
            _ => Err(refused("code_verifier does not fit the code_challenge the code was asked for with")),
        }
    }
}

/// The challenge of a proof key, by the method `S256`: RFC 7636 section 4.2.
pub fn code_challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(sha256(&[verifier.as_bytes()]))
}

/// RFC 7636 section 4.6.
fn proves(verifier: &Secret<String>, challenge: &str) -> bool {
    let verifier = verifier.expose();
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    VERIFIER.contains(&verifier.len())
        && verifier.bytes().all(fits)
        && verify_slices_are_equal(code_challenge(verifier).as_bytes(), challenge.as_bytes()).is_ok()
}

fn purpose(pool: &UserPool) -> String {
    format!("authorization code of {}", pool.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verifier_proves_its_challenge() {
        // RFC 7636 appendix B.
        let verifier = Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned());
        assert!(proves(&verifier, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"));
        assert!(!proves(&verifier, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cN"));
        let short = Secret::new("a".repeat(42));
        assert!(!proves(&short, &code_challenge(short.expose())));
    }
}
