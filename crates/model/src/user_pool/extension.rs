//! What a pool says beyond Cognito's fields: tags whose keys begin with `garita:`, so that every client of AWS can set
//! them.
//!
//! | tag | value |
//! |---|---|
//! | `garita:token-algorithm` | `RS256`, `ES256` or `EdDSA`: how the pool's tokens are signed |
//! | `garita:token-algorithm/CLIENT` | the same for one app client, by its id |
//! | `garita:password-profile` | `nist-800-63b-4` or `cognito`: what is asked of passwords |
//! | `garita:require-mfa/GROUP` | `true` or `false`: whether a second factor is asked of everyone in a group |
//! | `garita:language` | `en` or `es`: the language of letters to users who name none |
//!
//! INVARIANT: a pool holds no `garita:` tag that is not in this table, so a misspelt one is refused and not without
//! effect in silence.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::Result;
use crate::token_key::TokenAlgorithm;
use crate::user_pool::fault::PoolFault;
use crate::user_pool::id::ClientId;
use crate::user_pool::pool::{MfaMode, PasswordProfile, UserPool};
use crate::user_pool::user::PoolUser;

/// What the keys of these tags begin with.
pub const PREFIX: &str = "garita:";
const ALGORITHM: &str = "garita:token-algorithm";
const PASSWORDS: &str = "garita:password-profile";
const LANGUAGE: &str = "garita:language";
const REQUIRE_MFA: &str = "garita:require-mfa";
/// The languages that letters are written in.
const LANGUAGES: [&str; 2] = ["en", "es"];

/// Whether a tag says something to Garita.
pub fn is_extension(key: &str) -> bool {
    key.starts_with(PREFIX)
}

/// Holds the tags of a pool that say something to Garita to what can be said.
///
/// # Errors
/// `InvalidParameter` for one that is not known, or has no such value.
pub fn check(tags: &BTreeMap<String, String>) -> Result<()> {
    for (key, value) in tags.iter().filter(|(key, _)| is_extension(key)) {
        let (name, client) = key.split_once('/').map_or((key.as_str(), None), |(name, id)| (name, Some(id)));
        let good = match (name, client) {
            (ALGORITHM, None) => algorithm(value).is_some(),
            (ALGORITHM, Some(id)) => algorithm(value).is_some() && id.parse::<ClientId>().is_ok(),
            (PASSWORDS, None) => profile(value).is_some(),
            (LANGUAGE, None) => LANGUAGES.contains(&value.as_str()),
            (REQUIRE_MFA, Some(group)) => !group.is_empty() && matches!(value.as_str(), "true" | "false"),
            _ => {
                return Err(PoolFault::InvalidParameter.because(format!(
                    "the tag `{key}` means nothing: there are `{ALGORITHM}`, also with `/` and a client's id, `{PASSWORDS}`, `{REQUIRE_MFA}/` with a group, and `{LANGUAGE}`"
                )));
            }
        };
        if !good {
            return Err(PoolFault::InvalidParameter.because(format!(
                "the tag `{key}` cannot be `{value}`: algorithms are RS256, ES256 and EdDSA, password profiles `nist-800-63b-4` and `cognito`, languages `en` and `es`, and a second factor is required: `true` or `false`"
            )));
        }
    }
    Ok(())
}

impl UserPool {
    /// How tokens of a client are signed.
    pub fn token_algorithm(&self, client: &ClientId) -> TokenAlgorithm {
        let own = self.tags.get(&format!("{ALGORITHM}/{client}"));
        let said = own.or_else(|| self.tags.get(ALGORITHM)).and_then(|word| algorithm(word));
        said.unwrap_or(TokenAlgorithm::Rs256)
    }

    /// All ways in which tokens of the pool are signed.
    pub fn token_algorithms(&self) -> BTreeSet<TokenAlgorithm> {
        let named = self.tags.iter().filter(|(key, _)| key.starts_with(ALGORITHM));
        let others = named.filter_map(|(_, word)| algorithm(word));
        others.chain([TokenAlgorithm::Rs256]).collect()
    }

    /// Whether a second factor is asked of a user: by the pool, or by a group.
    pub fn mfa_for(&self, user: &PoolUser) -> MfaMode {
        if user.groups.iter().any(|group| self.group_demands_mfa(group)) { MfaMode::On } else { self.mfa }
    }
    /// Whether a second factor is asked of everyone in a group.
    pub fn group_demands_mfa(&self, group: &str) -> bool {
        self.tags.get(&format!("{REQUIRE_MFA}/{group}")).is_some_and(|value| value != "false")
    }

    /// The tag of a demand that would be lost with other tags in the place of these.
    pub fn demand_lost(&self, tags: &BTreeMap<String, String>) -> Option<&str> {
        let prefix = |key: &str| key.strip_prefix(REQUIRE_MFA).is_some_and(|rest| rest.starts_with('/'));
        let mut demands = self.tags.iter().filter(|(key, value)| prefix(key) && *value != "false");
        demands.find(|(key, _)| !tags.contains_key(*key)).map(|(key, _)| key.as_str())
    }

    /// Which rules for passwords the pool asks for, whatever its policy.
    pub fn password_profile(&self) -> Option<PasswordProfile> {
        self.tags.get(PASSWORDS).and_then(|word| profile(word))
    }

    /// The language of letters to users who name none.
    pub fn language(&self) -> Option<&str> {
        self.tags.get(LANGUAGE).map(String::as_str)
    }
}

fn profile(word: &str) -> Option<PasswordProfile> {
    PasswordProfile::ALL.into_iter().find(|known| known.as_str() == word)
}

fn algorithm(word: &str) -> Option<TokenAlgorithm> {
    TokenAlgorithm::ALL.into_iter().find(|known| known.as_str() == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(all: &[(&str, &str)]) -> BTreeMap<String, String> {
        all.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn only_what_means_something_is_taken() {
        for (key, value, good) in [
            ("team", "anything", true),
            ("garita:token-algorithm", "ES256", true),
            ("garita:token-algorithm", "es256", false),
            ("garita:token-algorithm", "none", false),
            ("garita:token-algorithm", "HS256", false),
            ("garita:token-algorithm/1h57kf5cpq17m0eml12EXAMPLE", "EdDSA", true),
            ("garita:token-algorithm/", "EdDSA", false),
            ("garita:token-algorithms", "EdDSA", false),
            ("garita:password-profile", "nist-800-63b-4", true),
            ("garita:password-profile", "cognito", true),
            ("garita:password-profile", "none", false),
            ("garita:language", "es", true),
            ("garita:language", "fr", false),
            ("garita:language/x", "es", false),
            ("garita:require-mfa/admins", "true", true),
            ("garita:require-mfa/a/b", "false", true),
            ("garita:require-mfa/admins", "yes", false),
            ("garita:require-mfa/", "true", false),
            ("garita:require-mfa", "true", false),
            ("garita:", "", false),
        ] {
            assert_eq!(check(&tags(&[(key, value)])).is_ok(), good, "{key}={value}");
        }
    }
}
