//! A token: what it says of itself, and whether that is so.
//!
//! [`Token::read`] only splits it; [`Token::verify`] checks signature, time, issuer and audience, and gives the
//! [`Proof`]. Times are numbers: a text in their place is refused, not skipped. What a header says about where keys are
//! (`jku`, `jwk`, `x5u`) is never looked at, and a header with `crit` is refused, because nothing it could name is known
//! here (RFC 7515 §4.1.11).

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_model::{Error, OidcProvider, Reason, Result};
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::jwk::Algorithm;
use super::keys::KeySet;
use super::{invalid, issuer};

/// Most characters of a token; `clientTokenType` of the STS model.
pub(crate) const MOST: usize = 20_000;
/// How far a provider's clock may be ahead, in seconds.
const SKEW: f64 = 60.0;
/// Most characters of a subject, of an audience and of a key's name.
const LONGEST_NAME: usize = 255;

/// What a good token proves.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Proof {
    /// Whom it is about.
    pub(crate) subject: String,
    /// Whom it was made for.
    pub(crate) audience: String,
    /// How the subject proved itself.
    pub(crate) methods: Vec<String>,
    /// Session tags.
    pub(crate) tags: Vec<(String, String)>,
    /// Keys of the tags that chained sessions inherit.
    pub(crate) transitive: Vec<String>,
    /// The source identity.
    pub(crate) source_identity: Option<String>,
}

/// A token that was read and not yet believed.
pub(crate) struct Token<'a> {
    /// Header and claims, as they were signed.
    signed: &'a str,
    claims: &'a str,
    signature: Vec<u8>,
    algorithm: Algorithm,
    key: Option<String>,
    /// Who made it, by its own word.
    pub(crate) issuer: String,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Issuer {
    iss: Option<String>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: Option<String>,
    aud: Option<OneOrMany>,
    azp: Option<String>,
    exp: Option<f64>,
    nbf: Option<f64>,
    iat: Option<f64>,
    amr: Option<OneOrMany>,
    #[serde(rename = "https://aws.amazon.com/tags")]
    tags: Option<Tags>,
    #[serde(rename = "https://aws.amazon.com/source_identity")]
    source_identity: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn into_vec(self) -> Vec<String> {
        match self {
            Self::One(one) => vec![one],
            Self::Many(many) => many,
        }
    }
}

#[derive(Deserialize)]
struct Tags {
    #[serde(default)]
    principal_tags: BTreeMap<String, OneOrMany>,
    #[serde(default)]
    transitive_tag_keys: Vec<String>,
}

impl<'a> Token<'a> {
    /// Splits a token.
    ///
    /// # Errors
    /// `Rejected` for a text that is no signed token, and for an algorithm that is not accepted.
    pub(crate) fn read(text: &'a str) -> Result<Self> {
        let (signed, signature) = text.rsplit_once('.').ok_or_else(no_token)?;
        let (header, claims) = signed.split_once('.').ok_or_else(no_token)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| no_token())?;
        let header: Header = part(header)?;
        let algorithm = Algorithm::of(&header.alg).ok_or_else(|| {
            let alg: String = header.alg.chars().take(32).collect();
            invalid(format!(
                "the token is signed with `{alg}`: use RS256, RS384, RS512, ES256, ES384 or ES512"
            ))
        })?;
        if header.crit.is_some() {
            return Err(invalid("the token's header has `crit`, which is not supported: leave it out"));
        }
        let issuer = part::<Issuer>(claims)?.iss.ok_or_else(|| missing("iss"))?;
        let key = header.kid.filter(|id| id.len() <= LONGEST_NAME);
        Ok(Self { signed, claims, signature, algorithm, key, issuer })
    }

    /// The name of the key it says it was signed with.
    pub(crate) fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// Checks the token against a provider and its keys.
    ///
    /// # Errors
    /// `Rejected`: a signature that is not of one of these keys; a token that ran out, is for later, or is for others.
    pub(crate) fn verify(&self, provider: &OidcProvider, keys: &KeySet, now: Timestamp) -> Result<Proof> {
        let claims: Claims = self.signed(keys)?;
        if claims.iss.trim_end_matches('/') != issuer(provider) {
            return Err(invalid("the token's issuer is not the provider's"));
        }
        in_time(&claims, now)?;
        let subject = claims.sub.filter(|sub| !sub.is_empty()).ok_or_else(|| missing("sub"))?;
        if subject.chars().count() > LONGEST_NAME {
            return Err(invalid(format!("the token's `sub` has more than {LONGEST_NAME} characters")));
        }
        let audience = audience(claims.aud, claims.azp)?;
        if !provider.client_ids.contains(&audience) {
            return Err(invalid("Incorrect token audience"));
        }
        let (tags, transitive) = tags(claims.tags)?;
        let methods = claims.amr.map(OneOrMany::into_vec).unwrap_or_default();
        Ok(Proof { subject, audience, methods, tags, transitive, source_identity: claims.source_identity })
    }

    /// How it is signed.
    pub(super) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The claims, once the signature is known to be of one of the keys.
    pub(super) fn signed<T: DeserializeOwned>(&self, keys: &KeySet) -> Result<T> {
        let key = keys.find(self.key(), self.algorithm).ok_or_else(|| {
            invalid("Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity documentation for requirements")
        })?;
        if !key.verifies(self.algorithm, self.signed.as_bytes(), &self.signature) {
            return Err(invalid("the token's signature is not valid"));
        }
        part(self.claims)
    }
}

fn in_time(claims: &Claims, now: Timestamp) -> Result<()> {
    // Whole seconds until far beyond any date are exact in an f64.
    #[allow(clippy::cast_precision_loss, reason = "see above")]
    let seconds = now.as_second() as f64;
    let expires = claims.exp.ok_or_else(|| missing("exp"))?;
    let issued = claims.iat.ok_or_else(|| missing("iat"))?;
    if expires <= seconds {
        let message = format!(
            "Token expired: current date/time {seconds:.0} must be before the expiration date/time {expires:.0}"
        );
        return Err(Error::rejected(Reason::ExpiredToken, message));
    }
    if issued > seconds + SKEW || claims.nbf.is_some_and(|begins| begins > seconds + SKEW) {
        return Err(invalid(
            "the token is not valid yet: compare the clocks of the provider and of this machine",
        ));
    }
    Ok(())
}

/// Whom a token is for: who asked for it, if it says so; or else its one audience.
fn audience(aud: Option<OneOrMany>, azp: Option<String>) -> Result<String> {
    let mut all = aud.ok_or_else(|| missing("aud"))?.into_vec();
    let audience = match (azp, all.pop()) {
        (Some(party), _) => party,
        (None, Some(one)) if all.is_empty() => one,
        (None, Some(_)) => return Err(invalid("a token for several audiences needs the claim `azp`")),
        (None, None) => return Err(missing("aud")),
    };
    if audience.chars().count() > LONGEST_NAME {
        return Err(invalid(format!("the token's audience has more than {LONGEST_NAME} characters")));
    }
    Ok(audience)
}

/// Keys with their values, and the keys that chained sessions inherit.
type SessionTags = (Vec<(String, String)>, Vec<String>);

/// The session tags of a token: each key with its one value. IAM User Guide, "Pass session tags in AWS STS".
fn tags(claimed: Option<Tags>) -> Result<SessionTags> {
    let Some(claimed) = claimed else { return Ok((Vec::new(), Vec::new())) };
    let one = |(key, values): (String, OneOrMany)| {
        let mut values = values.into_vec();
        match (values.pop(), values.is_empty()) {
            (Some(value), true) => Ok((key, value)),
            _ => Err(invalid(format!("the token's tag `{key}` must have one value"))),
        }
    };
    let tags = claimed.principal_tags.into_iter().map(one).collect::<Result<_>>()?;
    Ok((tags, claimed.transitive_tag_keys))
}

fn part<T: DeserializeOwned>(text: &str) -> Result<T> {
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| no_token())?;
    serde_json::from_slice(&bytes).map_err(|_| no_token())
}

fn no_token() -> Error {
    invalid("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
}

pub(super) fn missing(claim: &str) -> Error {
    invalid(format!("Missing a required claim: {claim}"))
}
