//! Another second factor than the one that is asked for: pages offer a choice where the API names one.
//!
//! INVARIANT: what was proved before stays with the challenge: another way is open only to who showed the password, and only
//! to a factor that the user has.

use std::sync::Arc;

use garita_model::user_pool::PoolFault;
use garita_model::{PoolUser, Result};
use serde_json::Value;

use super::finish::Factor;
use super::next_step::{Reached, asks_for_passkey};
use super::session::{self, AuthSession, ChallengeName};
use super::sign_in::SignedIn;
use super::{AdmittedClient, SecondFactors};
use crate::App;
use crate::context::RequestContext;

/// A challenge for a second factor, as a page carries it.
pub(crate) struct Waiting<'a> {
    /// The string that came with it.
    pub(crate) session: &'a str,
    /// Whose.
    pub(crate) username: &'a str,
    /// What the app client would show.
    pub(crate) secret_hash: Option<&'a str>,
}

impl App {
    /// Asks for another second factor.
    pub(crate) fn ask_another_way(
        &self,
        cx: &RequestContext,
        admitted: &AdmittedClient,
        waiting: &Waiting<'_>,
        name: ChallengeName,
    ) -> Result<SignedIn> {
        let (held, user) = self.second_step_of(cx, admitted, waiting)?;
        let has = second_factors(admitted, &user);
        let may = match name {
            ChallengeName::SoftwareTokenMfa => has.code,
            ChallengeName::WebAuthn => has.passkey,
            _ => false,
        };
        if !may {
            return Err(PoolFault::MfaMethodNotFound.because("the user does not have this second factor"));
        }
        let reached = Reached { id: held.id, iss_rev: held.iss_rev, provider: held.provider };
        self.challenge_after(cx, admitted, &user, reached, name)
    }

    /// Signs in with a recovery code in place of the second factor that is asked for.
    pub(crate) async fn sign_in_with_recovery_code(
        self: &Arc<Self>,
        cx: &RequestContext,
        admitted: &AdmittedClient,
        waiting: &Waiting<'_>,
        code: &str,
    ) -> Result<SignedIn> {
        let (held, user) = self.second_step_of(cx, admitted, waiting)?;
        let mac = self.guess_recovery(cx, &user, code)?;
        self.finish_challenge(cx, admitted, &held, &user, Factor::Recovery(mac)).await
    }

    /// What a browser is to ask the authenticator for.
    pub(crate) fn passkey_options(
        &self,
        cx: &RequestContext,
        admitted: &AdmittedClient,
        waiting: &Waiting<'_>,
    ) -> Result<Value> {
        let (held, user) = self.second_step_of(cx, admitted, waiting)?;
        let verified = admitted.user_pool().web_authn.verification_required;
        self.request_options(admitted.user_pool(), Some(&user), held.challenge, verified)
    }

    fn second_step_of(
        &self,
        cx: &RequestContext,
        admitted: &AdmittedClient,
        waiting: &Waiting<'_>,
    ) -> Result<(AuthSession, Arc<PoolUser>)> {
        let held = AuthSession::open(waiting.session, admitted, &self.keyring, cx.now())?;
        let second = matches!(held.step, ChallengeName::SoftwareTokenMfa | ChallengeName::WebAuthn);
        if !held.after_password || !second {
            return Err(session::spent());
        }
        let user = self.challenged(cx, admitted, &held, waiting.username, waiting.secret_hash)?;
        Ok((held, user))
    }
}

/// The second factors of a user that count here.
pub(super) fn second_factors(admitted: &AdmittedClient, user: &PoolUser) -> SecondFactors {
    SecondFactors {
        code: user.asks_for_code(),
        passkey: asks_for_passkey(admitted.user_pool(), user),
        recovery: user.recovery_codes().len(),
    }
}
