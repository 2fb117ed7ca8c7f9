//! Taking one part of an upload in, by its URL.
//!
//! INVARIANT: a part's URL works once. Before a byte is taken, the one it was given to is judged again as if they
//! asked now; a principal that was disabled or lost the right meanwhile is refused.

use garita_app::{Event, RequestContext};
use http::{HeaderValue, Response, header, request};
use hyper::body::Incoming;
use serde_json::json;

use super::link::Claim;
use super::principal_of;
use super::spool::{self, SpoolError};
use super::upload::{Upload, disk};
use crate::admit::{Framing, RequestShape};
use crate::body::{Body, full};
use crate::gateway::{Answered, Gateway, Stage};
use crate::refusal::{REQUEST_ID, Refusal};

impl Gateway {
    pub(super) async fn receive_part(
        &self,
        cx: RequestContext,
        stage: &Stage,
        claim: &Claim,
        parts: &request::Parts,
        shape: &RequestShape<'_>,
        body: Incoming,
    ) -> Answered {
        let found = self.transfers.uploads().get(&claim.id).cloned();
        let Some(upload) = found.filter(|upload| upload.api == stage.api.id) else {
            return Err(Box::new((cx, Refusal::forbidden("this upload is over"))));
        };
        let cx = cx.for_event(event(&upload, claim));
        let result = self.take_part(&cx, stage, &upload, claim, parts, shape, body).await;
        result.map_err(|refusal| Box::new((cx, refusal)))
    }

    #[allow(clippy::too_many_arguments, reason = "one request's parts, taken apart by its caller")]
    async fn take_part(
        &self,
        cx: &RequestContext,
        stage: &Stage,
        upload: &Upload,
        claim: &Claim,
        parts: &request::Parts,
        shape: &RequestShape<'_>,
        body: Incoming,
    ) -> Result<Response<Body>, Refusal> {
        self.permit_put(&upload.cx, stage, &upload.artifact)?;
        if parts.headers.contains_key(header::CONTENT_ENCODING) {
            return Err(Refusal::unsupported("a part is taken as it is, without a content encoding"));
        }
        if matches!(shape.framing, Framing::Length(length) if length > self.limits.part) {
            return Err(Refusal::too_large(self.limits.part));
        }
        let limit = self.limits.artifact;
        let used = || Refusal::forbidden("this URL has been used, or its upload is over");
        let left = upload.claim(claim.number, limit).ok_or_else(used)?;
        let slot = Receiving { upload, number: claim.number, kept: false };
        let path = spool::part_file(&upload.folder, claim.number);
        let kept =
            spool::keep(&path, body, left.min(self.limits.part)).await.map_err(|error| match error {
                SpoolError::TooLarge => Refusal::too_large(left.min(self.limits.part)),
                SpoolError::Broken => Refusal::bad_request("the request body broke off"),
                SpoolError::Disk(error) => disk(&error),
            })?;
        let etag = hex::encode(kept.hash);
        slot.fill(kept.length, etag.clone(), limit).ok_or_else(used)?;
        self.record(cx).await?;
        Ok(reply(cx, &etag))
    }
}

/// A part's place while it comes in: free again when it does not come in whole, even if the client goes away.
struct Receiving<'u> {
    upload: &'u Upload,
    number: u32,
    kept: bool,
}

impl Receiving<'_> {
    fn fill(mut self, length: u64, etag: String, limit: u64) -> Option<()> {
        self.kept = self.upload.fill(self.number, length, etag, limit);
        self.kept.then_some(())
    }
}

impl Drop for Receiving<'_> {
    fn drop(&mut self) {
        if !self.kept {
            // The client may have gone in the middle of a write: what is there of the file is in the next one's way.
            let _gone = std::fs::remove_file(spool::part_file(&self.upload.folder, self.number));
            self.upload.release(self.number);
        }
    }
}

fn event(upload: &Upload, claim: &Claim) -> Event {
    Event {
        source: "execute-api.amazonaws.com",
        name: "PutArtifactPart".to_owned(),
        parameters: json!({
            "uploadId": upload.id,
            "partNumber": claim.number,
            "path": upload.artifact.join("/"),
            "onBehalfOf": principal_of(&upload.cx),
        }),
        read_only: false,
        management: false,
    }
}

fn reply(cx: &RequestContext, etag: &str) -> Response<Body> {
    let mut response = Response::new(full(""));
    let headers = response.headers_mut();
    for (name, value) in [(header::ETAG, format!("\"{etag}\"")), (REQUEST_ID, cx.request_id().to_string())] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    response
}
