//! Verifying a token: the one place that says whether one is good.
//!
//! The issuer is one of Garita's own, the key is one of the issuer's, the algorithm is the key's, the signature fits;
//! then time, use and audience; then everything the token rests on must stand in the snapshot (see `ground`). The
//! first part is remembered by the token's hash; the rest is asked at every request.
//!
//! Spec: RFC 7519 section 7.2, RFC 8725, and "Verifying JSON web tokens" of the Cognito Developer Guide.

use std::sync::Arc;

use garita_model::{TokenUse, token_key::KeyStage};
use jiff::Timestamp;
use thiserror::Error;

use super::jws::{Claims, Compact};
use super::{Ground, RestsOn, TokenSubject, Tokens, key};
use crate::hash;

/// How far the clocks of nodes may be apart, in seconds. What has run out has run out all the same.
const LEEWAY: i64 = 60;
/// The revision a token was issued at. Cognito has no such claim; clients let unknown claims be.
pub(crate) const REVISION: &str = "garita:rev";

/// Why a token is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TokenError {
    /// Larger than any token of Garita's.
    #[error("the token is larger than {} bytes", super::MAX_TOKEN)]
    TooLong,
    /// Not a token.
    #[error("the token cannot be read: {0}")]
    Malformed(&'static str),
    /// A claim that is missing or of the wrong type.
    #[error("the token's `{0}` is missing or of the wrong type")]
    Claim(&'static str),
    /// Of someone else.
    #[error("the token's issuer is not one of this Garita")]
    Issuer,
    /// No such key, or none that is accepted any more.
    #[error("the token's key is not one of its issuer's")]
    Key,
    /// The header names another algorithm than the key's.
    #[error("the token's algorithm is not that of its key")]
    Algorithm,
    /// Not signed by that key.
    #[error("the token's signature is wrong")]
    Signature,
    /// Run out.
    #[error("the token has expired")]
    Expired,
    /// From the future.
    #[error("the token is not valid yet")]
    NotYet,
    /// An id token where an access token is wanted, or the other way round.
    #[error("the token is for another use")]
    Use,
    /// For another app client.
    #[error("the token is for another app client")]
    Audience,
    /// Signed out, disabled, deleted or otherwise ended.
    #[error("the token has been revoked")]
    Revoked,
}

/// What a door wants of a token.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// Its use.
    pub usage: TokenUse,
    /// The pool whose tokens are accepted, by id; any when the door serves all.
    pub pool: Option<&'a str>,
    /// The app clients whose tokens are accepted.
    pub audience: Audience<'a>,
}

/// Whose tokens are accepted.
#[derive(Debug, Clone, Copy)]
pub enum Audience<'a> {
    /// Of every client the pool has.
    AnyClient,
    /// Of these.
    OneOf(&'a [&'a str]),
}

/// A token whose signature was verified. It is good only for the request it was verified for.
#[derive(Debug)]
pub struct Verified {
    /// What it rests on.
    pub on: RestsOn,
    /// The key it is signed with.
    pub kid: String,
    /// Its use.
    pub usage: TokenUse,
    /// Its own name.
    pub jti: String,
    /// The user's groups when it was issued.
    pub groups: Vec<String>,
    /// What an access token allows at the provider itself.
    pub scopes: Vec<String>,
    /// The role of the user's first group, in an id token.
    pub preferred_role: Option<String>,
    /// When its bearer signed in, in seconds of Unix time.
    pub auth_time: Option<i64>,
    /// When it was issued.
    pub issued: i64,
    /// When it ends.
    pub expires: i64,
    /// When it begins.
    pub not_before: Option<i64>,
    /// The revision it was issued at.
    pub iss_rev: u64,
    claims: String,
}

impl Verified {
    /// All claims, as JSON text.
    pub fn claims(&self) -> &str {
        &self.claims
    }

    fn check_time(&self, now: Timestamp) -> Result<(), TokenError> {
        let now = now.as_second();
        if now >= self.expires {
            return Err(TokenError::Expired);
        }
        let latest = now.saturating_add(LEEWAY);
        if self.issued > latest || self.not_before.is_some_and(|begin| begin > latest) {
            return Err(TokenError::NotYet);
        }
        Ok(())
    }

    fn check_expected(&self, expected: &Expected<'_>) -> Result<(), TokenError> {
        if expected.pool.is_some_and(|pool| pool != self.on.issuer.pool) {
            return Err(TokenError::Issuer);
        }
        if self.usage != expected.usage {
            return Err(TokenError::Use);
        }
        match expected.audience {
            Audience::AnyClient => Ok(()),
            Audience::OneOf(clients) if clients.contains(&self.on.client.as_str()) => Ok(()),
            Audience::OneOf(_) => Err(TokenError::Audience),
        }
    }
}

impl Tokens {
    /// Verifies a token against the newest snapshot, at the request's time.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn verify(
        &self,
        ground: &dyn Ground,
        token: &str,
        expected: &Expected<'_>,
        now: Timestamp,
    ) -> Result<Arc<Verified>, TokenError> {
        self.verify_if(ground, token, now, |verified| verified.check_expected(expected))
    }

    /// As [`Tokens::verify`], for a door that says by itself which of the proved tokens it takes.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub(crate) fn verify_if(
        &self,
        ground: &dyn Ground,
        token: &str,
        now: Timestamp,
        takes: impl FnOnce(&Verified) -> Result<(), TokenError>,
    ) -> Result<Arc<Verified>, TokenError> {
        if token.len() > super::MAX_TOKEN {
            return Err(TokenError::TooLong);
        }
        let hash = hash::sha256(&[token.as_bytes()]);
        let cached = self.verified.get(&hash);
        let known = cached.is_some();
        let verified = match cached {
            Some(verified) => verified,
            None => Arc::new(prove(ground, token, now)?),
        };
        // INVARIANT: what follows is asked of remembered tokens too.
        accepted_key(ground, &verified.on, &verified.kid, now)?;
        verified.check_time(now)?;
        if !known {
            self.verified.insert(hash, Arc::clone(&verified));
        }
        takes(&verified)?;
        let floor = ground.floor(&verified.on).ok_or(TokenError::Revoked)?;
        if verified.iss_rev < floor || verified.iss_rev > ground.revision() {
            return Err(TokenError::Revoked);
        }
        Ok(verified)
    }
}

/// What an id token rests on that only says who or what is meant (`id_token_hint`). INVARIANT: it opens nothing, so it may have
/// run out and its user may be signed out; but it is one of ours, with a key that is still accepted.
///
/// # Errors
/// The first thing that is wrong with it.
pub(crate) fn hinted(ground: &dyn Ground, token: &str, now: Timestamp) -> Result<RestsOn, TokenError> {
    let verified = prove(ground, token, now)?;
    if verified.usage == TokenUse::Id { Ok(verified.on) } else { Err(TokenError::Use) }
}

/// The key of that name, if it is the issuer's and still accepted.
fn accepted_key(
    ground: &dyn Ground,
    on: &RestsOn,
    kid: &str,
    now: Timestamp,
) -> Result<Arc<garita_model::TokenKey>, TokenError> {
    let key = ground.key(&on.issuer, kid).ok_or(TokenError::Key)?;
    let accepted = match key.stage(now) {
        // A node whose clock is a little ahead may sign with a key that is still the next one here.
        KeyStage::Next | KeyStage::Current | KeyStage::Retired => key.pool == on.issuer.pool,
        KeyStage::Gone | KeyStage::Denied => false,
    };
    accepted.then_some(key).ok_or(TokenError::Key)
}

/// Issuer, key, algorithm, signature, and the claims picked apart.
fn prove(ground: &dyn Ground, token: &str, now: Timestamp) -> Result<Verified, TokenError> {
    let compact = Compact::parse(token)?;
    let issuer = ground.issuer(compact.members.text("iss")?).ok_or(TokenError::Issuer)?;
    let usage = match compact.members.text("token_use")? {
        "id" => TokenUse::Id,
        "access" => TokenUse::Access,
        _ => return Err(TokenError::Claim("token_use")),
    };
    let on = RestsOn {
        issuer,
        client: compact.members.text(audience_claim(usage))?.to_owned(),
        subject: subject(&compact.members, usage)?,
        origin_jti: compact.members.maybe_text("origin_jti")?.map(str::to_owned),
    };
    let key = accepted_key(ground, &on, &compact.kid, now)?;
    if compact.alg != key.algorithm.as_str() {
        return Err(TokenError::Algorithm);
    }
    if !key::verifies(&key, compact.signed.as_bytes(), &compact.signature) {
        return Err(TokenError::Signature);
    }
    if key.signs != usage {
        return Err(TokenError::Use);
    }
    let claims = &compact.members;
    let scopes = claims.maybe_text("scope")?.unwrap_or_default();
    Ok(Verified {
        kid: compact.kid,
        usage,
        jti: claims.text("jti")?.to_owned(),
        groups: claims.texts("cognito:groups")?,
        scopes: scopes.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect(),
        preferred_role: claims.maybe_text("cognito:preferred_role")?.map(str::to_owned),
        auth_time: claims.maybe_number("auth_time")?,
        issued: claims.number("iat")?,
        expires: claims.number("exp")?,
        not_before: claims.maybe_number("nbf")?,
        iss_rev: claims.number(REVISION)?,
        on,
        claims: compact.claims,
    })
}

/// An id token is for its client as audience; an access token only names it.
pub(crate) fn audience_claim(usage: TokenUse) -> &'static str {
    match usage {
        TokenUse::Id => "aud",
        TokenUse::Access => "client_id",
    }
}

/// The claim that holds the user's name.
pub(crate) fn username_claim(usage: TokenUse) -> &'static str {
    match usage {
        TokenUse::Id => "cognito:username",
        TokenUse::Access => "username",
    }
}

fn subject(claims: &Claims, usage: TokenUse) -> Result<TokenSubject, TokenError> {
    let sub = claims.text("sub")?;
    match claims.maybe_text(username_claim(usage))? {
        Some(username) => Ok(TokenSubject::User { sub: sub.to_owned(), username: username.to_owned() }),
        // Client credentials: the client is its own subject, and there is no id token.
        None if usage == TokenUse::Access && sub == claims.text("client_id")? => Ok(TokenSubject::Client),
        None => Err(TokenError::Claim("sub")),
    }
}
