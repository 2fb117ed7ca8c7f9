//! What the caller may do with each MCP server and each skill that MLflow's pages show.
//!
//! The pages take it from the member `allowed_actions` of each of them, and leave away the controls of what is not in it.
//! MLflow itself, behind the gateway, knows no callers and says that everything is allowed. As in [`crate::myself`] it is
//! advice: each is what the policy engine says now of the routes behind it, for this very name.

use garita_app::Permit;
use http::Response;
use serde_json::{Value, json};

use crate::api::Api;
use crate::body::Body;
use crate::document::Document;
use crate::gateway::Gateway;
use crate::mlflow::{Registry, Verb};
use crate::refusal::Refusal;
use crate::reply;
use crate::serve::Routed;

/// Largest answer that is read: a page of MLflow's largest.
const LIMIT: usize = 16 << 20;

/// An action of MLflow's, and the routes behind the name that it takes.
type Action = (&'static str, &'static [(Verb, &'static str)]);

const ACTIONS: &[Action] = &[
    ("USE", &[(Verb::Get, "")]),
    ("UPDATE", &[(Verb::Patch, ""), (Verb::Post, "/versions"), (Verb::Post, "/tags")]),
    ("DELETE", &[(Verb::Delete, "")]),
    ("MANAGE", &[(Verb::Patch, ""), (Verb::Post, "/versions"), (Verb::Post, "/tags"), (Verb::Delete, "")]),
];

impl Gateway {
    /// Forwards a question for servers or skills, and says in the answer what may be done with each.
    pub(crate) async fn with_allowed_actions(
        &self,
        registry: Registry,
        permit: &Permit,
        routed: &Routed<'_>,
    ) -> Result<Response<Body>, Refusal> {
        let mut answer = match self.document(permit, routed, "registry", LIMIT).await? {
            Document::Read(answer) => answer,
            Document::Failed(response) => return Ok(response),
        };
        let many = match registry {
            Registry::McpServers => "mcp_servers",
            Registry::Skills => "skills",
        };
        match answer.get_mut(many).and_then(Value::as_array_mut) {
            Some(things) => {
                for thing in things {
                    self.tell(registry, routed, thing);
                }
            }
            None => self.tell(registry, routed, &mut answer),
        }
        Ok(reply::json(&routed.cx, &answer))
    }

    fn tell(&self, registry: Registry, routed: &Routed<'_>, thing: &mut Value) {
        let text = |member: &str| thing.get(member).and_then(Value::as_str).unwrap_or_default();
        let (name, organization) = (text("name"), text("organization"));
        let path = match (registry, organization) {
            (Registry::McpServers, _) => format!("api/3.0/mlflow/mcp-servers/{name}"),
            (Registry::Skills, "") => format!("api/3.0/mlflow/skills/{name}"),
            (Registry::Skills, of) => format!("api/3.0/mlflow/skills/@{of}/{name}"),
        };
        let allowed = self.allowed(routed, &routed.stage.api, &path);
        if let Some(members) = thing.as_object_mut() {
            members.insert("allowed_actions".to_owned(), json!(allowed));
        }
    }

    fn allowed(&self, routed: &Routed<'_>, api: &Api, path: &str) -> Vec<&'static str> {
        // Asked for advice, not for permission: the record of this request is not of these.
        let aside = routed.cx.aside();
        let may = |(verb, behind): &(Verb, &str)| {
            self.permit(&aside, api, &api.arn_of(*verb, &format!("{path}{behind}"))).is_ok()
        };
        ACTIONS.iter().filter(|(_, routes)| routes.iter().all(may)).map(|(action, _)| *action).collect()
    }
}
