//! IAM users sign in: the password, a code of an MFA device if the user has one, another password if this one has to be
//! replaced; then the browser gets its cookie.
//!
//! What somebody has proved goes to the browser sealed, as a [`Proof`], and comes back with the next step. INVARIANT: no
//! proof opens a session before its user's second factor is proved; it is dead as soon as the password or a device is
//! another; and no step but the last opens one. INVARIANT: an account or a user that is not there costs the same
//! work and is told in the same words as a password that is wrong.

use std::borrow::Cow;
use std::sync::Arc;

use garita_model::user_pool::TokenHash;
use garita_model::{
    AccountId, Error, LoginProfile, PasswordFault, PasswordHash, Reason, Result, Secret, UniqueId, User,
};
use garita_store::{PrincipalRef, Snapshot};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::browser::{self, NewConsole};
use super::record::{self, Note};
use super::{account_at, basis, caller, devices, gone};
use crate::App;
use crate::attempts::Tried;
use crate::change::Change;
use crate::context::{RequestContext, ShownBy};
use crate::iam::{login_profile, mfa_assignment, mfa_device};

/// The browser somebody signs in with.
#[derive(Debug, Clone)]
pub struct Entrance {
    /// Where it is led, for the record.
    pub leads_to: String,
    /// The cookie it has; what that stands for ends with the new sign-in.
    pub former: Option<String>,
}

/// What somebody has proved so far.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Proof {
    #[serde(rename = "a", with = "garita_model::object::display")]
    account: AccountId,
    #[serde(rename = "u")]
    user: UniqueId,
    /// The password and the devices it was shown for.
    #[serde(rename = "b")]
    basis: TokenHash,
    #[serde(rename = "r")]
    iss_rev: u64,
    #[serde(rename = "t")]
    at: Timestamp,
    /// When a code was accepted.
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    mfa: Option<Timestamp>,
}

/// Why a password has to be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Renewal {
    /// An administrator set it.
    Reset,
    /// It is older than the account lets passwords be.
    Expired,
}

/// What comes of a step.
pub enum Step {
    /// Signed in.
    SignedIn(NewConsole),
    /// A code is asked for.
    Code(Proof),
    /// Another password is asked for.
    NewPassword(Proof, Renewal),
    /// Nothing: why.
    Refused(Refusal),
}

/// Why somebody is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Account, user name or password.
    Wrong,
    /// Too many wrong tries.
    TooOften,
    /// The code.
    Code,
    /// The password is too old, and only an administrator can set another.
    Expired,
    /// The user may not set another password.
    MayNotChange,
    /// A new password that cannot be: why.
    Password(PasswordFault),
    /// What was proved does not hold any more, or was proved too long ago.
    Over,
}

impl Refusal {
    /// What the record says.
    fn recorded(&self, is_user: bool) -> Cow<'static, str> {
        let told = match self {
            Self::Wrong if !is_user => "No username found in supplied account",
            Self::Wrong | Self::TooOften | Self::Code | Self::Over => "Failed authentication",
            Self::Expired => "The password has expired",
            Self::MayNotChange => "The user is not authorized to perform iam:ChangePassword",
            Self::Password(why) => return why.to_string().into(),
        };
        told.into()
    }
}

/// Who proved what, as they are now.
struct Ground {
    user: Arc<User>,
    profile: Arc<LoginProfile>,
}

impl Proof {
    /// How long one step may take.
    const LIFE: SignedDuration = SignedDuration::from_mins(15);

    fn ground(&self, state: &Snapshot, now: Timestamp) -> Option<Ground> {
        let Some(PrincipalRef::User(user)) = state.principal_by_unique_id(self.user.as_str()) else {
            return None;
        };
        let profile = login_profile::profile(state, &user)?;
        let stands = user.account == self.account
            && self.iss_rev >= user.min_rev
            && now.duration_since(self.at) < Self::LIFE
            && basis(state, &user)? == self.basis;
        stands.then_some(Ground { user, profile })
    }
}

impl App {
    /// Takes a user's name and password, for an account by its number or alias.
    ///
    /// # Errors
    /// `Unavailable` when too many passwords wait, or the record cannot be kept.
    pub async fn console_password(
        self: &Arc<Self>,
        cx: &RequestContext,
        entrance: Entrance,
        account: &str,
        username: &str,
        password: &Secret<String>,
    ) -> Result<Step> {
        let state = self.snapshot();
        let known = account_at(&state, account).map(|account| account.id);
        let user = known.and_then(|account| state.user(account, username)).cloned();
        let note = Note { account: known, leads_to: &entrance.leads_to, mfa: false };
        let profile = user.as_ref().and_then(|user| login_profile::profile(&state, user));
        let held = profile.as_deref().map(|profile| &profile.password);
        let tried = self.try_password(cx.now(), account, username, held, password).await?;
        let (user, profile) = match (user, profile, tried) {
            (Some(user), Some(profile), Ok(())) => (user, profile),
            (user, _, tried) => {
                let cx = note.of_stranger(cx, user.as_deref());
                return self.refuse(&cx, user.is_some(), tried.err().unwrap_or(Refusal::Wrong)).await;
            }
        };
        let basis = basis(&state, &user).ok_or_else(gone)?;
        let (account, iss_rev, at) = (user.account, state.revision(), cx.now());
        let proof = Proof { account, user: user.id.clone(), basis, iss_rev, at, mfa: None };
        if mfa_device::of_user(&state, &user).next().is_some() {
            let cx = record::asked_for_mfa(&note.of_stranger(cx, Some(&user)), account);
            self.audit(&cx, &record::succeeded("CheckMfa")).await?;
            return Ok(Step::Code(proof));
        }
        let cx = note.of_user(cx, &user);
        match renewal(&state, &user, &profile, cx.now()) {
            Due::Nothing => self.enter(&cx, proof, entrance).await,
            Due::Barred => self.refuse(&cx, true, Refusal::Expired).await,
            Due::Renewal(why) => {
                let cx = cx.for_event(record::event("PasswordRenewalRequired"));
                self.audit(&cx, &record::succeeded("PasswordRenewalRequired")).await?;
                Ok(Step::NewPassword(proof, why))
            }
        }
    }

    /// Looks at a password, if it may be tried now: the try is counted first.
    async fn try_password(
        &self,
        now: Timestamp,
        account: &str,
        username: &str,
        held: Option<&PasswordHash>,
        given: &Secret<String>,
    ) -> Result<Result<(), Refusal>> {
        // By the address as it came: counted together, number and alias of an account would give each other away.
        let name = username.to_ascii_lowercase();
        let Some(attempt) = self.attempts.begin(Tried::Password, account, &name, now) else {
            return Ok(Err(Refusal::TooOften));
        };
        if !self.is_login(given, held).await? {
            return Ok(Err(Refusal::Wrong));
        }
        self.attempts.succeeded(&attempt);
        Ok(Ok(()))
    }

    /// Opens the session of who has proved all there is to prove.
    async fn enter(self: &Arc<Self>, cx: &RequestContext, proof: Proof, entrance: Entrance) -> Result<Step> {
        let entered = self.change(cx, move |change| {
            let entered = open(change, &proof, &entrance)?;
            change.made(json!({ "ConsoleLogin": "Success" }));
            Ok(entered)
        });
        match entered.await {
            Ok(entered) => Ok(Step::SignedIn(entered)),
            Err(error) => self.unless_over(cx, error).await,
        }
    }

    /// Takes a code of one of the user's MFA devices.
    ///
    /// # Errors
    /// `Unavailable` when the store or the trail cannot keep it.
    pub async fn console_code(
        self: &Arc<Self>,
        cx: &RequestContext,
        entrance: Entrance,
        proof: Proof,
        code: &str,
    ) -> Result<Step> {
        let (state, now, code) = (self.snapshot(), cx.now(), code.to_owned());
        let note = Note { account: Some(proof.account), leads_to: &entrance.leads_to, mfa: true };
        let Some(ground) = proof.ground(&state, now) else {
            return self.refuse(&note.of_stranger(cx, None), true, Refusal::Over).await;
        };
        let due = renewal(&state, &ground.user, &ground.profile, now);
        let mut cx = note.of_user(cx, &ground.user);
        match due {
            Due::Barred => return self.refuse(&cx, true, Refusal::Expired).await,
            Due::Renewal(_) => cx = cx.for_event(record::event("CheckMfa")),
            Due::Nothing => {}
        }
        let taken = self.change(&cx, move |change| {
            let ground = proof.ground(change.state(), now).ok_or_else(gone)?;
            mfa_assignment::prove_any(change, &ground.user, &code)?;
            let proof = Proof { mfa: Some(change.now()), ..proof };
            match due {
                Due::Renewal(why) => {
                    change.made(json!({ "CheckMfa": "Success" }));
                    Ok(Step::NewPassword(proof, why))
                }
                _ => {
                    let entered = open(change, &proof, &entrance)?;
                    change.made(json!({ "ConsoleLogin": "Success" }));
                    Ok(Step::SignedIn(entered))
                }
            }
        });
        match taken.await {
            Err(Error::AccessDenied(_)) => {
                let cx = cx.for_event(record::event("ConsoleLogin"));
                self.refuse(&cx, true, Refusal::Code).await
            }
            Err(error) => self.unless_over(&cx, error).await,
            Ok(step) => Ok(step),
        }
    }

    /// Takes a password in place of the one that was shown, for a user who may set it.
    ///
    /// # Errors
    /// `Unavailable` when too many passwords wait, or the store or the trail cannot keep it.
    pub async fn console_new_password(
        self: &Arc<Self>,
        cx: &RequestContext,
        entrance: Entrance,
        proof: Proof,
        new: Secret<String>,
    ) -> Result<Step> {
        let (state, mfa) = (self.snapshot(), proof.mfa.is_some());
        let note = Note { account: Some(proof.account), leads_to: &entrance.leads_to, mfa };
        let found = proof.ground(&state, cx.now());
        // What was proved must be all there is: nobody comes here past the code.
        let has_devices = |user: &User| mfa_device::of_user(&state, user).next().is_some();
        let Some(ground) = found.filter(|ground| mfa || !has_devices(&ground.user)) else {
            return self.refuse(&note.of_stranger(cx, None), true, Refusal::Over).await;
        };
        let cx = note.of_user(cx, &ground.user);
        if renewal(&state, &ground.user, &ground.profile, cx.now()) == Due::Barred {
            return self.refuse(&cx, true, Refusal::Expired).await;
        }
        let held = ground.profile.password.clone();
        if self.is_password(&new, &held).await? {
            return self.refuse(&cx, true, Refusal::Password(PasswordFault::Unchanged)).await;
        }
        let session = browser::session_of(self.entropy(), &ground.user, &proof_of(&proof), cx.now())?;
        let cx = cx.of_console(caller(&state, &session, ShownBy::SigningIn)?);
        let devices = devices(&state, &ground.user)?;
        let replaced = self.replace_own_password(&cx, held, new, move |change, user| {
            // The password is another now; of what was proved, the devices must be the same still.
            if super::devices(change.state(), user)? != devices {
                return Err(gone());
            }
            let basis = basis(change.state(), user).ok_or_else(gone)?;
            let entered = open(change, &Proof { basis, ..proof }, &entrance)?;
            change.made(json!({ "ConsoleLogin": "Success", "passwordChanged": true }));
            Ok(entered)
        });
        match replaced.await {
            Ok(entered) => Ok(Step::SignedIn(entered)),
            Err(Error::AccessDenied(_)) => self.refuse(&cx, true, Refusal::MayNotChange).await,
            Err(Error::Rejected { reason: Reason::PasswordPolicyViolation(why), .. }) => {
                self.refuse(&cx, true, Refusal::Password(why)).await
            }
            Err(error) => self.unless_over(&cx, error).await,
        }
    }

    /// Refuses who is gone meanwhile; anything else is an error.
    async fn unless_over(&self, cx: &RequestContext, error: Error) -> Result<Step> {
        match error {
            Error::Unauthenticated(_) | Error::NotFound(_) => self.refuse(cx, true, Refusal::Over).await,
            error => Err(error),
        }
    }

    /// Records a refusal and tells it.
    async fn refuse(&self, cx: &RequestContext, is_user: bool, refusal: Refusal) -> Result<Step> {
        self.audit(cx, &record::failed("ConsoleLogin", &refusal.recorded(is_user))).await?;
        Ok(Step::Refused(refusal))
    }
}

fn proof_of(proof: &Proof) -> browser::Proved {
    browser::Proved { iss_rev: proof.iss_rev, mfa: proof.mfa }
}

/// Opens a session on a proof that holds in this change.
fn open(change: &mut Change<'_>, proof: &Proof, entrance: &Entrance) -> Result<NewConsole> {
    let (state, now) = (change.state(), change.cx().now());
    let Ground { user, profile } = proof.ground(state, now).ok_or_else(gone)?;
    // Asked before, and again here: it may have become due meanwhile.
    if renewal(state, &user, &profile, now) != Due::Nothing {
        return Err(gone());
    }
    browser::open(change, &user, &profile, &proof_of(proof), entrance.former.as_deref())
}

/// What is due before somebody is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    Nothing,
    Renewal(Renewal),
    /// Another password, which an administrator must set.
    Barred,
}

/// IAM User Guide, "Set an account password policy for IAM users".
fn renewal(state: &Snapshot, user: &User, profile: &LoginProfile, now: Timestamp) -> Due {
    let policy = state.account(user.account).and_then(|account| account.password_policy.as_ref());
    let days = policy.and_then(|policy| policy.max_age);
    let expired = days.is_some_and(|days| {
        now.duration_since(profile.changed) >= SignedDuration::from_hours(24 * i64::from(days))
    });
    if expired && policy.is_some_and(|policy| policy.hard_expiry == Some(true)) {
        return Due::Barred;
    }
    match (profile.reset_required, expired) {
        (true, _) => Due::Renewal(Renewal::Reset),
        (false, true) => Due::Renewal(Renewal::Expired),
        (false, false) => Due::Nothing,
    }
}
