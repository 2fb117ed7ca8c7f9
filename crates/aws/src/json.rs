//! Operations of AWS JSON: their rows, and a body read as the shape that the operation's function takes.
//!
//! A shape is a Rust type: what it does not name is refused by name, at any depth, and the parameters of a row are
//! those of its shape. INVARIANT: a body is bounded by the door, and nests no deeper than the reader allows.

pub(crate) mod shape;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use garita_app::{App, RequestContext};
use garita_model::Error;
use garita_wire::operation::Operation;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::call::{Answer, lower_camel};
use crate::errors::Refusal;

/// One operation and how it is served.
pub(crate) struct JsonRow {
    /// What it is.
    pub(crate) operation: Operation,
    /// Its service, as the audit trail names it.
    pub(crate) source: &'static str,
    /// The members its input may have.
    pub(crate) parameters: fn() -> &'static [&'static str],
    /// What serves it.
    pub(crate) run: JsonServe,
}

/// A service function.
pub(crate) type JsonServe =
    for<'a> fn(JsonCall<'a>) -> Pin<Box<dyn Future<Output = Result<Answer, Refusal>> + Send + 'a>>;

/// What a service function gets besides its input.
pub(crate) struct JsonCall<'a> {
    /// The verbs.
    pub(crate) app: &'a Arc<App>,
    /// Who, when, from where.
    pub(crate) cx: &'a RequestContext,
    /// The body.
    pub(crate) body: Value,
}

impl JsonCall<'_> {
    /// Reads the body as an operation's input.
    pub(crate) fn take_input<T: DeserializeOwned>(&mut self) -> Result<T, Refusal> {
        serde_json::from_value(std::mem::take(&mut self.body)).map_err(|error| unreadable(&error.to_string()))
    }
}

/// Reads a body; an empty one is an input without members.
pub(crate) fn parse(body: &[u8]) -> Result<Value, Refusal> {
    if body.is_empty() {
        return Ok(Value::Object(serde_json::Map::new()));
    }
    match serde_json::from_slice(body) {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => Err(Refusal::Json("the body is no JSON object".to_owned())),
        Err(_) => Err(Refusal::Json("the body is no JSON".to_owned())),
    }
}

/// What is wrong with an input: by the reader's own words, but for a member that is missing, which AWS has words for.
fn unreadable(said: &str) -> Refusal {
    if let Some(name) = said.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`')) {
        let field = lower_camel(name);
        return Error::invalid(
            "",
            format!("1 validation error detected: Value null at '{field}' failed to satisfy constraint: Member must not be null"),
        )
        .into();
    }
    if let Some(rest) = said.strip_prefix("unknown field `") {
        let name = rest.split('`').next().unwrap_or_default();
        let message = format!("the member `{name}` is not supported here; leave it out");
        return Error::invalid("", message).into();
    }
    if let Some(rest) = said.strip_prefix("unknown variant `") {
        let (value, among) = rest.split_once("`, ").unwrap_or((rest, ""));
        let message = format!("the value `{value}` is not supported here: {among}");
        return Error::invalid("", message).into();
    }
    if said.starts_with("invalid type") || said.starts_with("invalid value") {
        // The reader repeats the value, which may be a secret: only what was expected is told.
        let expected = said.rsplit_once("expected ").map_or("another type", |(_, expected)| expected);
        return Refusal::Json(format!("a member of the input has the wrong type: expected {expected}"));
    }
    Error::invalid("", said).into()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize, Debug)]
    #[serde(rename_all = "PascalCase", deny_unknown_fields)]
    struct Input {
        #[allow(dead_code, reason = "only read")]
        user_pool_id: String,
        #[allow(dead_code, reason = "only read")]
        limit: Option<u32>,
    }

    fn told(body: &str) -> String {
        let read = parse(body.as_bytes()).and_then(|value| {
            serde_json::from_value::<Input>(value).map_err(|error| unreadable(&error.to_string()))
        });
        match read {
            Ok(_) => "ok".to_owned(),
            Err(Refusal::App(error)) => error.to_string(),
            Err(Refusal::Json(what)) => format!("json: {what}"),
            Err(other) => format!("{other:?}"),
        }
    }

    #[test]
    fn inputs_are_read_or_refused_by_name() {
        assert_eq!(told(r#"{"UserPoolId":"a","Limit":null}"#), "ok");
        assert!(told("").contains("Value null at 'userPoolId'"));
        assert_eq!(
            told(r#"{"UserPoolId":"a","Other":1}"#),
            "the member `Other` is not supported here; leave it out"
        );
        let wrong = told(r#"{"UserPoolId":"a","Limit":"secret"}"#);
        assert_eq!(wrong, "json: a member of the input has the wrong type: expected u32");
        assert_eq!(told("[]"), "json: the body is no JSON object");
        assert_eq!(told("{"), "json: the body is no JSON");
        assert_eq!(told(&"[".repeat(10_000)), "json: the body is no JSON");
    }

    #[test]
    fn the_members_of_a_shape_are_known() {
        assert_eq!(shape::members::<Input>(), ["UserPoolId", "Limit"]);
    }
}
