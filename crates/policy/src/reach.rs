//! Who can do something, and what somebody can do: decisions before there is a request.
//!
//! What follows from the principal is known: its ARN, its account, its name, its tags ([`Known`]). What a request
//! brings is not: where it comes from, when, with which factors. So a statement applies for certain, cannot apply, or
//! applies when some of its conditions are met, and [`answer()`] is a [`Formula`] over the conditions that remain.
//! [`Population`] answers for everyone at once: statements are looked up first, then whoever holds them.
//!
//! A role is asked about as its sessions, whose names are not known, without session policies.
//! INVARIANT: a formula holds in a context exactly when [`decide`](crate::decide()) allows the request with it, for
//! every context that agrees with what was known; the tests hold them together on random policies.

mod aim;
mod answer;
mod known;
mod needs;
mod population;
#[cfg(test)]
mod tests;

pub use aim::{Aim, ArnSet, Target};
pub use answer::{Alternative, Answer, Formula, Never, Requirement, answer, in_effect};
pub use known::Known;
pub use needs::Need;
pub use population::{Holder, Population};

use crate::arn::{AccountId, Arn, ArnError};
use crate::context::Principal;

/// What stands for the name of a session that is not known. No session is called so.
const ANY_SESSION: &str = "*";

impl Principal {
    /// Any session of a role: its name is not known.
    ///
    /// # Errors
    /// When the session's ARN would be longer than an ARN may be.
    pub fn any_session(role_arn: Arn, role_id: String, account: AccountId) -> Result<Self, ArnError> {
        let role = role_arn.resource().rsplit('/').next().unwrap_or_default();
        let partition = role_arn.partition();
        let session_arn =
            format!("arn:{partition}:sts::{account}:assumed-role/{role}/{ANY_SESSION}").parse()?;
        let session_name = ANY_SESSION.to_owned();
        Ok(Self::RoleSession { role_arn, role_id, session_arn, session_name, account })
    }

    /// What the ARN of each of its sessions begins with, for a principal that stands for any of them.
    pub(crate) fn sessions_begin_with(&self) -> Option<&str> {
        let Self::RoleSession { session_arn, session_name, .. } = self else { return None };
        if session_name != ANY_SESSION { None } else { session_arn.as_str().strip_suffix(ANY_SESSION) }
    }
}
