//! Signing in with SRP: `USER_SRP_AUTH`, and the answer to `PASSWORD_VERIFIER`.
//!
//! Clients bring no session back, only the secret block, which holds the id of the sign-in: a block is good for one,
//! because a sign-in is stored once. Tries are counted with those of passwords that are sent.
//!
//! INVARIANT: a name that is nobody's, and a user for whom nothing is stored for SRP, get parameters that do not change
//! and cost the same work, and are refused like a wrong password.

use std::collections::BTreeMap;
use std::sync::Arc;

use garita_model::user_pool::{AuthFlow, PoolFault, Uuid};
use garita_model::{Error, PoolUser, Result, Sealed, UserPool};
use jiff::SignedDuration;

use super::admit::wrong_credentials;
use super::attribute::is_address;
use super::next_step::{Challenge, SecondFactors};
use super::session::{ChallengeName, spent};
use super::sign_in::SignedIn;
use super::user::about;
use super::username::find;
use super::{AdmittedClient, given, invalid};
use crate::App;
use crate::context::RequestContext;
use crate::hash::Fixed;
use crate::srp::{Answer, Beginning};

const STAND_IN_LABEL: &str = "srp-stand-in/1";

impl App {
    /// `USER_SRP_AUTH`: asks for a proof of the password.
    pub(super) async fn ask_for_srp(
        self: &Arc<Self>,
        cx: &RequestContext,
        admitted: &AdmittedClient,
        parameters: &BTreeMap<String, String>,
    ) -> Result<SignedIn> {
        must_be_open(admitted)?;
        let (name, srp_a) = (given(parameters, "USERNAME")?, given(parameters, "SRP_A")?);
        let user = self.who_begins(cx, admitted, name, parameters)?;
        let (pool, client) = (admitted.user_pool(), admitted.client());
        let username =
            user.as_ref().map_or_else(|| self.stand_in(pool, name), |user| Ok(user.name.to_string()))?;
        let from = Beginning {
            pool: pool.id.to_string(),
            client: client.id.to_string(),
            username,
            id: *Uuid::draw(self.entropy())?.as_bytes(),
            verifier: user.as_deref().and_then(stored),
            srp_a: srp_a.clone(),
            now: cx.now(),
            within: SignedDuration::from_mins(i64::from(client.session_minutes)),
        };
        let given = self.begin_srp(from).await.map_err(|error| match error {
            Error::Invalid { .. } => invalid("`SRP_A` is not a valid public value"),
            other => other,
        })?;
        let parameters = BTreeMap::from([
            ("SALT", given.salt),
            ("SRP_B", given.srp_b),
            ("SECRET_BLOCK", given.secret_block),
            ("USERNAME", given.user_id_for_srp.clone()),
            ("USER_ID_FOR_SRP", given.user_id_for_srp),
        ]);
        let name = ChallengeName::PasswordVerifier;
        Ok(SignedIn::Challenge(Challenge {
            name,
            session: None,
            parameters,
            available: Vec::new(),
            others: SecondFactors::default(),
        }))
    }

    /// Takes the proof of a password.
    pub(super) async fn prove_by_srp(
        self: &Arc<Self>,
        cx: &RequestContext,
        admitted: &AdmittedClient,
        responses: &BTreeMap<String, String>,
    ) -> Result<SignedIn> {
        must_be_open(admitted)?;
        let name = given(responses, "USERNAME")?;
        let block = given(responses, "PASSWORD_CLAIM_SECRET_BLOCK")?;
        let signature = given(responses, "PASSWORD_CLAIM_SIGNATURE")?.clone();
        let timestamp = given(responses, "TIMESTAMP")?.clone();
        self.check_hash_among(admitted, name, responses)?;
        let (pool, client) = (admitted.user_pool(), &admitted.client().id);
        let alien = || PoolFault::NotAuthorized.because("Invalid session for the user.");
        let pending = self.open_srp(pool.id.as_str(), client.as_str(), block, cx.now()).ok_or_else(alien)?;
        let state = self.snapshot();
        let user = find(&state, pool, pending.username()).filter(|user| *user.name == *pending.username());
        let counted = self.counted_as(pool, user.as_deref(), pending.username())?;
        if self.counted_as(pool, find(&state, pool, name).as_deref(), name)? != counted {
            return Err(alien());
        }
        let id = Uuid::from_bytes(pending.id());
        if state.pool_session(&pool.id, id).is_some() {
            return Err(spent());
        }
        let attempt = self.count_password(cx, pool, &counted)?;
        if let Some(user) = &user {
            about(cx, pool, user.sub);
        }
        let verifier = user.as_deref().and_then(stored);
        let answer = Answer { pending, pool: pool.id.to_string(), verifier, signature, timestamp };
        match (self.finish_srp(answer).await?, user) {
            (Some(_), Some(user)) => {
                self.attempts.succeeded(&attempt);
                self.after_proof(cx, admitted, &user, id).await
            }
            (Some(_) | None, _) => Err(wrong_credentials()),
        }
    }

    /// By what tries are counted: the user, by whichever name; else the name that stands in for one.
    pub(super) fn counted_as(&self, pool: &UserPool, user: Option<&PoolUser>, name: &str) -> Result<String> {
        user.map_or_else(|| self.stand_in(pool, name), |user| Ok(user.sub.to_string()))
    }

    /// The own name of a user that is not there: what was given, or, for an address, a made-up one that stays.
    fn stand_in(&self, pool: &UserPool, name: &str) -> Result<String> {
        let name = pool.name_key(name);
        let mut addresses = pool.username_attributes.iter().chain(&pool.alias_attributes);
        if !addresses.any(|attribute| is_address(*attribute, &name)) {
            return Ok(name);
        }
        // A pool's id holds no line break.
        let text = format!("{}\n{name}", pool.id);
        let drawn = Fixed(self.keyring.mac(STAND_IN_LABEL, &[text.as_bytes()])?);
        // As a `sub` is.
        Ok(Uuid::draw(&drawn)?.to_string())
    }
}

/// What is stored for SRP. A password that was set while no client opened SRP has nothing.
fn stored(user: &PoolUser) -> Option<Sealed> {
    user.more.as_ref()?.srp.clone()
}

fn must_be_open(admitted: &AdmittedClient) -> Result<()> {
    if admitted.client().allows(AuthFlow::UserSrp) {
        return Ok(());
    }
    Err(invalid("USER_SRP_AUTH is not enabled for the client."))
}
