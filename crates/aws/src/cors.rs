//! What the scripts of apps on other sites may ask: the operations that take no signature, because they prove their caller by
//! what stands in the body. Amplify and amazon-cognito-identity-js sign people in so, from pages of any origin.
//!
//! INVARIANT: the replies of signed operations are not for scripts, and the header that a signature stands in is not among
//! those that scripts may send.

use std::sync::Arc;

use bytes::Bytes;
use garita_app::{App, Arrival, Event, Outcome};
use garita_wire::cors;
use http::header::{ACCESS_CONTROL_REQUEST_METHOD, ORIGIN};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::Full;
use serde_json::Value;

use crate::errors;
use crate::reply::{self, Style};

/// What these clients and the AWS SDK send in a browser.
const HEADERS: &str =
    "amz-sdk-invocation-id, amz-sdk-request, cache-control, content-type, x-amz-target, x-amz-user-agent";

/// Whether a browser asks what a script may send.
pub(crate) fn is_preflight<B>(request: &Request<B>) -> bool {
    let has = |name| request.headers().contains_key(name);
    request.method() == Method::OPTIONS
        && request.uri().path() == "/"
        && has(ORIGIN)
        && has(ACCESS_CONTROL_REQUEST_METHOD)
}

/// Says what it may, recorded as every answer is.
pub(crate) async fn answer(app: &Arc<App>, arrival: Arrival, style: Style) -> Response<Full<Bytes>> {
    let cx = app.nobody(arrival).for_event(event());
    match app.audit(&cx, &Outcome::ok(StatusCode::NO_CONTENT.as_u16())).await {
        Ok(()) => {
            let mut response = Response::new(Full::default());
            *response.status_mut() = StatusCode::NO_CONTENT;
            cors::permit(response.headers_mut(), "POST", HEADERS);
            open(response.headers_mut());
            response
        }
        Err(error) => {
            let id = cx.request_id().as_str();
            reply::refused(style, &errors::told(&error.into(), style, id), cx.event(), id)
        }
    }
}

/// Lets scripts read a reply.
pub(crate) fn open(headers: &mut HeaderMap) {
    cors::open(headers, "x-amzn-requestid");
}

fn event() -> Event {
    Event {
        source: "cognito-idp.amazonaws.com",
        name: "Preflight".to_owned(),
        parameters: Value::Null,
        read_only: true,
        management: false,
    }
}
