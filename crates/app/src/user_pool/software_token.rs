//! Authenticator apps: set up, proved, asked for. RFC 6238.
//!
//! INVARIANT: a code is accepted once: each accepted code moves the app's last step on, in the transaction that does
//! what the code was given for. Tries are counted as those of passwords are.

use std::sync::Arc;

use garita_model::user_pool::{PoolFault, SoftwareToken, Uuid};
use garita_model::{Error, Object, PoolUser, Result, Sealed, Secret};
use jiff::Timestamp;

use super::bearer::{Bearer, still_there};
use super::federated::may_be_vouched_for;
use super::passkey::Who;
use super::second_factor::{has_second_factor, without_software_token};
use super::session::{self, AuthSession, ChallengeName};
use super::sign_in::may_stay_signed_in;
use super::user::about;
use super::{AdmittedClient, invalid};
use crate::App;
use crate::attempts::Tried;
use crate::change::Change;
use crate::context::RequestContext;
use crate::oauth::SignedIn;
use crate::totp;

const LABEL: &str = "pool-totp-seed";
/// Bytes of a seed: RFC 4226 asks for 16 and recommends 20.
const SEED: usize = 20;
/// Time steps around now in which a code is accepted.
const WINDOW: i64 = 1;

/// Who sets an authenticator up: someone signed in, or someone who must before they are.
pub enum SettingUp {
    /// With an access token.
    Bearer(Secret<String>),
    /// With the string of a challenge.
    Session(String),
    /// At a page, with the cookie of a browser.
    Browser(SignedIn),
}

/// A seed for an authenticator app.
pub struct NewSeed {
    /// In base32.
    pub secret: Secret<String>,
    /// The string to go on with, for who is not signed in yet.
    pub session: Option<String>,
}

/// Who was found to set an authenticator up.
#[derive(Clone)]
enum Found {
    /// Someone signed in.
    In(Box<Bearer>),
    /// Someone who must have one before they are.
    Under(AdmittedClient, Box<AuthSession>),
}

impl Found {
    fn admitted(&self) -> &AdmittedClient {
        match self {
            Self::In(bearer) => &bearer.admitted,
            Self::Under(admitted, _) => admitted,
        }
    }
    fn user(&self) -> Uuid {
        match self {
            Self::In(bearer) => bearer.user.sub,
            Self::Under(_, session) => session.user,
        }
    }
    /// Whether the app is on once it is proved: for someone who must have one to sign in, or wants one at a page. Apps that
    /// call the API say so themselves.
    fn switches_on(&self) -> bool {
        match self {
            Self::In(bearer) => bearer.browser.is_some(),
            Self::Under(..) => true,
        }
    }
}

impl App {
    /// Makes a seed for an authenticator app that is still to be proved.
    ///
    /// # Errors
    /// `NotAuthorized`; `InvalidParameter`.
    pub async fn associate_software_token(
        self: &Arc<Self>,
        cx: &RequestContext,
        who: SettingUp,
    ) -> Result<NewSeed> {
        let found = self.setting_up(cx, who)?;
        let mut bytes = vec![0_u8; SEED];
        self.entropy().fill(&mut bytes)?;
        let seed = Secret::new(bytes);
        let sealed = seal(self, found.user(), seed.expose())?;
        let inside = found.clone();
        self.change(cx, move |change| {
            let mut changed = standing_user(change, &inside)?;
            changed.more_mut().pending_seed = Some(sealed);
            change.put_own(inside.admitted(), Object::PoolUser(Arc::new(changed)))
        })
        .await?;
        let secret = Secret::new(totp::base32(seed.expose()));
        Ok(NewSeed { secret, session: self.session_on(cx, found, false)? })
    }

    /// Proves an authenticator app by a code of it. Answers the string to go on with, for who is not signed in yet.
    ///
    /// # Errors
    /// `NotAuthorized`; `EnableSoftwareTokenMfa` for a code that is not the app's; `InvalidParameter`.
    pub async fn verify_software_token(
        self: &Arc<Self>,
        cx: &RequestContext,
        who: SettingUp,
        code: String,
        name: Option<String>,
    ) -> Result<Option<String>> {
        let found = self.setting_up(cx, who)?;
        let (pool, sub) = (found.admitted().pool().to_string(), found.user().to_string());
        let attempt =
            self.attempts.begin(Tried::SoftwareToken, &pool, &sub, cx.now()).ok_or_else(wrong_code)?;
        let (inside, app) = (found.clone(), Arc::clone(self));
        self.change(cx, move |change| {
            let mut changed = standing_user(change, &inside)?;
            let seed = changed.more.as_ref().and_then(|more| more.pending_seed.clone());
            let sealed = seed.ok_or_else(|| {
                invalid("No authenticator is being set up: begin with AssociateSoftwareToken")
            })?;
            let seed = open(&app, changed.sub, &sealed)?;
            let now = totp::step_of(change.now());
            let step = (now - WINDOW..=now + WINDOW).find(|step| totp::is_code(seed.expose(), *step, &code));
            let step = step.ok_or_else(wrong_code)?;
            let more = changed.more_mut();
            more.pending_seed = None;
            more.software_token =
                Some(SoftwareToken { seed: sealed, last_step: step, drift: step - now, name });
            more.software_token_on |= inside.switches_on();
            more.software_token_preferred |= inside.switches_on();
            change.put_own(inside.admitted(), Object::PoolUser(Arc::new(changed)))
        })
        .await?;
        self.attempts.succeeded(&attempt);
        self.session_on(cx, found, true)
    }

    /// The string to go on with, for who is not signed in yet.
    fn session_on(&self, cx: &RequestContext, found: Found, set_up: bool) -> Result<Option<String>> {
        let Found::Under(admitted, session) = found else { return Ok(None) };
        let session = AuthSession { set_up, ..*session };
        session.seal(&admitted, &self.keyring, self.entropy(), cx.now()).map(Some)
    }

    /// Forgets the authenticator app of who is signed in.
    ///
    /// # Errors
    /// `NotAuthorized`; `InvalidParameter` where a second factor is asked for and there is no other.
    pub async fn forget_software_token(self: &Arc<Self>, cx: &RequestContext, who: Who<'_>) -> Result<()> {
        let bearer = self.self_of(cx, &who)?;
        self.edit_as(cx, bearer, |_, bearer, user| without_software_token(bearer.admitted.user_pool(), user))
            .await
    }

    /// Counts a try of a code before it is looked at.
    pub(super) fn guess_code(&self, cx: &RequestContext, user: &PoolUser, code: String) -> Result<String> {
        let (pool, sub) = (user.pool.to_string(), user.sub.to_string());
        let attempt = self.attempts.begin(Tried::SoftwareToken, &pool, &sub, cx.now());
        let attempt = attempt.ok_or_else(mismatch)?;
        let token = user.software_token().ok_or_else(mismatch)?;
        let seed = open(self, user.sub, &token.seed)?;
        step_of(&seed, token, &code, cx.now()).ok_or_else(mismatch)?;
        self.attempts.succeeded(&attempt);
        Ok(code)
    }

    fn setting_up(&self, cx: &RequestContext, who: SettingUp) -> Result<Found> {
        match who {
            SettingUp::Bearer(token) => Ok(Found::In(Box::new(self.bearer(cx, &token)?))),
            SettingUp::Browser(signed_in) => Ok(Found::In(Box::new(self.bearer_at_browser(cx, &signed_in)?))),
            SettingUp::Session(text) => self.setting_up_by_session(cx, &text),
        }
    }

    fn setting_up_by_session(&self, cx: &RequestContext, text: &str) -> Result<Found> {
        let client = AuthSession::client_in(text).ok_or_else(session::spent)?;
        let admitted = self.admit(&self.snapshot(), cx, &client).map_err(|_| session::spent())?;
        let session = AuthSession::open(text, &admitted, &self.keyring, cx.now())?;
        if session.step != ChallengeName::MfaSetup {
            return Err(session::spent());
        }
        about(cx, admitted.user_pool(), session.user);
        Ok(Found::Under(admitted, Box::new(session)))
    }
}

/// The user at the head, who must still be the one that was let in.
fn standing_user(change: &Change<'_>, found: &Found) -> Result<PoolUser> {
    let (admitted, session) = match found {
        Found::In(bearer) => return still_there(change, bearer).map(|user| PoolUser::clone(&user)),
        Found::Under(admitted, session) => (admitted, session),
    };
    let state = change.state();
    let held = state.pool_user(admitted.pool(), session.user).ok_or_else(session::spent)?;
    let used = state.pool_session(admitted.pool(), session.id).is_some();
    // Someone who has a second factor must show it, not set another one up.
    let asked = has_second_factor(admitted.user_pool(), held);
    if used || !session.holds_for(held) || asked {
        return Err(session::spent());
    }
    match &session.provider {
        None => may_stay_signed_in(held).map_err(|_| session::spent())?,
        Some(vouched) => may_be_vouched_for(state, admitted, held, vouched, session.iss_rev)?,
    }
    Ok(PoolUser::clone(held))
}

/// A user whose code was used up.
pub(super) fn spend_code(change: &Change<'_>, user: &PoolUser, code: &str) -> Result<PoolUser> {
    let token = user.software_token().ok_or_else(mismatch)?;
    let seed = open(change.app(), user.sub, &token.seed)?;
    let step = step_of(&seed, token, code, change.now()).ok_or_else(mismatch)?;
    let mut user = user.clone();
    if let Some(token) = &mut user.more_mut().software_token {
        token.last_step = step;
    }
    Ok(user)
}

fn step_of(seed: &Secret<Vec<u8>>, token: &SoftwareToken, code: &str, now: Timestamp) -> Option<i64> {
    let around = totp::step_of(now) + token.drift;
    let mut steps = (around - WINDOW..=around + WINDOW).filter(|step| *step > token.last_step);
    steps.find(|step| totp::is_code(seed.expose(), *step, code))
}

/// Seals the key of an authenticator app for a user.
pub(super) fn seal(app: &App, user: Uuid, key: &[u8]) -> Result<Sealed> {
    app.keyring.seal(LABEL, user.as_bytes(), key, app.entropy())
}

/// Opens the key of a user's authenticator app.
pub(super) fn open(app: &App, user: Uuid, seed: &Sealed) -> Result<Secret<Vec<u8>>> {
    app.keyring
        .open(LABEL, user.as_bytes(), seed)
        .ok_or_else(|| Error::internal("a stored seed does not open: wrong master key?"))
}

fn wrong_code() -> Error {
    PoolFault::EnableSoftwareTokenMfa.because("Code mismatch")
}

fn mismatch() -> Error {
    PoolFault::CodeMismatch.because("Invalid code received for user")
}
