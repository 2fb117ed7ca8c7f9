//! The keys of the quickstart's accounts and users, kept in one private file so that a second run can go on.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result};
use garita_model::id::KeyTerm;
use garita_model::{AccessKeyId, AccountId, Entropy as _, SystemEntropy};
use serde::{Deserialize, Serialize};

use super::files;
use super::people::People;

/// The account that owns the API in front of MLflow.
pub(super) const PLATFORM: &str = "ml-platform";
/// The account whose jobs log to it.
pub(super) const SCIENCE: &str = "data-science";
const IDS: [(&str, &str); 2] = [(PLATFORM, "111122223333"), (SCIENCE, "444455556666")];
pub(super) const FILE: &str = "credentials.json";

/// An access key with its secret. Never printed; it has no `Debug` on purpose.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Key {
    pub(super) access_key_id: String,
    pub(super) secret_access_key: String,
}

/// An account's id and its root user's key.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Root {
    pub(super) id: String,
    #[serde(flatten)]
    pub(super) key: Key,
}

/// Users by name.
pub(super) type Users = BTreeMap<String, Key>;

/// What `provision.py` answers.
#[derive(Deserialize)]
pub(super) struct Provisioned {
    pub(super) users: Users,
}

/// All keys.
#[derive(Serialize, Deserialize)]
pub(super) struct Keys {
    accounts: BTreeMap<String, Root>,
    /// The users' keys; empty until they are made.
    pub(super) users: Users,
    /// Who signs in with a browser; none until they are made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) people: Option<People>,
}

impl Keys {
    /// New root keys.
    pub(super) fn draw() -> Result<Self> {
        let mut accounts = BTreeMap::new();
        for (name, id) in IDS {
            accounts.insert(name.to_owned(), Root { id: id.to_owned(), key: Key::draw(id.parse()?)? });
        }
        Ok(Self { accounts, users: Users::new(), people: None })
    }

    /// The keys of an earlier run.
    pub(super) fn read(place: &Path) -> Result<Option<Self>> {
        let path = place.join(FILE);
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Some(
                serde_json::from_str(&text)
                    .with_context(|| format!("cannot understand `{}`", path.display()))?,
            )),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read `{}`", path.display())),
        }
    }

    /// Notes that the passwords of the people were printed.
    pub(super) fn note_shown(&mut self, place: &Path) -> Result<()> {
        if let Some(people) = &mut self.people {
            people.shown = true;
        }
        self.save(place)
    }

    /// Writes them down.
    pub(super) fn save(&self, place: &Path) -> Result<()> {
        files::replace(&place.join(FILE), &serde_json::to_string_pretty(self)?)
    }

    /// The accounts with their names.
    pub(super) fn accounts(&self) -> impl Iterator<Item = (&str, &Root)> {
        self.accounts.iter().map(|(name, root)| (name.as_str(), root))
    }

    /// The id of an account of the quickstart.
    pub(super) fn id_of(name: &str) -> &'static str {
        IDS.iter().find(|(known, _)| *known == name).map_or("", |(_, id)| id)
    }
}

impl Key {
    fn draw(account: AccountId) -> Result<Self> {
        let mut secret = [0_u8; 20];
        SystemEntropy.fill(&mut secret)?;
        Ok(Self {
            access_key_id: AccessKeyId::draw(KeyTerm::Long, account, &SystemEntropy)?.to_string(),
            secret_access_key: hex::encode(secret),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn keys_are_kept_for_this_user_only() {
        let place = std::env::temp_dir().join(format!("garita-quickstart-keys-{}", std::process::id()));
        files::private_folder(&place).unwrap();
        assert!(Keys::read(&place).unwrap().is_none());
        let keys = Keys::draw().unwrap();
        keys.save(&place).unwrap();
        keys.save(&place).unwrap();
        let mode = place.join(FILE).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let again = Keys::read(&place).unwrap().unwrap();
        let secrets = |keys: &Keys| -> Vec<String> {
            keys.accounts().map(|(_, root)| root.key.secret_access_key.clone()).collect()
        };
        assert_eq!((secrets(&keys), secrets(&keys).len()), (secrets(&again), 2));
        std::fs::remove_dir_all(&place).unwrap();
    }
}
