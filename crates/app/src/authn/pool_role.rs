//! Which role somebody of a user pool has: by the rules of the door, else by their groups.
//!
//! Everything is read from the snapshot, nothing from the token: a token says what was so when it was issued. Of several
//! groups with a role, the one with the lowest precedence gives its own, as `cognito:preferred_role` is chosen; groups
//! that tie with different roles give none. INVARIANT: an attribute that people can write themselves, through any app
//! client of the pool, decides nothing.
//!
//! Cognito Developer Guide, "Adding groups to a user pool" and "Using role-based access control".

use garita_model::session::GroupRole;
use garita_model::tag::Tag;
use garita_model::{Arn, Error, PoolGroup, PoolUser, Result, SessionName, UserPool};
use garita_store::Snapshot;
use thiserror::Error as Refusal;

use super::bearer::AcceptedPool;

/// A role for those whose attribute fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleRule {
    /// The attribute: `email`, `custom:team` and so on.
    pub attribute: String,
    /// How it must compare.
    pub matches: RuleMatch,
    /// With what.
    pub value: String,
    /// The ARN of the role.
    pub role: String,
}

/// How an attribute is compared; case counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "Cognito's own words")]
pub enum RuleMatch {
    Equals,
    StartsWith,
    Contains,
}

/// An attribute that becomes a tag of the session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagSource {
    /// The tag's key.
    pub key: String,
    /// The attribute.
    pub attribute: String,
}

/// A role, and the group that gives it.
pub(super) struct Granted {
    pub(super) role: String,
    pub(super) group: Option<GroupRole>,
}

/// Why somebody who is known has no role here. They may be told.
#[derive(Debug, Clone, PartialEq, Eq, Refusal)]
pub enum NoRole {
    /// No group of theirs has one.
    #[error(
        "you have no role here: none of your groups in the user pool `{0}` has a role; ask an administrator to add you to one that has"
    )]
    NoGroup(String),
    /// Groups of the same precedence have different ones.
    #[error(
        "you have no role here: your groups `{0}` and `{1}` have the same precedence and different roles; ask an administrator to give one of them a lower precedence"
    )]
    Tie(String, String),
    /// It is of another account than the pool.
    #[error("you have no role here: the role `{0}` is not one of the user pool's account")]
    Foreign(String),
    /// A group of theirs asks for a second factor, whichever gives the role, and none was shown.
    #[error(
        "you have no role here yet: the group `{0}` asks for a second factor, and you signed in without one; sign in again"
    )]
    SecondFactor(String),
    /// A token of an app client itself.
    #[error("a token of an app client itself has no role here: sign in as a person")]
    Client,
}

/// The role somebody has now.
pub(super) fn granted(
    state: &Snapshot,
    pool: &UserPool,
    user: &PoolUser,
    accepted: &AcceptedPool,
) -> Result<Granted, NoRole> {
    let fits = |rule: &&RoleRule| rule.fits(attribute(state, user, &rule.attribute));
    let granted = match accepted.rules.iter().find(fits) {
        Some(rule) => Granted { role: rule.role.clone(), group: None },
        None => of_groups(state, pool, user)?,
    };
    let arn: Option<Arn> = granted.role.parse().ok();
    // A pool of one account must not be able to reach into another one.
    match arn {
        Some(arn) if arn.service() == "iam" && arn.account() == pool.account.to_string() => Ok(granted),
        _ => Err(NoRole::Foreign(granted.role)),
    }
}

impl RoleRule {
    fn fits(&self, held: Option<&str>) -> bool {
        held.is_some_and(|held| match self.matches {
            RuleMatch::Equals => held == self.value,
            RuleMatch::StartsWith => held.starts_with(&self.value),
            RuleMatch::Contains => held.contains(&self.value),
        })
    }
}

fn of_groups(state: &Snapshot, pool: &UserPool, user: &PoolUser) -> Result<Granted, NoRole> {
    // A group without a precedence comes after all that have one.
    let rank = |group: &PoolGroup| (group.precedence.is_none(), group.precedence);
    let groups = user.groups.iter().filter_map(|name| state.pool_group(&pool.id, name));
    let with_role: Vec<(&PoolGroup, &String)> =
        groups.filter_map(|group| group.role.as_ref().map(|role| (&**group, role))).collect();
    let none = || NoRole::NoGroup(pool.id.to_string());
    let (first, role) = with_role.iter().min_by_key(|(group, _)| rank(group)).copied().ok_or_else(none)?;
    let rival = with_role.iter().find(|(group, other)| rank(group) == rank(first) && *other != role);
    if let Some((rival, _)) = rival {
        return Err(NoRole::Tie(first.name.clone(), rival.name.clone()));
    }
    let group = GroupRole { name: first.name.clone(), role: role.clone() };
    Ok(Granted { role: role.clone(), group: Some(group) })
}

/// An attribute that only administrators can write.
fn attribute<'s>(state: &Snapshot, user: &'s PoolUser, name: &str) -> Option<&'s str> {
    let own = state.pool_clients(&user.pool).any(|client| client.may_write(name));
    if own { None } else { user.attributes.get(name) }
}

/// The tags that somebody's session has.
pub(super) fn tags(state: &Snapshot, user: &PoolUser, wanted: &[TagSource]) -> Result<Vec<Tag>> {
    let held = wanted.iter().filter_map(|tag| Some((tag, attribute(state, user, &tag.attribute)?)));
    held.map(|(tag, value)| Tag::new(&tag.key, value)).collect()
}

/// The name of somebody's session: theirs, if it is one of a session. Otherwise what of it fits and their `sub`, so that
/// no two people of a pool share a name.
pub(super) fn session_name(user: &PoolUser) -> Result<SessionName> {
    let (name, sub) = (&*user.name, user.sub.to_string());
    let fits = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    let looks_made = name != sub && name.get(name.len().saturating_sub(sub.len())..).is_some_and(is_uuid);
    if (2..=64).contains(&name.len()) && name.chars().all(fits) && !looks_made {
        return name.parse();
    }
    let kept: String = name.chars().map(|c| if fits(c) { c } else { '-' }).take(27).collect();
    format!("{kept}-{sub}").parse().map_err(|_| Error::internal("the name of a session"))
}

fn is_uuid(text: &str) -> bool {
    text.parse::<garita_model::user_pool::Uuid>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> PoolUser {
        PoolUser {
            pool: "eu-west-1_Ab3dE5gH9".parse().unwrap(),
            sub: garita_model::user_pool::Uuid::from_bytes([7; 16]),
            name: name.into(),
            attributes: garita_model::user_pool::Attributes::default(),
            status: garita_model::user_pool::UserStatus::Confirmed,
            enabled: true,
            created: 0,
            modified: 0,
            password: None,
            groups: Box::default(),
            min_rev: 0,
            more: None,
        }
    }

    #[test]
    fn names_of_sessions_fit_and_are_nobody_elses() {
        let sub = named("x").sub.to_string();
        let long = "x".repeat(65);
        let forged = format!("ana-{}", garita_model::user_pool::Uuid::from_bytes([9; 16]));
        for (name, session) in [
            ("ana@example.com", "ana@example.com".to_owned()),
            (&sub, sub.clone()),
            ("a", format!("a-{sub}")),
            ("José *", format!("Jos----{sub}")),
            ("a/b?", format!("a-b--{sub}")),
            (&long, format!("{}-{sub}", "x".repeat(27))),
            (&forged, format!("{}-{sub}", forged.split_at(27).0)),
        ] {
            assert_eq!(session_name(&named(name)).unwrap().as_str(), session, "{name}");
        }
    }
}
