//! The OIDC provider's verbs: codes, refresh tokens, devices, and everything that must end them.
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test that fails says so")]

mod client;
mod code;
mod life;
mod withdrawn;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_app::oauth::stage::CodeBack;
use garita_app::oauth::{
    Ask, AskFault, ClientCredentials, Grant, GrantedTokens, Location, OAuthCode, OAuthFault, Progress,
    ProvenClient, RawAsk, SignOut,
};
use garita_app::user_pool::{
    ClientSettings, CreatePoolUser, GroupSettings, NewGroup, NewPool, OwnPassword, ResourceServerSettings,
    SetPoolPassword,
};
use garita_app::{AcceptedPool, App, RequestContext};
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

    fn arn(&self) -> String {
        format!("arn:aws:cognito-idp:eu-west-1:{}:userpool/{}", self.garita.account(), self.pool.id)
    }

    /// Has `ana` be in a group that asks for a second factor.
    async fn ask_for_a_second_factor(&self) {
        let (app, pool, group) = (self.app(), self.pool.id.clone(), "strict".to_owned());
        let new = NewGroup { pool: pool.clone(), name: group.clone(), settings: GroupSettings::default() };
        app.create_pool_group(&self.garita.as_root(), new).await.unwrap();
        let root = self.garita.as_root();
        app.set_pool_membership(&root, pool, "ana".to_owned(), group, true).await.unwrap();
        let demand = [("garita:require-mfa/strict".to_owned(), "true".to_owned())];
        app.tag_user_pool(&self.garita.as_root(), &self.arn(), demand.into()).await.unwrap();
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
