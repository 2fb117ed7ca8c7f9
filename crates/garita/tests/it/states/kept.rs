//! What is stored, put back after each question, so that no answer changes the next.

use std::collections::BTreeMap;

use garita_model::{Object, ObjectKey, ObjectKind};
use garita_testkit::TestGarita;

/// Everything that was stored at a moment, but for when keys and roles were used.
pub(super) struct Kept(BTreeMap<ObjectKey, (String, Object)>);

impl Kept {
    /// What is stored now.
    pub(super) fn of(garita: &TestGarita) -> Self {
        let state = garita.app.snapshot();
        let known = state
            .objects()
            .filter(|object| !matches!(object.key().kind, ObjectKind::RoleUse | ObjectKind::KeyUse));
        Self(known.map(|object| (object.key(), (object.to_document().unwrap(), object))).collect())
    }

    /// What is another now, or is no more.
    pub(super) fn lost(&self, garita: &TestGarita) -> Vec<&Object> {
        let now = Self::of(garita).0;
        let lost =
            self.0.iter().filter(|(key, (before, _))| now.get(key).is_none_or(|(held, _)| held != before));
        lost.map(|(_, (_, object))| object).collect()
    }

    /// Has it stored again.
    pub(super) async fn put_back(&self, garita: &TestGarita) {
        let lost: Vec<Object> = self.lost(garita).into_iter().cloned().collect();
        let gone: Vec<ObjectKey> =
            Self::of(garita).0.into_keys().filter(|key| !self.0.contains_key(key)).collect();
        if lost.is_empty() && gone.is_empty() {
            return;
        }
        garita.delete(gone).await;
        garita.put(lost).await;
        garita.mail.take();
    }
}
