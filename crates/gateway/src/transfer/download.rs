//! Downloads by a URL: handed out to a signed caller, redeemed once without a signature.
//!
//! INVARIANT: a URL gives one reply of MLflow. When it is redeemed, the one it was given to is judged again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use garita_app::{Event, RequestContext};
use http::{HeaderMap, Method, Response, header, request};
use jiff::Timestamp;
use serde_json::json;

use super::link::{Claim, Purpose};
use super::upload::{encoded, later};
use super::{artifact_path, artifact_target, draw_id, principal_of, public_root};
use crate::admit::{Framing, RequestShape};
use crate::body::Body;
use crate::gateway::{Answered, Gateway, Stage};
use crate::mlflow::Verb;
use crate::refusal::{Refusal, logged};
use crate::reply;
use crate::serve::Routed;
use crate::upstream::Outgoing;

/// `api/2.0/mlflow-artifacts/presigned`: the segments before the artifact's own path.
const WORDS: usize = 4;

/// A download that was handed out.
pub(super) struct Download {
    api: String,
    artifact: Vec<String>,
    cx: RequestContext,
    pub(super) expires: Timestamp,
    taken: AtomicBool,
}

impl Gateway {
    /// `GET .../presigned/{path}`: a URL for one download. No size is given: the SDK would then ask in pieces.
    pub(crate) async fn download_create(&self, routed: &Routed<'_>) -> Result<Response<Body>, Refusal> {
        let cx = &routed.cx;
        let artifact = artifact_path(&routed.path, WORDS).to_vec();
        self.permit(cx, &routed.stage.api, &arn(routed.stage, &artifact))?;
        self.transfers.sweep(cx.now()).await;
        let id = draw_id(self.app.entropy()).map_err(|error| logged(&error))?;
        let expires = later(cx.now(), self.limits.download_seconds);
        let api = routed.stage.api.id.clone();
        let download = Download { api, artifact, cx: cx.clone(), expires, taken: AtomicBool::new(false) };
        {
            let mut downloads = self.transfers.downloads();
            if !self.transfers.has_room(downloads.values().map(|download| &download.cx), cx) {
                let message = "too many downloads are under way; try again later";
                return Err(Refusal { message: message.to_owned(), ..Refusal::upstream_down() });
            }
            downloads.insert(id.clone(), Arc::new(download));
        }
        let url = self.transfers.key.url(Purpose::Download, &id, 0, expires);
        self.record(cx).await?;
        Ok(reply::json(
            cx,
            &json!({ "url": format!("{}{url}", public_root(routed, self.listening)), "headers": {} }),
        ))
    }

    pub(super) async fn serve_download(
        &self,
        cx: RequestContext,
        stage: &Stage,
        claim: &Claim,
        parts: &request::Parts,
        shape: &RequestShape<'_>,
    ) -> Answered {
        let found = self.transfers.downloads().get(&claim.id).cloned();
        let Some(download) = found.filter(|download| download.api == stage.api.id) else {
            return Err(Box::new((cx, Refusal::forbidden("this URL has been used"))));
        };
        let cx = cx.for_event(event(&download));
        let result = self.fetch(&cx, stage, claim, &download, parts, shape).await;
        result.map_err(|refusal| Box::new((cx, refusal)))
    }

    async fn fetch(
        &self,
        cx: &RequestContext,
        stage: &Stage,
        claim: &Claim,
        download: &Download,
        parts: &request::Parts,
        shape: &RequestShape<'_>,
    ) -> Result<Response<Body>, Refusal> {
        let permit = self.permit(&download.cx, &stage.api, &arn(stage, &download.artifact))?;
        if shape.framing != Framing::None {
            return Err(Refusal::bad_request("this route takes no body"));
        }
        if download.taken.swap(true, Ordering::AcqRel) {
            return Err(Refusal::forbidden("this URL has been used"));
        }
        let target = format!("/{}", encoded(&artifact_target(&download.artifact)));
        let outgoing =
            Outgoing::bare(Method::GET, target, self.headers(&download.cx, stage, &wanted(&parts.headers)));
        let result = self.send(&permit, cx, stage, outgoing, None).await;
        if result.as_ref().is_ok_and(|response| !response.status().is_server_error()) {
            self.transfers.downloads().remove(&claim.id);
        } else {
            // Nothing was given out: the client may try again while the URL lives.
            download.taken.store(false, Ordering::Release);
        }
        result
    }
}

/// Of the redeeming request, what says which bytes are wanted.
fn wanted(given: &HeaderMap) -> HeaderMap {
    let names = [header::RANGE, header::IF_RANGE, header::ACCEPT, header::USER_AGENT];
    names.into_iter().filter_map(|name| given.get(&name).cloned().map(|value| (name, value))).collect()
}

fn arn(stage: &Stage, artifact: &[String]) -> String {
    stage.api.arn_of(Verb::Get, &artifact_target(artifact).join("/"))
}

fn event(download: &Download) -> Event {
    Event {
        source: "execute-api.amazonaws.com",
        name: "GetArtifact".to_owned(),
        parameters: json!({
            "path": download.artifact.join("/"),
            "onBehalfOf": principal_of(&download.cx),
        }),
        read_only: true,
        management: false,
    }
}
