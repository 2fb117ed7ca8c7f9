//! IAM users with everything that they can hold at the console, from before something happens to them.
//!
//! `ana` has a password; `mia` has a device too; `neo` must choose another password; `bob` has a key and leads browsers
//! here with the credentials of a role.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use garita_model::Clock as _;
use garita_testkit::{TestCredentials, base32, one_time_code};
use jiff::SignedDuration;
use serde_json::json;

use super::super::doors::{Browser, Doors, Reply, encoded};
use super::super::world::Waiting;

pub(super) const PASSWORD: &str = "Correct-Horse-7";
pub(super) const OTHER: &str = "Another-Horse-8";
pub(super) const PEOPLE: [&str; 3] = ["ana", "mia", "neo"];
const ALL: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;

/// An account, its users, and what they hold.
pub(super) struct Office {
    pub(super) doors: Doors,
    /// The seed of `mia`'s device.
    pub(super) seed: Vec<u8>,
    /// `bob`'s key, and credentials of the role that he got with it.
    pub(super) key: TestCredentials,
    session: TestCredentials,
    /// A token that no browser was led here with yet.
    pub(super) token: String,
    /// Browsers that are signed in, by whose they are.
    pub(super) browsers: BTreeMap<&'static str, Browser>,
    /// Steps at pages, by page.
    pub(super) steps: BTreeMap<&'static str, Waiting>,
}

impl Office {
    /// One in which nothing has happened yet.
    pub(super) async fn open() -> Self {
        let doors = Doors::open().await;
        let nobody = || TestCredentials { key: String::new(), secret: String::new(), token: None };
        let mut office = Self {
            doors,
            seed: Vec::new(),
            key: nobody(),
            session: nobody(),
            token: String::new(),
            browsers: BTreeMap::new(),
            steps: BTreeMap::new(),
        };
        for name in PEOPLE {
            office.make_user(name).await;
            let reset = if name == "neo" { "true" } else { "false" };
            office
                .iam(
                    "CreateLoginProfile",
                    &[("UserName", name), ("Password", PASSWORD), ("PasswordResetRequired", reset)],
                )
                .await;
        }
        office.seed = office.make_device("mia", "phone").await;
        office.hold_at_pages().await;
        office.make_user("bob").await;
        office.make_role().await;
        office.lead().await;
        office
    }

    pub(super) fn account(&self) -> String {
        self.doors.account.to_string()
    }

    /// Calls an operation of IAM as the root user; it must go well.
    pub(super) async fn iam(&self, action: &str, parameters: &[(&str, &str)]) -> Reply {
        let reply = self.doors.query("iam", true, &[&[("Action", action)][..], parameters].concat()).await;
        assert_eq!(reply.status, 200, "{action}: {}", reply.body);
        reply
    }

    /// A user who may do everything.
    pub(super) async fn make_user(&self, name: &str) {
        self.iam("CreateUser", &[("UserName", name)]).await;
        self.iam("PutUserPolicy", &[("UserName", name), ("PolicyName", "all"), ("PolicyDocument", ALL)])
            .await;
    }

    /// The role that a broker gets credentials of.
    pub(super) async fn make_role(&self) {
        let trust = json!({ "Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "AWS": self.account() } } });
        self.iam("CreateRole", &[("RoleName", "work"), ("AssumeRolePolicyDocument", &trust.to_string())])
            .await;
        self.iam("PutRolePolicy", &[("RoleName", "work"), ("PolicyName", "all"), ("PolicyDocument", ALL)])
            .await;
    }

    pub(super) fn serial(&self, device: &str) -> String {
        format!("arn:aws:iam::{}:mfa/{device}", self.account())
    }

    /// Gives somebody a device of this name; answers its seed.
    pub(super) async fn make_device(&self, whose: &str, name: &str) -> Vec<u8> {
        let made = self.iam("CreateVirtualMFADevice", &[("VirtualMFADeviceName", name)]).await;
        let seed = made.between("<Base32StringSeed>", "</Base32StringSeed>").unwrap();
        let seed = base32(&String::from_utf8(STANDARD.decode(seed).unwrap()).unwrap());
        self.enable(whose, name, &seed).await;
        seed
    }

    pub(super) async fn enable(&self, whose: &str, device: &str, seed: &[u8]) {
        let now = self.doors.garita.clock.now();
        let (before, code) =
            (one_time_code(seed, now - SignedDuration::from_secs(30)), one_time_code(seed, now));
        let serial = self.serial(device);
        let shown = [("AuthenticationCode1", before.as_str()), ("AuthenticationCode2", &code)];
        self.iam(
            "EnableMFADevice",
            &[&[("UserName", whose), ("SerialNumber", serial.as_str())][..], &shown].concat(),
        )
        .await;
        self.pass(60);
    }

    pub(super) fn pass(&self, seconds: i64) {
        self.doors.garita.clock.advance(SignedDuration::from_secs(seconds));
    }

    /// The code that `mia`'s device shows now.
    pub(super) fn one_time(&self) -> String {
        one_time_code(&self.seed, self.doors.garita.clock.now())
    }

    pub(super) async fn at_sign_in(&self) -> Waiting {
        let mut browser = Browser::default();
        let flow = self.doors.get(&mut browser, &format!("/{}", self.account())).await.flow();
        (browser, flow)
    }

    pub(super) async fn try_password(&self, name: &str, password: &str) -> (Browser, Reply) {
        let (mut browser, flow) = self.at_sign_in().await;
        let fields = [("flow", flow.as_str()), ("username", name), ("password", password)];
        let reply = self.doors.post(&mut browser, &format!("/{}/sign-in", self.account()), &fields).await;
        (browser, reply)
    }

    /// What comes of names and passwords.
    async fn hold_at_pages(&mut self) {
        let (mut ana, reply) = self.try_password("ana", PASSWORD).await;
        assert_eq!(reply.location.as_deref(), Some("/console"), "{reply:?}");
        for (page, at) in [("password", "/console/password"), ("sign-out", "/console")] {
            let flow = self.doors.get(&mut ana, at).await.flow();
            self.steps.insert(page, (ana.clone(), flow));
        }
        self.browsers.insert("", ana);
        let (mut mia, reply) = self.try_password("mia", PASSWORD).await;
        let fields = [("flow", reply.flow()), ("code", self.one_time())];
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let reply = self.doors.post(&mut mia, &format!("/{}/code", self.account()), &fields).await;
        assert_eq!(reply.location.as_deref(), Some("/console"), "{reply:?}");
        self.browsers.insert("of who has a device", mia);
        // A code is good once.
        self.pass(30);
        for (name, page) in [("mia", "code"), ("neo", "new-password")] {
            let (browser, reply) = self.try_password(name, PASSWORD).await;
            self.steps.insert(page, (browser, reply.flow()));
        }
        let waiting = self.at_sign_in().await;
        self.steps.insert("sign-in", waiting);
    }

    /// What a broker's program shows of itself.
    pub(super) fn shown(&self) -> String {
        let held = &self.session;
        json!({ "sessionId": held.key, "sessionKey": held.secret, "sessionToken": held.token }).to_string()
    }

    /// What comes of `bob`'s program.
    async fn lead(&mut self) {
        let made = self.iam("CreateAccessKey", &[("UserName", "bob")]).await;
        let text = |reply: &Reply, name: &str| {
            reply.between(&format!("<{name}>"), &format!("</{name}>")).unwrap().to_owned()
        };
        let credentials = |reply: &Reply, token: Option<String>| TestCredentials {
            key: text(reply, "AccessKeyId"),
            secret: text(reply, "SecretAccessKey"),
            token,
        };
        self.key = credentials(&made, None);
        let role = format!("arn:aws:iam::{}:role/work", self.account());
        let assumed = [("Action", "AssumeRole"), ("RoleArn", role.as_str()), ("RoleSessionName", "bob")];
        let reply = self.doors.as_whom(self.key.clone()).query("sts", true, &assumed).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        self.session = credentials(&reply, Some(text(&reply, "SessionToken")));
        let token = self.sign_in_token().await;
        let mut led = Browser::default();
        let login = encoded(&[("Action", "login"), ("SigninToken", &token)]);
        let reply = self.doors.get(&mut led, &format!("/federation?{login}")).await;
        assert_eq!(reply.status, 303, "{}", reply.body);
        self.browsers.insert("of whom a broker led here", led);
        self.token = self.sign_in_token().await;
    }

    async fn sign_in_token(&self) -> String {
        let asked = encoded(&[("Action", "getSigninToken"), ("Session", &self.shown())]);
        let reply = self.doors.get(&mut Browser::default(), &format!("/federation?{asked}")).await;
        reply.json()["SigninToken"].as_str().unwrap_or_else(|| panic!("{reply:?}")).to_owned()
    }
}
