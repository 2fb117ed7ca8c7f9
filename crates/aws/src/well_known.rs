//! What stands at a user pool's own address, for anyone: `GET /{pool id}/.well-known/jwks.json`.
//!
//! Clients that verify tokens find the keys there, at the issuer. RFC 7517 §5.

use std::sync::Arc;

use bytes::Bytes;
use garita_app::{App, Arrival, Event, Outcome};
use garita_model::user_pool::PoolId;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response};
use http_body_util::Full;
use serde_json::json;

use crate::errors::{self, Refusal};
use crate::reply::{self, Style};

/// How long others may keep the set: well below the time a key is published before it signs.
const KEPT: &str = "public, max-age=3600";

/// The pool whose key set is asked for.
pub(crate) fn asked<B>(request: &Request<B>) -> Option<PoolId> {
    let id = request.uri().path().strip_prefix('/')?.strip_suffix("/.well-known/jwks.json")?;
    (request.method() == Method::GET).then(|| id.parse().ok()).flatten()
}

/// The key set, recorded as every answer is.
pub(crate) async fn answer(
    app: &Arc<App>,
    arrival: Arrival,
    pool: &PoolId,
    style: Style,
) -> Response<Full<Bytes>> {
    let now = arrival.now;
    let event = Event {
        source: "cognito-idp.amazonaws.com",
        name: "GetKeySet".to_owned(),
        parameters: json!({ "userPoolId": pool.as_str() }),
        read_only: true,
        management: false,
    };
    let cx = app.nobody(arrival).for_event(event);
    let id = cx.request_id().as_str().to_owned();
    let refused = |refusal: Refusal| {
        let told = errors::told(&refusal, style, &id);
        (reply::refused(style, &told, cx.event(), &id), told.outcome())
    };
    let (response, outcome) = match app.pool_key_set(pool, now) {
        Some(keys) => (found(keys.to_string()), Outcome::ok(200)),
        None => refused(Refusal::NoSuchPath),
    };
    match app.audit(&cx, &outcome).await {
        Ok(()) => response,
        Err(error) => refused(error.into()).0,
    }
}

fn found(body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(KEPT));
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}
