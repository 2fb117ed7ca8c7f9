//! For tests only: a whole application in process, without sockets, with time and randomness in the test's hand.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test that cannot set up must fail loudly"
)]

mod authenticator;
mod people;
mod pool;
mod srp;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_app::account::{BroughtKey, NewAccount};
use garita_app::mint::{NewKey, SessionCredentials};
use garita_app::{App, Event, Keyring, Parts, ProviderRules, RequestContext, SigV4Scheme};
use garita_model::{
    AccountId, Asking, Clock, EndpointAnswer, EndpointQuestion, Entropy, Error, FetchError, Fetching,
    KeySource, MailMessage, Mailer, OidcProvider, Result, Secret,
};
use garita_wire::sigv4::{BodyHash, Credentials, Dialect, RequestHead, Scope, sign};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

pub use authenticator::{Authenticator, Kind, Says};
pub use people::SignedIn;
pub use pool::OnePool;
pub use srp::{SRP_TIMESTAMP, srp_a, srp_claim};

/// The account every [`TestGarita`] begins with.
pub const ACCOUNT: &str = "111122223333";

/// Where every [`TestGarita`] says it is.
pub const ENDPOINT: &str = "http://garita.test";

const MASTER_KEY: [u8; 32] = [7; 32];

/// A clock that moves when the test says so.
pub struct MockClock(Mutex<Timestamp>);

impl MockClock {
    /// Moves the time.
    pub fn advance(&self, by: SignedDuration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for MockClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// Bytes that are the same in every run and never repeat within one.
#[derive(Default)]
pub struct CountingEntropy(AtomicU64);

impl Entropy for CountingEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<()> {
        for chunk in bytes.chunks_mut(8) {
            // SplitMix64 of a counter.
            let mut z =
                self.0.fetch_add(1, Ordering::Relaxed).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^= z >> 31;
            chunk.iter_mut().zip(z.to_le_bytes()).for_each(|(to, from)| *to = from);
        }
        Ok(())
    }
}

/// Keeps what is sent.
#[derive(Default)]
pub struct TestMail(Mutex<Vec<MailMessage>>, AtomicBool);

impl TestMail {
    /// Never ends sending from now on, as with a server that does not answer.
    pub fn hang(&self) {
        self.1.store(true, Ordering::Relaxed);
    }
    /// How many letters were begun since they were asked for last.
    pub fn waiting(&self) -> usize {
        self.0.lock().unwrap().len()
    }
    /// What was sent since the last time this was asked.
    pub fn take(&self) -> Vec<MailMessage> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
    /// The code of six digits in the one message that was sent.
    pub fn code(&self) -> String {
        let sent = self.take();
        let [message] = sent.as_slice() else { panic!("{} messages were sent, not one", sent.len()) };
        let digits = message.text.split(|c: char| !c.is_ascii_digit()).find(|word| word.len() == 6);
        digits.expect("a code").to_owned()
    }
}

impl Mailer for TestMail {
    fn send(&self, message: MailMessage) -> Pin<Box<dyn Future<Output = Result<()>> + Send + '_>> {
        self.0.lock().unwrap().push(message);
        let hangs = self.1.load(Ordering::Relaxed);
        Box::pin(async move { if hangs { std::future::pending().await } else { Ok(()) } })
    }
}

/// What identity providers publish, by address; the client tests ask a real provider.
#[derive(Default)]
pub struct Documents {
    documents: Mutex<BTreeMap<String, Vec<u8>>>,
    fetched: AtomicU64,
    answers: Mutex<BTreeMap<String, (u16, Vec<u8>)>>,
    questions: Mutex<Vec<AskedQuestion>>,
}

/// What was asked of an endpoint.
#[derive(Debug, Clone)]
pub struct AskedQuestion {
    /// Where.
    pub address: String,
    /// With which header.
    pub authorization: Option<String>,
    /// With which form.
    pub form: Option<String>,
}

impl Documents {
    /// Puts a document at an address.
    pub fn publish(&self, address: &str, document: impl Into<Vec<u8>>) {
        self.documents.lock().unwrap().insert(address.to_owned(), document.into());
    }
    /// Takes all documents away.
    pub fn withdraw(&self) {
        self.documents.lock().unwrap().clear();
    }
    /// How often anything was asked for.
    pub fn asked(&self) -> u64 {
        self.fetched.load(Ordering::Relaxed)
    }
    /// Has an endpoint answer so, from now on.
    pub fn answer(&self, address: &str, status: u16, body: impl Into<Vec<u8>>) {
        self.answers.lock().unwrap().insert(address.to_owned(), (status, body.into()));
    }
    /// What endpoints were asked since the last time this was.
    pub fn questions(&self) -> Vec<AskedQuestion> {
        std::mem::take(&mut *self.questions.lock().unwrap())
    }
}

impl KeySource for Documents {
    fn fetch<'a>(&'a self, address: &'a str) -> Fetching<'a> {
        self.fetched.fetch_add(1, Ordering::Relaxed);
        let found = self.documents.lock().unwrap().get(address).cloned();
        Box::pin(async move { found.ok_or_else(|| FetchError("nothing is there".to_owned())) })
    }
    fn ask<'a>(&'a self, question: &'a EndpointQuestion) -> Asking<'a> {
        let shown = |secret: &Option<Secret<String>>| secret.as_ref().map(|secret| secret.expose().clone());
        let (authorization, form) = (shown(&question.authorization), shown(&question.form));
        let asked = AskedQuestion { address: question.address.clone(), authorization, form };
        self.questions.lock().unwrap().push(asked);
        let found = self.answers.lock().unwrap().get(&question.address).cloned();
        Box::pin(async move {
            let (status, body) = found.ok_or_else(|| FetchError("nothing is there".to_owned()))?;
            Ok(EndpointAnswer { status, body: Secret::new(body) })
        })
    }
}

/// An identity provider with one key at a time.
pub struct TestIdp {
    issuer: String,
    id: String,
    key: EcdsaKeyPair,
}

impl TestIdp {
    /// The issuer of [`TestIdp::published`].
    pub const ISSUER: &str = "https://idp.example";

    /// One at [`TestIdp::ISSUER`], with its configuration and its key there.
    pub fn published(documents: &Documents, id: &str) -> Self {
        let idp = Self::new(Self::ISSUER, id);
        idp.publish(documents, &format!("{}/jwks", Self::ISSUER));
        idp
    }

    /// One with this issuer, which names its key `id`.
    pub fn new(issuer: &str, id: &str) -> Self {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        Self { issuer: issuer.to_owned(), id: id.to_owned(), key }
    }

    /// Publishes its configuration, and its key at an address.
    pub fn publish(&self, documents: &Documents, keys_at: &str) {
        let configuration = json!({
            "issuer": self.issuer,
            "jwks_uri": keys_at,
            "authorization_endpoint": format!("{}/authorize", self.issuer),
            "token_endpoint": format!("{}/token", self.issuer),
        });
        let at = format!("{}/.well-known/openid-configuration", self.issuer);
        documents.publish(&at, configuration.to_string());
        documents.publish(keys_at, self.key_set());
    }

    /// Its key, as it is published.
    pub fn key_set(&self) -> String {
        let point = self.key.public_key().as_ref();
        let (x, y) = point.get(1..).unwrap().split_at(32);
        let key = json!({ "kty": "EC", "kid": self.id, "crv": "P-256", "x": encoded(x), "y": encoded(y) });
        json!({ "keys": [key] }).to_string()
    }

    /// A token about `ana` for `app`, good for an hour, with these claims beside or instead.
    pub fn token(&self, now: Timestamp, more: &Value) -> String {
        let now = now.as_second();
        let mut claims =
            json!({ "iss": self.issuer, "sub": "ana", "aud": "app", "iat": now, "exp": now + 3_600 });
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let header = json!({ "alg": "ES256", "kid": self.id });
        let text = format!("{}.{}", encoded(header.to_string()), encoded(claims.to_string()));
        let signature = self.key.sign(&SystemRandom::new(), text.as_bytes()).unwrap();
        format!("{text}.{}", encoded(signature.as_ref()))
    }
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Credentials as a client holds them.
#[derive(Clone)]
pub struct TestCredentials {
    /// The key id.
    pub key: String,
    /// The secret key.
    pub secret: String,
    /// The session token.
    pub token: Option<String>,
}

impl From<&NewKey> for TestCredentials {
    fn from(key: &NewKey) -> Self {
        Self { key: key.key.id.to_string(), secret: key.secret.expose().clone(), token: None }
    }
}

impl From<&SessionCredentials> for TestCredentials {
    fn from(made: &SessionCredentials) -> Self {
        Self {
            key: made.key.to_string(),
            secret: made.secret.expose().clone(),
            token: Some(made.token.expose().clone()),
        }
    }
}

/// An application over a folder that goes away with it.
pub struct TestGarita {
    /// The application.
    pub app: Arc<App>,
    /// Its clock.
    pub clock: Arc<MockClock>,
    /// What identity providers publish.
    pub documents: Arc<Documents>,
    /// Credentials of the root user of [`ACCOUNT`].
    pub root: TestCredentials,
    /// The e-mails that were sent.
    pub mail: Arc<TestMail>,
    folder: PathBuf,
}

impl TestGarita {
    /// A Garita with one account, that says it is at [`ENDPOINT`].
    pub async fn new() -> Self {
        Self::reached_at(ENDPOINT).await
    }

    /// A Garita with one account, that says it is somewhere else.
    pub async fn reached_at(endpoint: &str) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let name = format!("garita-test-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        let clock = Arc::new(MockClock(Mutex::new("2026-03-01T12:00:00Z".parse().unwrap())));
        let mail = Arc::new(TestMail::default());
        let documents = Arc::new(Documents::default());
        let parts = Parts {
            clock: clock.clone(),
            entropy: Arc::new(CountingEntropy::default()),
            keyring: Keyring::new(&Secret::new(MASTER_KEY)),
            region: "eu-west-1".to_owned(),
            also_regions: vec!["us-east-1".to_owned()],
            mailer: Some(mail.clone()),
            // What tests set in passing is short.
            pool_passwords: garita_model::user_pool::PasswordProfile::Cognito,
            key_source: documents.clone(),
            provider_rules: ProviderRules { loopback_http: true, key_hosts: vec!["keys.example".to_owned()] },
        };
        let app = App::open(&folder, parts).await.unwrap();
        app.set_endpoint(endpoint);
        app.set_aws_endpoint(endpoint);
        let brought = BroughtKey {
            id: "AKIATESTROOTKEY00001".parse().unwrap(),
            secret: Secret::new("root-secret-0123456789".to_owned()),
        };
        let new = NewAccount {
            id: Some(ACCOUNT.parse().unwrap()),
            name: "main".parse().unwrap(),
            root_key: Some(brought),
        };
        let (_, key) = app.create_account(new).await.unwrap();
        Self { app, clock, documents, root: (&key).into(), mail, folder }
    }

    /// The data folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The account's id.
    pub fn account(&self) -> AccountId {
        ACCOUNT.parse().unwrap()
    }

    /// The key ring that secrets in the store are sealed under.
    pub fn keyring(&self) -> Keyring {
        Keyring::new(&Secret::new(MASTER_KEY))
    }

    /// Another account; returns its id and root credentials.
    pub async fn another_account(&self, name: &str) -> (AccountId, TestCredentials) {
        let new = NewAccount { id: None, name: name.parse().unwrap(), root_key: None };
        let (account, key) = self.app.create_account(new).await.unwrap();
        (account.id, (&key).into())
    }

    /// The context of a request signed with `credentials`, as a door gets it.
    ///
    /// # Errors
    /// What authentication answers.
    pub fn context(&self, credentials: &TestCredentials) -> Result<RequestContext, Error> {
        let mut headers = http::HeaderMap::new();
        headers.insert("host", "garita.test".parse().unwrap());
        let head = RequestHead { method: "POST", path: "/", query: "", headers: &headers };
        let now = self.clock.now();
        let scope = Scope {
            date: now.strftime("%Y%m%d").to_string(),
            region: "eu-west-1".to_owned(),
            service: "iam".to_owned(),
        };
        let held = Credentials {
            access_key_id: &credentials.key,
            secret_access_key: &credentials.secret,
            session_token: credentials.token.as_deref(),
        };
        let signed = sign(&head, BodyHash::of(b""), &held, &scope, now).unwrap();
        headers.extend(signed);
        let head = RequestHead { method: "POST", path: "/", query: "", headers: &headers };
        let arrival = self.app.arrive(IpAddr::V4(Ipv4Addr::LOCALHOST), false, Some("test")).unwrap();
        let scheme = SigV4Scheme { services: &["iam"], dialect: Dialect::Aws };
        let event = Event { source: "iam.amazonaws.com", name: "Test".to_owned(), ..Event::unknown() };
        self.app
            .authenticate(arrival, &head, BodyHash::of(b""), scheme)
            .map(|cx| cx.for_event(event))
            .map_err(|unproven| unproven.error)
    }

    /// The context of the account's root user.
    pub fn as_root(&self) -> RequestContext {
        self.context(&self.root).expect("the root key is good")
    }
}

impl Drop for TestGarita {
    fn drop(&mut self) {
        self.app.close();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A provider that an account trusts for the audience `app`; `url` is its issuer without the scheme.
pub fn trusted_provider(url: &str) -> OidcProvider {
    OidcProvider {
        account: ACCOUNT.parse().unwrap(),
        url: url.to_owned(),
        plain_http: false,
        created: Timestamp::UNIX_EPOCH,
        client_ids: vec!["app".to_owned()],
        thumbprints: Vec::new(),
        tags: Vec::new(),
    }
}

/// The bytes of a base32 text without padding, as authenticator apps read seeds.
pub fn base32(text: &str) -> Vec<u8> {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0_u32);
    for letter in text.chars() {
        bits = (bits << 5) | u32::try_from(alphabet.find(letter).expect("a letter of base32")).unwrap();
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from((bits >> held) & 0xff).unwrap());
        }
    }
    bytes
}

/// The one-time code an authenticator app shows at a moment (RFC 6238).
pub fn one_time_code(seed: &[u8], at: Timestamp) -> String {
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, seed);
    let tag = aws_lc_rs::hmac::sign(&key, &(at.as_second() / 30).to_be_bytes());
    let offset = usize::from(tag.as_ref().last().unwrap() & 0xf);
    let word = tag.as_ref().iter().skip(offset).take(4).fold(0_u32, |n, b| (n << 8) | u32::from(*b));
    format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
}
