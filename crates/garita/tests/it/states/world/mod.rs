//! People of a pool with everything that they can hold, from before something happens to them.
//!
//! `ana` has a password and a passkey, and is in a group with a role; `eve` proves hers by SRP, so that her tries are not
//! counted with `ana`'s; `mia` has two second factors and recovery codes; `neo` has a password that must be changed; `sue`, `sam` and `sid` must set a second factor up, and `sue` has done so at
//! the API; `una` has signed up and is not confirmed; `fay` is known to a provider outside, which vouches for her.
//!
//! [`pool`] makes them; [`api`], [`pages`], [`provider`] and [`stage`] say what they hold of each door.

mod api;
mod pages;
mod pool;
mod provider;
mod stage;

use std::collections::BTreeMap;
use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_app::AcceptedPool;
use garita_app::srp::Parameters;
use garita_model::Clock as _;
use garita_model::user_pool::PoolId;
use garita_testkit::{Authenticator, Kind, Says, TestIdp, base32, one_time_code};
use serde_json::Value;

use super::doors::{API, Browser, Doors, Reply, SITE};
pub(crate) use pool::{client_settings, group_of, provider_settings};

pub(crate) const PASSWORD: &str = "Tell-nobody-1";
/// What people of another pool have in its place, who have the same names.
const ANOTHER: &str = "Tell-nobody-4";
pub(crate) const BACK: &str = "https://app.example/back";
pub(crate) const LEFT: &str = "https://app.example/left";
pub(crate) const PEOPLE: [&str; 8] = ["ana", "eve", "mia", "neo", "sue", "sam", "sid", "una"];
/// What `fay` is called here.
pub(crate) const FAY: &str = "Corp_fay";
/// A proof key and its challenge: RFC 7636 appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const CALLBACK: &str = "http://localhost/prod/garita/callback";
pub(crate) const PAGE: [(&str, &str); 3] =
    [("accept", "text/html"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];

/// An app client with its secret.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) secret: String,
}

impl Client {
    /// What it shows, with other fields.
    pub(crate) fn with<'a>(&'a self, fields: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let own = [("client_id", self.id.as_str()), ("client_secret", self.secret.as_str())];
        [&own[..], fields].concat()
    }
}

/// Tokens of a sign-in.
pub(crate) struct Tokens {
    pub(crate) id: String,
    pub(crate) access: String,
    pub(crate) refresh: String,
}

/// A step that waits at a page: what the browser brings, and where to.
pub(crate) type Waiting = (Browser, String);

/// A pool, its people, and what they hold.
pub(crate) struct World {
    pub(crate) doors: Doors,
    /// The API that the stage is of.
    pub(crate) api: &'static str,
    pub(super) password: &'static str,
    pub(crate) pool: String,
    /// A client without a secret, of which the stage is one.
    pub(crate) ui: String,
    /// A client with a secret.
    pub(crate) app: Client,
    /// A client that acts for itself.
    pub(crate) job: Client,
    /// `ana`'s, by the API.
    pub(crate) tokens: Tokens,
    /// `ana`'s, by a code.
    pub(crate) granted: Tokens,
    /// `fay`'s, by a code.
    pub(crate) vouched: Tokens,
    /// The provider that vouches for her, and her browser.
    pub(super) idp: TestIdp,
    pub(crate) vouched_browser: Browser,
    /// A code that was not used, and a device that was allowed.
    pub(crate) code: String,
    pub(crate) device: String,
    /// The code that another device shows.
    pub(crate) shown: String,
    /// `ana`'s browser, signed in at the pool; and at the stage.
    pub(crate) browser: Browser,
    pub(crate) at_stage: Browser,
    /// What the stage sealed for a browser that has not come back yet, with its code.
    pub(crate) coming_back: Waiting,
    /// Where an artifact can be had by whoever has the address.
    pub(crate) link: String,
    /// Sessions of challenges, by what they wait for.
    pub(crate) sessions: BTreeMap<&'static str, Value>,
    /// What `eve` is given to prove her password with, without sending it.
    pub(crate) srp: Option<Parameters>,
    /// Steps at pages, by page.
    pub(crate) steps: BTreeMap<&'static str, Waiting>,
    /// One-time things, by what they are for.
    pub(crate) secrets: BTreeMap<&'static str, String>,
    /// What `ana`'s passkey is asked for at the API and at the page, and what hers and `mia`'s next ones are made for.
    pub(crate) options: BTreeMap<&'static str, Value>,
    pub(super) passkeys: BTreeMap<&'static str, Mutex<Authenticator>>,
}

impl Reply {
    /// What a page asks an authenticator for.
    fn options(&self) -> Value {
        let text = self.between("data-options=\"", "\"").unwrap_or_else(|| panic!("{self:?}"));
        let text = text.replace("&quot;", "\"").replace("&#34;", "\"").replace("&#x22;", "\"");
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    fn tokens(&self) -> Tokens {
        let body = self.json();
        let result = body.get("AuthenticationResult").unwrap_or(&body);
        let one = |names: [&str; 2]| {
            names.iter().find_map(|name| result[*name].as_str()).unwrap_or_else(|| panic!("{self:?}"))
        };
        Tokens {
            id: one(["IdToken", "id_token"]).to_owned(),
            access: one(["AccessToken", "access_token"]).to_owned(),
            refresh: one(["RefreshToken", "refresh_token"]).to_owned(),
        }
    }
}

impl World {
    /// A world in which nothing has happened yet.
    pub(crate) async fn new() -> Self {
        Self::of(Doors::open().await, API, PASSWORD).await
    }

    /// Another one behind the same doors: a pool of another account, with people of the same names, and a stage.
    pub(crate) async fn another(&self) -> Self {
        Self::of(self.doors.of_another_account().await, "mlflow0002", ANOTHER).await
    }

    async fn of(mut doors: Doors, api: &'static str, password: &'static str) -> Self {
        let idp = provider::published(&doors, api);
        let (pool, ui, app, job) = pool::make(&doors, &provider::issuer(api)).await;
        pool::people(&doors, &pool, password).await;
        let sign_in = Some(ui.parse().unwrap());
        let (clients, rules, tags) = (Vec::new(), Vec::new(), Vec::new());
        let accepted = AcceptedPool { id: pool.parse().unwrap(), clients, rules, tags, sign_in };
        doors.open_stage(api, accepted).await;
        let nothing = || Tokens { id: String::new(), access: String::new(), refresh: String::new() };
        let none = || (Browser::default(), String::new());
        let mut world = Self {
            doors,
            api,
            password,
            pool,
            ui,
            app,
            job,
            tokens: nothing(),
            granted: nothing(),
            vouched: nothing(),
            idp,
            vouched_browser: Browser::default(),
            code: String::new(),
            device: String::new(),
            shown: String::new(),
            browser: Browser::default(),
            at_stage: Browser::default(),
            coming_back: none(),
            link: String::new(),
            sessions: BTreeMap::new(),
            srp: None,
            steps: BTreeMap::new(),
            secrets: BTreeMap::new(),
            options: BTreeMap::new(),
            passkeys: BTreeMap::new(),
        };
        world.hold_at_api().await;
        world.hold_at_pages().await;
        world.hold_at_stage().await;
        world.hold_of_provider().await;
        world.be_a_provider().await;
        world.doors.garita.mail.take();
        world
    }

    fn now(&self) -> jiff::Timestamp {
        self.doors.garita.clock.now()
    }

    pub(crate) fn at(&self, path: &str) -> String {
        format!("/{}/{path}", self.pool)
    }

    pub(crate) fn id(&self) -> PoolId {
        self.pool.parse().unwrap()
    }

    /// The code that an authenticator app shows now.
    pub(crate) fn one_time(&self, seed: &str) -> String {
        one_time_code(&base32(seed), self.now())
    }

    /// What a passkey answers.
    pub(crate) fn sign(&self, whose: &str, options: &Value) -> Value {
        self.passkeys[whose].lock().unwrap().get(options, &Says::at(SITE))
    }

    /// Another passkey, for somebody who has asked to keep one.
    pub(crate) fn new_passkey(&self, place: &str) -> Value {
        Authenticator::new(Kind::Es256).create(&self.options[place], &Says::at(SITE))
    }

    pub(crate) fn passkey_id(&self, whose: &str) -> String {
        URL_SAFE_NO_PAD.encode(&self.passkeys[whose].lock().unwrap().id)
    }

    /// The code in the one letter that was sent, which may be on its way still.
    async fn mailed(&self) -> String {
        for _ in 0..500 {
            if let Some(letter) = self.doors.garita.mail.take().pop() {
                let mut words = letter.text.split(|c: char| !c.is_ascii_digit());
                return words.find(|word| word.len() == 6).expect("a code").to_owned();
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("no letter was sent")
    }

    /// Another pool of the account, with clients of the same kinds.
    pub(crate) async fn another_pool(&self) -> (String, String, Client) {
        let (pool, ui, app, _) = pool::make(&self.doors, "https://another.example").await;
        (pool, ui, app)
    }
}
