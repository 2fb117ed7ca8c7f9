//! People of a pool with everything that they can hold, from before something happens to them.
//!
//! `ana` has a password and a passkey, and is in a group with a role; `mia` has two second factors and recovery codes;
//! `neo` has a password that must be changed; `sue`, `sam` and `sid` must set a second factor up, and `sue` has done so at
//! the API; `una` has signed up and is not confirmed.

use std::collections::BTreeMap;
use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_app::AcceptedPool;
use garita_model::user_pool::PoolId;
use garita_model::{Clock as _, Object, ObjectKey, ObjectKind};
use garita_testkit::{Authenticator, Kind, Says, base32, one_time_code};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::doors::{API, Browser, Doors, Reply, SITE, encoded};

pub(crate) const PASSWORD: &str = "Tell-nobody-1";
pub(crate) const BACK: &str = "https://app.example/back";
pub(crate) const LEFT: &str = "https://app.example/left";
pub(crate) const PEOPLE: [&str; 7] = ["ana", "mia", "neo", "sue", "sam", "sid", "una"];
/// A proof key and its challenge: RFC 7636 appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const CALLBACK: &str = "http://localhost/prod/garita/callback";
pub(crate) const PAGE: [(&str, &str); 3] =
    [("accept", "text/html"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];

/// An app client with its secret.
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
    /// Steps at pages, by page.
    pub(crate) steps: BTreeMap<&'static str, Waiting>,
    /// One-time things, by what they are for.
    pub(crate) secrets: BTreeMap<&'static str, String>,
    /// What `ana`'s passkey is asked for at the API and at the page, and what hers and `mia`'s next ones are made for.
    pub(crate) options: BTreeMap<&'static str, Value>,
    passkeys: BTreeMap<&'static str, Mutex<Authenticator>>,
    before: BTreeMap<ObjectKey, (String, Object)>,
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
        let mut doors = Doors::open().await;
        let (pool, ui, app, job) = pool(&doors).await;
        people(&doors, &pool).await;
        let sign_in = Some(ui.parse().unwrap());
        let (clients, rules, tags) = (Vec::new(), Vec::new(), Vec::new());
        doors.open_stage(AcceptedPool { id: pool.parse().unwrap(), clients, rules, tags, sign_in }).await;
        let nothing = || Tokens { id: String::new(), access: String::new(), refresh: String::new() };
        let none = || (Browser::default(), String::new());
        let mut world = Self {
            doors,
            pool,
            ui,
            app,
            job,
            tokens: nothing(),
            granted: nothing(),
            code: String::new(),
            device: String::new(),
            shown: String::new(),
            browser: Browser::default(),
            at_stage: Browser::default(),
            coming_back: none(),
            link: String::new(),
            sessions: BTreeMap::new(),
            steps: BTreeMap::new(),
            secrets: BTreeMap::new(),
            options: BTreeMap::new(),
            passkeys: BTreeMap::new(),
            before: BTreeMap::new(),
        };
        world.hold_at_api().await;
        world.hold_at_pages().await;
        world.hold_at_stage().await;
        world.be_a_provider().await;
        world.doors.garita.mail.take();
        world
    }

    /// Has the pool be a provider of the account's, too, as Cognito's can.
    async fn be_a_provider(&self) {
        let issuer = format!("{SITE}/{}", self.pool);
        for path in [".well-known/openid-configuration", ".well-known/jwks.json"] {
            let told = self.doors.get(&mut Browser::default(), &self.at(path)).await.body;
            self.doors.garita.documents.publish(&format!("{issuer}/{path}"), told);
        }
        let made = [
            ("Action", "CreateOpenIDConnectProvider"),
            ("Url", issuer.as_str()),
            ("ClientIDList.member.1", self.ui.as_str()),
        ];
        let reply = self.doors.query("iam", true, &made).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
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

    pub(crate) async fn sign_in(&self, name: &str) -> Reply {
        let parameters = json!({ "USERNAME": name, "PASSWORD": PASSWORD });
        let flow = "USER_PASSWORD_AUTH";
        let input = json!({ "ClientId": self.ui, "AuthFlow": flow, "AuthParameters": parameters });
        self.doors.person("InitiateAuth", &input).await
    }

    async fn own(&self, operation: &str, token: &str, more: Value) -> Value {
        let mut input = json!({ "AccessToken": token });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let reply = self.doors.person(operation, &input).await;
        assert_eq!(reply.status, 200, "{operation}: {}", reply.body);
        reply.json()
    }

    async fn passkey(&mut self, whose: &'static str, token: &str) {
        let asked = self.own("StartWebAuthnRegistration", token, json!({})).await;
        let mut authenticator = Authenticator::new(Kind::Es256);
        let made = authenticator.create(&asked["CredentialCreationOptions"], &Says::at(SITE));
        self.own("CompleteWebAuthnRegistration", token, json!({ "Credential": made })).await;
        self.passkeys.insert(whose, Mutex::new(authenticator));
    }

    async fn app(&mut self, whose: &'static str, who: Value) {
        let made = self.doors.person("AssociateSoftwareToken", &who).await;
        assert_eq!(made.status, 200, "{}", made.body);
        let made = made.json();
        self.secrets.insert(whose, made["SecretCode"].as_str().unwrap().to_owned());
        if let Some(session) = made.get("Session") {
            self.sessions.insert(whose, session.clone());
        }
    }

    /// What comes of the API of user pools.
    async fn hold_at_api(&mut self) {
        self.tokens = self.sign_in("ana").await.tokens();
        let access = self.tokens.access.clone();
        self.passkey("ana", &access).await;
        let mia = self.sign_in("mia").await.tokens().access;
        self.passkey("mia", &mia).await;
        self.app("mia's app", json!({ "AccessToken": mia })).await;
        let code = self.one_time(&self.secrets["mia's app"]);
        self.own("VerifySoftwareToken", &mia, json!({ "UserCode": code })).await;
        let preferred = json!({
            "SoftwareTokenMfaSettings": { "Enabled": true, "PreferredMfa": true },
            "WebAuthnMfaSettings": { "Enabled": true },
        });
        self.own("SetUserMFAPreference", &mia, preferred).await;
        for (name, waits_for) in [
            ("mia", "SOFTWARE_TOKEN_MFA"),
            ("neo", "NEW_PASSWORD_REQUIRED"),
            ("sue", "MFA_SETUP"),
            ("sam", "MFA_SETUP"),
        ] {
            let asked = self.sign_in(name).await.json();
            assert_eq!(asked["ChallengeName"], waits_for, "{asked}");
            self.sessions.insert(if name == "sam" { name } else { waits_for }, asked["Session"].clone());
        }
        self.app("ana's app", json!({ "AccessToken": access })).await;
        self.app("sam's app", json!({ "Session": self.sessions["sam"] })).await;
        self.app("sue's app", json!({ "Session": self.sessions["MFA_SETUP"] })).await;
        let code = self.one_time(&self.secrets["sue's app"]);
        let proof = json!({ "Session": self.sessions["sue's app"], "UserCode": code });
        let proved = self.doors.person("VerifySoftwareToken", &proof).await.json();
        self.sessions.insert("a second factor that was set up", proved["Session"].clone());
        for preferred in ["WEB_AUTHN", "SELECT_CHALLENGE"] {
            let mut parameters = json!({ "USERNAME": "ana" });
            if preferred == "WEB_AUTHN" {
                parameters["PREFERRED_CHALLENGE"] = preferred.into();
            }
            let input = json!({ "ClientId": self.ui, "AuthFlow": "USER_AUTH", "AuthParameters": parameters });
            let asked = self.doors.person("InitiateAuth", &input).await.json();
            assert_eq!(asked["ChallengeName"], preferred, "{asked}");
            if preferred == "WEB_AUTHN" {
                let options = asked["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"].as_str().unwrap();
                self.options.insert("sign in at the API", serde_json::from_str(options).unwrap());
            }
            self.sessions.insert(preferred, asked["Session"].clone());
        }
        let asked = self.own("StartWebAuthnRegistration", &access, json!({})).await;
        self.options.insert("make at the API", asked["CredentialCreationOptions"].clone());
        self.doors.garita.mail.take();
        self.own("GetUserAttributeVerificationCode", &access, json!({ "AttributeName": "email" })).await;
        let code = self.mailed().await;
        self.secrets.insert("code for an address", code);
        let una = json!({
            "ClientId": self.ui, "Username": "una", "Password": PASSWORD,
            "UserAttributes": [{ "Name": "email", "Value": "una@example.com" }],
        });
        assert_eq!(self.doors.person("SignUp", &una).await.status, 200);
        let code = self.mailed().await;
        self.secrets.insert("code for a sign-up", code);
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

    /// The way to the sign-in page.
    pub(crate) fn asking(&self, client: &str, more: &[(&str, &str)]) -> String {
        let asked = [
            ("response_type", "code"),
            ("client_id", client),
            ("redirect_uri", BACK),
            ("scope", "openid"),
            ("state", "s"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        format!("{}?{}", self.at("oauth2/authorize"), encoded(&[&asked[..], more].concat()))
    }

    async fn step(&self, name: &str) -> Waiting {
        let mut browser = Browser::default();
        let begun = self.doors.get(&mut browser, &self.asking(&self.app.id, &[])).await;
        let mut flow = begun.flow();
        if !name.is_empty() {
            let fields = [("flow", flow.as_str()), ("username", name), ("password", PASSWORD)];
            let reply = self.doors.post(&mut browser, &self.at("sign-in"), &fields).await;
            assert_eq!(reply.status, 303, "{name}: {}", reply.body);
            if !reply.location.as_deref().unwrap().starts_with(BACK) {
                flow = reply.flow();
            }
        }
        (browser, flow)
    }

    /// Tokens for a grant, with the client's secret.
    pub(crate) async fn granted(&self, fields: &[(&str, &str)]) -> Reply {
        let fields = self.app.with(fields);
        self.doors.post(&mut Browser::default(), &self.at("oauth2/token"), &fields).await
    }

    async fn code_for_app(&self, browser: &mut Browser) -> String {
        let led = self.doors.get(browser, &self.asking(&self.app.id, &[])).await.location.unwrap();
        let (_, code) = led.split_once("code=").unwrap_or_else(|| panic!("{led}"));
        code.split('&').next().unwrap().to_owned()
    }

    async fn device(&self) -> (String, String) {
        let (mut nobody, target) = (Browser::default(), self.at("oauth2/device_authorization"));
        let given = self.doors.post(&mut nobody, &target, &self.app.with(&[])).await.json();
        let text = |name: &str| given[name].as_str().unwrap_or_else(|| panic!("{given}")).to_owned();
        (text("device_code"), text("user_code"))
    }

    /// What comes of the pages and the OIDC provider.
    async fn hold_at_pages(&mut self) {
        self.browser = self.step("ana").await.0;
        let mut browser = self.browser.clone();
        let first = self.code_for_app(&mut browser).await;
        let code =
            [("grant_type", "authorization_code"), ("redirect_uri", BACK), ("code_verifier", VERIFIER)];
        self.granted = self.granted(&[&code[..], &[("code", first.as_str())]].concat()).await.tokens();
        self.code = self.code_for_app(&mut browser).await;

        let (device, shown) = self.device().await;
        let (_, step) = self.device_step(&mut browser, &shown).await;
        let fields = [("flow", step.as_str()), ("answer", "allow")];
        assert_eq!(self.doors.post(&mut browser, &self.at("device-consent"), &fields).await.status, 200);
        self.device = device;
        self.shown = self.device().await.1;
        let shown = self.shown.clone();
        let waiting = self.device_step(&mut browser, &shown).await;
        self.steps.insert("device-consent", waiting);
        let flow = self.doors.get(&mut browser, &self.at("device")).await.flow();
        self.steps.insert("device", (browser.clone(), flow));
        let flow =
            self.doors.get(&mut browser, &self.asking(&self.app.id, &[("prompt", "consent")])).await.flow();
        self.steps.insert("consent", (browser.clone(), flow));
        let flow = self.doors.get(&mut browser, &self.at("account")).await.flow();
        self.steps.insert("account", (browser.clone(), flow));
        let setting_up = self.own_form(&mut browser, "set-up-app", &[]).await;
        self.secrets.insert("ana's app at the page", key_in(&setting_up));
        self.steps.insert("keep-app", (browser.clone(), setting_up.flow()));

        self.recovery_codes().await;
        for (name, page) in [("", "sign-in"), ("mia", "code"), ("neo", "new-password"), ("una", "confirm")] {
            let waiting = self.step(name).await;
            self.steps.insert(page, waiting);
        }
        let (mut browser, flow) = self.steps["sign-in"].clone();
        let page = self.doors.get(&mut browser, &format!("{}?flow={flow}", self.at("sign-in"))).await;
        self.options.insert("sign in at the page", page.options());
        let (_, form) = page.body.split_once("data-options").unwrap();
        let flow = form.split("value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned();
        self.steps.insert("passkey-sign-in", (browser, flow));
        let (mut browser, flow) = self.step("sid").await;
        let page = self.doors.get(&mut browser, &format!("{}?flow={flow}", self.at("authenticator"))).await;
        self.secrets.insert("sid's app at the page", key_in(&page));
        self.steps.insert("authenticator", (browser, flow));
        for (way, page) in [("passkey", "passkey"), ("recovery", "recovery-code")] {
            let (mut browser, flow) = self.steps["code"].clone();
            let target = format!("{}?flow={flow}&way={way}", self.at("another-way"));
            let flow = self.doors.get(&mut browser, &target).await.flow();
            if page == "passkey" {
                let shown = self.doors.get(&mut browser, &format!("{}?flow={flow}", self.at(page))).await;
                self.options.insert("second factor at the page", shown.options());
            }
            self.steps.insert(page, (browser, flow));
        }
        let (mut browser, flow) = self.step("").await;
        self.doors.garita.mail.take();
        let fields = [("flow", flow.as_str()), ("username", "ana")];
        let flow = self.doors.post(&mut browser, &self.at("forgot"), &fields).await.flow();
        let code = self.mailed().await;
        self.secrets.insert("code for a password", code);
        self.steps.insert("reset", (browser, flow));
    }

    async fn device_step(&self, browser: &mut Browser, shown: &str) -> Waiting {
        let flow = self.doors.get(browser, &self.at("device")).await.flow();
        let fields = [("flow", flow.as_str()), ("user-code", shown)];
        let flow = self.doors.post(browser, &self.at("device"), &fields).await.flow();
        (browser.clone(), flow)
    }

    /// A form of the account page.
    pub(crate) async fn own_form(&self, browser: &mut Browser, page: &str, more: &[(&str, &str)]) -> Reply {
        let flow = self.doors.get(browser, &self.at("account")).await.flow();
        let fields = [&[("flow", flow.as_str())][..], more].concat();
        self.doors.post(browser, &self.at(page), &fields).await
    }

    async fn recovery_codes(&mut self) {
        // A code of the app is good once.
        self.doors.garita.clock.advance(SignedDuration::from_secs(30));
        let (mut browser, flow) = self.step("mia").await;
        let code = self.one_time(&self.secrets["mia's app"]);
        let fields = [("flow", flow.as_str()), ("code", code.as_str())];
        let reply = self.doors.post(&mut browser, &self.at("code"), &fields).await;
        assert!(reply.location.as_deref().is_some_and(|to| to.starts_with(BACK)), "{reply:?}");
        let made = self.own_form(&mut browser, "make-codes", &[]).await;
        self.secrets.insert("mia's recovery code", key_in(&made));
        let flow = self.doors.get(&mut browser, &self.at("account")).await.flow();
        self.steps.insert("mia's account", (browser.clone(), flow));
        let asked = self.own_form(&mut browser, "add-passkey", &[]).await;
        self.options.insert("make at the page", asked.options());
        self.steps.insert("keep-passkey", (browser, asked.flow()));
        self.doors.garita.clock.advance(SignedDuration::from_secs(30));
    }

    /// What comes of the stage.
    async fn hold_at_stage(&mut self) {
        self.at_stage = self.at_stage_with(&self.browser).await;
        self.coming_back = self.begun_at_stage(&self.browser).await;
        let token = format!("Bearer {}", self.tokens.id);
        let target = "/prod/api/2.0/mlflow-artifacts/presigned/1/r/artifacts/a.bin";
        let bearer = [("authorization", token.as_str())];
        let reply = self.doors.at_gate(&mut Browser::default(), "GET", target, &bearer).await;
        let given = reply.json();
        let url = given["url"].as_str().unwrap_or_else(|| panic!("{reply:?}"));
        self.link = url.splitn(4, '/').nth(3).map(|path| format!("/{path}")).unwrap();
    }

    /// A sign-in at the stage that wants but its end, of a browser that is signed in at the pool.
    async fn begun_at_stage(&self, at_pool: &Browser) -> Waiting {
        let (mut at_gate, mut at_pool) = (Browser::default(), at_pool.clone());
        let target = "/prod/garita/sign-in?to=%2F&at=";
        let led = self.doors.at_gate(&mut at_gate, "GET", target, &PAGE).await.location.unwrap();
        let asked = led.strip_prefix(SITE).unwrap();
        let back = self.doors.get(&mut at_pool, asked).await.location.unwrap();
        let back = back.strip_prefix("http://localhost").unwrap_or_else(|| panic!("{back}")).to_owned();
        (at_gate, back)
    }

    /// The whole of one.
    pub(crate) async fn at_stage_with(&self, at_pool: &Browser) -> Browser {
        let (mut browser, back) = self.begun_at_stage(at_pool).await;
        let reply = self.doors.at_gate(&mut browser, "GET", &back, &PAGE).await;
        assert_eq!(reply.status, 303, "{}", reply.body);
        assert!(browser.0.contains_key(&format!("__Host-garita-stage-{API}")));
        browser
    }

    /// Another pool of the account, with clients of the same kinds.
    pub(crate) async fn another_pool(&self) -> (String, String, Client) {
        let (pool, ui, app, _) = pool(&self.doors).await;
        (pool, ui, app)
    }

    /// Remembers what is stored.
    pub(crate) fn remember(&mut self) {
        self.before = self.stored();
    }

    fn stored(&self) -> BTreeMap<ObjectKey, (String, Object)> {
        let state = self.doors.garita.app.snapshot();
        let known = state
            .objects()
            .filter(|object| !matches!(object.key().kind, ObjectKind::RoleUse | ObjectKind::KeyUse));
        known.map(|object| (object.key(), (object.to_document().unwrap(), object))).collect()
    }

    /// Puts back what is stored, so that no answer changes the next.
    pub(crate) async fn restore(&self) {
        let now = self.stored();
        let is_as_before = |key: &ObjectKey, document: &str| {
            self.before.get(key).is_some_and(|(before, _)| before == document)
        };
        if now.len() == self.before.len() && now.iter().all(|(key, (held, _))| is_as_before(key, held)) {
            return;
        }
        let gone = now.keys().filter(|key| !self.before.contains_key(key)).cloned().collect::<Vec<_>>();
        let other = self
            .before
            .iter()
            .filter(|(key, (before, _))| now.get(key).is_none_or(|(held, _)| held != before));
        let put = other.map(|(_, (_, object))| object.clone()).collect::<Vec<_>>();
        self.doors.garita.delete(gone).await;
        self.doors.garita.put(put).await;
        self.doors.garita.mail.take();
    }
}

/// What a page shows for people to type.
fn key_in(page: &Reply) -> String {
    let shown = page.between("<code>", "</code>").unwrap_or_else(|| panic!("{page:?}"));
    shown.replace("&nbsp;", "").chars().filter(char::is_ascii_alphanumeric).collect()
}

/// A pool that lets people in in every way there is.
async fn pool(doors: &Doors) -> (String, String, Client, Client) {
    let made = doors
        .done(
            "CreateUserPool",
            json!({
                "PoolName": "people", "AutoVerifiedAttributes": ["email"],
                "Policies": { "SignInPolicy": { "AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"] } },
            }),
        )
        .await;
    let pool = made["UserPool"]["Id"].as_str().unwrap().to_owned();
    let factors = json!({
        "UserPoolId": pool, "MfaConfiguration": "OPTIONAL",
        "SoftwareTokenMfaConfiguration": { "Enabled": true },
        "WebAuthnConfiguration": {
            "FactorConfiguration": "MULTI_FACTOR_WITH_USER_VERIFICATION", "UserVerification": "preferred",
        },
    });
    doors.done("SetUserPoolMfaConfig", factors).await;
    let server = json!({
        "UserPoolId": pool, "Identifier": "jobs", "Name": "jobs",
        "Scopes": [{ "ScopeName": "run", "ScopeDescription": "run" }],
    });
    doors.done("CreateResourceServer", server).await;
    let client = |name: &str, flows: &[&str], scopes: &[&str], back: &str, secret: bool| {
        json!({
            "UserPoolId": pool, "ClientName": name, "GenerateSecret": secret,
            "ExplicitAuthFlows": [
                "ALLOW_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH",
                "ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH",
            ],
            "PreventUserExistenceErrors": "ENABLED", "AllowedOAuthFlowsUserPoolClient": true,
            "AllowedOAuthFlows": flows, "AllowedOAuthScopes": scopes, "CallbackURLs": [back],
            "LogoutURLs": [LEFT], "SupportedIdentityProviders": ["COGNITO"],
        })
    };
    let made = async |input: Value| {
        let made = doors.done("CreateUserPoolClient", input).await;
        let text = |name: &str| made["UserPoolClient"][name].as_str().unwrap_or_default().to_owned();
        Client { id: text("ClientId"), secret: text("ClientSecret") }
    };
    let ui = made(client("ui", &["code"], &["openid"], CALLBACK, false)).await.id;
    let app = made(client("app", &["code"], &["openid"], BACK, true)).await;
    let job = made(client("job", &["client_credentials"], &["jobs/run"], BACK, true)).await;
    (pool, ui, app, job)
}

/// The group somebody is in: one with a role, or one that asks for a second factor.
pub(crate) fn group_of(name: &str) -> &'static str {
    if name.starts_with('s') { "strict" } else { "readers" }
}

async fn people(doors: &Doors, pool: &str) {
    let account = garita_testkit::ACCOUNT;
    let trust = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"], "Principal": {
            "Federated": [
                format!("arn:aws:cognito-idp:eu-west-1:{account}:userpool/{pool}"),
                format!("arn:aws:iam::{account}:oidc-provider/garita.test/{pool}"),
            ] } },
    ] });
    let role =
        [("Action", "CreateRole"), ("RoleName", "reader"), ("AssumeRolePolicyDocument", &trust.to_string())];
    let reply = doors.query("iam", true, &role).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let all = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    let grant =
        [("Action", "PutRolePolicy"), ("RoleName", "reader"), ("PolicyName", "all"), ("PolicyDocument", all)];
    assert_eq!(doors.query("iam", true, &grant).await.status, 200);
    let role = format!("arn:aws:iam::{account}:role/reader");
    doors.done("CreateGroup", json!({ "UserPoolId": pool, "GroupName": "readers", "RoleArn": role })).await;
    doors.done("CreateGroup", json!({ "UserPoolId": pool, "GroupName": "strict" })).await;
    let arn = format!("arn:aws:cognito-idp:eu-west-1:{account}:userpool/{pool}");
    let demand = json!({ "ResourceArn": arn, "Tags": { "garita:require-mfa/strict": "true" } });
    doors.done("TagResource", demand).await;
    // `una` signs up herself.
    for name in PEOPLE.into_iter().filter(|name| *name != "una") {
        let attributes = json!([
            { "Name": "email", "Value": format!("{name}@example.com") },
            { "Name": "email_verified", "Value": "true" },
        ]);
        let user = json!({ "UserPoolId": pool, "Username": name, "UserAttributes": attributes,
            "MessageAction": "SUPPRESS", "TemporaryPassword": PASSWORD });
        doors.done("AdminCreateUser", user).await;
        if name != "neo" {
            let set =
                json!({ "UserPoolId": pool, "Username": name, "Password": PASSWORD, "Permanent": true });
            doors.done("AdminSetUserPassword", set).await;
        }
        let join = json!({ "UserPoolId": pool, "Username": name, "GroupName": group_of(name) });
        doors.done("AdminAddUserToGroup", join).await;
    }
}
