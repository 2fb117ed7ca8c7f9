//! The credential report: one line of CSV for the root user and for each user.
//!
//! Columns and words are those of the IAM User Guide, "Generate credential reports for your AWS account", but for
//! `additional_credentials_info`: reports of AWS end before it, and nobody here has a third key. A report is good for
//! four hours; it is kept in memory, so after a restart it has to be made again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use garita_model::{AccessKey, AccountId, Error, KeyOwner, KeyStatus, PasswordPolicy, Reason, Result, User};
use garita_store::Snapshot;
use jiff::{SignedDuration, Timestamp};

use super::alias::held;
use super::ask::{Ask, own_account};
use super::entity::iam_arn;
use super::{login_profile, mfa_device};
use crate::App;
use crate::context::RequestContext;

/// How long a report is good.
const GOOD_FOR: SignedDuration = SignedDuration::from_hours(4);
const HEADER: &str = "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated";
/// Certificates, which nobody has here.
const NO_CERTIFICATES: &str = "false,N/A,false,N/A";

/// A report.
#[derive(Debug, Clone)]
pub struct CredentialReport {
    /// The CSV.
    pub csv: Arc<str>,
    /// When it was made.
    pub made: Timestamp,
}

/// The last report of each account.
#[derive(Default)]
pub(crate) struct Reports(Mutex<HashMap<AccountId, CredentialReport>>);

impl App {
    /// Makes a report; answers false when there is one that is still good.
    ///
    /// # Errors
    /// `AccessDenied`.
    pub fn generate_credential_report(&self, cx: &RequestContext) -> Result<bool> {
        let (account, state) = (own_account(cx)?, self.snapshot());
        Ask::new("iam:GenerateCredentialReport", "*", account).judge_read(&state, cx)?;
        let mut reports = self.reports.0.lock().unwrap_or_else(PoisonError::into_inner);
        if reports.get(&account).is_some_and(|report| cx.now() < report.made + GOOD_FOR) {
            return Ok(false);
        }
        let csv = self.report(&state, account)?.into();
        reports.insert(account, CredentialReport { csv, made: cx.now() });
        Ok(true)
    }

    /// The last report.
    ///
    /// # Errors
    /// `AccessDenied`; `Rejected` when there is none, or only one that is too old.
    pub fn credential_report(&self, cx: &RequestContext) -> Result<CredentialReport> {
        let (account, state) = (own_account(cx)?, self.snapshot());
        Ask::new("iam:GetCredentialReport", "*", account).judge_read(&state, cx)?;
        let found = self.reports.0.lock().unwrap_or_else(PoisonError::into_inner).get(&account).cloned();
        let report = found.ok_or_else(|| {
            Error::rejected(Reason::ReportNotPresent, "Credential report is not present: generate one")
        })?;
        if cx.now() >= report.made + GOOD_FOR {
            let message = "Credential report has expired: generate another";
            return Err(Error::rejected(Reason::ReportExpired, message));
        }
        Ok(report)
    }

    fn report(&self, state: &Snapshot, account: AccountId) -> Result<String> {
        let root = held(state, account)?;
        let keys: Vec<_> = state.access_keys_of(account, &KeyOwner::Root).cloned().collect();
        let mut lines = vec![HEADER.to_owned()];
        lines.push(format!(
            "<root_account>,arn:aws:iam::{account}:root,{},not_supported,not_supported,not_supported,not_supported,false,{},{NO_CERTIFICATES}",
            time(root.created),
            self.keys(&keys)
        ));
        for user in state.users(account, None) {
            let owner = KeyOwner::User(user.name.clone());
            let keys: Vec<_> = state.access_keys_of(account, &owner).cloned().collect();
            lines.push(format!(
                "{},{},{},{},{},{},{NO_CERTIFICATES}",
                cell(user.name.as_str()),
                cell(&iam_arn(account, "user", user.path.as_str(), user.name.as_str())),
                time(user.created),
                password(state, user, root.password_policy.as_ref()),
                mfa_device::of_user(state, user).next().is_some(),
                self.keys(&keys)
            ));
        }
        Ok(lines.join("\n"))
    }

    /// The ten columns of two keys.
    fn keys(&self, keys: &[Arc<AccessKey>]) -> String {
        [self.key(keys.first()), self.key(keys.get(1))].join(",")
    }

    fn key(&self, key: Option<&Arc<AccessKey>>) -> String {
        let Some(key) = key else { return "false,N/A,N/A,N/A,N/A".to_owned() };
        let used = self.last_used(&key.id);
        let used = used.map_or_else(
            || "N/A,N/A,N/A".to_owned(),
            |used| format!("{},{},{}", time(used.at), cell(&used.region), cell(&used.service)),
        );
        format!("{},{},{used}", key.status == KeyStatus::Active, time(key.created))
    }
}

/// Whether there is a password, when it was used, when it changed and when it has to change.
fn password(state: &Snapshot, user: &User, policy: Option<&PasswordPolicy>) -> String {
    let Some(profile) = login_profile::profile(state, user) else {
        return "false,N/A,N/A,N/A".to_owned();
    };
    let days = policy.and_then(|policy| policy.max_age);
    let rotation = days.map_or_else(
        || "N/A".to_owned(),
        |days| time(profile.changed + SignedDuration::from_hours(24 * i64::from(days))),
    );
    let used = profile.last_used.map_or_else(|| "no_information".to_owned(), time);
    format!("true,{used},{},{rotation}", time(profile.changed))
}

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

/// A value in a line; a name that holds a comma is quoted, as RFC 4180 has it.
fn cell(text: &str) -> String {
    if text.contains([',', '"']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}
