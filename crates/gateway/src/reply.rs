//! Small replies of the gateway's own, to programs.

use garita_app::RequestContext;
use http::Response;
use http::header::{CONTENT_TYPE, HeaderValue};
use serde_json::Value;

use crate::body::{Body, full};
use crate::refusal::REQUEST_ID;

/// A small JSON reply of our own.
pub(crate) fn json(cx: &RequestContext, value: &Value) -> Response<Body> {
    let mut response = Response::new(full(value.to_string()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Ok(id) = HeaderValue::from_str(cx.request_id().as_str()) {
        headers.insert(REQUEST_ID, id);
    }
    response
}
