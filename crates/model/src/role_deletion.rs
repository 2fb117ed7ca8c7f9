//! The deletion of a service-linked role: asked for at once, carried out a little later, remembered for a while.
//!
//! A role that was made anew under the same name is another one: what is deleted is the role of that unique id.

use garita_policy::AccountId;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::id::UniqueId;
use crate::name::RoleName;
use crate::user_pool::Uuid;

/// How long the end of a deletion can be asked for.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A deletion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleDeletion {
    /// The role's account.
    #[serde(with = "crate::object::display")]
    pub account: AccountId,
    /// What tells it from others.
    pub task: Uuid,
    /// The service that the role is linked to.
    pub service: String,
    /// The role's name.
    pub name: RoleName,
    /// The role's unique id.
    pub role: UniqueId,
    /// When it was asked for.
    pub asked: Timestamp,
    /// How it ended; none while it has not.
    pub end: Option<DeletionEnd>,
}

/// How a deletion ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeletionEnd {
    /// When.
    pub at: Timestamp,
    /// What stood against it; none when the role is gone.
    pub failed: Option<DeletionFailure>,
}

/// What stands against a deletion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeletionFailure {
    /// For people.
    pub reason: String,
    /// Where the role is used.
    pub region: String,
    /// The ARN of what uses it.
    pub resource: String,
}

impl RoleDeletion {
    /// The id that callers ask by: `task/aws-service-role/{service}/{role}/{uuid}`.
    pub fn id(&self) -> String {
        format!("task/aws-service-role/{}/{}/{}", self.service, self.name, self.task)
    }

    /// Whether it ended so long ago that it need not be remembered.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.end.as_ref().is_some_and(|end| now.duration_since(end.at) > REMEMBERED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ended_deletion_is_remembered_for_thirty_days() {
        let at = |hour: i64| Timestamp::from_second(hour * 3_600).unwrap();
        let mut deletion = RoleDeletion {
            account: "111122223333".parse().unwrap(),
            task: "00000000-0000-4000-8000-000000000001".parse().unwrap(),
            service: "cloudtrail.amazonaws.com".to_owned(),
            name: "AWSServiceRoleForCloudTrail".parse().unwrap(),
            role: serde_json::from_str("\"AROAEXAMPLE\"").unwrap(),
            asked: at(0),
            end: None,
        };
        assert!(!deletion.is_over(at(10_000)));
        deletion.end = Some(DeletionEnd { at: at(0), failed: None });
        assert_eq!([720, 721].map(|hour| deletion.is_over(at(hour))), [false, true]);
        let id = "task/aws-service-role/cloudtrail.amazonaws.com/AWSServiceRoleForCloudTrail/00000000-0000-4000-8000-000000000001";
        assert_eq!(deletion.id(), id);
    }
}
