//! The way out: fetching the documents of identity providers, and asking their endpoints.
//!
//! INVARIANT: one request to the address that is asked for, and no other: no redirects, no proxies, no cookies, and no
//! credentials but those a question brings. Certificates must chain to an authority of this machine's trust store (`SSL_CERT_FILE` moves it). Plain HTTP
//! goes to loopback addresses only; link-local addresses, where clouds keep their metadata, are never spoken to. A
//! document has at most [`MOST`] bytes and comes within [`PATIENCE`].

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use garita_model::{Asking, EndpointAnswer, EndpointQuestion, FetchError, Fetching, KeySource, Secret};
use http::{HeaderValue, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Most bytes of a document.
const MOST: usize = 256 << 10;
/// Most bytes of a reply's head.
const MOST_HEAD: usize = 64 << 10;
/// How long a provider may take for everything.
const PATIENCE: Duration = Duration::from_secs(5);

/// Fetches over HTTP and HTTPS.
#[derive(Default)]
pub struct Egress {
    tls: OnceLock<Result<Arc<ClientConfig>, FetchError>>,
}

impl Egress {
    /// One for the process. The trust store is read when it is first needed.
    pub fn new() -> Self {
        Self::default()
    }

    async fn get(&self, address: &str) -> Result<Vec<u8>, FetchError> {
        let question = EndpointQuestion { address: address.to_owned(), authorization: None, form: None };
        let answer = self.put(&question).await?;
        if answer.status != StatusCode::OK.as_u16() {
            return Err(FetchError(format!("status {}, not 200; redirects are not followed", answer.status)));
        }
        Ok(answer.body.expose().clone())
    }

    async fn put(&self, question: &EndpointQuestion) -> Result<EndpointAnswer, FetchError> {
        let target = Target::parse(&question.address)?;
        let stream = target.connect().await?;
        if !target.secure {
            return ask(stream, &target, question).await;
        }
        let config = self.tls.get_or_init(trust).clone()?;
        let name = ServerName::try_from(target.host.clone()).map_err(|e| failed("the host's name", &e))?;
        let connecting = TlsConnector::from(config).connect(name, stream);
        let stream = connecting.await.map_err(|e| failed("the TLS handshake", &e))?;
        ask(stream, &target, question).await
    }
}

impl KeySource for Egress {
    fn fetch<'a>(&'a self, address: &'a str) -> Fetching<'a> {
        Box::pin(async move {
            let waited = tokio::time::timeout(PATIENCE, self.get(address)).await;
            waited.unwrap_or_else(|_| Err(too_slow()))
        })
    }

    fn ask<'a>(&'a self, question: &'a EndpointQuestion) -> Asking<'a> {
        Box::pin(async move {
            let waited = tokio::time::timeout(PATIENCE, self.put(question)).await;
            waited.unwrap_or_else(|_| Err(too_slow()))
        })
    }
}

fn too_slow() -> FetchError {
    FetchError(format!("no answer within {} s", PATIENCE.as_secs()))
}

/// Where a document is.
struct Target {
    secure: bool,
    host: String,
    port: u16,
    uri: Uri,
}

impl Target {
    fn parse(address: &str) -> Result<Self, FetchError> {
        let uri: Uri = address.parse().map_err(|e| failed("the address", &e))?;
        let secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(FetchError("only http and https addresses are fetched".to_owned())),
        };
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'));
        let authority = authority.ok_or_else(|| FetchError("the address has no plain host".to_owned()))?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = authority.port_u16().unwrap_or(if secure { 443 } else { 80 });
        Ok(Self { secure, host, port, uri })
    }

    /// A connection to the first address of the host that may be spoken to and answers.
    async fn connect(&self) -> Result<TcpStream, FetchError> {
        let found = tokio::net::lookup_host((self.host.as_str(), self.port)).await;
        let mut last = FetchError("the host has no address that may be spoken to".to_owned());
        for address in found.map_err(|e| failed("looking up the host", &e))? {
            if !self.may_speak_to(address) {
                continue;
            }
            match TcpStream::connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = failed("connecting", &error),
            }
        }
        Err(last)
    }

    fn may_speak_to(&self, address: SocketAddr) -> bool {
        let ip = address.ip().to_canonical();
        let link_local = match ip {
            IpAddr::V4(v4) => v4.is_link_local() || v4.is_broadcast(),
            IpAddr::V6(v6) => v6.is_unicast_link_local(),
        };
        let somebody = !link_local && !ip.is_unspecified() && !ip.is_multicast();
        somebody && (self.secure || ip.is_loopback())
    }
}

/// Asks over a connection.
async fn ask<S>(stream: S, target: &Target, question: &EndpointQuestion) -> Result<EndpointAnswer, FetchError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut client = http1::Builder::new();
    client.max_buf_size(MOST_HEAD);
    let shaken = client.handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = shaken.map_err(|e| failed("the connection", &e))?;
    let driving = tokio::spawn(connection);
    let answer = exchange(&mut sender, target, question).await;
    // One request a connection: whatever the other side still has to say is not waited for.
    driving.abort();
    answer
}

async fn exchange(
    sender: &mut http1::SendRequest<Full<Bytes>>,
    target: &Target,
    question: &EndpointQuestion,
) -> Result<EndpointAnswer, FetchError> {
    let path = target.uri.path_and_query().map_or("/", |path| path.as_str());
    let host = target.uri.authority().map_or("", |authority| authority.as_str());
    let (mut request, body) = match &question.form {
        None => (Request::get(path), Bytes::new()),
        Some(form) => {
            let posted =
                Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            (posted, Bytes::from(form.expose().clone()))
        }
    };
    if let Some(authorization) = &question.authorization {
        let mut value =
            HeaderValue::from_str(authorization.expose()).map_err(|e| failed("the request", &e))?;
        value.set_sensitive(true);
        request = request.header(header::AUTHORIZATION, value);
    }
    let request = request
        .header(header::HOST, host)
        .header(header::ACCEPT, "application/json")
        .header(header::USER_AGENT, concat!("garita/", env!("CARGO_PKG_VERSION")))
        .body(Full::new(body))
        .map_err(|e| failed("the request", &e))?;
    let response = sender.send_request(request).await.map_err(|e| failed("the request", &e))?;
    let status = response.status().as_u16();
    let body = Limited::new(response.into_body(), MOST).collect().await;
    let body = body.map_err(|e| FetchError(format!("reading the document (at most {MOST} bytes): {e}")))?;
    Ok(EndpointAnswer { status, body: Secret::new(body.to_bytes().to_vec()) })
}

/// The TLS configuration: this machine's authorities, AWS-LC as its only cryptography.
fn trust() -> Result<Arc<ClientConfig>, FetchError> {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "a part of the trust store cannot be read");
    }
    roots.add_parsable_certificates(found.certs);
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = versions.map_err(|e| failed("TLS", &e))?.with_root_certificates(roots).with_no_client_auth();
    Ok(Arc::new(config))
}

fn failed(what: &str, error: &dyn std::fmt::Display) -> FetchError {
    FetchError(format!("{what}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    /// The address of a server that answers one request with these bytes.
    async fn serving(reply: Vec<u8>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = [0; 1_024];
            let _ = stream.read(&mut head).await;
            let _ = stream.write_all(&reply).await;
            let _ = stream.shutdown().await;
        });
        format!("http://{address}/keys?a=b")
    }

    fn reply(status: &str, more: &str, body: &[u8]) -> Vec<u8> {
        let head = format!("HTTP/1.1 {status}\r\n{more}content-length: {}\r\n\r\n", body.len());
        [head.as_bytes(), body].concat()
    }

    async fn told(address: &str) -> String {
        match Egress::new().fetch(address).await {
            Ok(bytes) => String::from_utf8(bytes).unwrap(),
            Err(error) => format!("error: {error}"),
        }
    }

    #[tokio::test]
    async fn a_document_is_fetched() {
        assert_eq!(told(&serving(reply("200 OK", "", b"{}")).await).await, "{}");
    }

    #[tokio::test]
    async fn redirects_are_not_followed_and_other_answers_are_no_documents() {
        let elsewhere = serving(reply("200 OK", "", b"secret")).await;
        let redirect = reply("302 Found", &format!("location: {elsewhere}\r\n"), b"");
        assert!(told(&serving(redirect).await).await.starts_with("error: status 302, not 200"));
        assert!(told(&serving(reply("404 Not Found", "", b"x")).await).await.contains("status 404"));
        assert!(told(&serving(b"SSH-2.0-x\r\n".to_vec()).await).await.starts_with("error: the request"));
    }

    #[tokio::test]
    async fn an_endpoint_is_asked_with_a_form_and_answers_with_its_status() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/token", listener.local_addr().unwrap());
        let asked = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = [0; 2_048];
            let mut read = 0;
            while !head[..read].ends_with(b"code=1") {
                read += stream.read(&mut head[read..]).await.unwrap();
            }
            stream.write_all(&reply("400 Bad Request", "", b"{\"error\":\"x\"}")).await.unwrap();
            String::from_utf8_lossy(&head[..read]).into_owned()
        });
        let question = EndpointQuestion {
            address,
            authorization: Some(Secret::new("Basic abc".to_owned())),
            form: Some(Secret::new("code=1".to_owned())),
        };
        let answer = Egress::new().ask(&question).await.unwrap();
        assert_eq!((answer.status, answer.body.expose().as_slice()), (400, &b"{\"error\":\"x\"}"[..]));
        let asked = asked.await.unwrap().to_ascii_lowercase();
        assert!(asked.starts_with("post /token http/1.1\r\n"), "{asked}");
        assert!(asked.contains("authorization: basic abc\r\n") && asked.ends_with("\r\n\r\ncode=1"));
    }

    #[tokio::test]
    async fn a_document_has_bounds() {
        let fits = vec![b'x'; MOST];
        assert_eq!(told(&serving(reply("200 OK", "", &fits)).await).await.len(), MOST);
        let large = vec![b'x'; MOST + 1];
        assert!(told(&serving(reply("200 OK", "", &large)).await).await.contains("length limit exceeded"));
        let endless = [b"HTTP/1.1 200 OK\r\nx: ".as_slice(), &vec![b'x'; MOST_HEAD + 1]].concat();
        assert!(told(&serving(endless).await).await.starts_with("error: "));
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_is_waited_for_too_long() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        assert_eq!(told(&address).await, "error: no answer within 5 s");
    }

    #[tokio::test]
    async fn addresses_that_are_nobodys_business_are_refused() {
        for (address, says) in [
            ("http://192.0.2.1/", "no address that may be spoken to"),
            ("http://0.0.0.0:1/", "no address that may be spoken to"),
            ("https://169.254.169.254/latest/meta-data", "no address that may be spoken to"),
            ("https://[fe80::1]/", "no address that may be spoken to"),
            ("https://[::ffff:169.254.169.254]/", "no address that may be spoken to"),
            ("https://user:word@127.0.0.1/", "no plain host"),
            ("file:///etc/passwd", "error: "),
            ("gopher://127.0.0.1/", "only http and https"),
        ] {
            let told = told(address).await;
            assert!(told.contains(says), "{address}: {told}");
        }
    }

    #[tokio::test]
    async fn who_has_no_certificate_of_a_known_authority_is_not_believed() {
        let address = serving(b"not TLS".to_vec()).await.replace("http://", "https://");
        assert!(told(&address).await.starts_with("error: the TLS handshake: "));
    }
}
