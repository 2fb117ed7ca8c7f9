//! Who is there, by the session of a browser at an API stage: the one place that takes its cookie as a credential.
//!
//! What is found by the cookie is what the session rests on, never who it was or what they may do: that is asked of the
//! newest snapshot at every request, as for a token. INVARIANT: a session opens only the API it was made for, and only
//! while the API signs people in with that app client; a cookie that stands for nothing is an error, never nobody.

use std::sync::PoisonError;

use garita_model::user_pool::{PoolBrowser, TokenHash};
use garita_store::Snapshot;
use jiff::Timestamp;

use super::bearer::{AcceptedPool, BearerError, BearerRefused};
use super::person::{Person, Shown};
use crate::App;
use crate::context::{Arrival, RequestContext};
use crate::oauth::stage::{self, AtStage};

impl App {
    /// Finds out who sent a request to an API, by the cookie of their browser's session there.
    ///
    /// # Errors
    /// [`BearerRefused`] for a cookie that does not let its bearer in.
    pub fn authenticate_browser(
        &self,
        arrival: Arrival,
        api: &str,
        cookie: &str,
        pools: &[AcceptedPool],
    ) -> Result<RequestContext, Box<BearerRefused>> {
        let (state, now) = (self.snapshot(), arrival.now);
        let found = self.at_stage(&state, api, cookie, pools, now).ok_or(BearerError::Ended);
        self.admit_person(&state, arrival, found)
    }

    fn at_stage<'p>(
        &self,
        state: &Snapshot,
        api: &str,
        cookie: &str,
        pools: &'p [AcceptedPool],
        now: Timestamp,
    ) -> Option<(Person, &'p AcceptedPool)> {
        let find = |pool: &'p AcceptedPool| Some((stage::find(state, api, pool, cookie, now)?, pool));
        let (found, accepted) = pools.iter().find_map(find)?;
        let AtStage { session, who, sign_in } = found;
        let most = who.browser.signed_in.saturating_add(PoolBrowser::LIFE).ok()?;
        let person = Person {
            shown: Shown {
                id: sign_in.id.to_string(),
                issued: sign_in.started,
                expires: most.min(sign_in.expires),
                iss_rev: sign_in.iss_rev,
            },
            pool: state.user_pool(&accepted.id)?.clone(),
            user: who.user.clone(),
            client: sign_in.client.clone(),
            sign_in: Some(sign_in),
        };
        if who.browser.is_stale(now) {
            self.note_stage_use(session.browser, now);
        }
        Some((person, accepted))
    }

    /// Remembers that a browser was used; [`App::sweep_browsers`] writes it down.
    fn note_stage_use(&self, browser: TokenHash, now: Timestamp) {
        self.browser_use.lock().unwrap_or_else(PoisonError::into_inner).insert(browser.0, now);
    }
}
