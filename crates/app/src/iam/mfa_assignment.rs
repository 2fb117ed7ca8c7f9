//! MFA devices in the hands of users: enabled, brought in step again, proved, deactivated.
//!
//! INVARIANT: a code is accepted once: each accepted code moves the device's last step on, in the transaction that
//! does what the code was given for.

use std::sync::Arc;

use garita_model::{Error, MfaAssignment, MfaDevice, Plain as _, Reason, Result, User, UserName};
use garita_policy::Principal;
use jiff::Timestamp;

use super::ask::{Ask, own_account};
use super::entity::EntityName;
use super::mfa_device::{MfaCodes, MfaDetail, detail, named, of_user};
use super::noun::Noun as _;
use super::page::{Page, PageRequest};
use super::{quota, user};
use crate::App;
use crate::change::Change;
use crate::context::RequestContext;
use crate::{mint, totp};

/// Time steps around now in which a code is accepted.
const WINDOW: i64 = 1;
/// Time steps back in which the two codes of a device that is enabled are looked for: ten minutes.
const ENABLE_BACK: i64 = 20;
/// Time steps around now in which the two codes of a device out of step are looked for: a day.
const RESYNC: i64 = 2_880;

impl App {
    /// Gives a device to a user who shows two codes of it in a row.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`; `AlreadyExists` for a device in use; `LimitExceeded` for a ninth device; `Rejected`
    /// for codes that are not the device's.
    pub async fn enable_mfa_device(
        self: &Arc<Self>,
        cx: &RequestContext,
        user: UserName,
        serial: String,
        codes: MfaCodes,
    ) -> Result<()> {
        let account = own_account(cx)?;
        self.change(cx, move |change| {
            let state = change.state();
            let name = EntityName::User(user.clone());
            let permit = name.ask(["iam:EnableMFADevice"; 3], state, account).judge(change)?;
            let user = user::get(state, account, &user)?;
            let mut device = MfaDevice::clone(&*named(account, &serial).find::<MfaDevice>(state)?);
            if device.assigned.is_some() {
                return Err(Error::AlreadyExists("MFA Device is already in use.".to_owned()));
            }
            quota::MFA_DEVICES_OF_USER.one_more(of_user(state, &user).count())?;
            let now = totp::step_of(change.now());
            let step = two_codes(change, &device, &codes, now - ENABLE_BACK..=now)?;
            let enabled = change.now();
            let drift = (step + 1 - now).max(0);
            device.assigned =
                Some(MfaAssignment { user: user.id.clone(), enabled, last_step: step + 1, drift });
            change.put(&permit, device.into_object());
            Ok(())
        })
        .await
    }

    /// Brings a device whose clock went astray in step, by two codes in a row.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound` for a device that is not the user's; `Rejected` for codes that are not the device's
    /// or were used before.
    pub async fn resync_mfa_device(
        self: &Arc<Self>,
        cx: &RequestContext,
        user: UserName,
        serial: String,
        codes: MfaCodes,
    ) -> Result<()> {
        self.edit_assignment(cx, "iam:ResyncMFADevice", Some(user), serial, move |change, device| {
            let now = totp::step_of(change.now());
            let step = two_codes(change, device, &codes, now - RESYNC..=now + RESYNC)?;
            let assigned = device.assigned.as_mut().filter(|assigned| step > assigned.last_step);
            let assigned = assigned.ok_or_else(wrong_codes)?;
            assigned.last_step = step + 1;
            assigned.drift = step + 1 - now;
            Ok(())
        })
        .await
    }

    /// Takes a device away from a user; the device stays.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound` for a device that is not the user's.
    pub async fn deactivate_mfa_device(
        self: &Arc<Self>,
        cx: &RequestContext,
        user: Option<UserName>,
        serial: String,
    ) -> Result<()> {
        self.edit_assignment(cx, "iam:DeactivateMFADevice", user, serial, |_, device| {
            device.assigned = None;
            Ok(())
        })
        .await
    }

    /// The devices of a user, or of the caller.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`; `Invalid` for a marker or a number of items that cannot be.
    pub fn list_mfa_devices(
        &self,
        cx: &RequestContext,
        user: Option<UserName>,
        page: &PageRequest,
    ) -> Result<Page<MfaDetail>> {
        let (account, state) = (own_account(cx)?, self.snapshot());
        let name = user.map_or_else(|| user::calling_user(&state, cx), Ok)?;
        let ask = EntityName::User(name.clone()).ask(["iam:ListMFADevices"; 3], &state, account);
        ask.judge_read(&state, cx)?;
        let user = user::get(&state, account, &name)?;
        let devices = of_user(&state, &user).map(|device| (device.local(), detail(&state, device)));
        Ok(self.pager(&ask, page)?.cut(devices))
    }

    /// A device and whose it is. A caller that is a user is asked about its own device when no user is named.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound` for a device that is not there or not the user's.
    pub fn get_mfa_device(
        &self,
        cx: &RequestContext,
        user: Option<UserName>,
        serial: &str,
    ) -> Result<MfaDetail> {
        let (account, state) = (own_account(cx)?, self.snapshot());
        let name = user.map_or_else(|| user::calling_user(&state, cx), Ok)?;
        let ask = EntityName::User(name.clone()).ask(["iam:GetMFADevice"; 3], &state, account);
        ask.judge_read(&state, cx)?;
        let user = user::get(&state, account, &name)?;
        let mut own = of_user(&state, &user).filter(|device| device.arn() == serial);
        own.next().map(|device| detail(&state, device)).ok_or_else(|| not_of_user(serial))
    }

    async fn edit_assignment(
        self: &Arc<Self>,
        cx: &RequestContext,
        action: &'static str,
        user: Option<UserName>,
        serial: String,
        edit: impl FnOnce(&Change<'_>, &mut MfaDevice) -> Result<()> + Send + 'static,
    ) -> Result<()> {
        let account = own_account(cx)?;
        self.change(cx, move |change| {
            let state = change.state();
            let name = user.map_or_else(|| user::calling_user(state, change.cx()), Ok)?;
            let ask: Ask = EntityName::User(name.clone()).ask([action; 3], state, account);
            let permit = ask.judge(change)?;
            let user = user::get(state, account, &name)?;
            let found = of_user(state, &user).find(|device| device.arn() == serial);
            let mut device = MfaDevice::clone(found.ok_or_else(|| not_of_user(&serial))?);
            edit(change, &mut device)?;
            change.put(&permit, device.into_object());
            Ok(())
        })
        .await
    }
}

/// Proves a second factor of the calling user: answers the request with the keys that say so. The code is used up
/// when the change is committed.
pub(crate) fn prove(change: &mut Change<'_>, serial: &str, code: &str) -> Result<RequestContext> {
    let Principal::User { id, account, .. } = &change.cx().caller().principal else { return Err(refused()) };
    let device = named(*account, serial).find::<MfaDevice>(change.state()).map_err(|_| refused())?;
    let own = device.assigned.as_ref().is_some_and(|assigned| assigned.user.as_str() == id);
    if device.arn() != serial || !own {
        return Err(refused());
    }
    let step = accepted(change, &device, code)?.ok_or_else(refused)?;
    change.spend_code(&device, step);
    Ok(change.cx().with_mfa())
}

/// Takes a code of any device that a user has, for who signs in with a browser. The code is used up when the change is
/// committed; a wrong one counts against all of them.
pub(crate) fn prove_any(change: &mut Change<'_>, user: &User, code: &str) -> Result<()> {
    let devices: Vec<Arc<MfaDevice>> = of_user(change.state(), user).cloned().collect();
    for device in devices {
        if let Some(step) = accepted(change, &device, code)? {
            change.spend_code(&device, step);
            return Ok(());
        }
    }
    Err(refused())
}

fn refused() -> Error {
    Error::denied("MultiFactorAuthentication failed with invalid MFA one time pass code.")
}

/// The time step that a code is of, if a device's owner may use it now: the one place that takes codes one by one.
fn accepted(change: &Change<'_>, device: &MfaDevice, code: &str) -> Result<Option<i64>> {
    let (app, serial, now) = (change.app(), device.arn(), change.now());
    let Some(assigned) = device.assigned.as_ref().filter(|_| app.guesses.may_try(&serial, now)) else {
        return Ok(None);
    };
    let seed = seed(app, device)?;
    let around = totp::step_of(now) + assigned.drift;
    let mut steps = (around - WINDOW..=around + WINDOW).filter(|step| *step > assigned.last_step);
    let step = steps.find(|step| totp::is_code(seed.expose(), *step, code));
    app.guesses.note(&serial, step.is_some(), now);
    Ok(step)
}

/// The step of the first of two codes in a row.
fn two_codes(
    change: &Change<'_>,
    device: &MfaDevice,
    MfaCodes(first, second): &MfaCodes,
    mut steps: std::ops::RangeInclusive<i64>,
) -> Result<i64> {
    let (app, serial, now): (&App, String, Timestamp) = (change.app(), device.arn(), change.now());
    if !app.guesses.may_try(&serial, now) {
        return Err(wrong_codes());
    }
    let seed = seed(app, device)?;
    let are = |step: &i64| {
        totp::is_code(seed.expose(), *step, first) && totp::is_code(seed.expose(), *step + 1, second)
    };
    let found = steps.find(are);
    app.guesses.note(&serial, found.is_some(), now);
    found.ok_or_else(wrong_codes)
}

fn seed(app: &App, device: &MfaDevice) -> Result<garita_model::Secret<Vec<u8>>> {
    mint::open_seed(&app.keyring, &device.arn(), &device.seed)
        .ok_or_else(|| Error::internal("a stored seed does not open: wrong master key?"))
}

fn wrong_codes() -> Error {
    Error::rejected(Reason::InvalidAuthenticationCode, "Authentication code for device is not valid.")
}

fn not_of_user(serial: &str) -> Error {
    Error::NotFound(format!("MFA Device invalid for user: {serial} is not one of the user's devices."))
}
