//! The OIDC provider's verbs: codes, refresh tokens, devices, and everything that must end them.
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test that fails says so")]

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_app::oauth::{
    Ask, AskFault, ClientCredentials, Grant, GrantedTokens, OAuthCode, OAuthFault, Progress, ProvenClient,
    RawAsk, SignOut,
};
use garita_app::user_pool::{
    ClientSettings, CreatePoolUser, NewPool, ResourceServerSettings, SetPoolPassword,
};
use garita_app::{App, RequestContext};
use garita_model::user_pool::{PoolId, ResourceScope};
use garita_model::{PoolClient, Secret, UserPool};
use garita_testkit::TestGarita;
use jiff::SignedDuration;
use serde_json::Value;

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const PASSWORD: &str = "Correct-Horse-7";
const CALLBACK: &str = "https://app.example/callback";

/// A pool with a user and two clients, one with a secret.
struct Stage {
    garita: TestGarita,
    pool: Arc<UserPool>,
    public: Arc<PoolClient>,
    private: Arc<PoolClient>,
    secret: Secret<String>,
}

fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

fn settings(rotation: Option<u32>) -> ClientSettings {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    ClientSettings {
        name: Some("MLflow".to_owned()),
        flows: Some(std::collections::BTreeSet::new()),
        rotation,
        providers: texts(&["COGNITO"]),
        oauth: true,
        oauth_flows: texts(&["code"]),
        oauth_scopes: texts(&["openid", "email", "profile"]),
        callback_urls: texts(&[CALLBACK]),
        logout_urls: texts(&["https://app.example/bye"]),
        ..ClientSettings::default()
    }
}

impl Stage {
    async fn new() -> Self {
        Self::with(None).await
    }

    async fn with(rotation: Option<u32>) -> Self {
        let garita = TestGarita::new().await;
        let app = &garita.app;
        let new = NewPool { name: "Research".to_owned(), ..NewPool::default() };
        let pool = app.create_user_pool(&garita.as_root(), new).await.unwrap().pool;
        let made =
            app.create_pool_client(&garita.as_root(), pool.id.clone(), settings(rotation), false).await;
        let public = made.unwrap().client;
        let own = ClientSettings { oauth_flows: vec!["code".to_owned()], ..settings(None) };
        let made = app.create_pool_client(&garita.as_root(), pool.id.clone(), own, true).await.unwrap();
        let (private, held) = (made.client, made.secret.unwrap());
        let user = CreatePoolUser {
            pool: pool.id.clone(),
            username: "ana".to_owned(),
            attributes: vec![
                ("email".to_owned(), "ana@example.com".to_owned()),
                ("email_verified".to_owned(), "true".to_owned()),
                ("name".to_owned(), "Ana".to_owned()),
            ],
            temporary_password: Some(secret(PASSWORD)),
            force_alias: false,
            resend: false,
            suppress: true,
        };
        app.admin_create_pool_user(&garita.as_root(), user).await.unwrap();
        let keep = SetPoolPassword {
            pool: pool.id.clone(),
            username: "ana".to_owned(),
            password: secret(PASSWORD),
            permanent: true,
        };
        app.admin_set_pool_password(&garita.as_root(), keep).await.unwrap();
        Self { garita, pool, public, private, secret: held }
    }

    fn app(&self) -> &Arc<App> {
        &self.garita.app
    }

    /// A request that nobody signed.
    fn cx(&self) -> RequestContext {
        let arrival = self.app().arrive(IpAddr::V4(Ipv4Addr::LOCALHOST), true, Some("test")).unwrap();
        self.app().nobody(arrival)
    }

    /// Signs in with a browser, and answers its cookie.
    async fn browser(&self) -> String {
        let cx = self.cx();
        let signed = self.app().sign_in_with_password(&cx, &self.public, "ana", secret(PASSWORD), None);
        let Progress::Done(browser) = signed.await.unwrap() else { panic!("more was asked for") };
        browser.cookie.expose().clone()
    }

    fn ask(&self, client: &PoolClient, change: impl FnOnce(&mut RawAsk)) -> Result<Ask, AskFault> {
        let mut raw = RawAsk {
            client_id: Some(client.id.to_string()),
            redirect_uri: Some(CALLBACK.to_owned()),
            response_type: Some("code".to_owned()),
            scope: Some("openid email".to_owned()),
            state: Some("s".to_owned()),
            nonce: Some("n".to_owned()),
            code_challenge: Some(challenge()),
            code_challenge_method: Some("S256".to_owned()),
            ..RawAsk::default()
        };
        change(&mut raw);
        Ask::check(raw, client)
    }

    fn code_for(&self, client: &PoolClient, cookie: &str, ask: &Ask) -> Secret<String> {
        let cx = self.cx();
        let who = self.app().signed_in(&self.pool.id, cookie, cx.now()).expect("signed in");
        self.app().authorization_code(&cx, &self.pool, client, &who, ask).unwrap()
    }

    async fn code(&self, cookie: &str) -> Secret<String> {
        let ask = self.ask(&self.public, |_| {}).unwrap();
        self.code_for(&self.public, cookie, &ask)
    }

    fn proven(&self, client: &PoolClient, shown: Option<&str>) -> Result<ProvenClient, OAuthFault> {
        let shown = ClientCredentials { id: client.id.to_string(), secret: shown.map(secret) };
        self.app().prove_client(&self.cx(), None, &shown)
    }

    async fn exchange(&self, code: &Secret<String>) -> Result<GrantedTokens, OAuthFault> {
        self.grant(code_grant(code, Some(CALLBACK), Some(VERIFIER))).await
    }

    async fn grant(&self, grant: Grant) -> Result<GrantedTokens, OAuthFault> {
        let client = self.proven(&self.public, None).unwrap();
        self.app().grant(&self.cx(), &client, grant).await
    }

    async fn refresh(&self, token: &Secret<String>) -> Result<GrantedTokens, OAuthFault> {
        self.grant(Grant::Refresh { token: token.clone(), scope: None }).await
    }

    fn user_info(&self, token: &Secret<String>) -> Result<Value, OAuthFault> {
        self.app().oidc_user_info(&self.cx(), None, token)
    }

    /// Signs in and exchanges a code.
    async fn tokens(&self) -> GrantedTokens {
        let cookie = self.browser().await;
        self.exchange(&self.code(&cookie).await).await.unwrap()
    }
}

fn challenge() -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, VERIFIER.as_bytes()))
}

fn code_grant(code: &Secret<String>, redirect_uri: Option<&str>, verifier: Option<&str>) -> Grant {
    Grant::Code {
        code: code.clone(),
        redirect_uri: redirect_uri.map(str::to_owned),
        verifier: verifier.map(secret),
    }
}

fn refused<T>(answer: Result<T, OAuthFault>) -> OAuthCode {
    answer.err().expect("a refusal").code
}

fn claims(token: &Secret<String>) -> Value {
    let payload = token.expose().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[tokio::test]
async fn a_code_gives_tokens_once_and_a_second_use_ends_what_the_first_gave() {
    let stage = Stage::new().await;
    let cookie = stage.browser().await;
    let code = stage.code(&cookie).await;
    let given = stage.exchange(&code).await.unwrap();
    let (id, access) = (claims(given.id.as_ref().unwrap()), claims(&given.access));
    assert_eq!(id["aud"], stage.public.id.as_str());
    assert_eq!(id["iss"], format!("{}/{}", garita_testkit::ENDPOINT, stage.pool.id));
    assert_eq!(
        (&id["nonce"], &id["email"], &id["email_verified"]),
        (&"n".into(), &"ana@example.com".into(), &true.into())
    );
    // `profile` was not asked for.
    assert_eq!(id.get("name"), None);
    assert_eq!((&access["scope"], &access["token_use"]), (&"openid email".into(), &"access".into()));
    assert_eq!(stage.user_info(&given.access).unwrap()["email"], "ana@example.com");

    assert_eq!(refused(stage.exchange(&code).await), OAuthCode::InvalidGrant);
    assert_eq!(refused(stage.user_info(&given.access)), OAuthCode::InvalidToken);
    assert_eq!(refused(stage.refresh(given.refresh.as_ref().unwrap()).await), OAuthCode::InvalidGrant);
}

#[tokio::test]
async fn a_code_is_for_its_client_address_proof_and_time() {
    let stage = Stage::new().await;
    let cookie = stage.browser().await;
    let code = stage.code(&cookie).await;
    let long = "x".repeat(43);
    for (uri, verifier) in [
        (Some("https://app.example/callback/"), Some(VERIFIER)),
        (Some("https://app.example/callback?x"), Some(VERIFIER)),
        (None, Some(VERIFIER)),
        (Some(CALLBACK), Some(long.as_str())),
        (Some(CALLBACK), None),
    ] {
        let tried = stage.grant(code_grant(&code, uri, verifier)).await;
        assert_eq!(refused(tried), OAuthCode::InvalidGrant, "{uri:?} {verifier:?}");
    }
    let other = stage.proven(&stage.private, Some(stage.secret.expose())).unwrap();
    let tried =
        stage.app().grant(&stage.cx(), &other, code_grant(&code, Some(CALLBACK), Some(VERIFIER))).await;
    assert_eq!(refused(tried), OAuthCode::InvalidGrant);
    let mut letters: Vec<char> = code.expose().chars().collect();
    letters[20] = if letters[20] == 'A' { 'B' } else { 'A' };
    assert_eq!(
        refused(stage.exchange(&Secret::new(letters.into_iter().collect())).await),
        OAuthCode::InvalidGrant
    );
    // None of that used it up.
    stage.garita.clock.advance(SignedDuration::from_secs(299));
    let late = stage.code(&cookie).await;
    stage.exchange(&code).await.unwrap();
    stage.garita.clock.advance(SignedDuration::from_secs(300));
    assert_eq!(refused(stage.exchange(&late).await), OAuthCode::InvalidGrant);
}

#[tokio::test]
async fn a_code_dies_with_the_session_of_its_browser() {
    let stage = Stage::new().await;
    let cookie = stage.browser().await;
    let code = stage.code(&cookie).await;
    stage.app().sign_browser_out(&stage.cx(), &stage.pool, &cookie).await.unwrap();
    assert!(stage.app().signed_in(&stage.pool.id, &cookie, stage.cx().now()).is_none());
    assert_eq!(refused(stage.exchange(&code).await), OAuthCode::InvalidGrant);
}

#[tokio::test]
async fn a_verifier_for_a_code_without_challenge_is_a_downgrade() {
    let stage = Stage::new().await;
    let cookie = stage.browser().await;
    let bare = |raw: &mut RawAsk| (raw.code_challenge, raw.code_challenge_method) = (None, None);
    assert!(stage.ask(&stage.public, bare).is_err(), "a public client must send a challenge");
    let ask = stage.ask(&stage.private, bare).unwrap();
    let client = stage.proven(&stage.private, Some(stage.secret.expose())).unwrap();
    let code = stage.code_for(&stage.private, &cookie, &ask);
    let with =
        stage.app().grant(&stage.cx(), &client, code_grant(&code, Some(CALLBACK), Some(VERIFIER))).await;
    assert_eq!(refused(with), OAuthCode::InvalidGrant);
    stage.app().grant(&stage.cx(), &client, code_grant(&code, Some(CALLBACK), None)).await.unwrap();
}

#[tokio::test]
async fn clients_prove_who_they_are() {
    let stage = Stage::new().await;
    assert!(stage.proven(&stage.private, Some(stage.secret.expose())).is_ok());
    for (client, shown) in
        [(&stage.private, None), (&stage.private, Some("wrong")), (&stage.public, Some("anything"))]
    {
        assert_eq!(refused(stage.proven(client, shown)), OAuthCode::InvalidClient);
    }
    let shown = ClientCredentials { id: stage.public.id.to_string(), secret: None };
    let other: PoolId = "eu-west-1_Other0001".parse().unwrap();
    let tried = stage.app().prove_client(&stage.cx(), Some(other.as_str()), &shown);
    assert_eq!(refused(tried), OAuthCode::InvalidClient);
}

#[tokio::test]
async fn what_ends_a_user_ends_browser_and_tokens_at_once() {
    let stage = Stage::new().await;
    let cookie = stage.browser().await;
    let given = stage.exchange(&stage.code(&cookie).await).await.unwrap();
    let pool = stage.pool.id.clone();
    stage.app().admin_sign_out_pool_user(&stage.garita.as_root(), pool, "ana".to_owned()).await.unwrap();
    assert!(stage.app().signed_in(&stage.pool.id, &cookie, stage.cx().now()).is_none());
    assert_eq!(refused(stage.user_info(&given.access)), OAuthCode::InvalidToken);
    assert_eq!(refused(stage.refresh(given.refresh.as_ref().unwrap()).await), OAuthCode::InvalidGrant);
}

#[tokio::test]
async fn a_browser_ends_unused_and_each_sign_in_has_a_cookie_of_its_own() {
    let stage = Stage::new().await;
    let cookie = stage.browser().await;
    let signed = stage
        .app()
        .sign_in_with_password(&stage.cx(), &stage.public, "ana", secret(PASSWORD), Some(&cookie))
        .await;
    let Progress::Done(again) = signed.unwrap() else { panic!("more was asked for") };
    let is_in = |cookie: &str| stage.app().signed_in(&stage.pool.id, cookie, stage.cx().now()).is_some();
    assert!(again.cookie.expose() != &cookie);
    assert!(!is_in(&cookie) && is_in(again.cookie.expose()));
    stage.garita.clock.advance(SignedDuration::from_mins(50));
    let who = stage.app().signed_in(&stage.pool.id, again.cookie.expose(), stage.cx().now()).unwrap();
    stage.app().note_browser_use(&stage.cx(), &who).await.unwrap();
    stage.garita.clock.advance(SignedDuration::from_mins(50));
    assert!(is_in(again.cookie.expose()));
    stage.garita.clock.advance(SignedDuration::from_mins(10));
    assert!(!is_in(again.cookie.expose()));
    stage.app().sweep_browsers().await.unwrap();
}

#[tokio::test]
async fn refresh_tokens_stay_unless_the_client_rotates_them() {
    let stage = Stage::new().await;
    let given = stage.tokens().await;
    let token = given.refresh.unwrap();
    for _ in 0..2 {
        let again = stage.refresh(&token).await.unwrap();
        assert!(again.refresh.is_none() && again.id.is_some());
        assert_eq!(claims(again.id.as_ref().unwrap()).get("nonce"), None);
        stage.user_info(&again.access).unwrap();
    }
    let less =
        stage.grant(Grant::Refresh { token: token.clone(), scope: Some("openid".to_owned()) }).await.unwrap();
    assert_eq!(less.scopes, ["openid"]);
    let more = stage.grant(Grant::Refresh { token: token.clone(), scope: Some("profile".to_owned()) }).await;
    assert_eq!(refused(more), OAuthCode::InvalidScope);
    let client = stage.proven(&stage.public, None).unwrap();
    stage.app().revoke_oidc_token(&stage.cx(), &client, &token).await.unwrap();
    assert_eq!(refused(stage.refresh(&token).await), OAuthCode::InvalidGrant);
    assert_eq!(refused(stage.user_info(&given.access)), OAuthCode::InvalidToken);
}

#[tokio::test]
async fn a_refresh_token_shown_after_its_exchange_ends_the_family() {
    let stage = Stage::with(Some(10)).await;
    let first = stage.tokens().await.refresh.unwrap();
    let second = stage.refresh(&first).await.unwrap().refresh.unwrap();
    // Within the grace the old one is good once more: the answer may have been lost.
    let third = stage.refresh(&first).await.unwrap().refresh.unwrap();
    stage.garita.clock.advance(SignedDuration::from_secs(11));
    let last = stage.refresh(&third).await.unwrap();
    assert_eq!(refused(stage.refresh(&second).await), OAuthCode::InvalidGrant);
    assert_eq!(refused(stage.refresh(last.refresh.as_ref().unwrap()).await), OAuthCode::InvalidGrant);
    assert_eq!(refused(stage.user_info(&last.access)), OAuthCode::InvalidToken);
}

#[tokio::test]
async fn a_device_gets_tokens_once_somebody_allows_it() {
    let stage = Stage::new().await;
    let cookie = stage.browser().await;
    let client = stage.proven(&stage.public, None).unwrap();
    let codes = stage.app().authorize_device(&stage.cx(), &client, Some("openid")).await.unwrap();
    let poll = || stage.grant(Grant::Device { code: codes.code.clone() });
    assert_eq!(refused(poll().await), OAuthCode::AuthorizationPending);
    assert!(stage.app().waiting_device(&stage.cx(), &stage.pool, "BBBB-BBBB").unwrap().is_none());
    let typed = codes.shown.replace('-', " ").to_lowercase();
    let cx = stage.cx();
    let device = stage.app().waiting_device(&cx, &stage.pool, &typed).unwrap().unwrap();
    assert_eq!(device.shown, codes.shown);
    let who = stage.app().signed_in(&stage.pool.id, &cookie, cx.now()).unwrap();
    stage.app().decide_device(&cx, device, &who, true).await.unwrap();
    let given = poll().await.unwrap();
    assert_eq!(stage.user_info(&given.access).unwrap()["username"], "ana");
    assert_eq!(refused(poll().await), OAuthCode::InvalidGrant);

    let codes = stage.app().authorize_device(&stage.cx(), &client, None).await.unwrap();
    let cx = stage.cx();
    let device = stage.app().waiting_device(&cx, &stage.pool, &codes.shown).unwrap().unwrap();
    stage.app().decide_device(&cx, device, &who, false).await.unwrap();
    assert_eq!(refused(stage.grant(Grant::Device { code: codes.code }).await), OAuthCode::AccessDenied);

    let codes = stage.app().authorize_device(&stage.cx(), &client, None).await.unwrap();
    stage.garita.clock.advance(SignedDuration::from_mins(10));
    assert!(stage.app().waiting_device(&stage.cx(), &stage.pool, &codes.shown).unwrap().is_none());
    assert_eq!(refused(stage.grant(Grant::Device { code: codes.code }).await), OAuthCode::ExpiredToken);
}

#[tokio::test]
async fn a_client_with_a_secret_acts_for_itself_where_it_may() {
    let stage = Stage::new().await;
    let client = || stage.proven(&stage.private, Some(stage.secret.expose())).unwrap();
    let tried = stage.app().grant(&stage.cx(), &client(), Grant::Client { scope: None }).await;
    assert_eq!(refused(tried), OAuthCode::UnauthorizedClient);
    let scope = |name: &str| ResourceScope { name: name.to_owned(), description: "of models".to_owned() };
    let server = |scopes: &[&str]| ResourceServerSettings {
        name: "models".to_owned(),
        scopes: scopes.iter().map(|name| scope(name)).collect(),
    };
    let own = ClientSettings {
        oauth_flows: vec!["client_credentials".to_owned()],
        oauth_scopes: vec!["models/read".to_owned()],
        callback_urls: Vec::new(),
        ..settings(None)
    };
    let (root, pool) = (stage.garita.as_root(), stage.pool.id.clone());
    let id = stage.private.id.clone();
    let unknown = stage.app().update_pool_client(&root, pool.clone(), id.clone(), own.clone()).await;
    assert_eq!(unknown.err().map(|e| e.to_string()).as_deref(), Some("Invalid scope requested: models/read"));
    let made = stage.app().create_resource_server(
        &root,
        pool.clone(),
        "models".to_owned(),
        server(&["read", "write"]),
    );
    made.await.unwrap();
    stage.app().update_pool_client(&root, pool.clone(), id, own).await.unwrap();
    let given = stage.app().grant(&stage.cx(), &client(), Grant::Client { scope: None }).await.unwrap();
    assert!(given.id.is_none() && given.refresh.is_none());
    assert_eq!(claims(&given.access)["scope"], "models/read");
    assert_eq!(refused(stage.user_info(&given.access)), OAuthCode::InvalidToken);
    let told = stage.app().introspect_oidc_token(&stage.cx(), &client(), &given.access).unwrap();
    assert_eq!((&told["active"], &told["scope"]), (&true.into(), &"models/read".into()));
    let none = stage.app().introspect_oidc_token(&stage.cx(), &client(), &secret("x")).unwrap();
    assert_eq!(none, serde_json::json!({ "active": false }));

    // A scope that the client does not have may go; with one that it has, what it was given ends.
    let update = async |scopes: &[&str]| {
        let done = stage
            .app()
            .update_resource_server(&root, pool.clone(), "models".to_owned(), server(scopes))
            .await;
        done.unwrap();
        stage.app().introspect_oidc_token(&stage.cx(), &client(), &given.access).unwrap()["active"].clone()
    };
    assert_eq!(update(&["read"]).await, true);
    assert_eq!(update(&["look"]).await, false);
    let given = stage.app().grant(&stage.cx(), &client(), Grant::Client { scope: None }).await.unwrap();
    assert_eq!(claims(&given.access)["scope"], "");
    let asked = Grant::Client { scope: Some("models/read".to_owned()) };
    assert_eq!(refused(stage.app().grant(&stage.cx(), &client(), asked).await), OAuthCode::InvalidScope);
    stage.app().delete_resource_server(&root, pool.clone(), "models".to_owned()).await.unwrap();
    assert!(stage.app().describe_resource_server(&root, &pool, "models").is_err());
}

#[tokio::test]
async fn faults_of_a_request_go_to_the_app_only_at_an_address_it_registered() {
    let stage = Stage::new().await;
    let ask = |change: fn(&mut RawAsk)| stage.ask(&stage.public, change).expect_err("a fault");
    let to = |uri: &str| AskFault::Redirect(uri.to_owned());
    assert_eq!(ask(|r| r.redirect_uri = None), AskFault::NoRedirect);
    for uri in [
        "https://app.example/callback/",
        "https://APP.example/callback",
        "https://evil.example/",
        "//app.example",
    ] {
        assert_eq!(stage.ask(&stage.public, |r| r.redirect_uri = Some(uri.to_owned())).unwrap_err(), to(uri));
    }
    type Change = fn(&mut RawAsk);
    let told: [(Change, OAuthCode); 12] = [
        (|r| r.response_type = None, OAuthCode::InvalidRequest),
        (|r| r.response_type = Some("token".to_owned()), OAuthCode::UnsupportedResponseType),
        (|r| r.response_mode = Some("fragment".to_owned()), OAuthCode::InvalidRequest),
        (|r| r.scope = Some("openid phone".to_owned()), OAuthCode::InvalidScope),
        (|r| r.scope = Some("email".to_owned()), OAuthCode::InvalidScope),
        (|r| r.code_challenge_method = Some("plain".to_owned()), OAuthCode::InvalidRequest),
        (|r| r.code_challenge_method = None, OAuthCode::InvalidRequest),
        (|r| r.code_challenge = Some("short".to_owned()), OAuthCode::InvalidRequest),
        (|r| r.prompt = Some("none login".to_owned()), OAuthCode::InvalidRequest),
        (|r| r.max_age = Some("+5".to_owned()), OAuthCode::InvalidRequest),
        (|r| r.request = Some("x".to_owned()), OAuthCode::RequestNotSupported),
        (|r| r.state = Some("s".repeat(2_049)), OAuthCode::InvalidRequest),
    ];
    for (index, (change, code)) in told.into_iter().enumerate() {
        let AskFault::Told(told) = ask(change) else { panic!("{index}: told to the person") };
        assert_eq!((told.fault.code, told.redirect_uri.as_str()), (code, CALLBACK), "{index}");
    }
}

#[tokio::test]
async fn a_sign_out_leads_only_to_where_the_client_registered() {
    let stage = Stage::new().await;
    let asked = SignOut {
        client: Some(stage.public.id.as_str()),
        id_token: None,
        leads_to: None,
        signs_in_again: false,
        redirect_uri: None,
    };
    let way = |asked: &SignOut<'_>| stage.app().sign_out_way(&stage.cx(), None, asked);
    assert!(way(&asked).unwrap().location.is_none());
    let good = SignOut { leads_to: Some("https://app.example/bye"), ..asked };
    assert_eq!(way(&good).unwrap().location.as_deref(), Some("https://app.example/bye"));
    for bad in ["https://app.example/bye/", "https://evil.example", CALLBACK] {
        assert_eq!(refused(way(&SignOut { leads_to: Some(bad), ..asked })), OAuthCode::InvalidRequest);
    }
    assert_eq!(refused(way(&SignOut { client: None, ..good })), OAuthCode::InvalidRequest);
    let tokens = stage.tokens().await;
    let hint = tokens.id.unwrap();
    let hinted = SignOut { client: None, id_token: Some(hint.expose()), ..good };
    assert_eq!(way(&hinted).unwrap().location.as_deref(), Some("https://app.example/bye"));
}
