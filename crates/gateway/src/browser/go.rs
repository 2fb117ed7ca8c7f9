//! On the way to the sign-in pages.
//!
//! MLflow's pages keep where they are in the fragment of their address, which browsers do not send. So a small page of ours
//! reads it and sends it along; without scripts it leads on all the same, and somebody comes back to the first page.
//! What was wanted then travels as the `state` of the request for a code, sealed for the browser by a cookie. The proof
//! key is made of that cookie: a code is worth nothing in another browser.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_app::RequestContext;
use garita_app::oauth::code_challenge;
use garita_model::{Entropy, Error, Secret};
use http::StatusCode;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::cookie::{self, Found};
use super::target::Target;
use super::{FOLDER, Replied, Visit, page};
use crate::gateway::{Gateway, logged};
use crate::path::encode_into;
use crate::query::Query;
use crate::refusal::Refusal;

/// How long somebody may take to sign in.
const LIFE: SignedDuration = SignedDuration::from_hours(1);
/// Most bytes of a sealed state: what an authorization request may bring.
const MAX_STATE: usize = 2048;
/// Random bytes of the cookie.
const COOKIE_BYTES: usize = 32;

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
        let door = Door::of_or_new(visit, self.app.entropy()).map_err(|error| logged(&error))?;
        let nonce = draw(self.app.entropy()).map_err(|error| logged(&error))?;
        let state = self.state(cx, visit, &door, &nonce, target.at(fragment))?;
        let verifier = door.verifier(&nonce);
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
        Ok(page::with_cookie(response, door.cookie(&visit.stage.api.id)))
    }

    /// Seals what is wanted; what would not fit is cut from its end.
    fn state(
        &self,
        cx: &RequestContext,
        visit: &Visit<'_>,
        door: &Door,
        nonce: &str,
        mut target: Target,
    ) -> Result<String, Refusal> {
        loop {
            let whole = target.behind("");
            let (path, fragment) = whole.split_once('#').unwrap_or((&whole, ""));
            let wanted = Wanted {
                browser: door.hash(),
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
        let door = Door::of(visit)?;
        verify_slices_are_equal(door.hash().as_bytes(), wanted.browser.as_bytes()).ok()?;
        let verifier = door.verifier(&wanted.nonce);
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

/// A browser at the door, by its cookie.
struct Door {
    secret: String,
    is_new: bool,
}

impl Door {
    fn of(visit: &Visit<'_>) -> Option<Self> {
        let name = cookie::door(&visit.stage.api.id);
        let Found::One(secret) = cookie::read(visit.headers(), &name) else { return None };
        let whole = URL_SAFE_NO_PAD.decode(secret).is_ok_and(|bytes| bytes.len() == COOKIE_BYTES);
        whole.then(|| Self { secret: secret.to_owned(), is_new: false })
    }

    fn of_or_new(visit: &Visit<'_>, entropy: &dyn Entropy) -> Result<Self, Error> {
        match Self::of(visit) {
            Some(known) => Ok(known),
            None => Ok(Self { secret: draw(entropy)?, is_new: true }),
        }
    }

    fn cookie(&self, api: &str) -> Option<http::HeaderValue> {
        self.is_new.then(|| cookie::set(&cookie::door(api), &self.secret)).flatten()
    }

    fn hash(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest(&SHA256, self.secret.as_bytes()))
    }

    /// RFC 7636 section 4.1: 43 characters that nobody but this browser can know.
    fn verifier(&self, nonce: &str) -> Secret<String> {
        let text = format!("proof key\n{nonce}\n{}", self.secret);
        Secret::new(URL_SAFE_NO_PAD.encode(digest(&SHA256, text.as_bytes())))
    }
}

fn draw(entropy: &dyn Entropy) -> Result<String, Error> {
    let mut bytes = [0_u8; COOKIE_BYTES];
    entropy.fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
