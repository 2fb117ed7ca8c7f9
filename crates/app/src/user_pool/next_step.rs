//! What is asked next of who signs in: which step it is, the string to come back with, and what an app is told along with it.
//!
//! INVARIANT: which second factor is asked follows from the pool, its groups and the user alone, and never from what a request
//! names; what was shown so far goes on in the string ([`AuthSession`]).

use std::collections::BTreeMap;

use garita_model::user_pool::{MfaMode, Uuid};
use garita_model::{PoolUser, Result, UserPool};
use serde_json::{Map, Value};

use super::AdmittedClient;
use super::other_way::second_factors;
use super::relying_party::PasskeyChallenge;
use super::session::{AuthSession, ChallengeName, Vouched};
use super::sign_in::SignedIn;
use crate::App;
use crate::context::RequestContext;

/// Something more that is asked.
pub struct Challenge {
    /// What.
    pub name: ChallengeName,
    /// The string to bring along; none where the parameters hold what is to come back.
    pub session: Option<String>,
    /// What the app needs to know.
    pub parameters: BTreeMap<&'static str, String>,
    /// What a sign-in may begin with, best first; only where there is a choice.
    pub available: Vec<ChallengeName>,
    /// What would do in its place; told to pages alone.
    pub others: SecondFactors,
}

/// Second factors that somebody has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SecondFactors {
    /// An authenticator app.
    pub code: bool,
    /// A passkey.
    pub passkey: bool,
    /// How many recovery codes.
    pub recovery: usize,
}

/// How far a sign-in has come that something more is asked of.
pub(super) struct Reached {
    /// The sign-in it may become.
    pub(super) id: Uuid,
    /// The revision at which the user was live.
    pub(super) iss_rev: u64,
    /// The provider that vouched for who it is, in place of a password.
    pub(super) provider: Option<Vouched>,
}

impl App {
    /// Asks for something more of who showed a password.
    pub(super) fn challenge(
        &self,
        cx: &RequestContext,
        admitted: &AdmittedClient,
        user: &PoolUser,
        id: Uuid,
        iss_rev: u64,
        name: ChallengeName,
    ) -> Result<SignedIn> {
        self.challenge_after(cx, admitted, user, Reached { id, iss_rev, provider: None }, name)
    }

    /// Asks for something more.
    pub(super) fn challenge_after(
        &self,
        cx: &RequestContext,
        admitted: &AdmittedClient,
        user: &PoolUser,
        reached: Reached,
        name: ChallengeName,
    ) -> Result<SignedIn> {
        let Reached { id, iss_rev, provider } = reached;
        let challenge = match name {
            ChallengeName::WebAuthn => Some(PasskeyChallenge::draw(self.entropy())?),
            _ => None,
        };
        let session = AuthSession {
            id,
            pool: admitted.pool().clone(),
            user: user.sub,
            step: name,
            set_up: false,
            expires: cx.now(),
            iss_rev,
            after_password: true,
            password: AuthSession::password_of(user),
            challenge,
            provider,
        };
        let session = session.seal(admitted, &self.keyring, self.entropy(), cx.now())?;
        let parameters = self.parameters(admitted, user, name, challenge)?;
        let (session, available) = (Some(session), Vec::new());
        let others = match name {
            ChallengeName::SoftwareTokenMfa | ChallengeName::WebAuthn => second_factors(admitted, user),
            _ => SecondFactors::default(),
        };
        Ok(SignedIn::Challenge(Challenge { name, session, parameters, available, others }))
    }

    /// What an app is told along with a challenge.
    fn parameters(
        &self,
        admitted: &AdmittedClient,
        user: &PoolUser,
        name: ChallengeName,
        challenge: Option<PasskeyChallenge>,
    ) -> Result<BTreeMap<&'static str, String>> {
        let mut parameters = BTreeMap::from([("USER_ID_FOR_SRP", user.name.to_string())]);
        match name {
            ChallengeName::NewPasswordRequired => {
                let pool = admitted.user_pool();
                let lacking = pool.attributes().into_iter().filter(|spec| {
                    spec.required && spec.name != "sub" && user.attributes.get(&spec.name).is_none()
                });
                let required: Vec<Value> =
                    lacking.map(|spec| format!("userAttributes.{}", spec.name).into()).collect();
                let shown = user.attributes.iter().filter(|(name, _)| admitted.client().may_read(name));
                let shown: Map<String, Value> = shown.map(|(n, v)| (n.to_owned(), v.into())).collect();
                parameters.insert("requiredAttributes", Value::Array(required).to_string());
                parameters.insert("userAttributes", Value::Object(shown).to_string());
            }
            ChallengeName::SoftwareTokenMfa => {
                let named = user.software_token().and_then(|token| token.name.clone());
                parameters.extend(named.map(|named| ("FRIENDLY_DEVICE_NAME", named)));
            }
            ChallengeName::WebAuthn => {
                let verified = admitted.user_pool().web_authn.verification_required;
                let options = self.request_options(admitted.user_pool(), Some(user), challenge, verified)?;
                parameters.insert("CREDENTIAL_REQUEST_OPTIONS", options.to_string());
            }
            ChallengeName::PasswordVerifier
            | ChallengeName::SelectChallenge
            | ChallengeName::Password
            | ChallengeName::PasswordSrp => {}
            ChallengeName::MfaSetup => {
                parameters.insert("MFAS_CAN_SETUP", r#"["SOFTWARE_TOKEN_MFA"]"#.to_owned());
            }
        }
        Ok(parameters)
    }
}

/// The second factor that is asked of a user who has shown the password.
pub(super) fn second_step(admitted: &AdmittedClient, user: &PoolUser) -> Option<ChallengeName> {
    let pool = admitted.user_pool();
    match pool.mfa_for(user) {
        MfaMode::Off => None,
        MfaMode::Optional | MfaMode::On if user.asks_for_code() => Some(ChallengeName::SoftwareTokenMfa),
        MfaMode::Optional | MfaMode::On if asks_for_passkey(pool, user) => Some(ChallengeName::WebAuthn),
        MfaMode::On => Some(ChallengeName::MfaSetup),
        MfaMode::Optional => None,
    }
}

/// Whether a passkey is a second factor of a user.
pub(super) fn asks_for_passkey(pool: &UserPool, user: &PoolUser) -> bool {
    pool.web_authn.multi_factor && user.has_passkey_mfa()
}
