//! The gateway's own pages, each guarded as all doors guard theirs ([`garita_wire::page`]).
//!
//! They load nothing: one style and one script stand in them, and the policy of each page names these by their hashes.
//! INVARIANT: templates escape whatever they are given; nothing here is kept by a browser or on the way.

use std::sync::LazyLock;

use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use garita_model::RequestId;
use garita_page::words::Words;
use garita_page::{MARK, STYLESHEET};
use garita_wire::hash::sha256;
use garita_wire::page::{self, PagePolicy};
use http::header::{CONTENT_TYPE, HeaderValue, LOCATION, SET_COOKIE};
use http::{Response, StatusCode};

use super::front::Offered;
use crate::body::{Body, full};
use crate::refusal::{NO_ROUTE, REQUEST_ID};

const SCRIPT: &str = include_str!("../../assets/going.js");

/// The style and the script that pages may have in them, as their policy names these.
static SOURCES: LazyLock<[String; 2]> = LazyLock::new(|| {
    [STYLESHEET, SCRIPT].map(|text| format!("'sha256-{}'", STANDARD.encode(sha256(text.as_bytes()))))
});

/// What surrounds every page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    /// In which language.
    words: Words,
    /// Whose page it is.
    place: &'static str,
    /// The path of the stage's root, without a slash at the end; none outside of all stages.
    root: Option<String>,
}

impl Frame {
    pub(super) fn new(words: Words, root: &str) -> Self {
        Self { words, place: "Garita", root: Some(root.to_owned()) }
    }
    /// What surrounds a page of no stage.
    pub(super) fn outside(words: Words) -> Self {
        Self { words, place: "Garita", root: None }
    }
    fn root(&self) -> &str {
        self.root.as_deref().unwrap_or_default()
    }
    fn mark(&self) -> &'static str {
        MARK
    }
    fn style(&self) -> &'static str {
        STYLESHEET
    }
}

#[derive(Template)]
#[template(path = "going.html")]
struct Going<'a> {
    frame: &'a Frame,
    title: String,
    script: &'static str,
    on: &'a str,
}

#[derive(Template)]
#[template(path = "front.html")]
struct Front<'a> {
    frame: &'a Frame,
    title: String,
    offered: &'a [Offered<'a>],
}

#[derive(Template)]
#[template(path = "account.html")]
struct Account<'a> {
    frame: &'a Frame,
    title: String,
    name: &'a str,
    role: Option<&'a str>,
    why: Option<&'a str>,
    at_pool: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "signed_out.html")]
struct SignedOut<'a> {
    frame: &'a Frame,
    title: String,
}

#[derive(Template)]
#[template(path = "refused.html")]
struct Refused<'a> {
    frame: &'a Frame,
    title: String,
    message: &'a str,
    trace: &'a str,
}

/// A page that reads the fragment of its address and goes on.
pub(super) fn going(frame: &Frame, on: &str, request_id: &RequestId) -> Response<Body> {
    let title = frame.words.say("going-title");
    written(&Going { frame, title, script: SCRIPT, on }, StatusCode::OK, request_id)
}

/// Which stages there are to open.
pub(super) fn front(frame: &Frame, offered: &[Offered<'_>], request_id: &RequestId) -> Response<Body> {
    let title = frame.words.say("front-title");
    written(&Front { frame, title, offered }, StatusCode::OK, request_id)
}

/// Who is signed in, and where their account at the pool is.
pub(super) fn account(
    frame: &Frame,
    name: &str,
    role: &Result<String, String>,
    at_pool: Option<&str>,
    request_id: &RequestId,
) -> Response<Body> {
    let (role, why) = match role {
        Ok(role) => (Some(role.as_str()), None),
        Err(why) => (None, Some(why.as_str())),
    };
    let title = frame.words.say("account-title");
    written(&Account { frame, title, name, role, why, at_pool }, StatusCode::OK, request_id)
}

/// Nobody is, any more.
pub(super) fn signed_out(frame: &Frame, request_id: &RequestId) -> Response<Body> {
    let title = frame.words.say("signed-out-title");
    written(&SignedOut { frame, title }, StatusCode::OK, request_id)
}

/// The heading of a refusal with this status and MLflow's error code.
fn heading(status: StatusCode, code: &str) -> &'static str {
    match status {
        StatusCode::FORBIDDEN if code != NO_ROUTE => "refused-forbidden",
        StatusCode::UNAUTHORIZED => "refused-nobody",
        status if status.is_server_error() => "refused-broken",
        _ => "refused-other",
    }
}

/// A refusal, for a person.
pub(crate) fn refused(
    frame: &Frame,
    status: StatusCode,
    code: &str,
    message: &str,
    request_id: &RequestId,
) -> Response<Body> {
    let title = frame.words.say(heading(status, code));
    written(&Refused { frame, title, message, trace: request_id.as_str() }, status, request_id)
}

/// Leads a browser on, with GET.
pub(crate) fn see(location: &str, request_id: &RequestId) -> Response<Body> {
    let mut response = bare(StatusCode::SEE_OTHER, String::new(), request_id);
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

/// The same with a cookie.
pub(super) fn with_cookie(mut response: Response<Body>, cookie: Option<HeaderValue>) -> Response<Body> {
    if let Some(cookie) = cookie {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

fn written(template: &impl Template, status: StatusCode, request_id: &RequestId) -> Response<Body> {
    match template.render() {
        Ok(html) => {
            let mut response = bare(status, html, request_id);
            let html = HeaderValue::from_static("text/html; charset=utf-8");
            response.headers_mut().insert(CONTENT_TYPE, html);
            response
        }
        Err(error) => {
            tracing::error!(%error, request_id = request_id.as_str(), "a page cannot be written");
            bare(StatusCode::INTERNAL_SERVER_ERROR, String::new(), request_id)
        }
    }
}

fn bare(status: StatusCode, body: String, request_id: &RequestId) -> Response<Body> {
    let mut response = Response::new(full(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let [style, script] = &*SOURCES;
    page::guard(headers);
    page::permit(headers, &PagePolicy { style, script: Some(script), image: "data:", form: None });
    if let Ok(id) = HeaderValue::from_str(request_id.as_str()) {
        headers.insert(REQUEST_ID, id);
    }
    response
}
