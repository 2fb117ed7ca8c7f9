//! Signing in through an OpenID Connect provider: who is let in, as whom, and everything that must not be believed.
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test that fails says so")]

mod belief;
mod linking;
mod person;

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_app::oauth::code_challenge;
use garita_app::oauth::{
    Arrived, Ask, ClientCredentials, Errand, ErrandFault, Grant, Homecoming, Progress, RawAsk,
};
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

const ISSUER: &str = TestIdp::ISSUER;
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
        own_redirect: false,
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
        let idp = TestIdp::published(&garita.documents, "k1");
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
        self.begin_at("Corp").await
    }
    async fn begin_at(&self, provider: &str) -> (Errand, BTreeMap<&'static str, String>) {
        let cx = self.cx();
        let begun = self.app().begin_errand(&cx, &self.pool, &self.client, provider, None, CALLBACK).await;
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
        self.sign_in_by("Corp", claims).await
    }
    async fn sign_in_by(&self, provider: &str, claims: Value) -> Result<Arrived, ErrandFault> {
        let (errand, asked) = self.begin_at(provider).await;
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
    Homecoming { code: Some(code), error: None, issuer: None, to_own: None }
}
