//! What they hold that comes of the sign-in pages and the OIDC provider.

use jiff::SignedDuration;

use super::super::doors::{Browser, Reply, encoded};
use super::{BACK, CHALLENGE, VERIFIER, Waiting, World};

impl World {
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

    pub(super) async fn step(&self, name: &str) -> Waiting {
        let mut browser = Browser::default();
        let begun = self.doors.get(&mut browser, &self.asking(&self.app.id, &[])).await;
        let mut flow = begun.flow();
        if !name.is_empty() {
            let fields = [("flow", flow.as_str()), ("username", name), ("password", self.password)];
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

    /// Tokens for a code.
    pub(crate) async fn exchanged(&self, code: &str) -> Reply {
        let grant =
            [("grant_type", "authorization_code"), ("redirect_uri", BACK), ("code_verifier", VERIFIER)];
        self.granted(&[&grant[..], &[("code", code)]].concat()).await
    }

    pub(super) async fn code_for_app(&self, browser: &mut Browser) -> String {
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
    pub(super) async fn hold_at_pages(&mut self) {
        self.browser = self.step("ana").await.0;
        let mut browser = self.browser.clone();
        let first = self.code_for_app(&mut browser).await;
        self.granted = self.exchanged(&first).await.tokens();
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
}

/// What a page shows for people to type.
fn key_in(page: &Reply) -> String {
    let shown = page.between("<code>", "</code>").unwrap_or_else(|| panic!("{page:?}"));
    shown.replace("&nbsp;", "").chars().filter(char::is_ascii_alphanumeric).collect()
}
