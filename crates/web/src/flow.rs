//! What is carried from page to page: for whom somebody signs in, how far they have come, in which language.
//!
//! It is sealed, goes with every form and link, ends after an hour, and opens only for the pool and in the browser it
//! was made for: the browser holds a random cookie, the flow its hash. That is also what keeps another site from
//! sending a form in somebody's name, or from signing somebody in as another (login CSRF).

use garita_app::App;
use garita_app::console::{Proof, Renewal};
use garita_app::oauth::{Ask, Challenge, Errand, errand};
use garita_app::user_pool::{PasskeyChallenge, PendingLink};
use garita_model::user_pool::ClientId;
use garita_model::{Entropy, Result};
use garita_wire::browser::{Browser, COOKIE_BYTES};
use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::cookie;
use crate::pages;
use crate::words::Language;

/// How long somebody may take from the first page to the last.
const LIFE: SignedDuration = SignedDuration::from_hours(1);

/// What a sign-in leads to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Goal {
    /// Back to an app with a code.
    #[serde(rename = "a")]
    App(Ask),
    /// A device of an app client that waits, by the code it shows.
    #[serde(rename = "d")]
    Device(ClientId, String),
    /// The page that shows who is signed in; nobody signs in for that.
    #[serde(rename = "m")]
    Account,
    /// The same page, for who must sign in anew before something is changed there, through an app client.
    #[serde(rename = "w")]
    Renewed(ClientId),
}

impl Goal {
    /// The app client it is for.
    pub(crate) fn client(&self) -> Option<&ClientId> {
        match self {
            Self::App(ask) => Some(&ask.client),
            Self::Device(client, _) => Some(client),
            Self::Renewed(client) => Some(client),
            Self::Account => None,
        }
    }
}

/// How far somebody has come.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) enum Step {
    /// Nothing proved.
    #[default]
    #[serde(rename = "0")]
    Start,
    /// Nothing proved, but something to tell: the key of a message.
    #[serde(rename = "n")]
    Told(String),
    /// A challenge waits for its answer.
    #[serde(rename = "c")]
    Challenge(Challenge),
    /// Somebody signed in as the app asked for, and is asked whether it may.
    #[serde(rename = "q")]
    Consent,
    /// A code was sent for a new password of this name.
    #[serde(rename = "r")]
    Reset(String),
    /// A code was sent to confirm this name.
    #[serde(rename = "f")]
    Confirm(String),
    /// The browser is at a provider.
    #[serde(rename = "e")]
    Outside(Errand),
    /// A passkey may sign this.
    #[serde(rename = "p")]
    Passkey(PasskeyChallenge),
    /// Somebody signs in at the console: what they proved, and why they must choose another password, if they must.
    #[serde(rename = "o")]
    Console(Box<Proof>, Option<Renewal>),
    /// The key of an authenticator app that is being set up.
    #[serde(rename = "k")]
    App(String),
    /// The account is shown with these recovery codes, by the hash of what is kept of them.
    #[serde(rename = "v")]
    Codes(String),
}

/// The state between pages.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Flow {
    #[serde(rename = "b")]
    browser: String,
    #[serde(rename = "g")]
    pub(crate) goal: Goal,
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub(crate) language: Option<Language>,
    #[serde(rename = "s", default)]
    pub(crate) step: Step,
    /// What is to be linked to the account that is signed in to.
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    pub(crate) link: Option<Box<PendingLink>>,
}

impl Flow {
    /// A flow that begins in this browser.
    pub fn begin(browser: &Browser, goal: Goal, language: Option<Language>) -> Self {
        Self { browser: browser.hash(), goal, language, step: Step::Start, link: None }
    }

    /// The same flow, further on.
    pub(crate) fn at(&self, step: Step) -> Self {
        Self { step, ..self.clone() }
    }

    /// The same flow, now that it is known what for.
    pub(crate) fn towards(&self, goal: Goal) -> Self {
        Self { goal, ..self.clone() }
    }

    /// The same flow, with nothing to be linked any more.
    pub(crate) fn unlinked(&self, step: Step) -> Self {
        Self { step, link: None, ..self.clone() }
    }

    /// The same flow, from the start, with something to be linked at its end.
    pub(crate) fn linking(&self, link: PendingLink) -> Self {
        Self { step: Step::Start, link: Some(Box::new(link)), ..self.clone() }
    }

    /// As a form carries it.
    ///
    /// # Errors
    /// As [`App::seal`].
    pub fn seal(&self, app: &App, pool: &str, now: Timestamp) -> Result<pages::Flow> {
        let sealed = app.seal(&purpose(pool), self, now, LIFE)?;
        Ok(pages::Flow { folder: format!("/{pool}"), sealed })
    }

    /// As `state` carries it while the browser is at a provider: no form takes it, and what forms carry is no `state`.
    pub(crate) fn seal_errand(&self, app: &App, pool: &str, now: Timestamp) -> Result<String> {
        app.seal(&errand_purpose(pool), self, now, errand::LIFE)
    }
    /// Opens what a browser brings back from a provider; none as with [`Flow::open`].
    pub(crate) fn open_errand(
        app: &App,
        pool: &str,
        text: &str,
        headers: &HeaderMap,
        now: Timestamp,
    ) -> Option<Self> {
        app.unseal::<Self>(&errand_purpose(pool), text, now)?.of_browser(headers)
    }

    /// Opens what a form or link brings; none when it is too old, of another pool, or of another browser.
    pub fn open(app: &App, pool: &str, text: &str, headers: &HeaderMap, now: Timestamp) -> Option<Self> {
        app.unseal::<Self>(&purpose(pool), text, now)?.of_browser(headers)
    }

    /// The flow, if it is of the browser that sent a request.
    fn of_browser(self, headers: &HeaderMap) -> Option<Self> {
        Browser::of(headers, cookie::BROWSER)?.is(&self.browser).then_some(self)
    }
}

fn errand_purpose(pool: &str) -> String {
    format!("errand of {pool}")
}

fn purpose(pool: &str) -> String {
    format!("pages of {pool}")
}

/// The browser that sent a request, or one that is new here.
///
/// # Errors
/// `Internal` when there is no randomness.
pub fn browser_of(headers: &HeaderMap, entropy: &dyn Entropy) -> Result<Browser> {
    Browser::of_or_new(headers, cookie::BROWSER, || {
        let mut random = [0_u8; COOKIE_BYTES];
        entropy.fill(&mut random)?;
        Ok(random)
    })
}
