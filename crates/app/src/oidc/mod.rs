//! Tokens of OpenID Connect providers outside: their keys, and what a token proves.
//!
//! [`keys`] finds a provider's keys through its configuration document and keeps them for a while; [`token`] checks a
//! token against them for STS, [`id_token`] one that a provider gave for a sign-in. INVARIANT: nothing is believed of a
//! token before its signature was verified with a key of the provider that is registered; what is read before only
//! chooses that provider.
//!
//! OpenID Connect Core 1.0 §3.1.3.7, Discovery 1.0 §4; RFC 7515, RFC 7517, RFC 8725.

pub(crate) mod id_token;
mod jwk;
pub(crate) mod keys;
pub(crate) mod token;

#[cfg(test)]
mod tests;

use garita_model::{Error, OidcProvider, Reason, Result};
use jiff::Timestamp;

pub use id_token::{Expected, SignInProof};

/// What the operator allows of providers.
#[derive(Debug, Clone)]
pub struct ProviderRules {
    /// Whether a provider on this machine's loopback may be spoken to over plain HTTP.
    pub loopback_http: bool,
    /// Hosts, beside a provider's own, that may hold its keys.
    pub key_hosts: Vec<String>,
}

/// Whom a token of a provider is about, if a key of this key set signed it for one of the provider's audiences.
///
/// # Errors
/// `Rejected` for a key set or a token that cannot be read, and for a token that is not good.
pub fn prove(provider: &OidcProvider, key_set: &[u8], token: &str, now: Timestamp) -> Result<String> {
    token::Token::read(token)?.verify(provider, &parsed(key_set)?, now).map(|proof| proof.subject)
}

/// What a token proves that a provider gave for a sign-in which began here, if a key of this key set signed it.
///
/// # Errors
/// As [`prove`].
pub fn prove_sign_in(
    expected: &Expected<'_>,
    key_set: &[u8],
    token: &str,
    now: Timestamp,
) -> Result<SignInProof> {
    id_token::prove(token, expected, &parsed(key_set)?, now)
}

fn parsed(key_set: &[u8]) -> Result<keys::KeySet> {
    keys::KeySet::parse(key_set).ok_or_else(|| invalid("the provider's key set cannot be read"))
}

/// A provider's issuer, as its tokens must name it.
pub(crate) fn issuer(provider: &OidcProvider) -> String {
    let scheme = if provider.plain_http { "http" } else { "https" };
    format!("{scheme}://{}", provider.url)
}

/// A token that is not good, in AWS's word for it.
fn invalid(message: impl Into<String>) -> Error {
    Error::rejected(Reason::InvalidIdentityToken, message)
}
