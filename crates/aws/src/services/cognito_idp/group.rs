//! Groups, and who is in them.

use garita_app::user_pool::{GroupSettings, NewGroup};
use garita_model::PoolGroup;
use garita_model::user_pool::PoolId;
use serde_json::{Value, json};

use super::{at, done, inputs, paged, part, told, user};
use crate::call::Answer;
use crate::errors::Refusal;
use crate::json::JsonCall;

inputs! {
    Settings {
        user_pool_id: PoolId,
        group_name: String,
        description: Option<String>,
        role_arn: Option<String>,
        precedence: Option<u32>,
    }
    Named { user_pool_id: PoolId, group_name: String }
    List { user_pool_id: PoolId, limit: Option<u32>, next_token: Option<String> }
    Membership { user_pool_id: PoolId, username: String, group_name: String }
    ForUser { user_pool_id: PoolId, username: String, limit: Option<u32>, next_token: Option<String> }
    Users { user_pool_id: PoolId, group_name: String, limit: Option<u32>, next_token: Option<String> }
}

impl From<Settings> for NewGroup {
    fn from(input: Settings) -> Self {
        let settings = GroupSettings {
            description: input.description,
            role: input.role_arn,
            precedence: input.precedence,
        };
        Self { pool: input.user_pool_id, name: input.group_name, settings }
    }
}

pub(crate) async fn create(call: JsonCall<'_>, input: Settings) -> Result<Answer, Refusal> {
    let group = call.app.create_pool_group(call.cx, input.into()).await?;
    Ok(told(json!({ "Group": whole(&group) })))
}

pub(crate) async fn get(call: JsonCall<'_>, input: Named) -> Result<Answer, Refusal> {
    let group = call.app.get_pool_group(call.cx, &input.user_pool_id, &input.group_name)?;
    Ok(told(json!({ "Group": whole(&group) })))
}

pub(crate) async fn list(call: JsonCall<'_>, input: List) -> Result<Answer, Refusal> {
    let part = part(input.next_token, input.limit);
    let page = call.app.list_pool_groups(call.cx, &input.user_pool_id, &part)?;
    Ok(paged("Groups", "NextToken", &page, |group| whole(group)))
}

pub(crate) async fn update(call: JsonCall<'_>, input: Settings) -> Result<Answer, Refusal> {
    let group = call.app.update_pool_group(call.cx, input.into()).await?;
    Ok(told(json!({ "Group": whole(&group) })))
}

pub(crate) async fn delete(call: JsonCall<'_>, input: Named) -> Result<Answer, Refusal> {
    call.app.delete_pool_group(call.cx, input.user_pool_id, input.group_name).await?;
    Ok(done())
}

pub(crate) async fn add_user(call: JsonCall<'_>, input: Membership) -> Result<Answer, Refusal> {
    membership(call, input, true).await
}

pub(crate) async fn remove_user(call: JsonCall<'_>, input: Membership) -> Result<Answer, Refusal> {
    membership(call, input, false).await
}

async fn membership(call: JsonCall<'_>, input: Membership, member: bool) -> Result<Answer, Refusal> {
    let (pool, name, group) = (input.user_pool_id, input.username, input.group_name);
    call.app.set_pool_membership(call.cx, pool, name, group, member).await?;
    Ok(done())
}

pub(crate) async fn list_for_user(call: JsonCall<'_>, input: ForUser) -> Result<Answer, Refusal> {
    let part = part(input.next_token, input.limit);
    let page = call.app.list_groups_for_pool_user(call.cx, &input.user_pool_id, &input.username, &part)?;
    Ok(paged("Groups", "NextToken", &page, |group| whole(group)))
}

pub(crate) async fn list_users(call: JsonCall<'_>, input: Users) -> Result<Answer, Refusal> {
    let part = part(input.next_token, input.limit);
    let page = call.app.list_pool_users_in_group(call.cx, &input.user_pool_id, &input.group_name, &part)?;
    Ok(paged("Users", "NextToken", &page, |found| user::listed(found, None)))
}

fn whole(group: &PoolGroup) -> Value {
    json!({
        "GroupName": group.name,
        "UserPoolId": group.pool.as_str(),
        "Description": group.description,
        "RoleArn": group.role,
        "Precedence": group.precedence,
        "LastModifiedDate": at(group.modified),
        "CreationDate": at(group.created),
    })
}
