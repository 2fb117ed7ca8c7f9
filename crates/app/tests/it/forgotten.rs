//! Codes that are sent: what makes one worthless before its time, and how many an address can be sent.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that fails says so")]

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use garita_app::user_pool::{
    ClientSettings, ConfirmForgotten, CreatePoolUser, IssuedTokens, Named, NewPool, OwnPassword,
    PoolSettings, SetPoolPassword, SignIn, SignInFlow, SignUp, SignedIn,
};
use garita_app::{App, RequestContext};
use garita_model::user_pool::{AuthFlow, SignInAttribute};
use garita_model::{PoolClient, PoolUser, Secret, UserPool};
use garita_testkit::TestGarita;
use jiff::SignedDuration;

const PASSWORD: &str = "Correct-Horse-7";
const OTHER: &str = "Another-Horse-8";
const ADDRESS: &str = "ana@example.com";

/// A pool in which a proved address is a name.
struct Stage {
    garita: TestGarita,
    pool: Arc<UserPool>,
    client: Arc<PoolClient>,
}

fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

impl Stage {
    async fn new(auto_verified: bool) -> Self {
        let garita = TestGarita::new().await;
        let root = garita.as_root();
        let auto_verified = auto_verified.then(|| vec![SignInAttribute::Email]);
        let new = NewPool {
            name: "people".to_owned(),
            settings: PoolSettings { auto_verified, ..PoolSettings::default() },
            alias_attributes: vec![SignInAttribute::Email],
            ..NewPool::default()
        };
        let pool = garita.app.create_user_pool(&root, new).await.unwrap().pool;
        let settings = ClientSettings {
            name: Some("app".to_owned()),
            flows: Some(BTreeSet::from([AuthFlow::UserPassword])),
            ..ClientSettings::default()
        };
        let client =
            garita.app.create_pool_client(&root, pool.id.clone(), settings, false).await.unwrap().client;
        Self { garita, pool, client }
    }

    fn app(&self) -> &Arc<App> {
        &self.garita.app
    }

    fn cx(&self) -> RequestContext {
        let arrival = self.app().arrive(IpAddr::V4(Ipv4Addr::LOCALHOST), true, Some("test")).unwrap();
        self.app().nobody(arrival)
    }

    fn named(&self, name: &str) -> Named {
        Named { client: self.client.id.clone(), secret_hash: None, username: name.to_owned() }
    }

    /// Makes a user to whom [`ADDRESS`] belongs, whoever had it before.
    async fn make(&self, name: &str) {
        let user = CreatePoolUser {
            pool: self.pool.id.clone(),
            username: name.to_owned(),
            attributes: [("email", ADDRESS), ("email_verified", "true")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            temporary_password: Some(secret(PASSWORD)),
            force_alias: true,
            resend: false,
            suppress: true,
        };
        self.app().admin_create_pool_user(&self.garita.as_root(), user).await.unwrap();
        self.set(name, PASSWORD, true).await;
    }

    async fn set(&self, name: &str, password: &str, permanent: bool) {
        let (pool, username, password) = (self.pool.id.clone(), name.to_owned(), secret(password));
        let set = SetPoolPassword { pool, username, password, permanent };
        self.app().admin_set_pool_password(&self.garita.as_root(), set).await.unwrap();
    }

    fn user(&self, name: &str) -> Arc<PoolUser> {
        let state = self.app().snapshot();
        state.pool_users(&self.pool.id, None).find(|user| *user.name == *name).cloned().expect("a user")
    }

    async fn sign_in_as(&self, name: &str) -> IssuedTokens {
        let parameters = [("USERNAME", name), ("PASSWORD", PASSWORD)];
        let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let input = SignIn { client: self.client.id.clone(), flow: SignInFlow::UserPassword, parameters };
        match self.app().initiate_auth(&self.cx(), input).await {
            Ok(SignedIn::Tokens(tokens)) => tokens,
            Ok(_) => panic!("more is asked"),
            Err(error) => panic!("{error}"),
        }
    }

    /// Has a code sent for the forgotten password of `ana`.
    async fn code(&self) -> String {
        self.app().forgot_pool_password(&self.cx(), self.named("ana")).await.unwrap();
        // It is sent apart from its request.
        for _ in 0..1_000 {
            if let Some(letter) = self.garita.mail.take().pop() {
                let mut words = letter.text.split(|c: char| !c.is_ascii_digit());
                return words.find(|word| word.len() == 6).expect("a code").to_owned();
            }
            tokio::task::yield_now().await;
        }
        panic!("no letter")
    }

    /// Shows it, and answers what is said.
    async fn show(&self, code: &str) -> String {
        let (who, code, password) = (self.named("ana"), code.to_owned(), secret(OTHER));
        let (cx, input) = (self.cx(), ConfirmForgotten { who, code, password });
        let set = self.app().confirm_forgot_pool_password(&cx, input).await;
        set.map_or_else(|error| error.to_string(), |()| "set".to_owned())
    }

    async fn sign_up(&self, name: &str) {
        let input = SignUp {
            client: self.client.id.clone(),
            secret_hash: None,
            username: name.to_owned(),
            password: secret(PASSWORD),
            attributes: vec![("email".to_owned(), ADDRESS.to_owned())],
        };
        self.app().sign_up(&self.cx(), input).await.unwrap();
    }

    /// How many letters were sent, those that go apart from their requests among them.
    async fn letters(&self) -> usize {
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
        self.garita.mail.take().len()
    }
}

const WRONG: &str = "Invalid verification code provided, please try again.";

#[tokio::test]
async fn a_code_sets_a_password_once() {
    let stage = Stage::new(false).await;
    stage.make("ana").await;
    let code = stage.code().await;
    assert_eq!((stage.show(&code).await.as_str(), stage.show(&code).await.as_str()), ("set", WRONG));
}

/// Whoever still reads the letters of a former address gets neither the account nor the address back.
#[tokio::test]
async fn a_code_is_worth_nothing_once_the_address_is_somebody_elses() {
    let stage = Stage::new(false).await;
    stage.make("ana").await;
    let code = stage.code().await;
    stage.make("bo").await;
    assert_eq!(stage.show(&code).await, WRONG);
    let proved = |name| stage.user(name).attributes.is("email_verified");
    assert!(proved("bo") && !proved("ana"), "no two users are meant by the same address");
}

/// A password is set anew because somebody else may have the mailbox too: what they had sent before must not undo it.
#[tokio::test]
async fn a_password_that_is_set_makes_the_codes_of_before_worthless() {
    for permanent in [true, false] {
        let stage = Stage::new(false).await;
        stage.make("ana").await;
        let code = stage.code().await;
        stage.set("ana", "Third-Horse-9", permanent).await;
        assert_eq!(stage.show(&code).await, WRONG, "permanent: {permanent}");
    }
    let stage = Stage::new(false).await;
    stage.make("ana").await;
    let (code, token) = (stage.code().await, stage.sign_in_as("ana").await.access);
    let change = OwnPassword { token, previous: secret(PASSWORD), proposed: secret("Third-Horse-9") };
    stage.app().change_pool_password(&stage.cx(), change).await.unwrap();
    assert_eq!(stage.show(&code).await, WRONG);
}

/// Five an hour, under however many names.
#[tokio::test]
async fn nobody_has_a_stranger_written_to_without_end_by_asking_again() {
    let stage = Stage::new(true).await;
    for name in ["eve1", "eve2", "eve3"] {
        stage.sign_up(name).await;
    }
    assert_eq!(stage.letters().await, 3);
    stage.garita.clock.advance(SignedDuration::from_hours(1));
    for name in ["eve1", "eve2", "eve3"] {
        for _ in 0..4 {
            stage.app().resend_confirmation_code(&stage.cx(), stage.named(name)).await.unwrap();
        }
    }
    assert_eq!(stage.letters().await, 5);
    // Nor by saying that the address is theirs, once they are in.
    stage.garita.clock.advance(SignedDuration::from_hours(1));
    let mut letters = 0;
    for name in ["eve1", "eve2", "eve3"] {
        let (root, pool) = (stage.garita.as_root(), stage.pool.id.clone());
        stage.app().admin_confirm_pool_user(&root, pool, name.to_owned()).await.unwrap();
        let token = stage.sign_in_as(name).await.access;
        for _ in 0..3 {
            let sent = stage.app().send_attribute_code(&stage.cx(), &token, "email").await;
            letters += usize::from(sent.is_ok());
        }
    }
    assert_eq!((letters, stage.letters().await), (5, 5));
    // A name that is nobody's is answered in the same way.
    let nobody = stage.app().resend_confirmation_code(&stage.cx(), stage.named("nobody")).await.unwrap();
    assert_eq!(nobody.attribute, "email");
}
