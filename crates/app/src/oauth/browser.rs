//! Browsers that are signed in: one sign-in serves all apps of a pool, until it is ended or lies unused.
//!
//! INVARIANT: every sign-in gets a cookie of its own, never one the browser brought, and ends what the one before stood
//! for; a browser is signed in only as long as its user stands: there, enabled, not signed out everywhere since.

use std::sync::{Arc, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_model::user_pool::{
    ClientId, PoolBrowser, PoolClient, PoolFault, PoolId, PoolUser, TokenHash, Uuid,
};
use garita_model::{AccountId, ObjectKey, Plain as _, PoolDevice, Result, Secret, StageSession};
use garita_store::Snapshot;
use jiff::Timestamp;
use serde_json::json;

use super::ask::Ask;
use super::stage;
use crate::App;
use crate::change::Change;
use crate::console;
use crate::context::RequestContext;
use crate::hash;
use crate::user_pool::AdmittedClient;
use crate::user_pool::finish::must_have_what_groups_demand;
use crate::user_pool::ground::floor_of_user;

/// Somebody who is signed in with a browser.
#[derive(Clone)]
pub struct SignedIn {
    pub(crate) browser: Arc<PoolBrowser>,
    pub(crate) user: Arc<PoolUser>,
}

impl SignedIn {
    /// What they are called.
    pub fn name(&self) -> &str {
        // Who signed up with an address has the `sub` for a name.
        let nameless = *self.user.name == *self.user.sub.to_string();
        self.user.attributes.get("email").filter(|_| nameless).unwrap_or(&self.user.name)
    }
    /// The browser.
    pub(crate) fn browser(&self) -> &PoolBrowser {
        &self.browser
    }
    /// Whom the pool knows them as.
    pub(crate) fn sub(&self) -> Uuid {
        self.user.sub
    }
    /// The user, if the browser is signed in still.
    pub(crate) fn still(&self, state: &Snapshot, now: Timestamp) -> Option<Arc<PoolUser>> {
        find(state, &self.browser.pool, self.browser.cookie, now).map(|still| still.user)
    }
    /// The app client they signed in for.
    pub fn client(&self) -> Option<&ClientId> {
        self.browser.client.as_ref()
    }
    /// Who vouched for them: a provider, or the pool itself.
    pub fn vouched_by(&self) -> &str {
        self.browser.provider.as_deref().unwrap_or(PoolClient::OWN)
    }
    /// Whether an app client sends people to who vouched for them. A browser is signed in at the pool, but an app that
    /// takes only whom a company's provider knows must not get others because they came by another app.
    pub fn may_use(&self, client: &PoolClient) -> bool {
        client.takes(self.vouched_by())
    }
    /// Whether they are whom an app asks for, by the provider that it asks for, if it names them.
    pub fn fits(&self, client: &PoolClient, ask: &Ask) -> bool {
        let vouched = ask.provider.as_deref().is_none_or(|named| named == self.vouched_by());
        self.may_use(client) && vouched && self.is_meant(ask)
    }
    /// Whether they are whom an app asks for, if it names somebody. OpenID Connect Core section 3.1.2.2: nobody else may be
    /// told of in their place.
    pub fn is_meant(&self, ask: &Ask) -> bool {
        ask.subject.is_none_or(|meant| meant == self.sub())
    }
    /// The same of whom it takes, as an error.
    pub(super) fn must_be_taken(&self, client: &PoolClient) -> Result<()> {
        if self.may_use(client) {
            return Ok(());
        }
        Err(PoolFault::NotAuthorized
            .because("the app client does not take people of who vouched for this sign-in"))
    }
    /// The user, as they were when this was found.
    pub fn user(&self) -> &PoolUser {
        &self.user
    }
    /// When they signed in.
    pub fn since(&self) -> Timestamp {
        self.browser.signed_in
    }
    /// Whether they signed in within so many seconds.
    pub fn is_fresh(&self, max_age: Option<u32>, now: Timestamp) -> bool {
        max_age.is_none_or(|most| now.as_second().saturating_sub(self.since().as_second()) <= i64::from(most))
    }
}

/// A browser that has just signed in.
pub struct NewBrowser {
    /// Its cookie.
    pub cookie: Secret<String>,
    /// Who signed in.
    pub who: SignedIn,
}

/// What was shown at a sign-in.
pub(crate) struct Opening {
    /// Whether a second factor was.
    pub(crate) mfa: bool,
    /// The provider that vouched for the user; none when the pool itself did.
    pub(crate) provider: Option<Box<str>>,
}

/// Signs a browser in, in place of what its former cookie stood for.
///
/// # Errors
/// `Internal` when there is no randomness.
pub(crate) fn open(
    change: &mut Change<'_>,
    admitted: &AdmittedClient,
    user: &Arc<PoolUser>,
    opening: Opening,
    former: Option<&str>,
) -> Result<NewBrowser> {
    let pool = Arc::clone(admitted.user_pool());
    if let Some(former) = former {
        let place = PoolBrowser::place(&pool.id, &hash::of(former));
        if let Some(held) = change.state().get::<PoolBrowser>(pool.account, &place).cloned() {
            change.end_browser(PoolBrowser::clone(&held));
        }
    }
    let mut bytes = [0_u8; 32];
    change.entropy().fill(&mut bytes)?;
    let cookie = Secret::new(URL_SAFE_NO_PAD.encode(bytes));
    let now = change.now();
    let browser = PoolBrowser {
        account: pool.account,
        pool: pool.id.clone(),
        cookie: hash::of(cookie.expose()),
        user: user.sub,
        signed_in: now,
        used: now,
        iss_rev: change.revision(),
        mfa: opening.mfa,
        client: Some(admitted.client().id.clone()),
        provider: opening.provider,
    };
    change.put_own(admitted, browser.clone().into_object())?;
    Ok(NewBrowser { cookie, who: SignedIn { browser: Arc::new(browser), user: Arc::clone(user) } })
}

impl App {
    /// Who is signed in with a browser that brings a cookie.
    pub fn signed_in(&self, pool: &PoolId, cookie: &str, now: Timestamp) -> Option<SignedIn> {
        find(&self.snapshot(), pool, hash::of(cookie), now)
    }

    /// Notes that a browser was used, once in a while: [`PoolBrowser::GRAIN`].
    ///
    /// # Errors
    /// `Unavailable` when the store cannot keep it.
    pub async fn note_browser_use(self: &Arc<Self>, cx: &RequestContext, who: &SignedIn) -> Result<()> {
        if !who.browser.is_stale(cx.now()) {
            return Ok(());
        }
        let cookie = who.browser.cookie;
        let pool = who.browser.pool.clone();
        let now = cx.now();
        self.change(cx, move |change| {
            if let Some(who) = find(change.state(), &pool, cookie, now) {
                change.note_use(PoolBrowser { used: now, ..PoolBrowser::clone(&who.browser) });
            }
            Ok(())
        })
        .await
    }

    /// Writes down when browsers were used at stages. What is lost with the process makes a browser sign in earlier.
    async fn save_browser_use(&self) -> Result<()> {
        let fresh = std::mem::take(&mut *self.browser_use.lock().unwrap_or_else(PoisonError::into_inner));
        if fresh.is_empty() {
            return Ok(());
        }
        let write = self.store.write("save_browser_use", move |tx| {
            let accounts: Vec<AccountId> = tx.state().accounts().map(|account| account.id).collect();
            for account in accounts {
                let browsers = tx.state().list::<PoolBrowser>(account, "");
                let used = browsers.filter_map(|held| {
                    let used = fresh.get(&held.cookie.0).copied().filter(|used| *used > held.used)?;
                    Some(PoolBrowser { used, ..PoolBrowser::clone(held) })
                });
                for browser in used.collect::<Vec<_>>() {
                    tx.put(browser.into_object());
                }
            }
            Ok(())
        });
        write.await
    }

    /// Forgets browsers, devices and sessions at stages and at the console that are over.
    ///
    /// # Errors
    /// `Unavailable` when the store cannot keep it.
    pub async fn sweep_browsers(self: &Arc<Self>) -> Result<()> {
        self.save_browser_use().await?;
        let (state, now) = (self.snapshot(), self.clock.now());
        for account in state.accounts().map(|account| account.id) {
            let browsers = state.list::<PoolBrowser>(account, "").filter(|browser| browser.is_over(now));
            let over = browsers.map(|browser| ObjectKey::plain(browser.as_ref()));
            let devices = state.list::<PoolDevice>(account, "").filter(|device| device.is_over(now));
            let over = over.chain(devices.map(|device| ObjectKey::plain(device.as_ref())));
            let stages = state.list::<StageSession>(account, "");
            let over = over.chain(stages.flat_map(|session| stage::over(&state, session, now)));
            let over: Vec<ObjectKey> = over.chain(console::over(&state, account, now)).collect();
            if over.is_empty() {
                continue;
            }
            let cx = self.operator(account, "ForgetBrowsers", json!({ "count": over.len() }))?;
            self.change(&cx, move |change| {
                for key in over {
                    change.forget(key);
                }
                Ok(())
            })
            .await?;
        }
        Ok(())
    }
}

/// Who is signed in with the browser of a cookie's hash.
pub(super) fn find(state: &Snapshot, pool: &PoolId, cookie: TokenHash, now: Timestamp) -> Option<SignedIn> {
    let owner = state.user_pool(pool)?;
    let browser = state.get::<PoolBrowser>(owner.account, &PoolBrowser::place(pool, &cookie))?;
    let user = state.pool_user(pool, browser.user)?;
    // Who has joined a group that asks for a second factor since must sign in anew.
    let proved = must_have_what_groups_demand(owner, user, browser.mfa).is_ok();
    let floor = floor_of_user(state, owner, user, browser.provider.as_deref())?;
    let stands = !browser.is_over(now) && browser.iss_rev >= floor && proved;
    stands.then(|| SignedIn { browser: Arc::clone(browser), user: Arc::clone(user) })
}
