//! User pools: Amazon Cognito's API of 2016-04-18, in AWS JSON 1.1.
//!
//! Inputs are types that refuse what they do not name. What only feeds triggers and analytics, which are not here, is
//! read and has no effect: `ClientMetadata`, `ValidationData`, `AnalyticsMetadata`, `UserContextData`, `ContextData`.

pub(crate) mod client;
pub(crate) mod group;
pub(crate) mod identity_provider;
pub(crate) mod mfa;
pub(crate) mod own;
pub(crate) mod passkey;
pub(crate) mod pool;
pub(crate) mod resource_server;
pub(crate) mod sign_in;
pub(crate) mod sign_up;
pub(crate) mod tag;
pub(crate) mod user;

use garita_app::iam::Page;
use garita_app::user_pool::Part;
use garita_model::Error;
use garita_model::user_pool::PoolFault;
use garita_wire::protocol::epoch_seconds;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::call::{Answer, Body};
use crate::errors::Refusal;

/// Input types: each member by its wire name, everything else refused.
macro_rules! inputs {
    ($($(#[$of:meta])* $name:ident { $($(#[$at:meta])* $member:ident: $type:ty),* $(,)? })*) => {$(
        $(#[$of])*
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "PascalCase", deny_unknown_fields)]
        #[allow(dead_code, reason = "members that feed triggers and analytics are read and have no effect")]
        pub(crate) struct $name {
            $($(#[$at])* pub(super) $member: $type,)*
        }
    )*};
}
pub(crate) use inputs;

/// User pools have names of their own for errors that all services share.
pub(crate) fn in_words_of_pools(refusal: Refusal) -> Refusal {
    match refusal {
        Refusal::App(
            Error::Invalid { message, .. } | Error::InvalidParameter(message) | Error::InvalidInput(message),
        ) => Refusal::App(PoolFault::InvalidParameter.because(message)),
        other => other,
    }
}

/// Done, and nothing to tell.
fn done() -> Answer {
    told(json!({}))
}

/// Done, with this result; members that are null are left out.
fn told(result: Value) -> Answer {
    Answer { body: Body::Json(without_nulls(result)), made: Value::Null }
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.into_iter().filter(|(_, value)| !value.is_null());
            kept.map(|(name, value)| (name, without_nulls(value))).collect::<Map<_, _>>().into()
        }
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        plain => plain,
    }
}

/// A part of a list under its name, with where to go on.
fn paged<T>(name: &str, token: &str, page: &Page<T>, show: impl FnMut(&T) -> Value) -> Answer {
    let items: Vec<Value> = page.items.iter().map(show).collect();
    told(json!({ name: items, token: page.marker }))
}

fn part(token: Option<String>, limit: Option<u32>) -> Part {
    Part { token, limit }
}

/// A moment.
fn at(moment: Timestamp) -> Value {
    json!(epoch_seconds(moment))
}

/// A moment in seconds.
fn at_second(second: i64) -> Value {
    json!(second)
}

inputs! {
    /// `AttributeType`.
    Attribute { name: String, value: Option<String> }
}

impl Attribute {
    /// Names and values; one without a value is empty.
    fn pairs(list: Option<Vec<Self>>) -> Vec<(String, String)> {
        list.into_iter().flatten().map(|one| (one.name, one.value.unwrap_or_default())).collect()
    }
}

/// Something that must be left empty.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}
