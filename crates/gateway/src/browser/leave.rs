//! Signing out by the menu of MLflow's own pages.
//!
//! They have no address to sign out at. What they do, since 3.18, is made for HTTP's Basic authentication: forget their
//! mark of who is signed in (the cookie `mlflow_user`), ask `users/current` once with a user name that nobody has, so that
//! the browser forgets the password, and open their first page anew. The name is never sent, because nothing here asks
//! for Basic credentials. What tells that question from the same one at any other time: the mark is gone while
//! the session is there, and it alone comes without a `Content-Type`, which their other requests always have.
//!
//! INVARIANT: only a script of the stage's own pages ends a session so; the mark opens nothing, and is no secret.

use http::HeaderValue;
use http::header::{AUTHORIZATION, CONTENT_TYPE};

use super::Visit;
use super::cookie::{self, Found};
use super::place::Place;
use crate::mlflow::Verb;

/// The mark that MLflow's pages forget.
const MARK: &str = "mlflow_user";
/// What they ask then, behind the stage.
const QUESTION: [&str; 5] = ["ajax-api", "2.0", "mlflow", "users", "current"];

/// Marks that somebody is signed in, where the scripts of the stage's pages can take it away.
pub(super) fn mark(place: &Place) -> Option<HeaderValue> {
    written(place, "signed-in", "")
}

/// Takes the mark away.
pub(super) fn unmark(place: &Place) -> Option<HeaderValue> {
    written(place, "", "; Max-Age=0")
}

fn written(place: &Place, value: &str, more: &str) -> Option<HeaderValue> {
    let secure = if place.is_secure() { "; Secure" } else { "" };
    let path = place.root();
    HeaderValue::from_str(&format!("{MARK}={value}; Path={path}/; SameSite=Lax{secure}{more}")).ok()
}

/// Whether MLflow's pages sign somebody out with this request.
pub(super) fn asked(visit: &Visit<'_>) -> bool {
    let headers = visit.headers();
    let says = |name: &str, value: &str| headers.get(name).is_some_and(|held| held == value);
    visit.shape.verb == Verb::Get
        && visit.rest.segments().iter().map(String::as_str).eq(QUESTION)
        && says("sec-fetch-site", "same-origin")
        && says("sec-fetch-dest", "empty")
        && !headers.contains_key(CONTENT_TYPE)
        && !headers.contains_key(AUTHORIZATION)
        && cookie::read(headers, MARK) == Found::None
        && cookie::read(headers, &cookie::session(&visit.stage.api.id)).one().is_some()
}
