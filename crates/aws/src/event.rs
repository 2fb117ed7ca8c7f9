//! What the audit trail calls a request, and its parameters without secrets.
//!
//! INVARIANT: only parameters that the operation's row lists are recorded, and of those none in [`SECRET`]; a request
//! whose caller is not proved, or that has no row, is recorded without parameters.
//!
//! Names and nesting are CloudTrail's: lower camel case, lists as arrays.

use std::collections::BTreeMap;

use garita_app::Event;
use garita_wire::operation::{Access, Authentication, Operation, RouteError};
use garita_wire::protocol::query::Params;
use serde_json::{Map, Value, json};

use crate::call::lower_camel;
use crate::errors::Refusal;
use crate::json::JsonRow;
use crate::operations::{Row, Wanted};

/// Parameters that prove something and so are never recorded.
const SECRET: &[&str] = &[
    "TokenCode",
    "AuthenticationCode1",
    "AuthenticationCode2",
    "Password",
    "OldPassword",
    "NewPassword",
    "WebIdentityToken",
];
/// Members of JSON bodies whose value is never recorded: what proves something, and what is known of people.
const HIDDEN: &[&str] = &[
    "AccessToken",
    "AuthParameters",
    "ChallengeResponses",
    "ClientMetadata",
    "ClientSecret",
    "Code",
    "ConfirmationCode",
    "ContextData",
    "Credential",
    "Filter",
    "Password",
    "PreviousPassword",
    "ProposedPassword",
    "RefreshToken",
    "SecretHash",
    "Session",
    "TemporaryPassword",
    "Token",
    "UserAttributes",
    "UserCode",
    "UserContextData",
    "ValidationData",
    "client_secret",
];
const HIDDEN_VALUE: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";
/// Most bytes of parameters in a record, as CloudTrail has it.
const MAX_PARAMETERS: usize = 100 * 1_024;
/// Most bytes of parameters in a record of a request that is not signed: strangers shall not fill the trail.
const MAX_UNSIGNED: usize = 4 * 1_024;
/// Longest name of an unknown operation in a record.
const MAX_NAME: usize = 128;

/// A request whose caller is known.
pub(crate) fn of(row: &Row, params: &Params) -> Event {
    Event { parameters: parameters(row, params), ..named(row.source, &row.operation) }
}

/// A request whose caller did not prove who they are.
pub(crate) fn attempt(wanted: &Result<Wanted, Refusal>) -> Event {
    match wanted {
        Ok(Wanted::Query(row, _)) => named(row.source, &row.operation),
        Ok(Wanted::Json(row)) => named(row.source, &row.operation),
        Err(_) => Event::unknown(),
    }
}

/// A request of a known caller for something that is not here.
pub(crate) fn unserved(refusal: &Refusal) -> Event {
    match refusal {
        Refusal::Route(RouteError::InvalidAction { action: name, .. } | RouteError::UnknownTarget(name)) => {
            Event { name: name.chars().take(MAX_NAME).collect(), ..Event::unknown() }
        }
        _ => Event::unknown(),
    }
}

/// A JSON request with its body, whose caller is known or need not be.
pub(crate) fn of_json(row: &JsonRow, body: &Value) -> Event {
    let parameters = shown(body, row.operation.authentication == Authentication::None);
    let size = parameters.to_string().len();
    let parameters = if size > MAX_PARAMETERS { too_large(size) } else { parameters };
    Event { parameters, ..named(row.source, &row.operation) }
}

fn named(source: &'static str, operation: &Operation) -> Event {
    Event {
        source,
        name: operation.name.to_owned(),
        parameters: Value::Null,
        read_only: matches!(operation.access, Access::Read | Access::List),
        management: true,
    }
}

fn parameters(row: &Row, params: &Params) -> Value {
    let mut root = Node::default();
    let mut size = 0;
    for name in params.unknown(&[]) {
        let parameter = name.split('.').next().unwrap_or_default();
        if row.parameters.contains(&parameter) && !SECRET.contains(&parameter) {
            let value = params.string(name).unwrap_or_default();
            size += name.len() + value.len();
            root.put(name, value);
        }
    }
    let most = match row.operation.authentication {
        Authentication::Required => MAX_PARAMETERS,
        Authentication::None => MAX_UNSIGNED,
    };
    if size > most {
        return too_large(size);
    }
    root.into_value()
}

fn too_large(size: usize) -> Value {
    json!({ "omitted": true, "originalSize": size, "reason": "request parameters exceeded size limit" })
}

/// A JSON body as the record has it: secrets and what is known of people are hidden, in CloudTrail's words. A name that
/// a person typed may be a password, so those of unsigned requests are hidden too.
fn shown(body: &Value, unsigned: bool) -> Value {
    let hidden = |name: &str| HIDDEN.contains(&name) || (unsigned && name == "Username");
    match body {
        Value::Object(members) => {
            let shown = members.iter().map(|(name, value)| {
                let value = if hidden(name) { HIDDEN_VALUE.into() } else { shown(value, unsigned) };
                (lower_camel(name), value)
            });
            shown.collect::<Map<_, _>>().into()
        }
        Value::Array(items) => items.iter().map(|item| shown(item, unsigned)).collect(),
        plain => plain.clone(),
    }
}

/// A parameter, or what stands under one.
#[derive(Default)]
struct Node {
    text: Option<String>,
    members: BTreeMap<String, Node>,
}

impl Node {
    fn put(&mut self, name: &str, value: &str) {
        let node =
            name.split('.').fold(self, |node, segment| node.members.entry(segment.to_owned()).or_default());
        node.text = Some(value.to_owned());
    }

    fn into_value(mut self) -> Value {
        if let Some(items) = self.members.remove("member") {
            let mut items: Vec<(usize, Self)> =
                items.members.into_iter().filter_map(|(n, item)| Some((n.parse().ok()?, item))).collect();
            items.sort_by_key(|(n, _)| *n);
            return items.into_iter().map(|(_, item)| item.into_value()).collect();
        }
        if self.members.is_empty() {
            return self.text.map_or(Value::Null, Value::String);
        }
        let members = self.members.into_iter().map(|(name, node)| (lower_camel(&name), node.into_value()));
        members.collect::<Map<_, _>>().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::rows;

    #[test]
    fn parameters_are_nested_and_without_secrets() {
        let row = rows().find(|row| row.operation.name == "AssumeRole").unwrap();
        let params = Params::parse(
            b"Action=AssumeRole&Version=2011-06-15&RoleArn=a&TokenCode=123456&Tags.member.10.Key=z&Tags.member.10.Value=1\
              &Tags.member.2.Key=y&Tags.member.2.Value=&TransitiveTagKeys.member.1=z&X-Amz-Security-Token=t&Other=o",
        )
        .unwrap();
        assert_eq!(
            of(row, &params).parameters.to_string(),
            r#"{"roleArn":"a","tags":[{"key":"y","value":""},{"key":"z","value":"1"}],"transitiveTagKeys":["z"]}"#
        );
    }

    /// Every member of every JSON operation is either hidden or known to hold no secret.
    #[test]
    fn members_are_hidden_unless_known_to_be_harmless() {
        let mut harmless: Vec<&str> =
            crate::operations::json_rows().flat_map(|row| (row.parameters)()).copied().collect();
        harmless.retain(|name| !HIDDEN.contains(name));
        harmless.sort_unstable();
        harmless.dedup();
        insta::assert_snapshot!(harmless.join(" "));
    }

    #[test]
    fn bodies_are_recorded_without_secrets() {
        let body = json!({
            "ClientId": "c", "Username": "ana", "Password": "p", "UserAttributes": [{ "Name": "email", "Value": "e" }],
            "Nested": { "Session": "s", "Limit": 3 },
        });
        let hide = |value: &str| value.replace("HIDDEN_DUE_TO_SECURITY_REASONS", "*");
        assert_eq!(
            hide(&shown(&body, true).to_string()),
            r#"{"clientId":"c","username":"*","password":"*","userAttributes":"*","nested":{"session":"*","limit":3}}"#
        );
        assert!(shown(&body, false).to_string().contains(r#""username":"ana""#));
    }

    #[test]
    fn parameters_too_large_for_a_record_are_left_out() {
        let row = rows().find(|row| row.operation.name == "PutUserPolicy").unwrap();
        let form = format!("Action=PutUserPolicy&PolicyDocument={}", "a".repeat(MAX_PARAMETERS));
        let parameters = of(row, &Params::parse(form.as_bytes()).unwrap()).parameters;
        assert_eq!(parameters["omitted"], true);
    }
}
