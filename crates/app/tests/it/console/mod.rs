//! Signing in at the console: who gets in, as which caller, what ends it, and what stands on the trail.
#![allow(clippy::panic, clippy::indexing_slicing, reason = "a test that fails says so")]

mod broker;
mod factor;
mod life;
mod matrix;
mod sign_in;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use garita_app::console::{AtConsole, BrokerLogin, BrokerRefusal, Entrance, Proof, ShownCredentials, Step};
use garita_app::iam::{CreateMfaDevice, MfaCodes, SetPassword};
use garita_app::{App, RequestContext};
use garita_model::{AuditRecord, Clock as _, PasswordPolicy, Path, Secret};
use garita_testkit::{TestCredentials, TestGarita};
use jiff::SignedDuration;
use serde_json::json;

use crate::stage::{allow, ask, assume, role, trust, user};

const ACCOUNT: &str = "111122223333";
const PASSWORD: &str = "Correct-Horse-7";
const SERIAL: &str = "arn:aws:iam::111122223333:mfa/phone";

fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

fn entrance(former: Option<&str>) -> Entrance {
    Entrance { leads_to: "https://garita.test/console".to_owned(), former: former.map(str::to_owned) }
}

/// A Garita with the user `ana`, who has a password.
struct House {
    garita: TestGarita,
    key: TestCredentials,
}

impl House {
    async fn open() -> Self {
        let garita = TestGarita::new().await;
        let key = user(&garita, "ana", Some(allow("*", "*"))).await;
        let house = Self { garita, key };
        house.set_password(false).await;
        house
    }
    fn app(&self) -> &Arc<App> {
        &self.garita.app
    }
    fn root(&self) -> RequestContext {
        self.garita.as_root()
    }
    fn pass(&self, time: SignedDuration) {
        self.garita.clock.advance(time);
    }
    async fn set_password(&self, reset_required: bool) {
        let user = Some("ana".parse().unwrap());
        let input = SetPassword { user, password: secret(PASSWORD), reset_required };
        self.app().create_login_profile(&self.root(), input).await.unwrap();
    }
    async fn policy(&self, policy: PasswordPolicy) {
        self.app().update_password_policy(&self.root(), policy).await.unwrap();
    }
    /// A request of a browser.
    fn browser(&self) -> RequestContext {
        let arrival = self.app().arrive(IpAddr::V4(Ipv4Addr::LOCALHOST), true, Some("browser")).unwrap();
        self.app().nobody(arrival)
    }
    async fn try_at(&self, account: &str, name: &str, password: &str) -> Step {
        let (cx, password) = (self.browser(), secret(password));
        self.app().console_password(&cx, entrance(None), account, name, &password).await.unwrap()
    }
    async fn sign_in(&self) -> String {
        cookie(self.try_at(ACCOUNT, "ana", PASSWORD).await)
    }
    async fn proof(&self) -> Proof {
        match self.try_at(ACCOUNT, "ana", PASSWORD).await {
            Step::Code(proof) | Step::NewPassword(proof, _) => proof,
            other => panic!("{}", step(&other)),
        }
    }
    async fn code(&self, proof: Proof, code: &str) -> Step {
        self.app().console_code(&self.browser(), entrance(None), proof, code).await.unwrap()
    }
    async fn new_password(&self, proof: Proof, new: &str) -> Step {
        let new = secret(new);
        self.app().console_new_password(&self.browser(), entrance(None), proof, new).await.unwrap()
    }
    fn at(&self, cookie: &str) -> Option<AtConsole> {
        self.app().at_console(&self.browser(), cookie)
    }
    /// Gives ana a device; answers its seed.
    async fn device(&self) -> Vec<u8> {
        self.device_named("phone").await
    }
    async fn device_named(&self, name: &str) -> Vec<u8> {
        let input = CreateMfaDevice { name: name.parse().unwrap(), path: Path::default(), tags: Vec::new() };
        let made = self.app().create_virtual_mfa_device(&self.root(), input).await.unwrap();
        let seed = garita_testkit::base32(made.seed.expose());
        self.enable(&made.serial, &seed).await;
        seed
    }
    async fn enable(&self, serial: &str, seed: &[u8]) {
        let codes = MfaCodes(self.shown(seed, -1), self.shown(seed, 0));
        let (name, serial) = ("ana".parse().unwrap(), serial.to_owned());
        self.app().enable_mfa_device(&self.root(), name, serial, codes).await.unwrap();
        self.pass(SignedDuration::from_secs(60));
    }
    fn shown(&self, seed: &[u8], steps: i64) -> String {
        let at = self.garita.clock.now() + SignedDuration::from_secs(30 * steps);
        garita_testkit::one_time_code(seed, at)
    }
    fn trail(&self) -> Vec<AuditRecord> {
        garita_store::Trail::read(self.garita.folder()).unwrap().map(|line| line.unwrap().record).collect()
    }
    fn last(&self) -> AuditRecord {
        self.trail().pop().unwrap()
    }
    async fn broker(&self, shown: &TestCredentials, seconds: Option<u32>) -> Result<String, BrokerRefusal> {
        let shown = credentials(shown);
        let made = self.app().signin_token(&self.browser(), &shown, seconds).await.unwrap();
        made.map(|token| token.expose().clone())
    }
    async fn login(&self, token: &str, former: Option<&str>) -> BrokerLogin {
        self.app().broker_login(&self.browser(), entrance(former), token).await.unwrap()
    }
    async fn role_session(&self) -> TestCredentials {
        let trusting = trust(r#"{"AWS":"111122223333"}"#, "");
        let arn = role(&self.garita, "work", trusting, Some(allow("s3:*", "*"))).await;
        assume(&self.garita, &self.key, &ask(&arn)).unwrap()
    }
}

fn credentials(shown: &TestCredentials) -> ShownCredentials {
    let token = shown.token.as_deref().unwrap_or_default();
    let text = json!({ "sessionId": shown.key, "sessionKey": shown.secret, "sessionToken": token });
    ShownCredentials::parse(&text.to_string()).unwrap()
}

fn step(step: &Step) -> String {
    match step {
        Step::SignedIn(_) => "signed in".to_owned(),
        Step::Code(_) => "code".to_owned(),
        Step::NewPassword(_, why) => format!("{why:?}"),
        Step::Refused(why) => format!("{why:?}"),
    }
}

fn cookie(step: Step) -> String {
    match step {
        Step::SignedIn(entered) => entered.cookie.expose().clone(),
        other => panic!("{}", self::step(&other)),
    }
}

fn led(login: BrokerLogin) -> String {
    match login {
        BrokerLogin::SignedIn(entered) => entered.cookie.expose().clone(),
        BrokerLogin::NotGood => panic!("not good"),
        BrokerLogin::Another(who) => panic!("another: {who}"),
    }
}
