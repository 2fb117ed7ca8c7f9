//! The doors of one application in this process: the AWS API and the sign-in pages on one address, as the program has
//! them, a gateway on another, and an upstream behind that.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use garita_app::AcceptedPool;
use garita_aws::AwsApi;
use garita_gateway::{Api, Gateway, Target};
use garita_model::{AccountId, Clock as _};
use garita_testkit::{TestCredentials, TestGarita};
use garita_web::{Site, Web};
use garita_wire::peer::Peer;
use garita_wire::protocol::percent_encode;
use garita_wire::sigv4::{BodyHash, Credentials, RequestHead, Scope, sign};
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1 as client;
use hyper::server::conn::http1 as server;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};

/// Where the sign-in pages say they are.
pub(crate) const SITE: &str = "https://garita.test";
pub(crate) const API: &str = "mlflow0001";
const JSON: &str = "application/x-amz-json-1.1";
const TARGET: &str = "AWSCognitoIdentityProviderService.";

/// An application and its doors, as an account has them.
#[derive(Clone)]
pub(crate) struct Doors {
    pub(crate) garita: Arc<TestGarita>,
    pub(crate) account: AccountId,
    /// Who signs: the account's root user, unless it was said who.
    signer: TestCredentials,
    main: SocketAddr,
    gate: Option<SocketAddr>,
    /// How many requests came to what is behind the gateway.
    forwarded: Arc<AtomicUsize>,
}

/// What a door answered.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Reply {
    /// A header, as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }

    /// What stands between two marks in the body.
    pub(crate) fn between(&self, from: &str, to: &str) -> Option<&str> {
        let (_, rest) = self.body.split_once(from)?;
        Some(rest.split_once(to)?.0)
    }

    /// The sealed flow that a page or a redirect carries on.
    pub(crate) fn flow(&self) -> String {
        let led = self.location.as_deref().and_then(|to| Some(to.split_once("flow=")?.1));
        let shown = || self.between("name=\"flow\" value=\"", "\"");
        led.or_else(shown).unwrap_or_else(|| panic!("no flow: {self:?}")).to_owned()
    }
}

/// A browser, with its cookies.
#[derive(Clone, Default)]
pub(crate) struct Browser(pub(crate) BTreeMap<String, String>);

impl Browser {
    fn header(&self) -> String {
        self.0.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn keep(&mut self, headers: &HeaderMap) {
        for line in headers.get_all("set-cookie") {
            let (name, rest) = line.to_str().unwrap().split_once('=').unwrap();
            self.0.insert(name.to_owned(), rest.split(';').next().unwrap().to_owned());
        }
    }
}

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Serves each connection with a function.
macro_rules! serve {
    ($listener:expr, |$request:ident, $peer:ident| $answer:expr, $($shared:ident),*) => {
        let listener = $listener;
        tokio::spawn(async move {
            while let Ok((stream, $peer)) = listener.accept().await {
                $(let $shared = $shared.clone();)*
                let service = service_fn(move |$request: Request<Incoming>| {
                    $(let $shared = $shared.clone();)*
                    async move { Ok::<_, Infallible>($answer) }
                });
                let mut http = server::Builder::new();
                http.timer(TokioTimer::new());
                tokio::spawn(http.serve_connection(TokioIo::new(stream), service));
            }
        });
    };
}

impl Doors {
    /// The AWS API and the sign-in pages.
    pub(crate) async fn open() -> Self {
        let garita = TestGarita::reached_at(SITE).await;
        let (listener, main) = listen().await;
        let api = AwsApi::new(garita.app.clone());
        let web = Web::new(garita.app.clone(), Site::new(SITE).unwrap());
        serve!(
            listener,
            |request, peer| if Web::takes(&request) {
                web.handle(request, Peer::connected(peer)).await
            } else {
                api.handle(request, Peer::connected(peer)).await
            },
            web,
            api
        );
        let (account, signer) = (garita.account(), garita.root.clone());
        Self { garita: Arc::new(garita), account, signer, main, gate: None, forwarded: Arc::default() }
    }

    /// The same doors, as another account has them that is made now.
    pub(crate) async fn of_another_account(&self) -> Self {
        let (account, signer) = self.garita.another_account("another").await;
        Self { account, signer, gate: None, ..self.clone() }
    }

    /// The same doors, as somebody has them with these credentials.
    pub(crate) fn as_whom(&self, signer: TestCredentials) -> Self {
        Self { signer, ..self.clone() }
    }

    /// Opens a stage of an API for the people of a pool.
    pub(crate) async fn open_stage(&mut self, api: &str, pool: AcceptedPool) {
        let (listener, upstream) = listen().await;
        let forwarded = Arc::clone(&self.forwarded);
        serve!(
            listener,
            |_request, _peer| {
                forwarded.fetch_add(1, Ordering::Relaxed);
                let response = Response::builder().header("content-type", "application/json");
                response.body(Full::new(Bytes::from_static(b"{}"))).unwrap()
            },
            forwarded
        );
        let api = Api {
            id: api.to_owned(),
            account: self.account,
            region: "eu-west-1".to_owned(),
            stage: "prod".to_owned(),
            upstream: Target::Http(upstream.to_string()),
            host: None,
            public_url: None,
            policy: None,
            user_pools: vec![pool],
        };
        let (listener, address) = listen().await;
        let gateway = Gateway::new(self.garita.app.clone(), vec![api], address).unwrap();
        serve!(listener, |request, peer| gateway.handle(request, Peer::connected(peer)).await, gateway);
        self.gate = Some(address);
    }

    /// How many requests came to what is behind the gateway.
    pub(crate) fn forwarded(&self) -> usize {
        self.forwarded.load(Ordering::Relaxed)
    }

    async fn send(&self, to: SocketAddr, request: Request<Full<Bytes>>, jar: Option<&mut Browser>) -> Reply {
        let stream = TcpStream::connect(to).await.unwrap();
        let (mut sender, connection) = client::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let response = sender.send_request(request).await.unwrap();
        let status = response.status().as_u16();
        let location = response.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        if let Some(jar) = jar {
            jar.keep(response.headers());
        }
        let headers = response.headers().clone();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        Reply { status, location, headers, body: String::from_utf8_lossy(&body).into_owned() }
    }

    /// Posts a body that is signed.
    async fn signed(&self, service: &str, own: &[(&'static str, &str)], body: &str) -> Reply {
        let mut headers = HeaderMap::new();
        headers.insert("host", "garita.test".parse().unwrap());
        for (name, value) in own {
            headers.insert(*name, value.parse().unwrap());
        }
        let head = RequestHead { method: "POST", path: "/", query: "", headers: &headers };
        let now = self.garita.clock.now();
        let (date, region) = (now.strftime("%Y%m%d").to_string(), "eu-west-1".to_owned());
        let scope = Scope { date, region, service: service.to_owned() };
        let (access_key_id, secret_access_key) = (self.signer.key.as_str(), self.signer.secret.as_str());
        let held = Credentials { access_key_id, secret_access_key, session_token: None };
        let added = sign(&head, BodyHash::of(body.as_bytes()), &held, &scope, now).unwrap();
        headers.extend(added);
        let mut request = Request::post("/").body(Full::new(Bytes::from(body.to_owned()))).unwrap();
        *request.headers_mut() = headers;
        self.send(self.main, request, None).await
    }

    /// Calls an operation of user pools with a signature.
    pub(crate) async fn admin(&self, operation: &str, input: &Value) -> Reply {
        let target = format!("{TARGET}{operation}");
        let headers = [("x-amz-target", target.as_str()), ("content-type", JSON)];
        self.signed("cognito-idp", &headers, &input.to_string()).await
    }

    /// The same, for what must go well.
    pub(crate) async fn done(&self, operation: &str, input: Value) -> Value {
        let reply = self.admin(operation, &input).await;
        assert_eq!(reply.status, 200, "{operation} {input}: {}", reply.body);
        reply.json()
    }

    /// Calls an operation of user pools without a signature.
    pub(crate) async fn person(&self, operation: &str, input: &Value) -> Reply {
        let request = Request::post("/")
            .header("host", "garita.test")
            .header("x-amz-target", format!("{TARGET}{operation}"))
            .header("content-type", JSON)
            .body(Full::new(Bytes::from(input.to_string())));
        self.send(self.main, request.unwrap(), None).await
    }

    /// Calls an operation of IAM or STS, signed or not at all.
    pub(crate) async fn query(&self, service: &str, is_signed: bool, parameters: &[(&str, &str)]) -> Reply {
        let version = if service == "iam" { "2010-05-08" } else { "2011-06-15" };
        let form = format!("Version={version}&{}", encoded(parameters));
        if is_signed {
            return self.signed(service, &[], &form).await;
        }
        let request = Request::post("/").header("host", "garita.test").body(Full::new(Bytes::from(form)));
        self.send(self.main, request.unwrap(), None).await
    }

    /// Opens a page, or asks an endpoint that takes GET.
    pub(crate) async fn get(&self, browser: &mut Browser, target: &str) -> Reply {
        let request = Request::get(target).header("host", "garita.test").header("cookie", browser.header());
        let request = request.header("accept", "text/html");
        self.send(self.main, request.body(Full::default()).unwrap(), Some(browser)).await
    }

    /// Sends a form of a page of the site.
    pub(crate) async fn post(&self, browser: &mut Browser, target: &str, fields: &[(&str, &str)]) -> Reply {
        let request = Request::post(target)
            .header("host", "garita.test")
            .header("origin", SITE)
            .header("cookie", browser.header())
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Full::new(Bytes::from(encoded(fields))));
        self.send(self.main, request.unwrap(), Some(browser)).await
    }

    /// Asks an endpoint with an access token.
    pub(crate) async fn bearer(&self, method: &str, target: &str, token: &str) -> Reply {
        let request = Request::builder()
            .method(method)
            .uri(target)
            .header("host", "garita.test")
            .header("authorization", format!("Bearer {token}"));
        self.send(self.main, request.body(Full::default()).unwrap(), None).await
    }

    /// Sends a request without a body and without a browser to the main door.
    pub(crate) async fn bare(&self, method: &str, target: &str, more: &[(&str, &str)]) -> Reply {
        let mut request = Request::builder().method(method).uri(target).header("host", "garita.test");
        for (name, value) in more {
            request = request.header(*name, *value);
        }
        self.send(self.main, request.body(Full::default()).unwrap(), None).await
    }

    /// Sends a request to the gateway, as a page or script of the stage, or with a token.
    pub(crate) async fn at_gate(
        &self,
        browser: &mut Browser,
        method: &str,
        target: &str,
        more: &[(&str, &str)],
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(target).header("host", "localhost");
        if !browser.0.is_empty() {
            request = request.header("cookie", browser.header());
        }
        for (name, value) in more {
            request = request.header(*name, *value);
        }
        let gate = self.gate.expect("a stage was opened");
        self.send(gate, request.body(Full::default()).unwrap(), Some(browser)).await
    }
}

/// Fields as a form or a query has them.
pub(crate) fn encoded(fields: &[(&str, &str)]) -> String {
    let pairs = fields.iter().map(|(name, value)| format!("{name}={}", percent_encode(value)));
    pairs.collect::<Vec<_>>().join("&")
}
