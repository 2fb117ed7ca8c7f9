//! Use of access keys: kept in memory as it happens, written to the store now and then.

use std::sync::PoisonError;

use garita_model::access_key::LastUsed;
use garita_model::{AccessKeyId, Object, Result};

use crate::App;

impl App {
    /// When a key was last used, as far as this node knows.
    pub fn last_used(&self, id: &AccessKeyId) -> Option<LastUsed> {
        let fresh = self.key_use.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned();
        fresh.or_else(|| self.snapshot().key_use(id).cloned())
    }

    /// Writes what is known of key use to the store; called every minute and at the end.
    ///
    /// # Errors
    /// `Unavailable` when the store cannot keep it; it is kept for the next time then.
    pub async fn save_key_use(&self) -> Result<()> {
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
