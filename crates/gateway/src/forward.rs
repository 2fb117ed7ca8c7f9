//! Sending a judged request to its upstream, and bringing the reply back.
//!
//! INVARIANT: [`forward`] takes a [`Permit`], which only the authorizer makes: what was not allowed cannot be sent.

use garita_app::{Permit, RequestContext};
use http::{Response, StatusCode};

use crate::body::Body;
use crate::headers;
use crate::refusal::Refusal;
use crate::upstream::{Outgoing, Upstream, UpstreamError};
use std::sync::Arc;

/// Sends what `permit` allows, and cleans the reply.
pub(crate) async fn forward(
    permit: &Permit,
    cx: &RequestContext,
    upstream: &Arc<Upstream>,
    outgoing: Outgoing,
) -> Result<Response<Body>, Refusal> {
    let request_id = cx.request_id().as_str();
    tracing::debug!(request_id, resource = permit.resource(), target = outgoing.target, "forwarding");
    let mut response = upstream.send(outgoing).await.map_err(|error| refusal(&error, request_id))?;
    let status = response.status();
    if status.is_redirection() && status != StatusCode::NOT_MODIFIED {
        // The SDK would follow with the old signature, and to another host with its session token.
        tracing::warn!(request_id, status = status.as_u16(), "the upstream answered with a redirect");
        return Err(Refusal::upstream_wrong(
            "the MLflow server answered with a redirect, which is not passed on",
        ));
    }
    headers::to_client(response.headers_mut(), request_id);
    Ok(response)
}

fn refusal(error: &UpstreamError, request_id: &str) -> Refusal {
    tracing::warn!(request_id, %error, "the upstream gave no reply");
    match error {
        UpstreamError::Down(..) => Refusal::upstream_down(),
        UpstreamError::Broken(_) => {
            Refusal::upstream_wrong("the MLflow server broke the connection before it answered")
        }
        UpstreamError::Slow => Refusal::upstream_slow(),
        UpstreamError::Request(_) => Refusal::bad_request("the request cannot be forwarded"),
    }
}
