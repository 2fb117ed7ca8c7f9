//! Which endpoints the scripts of apps on other sites may ask: what an app that runs in a browser needs to sign people in
//! and to act for them. CORS protocol of the Fetch standard.
//!
//! INVARIANT: none of these looks at a cookie, and browsers are not told that they may send any: a script learns here what
//! any other program with the same code, token or secret would.

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, HeaderMap, HeaderName,
};
use http::{HeaderValue, Method, StatusCode};

use crate::answer::Answer;
use crate::reply::Reply;
use crate::route::{Endpoint, Route};

/// Whether scripts of other sites may ask there.
pub(crate) fn is_open(route: Route<'_>) -> bool {
    matches!(
        route,
        Route::Endpoint(
            _,
            Endpoint::Discovery | Endpoint::Keys | Endpoint::Token | Endpoint::UserInfo | Endpoint::Revoke
        )
    )
}

/// The answer to a browser that asks whether a script may, if it does.
pub(crate) fn preflight(route: Route<'_>, method: &Method) -> Option<Answer> {
    if method != Method::OPTIONS || !is_open(route) {
        return None;
    }
    let says = |value| Some(HeaderValue::from_static(value));
    let reply = Reply::bare(StatusCode::NO_CONTENT)
        .with(ACCESS_CONTROL_ALLOW_METHODS, says("GET, POST"))
        .with(ACCESS_CONTROL_ALLOW_HEADERS, says("authorization, content-type"))
        .with(ACCESS_CONTROL_MAX_AGE, says("3600"));
    Some(Answer::of(reply))
}

/// Lets scripts of other sites read a reply.
pub(crate) fn open(headers: &mut HeaderMap) {
    let mut says = |name: HeaderName, value| headers.insert(name, HeaderValue::from_static(value));
    says(ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    says(ACCESS_CONTROL_EXPOSE_HEADERS, "www-authenticate");
    says(HeaderName::from_static("cross-origin-resource-policy"), "cross-origin");
}
