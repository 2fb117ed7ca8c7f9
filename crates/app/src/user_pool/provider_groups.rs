//! Groups that a provider puts people into: its own, and those it names.
//!
//! What it gave stands with the user's identity, apart from what an administrator gave. INVARIANT: what a provider gave goes
//! with its word, with the link to it and with the provider; what an administrator gave or gave again stays.

use std::collections::BTreeSet;

use garita_model::user_pool::provider::Identity;
use garita_model::{PoolProvider, PoolUser, UserPool};
use serde_json::{Map, Value};

use super::group::MOST_GROUPS_OF_USER;
use crate::change::Change;

/// Puts a user into the provider's own group and those it names, and out of those it named before. Groups that the user
/// is in for other reasons stay.
pub(super) fn regroup(
    change: &Change<'_>,
    pool: &UserPool,
    provider: &PoolProvider,
    user: &mut PoolUser,
    claims: &Map<String, Value>,
) {
    let mut wanted = BTreeSet::from([PoolProvider::group(&pool.id, &provider.name)]);
    wanted.extend(provider.groups_claim.iter().flat_map(|claim| named(claims.get(claim))));
    wanted.retain(|name| change.state().pool_group(&pool.id, name).is_some());
    let before = std::mem::take(&mut user.groups).into_vec();
    let mut identities = std::mem::take(&mut user.more_mut().identities);
    if let Some(identity) = identities.iter_mut().find(|identity| *identity.provider == *provider.name) {
        let given = |name: &str| identity.groups.iter().any(|held| **held == *name);
        let mut groups: Vec<Box<str>> = before.iter().filter(|name| !given(name)).cloned().collect();
        wanted.retain(|name| !groups.iter().any(|held| **held == **name));
        let room = MOST_GROUPS_OF_USER.saturating_sub(groups.len());
        identity.groups = wanted.iter().take(room).map(|name| name.as_str().into()).collect();
        groups.extend(identity.groups.iter().cloned());
        if before.iter().any(|name| !groups.contains(name)) {
            // As when an administrator takes somebody out of a group: what was given with it ends.
            user.min_rev = change.revision();
        }
        user.groups = groups.into_boxed_slice();
    } else {
        user.groups = before.into_boxed_slice();
    }
    user.more_mut().identities = identities;
}

/// Takes a user out of the groups that a provider put it into; whether there were any.
pub(super) fn ungroup(user: &mut PoolUser, provider: &str) -> bool {
    let mut identities = std::mem::take(&mut user.more_mut().identities);
    let of_provider = identities.iter_mut().filter(|identity| *identity.provider == *provider);
    let given: Vec<Box<str>> =
        of_provider.flat_map(|identity| std::mem::take(&mut identity.groups).into_vec()).collect();
    user.more_mut().identities = identities;
    let mut groups = std::mem::take(&mut user.groups).into_vec();
    let before = groups.len();
    groups.retain(|name| !given.contains(name));
    user.groups = groups.into_boxed_slice();
    user.groups.len() < before
}

/// Notes that no provider put a user into a group, or not any more: its word does not take the user out of it.
pub(super) fn no_gift_of_a_provider(user: &mut PoolUser, group: &str) {
    let given = |identity: &Identity| identity.groups.iter().any(|held| **held == *group);
    if !user.identities().iter().any(given) {
        return;
    }
    for identity in &mut user.more_mut().identities {
        let mut groups = std::mem::take(&mut identity.groups).into_vec();
        groups.retain(|held| **held != *group);
        identity.groups = groups.into_boxed_slice();
    }
}

/// The groups that a claim names: a text, or a list of texts.
fn named(claim: Option<&Value>) -> Vec<String> {
    let one = |value: &Value| value.as_str().map(str::to_owned);
    match claim {
        Some(Value::Array(all)) => all.iter().take(MOST_GROUPS_OF_USER).filter_map(one).collect(),
        Some(value) => one(value).into_iter().collect(),
        None => Vec::new(),
    }
}
