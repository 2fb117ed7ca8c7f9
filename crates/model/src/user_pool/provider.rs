//! Somebody else who vouches for people of a pool: an OpenID Connect provider that the pool sends them to.
//!
//! INVARIANT: a provider's name holds no `_`: the users it vouches for are called `{provider}_{subject}`, and two
//! providers must never come to the same name.

use std::collections::BTreeMap;

use garita_policy::AccountId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::secret::Sealed;
use crate::user_pool::client::PoolClient;
use crate::user_pool::fault::PoolFault;
use crate::user_pool::id::PoolId;
use crate::user_pool::is_shown;

/// Longest name of a provider; Cognito's `ProviderNameTypeV2`.
pub const MAX_PROVIDER_NAME: usize = 32;

/// An OpenID Connect provider of a pool.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolProvider {
    /// The account of the pool.
    #[serde(with = "crate::object::display")]
    pub account: AccountId,
    /// The pool.
    pub pool: PoolId,
    /// Its name; case matters.
    pub name: String,
    /// Who the pool is at the provider.
    pub client: String,
    /// What proves it there, encrypted under the master key; none for a public client.
    pub secret: Option<Sealed>,
    /// The provider's issuer, as its tokens name it, without a slash at the end.
    pub issuer: String,
    /// What is asked for, `openid` among it.
    pub scopes: String,
    /// How the provider's userinfo endpoint is asked.
    pub userinfo_by_post: bool,
    /// Whether it sends browsers back to an address of its own, which no other provider of the pool has.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub own_redirect: bool,
    /// Where its endpoints are, when its configuration document is not to be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoints: Option<ProviderEndpoints>,
    /// Attribute of the pool to claim of the provider.
    pub mapping: BTreeMap<String, String>,
    /// Words that lead to it in place of its name.
    pub identifiers: Vec<String>,
    /// The claim that names groups of the pool, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups_claim: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub modified: Timestamp,
    /// Sign-ins of an earlier revision are not vouched for: another issuer or client is another provider.
    pub min_rev: u64,
}

/// Where a provider's endpoints are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderEndpoints {
    /// Where browsers are sent.
    pub authorize: String,
    /// Where codes are exchanged.
    pub token: String,
    /// Where claims are asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub userinfo: Option<String>,
    /// Where its keys are.
    pub keys: String,
}

/// Somebody a provider knows, as one of its pool's users.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The provider, by name.
    pub provider: Box<str>,
    /// The provider's issuer then: a provider of that name with another issuer knows other people.
    pub issuer: Box<str>,
    /// Whom it knows, in its own words and letter for letter.
    pub subject: Box<str>,
    /// Whether the user was made for it, and not linked to it later.
    pub primary: bool,
    /// When it came, in milliseconds since the epoch.
    pub since: i64,
    /// The groups the provider named at the last sign-in.
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    pub groups: Box<[Box<str>]>,
}

impl PoolProvider {
    /// What it is known by within its account.
    pub fn place(pool: &PoolId, name: &str) -> String {
        format!("{pool}/{name}")
    }
    /// What the places of a pool's providers begin with.
    pub fn prefix(pool: &PoolId) -> String {
        format!("{pool}/")
    }
    /// The group that everybody it vouches for is in, as Cognito has it.
    pub fn group(pool: &PoolId, name: &str) -> String {
        format!("{pool}_{name}")
    }
    /// What stands in the address it sends browsers back to, when that is its own.
    pub fn redirect_name(&self) -> Option<&str> {
        self.own_redirect.then_some(self.name.as_str())
    }
    /// What a user is called whom it vouches for.
    pub fn username(&self, subject: &str) -> String {
        format!("{}_{subject}", self.name)
    }
    /// Holds a name to what a provider may be called.
    ///
    /// # Errors
    /// `InvalidParameter`.
    pub fn check_name(name: &str) -> Result<()> {
        let fits = |c: char| is_shown(c) && !matches!(c, '_' | '/' | '"' | '\\');
        let reserved = [PoolClient::OWN, "Facebook", "Google", "LoginWithAmazon", "SignInWithApple"];
        let free = !reserved.iter().any(|word| word.eq_ignore_ascii_case(name));
        if (1..=MAX_PROVIDER_NAME).contains(&name.chars().count()) && name.chars().all(fits) && free {
            return Ok(());
        }
        Err(PoolFault::InvalidParameter.because(format!(
            "a provider's name has 1 to {MAX_PROVIDER_NAME} visible characters without `_`, `/`, `\\` and quotes, and is not the name of a built-in provider"
        )))
    }
}

/// The secret is sealed, and is not printed even so.
impl std::fmt::Debug for PoolProvider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PoolProvider({}/{} at {})", self.pool, self.name, self.issuer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_providers_never_make_two_users_one() {
        for good in ["Okta", "corp-sso", "Señal", &"a".repeat(32)] {
            assert!(PoolProvider::check_name(good).is_ok(), "{good}");
        }
        for bad in ["", "a_b", "_a", "a b", "a/b", "COGNITO", "cognito", "Google", &"a".repeat(33)] {
            assert!(PoolProvider::check_name(bad).is_err(), "{bad}");
        }
    }
}
