//! A Garita behind its AWS door, and a client that signs.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::net::SocketAddr;

use bytes::Bytes;
use garita_aws::AwsApi;
use garita_model::Clock as _;
use garita_testkit::{TestCredentials, TestGarita};
use garita_wire::peer::Peer;
use garita_wire::protocol::percent_encode;
use garita_wire::sigv4::{BodyHash, Credentials, RequestHead, Scope, presign, sign};
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};

pub(crate) const TRUST_ALL: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":["sts:AssumeRole","sts:TagSession"]}]}"#;
pub(crate) const ALLOW_LIST: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:List*","Resource":"*"}}"#;

const JSON: &str = "application/x-amz-json-1.1";
const NAMESPACES: [&str; 2] =
    ["https://iam.amazonaws.com/doc/2010-05-08/", "https://sts.amazonaws.com/doc/2011-06-15/"];

pub(crate) struct Door {
    pub(crate) garita: TestGarita,
    address: SocketAddr,
}

impl Door {
    pub(crate) async fn open() -> Self {
        let garita = TestGarita::new().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let api = AwsApi::new(garita.app.clone());
        tokio::spawn(async move {
            while let Ok((stream, peer)) = listener.accept().await {
                let api = api.clone();
                let service = service_fn(move |request| {
                    let api = api.clone();
                    async move { Ok::<_, Infallible>(api.handle(request, Peer::connected(peer)).await) }
                });
                let connection = hyper::server::conn::http1::Builder::new();
                tokio::spawn(connection.serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { garita, address }
    }

    /// Calls an IAM operation as the root user.
    pub(crate) async fn iam(&self, parameters: &[(&str, &str)]) -> String {
        self.iam_as(&self.garita.root, parameters).await
    }

    pub(crate) async fn iam_as(&self, who: &TestCredentials, parameters: &[(&str, &str)]) -> String {
        self.call(who, "iam", &form("2010-05-08", parameters)).await
    }

    pub(crate) async fn sts_as(&self, who: &TestCredentials, parameters: &[(&str, &str)]) -> String {
        self.call(who, "sts", &form("2011-06-15", parameters)).await
    }

    /// Calls an operation and gives the body of the reply as it is.
    pub(crate) async fn sent(
        &self,
        who: &TestCredentials,
        service: &str,
        parameters: &[(&str, &str)],
    ) -> String {
        let version = if service == "iam" { "2010-05-08" } else { "2011-06-15" };
        text(self.send(self.signed(who, service, &[], &form(version, parameters))).await).await
    }

    /// Posts a signed form.
    pub(crate) async fn call(&self, who: &TestCredentials, service: &str, form: &str) -> String {
        self.post(who, service, &[], form).await
    }

    /// Posts a signed body with headers of the test's own, which are signed too.
    pub(crate) async fn post(
        &self,
        who: &TestCredentials,
        service: &str,
        headers: &[(&'static str, &str)],
        body: &str,
    ) -> String {
        show(self.send(self.signed(who, service, headers, body)).await).await
    }

    /// Calls an operation of user pools as the root user; answers status and body.
    pub(crate) async fn pools(&self, operation: &str, input: Value) -> (u16, Value) {
        self.pools_as(&self.garita.root, operation, input).await
    }

    pub(crate) async fn pools_as(
        &self,
        who: &TestCredentials,
        operation: &str,
        input: Value,
    ) -> (u16, Value) {
        let target = format!("AWSCognitoIdentityProviderService.{operation}");
        let headers = [("x-amz-target", target.as_str()), ("content-type", JSON)];
        read(self.send(self.signed(who, "cognito-idp", &headers, &input.to_string())).await).await
    }

    /// Calls an operation of user pools without a signature.
    pub(crate) async fn person(&self, operation: &str, input: Value) -> (u16, Value) {
        let request = Request::post("/")
            .header("x-amz-target", format!("AWSCognitoIdentityProviderService.{operation}"))
            .header("content-type", JSON)
            .body(Full::new(Bytes::from(input.to_string())));
        read(self.send(request.unwrap()).await).await
    }

    /// A signed request.
    pub(crate) fn signed(
        &self,
        who: &TestCredentials,
        service: &str,
        own: &[(&'static str, &str)],
        body: &str,
    ) -> Request<Full<Bytes>> {
        let mut headers = HeaderMap::new();
        headers.insert("host", self.address.to_string().parse().unwrap());
        for (name, value) in own {
            headers.insert(*name, value.parse().unwrap());
        }
        let head = RequestHead { method: "POST", path: "/", query: "", headers: &headers };
        let (now, scope) = (self.garita.clock.now(), self.scope(service));
        let added = sign(&head, BodyHash::of(body.as_bytes()), &held(who), &scope, now).unwrap();
        headers.extend(added);
        let mut request = Request::post("/").body(Full::new(Bytes::from(body.to_owned()))).unwrap();
        *request.headers_mut() = headers;
        request
    }

    /// The path and query of a presigned request.
    pub(crate) fn presigned(&self, who: &TestCredentials, service: &str, method: &str, form: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert("host", self.address.to_string().parse().unwrap());
        let head = RequestHead { method, path: "/", query: form, headers: &headers };
        let (now, scope) = (self.garita.clock.now(), self.scope(service));
        format!("/?{}", presign(&head, BodyHash::of(b""), &held(who), &scope, now, 60).unwrap())
    }

    pub(crate) async fn send(&self, mut request: Request<Full<Bytes>>) -> Response<hyper::body::Incoming> {
        if !request.headers().contains_key("host") {
            request.headers_mut().insert("host", self.address.to_string().parse().unwrap());
        }
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        sender.send_request(request).await.unwrap()
    }

    fn scope(&self, service: &str) -> Scope {
        Scope {
            date: self.garita.clock.now().strftime("%Y%m%d").to_string(),
            region: "eu-west-1".to_owned(),
            service: service.to_owned(),
        }
    }

    /// Makes a user with a key.
    pub(crate) async fn user(&self, name: &str) -> TestCredentials {
        self.iam(&[("Action", "CreateUser"), ("UserName", name)]).await;
        let root = &self.garita.root;
        let request = self.signed(
            root,
            "iam",
            &[],
            &form("2010-05-08", &[("Action", "CreateAccessKey"), ("UserName", name)]),
        );
        credentials_in(&text(self.send(request).await).await)
    }

    /// Assumes a role.
    pub(crate) async fn assume(&self, who: &TestCredentials, parameters: &[(&str, &str)]) -> TestCredentials {
        let request = self.signed(who, "sts", &[], &form("2011-06-15", parameters));
        credentials_in(&text(self.send(request).await).await)
    }
}

/// The status and the JSON body of a reply.
async fn read(response: Response<hyper::body::Incoming>) -> (u16, Value) {
    let status = response.status().as_u16();
    assert_eq!(response.headers()["content-type"], JSON);
    (status, serde_json::from_str(&text(response).await).unwrap())
}

/// `200`, or `400 InvalidParameterException: ...`.
pub(crate) fn told((status, body): &(u16, Value)) -> String {
    match body.get("__type") {
        None => status.to_string(),
        Some(code) => format!("{status} {}: {}", code.as_str().unwrap(), body["message"].as_str().unwrap()),
    }
}

/// A form of an operation.
pub(crate) fn form(version: &str, parameters: &[(&str, &str)]) -> String {
    let mut form = format!("Version={version}");
    for (name, value) in parameters {
        write!(form, "&{name}={}", percent_encode(value)).unwrap();
    }
    form
}

/// A reply: `200 CreateUser` and its result, or `404 NoSuchEntity: ...`. Everything around that is held to its exact
/// form here. What differs from run to run is replaced.
pub(crate) async fn show(response: Response<hyper::body::Incoming>) -> String {
    let status = response.status().as_u16();
    let header = |name: &str| response.headers().get(name).map(|v| v.to_str().unwrap().to_owned());
    let (kind, id) = (header("content-type").unwrap(), header("x-amzn-requestid").unwrap());
    let body = redact(&text(response).await.replace(&id, "[request id]"));
    if kind != "text/xml" {
        return format!("{status} {kind} {body}");
    }
    match (element(&body, "Code"), element(&body, "Message")) {
        (Some(code), Some(message)) => {
            let fault = if status < 500 { "Sender" } else { "Receiver" };
            let namespace = NAMESPACES.iter().find(|name| body.contains(*name)).unwrap();
            let whole = format!(
                "<ErrorResponse xmlns=\"{namespace}\"><Error><Type>{fault}</Type>\
                 <Code>{code}</Code><Message>{message}</Message></Error><RequestId>[request id]</RequestId></ErrorResponse>"
            );
            assert_eq!(body, whole);
            format!("{status} {code}: {}", message.replace("&apos;", "'").replace("&quot;", "\""))
        }
        _ => format!("{status} {}", result_in(&body)),
    }
}

/// The operation and the result in a reply, one item of a list a line.
fn result_in(body: &str) -> String {
    let (operation, rest) = body.strip_prefix('<').and_then(|b| b.split_once("Response xmlns=\"")).unwrap();
    let (namespace, rest) = rest.split_once("\">").unwrap();
    assert!(NAMESPACES.contains(&namespace), "{namespace}");
    let end = format!(
        "<ResponseMetadata><RequestId>[request id]</RequestId></ResponseMetadata></{operation}Response>"
    );
    let result = rest.strip_suffix(&end).unwrap_or_else(|| panic!("{body}"));
    let inside = element(result, &format!("{operation}Result")).unwrap_or(result);
    let lines = inside.replace("><member>", ">\n<member>").replace("</member><", "</member>\n<");
    if lines.is_empty() { operation.to_owned() } else { format!("{operation}\n{lines}") }
}

/// The value of the first element of this name.
pub(crate) fn element<'a>(body: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = body.split_once(&format!("<{name}>"))?;
    Some(rest.split_once(&format!("</{name}>"))?.0)
}

async fn text(response: Response<hyper::body::Incoming>) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

fn credentials_in(body: &str) -> TestCredentials {
    let of = |name| element(body, name).map(str::to_owned);
    let (Some(key), Some(secret)) = (of("AccessKeyId"), of("SecretAccessKey")) else { panic!("{body}") };
    TestCredentials { key, secret, token: of("SessionToken") }
}

fn held(who: &TestCredentials) -> Credentials<'_> {
    Credentials {
        access_key_id: &who.key,
        secret_access_key: &who.secret,
        session_token: who.token.as_deref(),
    }
}

/// Replaces drawn ids by their prefix, and secrets and tokens by their name.
fn redact(body: &str) -> String {
    let mut shown = body.to_owned();
    if let Some((_, sealed)) = body.split_once("Encoded authorization failure message: ") {
        let sealed = sealed.split(['<', '"']).next().unwrap();
        assert_eq!(sealed.len(), 80);
        shown = shown.replace(sealed, "[sealed]");
    }
    for name in ["SecretAccessKey", "SessionToken", "Marker"] {
        if let Some(value) = element(&shown, name).map(str::to_owned) {
            shown = shown.replace(&value, &format!("[{name}]"));
        }
    }
    let is_id = |word: &str| {
        let prefixes = ["AIDA", "AGPA", "AROA", "ANPA", "AIPA", "APKA", "AKIA", "ASIA"];
        word.len() >= 20 && prefixes.iter().any(|p| word.starts_with(p)) && word != "AKIATESTROOTKEY00001"
    };
    let words = shown.split_inclusive(|c: char| !c.is_ascii_alphanumeric()).map(|piece| {
        let word = piece.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        if is_id(word) { piece.replace(word, &format!("[{}]", &word[..4])) } else { piece.to_owned() }
    });
    words.collect()
}
