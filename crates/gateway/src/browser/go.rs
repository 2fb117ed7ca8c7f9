//! On the way to the sign-in pages.
//!
//! MLflow's pages keep where they are in the fragment of their address, which browsers do not send. So a small page of ours
//! reads it and sends it along; without scripts it leads on all the same, and somebody comes back to the first page.
//! What was wanted then travels as the `state` of the request for a code, sealed for the browser by a cookie. The proof
//! key is made of that cookie: a code is worth nothing in another browser.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_app::RequestContext;
use garita_app::oauth::code_challenge;
use garita_model::{Entropy, Error, Secret};
use garita_wire::browser::{Browser, COOKIE_BYTES};
use http::StatusCode;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::cookie;
use super::target::Target;
use super::{FOLDER, Replied, Visit, page};
use crate::gateway::Gateway;
use crate::path::encode_into;
use crate::query::Query;
use crate::refusal::{Refusal, logged};

/// How long somebody may take to sign in.
const LIFE: SignedDuration = SignedDuration::from_hours(1);
/// Most bytes of a sealed state: what an authorization request may bring.
const MAX_STATE: usize = 2048;

/// What comes back with the code.
#[derive(Serialize, Deserialize)]
pub(super) struct Wanted {
    /// The browser, by the hash of its cookie.
    #[serde(rename = "b")]
    browser: String,
    /// Makes each proof key another one.
    #[serde(rename = "n")]
    nonce: String,
    /// Where to, behind the stage.
    #[serde(rename = "t")]
    pub(super) target: String,
    #[serde(rename = "f", default, skip_serializing_if = "String::is_empty")]
    pub(super) fragment: String,
}

/// Where a page without a session is led first.
pub(super) fn location(visit: &Visit<'_>) -> String {
    let mut wanted = visit.rest.encoded();
    if !visit.shape.query.is_empty() {
        wanted.push('?');
        wanted.push_str(visit.shape.query);
    }
    let mut location = format!("{}/{FOLDER}/sign-in?to=", visit.place.root());
    encode_into(&mut location, &wanted);
    location
}

impl Gateway {
    /// Begins a sign-in.
    pub(super) async fn go(&self, cx: &RequestContext, visit: &Visit<'_>) -> Replied {
        if !visit.place.keeps_cookies() {
            let url = visit.place.url();
            return Err(Refusal::shape(
                StatusCode::BAD_REQUEST,
                format!(
                    "nobody can sign in at `{url}`: browsers keep the cookies of sessions on HTTPS and on loopback only. Reach \
                     the stage over TLS and set that address as the `public_url` of its api"
                ),
            ));
        }
        let query = Query::parse(visit.shape.query, &[]);
        let query = query.map_err(|error| Refusal::bad_request(error.to_string()))?;
        let wanted = query.get("to").unwrap_or("/");
        let target = Target::parse(wanted).unwrap_or_default();
        let callback = callback(visit);
        let place = self.app.sign_in_place(visit.pool, &callback).map_err(|why| {
            let message = format!("nobody can sign in at this stage yet: {why}");
            Refusal::shape(StatusCode::INTERNAL_SERVER_ERROR, message)
        })?;
        let Some(fragment) = query.get("at") else {
            self.record(cx).await?;
            let mut on = format!("{}/{FOLDER}/sign-in?to=", visit.place.root());
            encode_into(&mut on, &target.behind(""));
            on.push_str("&at=");
            return Ok(page::going(&visit.frame(), &on, cx.request_id()));
        };
        let random = || random(self.app.entropy()).map_err(|error| logged(&error));
        let browser = Browser::of_or_new(visit.headers(), &door(visit), random)?;
        let nonce = URL_SAFE_NO_PAD.encode(random()?);
        let state = self.state(cx, visit, &browser, &nonce, target.at(fragment))?;
        let verifier = verifier(&browser, &nonce);
        let mut location = format!("{}/oauth2/authorize?response_type=code", place.issuer);
        let challenge = code_challenge(verifier.expose());
        let asked = [
            ("client_id", Some(place.client.as_str())),
            ("redirect_uri", Some(callback.as_str())),
            ("scope", place.scope),
            ("state", Some(state.as_str())),
            ("code_challenge", Some(challenge.as_str())),
            ("code_challenge_method", Some("S256")),
        ];
        for (name, value) in asked {
            let Some(value) = value else { continue };
            location.push_str(&format!("&{name}="));
            encode_into(&mut location, value);
        }
        let response = self.lead(cx, &location).await?;
        Ok(page::with_cookie(response, browser.cookie()))
    }

    /// Seals what is wanted; what would not fit is cut from its end.
    fn state(
        &self,
        cx: &RequestContext,
        visit: &Visit<'_>,
        browser: &Browser,
        nonce: &str,
        mut target: Target,
    ) -> Result<String, Refusal> {
        loop {
            let whole = target.behind("");
            let (path, fragment) = whole.split_once('#').unwrap_or((&whole, ""));
            let wanted = Wanted {
                browser: browser.hash(),
                nonce: nonce.to_owned(),
                target: path.to_owned(),
                fragment: fragment.to_owned(),
            };
            let sealed = self.app.seal(&purpose(visit), &wanted, cx.now(), LIFE);
            match sealed {
                Ok(sealed) if sealed.len() <= MAX_STATE => return Ok(sealed),
                Ok(_) | Err(Error::TooLarge(_)) if whole != "/" => target = target.shorter(),
                Ok(_) => return Err(logged(&Error::internal("the state of a sign-in is too large"))),
                Err(error) => return Err(logged(&error)),
            }
        }
    }

    /// Opens what came back, if it was sealed for this stage and this browser.
    pub(super) fn wanted(
        &self,
        cx: &RequestContext,
        visit: &Visit<'_>,
        state: &str,
    ) -> Option<(Wanted, Secret<String>)> {
        let wanted: Wanted = self.app.unseal(&purpose(visit), state, cx.now())?;
        let browser =
            Browser::of(visit.headers(), &door(visit)).filter(|brought| brought.is(&wanted.browser))?;
        let verifier = verifier(&browser, &wanted.nonce);
        Some((wanted, verifier))
    }
}

/// Where the sign-in pages send a browser back to.
pub(super) fn callback(visit: &Visit<'_>) -> String {
    format!("{}/{FOLDER}/callback", visit.place.url())
}

fn purpose(visit: &Visit<'_>) -> String {
    format!("sign-in at the stage {} with {}", visit.stage.api.id, visit.pool.id)
}

/// The cookie of the browser that a sign-in begins in.
fn door(visit: &Visit<'_>) -> String {
    cookie::door(&visit.stage.api.id)
}

/// RFC 7636 section 4.1: 43 characters that nobody but this browser can know.
fn verifier(browser: &Browser, nonce: &str) -> Secret<String> {
    Secret::new(browser.secret_for(&format!("proof key\n{nonce}")))
}

fn random(entropy: &dyn Entropy) -> Result<[u8; COOKIE_BYTES], Error> {
    let mut bytes = [0_u8; COOKIE_BYTES];
    entropy.fill(&mut bytes)?;
    Ok(bytes)
}
