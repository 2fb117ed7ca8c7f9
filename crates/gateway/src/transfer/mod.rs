//! Transfers that the gateway answers itself, so that MLflow's own SDK can move artifacts under SigV4.
//!
//! The SDK cannot sign a file it streams. But a server that says so in `server-info` is asked for URLs to put the
//! parts of a file to, and for a URL to get a file from; those it uses unsigned. The gateway hands out such URLs of
//! its own: each is signed with a key of Garita's, short-lived, good for one transfer, and as strong as the caller
//! it was given to: at every use the caller is judged again, so a URL dies with its owner's rights.
//!
//! INVARIANT: MLflow sees an upload only as one whole PUT, after every part came in and the caller, signed and
//! judged again, said that it is complete. What is not completed in time is removed.

mod download;
mod info;
mod link;
mod part;
mod spool;
mod upload;

use std::borrow::Cow;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use garita_app::{App, Arrival, RequestContext};
use garita_model::{Entropy, Error};
use garita_policy::Principal;
use http::request;
use hyper::body::Incoming;
use jiff::Timestamp;

use crate::admit::RequestShape;
use crate::gateway::{Answered, Gateway, Stage};
use crate::limits::Limits;
use crate::mlflow::Verb;
use crate::path::CanonicalPath;
use crate::refusal::Refusal;
use crate::serve::Routed;
use download::Download;
use link::{Claim, LinkKey, Purpose};
use upload::Upload;

/// All transfers under way.
pub(crate) struct Transfers {
    key: LinkKey,
    folder: PathBuf,
    most: usize,
    uploads: Mutex<HashMap<String, Arc<Upload>>>,
    downloads: Mutex<HashMap<String, Arc<Download>>>,
}

impl Transfers {
    /// Makes the folder for parts, empty: uploads do not survive a restart. Each gateway has one of its own.
    pub(crate) fn open(app: &App, name: &str, limits: Limits) -> Result<Self, Error> {
        let folder = app.folder().join("uploads").join(name);
        spool::reset(&folder).map_err(|error| {
            Error::internal(format!("the folder {} cannot be made: {error}", folder.display()))
        })?;
        let key = LinkKey::new(app.derive_key("gateway/transfer-url/1")?.expose());
        let (uploads, downloads) = (Mutex::default(), Mutex::default());
        Ok(Self { key, folder, most: limits.transfers, uploads, downloads })
    }

    /// Removes what was not ended in time.
    pub(crate) async fn sweep(&self, now: Timestamp) {
        self.downloads().retain(|_, download| download.expires > now);
        let late: Vec<Arc<Upload>> =
            self.uploads().values().filter(|upload| upload.expires <= now).cloned().collect();
        for upload in late {
            self.discard(&upload).await;
        }
    }

    /// Forgets an upload and removes its parts.
    async fn discard(&self, upload: &Upload) {
        self.uploads().remove(&upload.id);
        upload.close();
        if let Err(error) = spool::remove(&upload.folder).await {
            tracing::warn!(%error, upload = upload.id, "the parts of an upload could not be removed");
        }
    }

    /// Whether whoever asks in `cx` may have one transfer more beside those that are under way for `holders`. One
    /// principal has a quarter of all places at most, whatever its sessions are called: the others go on working.
    fn has_room<'c>(&self, holders: impl Iterator<Item = &'c RequestContext>, cx: &RequestContext) -> bool {
        let (mut all, mut own) = (0, 0);
        for holder in holders {
            all += 1;
            own += usize::from(owner(holder) == owner(cx));
        }
        all < self.most && own < self.most.div_ceil(4)
    }

    fn uploads(&self) -> MutexGuard<'_, HashMap<String, Arc<Upload>>> {
        self.uploads.lock().unwrap_or_else(PoisonError::into_inner)
    }
    fn downloads(&self) -> MutexGuard<'_, HashMap<String, Arc<Download>>> {
        self.downloads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Gateway {
    /// Serves a URL that was handed out: the path behind the stage begins with `-`.
    pub(crate) async fn redeem(
        &self,
        arrival: Arrival,
        stage: &Stage,
        path: &CanonicalPath,
        parts: &request::Parts,
        shape: &RequestShape<'_>,
        body: Incoming,
    ) -> Answered {
        let now = arrival.now;
        let cx = self.app.nobody(arrival);
        let words: Vec<&str> = path.segments().iter().map(String::as_str).collect();
        let claim = match (shape.verb, words.as_slice()) {
            (Verb::Put, ["-", "parts", id, number]) => Claim::read(Purpose::Part, id, number, shape.query),
            (Verb::Get, ["-", "downloads", id]) => Claim::read(Purpose::Download, id, "0", shape.query),
            _ => None,
        };
        let claim = claim.filter(|claim| self.transfers.key.made(claim) && claim.expires > now);
        match claim {
            Some(claim) if claim.purpose == Purpose::Part => {
                self.receive_part(cx, stage, &claim, parts, shape, body).await
            }
            Some(claim) => self.serve_download(cx, stage, &claim, parts, shape).await,
            None => {
                Err(Box::new((cx, Refusal::forbidden("this URL was not made here, or its time is over"))))
            }
        }
    }
}

/// The root of a stage as a client reaches it.
fn public_root(routed: &Routed<'_>, listening: SocketAddr) -> String {
    if let Some(url) = &routed.stage.api.public_url {
        return url.trim_end_matches('/').to_owned();
    }
    let (authority, stage) = (routed.shape.authority, &routed.stage.api.stage);
    // A proxy ends TLS: the port is its own.
    if routed.cx.arrival().secure {
        return format!("https://{authority}/{stage}");
    }
    // The SDK's signer leaves the port out of the Host header it sends.
    let port = listening.port();
    if crate::api::host_of(authority) == authority && port != 80 {
        return format!("http://{authority}:{port}/{stage}");
    }
    format!("http://{authority}/{stage}")
}

/// An id nobody can guess.
fn draw_id(entropy: &dyn Entropy) -> Result<String, Error> {
    let mut bytes = [0_u8; 16];
    entropy.fill(&mut bytes)?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

/// The artifact path that a row's last parameter stands for: everything behind the first `words` segments.
fn artifact_path(path: &CanonicalPath, words: usize) -> &[String] {
    path.segments().get(words..).unwrap_or_default()
}

/// The path, judged and forwarded, of an artifact.
fn artifact_target(artifact: &[String]) -> Vec<String> {
    let prefix = ["api", "2.0", "mlflow-artifacts", "artifacts"].map(str::to_owned);
    prefix.into_iter().chain(artifact.iter().cloned()).collect()
}

/// The ARN of whoever a transfer belongs to.
fn principal_of(cx: &RequestContext) -> String {
    cx.caller().principal.arn_text()
}

/// The unique id of whoever a transfer is counted for: sessions count for their role.
fn owner(cx: &RequestContext) -> Cow<'_, str> {
    match &cx.caller().principal {
        Principal::User { id, .. } => id.into(),
        Principal::RoleSession { role_id, .. } => role_id.into(),
        other => other.arn_text().into(),
    }
}
