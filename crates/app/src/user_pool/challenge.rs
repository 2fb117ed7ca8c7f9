//! Answers to challenges.

use std::collections::BTreeMap;
use std::sync::Arc;

use garita_model::user_pool::{ClientId, PoolFault, PoolId, UserStatus};
use garita_model::{Object, PoolUser, Result, Secret};

use super::attribute::{must_have_required, own_attributes};
use super::federated::may_be_vouched_for;
use super::finish::{Factor, Proof, go_on};
use super::next_step::Reached;
use super::password::Prepared;
use super::session::{self, AuthSession, ChallengeName};
use super::sign_in::{SignedIn, may_sign_in};
use super::user::about;
use super::username::find;
use super::{AdmittedClient, given, invalid, password};
use crate::App;
use crate::change::Change;
use crate::context::RequestContext;

/// What `RespondToAuthChallenge` and `AdminRespondToAuthChallenge` ask for.
pub struct ChallengeAnswer {
    /// The app client.
    pub client: ClientId,
    /// Which challenge.
    pub name: ChallengeName,
    /// The string that came with it.
    pub session: Option<String>,
    /// The answer.
    pub responses: BTreeMap<String, String>,
}

impl App {
    /// Takes the answer to a challenge.
    ///
    /// # Errors
    /// `ResourceNotFound` for the client; `NotAuthorized`; `CodeMismatch`; `InvalidPassword`; `InvalidParameter`.
    pub async fn respond_to_auth_challenge(
        self: &Arc<Self>,
        cx: &RequestContext,
        input: ChallengeAnswer,
    ) -> Result<SignedIn> {
        let admitted = self.admit(&self.snapshot(), cx, &input.client)?;
        self.respond(cx, &admitted, input).await
    }

    /// Takes the answer to a challenge from an administrator's server.
    ///
    /// # Errors
    /// `AccessDenied`; as [`App::respond_to_auth_challenge`].
    pub async fn admin_respond_to_auth_challenge(
        self: &Arc<Self>,
        cx: &RequestContext,
        pool: &PoolId,
        input: ChallengeAnswer,
    ) -> Result<SignedIn> {
        let action = "cognito-idp:AdminRespondToAuthChallenge";
        let admitted = self.admit_for_admin(cx, action, pool, &input.client)?;
        self.respond(cx, &admitted, input).await
    }

    pub(crate) async fn respond(
        self: &Arc<Self>,
        cx: &RequestContext,
        admitted: &AdmittedClient,
        input: ChallengeAnswer,
    ) -> Result<SignedIn> {
        if input.name == ChallengeName::PasswordVerifier {
            return self.prove_by_srp(cx, admitted, &input.responses).await;
        }
        let text = input.session.as_deref().ok_or_else(|| invalid("Missing required parameter Session"))?;
        let held = AuthSession::open(text, admitted, &self.keyring, cx.now())?;
        if !held.after_password {
            return self.answer_choice(cx, admitted, &held, &input).await;
        }
        let given = |name: &str| given(&input.responses, name);
        let name = given("USERNAME")?;
        let hash = input.responses.get("SECRET_HASH").map(String::as_str);
        let user = self.challenged(cx, admitted, &held, name, hash)?;
        if held.step != input.name {
            return Err(session::spent());
        }
        match input.name {
            ChallengeName::NewPasswordRequired => {
                let new = Secret::new(given("NEW_PASSWORD")?.clone());
                self.new_password(cx, admitted, held, user, new, &input.responses).await
            }
            ChallengeName::SoftwareTokenMfa => {
                let code = self.guess_code(cx, &user, given("SOFTWARE_TOKEN_MFA_CODE")?.clone())?;
                self.finish_challenge(cx, admitted, &held, &user, Factor::Code(code)).await
            }
            ChallengeName::WebAuthn => {
                let factor = self.passkey_as_second(admitted, &held, &user, given("CREDENTIAL")?)?;
                self.finish_challenge(cx, admitted, &held, &user, factor).await
            }
            // Who has just set an authenticator up has shown a code of it.
            ChallengeName::MfaSetup if held.set_up => {
                self.finish_challenge(cx, admitted, &held, &user, Factor::SetUp).await
            }
            ChallengeName::PasswordVerifier
            | ChallengeName::SelectChallenge
            | ChallengeName::Password
            | ChallengeName::PasswordSrp => Err(session::spent()),
            ChallengeName::MfaSetup => Err(PoolFault::NotAuthorized.because(
                "set an authenticator up first, with AssociateSoftwareToken and VerifySoftwareToken",
            )),
        }
    }

    /// The user whom a challenge waits for, who may still meet it.
    pub(super) fn challenged(
        &self,
        cx: &RequestContext,
        admitted: &AdmittedClient,
        held: &AuthSession,
        name: &str,
        secret_hash: Option<&str>,
    ) -> Result<Arc<PoolUser>> {
        let state = self.snapshot();
        let user = state.pool_user(admitted.pool(), held.user).cloned().ok_or_else(session::spent)?;
        about(cx, admitted.user_pool(), user.sub);
        let same = find(&state, admitted.user_pool(), name).is_some_and(|named| named.sub == user.sub);
        if !same {
            return Err(PoolFault::NotAuthorized.because("Invalid session for the user."));
        }
        self.check_secret_hash(admitted, name, secret_hash)?;
        let used = state.pool_session(admitted.pool(), held.id).is_some();
        if used || !held.holds_for(&user) {
            return Err(session::spent());
        }
        match &held.provider {
            None => may_sign_in(&state, admitted, &user)?,
            Some(vouched) => may_be_vouched_for(&state, admitted, &user, vouched, held.iss_rev)?,
        }
        Ok(user)
    }

    pub(super) async fn finish_challenge(
        self: &Arc<Self>,
        cx: &RequestContext,
        admitted: &AdmittedClient,
        held: &AuthSession,
        user: &PoolUser,
        factor: Factor,
    ) -> Result<SignedIn> {
        let proof = Proof::of(user, held.id, held.iss_rev, factor);
        let proof = Proof { provider: held.provider.clone(), ..proof };
        self.complete(cx, admitted, proof).await
    }

    async fn new_password(
        self: &Arc<Self>,
        cx: &RequestContext,
        admitted: &AdmittedClient,
        held: AuthSession,
        user: Arc<PoolUser>,
        new: Secret<String>,
        responses: &BTreeMap<String, String>,
    ) -> Result<SignedIn> {
        if user.status != UserStatus::ForceChangePassword {
            return Err(session::spent());
        }
        self.hold_pool_password(admitted.user_pool(), &new, password::about(&user)).await?;
        self.must_not_be_former(admitted.user_pool(), &user, &new).await?;
        let new = self.prepare_password(admitted.pool(), &user.name, &new).await?;
        let attributes = responses.iter();
        let attributes = attributes.filter_map(|(name, value)| {
            Some((name.strip_prefix("userAttributes.")?.to_owned(), value.clone()))
        });
        let (inside, attributes) = (admitted.clone(), attributes.collect::<Vec<_>>());
        let on = self.change(cx, move |change| {
            let user = with_password(change, &inside, &held, new, &attributes)?;
            let reached = Reached { id: held.id, iss_rev: change.revision(), provider: None };
            go_on(change, &inside, user, reached)
        });
        self.gone_on(cx, admitted, on.await?)
    }
}

/// Puts a password in place of an administrator's, at the head, with the attributes that came along.
fn with_password(
    change: &mut Change<'_>,
    admitted: &AdmittedClient,
    held: &AuthSession,
    new: Prepared,
    attributes: &[(String, String)],
) -> Result<Arc<PoolUser>> {
    let state = change.state();
    let found = state.pool_user(admitted.pool(), held.user).cloned().ok_or_else(session::spent)?;
    may_sign_in(state, admitted, &found)?;
    let spent = found.status != UserStatus::ForceChangePassword || !held.holds_for(&found);
    if spent || state.pool_session(admitted.pool(), held.id).is_some() {
        return Err(session::spent());
    }
    let mut user = PoolUser::clone(&found);
    own_attributes(state, admitted, &mut user, attributes)?;
    must_have_required(admitted, &user)?;
    password::replace(admitted.user_pool(), &mut user, new);
    password::temporary_until(&mut user, None);
    user.status = UserStatus::Confirmed;
    user.min_rev = change.revision();
    user.modified = change.now().as_second();
    let user = Arc::new(user);
    change.put_own(admitted, Object::PoolUser(Arc::clone(&user)))?;
    Ok(user)
}
