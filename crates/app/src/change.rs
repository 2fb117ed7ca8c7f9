//! A control-plane change: judged at the head, applied, recorded, all in one transaction.
//!
//! INVARIANT: objects are written only with a [`Permit`] made in the same transaction, so a caller whose rights or
//! key were taken away a moment ago cannot win the race; and a change without its audit record is not committed.

use std::sync::Arc;

use garita_model::{
    Account, ConsoleSession, Entropy, Error, LoginProfile, MfaDevice, Object, ObjectKey, ObjectKind,
    Plain as _, PoolBrowser, Result, SigninToken,
};
use garita_policy::{NamedPolicy, Principal};
use garita_store::{Snapshot, Transaction};
use jiff::Timestamp;
use serde_json::Value;

use crate::App;
use crate::audit::{self, Failure, Outcome};
use crate::authorize::{Permit, Question, judge};
use crate::context::RequestContext;
use crate::live::Live;
use crate::user_pool::AdmittedClient;

/// The inside of a change.
pub struct Change<'a> {
    tx: &'a mut Transaction,
    cx: &'a RequestContext,
    app: &'a App,
    response: Value,
    notes: Vec<&'static str>,
    refusal: Option<Failure>,
}

impl Change<'_> {
    /// The state at the head, with what this change has done so far.
    pub fn state(&self) -> &Snapshot {
        self.tx.state()
    }
    /// The request.
    pub fn cx(&self) -> &RequestContext {
        self.cx
    }
    /// The revision the change will have: what is to be refused from now on gets it as its `min_rev`.
    pub fn revision(&self) -> u64 {
        self.tx.revision()
    }
    /// The request's time, to the second, as AWS keeps times.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_second(self.cx.now().as_second()).unwrap_or(self.cx.now())
    }
    /// Where randomness comes from.
    pub fn entropy(&self) -> &dyn Entropy {
        self.app.entropy()
    }
    /// The application.
    pub(crate) fn app(&self) -> &App {
        self.app
    }

    /// Judges the caller at the head.
    ///
    /// # Errors
    /// `AccessDenied` or `Unauthenticated`; the change must then end with that error.
    pub fn authorize(&self, question: &Question<'_>) -> Result<Permit> {
        judge(self.state(), self.cx, question, None)
    }

    /// Judges the caller at the head against a role's trust policy as well.
    ///
    /// # Errors
    /// As [`Change::authorize`].
    pub fn authorize_trust(&self, question: &Question<'_>, trust: &NamedPolicy) -> Result<Permit> {
        judge(self.state(), self.cx, question, Some(trust))
    }

    /// Founds an account: the one write that no policy can allow, because nothing is there yet to hold one.
    ///
    /// # Errors
    /// `AccessDenied` unless the caller is the operator of the machine.
    pub(crate) fn found(&mut self, account: Account) -> Result<()> {
        let caller = self.cx.caller();
        let operator = caller.key.is_none() && caller.session.is_none();
        if !(operator && caller.principal == (Principal::Root { account: account.id })) {
            return Err(Error::denied("only the operator of this Garita can make accounts"));
        }
        self.tx.put(Object::Account(Arc::new(account)));
        Ok(())
    }

    /// Notes that a one-time code was used up: the one write that needs no right, because who has the code has the
    /// device. Nothing else of the device changes.
    pub(crate) fn spend_code(&mut self, device: &MfaDevice, step: i64) {
        let mut device = device.clone();
        if let Some(assigned) = &mut device.assigned {
            assigned.last_step = assigned.last_step.max(step);
            self.tx.put(device.into_object());
        }
    }

    /// Writes an object.
    pub fn put(&mut self, _permit: &Permit, object: Object) {
        self.tx.put(object);
    }
    /// Deletes an object.
    pub fn delete(&mut self, _permit: &Permit, key: ObjectKey) {
        self.tx.delete(key);
    }
    /// Writes what a sign-in, a sign-up or a user's own request changes: it needs no right, because who was let in at a
    /// pool's door acts for one user of that pool. Nothing but users, sign-ins, browsers, devices
    /// and codes of that pool is written so.
    ///
    /// # Errors
    /// `Internal` for anything else.
    pub(crate) fn put_own(&mut self, admitted: &AdmittedClient, object: Object) -> Result<()> {
        let pool = match &object {
            Object::PoolUser(user) => &user.pool,
            Object::PoolSession(session) => &session.pool,
            Object::PoolCode(code) => &code.pool,
            Object::PoolBrowser(browser) => &browser.pool,
            Object::PoolDevice(device) => &device.pool,
            Object::StageSession(session) => &session.pool,
            Object::PoolPasskey(passkey) => &passkey.pool,
            _ => return Err(Error::internal("a user of a pool cannot write this")),
        };
        if pool != admitted.pool() {
            return Err(Error::internal("a user of a pool cannot write into another"));
        }
        self.tx.put(object);
        Ok(())
    }
    /// Deletes what [`Change::put_own`] may write.
    ///
    /// # Errors
    /// As [`Change::put_own`].
    pub(crate) fn delete_own(&mut self, admitted: &AdmittedClient, key: ObjectKey) -> Result<()> {
        let (account, pool) = (admitted.user_pool().account, admitted.pool());
        let prefix = match key.kind {
            ObjectKind::PoolUser | ObjectKind::PoolSession | ObjectKind::PoolCode => format!("{pool}/"),
            ObjectKind::PoolDevice | ObjectKind::PoolPasskey => {
                ObjectKey::named(key.kind, account, &format!("{pool}/")).key
            }
            _ => return Err(Error::internal("a user of a pool cannot delete this")),
        };
        if !key.key.starts_with(&prefix) {
            return Err(Error::internal("a user of a pool cannot delete this"));
        }
        self.tx.delete(key);
        Ok(())
    }
    /// Notes that a browser was used: nothing else of it changes, and one that is gone does not come back.
    pub(crate) fn note_use(&mut self, browser: PoolBrowser) {
        self.tx.put(browser.into_object());
    }
    /// Forgets what is over and nothing rests on: Garita's own housekeeping.
    pub(crate) fn forget(&mut self, key: ObjectKey) {
        let passing = matches!(
            key.kind,
            ObjectKind::PoolBrowser
                | ObjectKind::PoolDevice
                | ObjectKind::PoolSession
                | ObjectKind::PoolCode
                | ObjectKind::StageSession
                | ObjectKind::RoleDeletion
                | ObjectKind::ConsoleSession
                | ObjectKind::SigninToken
        );
        if passing {
            self.tx.delete(key);
        }
    }
    /// Ends a browser's session: the one deletion that needs nothing, because only who has its cookie can name it.
    pub(crate) fn end_browser(&mut self, browser: PoolBrowser) {
        self.tx.delete(browser.into_object().key());
    }
    /// Signs a browser in at the console, or notes that it was used. It needs no right: who is signed in is judged with
    /// each request. Only [`crate::console`] calls it, for a caller that is live in this change.
    pub(crate) fn put_console(&mut self, _live: &Live, session: ConsoleSession) {
        self.tx.put(session.into_object());
    }
    /// Keeps a token that was made for credentials of a caller that is live in this change.
    pub(crate) fn put_signin_token(&mut self, _live: &Live, token: SigninToken) {
        self.tx.put(token.into_object());
    }
    /// Notes that somebody signed in with a password: nothing else of it changes.
    pub(crate) fn note_sign_in(&mut self, _live: &Live, profile: &LoginProfile) {
        let last_used = Some(self.now());
        self.tx.put(LoginProfile { last_used, ..profile.clone() }.into_object());
    }
    /// Records the change as refused: the caller gets an error, but what was done because of it stands.
    pub(crate) fn refused(&mut self, error: &Error) {
        self.refusal = Some(Failure::new(audit::error_code(error), error.to_string()));
    }
    /// Has the record say that this was done besides.
    pub(crate) fn note(&mut self, what: &'static str) {
        self.notes.push(what);
    }
    /// What the record says was made; no secrets.
    pub fn made(&mut self, response: Value) {
        self.response = response;
    }
}

impl App {
    /// Runs a change. `work` judges the caller with [`Change::authorize`] before it writes.
    ///
    /// # Errors
    /// What `work` answers, with nothing changed; `Unavailable` when the store cannot keep the change.
    pub async fn change<T: Send + 'static>(
        self: &Arc<Self>,
        cx: &RequestContext,
        work: impl FnOnce(&mut Change<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (app, inside) = (Arc::clone(self), cx.clone());
        let name = "change";
        let (answer, record) = self
            .store
            .write(name, move |tx| {
                let mut change = Change {
                    tx,
                    cx: &inside,
                    app: &app,
                    response: Value::Null,
                    notes: Vec::new(),
                    refusal: None,
                };
                let answer = work(&mut change)?;
                let status = if change.refusal.is_some() { 400 } else { 200 };
                let response = told(change.response, &change.notes);
                let outcome = Outcome { status, error: change.refusal, response };
                let record = audit::record(&inside, &outcome)?;
                tx.record(record.clone());
                Ok((answer, record))
            })
            .await?;
        cx.claim_audit();
        self.ship(record).await;
        Ok(answer)
    }

    /// Copies a committed record to the trail. It is durable already, so a failure here loses nothing: it stays in
    /// the outbox and is shipped when the store is opened next.
    async fn ship(&self, record: garita_store::Record) {
        let event_id = record.event_id().to_owned();
        match self.trail.append(record).await {
            Ok(()) => self.store.shipped(&event_id),
            Err(error) => tracing::error!(?error, "an audit record waits in the outbox"),
        }
    }
}

/// What was made, with what was done besides.
fn told(made: Value, notes: &[&'static str]) -> Value {
    let noted = notes.iter().map(|note| ((*note).to_owned(), Value::Bool(true)));
    match made {
        Value::Null if !notes.is_empty() => Value::Object(noted.collect()),
        Value::Object(mut made) => {
            made.extend(noted);
            Value::Object(made)
        }
        other => other,
    }
}
