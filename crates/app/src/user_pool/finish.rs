//! The end of a sign-in: somebody has shown everything, and a sign-in is stored.
//!
//! INVARIANT: whatever was shown on the way is looked at again at the head, in the change that stores the sign-in; what
//! can be shown once is spent there.

use std::sync::Arc;

use garita_model::user_pool::{MfaMode, PoolFault, TokenHash, UserStatus, Uuid};
use garita_model::{Object, ObjectKey, PoolClient, PoolSession, PoolUser, Result, Secret, UserPool};
use garita_store::Snapshot;
use jiff::Timestamp;
use serde_json::json;

use super::admit::wrong_credentials;
use super::federated::may_be_vouched_for;
use super::next_step::{Reached, asks_for_passkey, second_step};
use super::passkey_sign_in::PasskeyProof;
use super::password::Prepared;
use super::session::{ChallengeName, Vouched};
use super::sign_in::{SignedIn, may_sign_in};
use super::{AdmittedClient, passkey_sign_in, recovery, refresh, session, software_token};
use crate::App;
use crate::change::Change;
use crate::context::RequestContext;
use crate::hash;
use crate::oauth::{NewBrowser, Opening, open_browser};

/// What access tokens of the API allow at the pool itself.
pub(super) const SELF_SERVICE: &str = "aws.cognito.signin.user.admin";
/// Most sign-ins of a user to all clients; the oldest goes when there is one more.
const MOST_SESSIONS: usize = 200;

/// What was shown for a sign-in.
pub(super) struct Proof {
    /// The sign-in it becomes.
    pub(super) id: Uuid,
    /// Who.
    pub(super) user: Uuid,
    /// The revision at which it began.
    pub(super) iss_rev: u64,
    /// The password it was shown for: one set meanwhile ends it.
    pub(super) password: Option<Box<str>>,
    /// What was shown besides it, or in its place.
    pub(super) factor: Factor,
    /// The password as it is to be stored from now on.
    pub(super) renewed: Option<Prepared>,
    /// The provider that vouched for who it is, in place of a password.
    pub(super) provider: Option<Vouched>,
}

impl Proof {
    /// For a user as they are found, with nothing but what was shown here.
    pub(super) fn of(user: &PoolUser, id: Uuid, iss_rev: u64, factor: Factor) -> Self {
        let (user, password) = (user.sub, user.password.clone());
        Self { id, user, iss_rev, password, factor, renewed: None, provider: None }
    }
}

/// What was shown besides a password, or in its place.
pub(super) enum Factor {
    /// Nothing.
    None,
    /// An authenticator app was set up, and so proved, on the way.
    SetUp,
    /// A code of the authenticator app.
    Code(String),
    /// A passkey.
    Passkey(PasskeyProof),
    /// A recovery code, by its keyed hash.
    Recovery(TokenHash),
}

impl App {
    /// Signs a person in who has shown everything.
    pub(super) async fn complete(
        self: &Arc<Self>,
        cx: &RequestContext,
        admitted: &AdmittedClient,
        proof: Proof,
    ) -> Result<SignedIn> {
        let inside = admitted.clone();
        let finished = self.change(cx, move |change| finish(change, &inside, &proof)).await?;
        self.given(cx, admitted, finished)
    }

    /// What somebody gets who has signed in.
    fn given(&self, cx: &RequestContext, admitted: &AdmittedClient, finished: Finished) -> Result<SignedIn> {
        match finished {
            Finished::Session(session, refresh) => {
                self.issue(cx, admitted, &session, Some(refresh)).map(SignedIn::Tokens)
            }
            Finished::Browser(browser) => Ok(SignedIn::Browser(browser)),
        }
    }

    /// What comes of a change in which a sign-in went on.
    pub(super) fn gone_on(&self, cx: &RequestContext, admitted: &AdmittedClient, on: On) -> Result<SignedIn> {
        match on {
            On::Finished(finished) => self.given(cx, admitted, finished),
            On::Asked(user, reached, step) => self.challenge_after(cx, admitted, &user, reached, step),
        }
    }
}

/// Where a sign-in has come to when a change ends.
pub(super) enum On {
    /// To its end.
    Finished(Finished),
    /// Something more is asked of the user.
    Asked(Arc<PoolUser>, Reached, ChallengeName),
}

/// Stores the sign-in of a user who has shown who they are, unless a second factor is asked for.
pub(super) fn go_on(
    change: &mut Change<'_>,
    admitted: &AdmittedClient,
    user: Arc<PoolUser>,
    reached: Reached,
) -> Result<On> {
    let asked = second_step(admitted, &user).filter(|_| !shown_outside(reached.provider.as_ref()));
    match asked {
        Some(step) => Ok(On::Asked(user, reached, step)),
        None => {
            let proof = Proof::of(&user, reached.id, reached.iss_rev, Factor::None);
            finish(change, admitted, &Proof { provider: reached.provider, ..proof }).map(On::Finished)
        }
    }
}

/// What a sign-in ends with, before tokens are made.
pub(super) enum Finished {
    /// A sign-in of an app, with its refresh token.
    Session(Box<PoolSession>, Secret<String>),
    /// A browser with a cookie.
    Browser(NewBrowser),
}

/// Stores a sign-in, at the head: everything that was proved must still hold there.
pub(super) fn finish(change: &mut Change<'_>, admitted: &AdmittedClient, proof: &Proof) -> Result<Finished> {
    let state = change.state();
    if state.pool_session(admitted.pool(), proof.id).is_some() {
        return Err(session::spent());
    }
    let client = state.pool_client(&admitted.client().id).cloned().ok_or_else(wrong_credentials)?;
    let held = state.pool_user(admitted.pool(), proof.user).cloned().ok_or_else(wrong_credentials)?;
    match &proof.provider {
        None => may_sign_in(state, admitted, &held)?,
        Some(vouched) => may_be_vouched_for(state, admitted, &held, vouched, proof.iss_rev)?,
    }
    let same_password = held.password == proof.password;
    let whole = held.status == UserStatus::Confirmed
        || proof.provider.is_some() && held.status == UserStatus::ExternalProvider;
    if !whole || held.min_rev > proof.iss_rev || !same_password {
        return Err(session::spent());
    }
    if let Some(new) = &proof.renewed {
        // Who has one is asked for nothing more.
        super::renewal::store(change, admitted, &held, new.clone())?;
    }
    let spent = spend(change, admitted, &held, &proof.factor)?;
    let second_factor = spent || shown_outside(proof.provider.as_ref());
    if !second_factor && asks_for_more(change.state(), admitted, &held) {
        return Err(session::spent());
    }
    let provider = proof.provider.as_ref().map(|vouched| vouched.provider.clone());
    if let Some(former) = admitted.browser() {
        let new = Opening { mfa: second_factor, provider };
        return open_browser(change, admitted, &held, new, former.as_deref()).map(Finished::Browser);
    }
    let (id, user, signed_in, scopes) = (proof.id, held.sub, change.now(), vec![SELF_SERVICE.to_owned()]);
    let start = Start { id, client: &client, user, signed_in, second_factor, scopes, provider };
    begin(change, admitted, start).map(|(session, refresh)| Finished::Session(Box::new(session), refresh))
}

/// Whether the provider that vouched for somebody says that a second factor was shown to it.
fn shown_outside(provider: Option<&Vouched>) -> bool {
    provider.is_some_and(|vouched| vouched.second_factor)
}

/// Spends what was shown besides a password, or in its place; whether that was a second factor.
fn spend(
    change: &mut Change<'_>,
    admitted: &AdmittedClient,
    held: &PoolUser,
    factor: &Factor,
) -> Result<bool> {
    let user = match factor {
        Factor::None => return Ok(false),
        // The app that was proved on the way may have been taken away again.
        Factor::SetUp if held.asks_for_code() => return Ok(true),
        Factor::SetUp => return Err(session::spent()),
        Factor::Passkey(proof) => return passkey_sign_in::spend(change, admitted, held, proof),
        Factor::Code(code) => software_token::spend_code(change, held, code)?,
        Factor::Recovery(mac) => recovery::spend(change, admitted, held, mac)?,
    };
    change.put_own(admitted, Object::PoolUser(Arc::new(user)))?;
    Ok(true)
}

/// What a sign-in of an app begins with.
pub(crate) struct Start<'a> {
    /// Its id.
    pub(crate) id: Uuid,
    /// The app client.
    pub(crate) client: &'a PoolClient,
    /// Who.
    pub(crate) user: Uuid,
    /// When they showed who they are.
    pub(crate) signed_in: Timestamp,
    /// Whether they showed a second factor.
    pub(crate) second_factor: bool,
    /// The scopes of its access tokens.
    pub(crate) scopes: Vec<String>,
    /// The provider that vouched for them; none when the pool itself did.
    pub(crate) provider: Option<Box<str>>,
}

/// Stores a sign-in of an app, and draws its refresh token.
pub(crate) fn begin(
    change: &mut Change<'_>,
    admitted: &AdmittedClient,
    start: Start<'_>,
) -> Result<(PoolSession, Secret<String>)> {
    make_room(change, admitted, start.user)?;
    let now = change.now();
    let refresh = refresh::draw(&change.app().keyring, change.entropy(), admitted, start.id)?;
    let session = PoolSession {
        pool: admitted.pool().clone(),
        id: start.id,
        user: start.user,
        client: start.client.id.clone(),
        started: start.signed_in,
        begun: Some(now),
        expires: now + start.client.refresh_token.duration(),
        iss_rev: change.revision(),
        current: hash::of(refresh.expose()),
        branches: Vec::new(),
        former: Vec::new(),
        second_factor: start.second_factor,
        ended: false,
        scopes: start.scopes,
        provider: start.provider,
    };
    change.put_own(admitted, Object::PoolSession(Arc::new(session.clone())))?;
    change.made(json!({ "originJti": session.id.to_string() }));
    Ok((session, refresh))
}

/// Whether a second factor is asked of a user now.
fn asks_for_more(state: &Snapshot, admitted: &AdmittedClient, user: &PoolUser) -> bool {
    let Some(pool) = state.user_pool(admitted.pool()) else { return true };
    match pool.mfa_for(user) {
        MfaMode::Off => false,
        MfaMode::Optional => user.asks_for_code() || asks_for_passkey(pool, user),
        MfaMode::On => true,
    }
}

/// A group's demand holds for sign-ins of before too: who joins one must sign in anew to get its tokens.
pub(crate) fn must_have_what_groups_demand(
    pool: &UserPool,
    user: &PoolUser,
    second_factor: bool,
) -> Result<()> {
    if second_factor || !user.groups.iter().any(|group| pool.group_demands_mfa(group)) {
        return Ok(());
    }
    Err(PoolFault::NotAuthorized.because("a group of the user asks for a second factor: sign in again"))
}

/// Forgets sign-ins that are over, and the oldest when there are too many.
fn make_room(change: &mut Change<'_>, admitted: &AdmittedClient, user: Uuid) -> Result<()> {
    let mut sessions: Vec<_> = change.state().pool_sessions_of(admitted.pool(), user).cloned().collect();
    // Not by when somebody signed in: one that comes of a browser began later, and what led to it must not be good again.
    sessions.sort_by_key(|session| session.begun.unwrap_or(session.started));
    let excess = (sessions.len() + 1).saturating_sub(MOST_SESSIONS);
    for (n, session) in sessions.iter().enumerate() {
        if session.is_over(change.cx().now()) || n < excess {
            change.delete_own(admitted, ObjectKey::pool_session(&session.pool, session.id))?;
        }
    }
    Ok(())
}
