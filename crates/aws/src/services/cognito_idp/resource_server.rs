//! Resource servers.

use garita_app::user_pool::ResourceServerSettings;
use garita_model::user_pool::{PoolId, ResourceScope, ResourceServer};
use serde_json::{Value, json};

use super::{done, inputs, paged, part, told};
use crate::call::Answer;
use crate::errors::Refusal;
use crate::json::JsonCall;

inputs! {
    Scope { scope_name: String, scope_description: String }
    Settings { user_pool_id: PoolId, identifier: String, name: String, scopes: Option<Vec<Scope>> }
    Named { user_pool_id: PoolId, identifier: String }
    List { user_pool_id: PoolId, max_results: Option<u32>, next_token: Option<String> }
}

impl Settings {
    fn split(self) -> (PoolId, String, ResourceServerSettings) {
        let scopes = self.scopes.unwrap_or_default().into_iter();
        let scopes = scopes
            .map(|scope| ResourceScope { name: scope.scope_name, description: scope.scope_description })
            .collect();
        (self.user_pool_id, self.identifier, ResourceServerSettings { name: self.name, scopes })
    }
}

pub(crate) async fn create(call: JsonCall<'_>, input: Settings) -> Result<Answer, Refusal> {
    let (pool, identifier, settings) = input.split();
    let server = call.app.create_resource_server(call.cx, pool, identifier, settings).await?;
    Ok(told(json!({ "ResourceServer": whole(&server) })))
}

pub(crate) async fn describe(call: JsonCall<'_>, input: Named) -> Result<Answer, Refusal> {
    let server = call.app.describe_resource_server(call.cx, &input.user_pool_id, &input.identifier)?;
    Ok(told(json!({ "ResourceServer": whole(&server) })))
}

pub(crate) async fn list(call: JsonCall<'_>, input: List) -> Result<Answer, Refusal> {
    let part = part(input.next_token, input.max_results);
    let page = call.app.list_resource_servers(call.cx, &input.user_pool_id, &part)?;
    Ok(paged("ResourceServers", "NextToken", &page, |server| whole(server)))
}

pub(crate) async fn update(call: JsonCall<'_>, input: Settings) -> Result<Answer, Refusal> {
    let (pool, identifier, settings) = input.split();
    let server = call.app.update_resource_server(call.cx, pool, identifier, settings).await?;
    Ok(told(json!({ "ResourceServer": whole(&server) })))
}

pub(crate) async fn delete(call: JsonCall<'_>, input: Named) -> Result<Answer, Refusal> {
    call.app.delete_resource_server(call.cx, input.user_pool_id, input.identifier).await?;
    Ok(done())
}

fn whole(server: &ResourceServer) -> Value {
    let scope =
        |scope: &ResourceScope| json!({ "ScopeName": scope.name, "ScopeDescription": scope.description });
    json!({
        "UserPoolId": server.pool.as_str(),
        "Identifier": server.identifier,
        "Name": server.name,
        "Scopes": server.scopes.iter().map(scope).collect::<Vec<_>>(),
    })
}
