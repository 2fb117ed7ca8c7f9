//! One upstream: HTTP/1.1 over a Unix socket or TCP, with a small pool of idle connections.
//!
//! INVARIANT: a request is sent twice only if the first try cannot have had an effect: its connection was from the
//! pool and closed before it took the request, or it is a read whose whole body is at hand and no byte of a reply
//! came. A connection goes back to the pool only after its reply was read to the end.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri, header};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpStream, UnixStream};

use crate::api::Target;
use crate::body::{Body, BodyError, full};

/// Idle connections kept for one upstream.
const MAX_IDLE: usize = 32;
/// How long a connection may be idle: less than the 5 s after which uvicorn closes it.
const MAX_IDLE_TIME: Duration = Duration::from_secs(4);
/// How long connecting may take.
const CONNECT_TIME: Duration = Duration::from_secs(3);
/// How long an upstream may take to begin its reply, counted from the last of the request that went out.
const REPLY_TIME: Duration = Duration::from_secs(300);

/// Why an upstream gave no reply.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UpstreamError {
    /// Nobody listens, or not in time.
    #[error("connecting to {0} failed: {1}")]
    Down(Target, std::io::Error),
    /// The connection broke before the reply began.
    #[error("the connection broke: {0}")]
    Broken(hyper::Error),
    /// No reply in time.
    #[error("no reply in time")]
    Slow,
    /// The request could not be put together.
    #[error("the request could not be put together: {0}")]
    Request(#[from] http::Error),
}

/// What a request to an upstream carries.
pub(crate) enum Payload {
    /// Nothing.
    None,
    /// Bytes at hand.
    Bytes(Bytes),
    /// A stream, of a length that may be known.
    Stream(Body, Option<u64>),
}

/// A request to an upstream.
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    /// Canonical path and query.
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) payload: Payload,
    /// Whether it changes nothing, and may be sent again.
    pub(crate) reads: bool,
}

impl Outgoing {
    /// A request without a body.
    pub(crate) fn bare(method: Method, target: String, headers: HeaderMap) -> Self {
        let reads = method == Method::GET;
        Self { method, target, headers, payload: Payload::None, reads }
    }
}

struct Idle {
    sender: SendRequest<Body>,
    since: Instant,
}

/// An upstream and its idle connections.
pub(crate) struct Upstream {
    target: Target,
    host: String,
    idle: Mutex<Vec<Idle>>,
}

impl Upstream {
    pub(crate) fn new(target: Target) -> Arc<Self> {
        let host = match &target {
            // MLflow answers to local names only, unless it is told otherwise.
            Target::Unix(_) => "localhost".to_owned(),
            Target::Http(authority) => authority.clone(),
        };
        Arc::new(Self { target, host, idle: Mutex::new(Vec::new()) })
    }

    /// What this upstream is called in its Host header.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Sends a request, and gives its reply back as soon as its head is there.
    pub(crate) async fn send(self: &Arc<Self>, outgoing: Outgoing) -> Result<Response<Body>, UpstreamError> {
        let Outgoing { method, target, headers, payload, reads } = outgoing;
        let replay = match &payload {
            Payload::None if reads => Some(Bytes::new()),
            Payload::Bytes(bytes) if reads => Some(bytes.clone()),
            Payload::None | Payload::Bytes(_) | Payload::Stream(..) => None,
        };
        let uri: Uri = target.parse().map_err(http::Error::from)?;
        let again = replay.map(|bytes| (method.clone(), uri.clone(), headers.clone(), bytes));
        let mut request = assemble(method, uri, headers, payload);
        if let Some(sender) = self.take_idle().await {
            match self.try_send(sender, request).await {
                Ok(response) => return Ok(response),
                Err((_, Some(unsent))) => request = *unsent,
                Err((error @ UpstreamError::Broken(_), None)) => match again {
                    Some((method, uri, headers, bytes)) => {
                        request = assemble(method, uri, headers, Payload::Bytes(bytes));
                    }
                    None => return Err(error),
                },
                Err((error, None)) => return Err(error),
            }
        }
        let sender = self.connect().await?;
        self.try_send(sender, request).await.map_err(|(error, _)| error)
    }

    async fn try_send(
        self: &Arc<Self>,
        mut sender: SendRequest<Body>,
        request: Request<Body>,
    ) -> Result<Response<Body>, (UpstreamError, Option<Box<Request<Body>>>)> {
        let sent = Sent::default();
        let request = request.map(|inner| Counted { inner, sent: sent.clone() }.boxed_unsync());
        match in_time(sender.try_send_request(request), &sent, REPLY_TIME).await {
            Some(Ok(response)) => {
                let upstream = self.clone();
                Ok(response.map(|inner| Returning { inner, home: Some((sender, upstream)) }.boxed_unsync()))
            }
            Some(Err(mut error)) => {
                let unsent = error.take_message().map(Box::new);
                Err((UpstreamError::Broken(error.into_error()), unsent))
            }
            None => Err((UpstreamError::Slow, None)),
        }
    }

    async fn take_idle(&self) -> Option<SendRequest<Body>> {
        loop {
            let idle = self.lock().pop();
            let Idle { mut sender, since } = idle?;
            // A connection that still sends the end of an upload nobody waits for is not worth waiting for either.
            let ready = tokio::time::timeout(Duration::from_millis(20), sender.ready()).await;
            if since.elapsed() < MAX_IDLE_TIME && matches!(ready, Ok(Ok(()))) {
                return Some(sender);
            }
        }
    }

    fn give_back(&self, sender: SendRequest<Body>) {
        let mut idle = self.lock();
        idle.retain(|other| other.since.elapsed() < MAX_IDLE_TIME && !other.sender.is_closed());
        if idle.len() < MAX_IDLE && !sender.is_closed() {
            idle.push(Idle { sender, since: Instant::now() });
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn connect(&self) -> Result<SendRequest<Body>, UpstreamError> {
        let down = |error| UpstreamError::Down(self.target.clone(), error);
        let late = || std::io::Error::from(std::io::ErrorKind::TimedOut);
        match &self.target {
            Target::Unix(path) => {
                let stream = tokio::time::timeout(CONNECT_TIME, UnixStream::connect(path)).await;
                handshake(stream.map_err(|_| down(late()))?.map_err(down)?).await
            }
            Target::Http(authority) => {
                let stream = tokio::time::timeout(CONNECT_TIME, TcpStream::connect(authority)).await;
                let stream = stream.map_err(|_| down(late()))?.map_err(down)?;
                stream.set_nodelay(true).map_err(down)?;
                handshake(stream).await
            }
        }
    }
}

async fn handshake<S>(stream: S) -> Result<SendRequest<Body>, UpstreamError>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
{
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(UpstreamError::Broken)?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection to an upstream ended");
        }
    });
    Ok(sender)
}

fn assemble(method: Method, uri: Uri, headers: HeaderMap, payload: Payload) -> Request<Body> {
    let (body, length) = match payload {
        Payload::None => (full(Bytes::new()), None),
        Payload::Bytes(bytes) => {
            let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            (full(bytes), Some(length))
        }
        Payload::Stream(body, length) => (body, length),
    };
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    if let Some(length) = length {
        request.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    request
}

/// How many pieces of a request went out.
#[derive(Clone, Default)]
struct Sent(Arc<AtomicU64>);

/// Waits so long for a reply, and on while the request is still going out: an upload takes as long as it takes.
async fn in_time<T>(reply: impl Future<Output = T>, sent: &Sent, limit: Duration) -> Option<T> {
    let mut reply = std::pin::pin!(reply);
    let mut before = 0;
    loop {
        if let Ok(reply) = tokio::time::timeout(limit, reply.as_mut()).await {
            return Some(reply);
        }
        let now = sent.0.load(Ordering::Relaxed);
        if now == before {
            return None;
        }
        before = now;
    }
}

/// A request's body that counts its pieces.
struct Counted {
    inner: Body,
    sent: Sent,
}

impl HttpBody for Counted {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(cx));
        self.sent.0.fetch_add(1, Ordering::Relaxed);
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// A reply's body that takes its connection home when it was read to the end.
struct Returning {
    inner: Incoming,
    home: Option<(SendRequest<Body>, Arc<Upstream>)>,
}

impl Returning {
    fn go_home(&mut self) {
        if let Some((sender, upstream)) = self.home.take() {
            upstream.give_back(sender);
        }
    }
}

impl HttpBody for Returning {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(cx));
        if self.inner.is_end_stream() || frame.is_none() {
            self.go_home();
        }
        Poll::Ready(frame.map(|frame| frame.map_err(BodyError::from)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for Returning {
    /// A reply without a body is never polled; one that was given up half-way keeps its connection from the pool.
    fn drop(&mut self) {
        if self.inner.is_end_stream() {
            self.go_home();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_long_upload_is_no_slow_reply() {
        let (sent, limit) = (Sent::default(), Duration::from_millis(400));
        let upload = async {
            for _ in 0..50 {
                tokio::time::sleep(Duration::from_millis(20)).await;
                sent.0.fetch_add(1, Ordering::Relaxed);
            }
        };
        assert_eq!(in_time(upload, &sent, limit).await, Some(()));
        let never = std::future::pending::<()>();
        assert_eq!(in_time(never, &sent, Duration::from_millis(20)).await, None);
    }
}
