//! What a pool keeps and says by itself: sign-ins and codes that are over go, letters are in the reader's language, tokens
//! are signed as the pool's tags ask.
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test that fails says so")]

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_app::user_pool::{
    ClientSettings, ConfirmForgotten, CreatePoolUser, IssuedTokens, Named, NewPool, PoolSettings,
    SetPoolPassword, SignIn, SignInFlow, SignUp, SignedIn,
};
use garita_app::{App, RequestContext};
use garita_model::user_pool::pool::Messages;
use garita_model::user_pool::{AuthFlow, SignInAttribute, TokenValidity, ValidityUnit};
use garita_model::{MailMessage, PoolClient, Result, Secret, TokenUse, UserPool};
use garita_testkit::TestGarita;
use jiff::SignedDuration;
use serde_json::Value;

const PASSWORD: &str = "Correct-Horse-7";

struct Stage {
    garita: TestGarita,
    pool: Arc<UserPool>,
    client: Arc<PoolClient>,
}

fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

fn tags(all: &[(&str, &str)]) -> BTreeMap<String, String> {
    all.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

impl Stage {
    async fn with(settings: PoolSettings) -> Self {
        let garita = TestGarita::new().await;
        let root = garita.as_root();
        let settings = PoolSettings { auto_verified: Some(vec![SignInAttribute::Email]), ..settings };
        let new = NewPool { name: "people".to_owned(), settings, ..NewPool::default() };
        let pool = garita.app.create_user_pool(&root, new).await.unwrap().pool;
        let day = Some(TokenValidity { amount: 1, unit: ValidityUnit::Days });
        let settings = ClientSettings {
            name: Some("app".to_owned()),
            flows: Some(BTreeSet::from([AuthFlow::UserPassword, AuthFlow::RefreshToken])),
            access_token: day,
            id_token: day,
            refresh_token: day,
            ..ClientSettings::default()
        };
        let client =
            garita.app.create_pool_client(&root, pool.id.clone(), settings, false).await.unwrap().client;
        Self { garita, pool, client }
    }

    async fn with_ana(settings: PoolSettings) -> Self {
        let stage = Self::with(settings).await;
        stage.invite("ana", &[("email_verified", "true")]).await;
        stage.garita.mail.take();
        let keep = SetPoolPassword {
            pool: stage.pool.id.clone(),
            username: "ana".to_owned(),
            password: secret(PASSWORD),
            permanent: true,
        };
        stage.app().admin_set_pool_password(&stage.garita.as_root(), keep).await.unwrap();
        stage
    }

    async fn invite(&self, name: &str, attributes: &[(&str, &str)]) {
        let email = ("email".to_owned(), format!("{name}@example.com"));
        let others = attributes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let user = CreatePoolUser {
            pool: self.pool.id.clone(),
            username: name.to_owned(),
            attributes: others.chain([email]).collect(),
            temporary_password: Some(secret(PASSWORD)),
            force_alias: false,
            resend: false,
            suppress: false,
        };
        self.app().admin_create_pool_user(&self.garita.as_root(), user).await.unwrap();
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

    async fn initiate(&self, flow: SignInFlow, parameters: &[(&str, &str)]) -> IssuedTokens {
        let input = SignIn { client: self.client.id.clone(), flow, parameters: tags(parameters) };
        match self.app().initiate_auth(&self.cx(), input).await {
            Ok(SignedIn::Tokens(tokens)) => tokens,
            Ok(_) => panic!("more is asked"),
            Err(error) => panic!("{error}"),
        }
    }

    async fn sign_in(&self) -> IssuedTokens {
        self.initiate(SignInFlow::UserPassword, &[("USERNAME", "ana"), ("PASSWORD", PASSWORD)]).await
    }

    fn is_good(&self, access: &Secret<String>) -> bool {
        self.app().get_own_user(&self.cx(), access).is_ok()
    }

    fn later(&self, minutes: i64) {
        self.garita.clock.advance(SignedDuration::from_mins(minutes));
    }

    async fn swept(&self) -> usize {
        self.app().sweep_pools().await.unwrap()
    }

    async fn sign_up(&self, name: &str, locale: Option<&str>) -> MailMessage {
        let email = ("email".to_owned(), format!("{name}@example.com"));
        let locale = locale.map(|locale| ("locale".to_owned(), locale.to_owned()));
        let input = SignUp {
            client: self.client.id.clone(),
            secret_hash: None,
            username: name.to_owned(),
            password: secret(PASSWORD),
            attributes: [email].into_iter().chain(locale).collect(),
        };
        self.app().sign_up(&self.cx(), input).await.unwrap();
        self.letter()
    }

    fn letter(&self) -> MailMessage {
        let [letter] = self.garita.mail.take().try_into().ok().expect("one letter");
        letter
    }

    /// What is sent apart from its request comes a little later.
    async fn next_letter(&self) -> MailMessage {
        for _ in 0..1_000 {
            if let Some(letter) = self.garita.mail.take().pop() {
                return letter;
            }
            tokio::task::yield_now().await;
        }
        panic!("no letter")
    }
}

#[tokio::test]
async fn a_sign_in_is_forgotten_when_its_newest_token_is_over_and_not_before() {
    let stage = Stage::with_ana(PoolSettings::default()).await;
    let first = stage.sign_in().await;
    assert_eq!(stage.swept().await, 0);
    stage.later(24 * 60 - 1);
    let refresh = first.refresh.as_ref().unwrap().expose();
    let newest = stage.initiate(SignInFlow::RefreshToken, &[("REFRESH_TOKEN", refresh)]).await;
    stage.later(24 * 60 - 1);
    assert_eq!(stage.swept().await, 0, "its refresh token is over, its newest access token is not");
    assert!(stage.is_good(&newest.access));
    stage.later(60 + 2);
    assert!(!stage.is_good(&newest.access));
    assert_eq!((stage.swept().await, stage.swept().await), (1, 0));
    assert_eq!(stage.app().snapshot().all_pool_sessions().count(), 0);
}

#[tokio::test]
async fn a_sign_in_that_was_ended_is_kept_while_what_led_to_it_could_be_shown_again() {
    let stage = Stage::with_ana(PoolSettings::default()).await;
    let tokens = stage.sign_in().await;
    let kept = stage.sign_in().await;
    stage.later(30);
    let refresh = tokens.refresh.unwrap();
    stage.app().revoke_pool_token(&stage.cx(), &stage.client.id, None, &refresh).await.unwrap();
    assert_eq!(stage.swept().await, 0);
    stage.later(30);
    assert_eq!(stage.swept().await, 1);
    assert!(stage.is_good(&kept.access) && !stage.is_good(&tokens.access));
}

#[tokio::test]
async fn codes_are_forgotten_a_day_after_they_came_too_late() {
    let stage = Stage::with_ana(PoolSettings::default()).await;
    stage.app().forgot_pool_password(&stage.cx(), stage.named("ana")).await.unwrap();
    let letter = stage.next_letter().await;
    let code =
        letter.text.split(|c: char| !c.is_ascii_digit()).find(|word| word.len() == 6).unwrap().to_owned();
    let confirm = || {
        let input = ConfirmForgotten {
            who: stage.named("ana"),
            code: code.clone(),
            password: secret("Another-Horse-8"),
        };
        let (app, cx) = (Arc::clone(stage.app()), stage.cx());
        async move { app.confirm_forgot_pool_password(&cx, input).await.expect_err("too late").to_string() }
    };
    stage.later(60);
    assert_eq!(stage.swept().await, 0);
    assert!(confirm().await.contains("request a code again"), "it is told that it is too late");
    stage.later(24 * 60);
    assert_eq!(stage.swept().await, 1);
    assert!(confirm().await.contains("Invalid verification code"));
}

#[tokio::test]
async fn letters_are_in_the_language_of_the_user_or_else_of_the_pool() {
    let stage = Stage::with_ana(PoolSettings::default()).await;
    assert_eq!(stage.sign_up("en", None).await.subject, "Your verification code");
    let spanish = stage.sign_up("es", Some("es-MX")).await;
    assert_eq!(spanish.subject, "Tu código de verificación");
    assert!(spanish.text.starts_with("Hola, es:"), "{}", spanish.text);
    stage.invite("bo", &[("locale", "es")]).await;
    let invitation = stage.letter();
    assert_eq!(invitation.subject, "Tu contraseña temporal");
    assert!(
        invitation.text.contains("Tu nombre de usuario es bo y tu contraseña temporal es Correct-Horse-7")
    );
    stage.app().forgot_pool_password(&stage.cx(), stage.named("ana")).await.unwrap();
    assert_eq!(stage.next_letter().await.subject, "Your code for a new password");

    let root = stage.garita.as_root();
    let (arn, language) = (stage.pool.arn(), tags(&[("garita:language", "es")]));
    stage.app().tag_user_pool(&root, &arn, language).await.unwrap();
    assert_eq!(stage.sign_up("cy", None).await.subject, "Tu código de verificación");
    assert_eq!(stage.sign_up("di", Some("en")).await.subject, "Your verification code");
    stage.app().forgot_pool_password(&stage.cx(), stage.named("ana")).await.unwrap();
    assert_eq!(stage.next_letter().await.subject, "Tu código para una contraseña nueva");
}

#[tokio::test]
async fn a_pools_own_words_go_before_garitas() {
    let own = |text: &str| Some(text.to_owned());
    let messages = Messages {
        verification_subject: own("Welcome"),
        verification: own("{username}: {####}"),
        invitation_subject: own("Come in"),
        invitation: own("{username} has {####}"),
    };
    let stage = Stage::with(PoolSettings { messages, ..PoolSettings::default() }).await;
    let letter = stage.sign_up("ana", Some("es")).await;
    let code = letter.text.strip_prefix("ana: ").unwrap();
    assert_eq!((letter.subject.as_str(), code.len()), ("Welcome", 6));
    stage.invite("bo", &[]).await;
    let letter = stage.letter();
    assert_eq!((letter.subject.as_str(), letter.text.as_str()), ("Come in", "bo has Correct-Horse-7"));
}

fn header(token: &Secret<String>) -> Value {
    let head = token.expose().split('.').next().unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(head).unwrap()).unwrap()
}

#[tokio::test]
async fn tokens_are_signed_as_the_tags_of_the_pool_ask() {
    let stage = Stage::with_ana(PoolSettings {
        tags: Some(tags(&[("garita:token-algorithm", "ES256")])),
        ..PoolSettings::default()
    })
    .await;
    let signed_with = async || {
        let tokens = stage.sign_in().await;
        assert!(stage.is_good(&tokens.access), "verified here");
        let published = stage.app().pool_key_set(&stage.pool.id, stage.cx().now()).unwrap();
        let keys = published["keys"].as_array().unwrap();
        let mut algorithms = Vec::new();
        for token in [&tokens.id, &tokens.access] {
            let header = header(token);
            let key = keys.iter().find(|key| key["kid"] == header["kid"]).expect("a published key");
            assert_eq!(key["alg"], header["alg"]);
            algorithms.push(header["alg"].as_str().unwrap().to_owned());
        }
        assert_eq!(algorithms[0], algorithms[1]);
        algorithms.remove(0)
    };
    assert_eq!(signed_with().await, "ES256");
    let root = || stage.garita.as_root();
    let tag = async |all: &[(&str, &str)]| -> Result<()> {
        stage.app().tag_user_pool(&root(), &stage.pool.arn(), tags(all)).await
    };
    let of_client = format!("garita:token-algorithm/{}", stage.client.id);
    tag(&[(&of_client, "EdDSA")]).await.unwrap();
    assert_eq!(signed_with().await, "EdDSA");
    stage.app().untag_user_pool(&root(), &stage.pool.arn(), vec![of_client]).await.unwrap();
    assert_eq!(signed_with().await, "ES256");
    for wrong in [("garita:token-algorithm", "HS256"), ("garita:algorithm", "ES256")] {
        assert!(tag(&[wrong]).await.is_err(), "{wrong:?}");
    }
    assert_eq!(signed_with().await, "ES256");
    // A key of each kind for each use, and no more for a tag that is set again.
    tag(&[("garita:token-algorithm", "ES256"), ("team", "ml")]).await.unwrap();
    let state = stage.app().snapshot();
    let keys = state.list::<garita_model::TokenKey>(stage.pool.account, "");
    let mut kinds: Vec<_> = keys.map(|key| (key.algorithm.as_str(), key.signs == TokenUse::Id)).collect();
    kinds.sort_unstable();
    let each = ["ES256", "EdDSA", "RS256"].map(|name| [(name, false), (name, true)]);
    assert_eq!(kinds, each.concat());
}
