//! What is set of identities: the providers that roles trust, the passwords of user pools, the keys of tokens.

use anyhow::{Result, ensure};
use garita_app::ProviderRules;
use garita_app::token::rotation::Schedule;
use garita_model::user_pool::PasswordProfile;
use jiff::SignedDuration;
use serde::Deserialize;

/// What is allowed of OpenID Connect providers that roles trust.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct IdentityProviders {
    /// Whether one on this machine's loopback may be spoken to over plain HTTP: for trying things out.
    pub(crate) loopback_http: bool,
    /// Hosts that may hold the keys of providers beside the providers' own.
    pub(crate) key_hosts: Vec<String>,
}

impl Default for IdentityProviders {
    fn default() -> Self {
        // Google's keys are not where Google's issuer is.
        Self { loopback_http: false, key_hosts: vec!["www.googleapis.com".to_owned()] }
    }
}

impl IdentityProviders {
    pub(crate) fn rules(&self) -> ProviderRules {
        ProviderRules { loopback_http: self.loopback_http, key_hosts: self.key_hosts.clone() }
    }

    pub(super) fn check(&self) -> Result<()> {
        for host in &self.key_hosts {
            let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.:".contains(&b);
            ensure!(
                !host.is_empty() && host.bytes().all(fits),
                "key host `{host}` must be a host name in lower case, with its port if that is not 443"
            );
        }
        Ok(())
    }
}

/// What user pools have that are not told otherwise.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct UserPoolsConfig {
    /// What is asked of passwords where a pool is made without `Policies.PasswordPolicy`.
    pub(crate) passwords: PasswordProfile,
}

/// How long signing keys do what.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TokensConfig {
    /// Days a key signs, 1 to 3650.
    pub(crate) key_days: u32,
    /// Hours it is published before that: at least as long as others keep the key set.
    pub(crate) publish_hours: u32,
}

impl Default for TokensConfig {
    fn default() -> Self {
        Self { key_days: 90, publish_hours: 48 }
    }
}

impl TokensConfig {
    pub(super) fn check(&self) -> Result<()> {
        let Self { key_days, publish_hours } = self;
        ensure!((1..=3650).contains(key_days), "key_days `{key_days}` in [tokens] must be 1 to 3650");
        ensure!(
            (1..=key_days * 12).contains(publish_hours),
            "publish_hours `{publish_hours}` in [tokens] must be at least 1, and at most half of `key_days`"
        );
        Ok(())
    }

    /// The schedule of the keys.
    pub(crate) fn schedule(&self) -> Schedule {
        Schedule {
            signs_for: SignedDuration::from_hours(i64::from(self.key_days) * 24),
            published_before: SignedDuration::from_hours(i64::from(self.publish_hours)),
            ..Schedule::default()
        }
    }
}
