//! What MLflow's own UI asks about who is signed in: `users/current`, its permissions and its roles; and about MLflow's
//! assistant and the model endpoints it proxies, which are never served: the pages are told that there are none.
//!
//! MLflow serves them only with its own user database; here Garita answers, to whoever is known, since they tell
//! nothing but of the caller. The UI shows the name, and greys out what the permissions do not cover. They are advice:
//! each is what the policy engine says now of the routes behind it, and every request is judged again all the same.
//!
//! `is_basic_auth` is what their menu asks before it offers to sign out ([`crate::browser`] knows how): so it is true of
//! who is signed in with a browser. `is_admin` is always false: it opens MLflow's administration of its own users, which is not served. Whoever may do
//! everything has `MANAGE` on everything instead, which opens the same controls.

use garita_app::RequestContext;
use garita_policy::Principal;
use garita_wire::hash::sha256;
use http::Response;
use serde_json::{Value, json};

use crate::api::Api;
use crate::body::Body;
use crate::gateway::Gateway;
use crate::mlflow::{Own, Verb};
use crate::refusal::Refusal;
use crate::reply;
use crate::serve::Routed;

/// A level of MLflow's permissions, and the routes that it takes beside those of the levels before.
type Level = (&'static str, &'static [(Verb, &'static str)]);

/// The kinds of MLflow's resources that its UI asks permissions of, each with its levels, lowest first.
const KINDS: &[(&str, &[Level])] = &[
    (
        "experiment",
        &[
            (
                "READ",
                &[
                    (Verb::Get, "api/2.0/mlflow/experiments/get"),
                    (Verb::Get, "api/2.0/mlflow/runs/get"),
                    (Verb::Post, "api/2.0/mlflow/runs/search"),
                ],
            ),
            (
                "EDIT",
                &[
                    (Verb::Post, "api/2.0/mlflow/runs/create"),
                    (Verb::Post, "api/2.0/mlflow/runs/update"),
                    (Verb::Post, "api/2.0/mlflow/runs/set-tag"),
                    (Verb::Post, "api/2.0/mlflow/experiments/set-experiment-tag"),
                ],
            ),
            (
                "MANAGE",
                &[
                    (Verb::Post, "api/2.0/mlflow/experiments/update"),
                    (Verb::Post, "api/2.0/mlflow/experiments/delete"),
                    (Verb::Post, "api/2.0/mlflow/runs/delete"),
                ],
            ),
        ],
    ),
    ("registered_model", MODELS),
    ("prompt", MODELS),
];

/// Prompts are registered models to MLflow's API.
const MODELS: &[Level] = &[
    (
        "READ",
        &[
            (Verb::Get, "api/2.0/mlflow/registered-models/get"),
            (Verb::Get, "api/2.0/mlflow/model-versions/get"),
        ],
    ),
    (
        "EDIT",
        &[
            (Verb::Patch, "api/2.0/mlflow/registered-models/update"),
            (Verb::Post, "api/2.0/mlflow/registered-models/set-tag"),
            (Verb::Post, "api/2.0/mlflow/model-versions/create"),
            (Verb::Patch, "api/2.0/mlflow/model-versions/update"),
        ],
    ),
    (
        "MANAGE",
        &[
            (Verb::Post, "api/2.0/mlflow/registered-models/rename"),
            (Verb::Delete, "api/2.0/mlflow/registered-models/delete"),
            (Verb::Delete, "api/2.0/mlflow/model-versions/delete"),
        ],
    ),
];

impl Gateway {
    /// Answers what the caller asks about itself.
    pub(crate) async fn about_caller(
        &self,
        own: Own,
        routed: &Routed<'_>,
    ) -> Result<Response<Body>, Refusal> {
        let principal = &routed.cx.caller().principal;
        let answer = match own {
            Own::User => json!({
                "user": { "id": number(&principal.arn_text()), "username": name(principal), "is_admin": false },
                "is_basic_auth": routed.by_cookie,
            }),
            Own::Permissions => {
                json!({ "is_admin": false, "permissions": self.permissions(&routed.cx, &routed.stage.api) })
            }
            Own::Roles => {
                let (id, name) = role(principal);
                let role = json!({ "id": id, "name": name, "workspace": "default", "description": null,
                                   "permissions": [] });
                json!({ "roles": [role] })
            }
            Own::Assistant => json!({
                "providers": {}, "projects": {}, "remote_access_allowed": false, "can_edit_server_settings": false,
            }),
            Own::AssistantProviders => {
                json!({ "providers": [], "resolved": null, "gateway_vendor_options": {} })
            }
            Own::Endpoints => json!({ "endpoints": [] }),
        };
        self.record(&routed.cx).await?;
        Ok(reply::json(&routed.cx, &answer))
    }

    fn permissions(&self, cx: &RequestContext, api: &Api) -> Vec<Value> {
        // Asked for advice, not for permission: the record of this request is not of these.
        let aside = cx.aside();
        let may = |(verb, path): &(Verb, &str)| self.permit(&aside, api, &api.arn_of(*verb, path)).is_ok();
        let highest = |levels: &'static [Level]| {
            let held = levels.iter().take_while(|(_, routes)| routes.iter().all(may));
            held.last().map(|(level, _)| *level)
        };
        let (id, role) = role(&cx.caller().principal);
        let row = |(kind, levels): &(&'static str, &'static [Level])| {
            let permission = highest(levels)?;
            Some(json!({
                "role_id": id,
                "role_name": role,
                "workspace": "default",
                "resource_type": kind,
                "resource_pattern": "*",
                "permission": permission,
            }))
        };
        KINDS.iter().filter_map(row).collect()
    }
}

/// What the UI calls the caller.
fn name(principal: &Principal) -> String {
    match principal {
        Principal::RoleSession { session_name, .. } => session_name.clone(),
        Principal::Root { account } => format!("root of {account}"),
        other => {
            let arn = other.arn_text();
            arn.rsplit('/').next().unwrap_or(&arn).to_owned()
        }
    }
}

/// Whose policies they are.
fn role(principal: &Principal) -> (u32, String) {
    match principal {
        Principal::RoleSession { role_arn, .. } => {
            let name = role_arn.resource().rsplit('/').next().unwrap_or_default();
            (number(role_arn.as_str()), name.to_owned())
        }
        other => (number(&other.arn_text()), name(other)),
    }
}

/// MLflow numbers its users and roles: the same number for the same one, positive in 32 bits.
fn number(of: &str) -> u32 {
    let bytes = sha256(of.as_bytes());
    bytes.iter().take(4).fold(0, |n, byte| (n << 8) | u32::from(*byte)) >> 1
}
