//! Devices without a browser: RFC 8628. A device gets two codes, one to come back with and one to show; somebody types
//! the shown one at a browser and decides; the device comes back and gets tokens, once.
//!
//! The shown code has eight letters of twenty (34 bits) and lives for ten minutes; INVARIANT: no more than
//! [`MOST_WAITING`] devices of a client wait at a time and wrong codes are counted, so guessing finds none in that time, and
//! strangers cannot fill the store.

use std::net::IpAddr;
use std::sync::Arc;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_model::user_pool::{ClientId, DeviceDecision, PoolDevice, TokenHash, UserPool};
use garita_model::{Error, Plain as _, Result, Secret};
use garita_store::Snapshot;
use jiff::SignedDuration;

use super::ask::scopes;
use super::browser::SignedIn;
use super::client::ProvenClient;
use super::fault::{OAuthCode, OAuthFault};
use super::grant::needs_flow;
use super::polls::INTERVAL;
use crate::App;
use crate::attempts::Tried;
use crate::context::{Concerned, RequestContext};
use crate::hash;
use crate::user_pool::too_often;

/// No vowels, so that no words come out, and nothing that looks alike: RFC 8628 section 6.1.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// Letters of a shown code.
const SHOWN: usize = 8;
/// Most devices of a client that wait at a time.
const MOST_WAITING: usize = 500;

/// What a device is given.
pub struct DeviceCodes {
    /// To come back with.
    pub code: Secret<String>,
    /// To show.
    pub shown: String,
    /// How long both are good.
    pub life: SignedDuration,
    /// How long to wait between two questions.
    pub interval: SignedDuration,
}

/// A device that waits for a decision.
#[derive(Clone)]
pub struct WaitingDevice {
    /// Its client.
    pub client: ClientId,
    /// What it asks for.
    pub scopes: Vec<String>,
    /// The code it shows.
    pub shown: String,
    device: Arc<PoolDevice>,
}

impl App {
    /// Lets a device wait.
    ///
    /// # Errors
    /// `unauthorized_client` when the client is not open to people; `invalid_scope`; `slow_down` when too many wait.
    pub async fn authorize_device(
        self: &Arc<Self>,
        cx: &RequestContext,
        client: &ProvenClient,
        scope: Option<&str>,
    ) -> Result<DeviceCodes, OAuthFault> {
        needs_flow(client.client(), "code")?;
        let scopes = scopes(scope, client.client())?;
        let broken = |error: Error| OAuthFault::from(&error);
        let (code, shown) = self.draw_codes().map_err(broken)?;
        let device = PoolDevice {
            account: client.pool().account,
            pool: client.pool().id.clone(),
            code: hash::of(code.expose()),
            shown: self.shown_mac(&shown).map_err(broken)?,
            client: client.client().id.clone(),
            scopes,
            started: cx.now(),
            decision: DeviceDecision::Pending,
        };
        let admitted = client.admitted().clone();
        let kept = self.change(cx, move |change| {
            let now = change.cx().now();
            let waiting = of_pool(change.state(), admitted.user_pool());
            let waiting = waiting.filter(|held| held.client == device.client && !held.is_over(now)).count();
            if waiting >= MOST_WAITING {
                return Err(Error::LimitExceeded("too many devices wait".to_owned()));
            }
            change.put_own(&admitted, device.into_object())
        });
        match kept.await {
            Ok(()) => Ok(DeviceCodes { code, shown, life: PoolDevice::LIFE, interval: INTERVAL }),
            Err(Error::LimitExceeded(_)) => Err(OAuthCode::SlowDown
                .because("too many devices of this app client wait: try again in some minutes")),
            Err(error) => Err(broken(error)),
        }
    }

    fn draw_codes(&self) -> Result<(Secret<String>, String)> {
        let mut bytes = [0_u8; 32];
        self.entropy().fill(&mut bytes)?;
        let code = Secret::new(URL_SAFE_NO_PAD.encode(bytes));
        let mut shown = String::new();
        while shown.len() < SHOWN {
            let mut bytes = [0_u8; 16];
            self.entropy().fill(&mut bytes)?;
            // 240 is the greatest multiple of twenty: beyond it some letters would come more often.
            let fair =
                bytes.iter().filter(|byte| **byte < 240).filter_map(|b| LETTERS.get(usize::from(*b) % 20));
            shown.extend(fair.take(SHOWN - shown.len()).map(|letter| char::from(*letter)));
        }
        shown.insert(SHOWN / 2, '-');
        Ok((code, shown))
    }

    fn shown_mac(&self, shown: &str) -> Result<TokenHash> {
        let letters: String = shown.chars().filter(char::is_ascii_alphabetic).collect();
        self.keyring.mac("device-user-code", &[letters.to_ascii_uppercase().as_bytes()]).map(TokenHash)
    }

    /// The device that shows a code which somebody has typed. Wrong codes are counted by the address they come from, as
    /// RFC 8628 section 5.1 asks. A right code takes back its own try only, and not the wrong ones before it: anybody can
    /// have a device show one.
    ///
    /// # Errors
    /// `LimitExceeded` after too many wrong ones; as [`App::waiting_device`].
    pub fn typed_device(
        &self,
        cx: &RequestContext,
        pool: &UserPool,
        typed: &str,
    ) -> Result<Option<WaitingDevice>> {
        let from = network(cx.arrival().source_ip);
        let attempt = self.attempts.begin(Tried::DeviceCode, pool.id.as_str(), &from, cx.now());
        let attempt = attempt.ok_or_else(too_often)?;
        let found = self.waiting_device(cx, pool, typed)?;
        if found.is_some() {
            self.attempts.take_back(&attempt);
        }
        Ok(found)
    }

    /// The device that shows a code, if somebody may still decide about it. Case and hyphens do not matter.
    ///
    /// # Errors
    /// `Internal` when the crypto library fails.
    pub fn waiting_device(
        &self,
        cx: &RequestContext,
        pool: &UserPool,
        typed: &str,
    ) -> Result<Option<WaitingDevice>> {
        cx.concerns(Concerned { account: pool.account, pool: pool.id.to_string(), sub: None });
        let typed: String = typed.chars().take(32).collect();
        let (mac, state) = (self.shown_mac(&typed)?, self.snapshot());
        let found = of_pool(&state, pool).find(|device| {
            verify_slices_are_equal(&device.shown.0, &mac.0).is_ok()
                && device.decision == DeviceDecision::Pending
                && !device.is_over(cx.now())
        });
        Ok(found.map(|device| {
            let letters: String = typed.chars().filter(char::is_ascii_alphabetic).collect();
            let mut shown = letters.to_ascii_uppercase();
            shown.insert(SHOWN / 2, '-');
            let (client, scopes) = (device.client.clone(), device.scopes.clone());
            WaitingDevice { client, scopes, shown, device: Arc::clone(device) }
        }))
    }

    /// Decides about a device.
    ///
    /// # Errors
    /// `NotFound` when it no longer waits; `NotAuthorized` for who came by a provider that its app client does not send
    /// people to.
    pub async fn decide_device(
        self: &Arc<Self>,
        cx: &RequestContext,
        device: WaitingDevice,
        who: &SignedIn,
        allowed: bool,
    ) -> Result<()> {
        let who = who.clone();
        let admitted = self.admit(&self.snapshot(), cx, &device.client)?;
        if allowed {
            who.must_be_taken(admitted.client())?;
        }
        self.change(cx, move |change| {
            let pool = admitted.user_pool();
            let now = change.cx().now();
            let gone = || Error::NotFound("the device no longer waits".to_owned());
            let place = PoolDevice::place(&pool.id, &device.device.code);
            let held = change.state().get::<PoolDevice>(pool.account, &place);
            let held = held.filter(|held| held.decision == DeviceDecision::Pending && !held.is_over(now));
            let mut decided = PoolDevice::clone(held.ok_or_else(gone)?);
            let still =
                super::browser::find(change.state(), &pool.id, who.browser.cookie, now).ok_or_else(gone)?;
            decided.decision = if allowed {
                DeviceDecision::Allowed {
                    user: still.user.sub,
                    signed_in: still.browser.signed_in,
                    second_factor: still.browser.mfa,
                    iss_rev: still.browser.iss_rev,
                    provider: still.browser.provider.clone(),
                }
            } else {
                DeviceDecision::Denied
            };
            change.put_own(&admitted, decided.into_object())
        })
        .await
    }
}

/// Whose address it is: in IPv6 everybody has 64 bits to themselves.
fn network(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("{:x}", address.to_bits() >> 64),
    }
}

/// The devices of a pool that wait, or have waited.
pub(super) fn of_pool<'a>(
    state: &'a Snapshot,
    pool: &UserPool,
) -> impl Iterator<Item = &'a Arc<PoolDevice>> + use<'a> {
    state.list::<PoolDevice>(pool.account, &format!("{}/", pool.id))
}
