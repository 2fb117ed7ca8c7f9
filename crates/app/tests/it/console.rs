//! Signing in at the console: who gets in, as which caller, what ends it, and what stands on the trail.
#![allow(clippy::panic, clippy::indexing_slicing, reason = "a test that fails says so")]

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use garita_app::console::{
    AtConsole, BrokerLogin, BrokerRefusal, ChangedPassword, Entrance, Proof, Refusal, Renewal,
    ShownCredentials, Step,
};
use garita_app::iam::{
    CreateMfaDevice, EntityName, MfaCodes, PageRequest, SetPassword, UpdateAccessKey, UpdateLoginProfile,
    UpdateUser,
};
use garita_app::sts::GetFederationToken;
use garita_app::{App, RequestContext};
use garita_model::{AuditRecord, Clock as _, KeyStatus, PasswordPolicy, Path, Secret};
use garita_testkit::{TestCredentials, TestGarita};
use jiff::SignedDuration;
use serde_json::json;

use crate::stage::{allow, ask, assume, put, role, told, trust, user};

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
        let input =
            CreateMfaDevice { name: "phone".parse().unwrap(), path: Path::default(), tags: Vec::new() };
        let made = self.app().create_virtual_mfa_device(&self.root(), input).await.unwrap();
        let seed = garita_testkit::base32(made.seed.expose());
        let codes = MfaCodes(self.shown(&seed, -1), self.shown(&seed, 0));
        let (name, serial) = ("ana".parse().unwrap(), SERIAL.to_owned());
        self.app().enable_mfa_device(&self.root(), name, serial, codes).await.unwrap();
        self.pass(SignedDuration::from_secs(60));
        seed
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

#[tokio::test]
async fn a_user_at_the_console_is_the_caller_that_a_session_would_be() {
    let house = House::open().await;
    let app = house.app();
    app.create_account_alias(&house.root(), "research".parse().unwrap()).await.unwrap();
    let cookie = cookie(house.try_at("research", "Ana", PASSWORD).await);
    house.pass(SignedDuration::from_secs(90));
    let at = house.at(&cookie).unwrap();
    assert_eq!(at.arn(), "arn:aws:iam::111122223333:user/ana");
    assert!(!at.has_mfa() && at.has_password());
    for (key, value) in [
        ("aws:username", "ana"),
        ("aws:MultiFactorAuthPresent", "false"),
        ("aws:TokenIssueTime", "2026-03-01T12:00:00Z"),
        ("aws:PrincipalAccount", ACCOUNT),
        ("aws:PrincipalType", "User"),
    ] {
        let held = at.cx.keys().get(key).map(|held| format!("{held:?}"));
        assert!(held.as_deref().is_some_and(|held| held.contains(value)), "{key}: {held:?}");
    }
    assert!(at.cx.keys().get("aws:MultiFactorAuthAge").is_none());
    // What a program with temporary credentials of a user may not do without a second factor.
    assert_eq!(app.list_users(&at.cx, None, &PageRequest::default()).unwrap().items.len(), 1);
    assert!(app.caller_identity(&at.cx).unwrap().user_id.starts_with("AIDA"));
    put(&house.garita, EntityName::User("ana".parse().unwrap()), allow("s3:*", "*")).await;
    assert!(told(app.list_users(&at.cx, None, &PageRequest::default())).starts_with("AccessDenied"));

    let record = house.trail().into_iter().rfind(|record| record.event_name == "ConsoleLogin").unwrap();
    assert_eq!(
        (record.event_source.as_str(), record.event_type.as_str()),
        ("signin.amazonaws.com", "AwsConsoleSignIn")
    );
    assert_eq!(record.response_elements, json!({ "ConsoleLogin": "Success" }));
    assert_eq!(record.user_identity["userName"], "ana");
    assert_eq!(record.user_identity["arn"], "arn:aws:iam::111122223333:user/ana");
    assert_eq!(record.recipient_account_id, ACCOUNT);
    assert_eq!(record.additional_event_data["MFAUsed"], "No");
    assert_eq!(record.additional_event_data["LoginTo"], "https://garita.test/console");
    assert_eq!(record.error_code, None);
    let kept = serde_json::to_string(&house.trail()).unwrap();
    assert!(!kept.contains(PASSWORD) && !kept.contains(&cookie));
}

#[tokio::test]
async fn what_is_wrong_is_told_to_nobody() {
    let house = House::open().await;
    user(&house.garita, "bo", None).await;
    for (account, name, password, why, named) in [
        (ACCOUNT, "ana", "wrong", "Failed authentication", "ana"),
        (ACCOUNT, "bo", PASSWORD, "Failed authentication", "bo"),
        (
            ACCOUNT,
            "my-own-password",
            PASSWORD,
            "No username found in supplied account",
            "HIDDEN_DUE_TO_SECURITY_REASONS",
        ),
        (ACCOUNT, "", "", "No username found in supplied account", "HIDDEN_DUE_TO_SECURITY_REASONS"),
        (
            "999999999999",
            "ana",
            PASSWORD,
            "No username found in supplied account",
            "HIDDEN_DUE_TO_SECURITY_REASONS",
        ),
        (
            "nowhere",
            "ana",
            PASSWORD,
            "No username found in supplied account",
            "HIDDEN_DUE_TO_SECURITY_REASONS",
        ),
    ] {
        assert_eq!(step(&house.try_at(account, name, password).await), "Wrong", "{account} {name}");
        let record = house.last();
        assert_eq!(record.event_name, "ConsoleLogin");
        assert_eq!(record.error_message.as_deref(), Some(why), "{account} {name}");
        assert_eq!(record.error_code, None);
        assert_eq!(record.response_elements, json!({ "ConsoleLogin": "Failure" }));
        assert_eq!(record.user_identity["userName"], named);
        assert_eq!(record.recipient_account_id, if account == ACCOUNT { ACCOUNT } else { "" });
    }
    let kept = serde_json::to_string(&house.trail()).unwrap();
    assert!(!kept.contains("my-own-password"));
    for foreign in ["", ".", "111122223333", "111122223333.x", "x.x"] {
        assert!(house.at(foreign).is_none(), "{foreign}");
    }
}

#[tokio::test]
async fn wrong_passwords_lock_out_by_whatever_name_of_the_account() {
    let house = House::open().await;
    house.app().create_account_alias(&house.root(), "research".parse().unwrap()).await.unwrap();
    for n in 0..5 {
        let account = if n % 2 == 0 { ACCOUNT } else { "research" };
        assert_eq!(step(&house.try_at(account, if n == 3 { "ANA" } else { "ana" }, "wrong").await), "Wrong");
    }
    assert_eq!(step(&house.try_at("research", "ana", PASSWORD).await), "TooOften", "even with the right one");
    assert_eq!(house.last().error_message.as_deref(), Some("Failed authentication"));
    house.pass(SignedDuration::from_secs(1));
    house.sign_in().await;
}

#[tokio::test]
async fn reserved_words_are_nobodys_alias() {
    let house = House::open().await;
    for word in ["console", "federation", "login", "444455556666"] {
        let made = house.app().create_account_alias(&house.root(), word.parse().unwrap()).await;
        assert!(told(made).contains("reserved"), "{word}");
    }
}

#[tokio::test]
async fn what_ends_a_session() {
    type Deed = fn(&House) -> std::pin::Pin<Box<dyn Future<Output = ()> + '_>>;
    let deeds: [(&str, Deed); 7] = [
        ("the password is taken away", |house| {
            Box::pin(async {
                house.app().delete_login_profile(&house.root(), Some("ana".parse().unwrap())).await.unwrap();
            })
        }),
        ("the password is taken away and set again", |house| {
            Box::pin(async {
                house.app().delete_login_profile(&house.root(), Some("ana".parse().unwrap())).await.unwrap();
                house.set_password(false).await;
            })
        }),
        ("an administrator sets another password", |house| {
            Box::pin(async {
                let password = Some(secret("Another-Horse-8"));
                let input =
                    UpdateLoginProfile { user: "ana".parse().unwrap(), password, reset_required: None };
                house.app().update_login_profile(&house.root(), input).await.unwrap();
            })
        }),
        ("the user gets a device", |house| {
            Box::pin(async {
                house.device().await;
            })
        }),
        ("the user has another name", |house| {
            Box::pin(async {
                let new_name = Some("anna".parse().unwrap());
                let input = UpdateUser { name: "ana".parse().unwrap(), new_name, new_path: None };
                house.app().update_user(&house.root(), input).await.unwrap();
            })
        }),
        ("it lies unused", |house| Box::pin(async { house.pass(SignedDuration::from_hours(1)) })),
        ("the day is over", |house| {
            Box::pin(async {
                for _ in 0..24 {
                    house.pass(SignedDuration::from_mins(30));
                    if let Some(at) = house.sessions_at() {
                        house.app().note_console_use(&at).await.unwrap();
                    }
                }
            })
        }),
    ];
    for (what, deed) in deeds {
        let house = House::open().await;
        let cookie = house.sign_in().await;
        COOKIE.with(|held| *held.borrow_mut() = cookie.clone());
        let before = house.at(&cookie).unwrap();
        deed(&house).await;
        assert!(house.at(&cookie).is_none(), "{what}");
        if !what.starts_with("it lies") && !what.starts_with("the day") {
            // Whoever came in a moment before does nothing any more.
            let late = house.app().create_account_alias(&before.cx, "late".parse().unwrap()).await;
            assert!(told(late).starts_with("InvalidClientTokenId"), "{what}");
        }
        house.app().sweep_browsers().await.unwrap();
        assert!(
            house
                .app()
                .snapshot()
                .list::<garita_model::ConsoleSession>(ACCOUNT.parse().unwrap(), "")
                .next()
                .is_none()
        );
    }
}

std::thread_local! {
    static COOKIE: std::cell::RefCell<String> = const { std::cell::RefCell::new(String::new()) };
}

impl House {
    fn sessions_at(&self) -> Option<AtConsole> {
        self.at(&COOKIE.with(|held| held.borrow().clone()))
    }
}

#[tokio::test]
async fn a_session_is_used_all_day_and_signed_out() {
    let house = House::open().await;
    let cookie = house.sign_in().await;
    let revision = || house.app().snapshot().revision();
    let before = revision();
    house.pass(SignedDuration::from_mins(4));
    house.app().note_console_use(&house.at(&cookie).unwrap()).await.unwrap();
    assert_eq!(revision(), before, "a write for every page would be many");
    for _ in 0..20 {
        house.pass(SignedDuration::from_mins(35));
        house.app().note_console_use(&house.at(&cookie).unwrap()).await.unwrap();
    }
    let other = house.sign_in().await;
    house.app().console_sign_out(&house.browser(), &cookie).await.unwrap();
    assert!(house.at(&cookie).is_none() && house.at(&other).is_some());
    let record = house.last();
    assert_eq!((record.event_name.as_str(), record.event_type.as_str()), ("Logout", "AwsConsoleSignIn"));
    assert_eq!(record.user_identity["userName"], "ana");
    house.app().console_sign_out(&house.browser(), &cookie).await.unwrap();
    // A new sign-in ends what the browser had.
    let (cx, password) = (house.browser(), secret(PASSWORD));
    let again =
        house.app().console_password(&cx, entrance(Some(&other)), ACCOUNT, "ana", &password).await.unwrap();
    assert!(matches!(again, Step::SignedIn(_)) && house.at(&other).is_none());
}

#[tokio::test]
async fn a_second_factor_is_asked_of_who_has_one() {
    let house = House::open().await;
    let seed = house.device().await;
    let proof = house.proof().await;
    let record = house.last();
    assert_eq!(record.event_name, "CheckMfa");
    assert_eq!(record.response_elements, json!({ "CheckMfa": "Success" }));
    assert_eq!(record.additional_event_data["MfaType"], "Virtual MFA");

    // Straight to the last step, past the code.
    assert_eq!(step(&house.new_password(proof.clone(), "Another-Horse-8").await), "Over");
    assert_eq!(step(&house.code(proof.clone(), "000000").await), "Code");
    let record = house.last();
    assert_eq!(
        (record.event_name.as_str(), record.error_message.as_deref()),
        ("ConsoleLogin", Some("Failed authentication"))
    );
    assert_eq!(record.additional_event_data["MFAUsed"], "Yes");
    let code = house.shown(&seed, 0);
    let cookie = cookie(house.code(proof.clone(), &code).await);
    assert_eq!(house.last().additional_event_data["MFAUsed"], "Yes");
    assert_eq!(step(&house.code(proof, &code).await), "Code", "it was used");
    house.pass(SignedDuration::from_secs(30));
    assert_eq!(step(&house.code(house.proof().await, &code).await), "Code", "whoever shows it");

    house.pass(SignedDuration::from_secs(60));
    let at = house.at(&cookie).unwrap();
    assert!(at.has_mfa());
    let held = |key: &str| format!("{:?}", at.cx.keys().get(key));
    assert!(
        held("aws:MultiFactorAuthPresent").contains("true") && held("aws:MultiFactorAuthAge").contains("90")
    );

    let (name, serial) = (Some("ana".parse().unwrap()), SERIAL.to_owned());
    house.app().deactivate_mfa_device(&house.root(), name, serial).await.unwrap();
    assert!(house.at(&cookie).is_none(), "the device it rests on is taken off");
}

#[tokio::test]
async fn a_proof_does_not_outlive_what_it_was_of() {
    let house = House::open().await;
    let seed = house.device().await;
    let proof = house.proof().await;
    house.pass(SignedDuration::from_mins(15));
    assert_eq!(step(&house.code(proof, &house.shown(&seed, 0)).await), "Over");
    let proof = house.proof().await;
    let password = Some(secret("Another-Horse-8"));
    let input = UpdateLoginProfile { user: "ana".parse().unwrap(), password, reset_required: None };
    house.app().update_login_profile(&house.root(), input).await.unwrap();
    assert_eq!(step(&house.code(proof, &house.shown(&seed, 0)).await), "Over");
}

#[tokio::test]
async fn guesses_at_a_code_are_few() {
    let house = House::open().await;
    let seed = house.device().await;
    let proof = house.proof().await;
    for _ in 0..5 {
        assert_eq!(step(&house.code(proof.clone(), "000000").await), "Code");
    }
    assert_eq!(step(&house.code(proof.clone(), &house.shown(&seed, 0)).await), "Code", "even the right one");
    house.pass(SignedDuration::from_mins(5));
    assert_eq!(step(&house.code(proof, &house.shown(&seed, 0)).await), "signed in");
}

#[tokio::test]
async fn a_password_of_an_administrator_is_replaced_by_who_may() {
    let house = House::open().await;
    let app = house.app();
    app.delete_login_profile(&house.root(), Some("ana".parse().unwrap())).await.unwrap();
    house.set_password(true).await;
    let ana = || EntityName::User("ana".parse().unwrap());
    put(&house.garita, ana(), allow("s3:*", "*")).await;
    let first = house.try_at(ACCOUNT, "ana", PASSWORD).await;
    assert!(matches!(first, Step::NewPassword(_, Renewal::Reset)));
    let proof = house.proof().await;
    let barred = house.new_password(proof.clone(), "Another-Horse-8").await;
    assert_eq!(step(&barred), "MayNotChange");
    assert!(house.last().error_message.unwrap().contains("iam:ChangePassword"));
    // The account lets everybody.
    house
        .policy(PasswordPolicy { users_may_change: true, min_length: 10, ..PasswordPolicy::default() })
        .await;
    for (new, why) in [(PASSWORD, "the password there is"), ("short", "minimum length of 10")] {
        let refused = house.new_password(proof.clone(), new).await;
        assert!(
            matches!(&refused, Step::Refused(Refusal::Password(told)) if told.contains(why)),
            "{}",
            step(&refused)
        );
    }
    let cookie = cookie(house.new_password(proof.clone(), "Another-Horse-8").await);
    assert!(house.at(&cookie).is_some());
    let record = house.last();
    assert_eq!(record.response_elements, json!({ "ConsoleLogin": "Success", "passwordChanged": true }));
    assert_eq!(record.user_identity["userName"], "ana");
    assert!(record.additional_event_data["decisions"].to_string().contains("iam:ChangePassword"));
    assert_eq!(step(&house.new_password(proof, "Third-Horse-9").await), "Over", "it was of the old one");
    assert_eq!(step(&house.try_at(ACCOUNT, "ana", PASSWORD).await), "Wrong");
    assert_eq!(step(&house.try_at(ACCOUNT, "ana", "Another-Horse-8").await), "signed in");
}

#[tokio::test]
async fn a_code_comes_before_another_password() {
    let house = House::open().await;
    house.app().delete_login_profile(&house.root(), Some("ana".parse().unwrap())).await.unwrap();
    house.set_password(true).await;
    let seed = house.device().await;
    let proof = house.proof().await;
    assert_eq!(step(&house.new_password(proof.clone(), "Another-Horse-8").await), "Over");
    let Step::NewPassword(proof, Renewal::Reset) = house.code(proof, &house.shown(&seed, 0)).await else {
        panic!("a new password is due");
    };
    assert_eq!(house.last().event_name, "CheckMfa");
    let cookie = cookie(house.new_password(proof, "Another-Horse-8").await);
    assert!(house.at(&cookie).unwrap().has_mfa());
    assert_eq!(house.last().additional_event_data["MFAUsed"], "Yes");
}

#[tokio::test]
async fn old_passwords_run_out() {
    let house = House::open().await;
    house
        .policy(PasswordPolicy { max_age: Some(90), reuse_prevention: Some(2), ..PasswordPolicy::default() })
        .await;
    house.pass(SignedDuration::from_hours(24 * 90 - 1));
    house.sign_in().await;
    house.pass(SignedDuration::from_hours(1));
    let Step::NewPassword(proof, Renewal::Expired) = house.try_at(ACCOUNT, "ana", PASSWORD).await else {
        panic!("it has run out");
    };
    assert_eq!(step(&house.new_password(proof, "Another-Horse-8").await), "signed in");
    house.pass(SignedDuration::from_hours(24 * 90));
    house
        .policy(PasswordPolicy { max_age: Some(90), hard_expiry: Some(true), ..PasswordPolicy::default() })
        .await;
    assert_eq!(step(&house.try_at(ACCOUNT, "ana", "Another-Horse-8").await), "Expired");
    assert_eq!(step(&house.try_at(ACCOUNT, "ana", PASSWORD).await), "Wrong", "told to who knows it alone");
}

#[tokio::test]
async fn another_password_signs_all_other_browsers_out() {
    let house = House::open().await;
    let (own, other) = (house.sign_in().await, house.sign_in().await);
    let change = async |old: &str, new: &str| {
        let at = house.at(&own).unwrap();
        house.app().console_change_password(&at, &secret(old), secret(new)).await.unwrap()
    };
    assert!(matches!(change("wrong", "Another-Horse-8").await, ChangedPassword::OldWrong));
    let record = house.last();
    assert_eq!(
        (record.event_source.as_str(), record.event_name.as_str()),
        ("iam.amazonaws.com", "ChangePassword")
    );
    assert_eq!(record.error_code.as_deref(), Some("AccessDenied"));
    assert!(matches!(change(PASSWORD, "short").await, ChangedPassword::Refused(_)));
    let ChangedPassword::Done(renewed) = change(PASSWORD, "Another-Horse-8").await else { panic!("refused") };
    assert!(house.at(&own).is_none() && house.at(&other).is_none());
    assert!(house.at(renewed.cookie.expose()).is_some());
    assert_eq!(house.last().user_identity["arn"], "arn:aws:iam::111122223333:user/ana");
    let own = renewed.cookie.expose().clone();
    for _ in 0..5 {
        let at = house.at(&own).unwrap();
        let _ = house
            .app()
            .console_change_password(&at, &secret("wrong"), secret("Third-Horse-9"))
            .await
            .unwrap();
    }
    let at = house.at(&own).unwrap();
    let last =
        house.app().console_change_password(&at, &secret("Another-Horse-8"), secret("Third-Horse-9")).await;
    assert!(matches!(last.unwrap(), ChangedPassword::TooOften));
}

#[tokio::test]
async fn the_last_sign_in_is_kept() {
    let house = House::open().await;
    let ana = || house.app().snapshot().user(ACCOUNT.parse().unwrap(), "ana").cloned().unwrap();
    assert_eq!(house.app().password_last_used(&ana()), None);
    house.try_at(ACCOUNT, "ana", "wrong").await;
    assert_eq!(house.app().password_last_used(&ana()), None);
    house.pass(SignedDuration::from_secs(60));
    house.sign_in().await;
    assert_eq!(house.app().password_last_used(&ana()).unwrap().to_string(), "2026-03-01T12:01:00Z");
    assert!(house.app().generate_credential_report(&house.root()).unwrap());
    let csv = house.app().credential_report(&house.root()).unwrap().csv;
    assert!(csv.contains(",true,2026-03-01T12:01:00+00:00,2026-03-01T12:00:00+00:00,"), "{csv}");
}

#[tokio::test]
async fn a_broker_signs_one_browser_in() {
    let house = House::open().await;
    let session = house.role_session().await;
    let token = house.broker(&session, Some(43_200)).await.unwrap();
    let record = house.last();
    assert_eq!(record.event_name, "GetSigninToken");
    assert_eq!(record.response_elements["GetSigninToken"], "Success");
    assert_eq!(record.response_elements["credentials"]["accessKeyId"], session.key.as_str());
    assert_eq!(record.user_identity["type"], "AssumedRole");
    let cookie = led(house.login(&token, None).await);
    let record = house.last();
    assert_eq!(
        (record.event_name.as_str(), record.user_identity["type"].as_str()),
        ("ConsoleLogin", Some("AssumedRole"))
    );
    assert_eq!(record.response_elements, json!({ "ConsoleLogin": "Success" }));
    let at = house.at(&cookie).unwrap();
    assert_eq!(at.arn(), "arn:aws:sts::111122223333:assumed-role/work/s1");
    assert!(!at.has_password() && at.cx.keys().get("aws:TokenIssueTime").is_some());
    assert!(matches!(house.login(&token, None).await, BrokerLogin::NotGood), "it was used");
    assert!(matches!(house.login(&cookie, None).await, BrokerLogin::NotGood), "a cookie is no token");
    assert!(house.at(&token).is_none(), "a token is no cookie");
    let late = house.broker(&session, None).await.unwrap();
    house.pass(SignedDuration::from_mins(15));
    assert!(matches!(house.login(&late, None).await, BrokerLogin::NotGood), "it has run out");
    let kept = serde_json::to_string(&house.trail()).unwrap();
    for hidden in [&session.secret, session.token.as_ref().unwrap(), &token, &late, &cookie] {
        assert!(!kept.contains(hidden.as_str()));
    }
    // The browser stays signed in past the credentials' own time.
    for _ in 0..3 {
        house.pass(SignedDuration::from_mins(40));
        house.app().note_console_use(&house.at(&cookie).unwrap()).await.unwrap();
    }
    assert!(house.broker(&session, None).await.is_err(), "which is over");
    // Nobody becomes somebody else unseen.
    let own = house.sign_in().await;
    let fresh = assume(&house.garita, &house.key, &ask("arn:aws:iam::111122223333:role/work")).unwrap();
    let token = house.broker(&fresh, None).await.unwrap();
    assert!(
        matches!(house.login(&token, Some(&own)).await, BrokerLogin::Another(who) if who.ends_with("user/ana"))
    );
    assert_eq!(led(house.login(&token, Some(&cookie)).await).len(), cookie.len());
    assert!(house.at(&cookie).is_none(), "the same role again, in place of the old session");
}

#[tokio::test]
async fn what_a_broker_is_refused() {
    let house = House::open().await;
    let session = house.role_session().await;
    let refused = async |shown: &TestCredentials, seconds| {
        house.broker(shown, seconds).await.unwrap_err().text().to_owned()
    };
    for seconds in [0, 899, 43_201] {
        assert!(refused(&session, Some(seconds)).await.contains("900 to 43200"));
    }
    let stolen = TestCredentials { secret: house.key.secret.clone(), ..session.clone() };
    assert!(refused(&stolen, None).await.contains("signature"), "another secret key");
    assert_eq!(house.last().response_elements, json!({ "GetSigninToken": "Failure" }));
    let crossed = TestCredentials { key: house.key.key.clone(), ..session.clone() };
    assert!(!refused(&crossed, None).await.is_empty(), "a token of another key");
    assert!(!refused(&house.key, None).await.is_empty(), "a long-term key");
    let cx = house.garita.context(&house.key).unwrap();
    let made = house.app().get_session_token(&cx, None).unwrap();
    assert!(refused(&(&made).into(), None).await.contains("GetSessionToken"));
    let input = GetFederationToken {
        name: "bob".parse().unwrap(),
        duration: None,
        policy: Some(allow("iam:ListUsers", "*")),
        policy_arns: Vec::new(),
        tags: Vec::new(),
    };
    let made = house.app().get_federation_token(&cx, &input).unwrap();
    let federated = (&made.credentials).into();
    assert!(refused(&federated, Some(900)).await.contains("GetFederationToken"));
    let token = house.broker(&federated, None).await.unwrap();
    let at = house.at(&led(house.login(&token, None).await)).unwrap();
    assert!(
        house.app().list_users(&at.cx, None, &PageRequest::default()).is_ok(),
        "which a program could not"
    );
    assert!(
        told(house.app().list_users(
            &house.garita.context(&federated).unwrap(),
            None,
            &PageRequest::default()
        ))
        .starts_with("InvalidClientTokenId")
    );

    let onward = trust(r#"{"AWS":"arn:aws:iam::111122223333:role/work"}"#, "");
    let next = role(&house.garita, "next", onward, None).await;
    put(&house.garita, EntityName::Role("work".parse().unwrap()), allow("sts:*", "*")).await;
    let chained = assume(&house.garita, &session, &ask(&next)).unwrap();
    assert!(refused(&chained, Some(3_601)).await.contains("3600"));
    assert!(house.broker(&chained, Some(3_600)).await.is_ok() && house.broker(&chained, None).await.is_ok());
    house.pass(SignedDuration::from_hours(1));
    assert!(!refused(&session, None).await.is_empty(), "they are over");
}

#[tokio::test]
async fn what_ends_the_credentials_ends_the_browser() {
    for what in ["role", "key", "user"] {
        let house = House::open().await;
        let session = house.role_session().await;
        let token = house.broker(&session, Some(43_200)).await.unwrap();
        let waiting = house.broker(&session, None).await.unwrap();
        let cookie = led(house.login(&token, None).await);
        let (app, root, ana) = (house.app(), house.root(), || Some("ana".parse().unwrap()));
        match what {
            "role" => {
                let work = EntityName::Role("work".parse().unwrap());
                app.delete_inline_policy(&root, work, "inline".parse().unwrap()).await.unwrap();
                app.delete_role(&root, "work".parse().unwrap()).await.unwrap();
            }
            "key" => {
                let key = house.key.key.parse().unwrap();
                let input = UpdateAccessKey { user: ana(), id: key, status: KeyStatus::Inactive };
                app.update_access_key(&root, input).await.unwrap();
            }
            _ => {
                let key = house.key.key.parse().unwrap();
                app.delete_access_key(&root, ana(), key).await.unwrap();
            }
        }
        assert!(house.at(&cookie).is_none(), "{what}");
        assert!(matches!(house.login(&waiting, None).await, BrokerLogin::NotGood), "{what}");
        house.app().sweep_browsers().await.unwrap();
        let state = house.app().snapshot();
        assert!(state.list::<garita_model::ConsoleSession>(ACCOUNT.parse().unwrap(), "").next().is_none());
        house.pass(SignedDuration::from_mins(15));
        house.app().sweep_browsers().await.unwrap();
        let state = house.app().snapshot();
        assert!(state.list::<garita_model::SigninToken>(ACCOUNT.parse().unwrap(), "").next().is_none());
    }
}
