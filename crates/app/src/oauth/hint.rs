//! `id_token_hint`: an id token that says who or what is meant, at the authorization endpoint (OpenID Connect Core section
//! 3.1.2.1) and at the end of a session (RP-Initiated Logout 1.0 section 2).
//!
//! INVARIANT: a hint opens nothing. It may have run out, because an app keeps it for as long as somebody is signed in; but it
//! is one of the pool's, with a good signature.

use garita_model::user_pool::{UserPool, Uuid};

use super::fault::{OAuthCode, OAuthFault};
use crate::App;
use crate::context::RequestContext;
use crate::token::{RestsOn, TokenSubject, verify};
use crate::user_pool::ground::PoolGround;

impl App {
    /// Who is meant by a hint.
    ///
    /// # Errors
    /// `invalid_request` for one that is no id token of the pool.
    pub fn hinted_user(&self, cx: &RequestContext, pool: &UserPool, hint: &str) -> Result<Uuid, OAuthFault> {
        let hinted = self.hinted(cx, Some(pool.id.as_str()), hint);
        let user = hinted.and_then(|on| match on.subject {
            TokenSubject::User { sub, .. } => sub.parse().ok(),
            TokenSubject::Client => None,
        });
        user.ok_or_else(|| {
            OAuthCode::InvalidRequest.because("id_token_hint is no id token of this user pool")
        })
    }

    /// What a hint rests on, if it is an id token of ours.
    pub(super) fn hinted(&self, cx: &RequestContext, pool: Option<&str>, hint: &str) -> Option<RestsOn> {
        let state = self.snapshot();
        let ground = PoolGround { state: &state, endpoint: self.issuer_base().ok()? };
        let on = verify::hinted(&ground, hint, cx.now()).ok()?;
        pool.is_none_or(|pool| pool == on.issuer.pool).then_some(on)
    }
}
