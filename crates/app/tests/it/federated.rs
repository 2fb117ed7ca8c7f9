//! Signing in through an OpenID Connect provider: who is let in, as whom, and everything that must not be believed.
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test that fails says so")]

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_app::oauth::{Arrived, Errand, ErrandFault, Homecoming, Progress};
use garita_app::user_pool::{
    ClientSettings, CreatePoolUser, GroupSettings, NewGroup, NewPool, PendingLink, PoolSettings,
    ProviderDetails, ProviderSettings, ProviderUser, SetPoolPassword,
};
use garita_app::{App, RequestContext};
use garita_model::user_pool::{MfaMode, SignInAttribute, UserStatus};
use garita_model::{Clock as _, PoolClient, PoolUser, Secret, UserPool};
use garita_testkit::{TestGarita, TestIdp};
use jiff::SignedDuration;
use serde_json::{Value, json};

const ISSUER: &str = "https://idp.example";
const CALLBACK: &str = "http://garita.test/p/oauth2/idpresponse";
const PASSWORD: &str = "Correct-Horse-7";

struct Stage {
    garita: TestGarita,
    idp: TestIdp,
    pool: Arc<UserPool>,
    client: Arc<PoolClient>,
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn details(client: &str) -> ProviderDetails {
    ProviderDetails {
        client: client.to_owned(),
        secret: Some(Secret::new("hush hush".to_owned())),
        issuer: ISSUER.to_owned(),
        scopes: "openid email".to_owned(),
        userinfo_by_post: false,
        endpoints: None,
        groups_claim: None,
    }
}

fn settings() -> ProviderSettings {
    let mapping = [("email", "email"), ("name", "name"), ("email_verified", "email_verified")];
    ProviderSettings {
        details: Some(details("app")),
        mapping: Some(mapping.map(|(to, from)| (to.to_owned(), from.to_owned())).into()),
        identifiers: Some(texts(&["corp.example"])),
    }
}

fn client_settings(providers: &[&str]) -> ClientSettings {
    ClientSettings {
        name: Some("MLflow".to_owned()),
        providers: texts(providers),
        oauth: true,
        oauth_flows: texts(&["code"]),
        oauth_scopes: texts(&["openid", "email"]),
        callback_urls: texts(&["https://app.example/callback"]),
        ..ClientSettings::default()
    }
}

/// What came of a sign-in, in a word.
fn word(arrived: &Result<Arrived, ErrandFault>) -> String {
    match arrived {
        Ok(Arrived::Progress(Progress::Done(browser))) => format!("in as {}", browser.who.name()),
        Ok(Arrived::Progress(Progress::Challenge(challenge))) => format!("asked for {:?}", challenge.kind),
        Ok(Arrived::Known(link)) => format!("known by {}", link.email),
        Err(ErrandFault::Unusable(why)) => format!("unusable: {why}"),
        Err(ErrandFault::Unfit(why)) => format!("unfit: {why}"),
        Err(fault) => format!("{fault:?}").to_lowercase(),
    }
}

impl Stage {
    async fn new() -> Self {
        Self::with(PoolSettings::default(), &[]).await
    }

    async fn with(settings_of_pool: PoolSettings, aliases: &[SignInAttribute]) -> Self {
        let garita = TestGarita::new().await;
        let new = NewPool {
            name: "Research".to_owned(),
            settings: settings_of_pool,
            alias_attributes: aliases.to_vec(),
            ..NewPool::default()
        };
        let pool = garita.app.create_user_pool(&garita.as_root(), new).await.unwrap().pool;
        let idp = TestIdp::new(ISSUER, "k1");
        idp.publish(&garita.documents, &format!("{ISSUER}/jwks"));
        let id = pool.id.clone();
        garita
            .app
            .create_pool_provider(&garita.as_root(), id.clone(), "Corp".to_owned(), settings())
            .await
            .unwrap();
        let made = client_settings(&["COGNITO", "Corp"]);
        let client = garita.app.create_pool_client(&garita.as_root(), id, made, false).await.unwrap().client;
        Self { garita, idp, pool, client }
    }

    fn app(&self) -> &Arc<App> {
        &self.garita.app
    }
    fn cx(&self) -> RequestContext {
        let arrival = self.app().arrive([127, 0, 0, 1].into(), true, Some("test")).unwrap();
        self.app().nobody(arrival)
    }

    async fn begin(&self) -> (Errand, BTreeMap<&'static str, String>) {
        let cx = self.cx();
        let begun = self.app().begin_errand(&cx, &self.pool, &self.client, "Corp", None, CALLBACK).await;
        let (errand, departure) = begun.unwrap();
        assert_eq!(departure.address, format!("{ISSUER}/authorize"));
        (errand, departure.parameters.into_iter().collect())
    }

    /// Has the provider answer the next exchange with a token of these claims.
    fn answer(&self, asked: &BTreeMap<&'static str, String>, claims: Value) {
        let mut told = json!({ "nonce": asked["nonce"] });
        told.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        let token = self.idp.token(self.garita.clock.now(), &told);
        self.answer_with(&token);
    }
    fn answer_with(&self, token: &str) {
        let body = json!({ "access_token": "at", "token_type": "Bearer", "id_token": token });
        self.garita.documents.answer(&format!("{ISSUER}/token"), 200, body.to_string());
    }

    async fn end(&self, errand: &Errand, home: Homecoming<'_>) -> Result<Arrived, ErrandFault> {
        self.app().end_errand(&self.cx(), &self.client, errand, home, CALLBACK, None).await
    }

    /// A whole sign-in of somebody of whom the provider says this.
    async fn sign_in(&self, claims: Value) -> Result<Arrived, ErrandFault> {
        let (errand, asked) = self.begin().await;
        self.answer(&asked, claims);
        self.end(&errand, home("code")).await
    }

    fn user(&self, subject: &str) -> Arc<PoolUser> {
        let state = self.app().snapshot();
        state.pool_user_of(&self.pool.id, "Corp", subject).cloned().expect("a user")
    }

    /// A user of the pool itself.
    async fn own(&self, name: &str, email: &str, verified: bool) {
        let user = CreatePoolUser {
            pool: self.pool.id.clone(),
            username: name.to_owned(),
            attributes: vec![
                ("email".to_owned(), email.to_owned()),
                ("email_verified".to_owned(), verified.to_string()),
            ],
            temporary_password: Some(Secret::new(PASSWORD.to_owned())),
            force_alias: false,
            resend: false,
            suppress: true,
        };
        let root = self.garita.as_root();
        self.app().admin_create_pool_user(&root, user).await.unwrap();
        let (pool, username) = (self.pool.id.clone(), name.to_owned());
        let password = Secret::new(PASSWORD.to_owned());
        let keep = SetPoolPassword { pool, username, password, permanent: true };
        self.app().admin_set_pool_password(&root, keep).await.unwrap();
    }

    async fn password(&self, name: &str) -> Result<Progress, garita_model::Error> {
        let password = Secret::new(PASSWORD.to_owned());
        self.app().sign_in_with_password(&self.cx(), &self.client, name, password, None).await
    }
}

fn home(code: &str) -> Homecoming<'_> {
    Homecoming { code: Some(code), error: None, issuer: None }
}

#[tokio::test]
async fn a_person_whom_the_provider_knows_becomes_a_user_and_stays_the_same_one() {
    let stage = Stage::new().await;
    let (errand, asked) = stage.begin().await;
    assert_eq!((asked["client_id"].as_str(), asked["scope"].as_str()), ("app", "openid email"));
    stage.answer(&asked, json!({ "email": "ana@corp.example", "email_verified": true, "name": "Ana" }));
    let arrived = stage.end(&errand, home("c-1")).await;
    assert_eq!(word(&arrived), "in as Corp_ana");

    // The exchange proved the pool to the provider, and the browser's errand to both.
    let questions = stage.garita.documents.questions();
    let [exchange] = questions.as_slice() else { panic!("{questions:?}") };
    let basic = exchange.authorization.as_deref().unwrap().strip_prefix("Basic ").unwrap();
    let basic = base64::engine::general_purpose::STANDARD.decode(basic).unwrap();
    assert_eq!(String::from_utf8(basic).unwrap(), "app:hush%20hush");
    let form = exchange.form.as_deref().unwrap();
    assert!(form.starts_with("grant_type=authorization_code&code=c-1&redirect_uri=http%3A%2F%2Fgarita.test"));
    let verifier = form.split("code_verifier=").nth(1).unwrap();
    assert_eq!(URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes())), asked["code_challenge"]);

    let user = stage.user("ana");
    assert_eq!((&*user.name, user.status), ("Corp_ana", UserStatus::ExternalProvider));
    let told: Vec<_> = user.attributes.iter().collect();
    assert_eq!(told, [("email", "ana@corp.example"), ("email_verified", "true"), ("name", "Ana")]);
    assert!(user.is_in(&format!("{}_Corp", stage.pool.id)));

    // The next sign-in finds the same user, and brings what has changed.
    assert_eq!(word(&stage.sign_in(json!({ "email": "ana@new.example" })).await), "in as Corp_ana");
    let again = stage.user("ana");
    assert_eq!(again.sub, user.sub);
    assert_eq!(
        (again.attributes.get("email"), again.attributes.is("email_verified")),
        (Some("ana@new.example"), false)
    );
    assert_eq!(again.attributes.get("name"), Some("Ana"), "what is not said is not changed");
    // Another subject is another user, even where case does not matter in names.
    assert_eq!(word(&stage.sign_in(json!({ "sub": "bo" })).await), "in as Corp_bo");
}

#[tokio::test]
async fn nothing_is_believed_that_is_not_for_this_very_sign_in() {
    let stage = Stage::new().await;
    let now = stage.garita.clock.now().as_second();
    for (claims, why) in [
        (json!({ "nonce": "another" }), "its `nonce` is not the one"),
        (json!({ "nonce": null }), "`nonce` is no text"),
        (json!({ "aud": "other" }), "for another client"),
        (json!({ "aud": ["app", "other"] }), "needs the claim `azp`"),
        (json!({ "aud": ["app", "other"], "azp": "other" }), "for another client"),
        (json!({ "aud": "app", "azp": "other" }), "for another client"),
        (json!({ "aud": null }), "for another client"),
        (json!({ "iss": "https://evil.example" }), "issuer is not the provider's"),
        (json!({ "iss": "http://idp.example" }), "issuer is not the provider's"),
        (json!({ "exp": now }), "has run out"),
        (json!({ "exp": (now + 60).to_string() }), "`exp` is no whole number"),
        (json!({ "exp": f64::from(i32::MAX) + 0.5 }), "`exp` is no whole number"),
        (json!({ "nbf": "0" }), "`nbf` is no whole number"),
        (json!({ "nbf": now + 90 }), "not valid yet"),
        (json!({ "iat": now + 90 }), "not valid yet"),
        (json!({ "iat": null }), "`iat` is no whole number"),
        (json!({ "at_hash": "AAAAAAAAAAAAAAAAAAAAAA" }), "at_hash"),
        (json!({ "at_hash": 1 }), "at_hash"),
        (json!({ "sub": "" }), "`sub` has 1 to 255"),
        (json!({ "sub": "s".repeat(256) }), "`sub` has 1 to 255"),
        (json!({ "sub": 7 }), "`sub` is no text"),
    ] {
        let told = word(&stage.sign_in(claims.clone()).await);
        assert!(told.starts_with("unusable: ") && told.contains(why), "{claims}: {told}");
    }
    // What must hold does: other audiences with a party, and a hash of the access token.
    let half = URL_SAFE_NO_PAD.encode(&digest(&SHA256, b"at").as_ref()[..16]);
    let good = json!({ "aud": ["app", "other"], "azp": "app", "at_hash": half });
    assert_eq!(word(&stage.sign_in(good).await), "in as Corp_ana");

    // `none`, a key of somebody else, and a public key as the secret of an HMAC.
    let (errand, asked) = stage.begin().await;
    stage.answer(&asked, json!({}));
    let encoded = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({ "iss": ISSUER, "sub": "ana", "aud": "app", "iat": now, "exp": now + 60, "nonce": asked["nonce"] });
    stage.answer_with(&format!("{}.{}.", encoded(json!({ "alg": "none" })), encoded(claims.clone())));
    assert!(word(&stage.end(&errand, home("c")).await).contains("signed with `none`"));
    let stranger = TestIdp::new(ISSUER, "k1");
    let (errand, asked) = stage.begin().await;
    stage.answer_with(&stranger.token(stage.garita.clock.now(), &json!({ "nonce": asked["nonce"] })));
    assert!(word(&stage.end(&errand, home("c")).await).contains("signature is not valid"));
    let (errand, _) = stage.begin().await;
    stage.answer_with(&format!(
        "{}.{}.AAAA",
        encoded(json!({ "alg": "HS256", "kid": "k1" })),
        encoded(claims)
    ));
    assert!(word(&stage.end(&errand, home("c")).await).contains("signed with `HS256`"));
}

#[tokio::test]
async fn an_answer_counts_once_and_from_the_provider_that_was_asked() {
    let stage = Stage::new().await;
    let (errand, asked) = stage.begin().await;
    stage.answer(&asked, json!({}));
    assert_eq!(word(&stage.end(&errand, home("c")).await), "in as Corp_ana");
    stage.garita.documents.questions();
    assert_eq!(word(&stage.end(&errand, home("c")).await), "spent");
    assert!(stage.garita.documents.questions().is_empty(), "a replayed answer is not even exchanged");

    // Mix-up: RFC 9207.
    let from = |issuer| Homecoming { code: Some("c"), error: None, issuer: Some(issuer) };
    let (errand, asked) = stage.begin().await;
    stage.answer(&asked, json!({}));
    assert!(word(&stage.end(&errand, from("https://evil.example")).await).contains("another issuer"));
    let (errand, asked) = stage.begin().await;
    stage.answer(&asked, json!({}));
    assert_eq!(word(&stage.end(&errand, from(ISSUER)).await), "in as Corp_ana");
    let naming = json!({
        "issuer": ISSUER, "jwks_uri": format!("{ISSUER}/jwks"), "authorization_endpoint": format!("{ISSUER}/authorize"),
        "token_endpoint": format!("{ISSUER}/token"), "authorization_response_iss_parameter_supported": true,
    });
    let at = format!("{ISSUER}/.well-known/openid-configuration");
    stage.garita.documents.publish(&at, naming.to_string());
    stage.garita.clock.advance(SignedDuration::from_mins(6));
    let (errand, asked) = stage.begin().await;
    stage.answer(&asked, json!({}));
    assert!(word(&stage.end(&errand, home("c")).await).contains("does not name its issuer"));
    // An error that is not the provider's own is not believed either.
    let (errand, _) = stage.begin().await;
    let forged =
        Homecoming { code: None, error: Some("access_denied"), issuer: Some("https://evil.example") };
    assert!(word(&stage.end(&errand, forged).await).contains("another issuer"));
}

#[tokio::test]
async fn what_goes_wrong_at_the_provider_signs_nobody_in() {
    let stage = Stage::new().await;
    let failed = |error| Homecoming { code: None, error: Some(error), issuer: None };
    let (errand, _) = stage.begin().await;
    assert_eq!(word(&stage.end(&errand, failed("access_denied")).await), "denied");
    let (errand, _) = stage.begin().await;
    assert_eq!(
        word(&stage.end(&errand, failed("server_error\r\nx")).await),
        "unusable: it answered with the error `server_errorx`"
    );
    let (errand, _) = stage.begin().await;
    let nothing = Homecoming { code: None, error: None, issuer: None };
    assert_eq!(word(&stage.end(&errand, nothing).await), "unusable: it answered without a code");
    let token = format!("{ISSUER}/token");
    let documents = &stage.garita.documents;
    for (status, body, why) in [
        (400, r#"{"error":"invalid_grant"}"#, "unusable: its token endpoint answered 400"),
        (302, "", "unusable: its token endpoint answered 302"),
        (500, "", "unreachable"),
        (200, "no json", "unusable: its token endpoint answered without id and access token"),
        (
            200,
            r#"{"access_token":"a","token_type":"Bearer"}"#,
            "unusable: its token endpoint answered without id and access token",
        ),
        (
            200,
            r#"{"access_token":"a","token_type":"mac","id_token":"x"}"#,
            "unusable: its token endpoint answered without id and access token",
        ),
    ] {
        let (errand, _) = stage.begin().await;
        documents.answer(&token, status, body);
        assert_eq!(word(&stage.end(&errand, home("c")).await), why, "{status} {body}");
    }
    let long = json!({ "access_token": "a", "token_type": "Bearer", "id_token": "x".repeat(20_001) });
    let (errand, _) = stage.begin().await;
    documents.answer(&token, 200, long.to_string());
    assert!(word(&stage.end(&errand, home("c")).await).contains("without id and access token"));

    // A provider that is gone, and endpoints on somebody else's host.
    stage.garita.clock.advance(SignedDuration::from_mins(6));
    documents.withdraw();
    let begun =
        stage.app().begin_errand(&stage.cx(), &stage.pool, &stage.client, "Corp", None, CALLBACK).await;
    assert!(matches!(begun, Err(ErrandFault::Unreachable)));
    stage.idp.publish(documents, &format!("{ISSUER}/jwks"));
    let elsewhere = json!({
        "issuer": ISSUER, "jwks_uri": format!("{ISSUER}/jwks"), "authorization_endpoint": "https://evil.example/a",
        "token_endpoint": "http://169.254.169.254/token",
    });
    documents.publish(&format!("{ISSUER}/.well-known/openid-configuration"), elsewhere.to_string());
    stage.garita.clock.advance(SignedDuration::from_mins(6));
    let begun =
        stage.app().begin_errand(&stage.cx(), &stage.pool, &stage.client, "Corp", None, CALLBACK).await;
    assert!(matches!(begun, Err(ErrandFault::Unusable(_))));
}

#[tokio::test]
async fn claims_of_the_userinfo_endpoint_are_of_the_same_person() {
    let stage = Stage::new().await;
    let told = json!({
        "issuer": ISSUER, "jwks_uri": format!("{ISSUER}/jwks"), "authorization_endpoint": format!("{ISSUER}/authorize"),
        "token_endpoint": format!("{ISSUER}/token"), "userinfo_endpoint": format!("{ISSUER}/me"),
    });
    stage.garita.documents.publish(&format!("{ISSUER}/.well-known/openid-configuration"), told.to_string());
    let me = format!("{ISSUER}/me");
    stage.garita.documents.answer(&me, 200, json!({ "sub": "ana", "name": "Ana" }).to_string());
    assert_eq!(word(&stage.sign_in(json!({})).await), "in as Corp_ana");
    assert_eq!(stage.user("ana").attributes.get("name"), Some("Ana"));
    let asked = stage.garita.documents.questions().pop().unwrap();
    assert_eq!(
        (asked.address, asked.authorization.as_deref(), asked.form),
        (me.clone(), Some("Bearer at"), None)
    );
    stage.garita.documents.answer(&me, 200, json!({ "sub": "bo", "name": "Bo" }).to_string());
    assert!(word(&stage.sign_in(json!({})).await).contains("claims of somebody else"));
    stage.garita.documents.answer(&me, 401, "");
    assert!(word(&stage.sign_in(json!({})).await).contains("answered no claims"));
}

#[tokio::test]
async fn nobody_becomes_a_user_who_is_there_by_name_or_by_address() {
    let stage = Stage::new().await;
    // A name that was taken before the provider's user came.
    stage.own("Corp_ana", "x@example.com", true).await;
    assert_eq!(word(&stage.sign_in(json!({})).await), "taken");
    // An address that is not proved on both sides makes another user, and tells nothing.
    stage.own("bo", "bo@corp.example", true).await;
    stage.own("cy", "cy@corp.example", false).await;
    let said = |sub: &str, email: &str, verified: Value| json!({ "sub": sub, "email": email, "email_verified": verified });
    for (claims, name) in [
        (said("1", "bo@corp.example", json!(false)), "Corp_1"),
        (said("2", "bo@corp.example", json!("false")), "Corp_2"),
        (json!({ "sub": "3", "email": "bo@corp.example" }), "Corp_3"),
        (said("4", "cy@corp.example", json!(true)), "Corp_4"),
    ] {
        assert_eq!(word(&stage.sign_in(claims.clone()).await), format!("in as {name}"), "{claims}");
    }
    let state = stage.app().snapshot();
    assert!(state.pool_user_of(&stage.pool.id, "Corp", "1").unwrap().identities()[0].primary);

    // Proved on both sides, it is offered, and nothing is linked by that.
    let claims = said("5", "bo@corp.example", json!(true));
    let Ok(Arrived::Known(link)) = stage.sign_in(claims.clone()).await else { panic!("no offer") };
    assert!(stage.app().snapshot().pool_user_of(&stage.pool.id, "Corp", "5").is_none());
    let browser = |progress| match progress {
        Ok(Progress::Done(browser)) => browser,
        _ => panic!("not signed in"),
    };
    // Somebody else's sign-in links nothing.
    let other = browser(stage.password("cy").await);
    assert!(!link_by(&stage, &other.who, &link).await);
    assert!(stage.app().snapshot().pool_user_of(&stage.pool.id, "Corp", "5").is_none());
    let own = browser(stage.password("bo").await);
    assert!(link_by(&stage, &own.who, &link).await);
    assert_eq!(word(&stage.sign_in(claims).await), "in as bo");
    // What the provider says does not overwrite what a user of the pool itself has.
    assert_eq!(word(&stage.sign_in(said("5", "evil@corp.example", json!(true))).await), "in as bo");
    assert_eq!(stage.user("5").attributes.get("email"), Some("bo@corp.example"));
    // The offer is good once.
    assert!(stage.app().link_by_proof(&stage.cx(), &stage.client, &own.who, &link).await.is_err());
}

async fn link_by(stage: &Stage, who: &garita_app::oauth::SignedIn, link: &PendingLink) -> bool {
    stage.app().link_by_proof(&stage.cx(), &stage.client, who, link).await.unwrap()
}

#[tokio::test]
async fn an_address_that_signs_people_in_is_not_taken_over() {
    let stage = Stage::with(PoolSettings::default(), &[SignInAttribute::Email]).await;
    stage.own("bo", "bo@corp.example", true).await;
    let no_passwords = client_settings(&["Corp"]);
    let root = stage.garita.as_root();
    let (pool, id) = (stage.pool.id.clone(), stage.client.id.clone());
    let client = stage.app().update_pool_client(&root, pool, id, no_passwords).await.unwrap().client;
    let stage = Stage { client, ..stage };
    // Nobody can prove here whose account it is, so nothing is offered; and the alias stays whose it is.
    let claims = json!({ "email": "bo@corp.example", "email_verified": true });
    assert_eq!(word(&stage.sign_in(claims).await), "taken");
    assert!(stage.password("bo").await.is_err(), "the client takes no passwords");
}

#[tokio::test]
async fn a_second_factor_is_not_skipped_where_everybody_shows_one() {
    let pool = PoolSettings { mfa: Some(MfaMode::On), ..PoolSettings::default() };
    let stage = Stage::with(pool, &[]).await;
    assert_eq!(word(&stage.sign_in(json!({})).await), "asked for SetUp");
    // The provider's own word for it counts: it is signed.
    assert_eq!(word(&stage.sign_in(json!({ "amr": ["pwd", "mfa"] })).await), "in as Corp_ana");
    assert_eq!(word(&stage.sign_in(json!({ "amr": ["pwd"] })).await), "asked for SetUp");
    assert_eq!(word(&stage.sign_in(json!({ "amr": "mfa" })).await), "asked for SetUp");
}

#[tokio::test]
async fn who_is_kept_out_is_kept_out_at_once() {
    let stage = Stage::new().await;
    let root = stage.garita.as_root();
    let signed_in = |arrived: Result<Arrived, ErrandFault>| match arrived {
        Ok(Arrived::Progress(Progress::Done(browser))) => browser.cookie.expose().clone(),
        other => panic!("{}", word(&other)),
    };
    let there =
        |cookie: &str| stage.app().signed_in(&stage.pool.id, cookie, stage.garita.clock.now()).is_some();
    let pool = || stage.pool.id.clone();

    let cookie = signed_in(stage.sign_in(json!({})).await);
    assert!(there(&cookie));
    let who = || ProviderUser { provider: "Corp".to_owned(), value: "ana".to_owned() };
    stage.app().admin_disable_provider_for_user(&root, pool(), who()).await.unwrap();
    assert!(!there(&cookie));
    assert_eq!(word(&stage.sign_in(json!({})).await), "disabled");
    stage.app().admin_enable_pool_user(&root, pool(), "Corp_ana".to_owned(), true).await.unwrap();
    let cookie = signed_in(stage.sign_in(json!({})).await);

    // The provider goes: who it vouched for is signed out; one of the same name vouches for nobody of before.
    stage.app().delete_pool_provider(&root, pool(), "Corp".to_owned()).await.unwrap();
    assert!(!there(&cookie));
    let begun =
        stage.app().begin_errand(&stage.cx(), &stage.pool, &stage.client, "Corp", None, CALLBACK).await;
    assert!(matches!(begun, Err(ErrandFault::Unknown)));
    stage.app().create_pool_provider(&root, pool(), "Corp".to_owned(), settings()).await.unwrap();
    assert!(!there(&cookie), "a provider of the same name is another one");
    let begun =
        stage.app().begin_errand(&stage.cx(), &stage.pool, &stage.client, "Corp", None, CALLBACK).await;
    assert!(matches!(begun, Err(ErrandFault::Unknown)), "the client was taken off it");
    let open = client_settings(&["COGNITO", "Corp"]);
    stage.app().update_pool_client(&root, pool(), stage.client.id.clone(), open).await.unwrap();
    let cookie = signed_in(stage.sign_in(json!({})).await);
    // Another client at the provider is another provider.
    let other = ProviderSettings { details: Some(details("other")), ..ProviderSettings::default() };
    let (errand, asked) = stage.begin().await;
    stage.answer(&asked, json!({}));
    stage.app().update_pool_provider(&root, pool(), "Corp".to_owned(), other).await.unwrap();
    assert!(!there(&cookie));
    assert!(word(&stage.end(&errand, home("c")).await).contains("for another client"));
}

#[tokio::test]
async fn people_of_another_issuer_are_other_people() {
    let stage = Stage::new().await;
    assert_eq!(word(&stage.sign_in(json!({})).await), "in as Corp_ana");
    let other = TestIdp::new("https://other.example", "k9");
    other.publish(&stage.garita.documents, "https://other.example/jwks");
    let moved = ProviderDetails { issuer: "https://other.example".to_owned(), ..details("app") };
    let moved = ProviderSettings { details: Some(moved), ..ProviderSettings::default() };
    let (root, pool) = (stage.garita.as_root(), stage.pool.id.clone());
    stage.app().update_pool_provider(&root, pool, "Corp".to_owned(), moved).await.unwrap();
    let begun =
        stage.app().begin_errand(&stage.cx(), &stage.pool, &stage.client, "Corp", None, CALLBACK).await;
    let (errand, departure) = begun.unwrap();
    let asked: BTreeMap<_, _> = departure.parameters.into_iter().collect();
    let token = other.token(stage.garita.clock.now(), &json!({ "nonce": asked["nonce"] }));
    let body = json!({ "access_token": "at", "token_type": "Bearer", "id_token": token });
    stage.garita.documents.answer("https://other.example/token", 200, body.to_string());
    assert_eq!(word(&stage.end(&errand, home("c")).await), "taken");
}

#[tokio::test]
async fn groups_that_the_provider_names_come_and_go_with_its_word() {
    let stage = Stage::new().await;
    let root = stage.garita.as_root();
    let named = ProviderDetails { groups_claim: Some("groups".to_owned()), ..details("app") };
    let named = ProviderSettings { details: Some(named), ..ProviderSettings::default() };
    let pool = || stage.pool.id.clone();
    stage.app().update_pool_provider(&root, pool(), "Corp".to_owned(), named).await.unwrap();
    for name in ["readers", "approvers", "own"] {
        let group = NewGroup { pool: pool(), name: name.to_owned(), settings: GroupSettings::default() };
        stage.app().create_pool_group(&root, group).await.unwrap();
    }
    let groups = |subject: &str| {
        let user = stage.user(subject);
        let mut groups: Vec<String> = user.groups.iter().map(ToString::to_string).collect();
        groups.sort();
        groups.retain(|name| !name.ends_with("_Corp"));
        groups
    };
    let told = json!({ "groups": ["readers", "approvers", "absent", 7] });
    assert_eq!(word(&stage.sign_in(told).await), "in as Corp_ana");
    assert_eq!(groups("ana"), ["approvers", "readers"]);
    let name = "Corp_ana".to_owned();
    stage.app().set_pool_membership(&root, pool(), name, "own".to_owned(), true).await.unwrap();
    let before = stage.user("ana").min_rev;
    assert_eq!(word(&stage.sign_in(json!({ "groups": "readers" })).await), "in as Corp_ana");
    assert_eq!(groups("ana"), ["own", "readers"], "what an administrator gave stays");
    assert!(stage.user("ana").min_rev > before, "who loses a group is signed out where it counted");
    assert_eq!(word(&stage.sign_in(json!({})).await), "in as Corp_ana");
    assert_eq!(groups("ana"), ["own"]);
}

#[tokio::test]
async fn an_administrator_links_whom_a_provider_knows_to_a_user() {
    let stage = Stage::new().await;
    stage.own("bo", "bo@example.com", true).await;
    let (root, pool) = (stage.garita.as_root(), || stage.pool.id.clone());
    let user =
        |provider: &str, value: &str| ProviderUser { provider: provider.to_owned(), value: value.to_owned() };
    let link = |to, from| stage.app().admin_link_provider_for_user(&root, pool(), to, from);
    link(user("Cognito", "bo"), user("Corp", "b-1")).await.unwrap();
    assert_eq!(word(&stage.sign_in(json!({ "sub": "b-1" })).await), "in as bo");
    assert!(!stage.user("b-1").is_in(&format!("{}_Corp", stage.pool.id)));
    // Not twice, not one who has signed in, not to nobody, not from nowhere.
    assert!(link(user("Cognito", "bo"), user("Corp", "b-2")).await.is_err());
    assert_eq!(word(&stage.sign_in(json!({})).await), "in as Corp_ana");
    assert!(link(user("Cognito", "bo"), user("Corp", "ana")).await.is_err());
    assert!(link(user("Cognito", "nobody"), user("Corp", "x")).await.is_err());
    assert!(link(user("Cognito", "bo"), user("Elsewhere", "x")).await.is_err());
    stage.app().admin_disable_provider_for_user(&root, pool(), user("Corp", "b-1")).await.unwrap();
    assert_eq!(word(&stage.sign_in(json!({ "sub": "b-1" })).await), "in as Corp_b-1", "the link is gone");
    assert!(stage.password("bo").await.is_ok(), "the account itself stays");
}

#[tokio::test]
async fn who_has_no_password_here_gets_none() {
    let stage = Stage::new().await;
    let told = json!({ "email": "ana@corp.example", "email_verified": true });
    assert_eq!(word(&stage.sign_in(told).await), "in as Corp_ana");
    let (pool, username) = (stage.pool.id.clone(), "Corp_ana".to_owned());
    let password = Secret::new(PASSWORD.to_owned());
    let set = SetPoolPassword { pool, username, password, permanent: true };
    assert!(stage.app().admin_set_pool_password(&stage.garita.as_root(), set).await.is_err());
    let (root, name) = (stage.garita.as_root(), "Corp_ana".to_owned());
    assert!(stage.app().admin_reset_pool_password(&root, stage.pool.id.clone(), name).await.is_err());
    let _ = stage.app().web_forgot_password(&stage.cx(), &stage.client, "Corp_ana").await;
    assert!(stage.garita.mail.take().is_empty());
    assert!(stage.password("Corp_ana").await.is_err());
}

#[tokio::test]
async fn a_provider_that_cannot_be_is_not_made() {
    let stage = Stage::new().await;
    let root = stage.garita.as_root();
    let make = |name: &str, settings| {
        stage.app().create_pool_provider(&root, stage.pool.id.clone(), name.to_owned(), settings)
    };
    let with = |change: &dyn Fn(&mut ProviderDetails)| {
        let mut details = details("app");
        change(&mut details);
        ProviderSettings { details: Some(details), ..ProviderSettings::default() }
    };
    let mapped = |to: &str, from: &str| ProviderSettings {
        mapping: Some(BTreeMap::from([(to.to_owned(), from.to_owned())])),
        ..with(&|_| {})
    };
    let bad = [
        with(&|details| details.issuer = "http://idp.example".to_owned()),
        with(&|details| details.issuer = "https://idp.example?x".to_owned()),
        with(&|details| details.scopes = "email".to_owned()),
        with(&|details| details.client = String::new()),
        with(&|details| {
            details.endpoints = Some(garita_model::user_pool::ProviderEndpoints {
                authorize: format!("{ISSUER}/a"),
                token: "https://evil.example/t".to_owned(),
                userinfo: None,
                keys: format!("{ISSUER}/k"),
            });
        }),
        mapped("username", "email"),
        mapped("sub", "email"),
        mapped("custom:absent", "x"),
        ProviderSettings { identifiers: Some(texts(&["corp.example"])), ..with(&|_| {}) },
        ProviderSettings::default(),
    ];
    for (n, settings) in bad.into_iter().enumerate() {
        assert!(make("Other", settings).await.is_err(), "{n}");
    }
    assert!(make("Corp", settings()).await.is_err(), "twice");
    assert!(make("a_b", with(&|_| {})).await.is_err());
    assert!(make("Other", with(&|_| {})).await.is_ok());
    let unknown =
        stage.app().create_pool_client(&root, stage.pool.id.clone(), client_settings(&["Absent"]), false);
    assert!(unknown.await.is_err());
}
