//! What an id token proves that a provider gave for a sign-in that began here.
//!
//! It is held to more than a token that somebody brings along: it must be for this very sign-in (`nonce`), for this
//! client and no other that is not named as its party, and go with the access token it came with (`at_hash`). Times are
//! whole numbers; anything else in their place is refused, not skipped.
//!
//! OpenID Connect Core 1.0 section 3.1.3.7.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, SHA384, SHA512, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_model::{Error, Reason, Result};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::invalid;
use super::jwk::Algorithm;
use super::keys::KeySet;
use super::token::{Token, missing};

/// How far a provider's clock may be ahead, and how exact `auth_time` is held to `max_age`, in seconds.
const SKEW: i64 = 60;
/// Most characters of a subject: OpenID Connect Core section 2.
const LONGEST_SUBJECT: usize = 255;

/// What a token must be for.
pub struct Expected<'a> {
    /// Who made it, without a slash at the end.
    pub issuer: &'a str,
    /// For which client.
    pub client: &'a str,
    /// For which sign-in.
    pub nonce: &'a str,
    /// The access token that came with it.
    pub access_token: &'a str,
    /// Most seconds since the person signed in there, when that was asked for.
    pub max_age: Option<u32>,
}

/// What it proves.
#[derive(Debug)]
pub struct SignInProof {
    /// Whom it is about.
    pub subject: String,
    /// Everything it says.
    pub claims: Map<String, Value>,
}

impl SignInProof {
    /// Whether the provider says that more than one factor was shown: RFC 8176 section 2.
    pub fn second_factor(&self) -> bool {
        let methods = self.claims.get("amr").and_then(Value::as_array);
        methods.is_some_and(|methods| methods.iter().any(|method| method == "mfa"))
    }
}

/// Checks a token against what it must be for.
///
/// # Errors
/// `Rejected`.
pub(crate) fn prove(
    text: &str,
    expected: &Expected<'_>,
    keys: &KeySet,
    now: Timestamp,
) -> Result<SignInProof> {
    let token = Token::read(text)?;
    let claims: Map<String, Value> = token.signed(keys)?;
    let named = claim(&claims, "iss")?;
    if named.trim_end_matches('/') != expected.issuer {
        return Err(invalid("the token's issuer is not the provider's"));
    }
    for_client(&claims, expected.client)?;
    in_time(&claims, expected.max_age, now.as_second())?;
    let nonce = claim(&claims, "nonce")?;
    if verify_slices_are_equal(nonce.as_bytes(), expected.nonce.as_bytes()).is_err() {
        return Err(invalid(
            "the token is for another sign-in: its `nonce` is not the one that was asked with",
        ));
    }
    if let Some(hash) = claims.get("at_hash") {
        let half = half_hash(token.algorithm(), expected.access_token);
        if hash.as_str() != Some(half.as_str()) {
            return Err(invalid("the token does not go with the access token: its `at_hash` is of another"));
        }
    }
    let subject = claim(&claims, "sub")?;
    if subject.is_empty() || subject.chars().count() > LONGEST_SUBJECT {
        return Err(invalid(format!("the token's `sub` has 1 to {LONGEST_SUBJECT} characters")));
    }
    Ok(SignInProof { subject: subject.to_owned(), claims })
}

/// A claim that is a text.
fn claim<'a>(claims: &'a Map<String, Value>, name: &str) -> Result<&'a str> {
    let value = claims.get(name).ok_or_else(|| missing(name))?;
    value.as_str().ok_or_else(|| invalid(format!("the token's `{name}` is no text")))
}

/// Section 3.1.3.7, steps 3 to 5: the client is an audience, the party if one is named, and the party must be named when
/// there are other audiences.
fn for_client(claims: &Map<String, Value>, client: &str) -> Result<()> {
    let wrong = || invalid("the token is for another client");
    let others = match claims.get("aud").ok_or_else(|| missing("aud"))? {
        Value::String(one) if one == client => false,
        Value::Array(all) if all.iter().any(|one| one == client) => all.len() > 1,
        _ => return Err(wrong()),
    };
    match claims.get("azp") {
        Some(party) if party == client => Ok(()),
        Some(_) => Err(wrong()),
        None if others => Err(invalid("a token for several audiences needs the claim `azp`")),
        None => Ok(()),
    }
}

/// Steps 9 to 11.
fn in_time(claims: &Map<String, Value>, max_age: Option<u32>, now: i64) -> Result<()> {
    let whole = |name: &str| -> Result<Option<i64>> {
        let Some(value) = claims.get(name) else { return Ok(None) };
        value.as_i64().map(Some).ok_or_else(|| invalid(format!("the token's `{name}` is no whole number")))
    };
    let there = |name: &str| whole(name)?.ok_or_else(|| missing(name));
    if there("exp")? <= now {
        return Err(Error::rejected(Reason::ExpiredToken, "the token has run out"));
    }
    let latest = now.saturating_add(SKEW);
    if there("iat")? > latest || whole("nbf")?.is_some_and(|begins| begins > latest) {
        return Err(invalid(
            "the token is not valid yet: compare the clocks of the provider and of this machine",
        ));
    }
    if let Some(most) = max_age {
        let since = there("auth_time")?;
        if now.saturating_sub(since) > i64::from(most).saturating_add(SKEW) {
            return Err(invalid("the provider did not ask the person to sign in again, as was wanted"));
        }
    }
    Ok(())
}

/// Section 3.1.3.6: half of the hash that the signature is made over.
fn half_hash(algorithm: Algorithm, token: &str) -> String {
    let how = match algorithm {
        Algorithm::Rs256 | Algorithm::Es256 => &SHA256,
        Algorithm::Rs384 | Algorithm::Es384 => &SHA384,
        Algorithm::Rs512 | Algorithm::Es512 => &SHA512,
    };
    let hash = digest(how, token.as_bytes());
    let (half, _) = hash.as_ref().split_at(hash.as_ref().len() / 2);
    URL_SAFE_NO_PAD.encode(half)
}
