//! From the connection to a whole request in memory: a form, within bounds.
//!
//! INVARIANT: nothing larger than a bound and nothing slower than [`PATIENCE`] is read: nobody has proved anything
//! yet.

use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{Method, Request};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};

use crate::fields::{BadFields, Fields};

/// Most bytes of a form.
pub(crate) const MAX_BODY: usize = 16 * 1024;
/// Most bytes of a form that may hold the credentials of a session, with all the policies and tags they can have.
pub(crate) const MAX_CREDENTIALS: usize = 64 * 1024;
/// How long a client may take to send it.
const PATIENCE: Duration = Duration::from_secs(15);
/// The one type of form that is read.
const FORM: &str = "application/x-www-form-urlencoded";

/// Why a request is not even looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreceived {
    /// More than it may be.
    TooLarge,
    /// Broken off or too slow.
    Broken,
    /// A body that is no form.
    NoForm,
    /// A form that cannot be read.
    Fields(BadFields),
}

/// A request with its fields: of the query for GET, of the body for POST.
pub(crate) struct Received {
    /// The head.
    pub(crate) parts: Parts,
    /// The fields.
    pub(crate) fields: Fields,
}

/// Reads a request. The head comes back with a refusal too, for the record.
///
/// # Errors
/// [`Unreceived`].
pub(crate) async fn whole(
    request: Request<Incoming>,
    most: usize,
) -> Result<Received, (Box<Parts>, Unreceived)> {
    let (parts, body) = request.into_parts();
    let read = if parts.method == Method::POST {
        match form(&parts, body, most).await {
            Ok(bytes) => Fields::parse(&bytes),
            Err(refusal) => return Err((Box::new(parts), refusal)),
        }
    } else {
        Fields::parse(parts.uri.query().unwrap_or_default().as_bytes())
    };
    match read {
        Ok(fields) => Ok(Received { parts, fields }),
        Err(bad) => Err((Box::new(parts), Unreceived::Fields(bad))),
    }
}

async fn form(parts: &Parts, body: Incoming, most: usize) -> Result<Bytes, Unreceived> {
    if usize::try_from(body.size_hint().lower()).map_or(true, |length| length > most) {
        return Err(Unreceived::TooLarge);
    }
    let reading = Limited::new(body, most).collect();
    let bytes = match tokio::time::timeout(PATIENCE, reading).await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => return Err(Unreceived::TooLarge),
        Ok(Err(_)) | Err(_) => return Err(Unreceived::Broken),
    };
    let named = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = named.split(';').next().unwrap_or_default().trim();
    if bytes.is_empty() || media_type.eq_ignore_ascii_case(FORM) {
        Ok(bytes)
    } else {
        Err(Unreceived::NoForm)
    }
}
