//! Uploads in parts: create, complete, abort. The shapes are those of MLflow's `mpu` API.
//!
//! INVARIANT: an upload belongs to the principal that created it, on the stage and for the path it was created
//! for. The path is judged as the PUT it becomes, at creation, at every part and at completion.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use garita_app::{Permit, RequestContext};
use http::{Method, Response};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::json;

use super::link::Purpose;
use super::{artifact_path, artifact_target, draw_id, principal_of, public_root, spool};
use crate::body::Body;
use crate::gateway::{Gateway, Stage};
use crate::mlflow::Verb;
use crate::path::{CanonicalPath, encode_into};
use crate::payload::Accepted;
use crate::refusal::{Refusal, logged};
use crate::reply;
use crate::serve::Routed;
use crate::upstream::{Outgoing, Payload};

/// `api/2.0/mlflow-artifacts/mpu/create` and its like: the segments before the artifact's own path.
const WORDS: usize = 5;

/// An upload under way.
pub(super) struct Upload {
    pub(super) id: String,
    /// The API it belongs to.
    pub(super) api: String,
    /// The artifact's path, file name included.
    pub(super) artifact: Vec<String>,
    /// The request that created it: it says on whose behalf parts come.
    pub(super) cx: RequestContext,
    pub(super) expires: Timestamp,
    pub(super) folder: PathBuf,
    progress: Mutex<Progress>,
}

struct Progress {
    phase: Phase,
    slots: Vec<Slot>,
    total: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    Completing,
    Closed,
}

/// The place of a part. It is taken once.
enum Slot {
    Waiting,
    Receiving,
    Done { length: u64, etag: String },
}

impl Upload {
    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nothing more is taken in.
    pub(super) fn close(&self) {
        self.progress().phase = Phase::Closed;
    }

    /// Takes a part's place; `None` when it was used, or the upload is over. Holds how much may still come.
    pub(super) fn claim(&self, number: u32, limit: u64) -> Option<u64> {
        let mut progress = self.progress();
        let left = limit.saturating_sub(progress.total);
        let open = progress.phase == Phase::Open;
        let slot = slot(&mut progress.slots, number)?;
        if !open || !matches!(slot, Slot::Waiting) {
            return None;
        }
        *slot = Slot::Receiving;
        Some(left)
    }

    /// A part did not come in whole: its place is free again.
    pub(super) fn release(&self, number: u32) {
        if let Some(slot) = slot(&mut self.progress().slots, number) {
            *slot = Slot::Waiting;
        }
    }

    /// A part came in; false when the upload was over or full meanwhile.
    pub(super) fn fill(&self, number: u32, length: u64, etag: String, limit: u64) -> bool {
        let mut progress = self.progress();
        let total = progress.total.saturating_add(length);
        if progress.phase != Phase::Open || total > limit {
            return false;
        }
        progress.total = total;
        match slot(&mut progress.slots, number) {
            Some(slot) => {
                *slot = Slot::Done { length, etag };
                true
            }
            None => false,
        }
    }

    /// Checks what the client says it sent, and shuts the door to further parts. Holds count and total length.
    fn begin_completing(&self, said: &[SaidPart]) -> Result<(u32, u64), Refusal> {
        let mut progress = self.progress();
        if progress.phase != Phase::Open {
            return Err(Refusal::forbidden("this upload is being completed, or is over"));
        }
        if said.len() != progress.slots.len() {
            let wanted = progress.slots.len();
            return Err(Refusal::bad_request(format!(
                "this upload has {wanted} parts, and all must be listed"
            )));
        }
        let mut total = 0_u64;
        for ((number, slot), said) in (1_u32..).zip(&progress.slots).zip(said) {
            let Slot::Done { length, etag } = slot else {
                return Err(Refusal::bad_request(format!("part {number} has not come in")));
            };
            let agrees =
                said.etag.as_deref().is_none_or(|said| said.is_empty() || said.trim_matches('"') == etag);
            if said.part_number != number || !agrees {
                return Err(Refusal::bad_request(format!("part {number} is not the one that came in")));
            }
            total = total.saturating_add(*length);
        }
        progress.phase = Phase::Completing;
        Ok((u32::try_from(said.len()).unwrap_or(u32::MAX), total))
    }

    /// Completing failed: it may be tried again.
    fn reopen(&self) {
        let mut progress = self.progress();
        if progress.phase == Phase::Completing {
            progress.phase = Phase::Open;
        }
    }
}

fn slot(slots: &mut [Slot], number: u32) -> Option<&mut Slot> {
    slots.get_mut(usize::try_from(number.checked_sub(1)?).ok()?)
}

#[derive(Deserialize)]
struct Create {
    path: String,
    #[serde(default = "one")]
    num_parts: u32,
}

fn one() -> u32 {
    1
}

#[derive(Deserialize)]
struct Complete {
    path: String,
    upload_id: String,
    #[serde(default)]
    parts: Vec<SaidPart>,
}

#[derive(Deserialize)]
struct SaidPart {
    part_number: u32,
    etag: Option<String>,
}

#[derive(Deserialize)]
struct Abort {
    path: String,
    upload_id: String,
}

impl Gateway {
    /// The permit to put an artifact.
    pub(super) fn permit_put(
        &self,
        cx: &RequestContext,
        stage: &Stage,
        artifact: &[String],
    ) -> Result<Permit, Refusal> {
        self.permit(cx, &stage.api, &stage.api.arn_of(Verb::Put, &artifact_target(artifact).join("/")))
    }

    /// `POST .../mpu/create/{folder}`: a URL for each part.
    pub(crate) async fn upload_create(
        &self,
        routed: &Routed<'_>,
        body: Accepted,
    ) -> Result<Response<Body>, Refusal> {
        let cx = &routed.cx;
        let Create { path, num_parts } = read(&body)?;
        // SDKs before 3.18 send an empty file as no part at all.
        if num_parts > self.limits.parts {
            let most = self.limits.parts;
            return Err(Refusal::bad_request(format!("`num_parts` must be 0 to {most}")));
        }
        let artifact = artifact_of(routed, &path)?;
        self.permit_put(cx, routed.stage, &artifact)?;
        self.transfers.sweep(cx.now()).await;
        let upload = self.begin_upload(routed, artifact, num_parts).await?;
        let root = public_root(routed, self.listening);
        let credentials: Vec<_> = (1..=num_parts)
            .map(|number| {
                let url = self.transfers.key.url(Purpose::Part, &upload.id, number, upload.expires);
                json!({ "url": format!("{root}{url}"), "part_number": number, "headers": {} })
            })
            .collect();
        self.record(cx).await?;
        Ok(reply::json(cx, &json!({ "upload_id": upload.id, "credentials": credentials })))
    }

    async fn begin_upload(
        &self,
        routed: &Routed<'_>,
        artifact: Vec<String>,
        parts: u32,
    ) -> Result<Arc<Upload>, Refusal> {
        let cx = routed.cx.clone();
        let id = draw_id(self.app.entropy()).map_err(|error| logged(&error))?;
        let expires = later(cx.now(), self.limits.upload_seconds);
        let folder = self.transfers.folder.join(&id);
        if !self.transfers.has_room(self.transfers.uploads().values().map(|upload| &upload.cx), &cx) {
            let message = "too many uploads are under way; try again later";
            return Err(Refusal { message: message.to_owned(), ..Refusal::upstream_down() });
        }
        spool::make(&folder).await.map_err(|error| disk(&error))?;
        let slots = (0..parts).map(|_| Slot::Waiting).collect();
        let progress = Mutex::new(Progress { phase: Phase::Open, slots, total: 0 });
        let api = routed.stage.api.id.clone();
        let upload = Arc::new(Upload { id: id.clone(), api, artifact, cx, expires, folder, progress });
        self.transfers.uploads().insert(id, upload.clone());
        Ok(upload)
    }

    /// `POST .../mpu/complete/{folder}`: the parts become one PUT to MLflow.
    pub(crate) async fn upload_complete(
        &self,
        routed: &Routed<'_>,
        body: Accepted,
    ) -> Result<Response<Body>, Refusal> {
        let Complete { path, upload_id, parts } = read(&body)?;
        let upload = self.find_upload(routed, &upload_id, &path)?;
        let permit = self.permit_put(&routed.cx, routed.stage, &upload.artifact)?;
        let (count, total) = upload.begin_completing(&parts)?;
        let _reopened = Reopen(&upload);
        let response = self.put_whole(routed, &permit, &upload, count, total).await?;
        if !response.status().is_success() {
            return Ok(response);
        }
        self.transfers.discard(&upload).await;
        Ok(reply::json(&routed.cx, &json!({})))
    }

    async fn put_whole(
        &self,
        routed: &Routed<'_>,
        permit: &Permit,
        upload: &Upload,
        count: u32,
        total: u64,
    ) -> Result<Response<Body>, Refusal> {
        let target = format!("/{}", encoded(&artifact_target(&upload.artifact)));
        let headers = self.headers(&routed.cx, routed.stage, &http::HeaderMap::new());
        let payload = Payload::Stream(spool::joined(upload.folder.clone(), count), Some(total));
        let outgoing = Outgoing { method: Method::PUT, target, headers, payload, reads: false };
        self.send(permit, &routed.cx, routed.stage, outgoing, None).await
    }

    /// `POST .../mpu/abort/{folder}`: the parts are removed.
    pub(crate) async fn upload_abort(
        &self,
        routed: &Routed<'_>,
        body: Accepted,
    ) -> Result<Response<Body>, Refusal> {
        let Abort { path, upload_id } = read(&body)?;
        let upload = self.find_upload(routed, &upload_id, &path)?;
        self.transfers.discard(&upload).await;
        self.record(&routed.cx).await?;
        Ok(reply::json(&routed.cx, &json!({})))
    }

    /// The caller's own upload of this id, for this very path.
    fn find_upload(&self, routed: &Routed<'_>, id: &str, path: &str) -> Result<Arc<Upload>, Refusal> {
        let artifact = artifact_of(routed, path)?;
        let found = self.transfers.uploads().get(id).cloned();
        let own = found.filter(|upload| {
            upload.api == routed.stage.api.id
                && upload.artifact == artifact
                && upload.expires > routed.cx.now()
                && principal_of(&upload.cx) == principal_of(&routed.cx)
        });
        own.ok_or_else(|| Refusal::forbidden("you have no upload of this id for this path"))
    }

    /// Puts the record of a request that was answered here on disk.
    pub(crate) async fn record(&self, cx: &RequestContext) -> Result<(), Refusal> {
        self.app.audit(cx, &garita_app::Outcome::ok(200)).await.map_err(|error| logged(&error))
    }
}

/// Lets an upload be completed again, unless it is over.
struct Reopen<'u>(&'u Upload);

impl Drop for Reopen<'_> {
    fn drop(&mut self) {
        self.0.reopen();
    }
}

fn read<T: for<'de> Deserialize<'de>>(body: &Accepted) -> Result<T, Refusal> {
    serde_json::from_slice(body.bytes())
        .map_err(|error| Refusal::bad_request(format!("in the body, {error}")))
}

/// The artifact's path: the folder in the route, and the file's name. Older SDKs send the file's local path.
fn artifact_of(routed: &Routed<'_>, path: &str) -> Result<Vec<String>, Refusal> {
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut raw = String::from("/");
    encode_into(&mut raw, name);
    let parsed = CanonicalPath::parse(&raw).ok().filter(|path| !path.segments().is_empty());
    let Some(parsed) = parsed else {
        return Err(Refusal::bad_request("`path` must end in the name of a file"));
    };
    let folder = artifact_path(&routed.path, WORDS);
    Ok(folder.iter().chain(parsed.segments()).cloned().collect())
}

/// Segments as a path to send, without its leading slash.
pub(super) fn encoded(segments: &[String]) -> String {
    let mut out = String::new();
    for segment in segments {
        if !out.is_empty() {
            out.push('/');
        }
        encode_into(&mut out, segment);
    }
    out
}

pub(super) fn later(now: Timestamp, seconds: i64) -> Timestamp {
    now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(now)
}

pub(super) fn disk(error: &std::io::Error) -> Refusal {
    tracing::error!(%error, "the folder for uploads cannot be written");
    let message = "the upload cannot be kept now; try again later";
    Refusal { message: message.to_owned(), ..Refusal::upstream_down() }
}
