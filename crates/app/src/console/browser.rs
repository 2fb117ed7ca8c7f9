//! Sessions of browsers: opened, used, given another password, ended, forgotten.
//!
//! INVARIANT: every sign-in gets a cookie of its own, never one the browser brought, and ends what the one before stood
//! for.

use std::sync::Arc;

use garita_model::id::KeyTerm;
use garita_model::session::Subject;
use garita_model::{
    AccessKeyId, AccountId, ConsoleSession, Entropy, Error, LoginProfile, ObjectKey, PasswordFault,
    Plain as _, Reason, Result, Secret, Session, SigninToken, User,
};
use garita_policy::Principal;
use garita_store::Snapshot;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{AtConsole, basis, caller, gone, read, record, standing};
use crate::App;
use crate::audit::{self, Event, Outcome};
use crate::change::Change;
use crate::context::{RequestContext, ShownBy};
use crate::iam::login_profile;
use crate::live::{self, Live};
use crate::mint;

/// A browser that has just signed in.
pub struct NewConsole {
    /// Its cookie.
    pub cookie: Secret<String>,
}

/// What came of another password.
pub enum ChangedPassword {
    /// It is set; every other session is over, and this one has another cookie.
    Done(NewConsole),
    /// The old one was wrong.
    OldWrong,
    /// Too many wrong old ones.
    TooOften,
    /// The user may not.
    MayNotChange,
    /// A password that cannot be: why.
    Refused(PasswordFault),
}

/// What a user has proved.
pub(super) struct Proved {
    pub(super) iss_rev: u64,
    pub(super) mfa: Option<Timestamp>,
}

/// The session of a user who signs in now.
pub(super) fn session_of(
    entropy: &dyn Entropy,
    user: &User,
    proved: &Proved,
    now: Timestamp,
) -> Result<Session> {
    let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let expires = now.saturating_add(ConsoleSession::LIFE).map_err(|_| Error::internal("the end of time"))?;
    Ok(Session {
        key: AccessKeyId::draw(KeyTerm::Session, user.account, entropy)?,
        account: user.account,
        subject: Subject::User { user: user.name.clone(), id: user.id.clone() },
        issued: now,
        expires,
        iss_rev: proved.iss_rev,
        policies: Vec::new(),
        policy_arns: Vec::new(),
        tags: Vec::new(),
        transitive: Vec::new(),
        source_identity: None,
        mfa_at: proved.mfa,
        web_identity: None,
        chain: Vec::new(),
    })
}

/// Signs a user in, in place of what the browser's former cookie stood for.
pub(super) fn open(
    change: &mut Change<'_>,
    user: &User,
    profile: &LoginProfile,
    proved: &Proved,
    former: Option<&str>,
) -> Result<NewConsole> {
    let session = session_of(change.entropy(), user, proved, change.now())?;
    let live = live_in(change, &session)?;
    change.note_sign_in(&live, profile);
    let basis = basis(change.state(), user);
    keep(change, &live, session, basis, former)
}

/// Proof that whom a session is of stands in this change.
pub(super) fn live_in(change: &Change<'_>, session: &Session) -> Result<Live> {
    let caller = caller(change.state(), session, ShownBy::SigningIn)?;
    Ok(live::check(change.state(), &caller)?)
}

/// Keeps a session under a new cookie.
pub(super) fn keep(
    change: &mut Change<'_>,
    live: &Live,
    session: Session,
    basis: Option<garita_model::user_pool::TokenHash>,
    former: Option<&str>,
) -> Result<NewConsole> {
    end(change, former);
    let account = session.account;
    let cookie = mint::console_cookie(change.entropy(), live, account)?;
    let (_, hash) = read(cookie.expose()).ok_or_else(|| Error::internal("a cookie without its account"))?;
    let used = change.now();
    change.put_console(live, ConsoleSession { account, cookie: hash, session, basis, used });
    Ok(NewConsole { cookie })
}

/// Ends what a cookie stands for.
fn end(change: &mut Change<'_>, cookie: Option<&str>) {
    let Some((account, cookie)) = cookie.and_then(read) else { return };
    if let Some(held) = change.state().get::<ConsoleSession>(account, &cookie.to_string()).cloned() {
        change.forget(ObjectKey::plain(held.as_ref()));
    }
}

impl App {
    /// Notes that a browser was used, once in a while: [`ConsoleSession::GRAIN`].
    ///
    /// # Errors
    /// `Unavailable` when the store cannot keep it.
    pub async fn note_console_use(self: &Arc<Self>, at: &AtConsole) -> Result<()> {
        if !at.held.is_stale(at.cx.now()) {
            return Ok(());
        }
        let (account, cookie) = (at.held.account, at.held.cookie);
        self.change(&at.cx, move |change| {
            let live = live::check(change.state(), change.cx().caller())?;
            if let Some(held) = standing(change.state(), account, cookie).cloned() {
                let used = change.now();
                change.put_console(&live, ConsoleSession { used, ..ConsoleSession::clone(&held) });
            }
            Ok(())
        })
        .await
    }

    /// Signs a browser out. A cookie that stands for nothing is as good as ended.
    ///
    /// # Errors
    /// `Unavailable` when the store cannot keep it.
    pub async fn console_sign_out(self: &Arc<Self>, cx: &RequestContext, cookie: &str) -> Result<()> {
        let cx = self.at_console(cx, cookie).map_or_else(|| cx.clone(), |at| at.cx);
        let (cx, cookie) = (cx.for_event(record::event("Logout")), cookie.to_owned());
        self.change(&cx, move |change| {
            end(change, Some(&cookie));
            change.made(json!({ "Logout": "Success" }));
            Ok(())
        })
        .await
    }

    /// Sets another password for the user who is signed in and knows the old one. All other sessions of the user end.
    ///
    /// # Errors
    /// `Unauthenticated` for who has no password, or is not signed in any more; `Unavailable` when too many passwords
    /// wait, or the store or the trail cannot keep it.
    pub async fn console_change_password(
        self: &Arc<Self>,
        at: &AtConsole,
        old: &Secret<String>,
        new: Secret<String>,
    ) -> Result<ChangedPassword> {
        let cx = at.cx.clone().for_event(changing_password());
        if !matches!(cx.caller().principal, Principal::User { .. }) {
            return Ok(ChangedPassword::MayNotChange);
        }
        let attempt = match self.count_old_password(&cx) {
            Ok(attempt) => attempt,
            Err(error) => return self.refuse_password(&cx, &error, ChangedPassword::TooOften).await,
        };
        let held = self.own_password(&self.snapshot(), at)?;
        if !self.is_password(old, &held.password).await? {
            let error = Error::denied("The old password was incorrect.");
            return self.refuse_password(&cx, &error, ChangedPassword::OldWrong).await;
        }
        self.attempts.succeeded(&attempt);
        let session = at.held.session.clone();
        let former = at.held.cookie;
        let replaced = self.replace_own_password(&cx, held.password.clone(), new, move |change, user| {
            let live = live_in(change, &session)?;
            let basis = basis(change.state(), user);
            change.forget(ObjectKey::named(ConsoleSession::KIND, session.account, &former.to_string()));
            keep(change, &live, session, basis, None)
        });
        match replaced.await {
            Ok(renewed) => Ok(ChangedPassword::Done(renewed)),
            Err(error @ Error::AccessDenied(_)) => {
                self.refuse_password(&cx, &error, ChangedPassword::MayNotChange).await
            }
            Err(error @ Error::Rejected { reason: Reason::PasswordPolicyViolation(why), .. }) => {
                self.refuse_password(&cx, &error, ChangedPassword::Refused(why)).await
            }
            Err(error) => Err(error),
        }
    }

    fn own_password(&self, state: &Snapshot, at: &AtConsole) -> Result<Arc<LoginProfile>> {
        let Subject::User { user, id } = &at.held.session.subject else { return Err(gone()) };
        let user = state.user(at.held.account, user.as_str()).filter(|user| user.id == *id);
        user.and_then(|user| login_profile::profile(state, user)).ok_or_else(gone)
    }

    async fn refuse_password(
        &self,
        cx: &RequestContext,
        error: &Error,
        told: ChangedPassword,
    ) -> Result<ChangedPassword> {
        self.audit(cx, &Outcome::error(400, audit::error_code(error), error.to_string())).await?;
        Ok(told)
    }
}

/// The operation that a changed password is, wherever it is changed.
fn changing_password() -> Event {
    let (source, name) = ("iam.amazonaws.com", "ChangePassword".to_owned());
    Event { source, name, parameters: Value::Null, read_only: false, management: true }
}

/// What of an account is over at the console, so that it can be forgotten.
pub(crate) fn over(state: &Snapshot, account: AccountId, now: Timestamp) -> Vec<ObjectKey> {
    let stands = |held: &ConsoleSession| {
        let kept = standing(state, account, held.cookie).is_some();
        let caller = caller(state, &held.session, ShownBy::Console(held.cookie));
        kept && !held.is_over(now) && caller.is_ok_and(|caller| live::check(state, &caller).is_ok())
    };
    let sessions = state.list::<ConsoleSession>(account, "").filter(|held| !stands(held));
    let tokens = state.list::<SigninToken>(account, "").filter(|token| now >= token.until);
    let sessions = sessions.map(|held| ObjectKey::plain(held.as_ref()));
    sessions.chain(tokens.map(|token| ObjectKey::plain(token.as_ref()))).collect()
}
