//! Tags of user pools.

use std::collections::BTreeMap;

use serde_json::json;

use super::{done, inputs, told};
use crate::call::Answer;
use crate::errors::Refusal;
use crate::json::JsonCall;

inputs! {
    Put { resource_arn: String, tags: BTreeMap<String, String> }
    Remove { resource_arn: String, tag_keys: Vec<String> }
    List { resource_arn: String }
}

pub(crate) async fn put(call: JsonCall<'_>, input: Put) -> Result<Answer, Refusal> {
    call.app.tag_user_pool(call.cx, &input.resource_arn, input.tags).await?;
    Ok(done())
}

pub(crate) async fn remove(call: JsonCall<'_>, input: Remove) -> Result<Answer, Refusal> {
    call.app.untag_user_pool(call.cx, &input.resource_arn, input.tag_keys).await?;
    Ok(done())
}

pub(crate) async fn list(call: JsonCall<'_>, input: List) -> Result<Answer, Refusal> {
    let tags = call.app.user_pool_tags(call.cx, &input.resource_arn)?;
    Ok(told(json!({ "Tags": tags })))
}
