//! The same world for Cedar: one group, one action, a `like` on an attribute and two conditions per policy.

use std::fmt::Write as _;
use std::str::FromStr;

use anyhow::Result;
use cedar_policy::{Authorizer, Context, Decision, Entities, EntityUid, PolicySet, Request};
use serde_json::json;

/// Policies and entities.
pub(crate) struct World {
    authorizer: Authorizer,
    policies: PolicySet,
    entities: Entities,
}

fn text(teams: usize) -> String {
    let mut text = String::new();
    let scope = r#"principal in Group::"all", action == Action::"SearchRuns", resource"#;
    for team in 0..teams {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            r#"permit({scope}) when {{ resource.name like "team-{team}/*" && context.team == "team-{team}" && context.secure }};"#
        );
        if team.is_multiple_of(10) {
            let _ =
                writeln!(text, r#"forbid({scope}) when {{ resource.name like "team-{team}/sealed/*" }};"#);
        }
    }
    text
}

impl World {
    pub(crate) fn new(teams: usize) -> Result<Self> {
        let mut entities = vec![
            json!({"uid": {"type": "Group", "id": "all"}, "attrs": {}, "parents": []}),
            json!({"uid": {"type": "User", "id": "ana"}, "attrs": {}, "parents": [{"type": "Group", "id": "all"}]}),
        ];
        for team in 0..teams {
            let name = format!("team-{team}/runs/1");
            entities
                .push(json!({"uid": {"type": "Run", "id": name}, "attrs": {"name": name}, "parents": []}));
        }
        Ok(Self {
            authorizer: Authorizer::new(),
            policies: PolicySet::from_str(&text(teams))?,
            entities: Entities::from_json_value(entities.into(), None)?,
        })
    }

    pub(crate) fn request(&self, team: usize) -> Result<Request> {
        let context =
            json!({"team": format!("team-{team}"), "secure": true, "agent": "mlflow-python-client/3.18"});
        Ok(Request::new(
            EntityUid::from_str(r#"User::"ana""#)?,
            EntityUid::from_str(r#"Action::"SearchRuns""#)?,
            EntityUid::from_str(&format!(r#"Run::"team-{team}/runs/1""#))?,
            Context::from_json_value(context, None)?,
            None,
        )?)
    }

    pub(crate) fn decide(&self, request: &Request) -> bool {
        self.authorizer.is_authorized(request, &self.policies, &self.entities).decision() == Decision::Allow
    }

    pub(crate) fn is_allowed(&self, team: usize) -> Result<bool> {
        Ok(self.decide(&self.request(team)?))
    }
}
