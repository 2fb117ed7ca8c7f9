//! Proof that what a token will rest on stands now: the only thing tokens are made from.

use garita_model::Result;

use super::verify::TokenError;
use super::{Ground, Issuer, RestsOn, TokenSubject};

/// Proof that a user (or a client) was live in the snapshot it was checked against.
#[derive(Debug, Clone)]
pub struct Standing {
    on: RestsOn,
    revision: u64,
}

impl Standing {
    /// Checks someone who has just proved who they are.
    ///
    /// # Errors
    /// `Revoked` when the pool, the client or the user is gone or disabled.
    pub fn check(ground: &dyn Ground, on: RestsOn) -> Result<Self, TokenError> {
        let revision = ground.revision();
        ground
            .floor(&on)
            .filter(|floor| *floor <= revision)
            .map(|_| Self { on, revision })
            .ok_or(TokenError::Revoked)
    }

    /// Checks who goes on from an earlier sign-in, as with a refresh token issued at a revision.
    ///
    /// # Errors
    /// `Revoked` also when they signed out, or were signed out, since.
    pub fn check_since(ground: &dyn Ground, on: RestsOn, issued: u64) -> Result<Self, TokenError> {
        ground.floor(&on).filter(|floor| *floor <= issued).ok_or(TokenError::Revoked)?;
        Self::check(ground, on)
    }

    /// What it is about.
    pub fn on(&self) -> &RestsOn {
        &self.on
    }
    /// The pool.
    pub fn issuer(&self) -> &Issuer {
        &self.on.issuer
    }
    /// Whom.
    pub fn subject(&self) -> &TokenSubject {
        &self.on.subject
    }
    /// The revision of the snapshot.
    pub fn revision(&self) -> u64 {
        self.revision
    }
}
