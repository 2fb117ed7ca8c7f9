//! What stands at an issuer's own address, for anyone: the key set of a user pool, `GET /{pool
//! id}/.well-known/jwks.json`, and that of an account under `GET /sts/{issuer id}`, with its configuration.
//!
//! Clients that verify tokens find the keys there. RFC 7517 §5; OpenID Connect Discovery 1.0 §4.

use std::sync::Arc;

use bytes::Bytes;
use garita_app::{App, Arrival, Event, Outcome};
use garita_model::user_pool::{PoolId, Uuid};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response};
use http_body_util::Full;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::cors;
use crate::errors::{self, Refusal};
use crate::reply::{self, Style};

/// How long others may keep the set: well below the time a key is published before it signs.
const KEPT: &str = "public, max-age=3600";

/// What is asked for, and of whom.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    PoolKeys(PoolId),
    IssuerKeys(Uuid),
    IssuerConfiguration(Uuid),
}

impl Asked {
    /// What a path names; none for anything that is not one of an issuer's.
    fn of(path: &str) -> Option<Self> {
        let (issuer, document) = path.strip_prefix('/')?.split_once("/.well-known/")?;
        match (issuer.strip_prefix("sts/"), document) {
            (None, "jwks.json") => issuer.parse().ok().map(Self::PoolKeys),
            (Some(id), "jwks.json") => id.parse().ok().map(Self::IssuerKeys),
            (Some(id), "openid-configuration") => id.parse().ok().map(Self::IssuerConfiguration),
            _ => None,
        }
    }

    fn event(&self) -> Event {
        let (source, name, parameters) = match self {
            Self::PoolKeys(pool) => {
                ("cognito-idp.amazonaws.com", "GetKeySet", json!({ "userPoolId": pool.as_str() }))
            }
            Self::IssuerKeys(id) => ("sts.amazonaws.com", "GetKeySet", json!({ "issuerId": id.to_string() })),
            Self::IssuerConfiguration(id) => {
                ("sts.amazonaws.com", "GetIssuerConfiguration", json!({ "issuerId": id.to_string() }))
            }
        };
        Event { source, name: name.to_owned(), parameters, read_only: true, management: false }
    }

    fn document(&self, app: &App, now: Timestamp) -> Option<Value> {
        match self {
            Self::PoolKeys(pool) => app.pool_key_set(pool, now),
            Self::IssuerKeys(id) => app.issuer_key_set(*id, now),
            Self::IssuerConfiguration(id) => app.issuer_configuration(*id),
        }
    }
}

/// The document that is asked for.
pub(crate) fn asked<B>(request: &Request<B>) -> Option<Asked> {
    (request.method() == Method::GET).then(|| Asked::of(request.uri().path())).flatten()
}

/// The document, recorded as every answer is.
pub(crate) async fn answer(
    app: &Arc<App>,
    arrival: Arrival,
    asked: &Asked,
    style: Style,
) -> Response<Full<Bytes>> {
    let now = arrival.now;
    let cx = app.nobody(arrival).for_event(asked.event());
    let id = cx.request_id().as_str().to_owned();
    let refused = |refusal: Refusal| {
        let told = errors::told(&refusal, style, &id);
        (reply::refused(style, &told, cx.event(), &id), told.outcome())
    };
    let (response, outcome) = match asked.document(app, now) {
        Some(document) => (found(document.to_string()), Outcome::ok(200)),
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
    cors::open(headers);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_documents_of_issuers_are_found() {
        let id = "00000000-0000-4000-8000-000000000001";
        let uuid: Uuid = id.parse().unwrap();
        let of = |path: &str| Asked::of(path);
        assert_eq!(of(&format!("/sts/{id}/.well-known/jwks.json")), Some(Asked::IssuerKeys(uuid)));
        let configuration = format!("/sts/{id}/.well-known/openid-configuration");
        assert_eq!(of(&configuration), Some(Asked::IssuerConfiguration(uuid)));
        assert!(matches!(of("/eu-west-1_Ab3dE5gH9/.well-known/jwks.json"), Some(Asked::PoolKeys(_))));
        for path in [
            "/".to_owned(),
            "/.well-known/jwks.json".to_owned(),
            format!("/{id}/.well-known/jwks.json"),
            format!("/sts/{id}/jwks.json"),
            format!("/sts/{id}/x/.well-known/jwks.json"),
            format!("/sts/{id}/.well-known/jwks.json/"),
            "/sts/eu-west-1_Ab3dE5gH9/.well-known/jwks.json".to_owned(),
        ] {
            assert_eq!(of(&path), None, "{path}");
        }
    }
}
