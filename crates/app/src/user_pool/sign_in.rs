//! Signing in with a password: who is there, and what is asked of them next.
//!
//! The order is fixed: the client and its secret; the lock-out; the password, or as much work for nothing; only then
//! what the user's state has to say. Who has not shown the password learns nothing but that.

use std::collections::BTreeMap;
use std::sync::Arc;

use garita_model::user_pool::{AuthFlow, ClientId, PoolFault, PoolId, UserStatus, Uuid};
use garita_model::{PoolUser, Result, Secret, UserPool};
use garita_store::Snapshot;

use super::admit::wrong_credentials;
use super::finish::{Factor, Proof};
use super::next_step::{Challenge, second_step};
use super::session::ChallengeName;
use super::tokens::IssuedTokens;
use super::user::about;
use super::username::find;
use super::{AdmittedClient, given, invalid};
use crate::App;
use crate::attempts::{Attempt, Tried};
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
