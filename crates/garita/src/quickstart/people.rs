//! The quickstart's people: a user pool whose members open MLflow's pages in a browser.
//!
//! The pool and its app client are made in this process, because the configuration of the API names them; the people, their
//! groups and the address to return to are made over the wire by `provision.py`. INVARIANT: passwords are random, stand in
//! the private file of [`Keys`], and are printed once.

use std::fmt::Write as _;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use garita_app::App;
use garita_app::user_pool::{ClientSettings, NewPool, PoolSettings};
use garita_model::user_pool::{MfaMode, PoolId};
use garita_model::{Entropy as _, SystemEntropy};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::keys::{Keys, PLATFORM};
use super::progress::Step;
use crate::config::UserPoolConfig;

/// The pool, as its pages and authenticator apps show it.
const NAME: &str = "ML platform";

/// Who they are, and what they may do.
const PEOPLE: [(&str, &str); 3] =
    [("ana", "may do everything"), ("bruno", "reads"), ("carla", "reads, and approves models")];

/// A pool with its people. Never printed but for [`People::told`]; it has no `Debug` on purpose.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct People {
    pool: String,
    client: String,
    passwords: Vec<(String, String)>,
    /// Whether the passwords were printed.
    #[serde(default)]
    pub(super) shown: bool,
}

impl People {
    /// The people of an earlier run, or new ones.
    pub(super) async fn find_or_make(app: &Arc<App>, keys: &Keys) -> Result<Self> {
        let there = |people: &&Self| {
            let id: Option<PoolId> = people.pool.parse().ok();
            id.is_some_and(|id| app.snapshot().user_pool(&id).is_some())
        };
        match keys.people.as_ref().filter(there) {
            Some(people) => Ok(people.clone()),
            None => Self::make(app).await.context("cannot make the user pool"),
        }
    }

    async fn make(app: &Arc<App>) -> Result<Self> {
        let step = Step::begin("creating a user pool");
        let account = Keys::id_of(PLATFORM).parse()?;
        let settings = PoolSettings {
            admin_only_sign_up: Some(true),
            // Whoever sets an authenticator app up is asked for its code.
            mfa: Some(MfaMode::Optional),
            ..PoolSettings::default()
        };
        let new = NewPool { name: NAME.to_owned(), settings, ..NewPool::default() };
        let cx = app.operator(account, "CreateUserPool", json!({ "poolName": NAME }))?;
        let pool = app.create_user_pool(&cx, new).await?.pool.id.clone();
        let cx = app.operator(account, "CreateUserPoolClient", json!({ "clientName": "MLflow" }))?;
        let settings = ClientSettings { name: Some("MLflow".to_owned()), ..ClientSettings::default() };
        let client = app.create_pool_client(&cx, pool.clone(), settings, false).await?.client.id.clone();
        let password = |(name, _): (&str, &str)| Ok((name.to_owned(), password()?));
        let passwords = PEOPLE.into_iter().map(password).collect::<Result<_>>()?;
        step.done(pool.as_str());
        Ok(Self { pool: pool.to_string(), client: client.to_string(), passwords, shown: false })
    }

    /// The setting of the API that signs them in.
    pub(super) fn config(&self) -> UserPoolConfig {
        UserPoolConfig::signing_in(&self.pool, &self.client)
    }

    /// Their names.
    pub(super) fn names() -> String {
        PEOPLE.map(|(name, _)| name).join(", ")
    }

    /// What is printed of them.
    pub(super) fn told(&self, kept_in: &str) -> String {
        if self.shown {
            let names = Self::names();
            return format!("   as {names}; the passwords were shown once and are in {kept_in}\n");
        }
        let mut text = String::new();
        for (name, may) in PEOPLE {
            let held = self.passwords.iter().find(|(held, _)| held == name);
            let password = held.map_or("-", |(_, password)| password.as_str());
            // INVARIANT: writing to a `String` cannot fail.
            let _ = writeln!(text, "   {name:6} {password}   {may}");
        }
        text
    }
}

/// One that can be typed, with letters of both cases, digits and a sign: about 80 bits.
fn password() -> Result<String> {
    let groups =
        ["ABCDEFGHJKLMNPQRSTUVWXYZ", "abcdefghijkmnpqrstuvwxyz", "23456789", "abcdefghijkmnpqrstuvwxyz"];
    let mut words = Vec::new();
    for letters in groups {
        let mut bytes = [0_u8; 5];
        SystemEntropy.fill(&mut bytes)?;
        let letters: Vec<char> = letters.chars().collect();
        let word: String =
            bytes.iter().filter_map(|byte| letters.get(usize::from(*byte) % letters.len())).collect();
        words.push(word);
    }
    Ok(words.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_shown_once() {
        let passwords = PEOPLE.iter().map(|(name, _)| ((*name).to_owned(), password().unwrap())).collect();
        let mut people = People { pool: "p".to_owned(), client: "c".to_owned(), passwords, shown: false };
        let secrets: Vec<String> = people.passwords.iter().map(|(_, password)| password.clone()).collect();
        assert!(secrets.iter().all(|secret| secret.len() == 23 && people.told("x").contains(secret)));
        assert_ne!(secrets.first(), secrets.last());
        people.shown = true;
        assert!(!secrets.iter().any(|secret| people.told("x").contains(secret)));
    }
}
