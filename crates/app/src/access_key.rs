//! Use of access keys and of roles: kept in memory as it happens, written to the store now and then.

use std::sync::PoisonError;

use garita_model::access_key::LastUsed;
use garita_model::{AccessKeyId, AccountId, Object, Plain as _, Result, Role, RoleUse, UniqueId};
use jiff::{SignedDuration, Timestamp};

use crate::App;

/// How long ago a use may be to be told: the tracking period of IAM.
const TRACKED: SignedDuration = SignedDuration::from_hours(24 * 400);

impl App {
    /// When a key was last used, as far as this node knows.
    pub fn last_used(&self, id: &AccessKeyId) -> Option<LastUsed> {
        let fresh = self.key_use.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned();
        fresh.or_else(|| self.snapshot().key_use(id).cloned())
    }

    /// When a role was last used, as far as this node knows; none when that is longer ago than AWS looks back.
    pub fn role_last_used(&self, role: &Role, now: Timestamp) -> Option<RoleUse> {
        let fresh = self.role_use.lock().unwrap_or_else(PoisonError::into_inner).get(&role.id).cloned();
        let written =
            || self.snapshot().get::<RoleUse>(role.account, role.id.as_str()).map(|u| RoleUse::clone(u));
        fresh.or_else(written).filter(|used| now.duration_since(used.at) <= TRACKED)
    }

    /// Notes a request of a role's session, once a minute: most requests write nothing, not even to memory.
    pub(crate) fn note_role_use(&self, account: AccountId, role: &UniqueId, now: Timestamp, region: &str) {
        let mut uses = self.role_use.lock().unwrap_or_else(PoisonError::into_inner);
        let known = uses.get(role).is_some_and(|used| {
            now.duration_since(used.at) < SignedDuration::from_mins(1) && used.region == region
        });
        if !known {
            let at = Timestamp::from_second(now.as_second()).unwrap_or(now);
            let used = RoleUse { account, role: role.clone(), at, region: region.to_owned() };
            uses.insert(role.clone(), used);
        }
    }

    /// Writes what is known of the use of keys and roles to the store; called every minute and at the end.
    ///
    /// # Errors
    /// `Unavailable` when the store cannot keep it; it is kept for the next time then.
    pub async fn save_use(&self) -> Result<()> {
        self.save_key_use().await?;
        self.save_role_use().await
    }

    async fn save_role_use(&self) -> Result<()> {
        let state = self.snapshot();
        let fresh: Vec<RoleUse> = {
            let mut uses = self.role_use.lock().unwrap_or_else(PoisonError::into_inner);
            uses.retain(|role, _| state.principal_by_unique_id(role.as_str()).is_some());
            uses.values().cloned().collect()
        };
        let news = |used: &RoleUse| {
            state.get::<RoleUse>(used.account, used.role.as_str()).is_none_or(|held| **held != *used)
        };
        let fresh: Vec<RoleUse> = fresh.into_iter().filter(news).collect();
        if fresh.is_empty() {
            return Ok(());
        }
        self.store
            .write("save_role_use", move |tx| {
                for used in fresh {
                    if tx.state().principal_by_unique_id(used.role.as_str()).is_some() {
                        tx.put(used.into_object());
                    }
                }
                Ok(())
            })
            .await
    }

    async fn save_key_use(&self) -> Result<()> {
        let fresh = std::mem::take(&mut *self.key_use.lock().unwrap_or_else(PoisonError::into_inner));
        if fresh.is_empty() {
            return Ok(());
        }
        let uses = fresh.clone();
        let saved = self
            .store
            .write("save_key_use", move |tx| {
                for (id, used) in uses {
                    if tx.state().access_key(&id).is_some() && tx.state().key_use(&id) != Some(&used) {
                        tx.put(Object::KeyUse(id, used));
                    }
                }
                Ok(())
            })
            .await;
        if saved.is_err() {
            let mut kept = self.key_use.lock().unwrap_or_else(PoisonError::into_inner);
            for (id, used) in fresh {
                kept.entry(id).or_insert(used);
            }
        }
        saved
    }
}
