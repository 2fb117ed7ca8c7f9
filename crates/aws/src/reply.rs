//! Replies: XML or JSON, always with the request's id.

use bytes::Bytes;
use garita_app::{Event, Outcome};
use garita_wire::protocol::{json, xml};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body_util::Full;

use crate::call::{Answer, Body};
use crate::errors::Told;

/// How a client wants to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// AWS Query: XML.
    Query,
    /// AWS JSON 1.0.
    Json10,
    /// AWS JSON 1.1.
    Json11,
}

impl Style {
    /// By the headers: who sends a target speaks JSON.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let old = |value: &HeaderValue| value.as_bytes() == json::CONTENT_TYPE_1_0.as_bytes();
        match (headers.contains_key("x-amz-target"), headers.get(CONTENT_TYPE).is_some_and(old)) {
            (false, _) => Self::Query,
            (true, true) => Self::Json10,
            (true, false) => Self::Json11,
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Query => xml::CONTENT_TYPE,
            Self::Json10 => json::CONTENT_TYPE_1_0,
            Self::Json11 => json::CONTENT_TYPE_1_1,
        }
    }
}

/// The reply of an operation that was done, and what the audit trail says of it.
pub(crate) fn done(answer: Answer, event: &Event, id: &str) -> (Response<Full<Bytes>>, Outcome) {
    let (style, body) = match answer.body {
        Body::Xml(fill) => (Style::Query, xml::response(namespace(event), &event.name, id, fill)),
        Body::Empty => (Style::Query, xml::acknowledgement(namespace(event), &event.name, id)),
        Body::Json(value) => (Style::Json11, value.to_string()),
    };
    let outcome = Outcome { response: answer.made, ..Outcome::ok(StatusCode::OK.as_u16()) };
    (response(style, StatusCode::OK, body, id), outcome)
}

/// The reply of a request that was refused or failed.
pub(crate) fn refused(style: Style, told: &Told, event: &Event, id: &str) -> Response<Full<Bytes>> {
    let message = format!("{}{}", told.message, told.explanation);
    let body = match style {
        Style::Query => xml::error(namespace(event), told.status, told.code, &message, id),
        Style::Json10 | Style::Json11 => json::error(told.code, &message),
    };
    response(style, told.status, body, id)
}

/// A request that says no more is taken for one to IAM.
fn namespace(event: &Event) -> &'static str {
    if event.source.starts_with("sts.") { xml::STS } else { xml::IAM }
}

fn response(style: Style, status: StatusCode, body: String, id: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(style.content_type()));
    // Replies hold credentials.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert("x-amzn-requestid", id);
    }
    response
}
