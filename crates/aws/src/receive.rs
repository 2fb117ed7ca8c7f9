//! From the connection to a whole request in memory: method, path and body, within bounds.
//!
//! INVARIANT: nothing larger than [`MAX_BODY`] and nothing slower than [`PATIENCE`] is read, and of a stranger nothing
//! larger than [`STRANGERS`]: many of those at once would fill the memory. What is kept of the head is raw, as SigV4
//! needs it.

use std::time::Duration;

use bytes::Bytes;
use garita_model::Error;
use garita_wire::protocol::query::{Params, QueryError};
use garita_wire::sigv4::RequestHead;
use http::request::Parts;
use http::{Method, Request};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};

use crate::errors::Refusal;

/// Most bytes of body: 1 MiB.
pub(crate) const MAX_BODY: usize = 1 << 20;
/// Most bytes of body that are read before it is known that the key exists: 64 KiB.
const STRANGERS: u64 = 64 << 10;
/// How long a client may take to send its body.
const PATIENCE: Duration = Duration::from_secs(30);

/// A request with its whole body.
pub(crate) struct Received {
    parts: Parts,
    /// The body.
    pub(crate) body: Bytes,
}

/// Reads a request; `known` is asked before a large body is read.
///
/// # Errors
/// A method other than GET and POST, a path other than `/`, a body that is too large, too slow or broken off; what
/// `known` answers.
pub(crate) async fn whole(
    request: Request<Incoming>,
    known: impl FnOnce(&RequestHead<'_>) -> Result<(), Refusal>,
) -> Result<Received, Refusal> {
    let (parts, body) = request.into_parts();
    if parts.uri.path() != "/" {
        return Err(Refusal::NoSuchPath);
    }
    if parts.method != Method::GET && parts.method != Method::POST {
        return Err(Refusal::Method);
    }
    let length = body.size_hint();
    if usize::try_from(length.lower()).is_ok_and(|length| length > MAX_BODY) {
        return Err(Error::TooLarge(MAX_BODY).into());
    }
    if length.upper().is_none_or(|length| length > STRANGERS) {
        known(&head(&parts))?;
    }
    let reading = Limited::new(body, MAX_BODY).collect();
    match tokio::time::timeout(PATIENCE, reading).await {
        Ok(Ok(body)) => Ok(Received { parts, body: body.to_bytes() }),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Error::TooLarge(MAX_BODY).into()),
        Ok(Err(_)) => Err(Refusal::BrokenBody),
        Err(_) => Err(Refusal::SlowBody),
    }
}

impl Received {
    /// The head, as it stood on the wire.
    pub(crate) fn head(&self) -> RequestHead<'_> {
        head(&self.parts)
    }

    /// The `X-Amz-Target` header.
    pub(crate) fn target(&self) -> Option<&str> {
        self.parts.headers.get("x-amz-target").map(|value| value.to_str().unwrap_or(""))
    }

    /// The parameters: of the query and of the body together, as AWS Query has it. A name in both is refused.
    pub(crate) fn params(&self) -> Result<Params, QueryError> {
        let query = self.query().as_bytes();
        if query.is_empty() {
            return Params::parse(&self.body);
        }
        Params::parse(&[query, b"&", &self.body].concat())
    }

    fn query(&self) -> &str {
        self.parts.uri.query().unwrap_or("")
    }
}

fn head(parts: &Parts) -> RequestHead<'_> {
    RequestHead {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or(""),
        headers: &parts.headers,
    }
}
