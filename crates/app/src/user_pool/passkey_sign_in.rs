//! Signing in with a passkey, and `USER_AUTH`, where a person chooses what to begin with.
//!
//! A passkey stands for one factor, or for two where the pool says so and its authenticator knew its user. INVARIANT: where
//! a second factor is asked of somebody, a passkey alone is taken only if it stands for two; a challenge is answered once.
//!
//! Cognito Developer Guide, "Authentication flows", choice-based authentication.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_model::user_pool::{
    AnsweredChallenge, AuthFlow, FirstFactor, MfaMode, PoolFault, TokenHash, Uuid,
};
use garita_model::{Error, Plain as _, PoolClient, PoolPasskey, PoolUser, Result, Secret, UserPool};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::challenge::ChallengeAnswer;
use super::finish::{Factor, Proof};
use super::passkey::{PasskeyChallenge, TIMEOUT, descriptor, passkeys_of, verification};
use super::session::{self, AuthSession, ChallengeName};
use super::sign_in::{Challenge, SecondFactors, SignedIn, asks_for_passkey, may_sign_in, second_step};
use super::user::about;
use super::username::find;
use super::{Admitted, given, invalid, no_user};
use crate::App;
use crate::change::Change;
use crate::context::RequestContext;
use crate::hash;
use crate::webauthn::{
    Asserted, AuthenticationResponse, Expected, Held, Mismatch, Origins, authenticate, counts_on,
};

/// A key that answers for nobody, in COSE: the generator of P-256. Nothing that verifies with it is accepted.
const STAND_IN_KEY: [u8; 77] = *b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20\
    \x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40\xf2\
    \x77\x03\x7d\x81\x2d\xeb\x33\xa0\xf4\xa1\x39\x45\xd8\x98\xc2\x96\
    \x22\x58\x20\
    \x4f\xe3\x42\xe2\xfe\x1a\x7f\x9b\x8e\xe7\xeb\x4a\x7c\x0f\x9e\x16\
    \x2b\xce\x33\x57\x6b\x31\x5e\xce\xcb\xb6\x40\x68\x37\xbf\x51\xf5";
const STAND_IN_LABEL: &str = "passkey-stand-in/1";
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
struct Asked<'a> {
    challenge: PasskeyChallenge,
    /// Whether the authenticator must know its user.
    verification: bool,
    /// Whether the password was shown before.
    after_password: bool,
    answer: &'a str,
}

impl App {
    /// `USER_AUTH`: takes what a sign-in begins with, or tells what it may begin with.
    pub(super) async fn choose(
        self: &Arc<Self>,
        cx: &RequestContext,
        admitted: &Admitted,
        parameters: &BTreeMap<String, String>,
    ) -> Result<SignedIn> {
        if !admitted.client().allows(AuthFlow::User) {
            return Err(invalid("USER_AUTH is not enabled for the client."));
        }
        for name in ["TARGET_ACR_VALUES", "ACCESS_TOKEN", "MAX_AGE"] {
            if parameters.contains_key(name) {
                return Err(invalid(format!("stepping up is not supported here: leave `{name}` out")));
            }
        }
        let name = given(parameters, "USERNAME")?;
        self.check_secret_hash(admitted, name, parameters.get("SECRET_HASH").map(String::as_str))?;
        let state = self.snapshot();
        let user = find(&state, admitted.user_pool(), name);
        match &user {
            Some(user) => about(cx, admitted.user_pool(), user.sub),
            None if !admitted.client().hides_users => return Err(no_user()),
            None => {}
        }
        let offered = self.offers(admitted, user.as_deref(), name)?;
        let preferred = parameters.get("PREFERRED_CHALLENGE").map(String::as_str);
        let preferred = offered.iter().copied().find(|one| Some(one.as_str()) == preferred);
        let id = Uuid::draw(self.entropy())?;
        match preferred {
            Some(ChallengeName::Password) if parameters.contains_key("PASSWORD") => {
                self.begin_with_password(cx, admitted, parameters).await
            }
            Some(ChallengeName::PasswordSrp) if parameters.contains_key("SRP_A") => {
                self.ask_for_srp(cx, admitted, parameters).await
            }
            Some(step) => self.offer(cx, admitted, (name, user.as_deref()), id, step),
            None => self.offer(cx, admitted, (name, user.as_deref()), id, ChallengeName::SelectChallenge),
        }
    }

    /// Asks for what a sign-in is to begin with.
    fn offer(
        &self,
        cx: &RequestContext,
        admitted: &Admitted,
        (name, user): (&str, Option<&PoolUser>),
        id: Uuid,
        step: ChallengeName,
    ) -> Result<SignedIn> {
        let offered = self.offers(admitted, user, name)?;
        let by_passkey = match step {
            ChallengeName::SelectChallenge => offered.contains(&ChallengeName::WebAuthn),
            step => step == ChallengeName::WebAuthn,
        };
        let challenge = by_passkey.then(|| PasskeyChallenge::draw(self.entropy())).transpose()?;
        // A name that is nobody's gets a session too; its user is one that never was.
        let nobody = Uuid::draw(self.entropy())?;
        let session = AuthSession {
            id,
            pool: admitted.pool().clone(),
            user: user.map_or(nobody, |user| user.sub),
            step,
            set_up: false,
            expires: cx.now(),
            iss_rev: self.snapshot().revision(),
            after_password: false,
            challenge,
            provider: None,
        };
        let session = session.seal(admitted, &self.keyring, self.entropy(), cx.now())?;
        let mut parameters = BTreeMap::new();
        if by_passkey {
            // Asked of all alike: what one user in particular must show would tell that there is one.
            let verified = any_must_be_verified(admitted.user_pool());
            let mut options = self.request_options(admitted.user_pool(), user, challenge, verified)?;
            if user.is_none()
                && let Some(passkey) = self.stand_in_passkey(admitted, name)?
            {
                let transports = ["internal", "hybrid"];
                let descriptor = json!({ "type": "public-key", "id": passkey, "transports": transports });
                if let Some(members) = options.as_object_mut() {
                    members.insert("allowCredentials".to_owned(), json!([descriptor]));
                }
            }
            parameters.insert("CREDENTIAL_REQUEST_OPTIONS", options.to_string());
        }
        let available = if step == ChallengeName::SelectChallenge { offered } else { Vec::new() };
        Ok(SignedIn::Challenge(Challenge {
            name: step,
            session: Some(session),
            parameters,
            available,
            others: SecondFactors::default(),
        }))
    }

    /// Takes what a sign-in begins with.
    pub(super) async fn answer_choice(
        self: &Arc<Self>,
        cx: &RequestContext,
        admitted: &Admitted,
        held: &AuthSession,
        input: &ChallengeAnswer,
    ) -> Result<SignedIn> {
        let responses = &input.responses;
        let name = given(responses, "USERNAME")?;
        self.check_secret_hash(admitted, name, responses.get("SECRET_HASH").map(String::as_str))?;
        let state = self.snapshot();
        let user = find(&state, admitted.user_pool(), name);
        let same = match &user {
            Some(user) => user.sub == held.user,
            None => state.pool_user(admitted.pool(), held.user).is_none(),
        };
        if !same {
            return Err(PoolFault::NotAuthorized.because("Invalid session for the user."));
        }
        if held.step != input.name || state.pool_session(admitted.pool(), held.id).is_some() {
            return Err(session::spent());
        }
        if let Some(user) = &user {
            about(cx, admitted.user_pool(), user.sub);
        }
        let chosen = match held.step {
            ChallengeName::SelectChallenge => {
                let word = given(responses, "ANSWER")?;
                let offered = self.offers(admitted, user.as_deref(), name)?;
                let chosen = offered.into_iter().find(|one| one.as_str() == word);
                chosen.ok_or_else(|| invalid("Selected challenge is not available"))?
            }
            step => step,
        };
        match (chosen, &user) {
            (ChallengeName::Password, _) if responses.contains_key("PASSWORD") => {
                self.begin_with_password(cx, admitted, responses).await
            }
            (ChallengeName::PasswordSrp, _) if responses.contains_key("SRP_A") => {
                self.ask_for_srp(cx, admitted, responses).await
            }
            (ChallengeName::WebAuthn, Some(user)) if responses.contains_key("CREDENTIAL") => {
                let asked = Asked {
                    challenge: held.challenge.ok_or_else(session::spent)?,
                    verification: any_must_be_verified(admitted.user_pool())
                        || must_be_verified(admitted, user),
                    after_password: false,
                    answer: given(responses, "CREDENTIAL")?,
                };
                self.begin_with_passkey(cx, admitted, user, (held.id, held.iss_rev), &asked).await
            }
            (ChallengeName::WebAuthn, None) if responses.contains_key("CREDENTIAL") => {
                let asked = Asked {
                    challenge: held.challenge.ok_or_else(session::spent)?,
                    verification: any_must_be_verified(admitted.user_pool()),
                    after_password: false,
                    answer: given(responses, "CREDENTIAL")?,
                };
                Err(self.refuse_stand_in(admitted, name, &asked).err().unwrap_or_else(session::spent))
            }
            _ if held.step == ChallengeName::SelectChallenge => {
                self.offer(cx, admitted, (name, user.as_deref()), held.id, chosen)
            }
            (ChallengeName::Password, _) => Err(invalid("Missing required parameter PASSWORD")),
            (ChallengeName::PasswordSrp, _) => Err(invalid("Missing required parameter SRP_A")),
            _ => Err(invalid("Missing required parameter CREDENTIAL")),
        }
    }

    async fn begin_with_password(
        self: &Arc<Self>,
        cx: &RequestContext,
        admitted: &Admitted,
        parameters: &BTreeMap<String, String>,
    ) -> Result<SignedIn> {
        let (name, password) = (given(parameters, "USERNAME")?, given(parameters, "PASSWORD")?);
        let password = Secret::new(password.clone());
        let shown = self.check_password(cx, admitted, name, &password).await?;
        self.sign_in_renewing(cx, admitted, shown, &password).await
    }

    /// Signs somebody in whose passkey is shown in place of a password.
    async fn begin_with_passkey(
        self: &Arc<Self>,
        cx: &RequestContext,
        admitted: &Admitted,
        user: &Arc<PoolUser>,
        (id, iss_rev): (Uuid, u64),
        asked: &Asked<'_>,
    ) -> Result<SignedIn> {
        if !may_begin_with_passkey(admitted, user) {
            return Err(refused(Mismatch::Credential));
        }
        let proof = self.check_passkey(admitted, user, asked)?;
        may_sign_in(&self.snapshot(), admitted, user)?;
        let (password, factor) = (user.password.clone(), Factor::Passkey(proof));
        let proof = Proof { id, user: user.sub, iss_rev, password, factor, renewed: None, provider: None };
        self.complete(cx, admitted, proof).await
    }

    /// A passkey after the password.
    pub(super) fn passkey_as_second(
        &self,
        admitted: &Admitted,
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
    fn check_passkey(&self, admitted: &Admitted, user: &PoolUser, asked: &Asked<'_>) -> Result<PasskeyProof> {
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
    fn hold_to(
        &self,
        admitted: &Admitted,
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

    /// Refuses an answer with the passkey that stands in for one, in the words that one which is there would be refused
    /// with: down to its signature, which nothing is.
    fn refuse_stand_in(&self, admitted: &Admitted, name: &str, asked: &Asked<'_>) -> Result<()> {
        let answer = AuthenticationResponse::parse(asked.answer).map_err(refused)?;
        let id = self.stand_in_passkey(admitted, name)?.and_then(|id| URL_SAFE_NO_PAD.decode(id).ok());
        let id =
            id.filter(|_| answer.user_handle().is_none()).ok_or_else(|| refused(Mismatch::Credential))?;
        let backup_eligible = id.first().is_some_and(|byte| byte % 2 == 0);
        let held = Held { id: &id, key: &STAND_IN_KEY, counter: 0, backup_eligible };
        self.hold_to(admitted, asked, &held, &answer)?;
        Err(refused(Mismatch::Signature))
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
        admitted: &Admitted,
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
        let verification = any_must_be_verified(admitted.user_pool()) || must_be_verified(admitted, user);
        let asked = Asked { challenge, verification, after_password: false, answer };
        let id = Uuid::draw(self.entropy())?;
        self.begin_with_passkey(cx, admitted, user, (id, state.revision()), &asked).await
    }
}

/// What a name is told.
impl App {
    /// What a user may begin with. A name that is nobody's may begin with what everyone may, and with a passkey if one
    /// stands in for it.
    fn offers(&self, admitted: &Admitted, user: Option<&PoolUser>, name: &str) -> Result<Vec<ChallengeName>> {
        let client: &PoolClient = admitted.client();
        let passkey = match user {
            Some(user) => may_begin_with_passkey(admitted, user),
            None => self.stand_in_passkey(admitted, name)?.is_some(),
        };
        let mut offered = Vec::new();
        offered.extend(passkey.then_some(ChallengeName::WebAuthn));
        offered.extend(client.allows(AuthFlow::UserSrp).then_some(ChallengeName::PasswordSrp));
        offered.push(ChallengeName::Password);
        Ok(offered)
    }

    /// The id of a passkey that a name which is nobody's seems to have, always the same: every second name has one, so
    /// that one who is asked for a passkey need not be there (Web Authentication section 14.6.2).
    fn stand_in_passkey(&self, admitted: &Admitted, name: &str) -> Result<Option<String>> {
        let pool = admitted.user_pool();
        let enough = pool.mfa != MfaMode::On || pool.web_authn.multi_factor;
        if !enough || !self.offers_passkeys(pool) {
            return Ok(None);
        }
        let key = self.keyring.derive(STAND_IN_LABEL)?;
        let key = hmac::Key::new(hmac::HMAC_SHA512, key.expose());
        // A pool's id holds no line break.
        let tag = hmac::sign(&key, format!("{}\n{}", pool.id, pool.name_key(name)).as_bytes());
        let (id, rest) = tag.as_ref().split_at_checked(32).unwrap_or_default();
        let has_one = rest.first().is_some_and(|byte| byte % 2 == 0);
        Ok(has_one.then(|| URL_SAFE_NO_PAD.encode(id)))
    }
}

/// Whether a user may begin with a passkey: there is one, and it is enough for what is asked of the user.
fn may_begin_with_passkey(admitted: &Admitted, user: &PoolUser) -> bool {
    let pool = admitted.user_pool();
    let open = pool.first_factors.contains(&FirstFactor::WebAuthn) && !user.passkeys().is_empty();
    open && (second_step(admitted, user).is_none() || asks_for_passkey(pool, user))
}

/// Whether a user's passkey alone must stand for two factors, or the pool asks it of all.
fn must_be_verified(admitted: &Admitted, user: &PoolUser) -> bool {
    admitted.user_pool().web_authn.verification_required || second_step(admitted, user).is_some()
}

/// The same while it is not known whose the passkey is.
fn any_must_be_verified(pool: &UserPool) -> bool {
    pool.web_authn.verification_required || pool.web_authn.multi_factor
}

/// Notes at the head that a passkey was used: it must still be the user's, count on, and not have answered this challenge
/// before. Answers whether it stands for a second factor.
pub(super) fn spend(
    change: &mut Change<'_>,
    admitted: &Admitted,
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
fn refused(why: Mismatch) -> Error {
    PoolFault::NotAuthorized.because(format!("Passkey sign-in failed: {why}."))
}
