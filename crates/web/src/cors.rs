//! Which endpoints the scripts of apps on other sites may ask: what an app that runs in a browser needs to sign people in
//! and to act for them.
//!
//! INVARIANT: none of these looks at a cookie.

use garita_wire::cors;
use http::header::HeaderMap;
use http::{Method, StatusCode};

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
    let mut reply = Reply::bare(StatusCode::NO_CONTENT);
    cors::permit(reply.headers_mut(), "GET, POST", "authorization, content-type");
    Some(Answer::of(reply))
}

/// Lets scripts of other sites read a reply.
pub(crate) fn open(headers: &mut HeaderMap) {
    cors::open(headers, "www-authenticate");
}
