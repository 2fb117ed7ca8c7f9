//! `USER_AUTH`, where a person chooses what to begin with: the password, SRP or a passkey.
//!
//! INVARIANT: a name that is nobody's is offered, asked and refused as one that is somebody's, where the client hides it:
//! [`stand_in_passkey`](super::stand_in_passkey) has passkeys for half of them.
//!
//! Cognito Developer Guide, "Authentication flows", choice-based authentication.

use std::collections::BTreeMap;
use std::sync::Arc;

use garita_model::user_pool::{AuthFlow, PoolFault, Uuid};
use garita_model::{PoolUser, Result, Secret};

use super::challenge::ChallengeAnswer;
use super::next_step::{Challenge, SecondFactors};
use super::passkey_sign_in::{Asked, any_must_be_verified, may_begin_with_passkey};
use super::relying_party::PasskeyChallenge;
use super::session::{self, AuthSession, ChallengeName};
use super::sign_in::SignedIn;
use super::user::about;
use super::username::find;
use super::{AdmittedClient, given, invalid};
use crate::App;
use crate::context::RequestContext;

impl App {
    /// `USER_AUTH`: takes what a sign-in begins with, or tells what it may begin with.
    pub(super) async fn choose(
        self: &Arc<Self>,
        cx: &RequestContext,
        admitted: &AdmittedClient,
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
        let user = self.who_begins(cx, admitted, name, parameters)?;
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
        admitted: &AdmittedClient,
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
            password: None,
            challenge,
            provider: None,
        };
        let session = session.seal(admitted, &self.keyring, self.entropy(), cx.now())?;
        let mut parameters = BTreeMap::new();
        if by_passkey {
            // Asked of all alike: what one user in particular must show would tell that there is one.
            let verified = any_must_be_verified(admitted.user_pool());
            let mut options = self.request_options(admitted.user_pool(), user, challenge, verified)?;
            if user.is_none() {
                self.put_stand_in(admitted, name, &mut options)?;
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
        admitted: &AdmittedClient,
        held: &AuthSession,
        input: &ChallengeAnswer,
    ) -> Result<SignedIn> {
        let responses = &input.responses;
        let name = given(responses, "USERNAME")?;
        self.check_hash_among(admitted, name, responses)?;
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
        let chosen = self.chosen(admitted, held.step, (name, user.as_deref()), responses)?;
        match chosen {
            ChallengeName::Password if responses.contains_key("PASSWORD") => {
                self.begin_with_password(cx, admitted, responses).await
            }
            ChallengeName::PasswordSrp if responses.contains_key("SRP_A") => {
                self.ask_for_srp(cx, admitted, responses).await
            }
            ChallengeName::WebAuthn if responses.contains_key("CREDENTIAL") => {
                let challenge = held.challenge.ok_or_else(session::spent)?;
                let answer = given(responses, "CREDENTIAL")?;
                let asked = Asked::in_place_of_password(admitted, user.as_deref(), challenge, answer);
                match &user {
                    Some(user) => {
                        self.begin_with_passkey(cx, admitted, user, (held.id, held.iss_rev), &asked).await
                    }
                    None => Err(self.refuse_stand_in(admitted, name, &asked)),
                }
            }
            _ if held.step == ChallengeName::SelectChallenge => {
                self.offer(cx, admitted, (name, user.as_deref()), held.id, chosen)
            }
            ChallengeName::Password => Err(invalid("Missing required parameter PASSWORD")),
            ChallengeName::PasswordSrp => Err(invalid("Missing required parameter SRP_A")),
            _ => Err(invalid("Missing required parameter CREDENTIAL")),
        }
    }

    /// What somebody begins with: what they were asked for, or what they choose.
    fn chosen(
        &self,
        admitted: &AdmittedClient,
        asked: ChallengeName,
        (name, user): (&str, Option<&PoolUser>),
        responses: &BTreeMap<String, String>,
    ) -> Result<ChallengeName> {
        if asked != ChallengeName::SelectChallenge {
            return Ok(asked);
        }
        let word = given(responses, "ANSWER")?;
        let chosen = self.offers(admitted, user, name)?.into_iter().find(|one| one.as_str() == word);
        chosen.ok_or_else(|| invalid("Selected challenge is not available"))
    }

    async fn begin_with_password(
        self: &Arc<Self>,
        cx: &RequestContext,
        admitted: &AdmittedClient,
        parameters: &BTreeMap<String, String>,
    ) -> Result<SignedIn> {
        let (name, password) = (given(parameters, "USERNAME")?, given(parameters, "PASSWORD")?);
        let password = Secret::new(password.clone());
        let shown = self.check_password(cx, admitted, name, &password).await?;
        self.sign_in_renewing(cx, admitted, shown, &password).await
    }

    /// What a user may begin with. A name that is nobody's may begin with what everyone may, and with a passkey if one
    /// stands in for it.
    fn offers(
        &self,
        admitted: &AdmittedClient,
        user: Option<&PoolUser>,
        name: &str,
    ) -> Result<Vec<ChallengeName>> {
        let passkey = match user {
            Some(user) => may_begin_with_passkey(admitted, user),
            None => self.stand_in_passkey(admitted, name)?.is_some(),
        };
        let mut offered = Vec::new();
        offered.extend(passkey.then_some(ChallengeName::WebAuthn));
        offered.extend(admitted.client().allows(AuthFlow::UserSrp).then_some(ChallengeName::PasswordSrp));
        offered.push(ChallengeName::Password);
        Ok(offered)
    }
}
