//! Signing in with a password: who is there, and what is asked of them next.
//!
//! The order is fixed: the client and its secret; the lock-out; the password, or as much work for nothing; only then
//! what the user's state has to say. Who has not shown the password learns nothing but that.

use std::collections::BTreeMap;
use std::sync::Arc;

use garita_model::user_pool::{AuthFlow, ClientId, MfaMode, PoolFault, PoolId, UserStatus, Uuid};
use garita_model::{PoolUser, Result, Secret, UserPool};
use garita_store::Snapshot;
use serde_json::{Map, Value};

use super::admit::wrong_credentials;
use super::attempts::{Attempt, Tried};
use super::finish::{Factor, Proof};
use super::other_way::second_factors;
use super::relying_party::PasskeyChallenge;
use super::session::{AuthSession, ChallengeName, Vouched};
use super::tokens::IssuedTokens;
use super::user::about;
use super::username::find;
use super::{AdmittedClient, given, invalid};
use crate::App;
use crate::context::RequestContext;
use crate::oauth::NewBrowser;
use crate::password::Checked;

/// `AuthFlow` of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInFlow {
    /// `USER_PASSWORD_AUTH`.
    UserPassword,
    /// `ADMIN_USER_PASSWORD_AUTH`, and its older name.
    AdminUserPassword,
    /// `USER_SRP_AUTH`.
    UserSrp,
    /// `REFRESH_TOKEN_AUTH`, and its older name.
    RefreshToken,
    /// `USER_AUTH`: whatever the user has.
    User,
}

/// What `InitiateAuth` and `AdminInitiateAuth` ask for.
pub struct SignIn {
    /// The app client.
    pub client: ClientId,
    /// How.
    pub flow: SignInFlow,
    /// With what.
    pub parameters: BTreeMap<String, String>,
}

/// What comes of a step.
pub enum SignedIn {
    /// Signed in.
    Tokens(IssuedTokens),
    /// Something more is asked.
    Challenge(Challenge),
    /// Signed in at a browser; only who came by one gets there.
    Browser(NewBrowser),
}

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

impl App {
    /// Begins to sign a person in.
    ///
    /// # Errors
    /// `ResourceNotFound` for the client; `NotAuthorized`; `InvalidParameter`; `UserNotConfirmed`;
    /// `PasswordResetRequired`; `UserNotFound` where the client does not hide it.
    pub async fn initiate_auth(self: &Arc<Self>, cx: &RequestContext, input: SignIn) -> Result<SignedIn> {
        if input.flow == SignInFlow::AdminUserPassword {
            return Err(invalid("Initiate Auth method not supported."));
        }
        let admitted = self.admit(&self.snapshot(), cx, &input.client)?;
        self.sign_in(cx, admitted, input).await
    }

    /// Begins to sign a person in, for an administrator's server.
    ///
    /// # Errors
    /// `AccessDenied`; as [`App::initiate_auth`].
    pub async fn admin_initiate_auth(
        self: &Arc<Self>,
        cx: &RequestContext,
        pool: &PoolId,
        input: SignIn,
    ) -> Result<SignedIn> {
        let admitted = self.admit_for_admin(cx, "cognito-idp:AdminInitiateAuth", pool, &input.client)?;
        self.sign_in(cx, admitted, input).await
    }

    /// Lets a signed request in that acts for a person.
    pub(super) fn admit_for_admin(
        &self,
        cx: &RequestContext,
        action: &str,
        pool: &PoolId,
        client: &ClientId,
    ) -> Result<AdmittedClient> {
        let (state, pool) = self.read_pool(cx, action, pool)?;
        let absent =
            || PoolFault::ResourceNotFound.because(format!("User pool client {client} does not exist."));
        state.pool_client(client).filter(|client| client.pool == pool.id).ok_or_else(absent)?;
        self.admit(&state, cx, client)
    }

    pub(crate) async fn sign_in(
        self: &Arc<Self>,
        cx: &RequestContext,
        admitted: AdmittedClient,
        input: SignIn,
    ) -> Result<SignedIn> {
        let flow = match input.flow {
            SignInFlow::UserPassword => AuthFlow::UserPassword,
            SignInFlow::AdminUserPassword => AuthFlow::AdminUserPassword,
            SignInFlow::UserSrp => return self.ask_for_srp(cx, &admitted, &input.parameters).await,
            SignInFlow::User => return self.choose(cx, &admitted, &input.parameters).await,
            SignInFlow::RefreshToken => {
                return self.refresh_by_flow(cx, &admitted, &input.parameters).map(SignedIn::Tokens);
            }
        };
        // Which flows are open to an app that calls the API says nothing of the pages.
        if admitted.browser().is_none() && !admitted.client().allows(flow) {
            let name = if flow == AuthFlow::UserPassword { "USER_PASSWORD_AUTH" } else { "Auth" };
            return Err(invalid(format!("{name} flow not enabled for this client")));
        }
        let given = |name: &str| given(&input.parameters, name);
        let (name, password) = (given("USERNAME")?, Secret::new(given("PASSWORD")?.clone()));
        self.check_hash_among(&admitted, name, &input.parameters)?;
        let shown = self.check_password(cx, &admitted, name, &password).await?;
        self.sign_in_renewing(cx, &admitted, shown, &password).await
    }

    /// The user of a name that a sign-in begins with before anything is proved. Where the client hides who is there, a name
    /// that is nobody's is not refused.
    pub(super) fn who_begins(
        &self,
        cx: &RequestContext,
        admitted: &AdmittedClient,
        name: &str,
        parameters: &BTreeMap<String, String>,
    ) -> Result<Option<Arc<PoolUser>>> {
        self.check_hash_among(admitted, name, parameters)?;
        let user = find(&self.snapshot(), admitted.user_pool(), name);
        match &user {
            Some(user) => about(cx, admitted.user_pool(), user.sub),
            None if !admitted.client().hides_users => return Err(super::no_user()),
            None => {}
        }
        Ok(user)
    }

    /// What follows a password that was shown or proved, as the user's state has it.
    pub(super) async fn after_proof(
        self: &Arc<Self>,
        cx: &RequestContext,
        admitted: &AdmittedClient,
        user: &Arc<PoolUser>,
        id: Uuid,
    ) -> Result<SignedIn> {
        let state = self.snapshot();
        let iss_rev = state.revision();
        may_sign_in(&state, admitted, user)?;
        if user.status == UserStatus::ForceChangePassword {
            let until = user.more.as_ref().and_then(|more| more.temporary_until);
            if until.is_some_and(|until| cx.now() >= until) {
                return Err(PoolFault::TemporaryPasswordExpired
                    .because("Temporary password has expired and must be reset by an administrator."));
            }
            return self.challenge(cx, admitted, user, id, iss_rev, ChallengeName::NewPasswordRequired);
        }
        self.after_password(cx, admitted, user, id, iss_rev).await
    }

    /// What follows a password that was right and may be kept: a second factor, or tokens.
    pub(super) async fn after_password(
        self: &Arc<Self>,
        cx: &RequestContext,
        admitted: &AdmittedClient,
        user: &Arc<PoolUser>,
        id: Uuid,
        iss_rev: u64,
    ) -> Result<SignedIn> {
        match second_step(admitted, user) {
            Some(step) => self.challenge(cx, admitted, user, id, iss_rev, step),
            None => self.complete(cx, admitted, Proof::of(user, id, iss_rev, Factor::None)).await,
        }
    }

    /// Counts a try of a password, whichever way it is shown.
    pub(super) fn count_password(&self, cx: &RequestContext, pool: &UserPool, who: &str) -> Result<Attempt> {
        let attempt = self.attempts.begin(Tried::Password, pool.id.as_str(), who, cx.now());
        attempt.ok_or_else(|| PoolFault::AttemptsExceeded.because("Password attempts exceeded"))
    }

    /// The user whose password this is, and whether it is stored as a new one would be.
    pub(super) async fn check_password(
        &self,
        cx: &RequestContext,
        admitted: &AdmittedClient,
        name: &str,
        password: &Secret<String>,
    ) -> Result<(Arc<PoolUser>, Checked)> {
        let state = self.snapshot();
        let pool = admitted.user_pool();
        let user = find(&state, pool, name);
        // All names of a user are counted together.
        let counted = self.counted_as(pool, user.as_deref(), name)?;
        let attempt = self.count_password(cx, pool, &counted)?;
        if let Some(user) = &user {
            about(cx, pool, user.sub);
        }
        let held = user.as_ref().and_then(|user| user.password.as_deref());
        let checked = self.passwords().check(password, held).await?;
        match (user, checked) {
            (Some(user), checked @ (Checked::Yes | Checked::NeedsUpgrade)) => {
                self.attempts.succeeded(&attempt);
                Ok((user, checked))
            }
            (None, _) if !admitted.client().hides_users => Err(super::no_user()),
            (Some(_) | None, _) => Err(wrong_credentials()),
        }
    }

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

/// How far a sign-in has come that something more is asked of.
pub(super) struct Reached {
    /// The sign-in it may become.
    pub(super) id: Uuid,
    /// The revision at which the user was live.
    pub(super) iss_rev: u64,
    /// The provider that vouched for who it is, in place of a password.
    pub(super) provider: Option<Vouched>,
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

/// Refuses a user who is there and may not sign in. Only said to who showed the password.
pub(super) fn may_sign_in(state: &Snapshot, admitted: &AdmittedClient, user: &PoolUser) -> Result<()> {
    let user = state.pool_user(admitted.pool(), user.sub).ok_or_else(wrong_credentials)?;
    if user.status == UserStatus::ExternalProvider {
        return Err(wrong_credentials());
    }
    may_stay_signed_in(user)
}

/// Refuses a user who is there and may not be signed in, whoever vouched for them.
pub(super) fn may_stay_signed_in(user: &PoolUser) -> Result<()> {
    if !user.enabled {
        return Err(PoolFault::UserDisabled.because("User is disabled."));
    }
    match user.status {
        UserStatus::Unconfirmed => Err(PoolFault::UserNotConfirmed.because("User is not confirmed.")),
        UserStatus::ResetRequired => {
            Err(PoolFault::PasswordResetRequired.because("Password reset required for the user"))
        }
        UserStatus::Confirmed | UserStatus::ForceChangePassword | UserStatus::ExternalProvider => Ok(()),
    }
}
