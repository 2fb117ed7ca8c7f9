//! What an app learns of a user: by the scopes it asked for, and by what its client may read.
//!
//! OpenID Connect Core section 5.4 says which claims belong to a scope; an app that asks for `openid` alone gets what its
//! client may read, as Cognito has it.

use garita_model::user_pool::{PoolClient, PoolUser, UserPool};
use garita_store::Snapshot;

use crate::user_pool::identities;
use crate::user_pool::tokens::{Groups, groups_of};

/// What is said of a user.
pub(super) struct UserClaims {
    /// Attributes, as the pool keeps them.
    pub(super) attributes: Vec<(String, String)>,
    /// What the user's groups say.
    pub(super) groups: Groups,
}

impl UserClaims {
    pub(super) fn of(
        state: &Snapshot,
        pool: &UserPool,
        client: &PoolClient,
        user: &PoolUser,
        scopes: &[String],
    ) -> Self {
        let has = |scope: &str| scopes.iter().any(|held| held == scope);
        let all = !has("email") && !has("phone") && !has("profile");
        let of_scope = |name: &str| match name {
            "email" | "email_verified" => has("email"),
            "phone_number" | "phone_number_verified" => has("phone"),
            _ => has("profile"),
        };
        let may = |name: &str| name != "sub" && client.may_read(name) && (all || of_scope(name));
        let attributes = user.attributes.iter().filter(|(name, _)| may(name));
        let attributes = attributes.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let attributes = attributes.chain(identities(user)).collect();
        Self { attributes, groups: groups_of(state, pool, user) }
    }
}
