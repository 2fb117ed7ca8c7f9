//! A gateway on a real socket, between raw bytes on one side and an upstream that writes down what it gets.

mod bounds;
mod bytes;
mod rights;
mod shapes;
mod stage_policies;
mod tokens;
mod transfers;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use garita_model::Clock as _;
use garita_testkit::{TestCredentials, TestGarita};
use garita_wire::peer::Peer;
use garita_wire::sigv4::{BodyHash, Credentials, RequestHead, Scope, sign};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::{Api, Gateway, Limits, Target};

/// What an upstream answers to one request.
pub(super) const OK: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";

/// A gateway, its upstream and what that got.
pub(super) struct Bench {
    pub(super) garita: TestGarita,
    pub(super) gateway: Arc<Gateway>,
    pub(super) address: SocketAddr,
    got: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Bench {
    pub(super) async fn new(answer: &'static str) -> Self {
        Self::with(answer, Limits::default()).await
    }

    pub(super) async fn with(answer: &'static str, limits: Limits) -> Self {
        Self::taking(Vec::new(), answer, limits).await
    }

    /// A gateway whose stage takes tokens of user pools.
    pub(super) async fn taking(
        user_pools: Vec<garita_app::AcceptedPool>,
        answer: &'static str,
        limits: Limits,
    ) -> Self {
        let garita = TestGarita::new().await;
        let got = Arc::new(Mutex::new(Vec::new()));
        let upstream = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = Target::Http(upstream.local_addr().unwrap().to_string());
        tokio::spawn(write_down(upstream, got.clone(), answer));
        let api = Api {
            id: "mlflow0001".to_owned(),
            account: garita.account(),
            region: "eu-west-1".to_owned(),
            stage: "prod".to_owned(),
            upstream: target,
            host: None,
            public_url: None,
            policy: None,
            user_pools,
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let gateway = Gateway::with_limits(garita.app.clone(), vec![api], address, limits).unwrap();
        tokio::spawn(serve(listener, gateway.clone()));
        Self { garita, gateway, address, got }
    }

    /// What the upstream got since the last call: one entry for each connection.
    pub(super) fn got(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut *self.got.lock().unwrap())
    }

    /// Sends raw bytes on a connection of their own; returns the status and the whole reply.
    pub(super) async fn send(&self, raw: &[u8]) -> (u16, String) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // The gateway may have answered and closed before all is written.
        let _ = stream.write_all(raw).await;
        let mut reply = Vec::new();
        let read = async {
            let mut buffer = [0; 4096];
            while let Ok(count) = stream.read(&mut buffer).await {
                reply.extend_from_slice(&buffer[..count]);
                if count == 0 || is_whole(&reply, raw.starts_with(b"HEAD ")) {
                    break;
                }
            }
        };
        let _ = tokio::time::timeout(Duration::from_secs(5), read).await;
        let text = String::from_utf8_lossy(&reply).into_owned();
        let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        (status, text)
    }

    /// A request of the root user: signed for what it says, then with `more` header lines added.
    pub(super) fn signed(&self, method: &str, target: &str, more: &str, body: &[u8]) -> Vec<u8> {
        self.signed_by(&self.garita.root, method, target, more, body)
    }

    pub(super) fn signed_by(
        &self,
        credentials: &TestCredentials,
        method: &str,
        target: &str,
        more: &str,
        body: &[u8],
    ) -> Vec<u8> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut headers = http::HeaderMap::new();
        headers.insert("host", "h".parse().unwrap());
        let head = RequestHead { method, path, query, headers: &headers };
        let now = self.garita.clock.now();
        let (region, service) = ("eu-west-1".to_owned(), "execute-api".to_owned());
        let scope = Scope { date: now.strftime("%Y%m%d").to_string(), region, service };
        let held = Credentials {
            access_key_id: &credentials.key,
            secret_access_key: &credentials.secret,
            session_token: credentials.token.as_deref(),
        };
        let added = sign(&head, BodyHash::of(body), &held, &scope, now).unwrap();
        let mut raw = format!("{method} {target} HTTP/1.1\r\nHost: h\r\n").into_bytes();
        for (name, value) in &added {
            raw.extend_from_slice(format!("{name}: ").as_bytes());
            raw.extend_from_slice(value.as_bytes());
            raw.extend_from_slice(b"\r\n");
        }
        raw.extend_from_slice(more.as_bytes());
        raw.extend_from_slice(b"\r\n");
        raw.extend_from_slice(body);
        raw
    }

    /// A signed JSON request.
    pub(super) fn json(&self, method: &str, target: &str, body: &str) -> Vec<u8> {
        let more = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        self.signed(method, target, &more, body.as_bytes())
    }
}

/// The body of a reply.
pub(super) fn body_of(reply: &str) -> &str {
    reply.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}

fn is_whole(reply: &[u8], to_head: bool) -> bool {
    let text = String::from_utf8_lossy(reply);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    to_head || length.is_some_and(|length: usize| body.len() >= length)
}

async fn serve(listener: TcpListener, gateway: Arc<Gateway>) {
    loop {
        let (stream, peer) = listener.accept().await.unwrap();
        let gateway = gateway.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let gateway = gateway.clone();
                async move {
                    Ok::<_, std::convert::Infallible>(gateway.handle(request, Peer::connected(peer)).await)
                }
            });
            let mut http = http1::Builder::new();
            http.timer(TokioTimer::new()).max_headers(100).max_buf_size(64 * 1024);
            let _ = http.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// An upstream that takes one request on each connection, answers it, and closes.
async fn write_down(listener: TcpListener, got: Arc<Mutex<Vec<Vec<u8>>>>, answer: &'static str) {
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        let got = got.clone();
        tokio::spawn(async move {
            let (mut taken, mut buffer) = (Vec::new(), [0; 16 * 1024]);
            loop {
                let count = stream.read(&mut buffer).await.unwrap_or(0);
                taken.extend_from_slice(&buffer[..count]);
                if count == 0 || request_is_whole(&taken) {
                    break;
                }
            }
            let whole = request_is_whole(&taken);
            got.lock().unwrap().push(taken);
            if whole {
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
    }
}

/// Whether an upstream would take these bytes for a request that has come to its end.
pub(super) fn request_is_whole(taken: &[u8]) -> bool {
    let text = String::from_utf8_lossy(taken);
    let Some((head, _)) = text.split_once("\r\n\r\n") else { return false };
    let body = taken.len() - head.len() - 4;
    if head.contains("transfer-encoding: chunked") {
        return taken.ends_with(b"0\r\n\r\n");
    }
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    body >= length.unwrap_or(0_usize)
}
