//! Answers of MLflow that the gateway reads, because it says something else in them.
//!
//! They are documents of bounded size. An answer that is none is passed on as it came when it says that something went
//! wrong, and refused otherwise: what cannot be read is not sent on with less in it than there should be.

use garita_app::Permit;
use http::{Method, Response, header};
use serde_json::Value;

use crate::body::{self, Body};
use crate::gateway::Gateway;
use crate::refusal::Refusal;
use crate::serve::Routed;
use crate::upstream::Outgoing;

/// What MLflow answered.
pub(crate) enum Document {
    /// A document.
    Read(Value),
    /// That something went wrong, to be passed on.
    Failed(Response<Body>),
}

impl Gateway {
    /// Asks MLflow what a request without a body asks, and reads the answer: `what` it is, and most bytes of it.
    pub(crate) async fn document(
        &self,
        permit: &Permit,
        routed: &Routed<'_>,
        what: &str,
        limit: usize,
    ) -> Result<Document, Refusal> {
        let mut headers = self.headers(&routed.cx, routed.stage, &routed.parts.headers);
        // The answer is read here: it must come plain and whole.
        for name in [header::ACCEPT_ENCODING, header::RANGE, header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE]
        {
            headers.remove(name);
        }
        let outgoing = Outgoing::bare(Method::GET, routed.target(), headers);
        let response = self.send(permit, &routed.cx, routed.stage, outgoing, None).await?;
        if !response.status().is_success() {
            return Ok(Document::Failed(response));
        }
        let unreadable = || Refusal::upstream_wrong(format!("the MLflow server's {what} cannot be read"));
        let bytes = body::read(response.into_body(), limit).await.map_err(|_| unreadable())?;
        let document = serde_json::from_slice(&bytes).map_err(|_| unreadable())?;
        Ok(Document::Read(document))
    }
}
