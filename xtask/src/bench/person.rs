//! Somebody of a user pool: who sends a bearer token where a user of the account signs.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::garita::{ACCOUNT, Garita, READ_POLICY, REGION, cognito, iam};

const ROLE: &str = "bench-reader";
const NAME: &str = "bench";
const PASSWORD: &str = "Bench-pass-0123";

/// A user pool, its app client, and somebody in it.
pub(super) struct Person {
    client: String,
}

/// Makes somebody who may do what the user of the account may, and lets the API take tokens of their pool: it does
/// once the server is started again.
pub(super) fn make(garita: &Garita, data: &Path) -> Result<Person> {
    let text = |answer: &Value, path: &str| -> Result<String> {
        let found = answer.pointer(path).and_then(Value::as_str);
        found.map(str::to_owned).with_context(|| format!("no `{path}` in the answer"))
    };
    let made = cognito(garita, "CreateUserPool", &json!({ "PoolName": "bench" }))?;
    let pool = text(&made, "/UserPool/Id")?;
    let client = json!({ "UserPoolId": pool, "ClientName": "bench",
        "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"] });
    let client = text(&cognito(garita, "CreateUserPoolClient", &client)?, "/UserPoolClient/ClientId")?;
    let trust = json!({ "Version": "2012-10-17", "Statement": { "Effect": "Allow",
        "Principal": { "Federated": format!("arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{pool}") },
        "Action": "sts:AssumeRoleWithWebIdentity" } });
    iam(garita, "CreateRole", &[("RoleName", ROLE), ("AssumeRolePolicyDocument", &trust.to_string())])?;
    let policy = [("RoleName", ROLE), ("PolicyName", "read"), ("PolicyDocument", READ_POLICY)];
    iam(garita, "PutRolePolicy", &policy)?;
    let role = format!("arn:aws:iam::{ACCOUNT}:role/{ROLE}");
    let user = json!({ "UserPoolId": pool, "Username": NAME });
    let with = |more: Value| {
        let mut all = user.clone();
        if let (Some(all), Value::Object(more)) = (all.as_object_mut(), more) {
            all.extend(more);
        }
        all
    };
    cognito(garita, "CreateGroup", &json!({ "UserPoolId": pool, "GroupName": "readers", "RoleArn": role }))?;
    cognito(garita, "AdminCreateUser", &with(json!({ "MessageAction": "SUPPRESS" })))?;
    cognito(garita, "AdminSetUserPassword", &with(json!({ "Password": PASSWORD, "Permanent": true })))?;
    cognito(garita, "AdminAddUserToGroup", &with(json!({ "GroupName": "readers" })))?;
    let file = data.join("garita.toml");
    let config = fs::read_to_string(&file)?;
    fs::write(&file, format!("{config}[[api.user_pool]]\nid = \"{pool}\"\n"))?;
    Ok(Person { client })
}

impl Person {
    /// Signs in, and answers an access token.
    pub(super) fn token(&self, garita: &Garita) -> Result<String> {
        let ask = json!({ "AuthFlow": "USER_PASSWORD_AUTH", "ClientId": self.client,
            "AuthParameters": { "USERNAME": NAME, "PASSWORD": PASSWORD } });
        let answer = cognito(garita, "InitiateAuth", &ask)?;
        let token = answer.pointer("/AuthenticationResult/AccessToken").and_then(Value::as_str);
        token.map(str::to_owned).context("no token in the answer")
    }
}
