//! Browsers at the door: what becomes a session, what does not, and what ends one.

use garita_app::oauth::{Ask, RawAsk};
use garita_app::{AcceptedPool, BearerError};
use garita_model::user_pool::{PoolBrowser, PoolId, TokenHash};
use garita_model::{Clock as _, Object, Plain as _, PoolClient, PoolUser, StageSession};
use jiff::SignedDuration;
use std::sync::Arc;

use super::super::{Bench, OK, body_of};
use super::{CLIENT, POOL, READ, World, accepted};

const CALLBACK: &str = "http://localhost/prod/garita/callback";
pub(super) const SESSION: &str = "__Host-garita-stage-mlflow0001";
const DOOR: &str = "__Host-garita-door-mlflow0001";
const PAGE: &str = "Accept: text/html,*/*\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n";
const OWN: &str = "Origin: http://localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n";

fn door() -> AcceptedPool {
    AcceptedPool { sign_in: Some(CLIENT.parse().unwrap()), ..accepted() }
}

/// A stage that signs browsers in, with one reader.
pub(super) struct Stage {
    pub(super) world: World,
    user: PoolUser,
}

/// A header of a reply.
pub(super) fn header(reply: &str, name: &str) -> Option<String> {
    let wanted = format!("{name}: ");
    reply.lines().find_map(|line| line.strip_prefix(wanted.as_str()).map(str::to_owned))
}

pub(super) fn cookie(reply: &str, name: &str) -> Option<String> {
    let told = header(reply, "set-cookie")?;
    Some(told.strip_prefix(&format!("{name}="))?.split(';').next()?.to_owned())
}

impl Stage {
    pub(super) async fn new() -> Self {
        Self::answering(OK).await
    }

    /// The same before an upstream that answers so.
    pub(super) async fn answering(answer: &'static str) -> Self {
        let world = World::answering(door(), answer).await;
        let user = world.bench.garita.person(&world.pool, "rita", &["reader"]).await;
        let stage = Self { world, user };
        let client = stage.client();
        stage.open(client).await;
        stage
    }

    pub(super) fn bench(&self) -> &Bench {
        &self.world.bench
    }

    fn client(&self) -> PoolClient {
        let state = self.bench().garita.app.snapshot();
        PoolClient::clone(state.pool_client(&CLIENT.parse().unwrap()).unwrap())
    }

    async fn open(&self, client: PoolClient) {
        let open = PoolClient {
            oauth: true,
            oauth_flows: vec!["code".to_owned()],
            oauth_scopes: vec!["openid".to_owned()],
            callback_urls: vec![CALLBACK.to_owned()],
            ..client
        };
        self.world.put(Object::PoolClient(Arc::new(open))).await;
    }

    pub(super) async fn get(&self, target: &str, more: &str) -> (u16, String) {
        let raw = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n{more}\r\n");
        self.bench().send(raw.as_bytes()).await
    }

    pub(super) async fn read(&self, session: &str) -> u16 {
        self.get(READ, &format!("Cookie: {SESSION}={session}\r\n")).await.0
    }

    /// Begins a sign-in: the cookie of the browser, and the state and challenge that the sign-in pages get.
    async fn begin(&self, wanted: &str, cookies: &str) -> (Option<String>, String, String) {
        let target = format!("/prod/garita/sign-in?to={wanted}&at=");
        let (status, reply) = self.get(&target, &format!("{PAGE}{cookies}")).await;
        assert_eq!(status, 303, "{reply}");
        let location = header(&reply, "location").unwrap();
        assert!(location.starts_with(&format!("http://garita.test/{POOL}/oauth2/authorize?")), "{location}");
        let field = |name: &str| {
            let (_, rest) = location.split_once(&format!("&{name}=")).unwrap();
            rest.split('&').next().unwrap().to_owned()
        };
        (cookie(&reply, DOOR), field("state"), field("code_challenge"))
    }

    /// What the sign-in pages do once somebody has signed in: a code for the stage.
    async fn code(&self, challenge: &str) -> String {
        let (garita, now) = (&self.bench().garita, self.bench().garita.clock.now());
        let browser = PoolBrowser {
            account: garita.account(),
            pool: self.world.pool.clone(),
            cookie: TokenHash(garita_wire::hash::sha256(b"the browser at the pool")),
            user: self.user.sub,
            signed_in: now,
            used: now,
            iss_rev: garita.app.snapshot().revision(),
            mfa: false,
            client: None,
            provider: None,
        };
        self.world.put(browser.into_object()).await;
        let app = &garita.app;
        let who = app.signed_in(&self.world.pool, "the browser at the pool", now).unwrap();
        let raw = RawAsk {
            redirect_uri: Some(CALLBACK.to_owned()),
            response_type: Some("code".to_owned()),
            scope: Some("openid".to_owned()),
            code_challenge: Some(challenge.to_owned()),
            code_challenge_method: Some("S256".to_owned()),
            ..RawAsk::default()
        };
        let client = self.client();
        let ask = Ask::check(raw, &client).unwrap();
        let state = app.snapshot();
        let pool = state.user_pool(&self.world.pool).unwrap();
        app.authorization_code(&garita.as_root(), pool, &client, &who, &ask).unwrap().expose().clone()
    }

    async fn back(&self, code: &str, state: &str, cookies: &str) -> (u16, String) {
        let target =
            format!("/prod/garita/callback?code={code}&state={state}&iss=http%3A%2F%2Fgarita.test%2F{POOL}");
        self.get(&target, &format!("{PAGE}Cookie: {cookies}\r\n")).await
    }

    async fn sign_out(&self, session: &str) -> (u16, String) {
        let raw = format!(
            "POST /prod/garita/sign-out HTTP/1.1\r\nHost: localhost\r\nCookie: {SESSION}={session}\r\n\
             Origin: http://localhost\r\nContent-Length: 0\r\n\r\n"
        );
        self.bench().send(raw.as_bytes()).await
    }

    fn is_signed_in_at_the_pool(&self) -> bool {
        let (app, now) = (&self.bench().garita.app, self.bench().garita.clock.now());
        app.signed_in(&self.world.pool, "the browser at the pool", now).is_some()
    }

    /// A whole sign-in; the cookie of the session.
    pub(super) async fn sign_in(&self) -> String {
        let (secret, state, challenge) = self.begin("%2F", "").await;
        let code = self.code(&challenge).await;
        let (status, reply) = self.back(&code, &state, &format!("{DOOR}={}", secret.unwrap())).await;
        assert_eq!(status, 303, "{reply}");
        cookie(&reply, SESSION).unwrap()
    }
}

#[tokio::test]
async fn a_page_leads_to_the_sign_in_pages_and_a_call_does_not() {
    let stage = Stage::new().await;
    let (status, reply) = stage.get("/prod/?x=1", PAGE).await;
    let led = "/prod/garita/sign-in?to=%2F%3Fx%3D1";
    assert_eq!((status, header(&reply, "location").as_deref()), (303, Some(led)));
    for more in ["", "Accept: */*\r\n", "Accept: text/html\r\nSec-Fetch-Mode: cors\r\n"] {
        let (status, reply) = stage.get("/prod/", more).await;
        assert_eq!((status, header(&reply, "location")), (401, None), "{more}");
        assert!(body_of(&reply).contains("UNAUTHENTICATED"));
    }
    let (status, reply) = stage.get("/prod", PAGE).await;
    assert_eq!((status, header(&reply, "location").as_deref()), (303, Some("/prod/")));
    assert!(stage.bench().got().is_empty(), "nothing of a stranger reaches MLflow");
}

#[tokio::test]
async fn a_sign_in_leads_to_a_session_with_the_rights_of_the_role() {
    let stage = Stage::new().await;
    let session = stage.sign_in().await;
    assert_eq!(stage.read(&session).await, 200);
    let got = String::from_utf8(stage.bench().got().concat()).unwrap();
    assert!(got.contains("x-garita-principal: arn:aws:sts::111122223333:assumed-role/mlflow-reader/rita"));
    assert!(!got.to_ascii_lowercase().contains("cookie"), "{got}");
    let (status, reply) = stage.get(READ, &format!("Cookie: {SESSION}={session}\r\n")).await;
    assert_eq!((status, header(&reply, "cache-control").as_deref()), (200, Some("private, no-store")));
    assert!(header(&reply, "content-security-policy").unwrap().starts_with("sandbox"));
    let (status, reply) =
        stage.get("/prod/garita/account", &format!("{PAGE}Cookie: {SESSION}={session}\r\n")).await;
    assert!(status == 200 && reply.contains("rita") && reply.contains("role/mlflow-reader"), "{reply}");
}

#[tokio::test]
async fn nobody_is_led_elsewhere() {
    let stage = Stage::new().await;
    for evil in [
        "%2F%2Fevil.example",
        "https:%2F%2Fevil.example",
        "%2F%5Cevil.example",
        "%2F%252F%252Fevil.example",
        "evil",
    ] {
        let (secret, state, challenge) = stage.begin(evil, "").await;
        let code = stage.code(&challenge).await;
        let (status, reply) = stage.back(&code, &state, &format!("{DOOR}={}", secret.unwrap())).await;
        assert_eq!((status, header(&reply, "location").as_deref()), (303, Some("/prod/")), "{evil}");
    }
    let (secret, state, challenge) = stage.begin("%2Fget-artifact%3Fpath%3Da%26run_id%3Db", "").await;
    let code = stage.code(&challenge).await;
    let (_, reply) = stage.back(&code, &state, &format!("{DOOR}={}", secret.unwrap())).await;
    assert_eq!(header(&reply, "location").as_deref(), Some("/prod/get-artifact?path=a&run_id=b"));
}

#[tokio::test]
async fn a_code_is_good_once_in_the_browser_it_was_made_for() {
    let stage = Stage::new().await;
    let (secret, state, challenge) = stage.begin("%2F", "").await;
    let (other, other_state, _) = stage.begin("%2F", "").await;
    let (own, other) = (format!("{DOOR}={}", secret.unwrap()), format!("{DOOR}={}", other.unwrap()));
    let code = stage.code(&challenge).await;
    let twice = format!("{own}; {own}");
    let forged = state.chars().rev().collect::<String>();
    for (state, cookies) in [
        (state.as_str(), other.as_str()),
        (&state, "a=b"),
        (&state, twice.as_str()),
        (&forged, own.as_str()),
        (&other_state, own.as_str()),
        ("", own.as_str()),
        // Another browser, that has the code and a state of its own.
        (&other_state, other.as_str()),
    ] {
        let (status, reply) = stage.back(&code, state, cookies).await;
        assert!(status == 400 && header(&reply, "set-cookie").is_none(), "{reply}");
    }
    let elsewhere = format!("/prod/garita/callback?code={code}&state={state}&iss=http%3A%2F%2Fevil.example");
    assert_eq!(stage.get(&elsewhere, &format!("Cookie: {own}\r\n")).await.0, 400);
    let (status, reply) = stage.back(&code, &state, &own).await;
    assert_eq!(status, 303, "{reply}");
    let session = cookie(&reply, SESSION).unwrap();
    assert_eq!(stage.read(&session).await, 200);
    // Shown again, it ends what came of it (RFC 9700 section 4.5).
    assert_eq!(stage.back(&code, &state, &own).await.0, 400);
    assert_eq!(stage.read(&session).await, 401);
    // Signing out ends what is left of it: the browser at the pool.
    assert!(stage.is_signed_in_at_the_pool());
    assert_eq!(stage.sign_out(&session).await.0, 200);
    assert!(!stage.is_signed_in_at_the_pool());
}

#[tokio::test]
async fn a_cookie_that_was_planted_is_never_taken_over() {
    let stage = Stage::new().await;
    let planted = "A".repeat(43);
    let (secret, state, challenge) = stage.begin("%2F", &format!("Cookie: {SESSION}={planted}\r\n")).await;
    let code = stage.code(&challenge).await;
    let cookies = format!("{DOOR}={}; {SESSION}={planted}", secret.unwrap());
    let (_, reply) = stage.back(&code, &state, &cookies).await;
    let session = cookie(&reply, SESSION).unwrap();
    assert_ne!(session, planted);
    assert_eq!((stage.read(&planted).await, stage.read(&session).await), (401, 200));
    // Whoever signs in again has another one, and the one before is ended.
    let (secret, state, challenge) = stage.begin("%2F", "").await;
    let code = stage.code(&challenge).await;
    let (_, reply) =
        stage.back(&code, &state, &format!("{DOOR}={}; {SESSION}={session}", secret.unwrap())).await;
    let second = cookie(&reply, SESSION).unwrap();
    assert_eq!((stage.read(&session).await, stage.read(&second).await), (401, 200));
}

#[tokio::test]
async fn what_stands_for_no_session_lets_nobody_in() {
    let stage = Stage::new().await;
    let session = stage.sign_in().await;
    let long = "A".repeat(12_000);
    let twice = format!("{session}; {SESSION}={session}");
    for (value, status) in
        [("", 401), ("AAAA", 401), (long.as_str(), 401), (&session.to_lowercase(), 401), (&twice, 400)]
    {
        assert_eq!(stage.read(value).await, status, "{}", value.get(..20).unwrap_or(value));
    }
    // The session of one API is none of another.
    let other = format!("Cookie: {}={session}\r\n", SESSION.replace("mlflow0001", "mlflow0002"));
    assert_eq!(stage.get(READ, &other).await.0, 401);
    // The cookie at the pool is none of the stage.
    assert_eq!(stage.read("the-browser-at-the-pool").await, 401);
    // A page leads to sign in again.
    let (status, _) = stage.get("/prod/", &format!("{PAGE}Cookie: {SESSION}=AAAA\r\n")).await;
    assert_eq!(status, 303);
}

#[tokio::test]
async fn other_credentials_decide_over_the_cookie() {
    let stage = Stage::new().await;
    let session = stage.sign_in().await;
    for more in
        ["Authorization: Bearer a.b.c\r\n", "Authorization: Basic YTpi\r\n", "X-Amz-Security-Token: t\r\n"]
    {
        let (status, _) = stage.get(READ, &format!("Cookie: {SESSION}={session}\r\n{more}")).await;
        assert!(matches!(status, 400 | 401 | 403), "{more} {status}");
    }
    let more = format!("Cookie: {SESSION}=AAAA\r\n");
    let raw = stage.bench().signed("GET", READ, &more, b"");
    assert_eq!(stage.bench().send(&raw).await.0, 200);
}

#[tokio::test]
async fn what_another_site_sends_with_the_cookie_is_refused() {
    let stage = Stage::new().await;
    let session = stage.sign_in().await;
    let search = "/prod/ajax-api/2.0/mlflow/runs/search";
    let post = async |more: &str| {
        let raw = format!(
            "POST {search} HTTP/1.1\r\nHost: localhost\r\nCookie: {SESSION}={session}\r\n{more}\r\n{{}}"
        );
        stage.bench().send(raw.as_bytes()).await
    };
    assert_eq!(post(OWN).await.0, 200);
    for foreign in ["http://evil.example", "null", "https://localhost", "http://localhost:81"] {
        let (status, reply) = post(&OWN.replace("http://localhost", foreign)).await;
        assert!(status == 403 && reply.contains("must be sent by a page of"), "{foreign}: {reply}");
    }
    assert_eq!(post(&OWN.replace("Origin: http://localhost\r\n", "")).await.0, 403);
    let fetched = "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: script\r\n";
    assert_eq!(stage.get(READ, &format!("Cookie: {SESSION}={session}\r\n{fetched}")).await.0, 403);
    // A form of another site signs nobody out.
    let out = format!(
        "POST /prod/garita/sign-out HTTP/1.1\r\nHost: localhost\r\nCookie: {SESSION}={session}\r\n\
         Origin: http://evil.example\r\nContent-Length: 0\r\n\r\n"
    );
    assert_eq!(stage.bench().send(out.as_bytes()).await.0, 403);
    assert_eq!(stage.read(&session).await, 200);
}

#[tokio::test]
async fn signing_out_ends_the_session_here_and_at_the_pool() {
    let stage = Stage::new().await;
    let session = stage.sign_in().await;
    let (status, reply) = stage.sign_out(&session).await;
    assert_eq!((status, cookie(&reply, SESSION).as_deref()), (200, Some("")));
    assert_eq!(stage.read(&session).await, 401);
    assert!(!stage.is_signed_in_at_the_pool());
}

#[tokio::test]
async fn what_a_session_rests_on_ends_it_with_the_next_request() {
    let stage = Stage::new().await;
    let held = |stage: &Stage| {
        PoolUser::clone(
            stage.bench().garita.app.snapshot().pool_user(&stage.world.pool, stage.user.sub).unwrap(),
        )
    };
    let put = async |user: PoolUser| stage.world.put(Object::PoolUser(Arc::new(user))).await;
    let session = stage.sign_in().await;
    put(PoolUser { enabled: false, ..held(&stage) }).await;
    assert_eq!(stage.read(&session).await, 401);
    put(PoolUser { enabled: true, ..held(&stage) }).await;
    assert_eq!(stage.read(&session).await, 200);
    put(PoolUser { groups: Box::default(), ..held(&stage) }).await;
    assert_eq!(stage.read(&session).await, 403);
    put(PoolUser { groups: stage.user.groups.clone(), ..held(&stage) }).await;
    assert_eq!(stage.read(&session).await, 200);
    let revision = stage.bench().garita.app.snapshot().revision() + 1;
    put(PoolUser { min_rev: revision, ..held(&stage) }).await;
    assert_eq!(stage.read(&session).await, 401, "signed out everywhere");
    let session = stage.sign_in().await;
    let closed = PoolClient { min_rev: revision + 100, ..stage.client() };
    stage.world.put(Object::PoolClient(Arc::new(closed))).await;
    assert_eq!(stage.read(&session).await, 401, "the app client was closed");
}

#[tokio::test]
async fn a_session_ends_when_it_lies_unused_and_is_forgotten() {
    let stage = Stage::new().await;
    let session = stage.sign_in().await;
    let garita = &stage.bench().garita;
    garita.clock.advance(SignedDuration::from_mins(59));
    assert_eq!(stage.read(&session).await, 200);
    garita.app.sweep_browsers().await.unwrap();
    garita.clock.advance(SignedDuration::from_mins(2));
    assert_eq!(stage.read(&session).await, 401, "the client's refresh tokens end after an hour");
    garita.app.sweep_browsers().await.unwrap();
    let state = garita.app.snapshot();
    assert_eq!(state.list::<StageSession>(garita.account(), "").count(), 0);
}

#[tokio::test]
async fn a_stage_that_cannot_keep_cookies_says_what_to_do() {
    let stage = Stage::new().await;
    let raw = format!("GET /prod/garita/sign-in?to=%2F HTTP/1.1\r\nHost: ml.example\r\n{PAGE}\r\n");
    let (status, reply) = stage.bench().send(raw.as_bytes()).await;
    assert!(status == 400 && reply.contains("public_url"), "{reply}");
    let client = PoolClient { callback_urls: Vec::new(), ..stage.client() };
    stage.world.put(Object::PoolClient(Arc::new(client))).await;
    let (status, reply) = stage.get("/prod/garita/sign-in?to=%2F", PAGE).await;
    assert!(status == 500 && reply.contains(CALLBACK), "{reply}");
}

/// A session is of the pool that the stage signs people in to: one of another pool is none, with or without a claim to
/// this stage.
#[tokio::test]
async fn a_session_of_another_pool_opens_nothing() {
    let stage = Stage::new().await;
    let own = stage.sign_in().await;
    assert_eq!(stage.read(&own).await, 200);
    let garita = &stage.bench().garita;
    let other = garita.user_pool("eu-west-1_Other0000", "2ui").await;
    let rita = garita.person(&other, "rita", &["reader"]).await;
    let sign_in = garita.sign_in(&rita, "2ui", false).await;
    let (now, browser) = (garita.clock.now(), TokenHash(garita_wire::hash::sha256(b"at the other pool")));
    let at_pool = PoolBrowser {
        account: garita.account(),
        pool: other.clone(),
        cookie: browser,
        user: rita.sub,
        signed_in: now,
        used: now,
        iss_rev: garita.app.snapshot().revision(),
        mfa: false,
        client: None,
        provider: None,
    };
    let session = |pool: &PoolId, cookie: &[u8]| StageSession {
        account: garita.account(),
        pool: pool.clone(),
        api: "mlflow0001".to_owned(),
        cookie: TokenHash(garita_wire::hash::sha256(cookie)),
        browser,
        sign_in: sign_in.session,
    };
    let put = [session(&other, b"of-the-other-pool"), session(&stage.world.pool, b"of-this-pool")];
    let objects = put.map(garita_model::Plain::into_object).into_iter().chain([at_pool.into_object()]);
    garita.put(objects.collect()).await;
    assert!(garita.app.signed_in(&other, "at the other pool", now).is_some(), "signed in there");
    assert_eq!(stage.read("of-the-other-pool").await, 401);
    assert_eq!(stage.read("of-this-pool").await, 401, "what it rests on is of another pool");
    // Nor where the stage takes the tokens of that pool, but signs people in to this one.
    let taken = AcceptedPool { id: other, ..accepted() };
    let both = [door(), taken];
    let arrival = garita.app.arrive([127, 0, 0, 1].into(), true, None).unwrap();
    let known = garita.app.authenticate_browser(arrival, "mlflow0001", "of-the-other-pool", &both);
    assert!(matches!(known.map_err(|refused| refused.why), Err(BearerError::Ended)));
}
