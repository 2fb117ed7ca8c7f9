//! What holds policies: a user, a group or a role, addressed by name.

use garita_model::{GroupName, RoleName, UserName};

/// A user, group or role of the caller's account, by name in any case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntityName {
    /// A user.
    User(UserName),
    /// A group.
    Group(GroupName),
    /// A role.
    Role(RoleName),
}
