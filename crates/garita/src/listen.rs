//! Listeners: the one accept loop, shared by all doors.
//!
//! Bounds hold before a door sees anything: connections, header count and size, time to send a header. Once told to
//! stop, a listener takes no more connections, lets requests in flight end, and cuts what is left after a grace time.
//! INVARIANT: no `pipeline_flush`: it takes away the backpressure on streamed replies.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use garita_wire::peer::{Peer, TrustedProxies};
use http::{Request, Response, StatusCode};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

/// Most connections of one listener at a time; more wait to be accepted.
const MAX_CONNECTIONS: usize = 8_192;
/// Most headers of one request.
const MAX_HEADERS: usize = 100;
/// Most bytes of a request's head.
const MAX_HEAD: usize = 64 * 1024;
/// Longest time for a request's head to arrive, and for an idle connection to stay.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
/// How long requests in flight may take to end after a stop.
const GRACE: Duration = Duration::from_secs(10);

/// A door: answers one request of a peer.
pub(crate) trait Door: Send + Sync + 'static {
    /// The body of its replies.
    type Body: Body<Data = bytes::Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>>
        + Send
        + 'static;

    /// Answers a request.
    fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
        peer: Peer,
    ) -> impl Future<Output = Response<Self::Body>> + Send;

    /// Notes a connection whose bytes were no request: the door never saw it.
    fn unreadable(
        self: Arc<Self>,
        peer: Peer,
        answered: StatusCode,
        why: String,
    ) -> impl Future<Output = ()> + Send;

    /// A text as the body of a reply.
    fn text(text: String) -> Self::Body;
}

/// Binds an address.
pub(crate) async fn bind(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
}

/// Serves connections until told to stop.
pub(crate) async fn serve<D: Door>(
    listener: TcpListener,
    door: Arc<D>,
    proxies: Arc<TrustedProxies>,
    mut stop: watch::Receiver<bool>,
) {
    let slots = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    while !*stop.borrow() {
        let accepted = tokio::select! {
            accepted = accept(&listener, &slots) => accepted,
            _ = stop.changed() => break,
        };
        let Some((stream, peer, slot)) = accepted else { continue };
        let (door, proxies, stop) = (door.clone(), proxies.clone(), stop.clone());
        connections.spawn(async move {
            connection(stream, peer, door, proxies, stop).await;
            drop(slot);
        });
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    if tokio::time::timeout(GRACE, async { while connections.join_next().await.is_some() {} }).await.is_err()
    {
        tracing::warn!(left = connections.len(), "cut connections that did not end in time");
    }
}

type Accepted = (TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit);

async fn accept(listener: &TcpListener, slots: &Arc<Semaphore>) -> Option<Accepted> {
    let slot = slots.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "cannot set TCP_NODELAY");
            }
            Some((stream, peer, slot))
        }
        Err(error) => {
            // Out of file descriptors and the like: wait, so that the loop does not spin.
            tracing::warn!(%error, "cannot accept a connection");
            tokio::time::sleep(Duration::from_millis(50)).await;
            None
        }
    }
}

async fn connection<D: Door>(
    stream: TcpStream,
    peer: SocketAddr,
    door: Arc<D>,
    proxies: Arc<TrustedProxies>,
    mut stop: watch::Receiver<bool>,
) {
    let answering = door.clone();
    let service = service_fn(move |request| {
        let (door, proxies) = (answering.clone(), proxies.clone());
        async move { Ok::<_, Infallible>(answer(door, &proxies, request, peer).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD)
        .half_close(false)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopping(&mut stop) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        if error.is_parse() || error.is_parse_too_large() {
            door.unreadable(Peer::connected(peer), answer_to(&error), error.to_string()).await;
        } else {
            tracing::debug!(%peer, %error, "connection ended");
        }
    }
}

/// Lets the door answer, once it is known who sent the request.
async fn answer<D: Door>(
    door: Arc<D>,
    proxies: &TrustedProxies,
    request: Request<Incoming>,
    connected: SocketAddr,
) -> Response<D::Body> {
    match proxies.peer(connected, request.headers()) {
        Ok(peer) => door.answer(request, peer).await,
        Err(error) => {
            let why = error.to_string();
            door.unreadable(Peer::connected(connected), StatusCode::BAD_REQUEST, why.clone()).await;
            let mut response = Response::new(D::text(why));
            *response.status_mut() = StatusCode::BAD_REQUEST;
            response
        }
    }
}

/// What the library has answered to bytes that are no request.
fn answer_to(error: &hyper::Error) -> StatusCode {
    match (error.is_parse_too_large(), error.to_string().as_str()) {
        (true, "URI too long") => StatusCode::URI_TOO_LONG,
        (true, _) => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        (false, _) => StatusCode::BAD_REQUEST,
    }
}

async fn stopping(stop: &mut watch::Receiver<bool>) {
    // An error means that the sender is gone: the server ends, which is a stop as well.
    let _ = stop.wait_for(|stop| *stop).await;
}
