//! Forgetting sign-ins and codes that are over, so that the store does not grow for ever.
//!
//! INVARIANT: a sign-in is kept for as long as a token of it could be good, and one that was ended for as long as what led
//! to it could be shown again: [`PoolSession::is_over`](garita_model::PoolSession). What is to go is looked at again in the
//! change that deletes it.

use std::sync::Arc;

use garita_model::user_pool::{CodePurpose, PoolId, Uuid};
use garita_model::{AccountId, ObjectKey, Result};
use garita_store::Snapshot;
use jiff::Timestamp;
use serde_json::json;

use crate::App;
use crate::change::Change;

/// Most deletions of a change: others wait for it.
const AT_ONCE: usize = 1_000;

/// Something that is over.
#[derive(Clone)]
enum Over {
    Session(PoolId, Uuid),
    Code(PoolId, Uuid, CodePurpose),
}

impl Over {
    /// Whether it is there and over still.
    fn holds(&self, state: &Snapshot, now: Timestamp) -> bool {
        match self {
            Self::Session(pool, id) => state.pool_session(pool, *id).is_some_and(|held| held.is_over(now)),
            Self::Code(pool, user, purpose) => {
                state.pool_code(pool, *user, *purpose).is_some_and(|held| held.is_over(now))
            }
        }
    }

    fn key(&self) -> ObjectKey {
        match self {
            Self::Session(pool, id) => ObjectKey::pool_session(pool, *id),
            Self::Code(pool, user, purpose) => ObjectKey::pool_code(pool, *user, *purpose),
        }
    }
}

impl App {
    /// Forgets sign-ins and codes that are over; answers how many. To be called every hour or so.
    ///
    /// # Errors
    /// `Unavailable` when the store cannot keep it; what came before is done.
    pub async fn sweep_pools(self: &Arc<Self>) -> Result<usize> {
        let (state, now) = (self.snapshot(), self.clock.now());
        let mut forgotten = 0;
        for account in state.accounts().map(|account| account.id) {
            for some in over_in(&state, account, now).chunks(AT_ONCE) {
                forgotten += self.forget_in_pools(account, some.to_vec(), now).await?;
            }
        }
        Ok(forgotten)
    }

    async fn forget_in_pools(
        self: &Arc<Self>,
        account: AccountId,
        over: Vec<Over>,
        now: Timestamp,
    ) -> Result<usize> {
        let cx = self.operator(account, "ForgetSignIns", json!({ "count": over.len() }))?;
        self.change(&cx, move |change: &mut Change<'_>| {
            let still: Vec<Over> = over.into_iter().filter(|over| over.holds(change.state(), now)).collect();
            for over in &still {
                change.forget(over.key());
            }
            Ok(still.len())
        })
        .await
    }
}

/// What is over in the pools of an account.
fn over_in(state: &Snapshot, account: AccountId, now: Timestamp) -> Vec<Over> {
    let mine = |pool: &PoolId| state.user_pool(pool).is_some_and(|pool| pool.account == account);
    let sessions = state.all_pool_sessions().filter(|held| held.is_over(now) && mine(&held.pool));
    let sessions = sessions.map(|held| Over::Session(held.pool.clone(), held.id));
    let codes = state.all_pool_codes().filter(|held| held.is_over(now) && mine(&held.pool));
    sessions.chain(codes.map(|held| Over::Code(held.pool.clone(), held.user, held.purpose))).collect()
}
