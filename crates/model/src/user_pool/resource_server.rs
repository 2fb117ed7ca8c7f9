//! A resource server of a pool: an API of the team's own, and the scopes that access tokens can carry for it.

use garita_policy::AccountId;
use serde::{Deserialize, Serialize};

use crate::user_pool::id::PoolId;

/// A resource server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceServer {
    /// The account of the pool.
    #[serde(with = "crate::object::display")]
    pub account: AccountId,
    /// The pool.
    pub pool: PoolId,
    /// What its scopes begin with: often the URL of the API.
    pub identifier: String,
    /// Its name, for people.
    pub name: String,
    /// Its scopes.
    pub scopes: Vec<ResourceScope>,
}

/// A scope of a resource server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceScope {
    /// What follows the identifier and a `/`.
    pub name: String,
    /// What it is for.
    pub description: String,
}

impl ResourceServer {
    /// What the places of a pool's resource servers begin with.
    pub fn prefix(pool: &PoolId) -> String {
        format!("{pool}/")
    }
    /// What it is known by within its account.
    pub fn place(pool: &PoolId, identifier: &str) -> String {
        format!("{pool}/{identifier}")
    }
    /// Its scopes, as tokens carry them.
    pub fn full_scopes(&self) -> impl Iterator<Item = String> + use<'_> {
        self.scopes.iter().map(|scope| format!("{}/{}", self.identifier, scope.name))
    }
}
