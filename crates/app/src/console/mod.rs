//! Signing in at the console: IAM users with their password ([`sign_in`]), and whoever a broker vouches for with the
//! credentials of a session ([`federation`]).
//!
//! What a browser holds is a cookie; what it stands for is a [`Session`], as behind temporary credentials. So
//! [`App::at_console`] answers the same kind of caller that a signature proves, judged by the same policies.
//!
//! INVARIANT: a session of a user stands only while the user, the password and the MFA devices are those it began with;
//! one that a broker opened stands as long as everything that the credentials rested on. Both are asked of the newest
//! snapshot with each request, and again in each change. The root user has no password, and so no session here.
//!
//! AWS: IAM User Guide, "How IAM users sign in to AWS" and "Enable custom identity broker access to the AWS console".

mod browser;
mod federation;
pub(crate) mod record;
mod sign_in;

use std::sync::Arc;

use garita_model::session::Subject;
use garita_model::user_pool::TokenHash;
use garita_model::{Account, AccountId, ConsoleSession, Error, Plain as _, Result, Session, User};
use garita_store::Snapshot;
use garita_wire::sigv4::SigV4Error;
use jiff::Timestamp;

pub(crate) use browser::over;
pub use browser::{ChangedPassword, NewConsole};
pub use federation::{BadCredentials, BrokerLogin, BrokerRefusal, ShownCredentials};
pub use record::SOURCE;
pub use sign_in::{Entrance, Proof, Refusal, Renewal, Step};

use crate::App;
use crate::authn::{compile_session, session_principal};
use crate::context::{Caller, RequestContext, SessionState, ShownBy};
use crate::hash;
use crate::iam::{login_profile, mfa_device};
use crate::live;

/// Somebody who is signed in with a browser.
pub struct AtConsole {
    /// The request, with them as its caller.
    pub cx: RequestContext,
    held: Arc<ConsoleSession>,
}

impl AtConsole {
    /// Who they are.
    pub fn arn(&self) -> String {
        self.cx.caller().principal.arn_text()
    }
    /// The account they are signed in to.
    pub fn account(&self) -> AccountId {
        self.held.account
    }
    /// Whether a second factor was proved.
    pub fn has_mfa(&self) -> bool {
        self.held.session.mfa_at.is_some()
    }
    /// Whether they have a password that they can change.
    pub fn has_password(&self) -> bool {
        self.held.basis.is_some()
    }
    /// When the session ends, however much it is used.
    pub fn expires(&self) -> Timestamp {
        self.held.session.expires
    }
}

impl App {
    /// Who is signed in with a browser that brings a cookie: the one function that makes a caller of it.
    pub fn at_console(&self, cx: &RequestContext, cookie: &str) -> Option<AtConsole> {
        let (caller, held) = find(&self.snapshot(), cookie, cx.now())?;
        Some(AtConsole { cx: cx.of_console(caller), held })
    }

    /// What an account asks of the passwords of its users, by the account's number or alias; AWS's default for one that
    /// has none or is not there.
    pub fn console_password_policy(&self, account: &str) -> Option<garita_model::PasswordPolicy> {
        account_at(&self.snapshot(), account).and_then(|account| account.password_policy.clone())
    }
}

/// Who is signed in with a cookie, if everything that rests on stands.
fn find(state: &Snapshot, cookie: &str, now: Timestamp) -> Option<(Caller, Arc<ConsoleSession>)> {
    let (account, cookie) = read(cookie)?;
    let held = standing(state, account, cookie).filter(|held| !held.is_over(now))?;
    let caller = caller(state, &held.session, ShownBy::Console(cookie)).ok()?;
    live::check(state, &caller).ok()?;
    Some((caller, Arc::clone(held)))
}

/// The account of a sign-in address. Twelve digits are a number and never an alias.
fn account_at(state: &Snapshot, place: &str) -> Option<Arc<Account>> {
    match place.parse::<AccountId>() {
        Ok(id) => state.account(id).cloned(),
        Err(_) => {
            let named =
                |account: &&Arc<Account>| account.alias.as_ref().is_some_and(|alias| alias.as_str() == place);
            state.accounts().find(named).cloned()
        }
    }
}

/// A secret that tells its account, as it is looked for.
fn read(secret: &str) -> Option<(AccountId, TokenHash)> {
    let (account, _) = secret.split_once('.')?;
    Some((account.parse().ok()?, hash::of(secret)))
}

/// The session of a cookie, if what it began with is as it was. Its time and its principal are asked for elsewhere.
pub(crate) fn standing(
    state: &Snapshot,
    account: AccountId,
    cookie: TokenHash,
) -> Option<&Arc<ConsoleSession>> {
    let held = state.get::<ConsoleSession>(account, &cookie.to_string())?;
    let stands = match (held.basis, &held.session.subject) {
        (None, _) => true,
        (Some(began), Subject::User { user, id }) => {
            let user = state.user(account, user.as_str()).filter(|user| user.id == *id)?;
            basis(state, user)? == began
        }
        (Some(_), Subject::Role { .. } | Subject::Federated { .. } | Subject::Root) => false,
    };
    stands.then_some(held)
}

/// What a sign-in of a user rests on, in one hash: the password, and the MFA devices. None without a password.
fn basis(state: &Snapshot, user: &User) -> Option<TokenHash> {
    let profile = login_profile::profile(state, user)?;
    let text = serde_json::to_vec(&(&profile.password, devices(state, user).ok()?)).ok()?;
    Some(hash::of(&text))
}

/// The MFA devices of a user, each since it is the user's, in one hash.
fn devices(state: &Snapshot, user: &User) -> Result<TokenHash> {
    let held: Vec<_> = mfa_device::of_user(state, user)
        .map(|device| (device.local(), device.assigned.as_ref().map(|held| held.enabled), &device.seed))
        .collect();
    let text =
        serde_json::to_vec(&held).map_err(|e| Error::internal(format!("devices cannot be written: {e}")))?;
    Ok(hash::of(&text))
}

/// The error for who is gone meanwhile.
fn gone() -> Error {
    SigV4Error::InvalidClientTokenId.into()
}

/// The caller of a session.
fn caller(state: &Snapshot, session: &Session, shown: ShownBy) -> Result<Caller> {
    let principal = session_principal(state, session)?;
    let inline =
        compile_session(session).ok_or_else(|| Error::internal("a kept session policy does not parse"))?;
    let (key, iss_rev) = (Some(session.key.clone()), session.iss_rev);
    let kept = SessionState { session: session.clone(), inline, shown };
    Ok(Caller { principal, key, session: Some(Arc::new(kept)), iss_rev })
}
