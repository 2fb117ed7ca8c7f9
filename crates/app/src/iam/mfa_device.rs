//! Virtual MFA devices: made with a seed that is shown once, listed, deleted; and guesses at their codes.
//!
//! INVARIANT: a seed leaves Garita in the answer of [`App::create_virtual_mfa_device`] and nowhere else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use garita_model::{AccountId, Error, MfaDevice, MfaDeviceName, Path, Plain, Result, Secret, Tag, User, tag};
use garita_store::{PrincipalRef, Snapshot};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::ask::{Ask, own_account};
use super::entity::iam_arn;
use super::noun::{Named, Noun};
use super::page::{Page, PageRequest};
use crate::App;
use crate::context::RequestContext;
use crate::{mint, totp};

/// What `CreateVirtualMFADevice` asks for.
#[derive(Debug, Clone)]
pub struct CreateMfaDevice {
    /// The name.
    pub name: MfaDeviceName,
    /// The path.
    pub path: Path,
    /// Tags.
    pub tags: Vec<Tag>,
}

/// A device at the one moment its seed can be shown.
pub struct NewMfaDevice {
    /// Its serial number: its ARN.
    pub serial: String,
    /// The seed in base32.
    pub seed: Secret<String>,
    /// `otpauth://…`: what authenticator apps read from a QR code.
    pub uri: Secret<String>,
    /// Its tags.
    pub tags: Vec<Tag>,
}

/// A device as it is shown.
#[derive(Debug, Clone)]
pub struct MfaDetail {
    /// Its serial number.
    pub serial: String,
    /// Whose it is, and since when.
    pub holder: Option<(Arc<User>, Timestamp)>,
    /// Its tags.
    pub tags: Vec<Tag>,
}

/// Which devices are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MfaStatus {
    /// Those that are someone's.
    Assigned,
    /// Those that are nobody's.
    Unassigned,
    /// All.
    #[default]
    Any,
}

/// Two one-time codes in a row.
pub struct MfaCodes(pub String, pub String);

impl Noun for MfaDevice {
    fn arn(&self) -> String {
        iam_arn(self.account, "mfa", self.path.as_str(), self.name.as_str())
    }
    fn tags(&self) -> &[Tag] {
        &self.tags
    }
    fn tags_mut(&mut self) -> &mut Vec<Tag> {
        &mut self.tags
    }
    fn absent(called: &str) -> Error {
        Error::NotFound(format!("VirtualMFADevice with serial number {called} doesn't exist."))
    }
}

impl App {
    /// Makes a device that is nobody's yet.
    ///
    /// # Errors
    /// `AccessDenied`; `AlreadyExists` for a name that is taken under its path; `Invalid` or `LimitExceeded` for its
    /// tags.
    pub async fn create_virtual_mfa_device(
        self: &Arc<Self>,
        cx: &RequestContext,
        input: CreateMfaDevice,
    ) -> Result<NewMfaDevice> {
        let account = own_account(cx)?;
        self.change(cx, move |change| {
            let serial = iam_arn(account, "mfa", input.path.as_str(), input.name.as_str());
            let ask = Ask::new("iam:CreateVirtualMFADevice", &serial, account).tagging(&input.tags);
            let permit = ask.judge_making(change, "iam:TagMFADevice")?;
            if named(account, &serial).find::<MfaDevice>(change.state()).is_ok() {
                let message = "MFADevice entity at the same path and name already exists.";
                return Err(Error::AlreadyExists(message.to_owned()));
            }
            tag::check_all(&input.tags)?;
            let app = change.app();
            let (plain, seed) = mint::mfa_seed(&app.keyring, app.entropy(), &permit, &serial)?;
            let plain = totp::base32(plain.expose());
            let uri = format!("otpauth://totp/{}@{account}?secret={plain}&issuer=Garita", input.name);
            let device = MfaDevice {
                account,
                name: input.name,
                path: input.path,
                created: change.now(),
                seed,
                assigned: None,
                tags: input.tags,
            };
            let tags = device.tags.clone();
            change.put(&permit, device.into_object());
            change.made(json!({ "virtualMFADevice": { "serialNumber": serial } }));
            Ok(NewMfaDevice { serial, seed: Secret::new(plain), uri: Secret::new(uri), tags })
        })
        .await
    }

    /// The devices of the account.
    ///
    /// # Errors
    /// `AccessDenied`; `Invalid` for a marker or a number of items that cannot be.
    pub fn list_virtual_mfa_devices(
        &self,
        cx: &RequestContext,
        status: MfaStatus,
        page: &PageRequest,
    ) -> Result<Page<MfaDetail>> {
        let (account, state) = (own_account(cx)?, self.snapshot());
        let ask = Ask::new("iam:ListVirtualMFADevices", "*", account);
        ask.judge_read(&state, cx)?;
        let wanted = |device: &&Arc<MfaDevice>| match status {
            MfaStatus::Assigned => device.assigned.is_some(),
            MfaStatus::Unassigned => device.assigned.is_none(),
            MfaStatus::Any => true,
        };
        let all = state.list::<MfaDevice>(account, "").filter(wanted);
        Ok(self.pager(&ask, page)?.cut(all.map(|device| (device.local(), detail(&state, device)))))
    }

    /// Deletes a device that is nobody's.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`; `DeleteConflict` while it is someone's.
    pub async fn delete_virtual_mfa_device(
        self: &Arc<Self>,
        cx: &RequestContext,
        serial: &str,
    ) -> Result<()> {
        let named = named(own_account(cx)?, serial);
        self.delete_noun(cx, "iam:DeleteVirtualMFADevice", named, |device: &MfaDevice| {
            if device.assigned.is_none() {
                return Ok(());
            }
            Err(Error::DeleteConflict("MFA VirtualDevice in use. Must deactivate first.".to_owned()))
        })
        .await
    }
}

/// How a request names a device.
pub(super) fn named(account: AccountId, serial: &str) -> Named {
    Named::by_arn(account, "mfa", serial)
}

pub(super) fn detail(state: &Snapshot, device: &MfaDevice) -> MfaDetail {
    let holder = device.assigned.as_ref().and_then(|assigned| {
        match state.principal_by_unique_id(assigned.user.as_str())? {
            PrincipalRef::User(user) => Some((user, assigned.enabled)),
            PrincipalRef::Role(_) => None,
        }
    });
    MfaDetail { serial: device.arn(), holder, tags: device.tags.clone() }
}

/// The devices a user has.
pub(crate) fn of_user<'a>(state: &'a Snapshot, user: &'a User) -> impl Iterator<Item = &'a Arc<MfaDevice>> {
    let all = state.list::<MfaDevice>(user.account, "");
    all.filter(|device| device.assigned.as_ref().is_some_and(|assigned| assigned.user == user.id))
}

/// Wrong codes, by serial number: after [`MOST_GUESSES`] a device rests for a while, after as many again for twice as
/// long, up to [`LONGEST_REST`], until a right one comes. Kept in memory: a restart gives an attacker five more guesses of a
/// million.
#[derive(Default)]
pub(crate) struct Guesses(Mutex<HashMap<String, (u32, Timestamp)>>);

const MOST_GUESSES: u32 = 5;
const REST: SignedDuration = SignedDuration::from_mins(5);
const LONGEST_REST: SignedDuration = SignedDuration::from_hours(2);

impl Guesses {
    /// Whether a code may be tried now.
    pub(super) fn may_try(&self, serial: &str, now: Timestamp) -> bool {
        let guesses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        guesses.get(serial).is_none_or(|(count, last)| now >= *last + rest(*count))
    }

    /// Notes a try.
    pub(super) fn note(&self, serial: &str, right: bool, now: Timestamp) {
        let mut guesses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if right {
            guesses.remove(serial);
        } else {
            let held = guesses.entry(serial.to_owned()).or_insert((0, now));
            *held = (held.0.saturating_add(1), now);
        }
    }
}

/// How long a device rests after so many wrong codes.
fn rest(guesses: u32) -> SignedDuration {
    match guesses / MOST_GUESSES {
        times @ 1.. if guesses.is_multiple_of(MOST_GUESSES) => {
            (REST * (1 << (times - 1).min(10))).min(LONGEST_REST)
        }
        _ => SignedDuration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_rests_longer_and_longer() {
        let guesses = Guesses::default();
        let mut now = Timestamp::UNIX_EPOCH;
        let mut rests = Vec::new();
        for _ in 0..8 {
            for _ in 0..MOST_GUESSES {
                assert!(guesses.may_try("a", now));
                guesses.note("a", false, now);
            }
            let began = now;
            while !guesses.may_try("a", now) {
                now += SignedDuration::from_mins(1);
            }
            rests.push(now.duration_since(began).as_mins());
        }
        assert_eq!(rests, [5, 10, 20, 40, 80, 120, 120, 120]);
        assert!(guesses.may_try("b", now), "each by itself");
        guesses.note("a", true, now);
        guesses.note("a", false, now);
        assert!(guesses.may_try("a", now), "a right one makes good");
        assert_eq!(rest(u32::MAX - u32::MAX % MOST_GUESSES), LONGEST_REST);
    }
}
