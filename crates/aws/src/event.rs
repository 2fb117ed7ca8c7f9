//! What the audit trail calls a request, and its parameters without secrets.
//!
//! INVARIANT: only parameters that the operation's row lists are recorded, and of those none in [`SECRET`]; a request
//! whose caller is not proved, or that has no row, is recorded without parameters.
//!
//! Names and nesting are CloudTrail's: lower camel case, lists as arrays.

use std::collections::BTreeMap;

use garita_app::Event;
use garita_wire::operation::{Access, RouteError};
use garita_wire::protocol::query::Params;
use serde_json::{Map, Value, json};

use crate::call::lower_camel;
use crate::errors::Refusal;
use crate::operations::{Row, Wanted};

/// Parameters that prove something and so are never recorded.
const SECRET: &[&str] =
    &["TokenCode", "AuthenticationCode1", "AuthenticationCode2", "Password", "OldPassword", "NewPassword"];
/// Most bytes of parameters in a record, as CloudTrail has it.
const MAX_PARAMETERS: usize = 100 * 1_024;
/// Longest name of an unknown operation in a record.
const MAX_NAME: usize = 128;

/// A request whose caller is known.
pub(crate) fn of(row: &Row, params: &Params) -> Event {
    Event { parameters: parameters(row, params), ..named(row) }
}

/// A request whose caller did not prove who they are.
pub(crate) fn attempt(wanted: &Result<Wanted, Refusal>) -> Event {
    wanted.as_ref().map_or_else(|_| Event::unknown(), |wanted| named(wanted.row))
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

fn named(row: &Row) -> Event {
    Event {
        source: row.source,
        name: row.operation.name.to_owned(),
        parameters: Value::Null,
        read_only: matches!(row.operation.access, Access::Read | Access::List),
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
    if size > MAX_PARAMETERS {
        let reason = "request parameters exceeded size limit";
        return json!({ "omitted": true, "originalSize": size, "reason": reason });
    }
    root.into_value()
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

    #[test]
    fn parameters_too_large_for_a_record_are_left_out() {
        let row = rows().find(|row| row.operation.name == "PutUserPolicy").unwrap();
        let form = format!("Action=PutUserPolicy&PolicyDocument={}", "a".repeat(MAX_PARAMETERS));
        let parameters = of(row, &Params::parse(form.as_bytes()).unwrap()).parameters;
        assert_eq!(parameters["omitted"], true);
    }
}
