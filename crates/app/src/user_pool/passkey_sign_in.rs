//! Signing in with a passkey: in place of a password, or after it.
//!
//! A passkey stands for one factor, or for two where the pool says so and its authenticator knew its user. INVARIANT: where
//! a second factor is asked of somebody, a passkey alone is taken only if it stands for two; a challenge is answered once.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_model::user_pool::{AnsweredChallenge, FirstFactor, PoolFault, TokenHash, Uuid};
use garita_model::{Error, Plain as _, PoolPasskey, PoolUser, Result, UserPool};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::AdmittedClient;
use super::finish::{Factor, Proof};
use super::next_step::{asks_for_passkey, second_step};
use super::passkey::passkeys_of;
use super::relying_party::{PasskeyChallenge, TIMEOUT, descriptor, verification};
use super::session::{self, AuthSession};
use super::sign_in::{SignedIn, may_sign_in};
use super::user::about;
use crate::App;
use crate::change::Change;
use crate::context::RequestContext;
use crate::hash;
use crate::webauthn::{
    Asserted, AuthenticationResponse, Expected, Held, Mismatch, Origins, authenticate, counts_on,
};

/// How long an answered challenge is kept: longer than any can wait for its answer.
const KEPT: SignedDuration = SignedDuration::from_mins(20);
/// Most answered challenges of one passkey at a time.
const MOST_ANSWERED: usize = 256;

/// What a passkey showed.
pub(crate) struct PasskeyProof {
    /// Which passkey.
    place: TokenHash,
    /// How often it has signed.
    counter: u32,
    backed_up: bool,
    /// What it signed.
    challenge: TokenHash,
    /// Whether it stands for a second factor.
    second_factor: bool,
}

/// What a passkey's answer is held to.
pub(super) struct Asked<'a> {
    challenge: PasskeyChallenge,
    /// Whether the authenticator must know its user.
    verification: bool,
    /// Whether the password was shown before.
    after_password: bool,
    pub(super) answer: &'a str,
}

impl<'a> Asked<'a> {
    /// Of a passkey in place of a password, of somebody or nobody.
    pub(super) fn in_place_of_password(
        admitted: &AdmittedClient,
        user: Option<&PoolUser>,
        challenge: PasskeyChallenge,
        answer: &'a str,
    ) -> Self {
        // Where a second factor is asked of the user, the passkey must stand for both.
        let for_two = user.is_some_and(|user| second_step(admitted, user).is_some());
        let verification = for_two || any_must_be_verified(admitted.user_pool());
        Self { challenge, verification, after_password: false, answer }
    }
}

impl App {
    /// Signs somebody in whose passkey is shown in place of a password.
    pub(super) async fn begin_with_passkey(
        self: &Arc<Self>,
        cx: &RequestContext,
        admitted: &AdmittedClient,
        user: &Arc<PoolUser>,
        (id, iss_rev): (Uuid, u64),
        asked: &Asked<'_>,
    ) -> Result<SignedIn> {
        if !may_begin_with_passkey(admitted, user) {
            return Err(refused(Mismatch::Credential));
        }
        let proof = self.check_passkey(admitted, user, asked)?;
        may_sign_in(&self.snapshot(), admitted, user)?;
        self.complete(cx, admitted, Proof::of(user, id, iss_rev, Factor::Passkey(proof))).await
    }

    /// A passkey after the password.
    pub(super) fn passkey_as_second(
        &self,
        admitted: &AdmittedClient,
        held: &AuthSession,
        user: &PoolUser,
        answer: &str,
    ) -> Result<Factor> {
        if !asks_for_passkey(admitted.user_pool(), user) {
            return Err(session::spent());
        }
        let asked = Asked {
            challenge: held.challenge.ok_or_else(session::spent)?,
            verification: admitted.user_pool().web_authn.verification_required,
            after_password: true,
            answer,
        };
        self.check_passkey(admitted, user, &asked).map(Factor::Passkey)
    }

    /// Holds an answer to a user's passkeys.
    fn check_passkey(
        &self,
        admitted: &AdmittedClient,
        user: &PoolUser,
        asked: &Asked<'_>,
    ) -> Result<PasskeyProof> {
        let pool = admitted.user_pool();
        let answer = AuthenticationResponse::parse(asked.answer).map_err(refused)?;
        let place = hash::of(answer.id());
        let held = passkeys_of(&self.snapshot(), pool, user).into_iter().find(|one| one.place == place);
        let passkey = held.ok_or_else(|| refused(Mismatch::Credential))?;
        if answer.user_handle().is_some_and(|handle| handle != user.sub.as_bytes()) {
            return Err(refused(Mismatch::Credential));
        }
        let stored = |text: &str| {
            let bytes = URL_SAFE_NO_PAD.decode(text);
            bytes.map_err(|_| Error::internal("a stored passkey cannot be read"))
        };
        let (id, key) = (stored(&passkey.id)?, stored(&passkey.key)?);
        let (counter, backup_eligible) = (passkey.counter, passkey.backup_eligible);
        let held = Held { id: &id, key: &key, counter, backup_eligible };
        let shown = self.hold_to(admitted, asked, &held, &answer)?;
        Ok(PasskeyProof {
            place,
            counter: shown.counter,
            backed_up: shown.backed_up,
            challenge: hash::of(asked.challenge.bytes()),
            second_factor: asked.after_password || (shown.verified && pool.web_authn.multi_factor),
        })
    }

    /// Holds an answer to what was asked of one passkey.
    pub(super) fn hold_to(
        &self,
        admitted: &AdmittedClient,
        asked: &Asked<'_>,
        held: &Held<'_>,
        answer: &AuthenticationResponse,
    ) -> Result<Asserted> {
        let party = self.relying_party(admitted.user_pool())?;
        let at_page = admitted.browser().is_some();
        let expected = Expected {
            challenge: asked.challenge.bytes(),
            relying_party: &party.id,
            origins: if at_page { Origins::One(&party.site) } else { Origins::Aligned(&party.site) },
            verification: asked.verification,
        };
        authenticate(&expected, held, answer).map_err(refused)
    }

    /// `PublicKeyCredentialRequestOptionsJSON`: for one user, or for whoever the authenticator knows.
    pub(super) fn request_options(
        &self,
        pool: &UserPool,
        user: Option<&PoolUser>,
        challenge: Option<PasskeyChallenge>,
        verified: bool,
    ) -> Result<Value> {
        let party = self.relying_party(pool)?;
        let challenge = challenge.ok_or_else(|| Error::internal("there is nothing to sign"))?;
        let state = self.snapshot();
        let held = user.map(|user| passkeys_of(&state, pool, user)).unwrap_or_default();
        Ok(json!({
            "challenge": challenge.text(),
            "timeout": TIMEOUT,
            "rpId": party.id,
            "allowCredentials": held.iter().map(|passkey| descriptor(passkey)).collect::<Vec<_>>(),
            "userVerification": verification(verified),
        }))
    }
}

/// Signing in at a page, where nobody has said who they are.
impl App {
    /// Whether people may begin with a passkey at the pages of a pool.
    pub fn offers_passkeys(&self, pool: &UserPool) -> bool {
        pool.first_factors.contains(&FirstFactor::WebAuthn) && self.relying_party(pool).is_ok()
    }

    /// Whether Garita is reached by a name that passkeys can be for.
    pub fn may_have_passkeys(&self, pool: &UserPool) -> bool {
        self.relying_party(pool).is_ok()
    }

    /// What a browser is to ask any authenticator, and what is to be brought along with the answer.
    ///
    /// # Errors
    /// `WebAuthnConfigurationMissing`; `Internal` when there is no randomness.
    pub fn ask_for_any_passkey(&self, pool: &UserPool) -> Result<(Value, PasskeyChallenge)> {
        let challenge = PasskeyChallenge::draw(self.entropy())?;
        let options = self.request_options(pool, None, Some(challenge), any_must_be_verified(pool))?;
        Ok((options, challenge))
    }

    /// Takes the answer; the passkey itself tells whose it is.
    pub(crate) async fn begin_with_any_passkey(
        self: &Arc<Self>,
        cx: &RequestContext,
        admitted: &AdmittedClient,
        challenge: PasskeyChallenge,
        answer: &str,
    ) -> Result<SignedIn> {
        let state = self.snapshot();
        let read = AuthenticationResponse::parse(answer).map_err(refused)?;
        let handle =
            read.user_handle().and_then(|handle| handle.first_chunk::<16>().filter(|_| handle.len() == 16));
        let user = handle.and_then(|bytes| state.pool_user(admitted.pool(), Uuid::from_bytes(*bytes)));
        let user = user.ok_or_else(|| refused(Mismatch::Credential))?;
        about(cx, admitted.user_pool(), user.sub);
        let asked = Asked::in_place_of_password(admitted, Some(user), challenge, answer);
        let id = Uuid::draw(self.entropy())?;
        self.begin_with_passkey(cx, admitted, user, (id, state.revision()), &asked).await
    }
}

/// Whether a user may begin with a passkey: there is one, and it is enough for what is asked of the user.
pub(super) fn may_begin_with_passkey(admitted: &AdmittedClient, user: &PoolUser) -> bool {
    let pool = admitted.user_pool();
    let open = pool.first_factors.contains(&FirstFactor::WebAuthn) && !user.passkeys().is_empty();
    open && (second_step(admitted, user).is_none() || asks_for_passkey(pool, user))
}

/// Whether an authenticator must know its user, whosever the passkey in place of a password is.
pub(super) fn any_must_be_verified(pool: &UserPool) -> bool {
    pool.web_authn.verification_required || pool.web_authn.multi_factor
}

/// Notes at the head that a passkey was used: it must still be the user's, count on, and not have answered this challenge
/// before. Answers whether it stands for a second factor.
pub(super) fn spend(
    change: &mut Change<'_>,
    admitted: &AdmittedClient,
    user: &PoolUser,
    proof: &PasskeyProof,
) -> Result<bool> {
    let pool = admitted.user_pool();
    let place = PoolPasskey::place(&pool.id, &proof.place);
    let held = change.state().get::<PoolPasskey>(pool.account, &place).cloned();
    let held = held.filter(|held| held.user == user.sub && user.passkeys().contains(&held.place));
    let held = held.ok_or_else(|| refused(Mismatch::Credential))?;
    let now: Timestamp = change.now();
    let mut passkey = PoolPasskey::clone(&held);
    passkey.answered.retain(|answered| now < answered.until);
    if passkey.answered.iter().any(|answered| answered.hash == proof.challenge) {
        return Err(session::spent());
    }
    if passkey.answered.len() >= MOST_ANSWERED {
        return Err(PoolFault::TooManyRequests.because("the passkey was used too often: wait some minutes"));
    }
    if !counts_on(passkey.counter, proof.counter) {
        return Err(refused(Mismatch::Counter));
    }
    passkey.answered.push(AnsweredChallenge { hash: proof.challenge, until: now + KEPT });
    (passkey.counter, passkey.backed_up, passkey.used) = (proof.counter, proof.backed_up, Some(now));
    change.put_own(admitted, passkey.into_object())?;
    Ok(proof.second_factor)
}

/// The error for a passkey that does not do.
pub(super) fn refused(why: Mismatch) -> Error {
    PoolFault::NotAuthorized.because(format!("Passkey sign-in failed: {why}."))
}
