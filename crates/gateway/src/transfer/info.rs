//! `server-info`: MLflow's own answer, with our transfers announced.
//!
//! INVARIANT: only the three fields about artifact transfers are ours; whatever else the server says is passed on. MLflow's
//! own pages get its own answer: they transfer artifacts by themselves.

use garita_app::Permit;
use http::Response;
use serde_json::Value;

use crate::body::Body;
use crate::document::Document;
use crate::gateway::Gateway;
use crate::refusal::Refusal;
use crate::reply;
use crate::serve::Routed;

/// Largest answer that is read.
const LIMIT: usize = 256 * 1024;

impl Gateway {
    pub(crate) async fn server_info(
        &self,
        permit: &Permit,
        routed: &Routed<'_>,
    ) -> Result<Response<Body>, Refusal> {
        let mut info = match self.document(permit, routed, "answer about itself", LIMIT).await? {
            Document::Read(info) => info,
            Document::Failed(response) => return Ok(response),
        };
        let unreadable = || Refusal::upstream_wrong("the MLflow server's answer about itself cannot be read");
        let fields = info.as_object_mut().ok_or_else(unreadable)?;
        if !routed.by_cookie && fields.get("artifact_serving_enabled") != Some(&Value::Bool(false)) {
            fields.insert("multipart_uploads_enabled".to_owned(), true.into());
            fields.insert("multipart_downloads_enabled".to_owned(), false.into());
            fields.insert("artifacts_presigned_only".to_owned(), true.into());
        }
        Ok(reply::json(&routed.cx, &info))
    }
}
