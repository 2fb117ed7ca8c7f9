//! The names of users: whom a name means, and that it means no one else.
//!
//! A name is the username, the `sub`, or an address: in pools where people sign up with an address, it is their name; in
//! pools with aliases, it counts once it is proved. INVARIANT: no two users of a pool are meant by the same text.

use std::sync::Arc;

use garita_model::user_pool::{PoolFault, SignInAttribute, Uuid};
use garita_model::{PoolUser, Result, UserPool};
use garita_store::{PoolName, Snapshot};

/// The user that a name, an address or a `sub` means in a pool.
pub(super) fn find(state: &Snapshot, pool: &UserPool, text: &str) -> Option<Arc<PoolUser>> {
    let by_name = state.pool_users_named(&pool.id, PoolName::Username, text).next();
    let by_sub = || text.parse().ok().and_then(|sub| state.pool_user(&pool.id, sub));
    let by_address = |attribute: SignInAttribute, proved: bool| {
        let mut users = state.pool_users_named(&pool.id, PoolName::Attribute(attribute), text);
        users.find(|user| !proved || attribute.proof().is_none_or(|proof| user.attributes.is(proof)))
    };
    let as_name = || pool.username_attributes.iter().find_map(|attribute| by_address(*attribute, false));
    let as_alias = || pool.alias_attributes.iter().find_map(|attribute| by_address(*attribute, true));
    by_name.or_else(by_sub).or_else(as_name).or_else(as_alias).cloned()
}

/// The name of a user who is to be made: what was given, or the `sub` where people sign up with an address.
pub(super) fn own_name(pool: &UserPool, sub: Uuid, username: &str) -> String {
    if pool.username_attributes.is_empty() { username.to_owned() } else { sub.to_string() }
}

/// Whether the name of a new user means one that is there. A name is looked for before a `sub` or an alias, so a new one
/// that is the same would be taken for them.
pub(super) fn is_taken(state: &Snapshot, pool: &UserPool, username: &str) -> bool {
    let by_sub = username.parse().ok().and_then(|sub| state.pool_user(&pool.id, sub));
    // An alias that is proved is an address, and no name has that form where addresses are aliases.
    let unproved = pool.alias_attributes.iter().filter(|attribute| attribute.proof().is_none());
    let attributes = pool.username_attributes.iter().chain(unproved);
    let attributes = attributes.map(|attribute| PoolName::Attribute(*attribute));
    let mut names = std::iter::once(PoolName::Username).chain(attributes);
    by_sub.is_some() || names.any(|name| state.pool_users_named(&pool.id, name, username).next().is_some())
}

/// Other users with an alias that this one is to have.
pub(super) fn rivals(
    state: &Snapshot,
    pool: &UserPool,
    user: &PoolUser,
) -> impl Iterator<Item = (SignInAttribute, Arc<PoolUser>)> {
    let proved = |user: &PoolUser, attribute: SignInAttribute| {
        attribute.proof().is_none_or(|proof| user.attributes.is(proof))
    };
    let mut found = Vec::new();
    for attribute in pool.alias_attributes.iter().copied().filter(|attribute| proved(user, *attribute)) {
        let Some(value) = user.attributes.get(attribute.as_str()) else { continue };
        let others = state.pool_users_named(&pool.id, PoolName::Attribute(attribute), value);
        let others = others.filter(|other| other.sub != user.sub && proved(other, attribute));
        found.extend(others.map(|other| (attribute, Arc::clone(other))));
    }
    found.into_iter()
}

/// Refuses an alias that another user has, and an address that is another user's name.
pub(super) fn must_be_free(state: &Snapshot, pool: &UserPool, user: &PoolUser) -> Result<()> {
    must_be_free_as_name(state, pool, user)?;
    match rivals(state, pool, user).next() {
        None => Ok(()),
        Some((attribute, _)) => Err(PoolFault::AliasExists
            .because(format!("An account with the {} already exists.", attribute.as_str()))),
    }
}

/// Where an address is a name, two users never have the same.
pub(super) fn must_be_free_as_name(state: &Snapshot, pool: &UserPool, user: &PoolUser) -> Result<()> {
    for attribute in &pool.username_attributes {
        let Some(value) = user.attributes.get(attribute.as_str()) else { continue };
        let mut others = state.pool_users_named(&pool.id, PoolName::Attribute(*attribute), value);
        if others.any(|other| other.sub != user.sub) {
            let message = format!("An account with the given {} already exists.", attribute.as_str());
            return Err(PoolFault::UsernameExists.because(message));
        }
    }
    // An alias must not be the name of someone else either: who is meant would depend on the order of looking.
    for attribute in &pool.alias_attributes {
        let Some(value) = user.attributes.get(attribute.as_str()) else { continue };
        let mut others = state.pool_users_named(&pool.id, PoolName::Username, value);
        if others.any(|other| other.sub != user.sub) {
            let message = format!("An account with the {} already exists.", attribute.as_str());
            return Err(PoolFault::AliasExists.because(message));
        }
    }
    Ok(())
}
