//! The pool, its clients and its people; and the pool as a provider of IAM's.

use serde_json::{Value, json};

use super::super::doors::{Browser, Doors, SITE};
use super::{BACK, CALLBACK, Client, LEFT, PEOPLE, World};

impl World {
    /// Has the pool be a provider of the account's, too, as Cognito's can.
    pub(super) async fn be_a_provider(&self) {
        let issuer = format!("{SITE}/{}", self.pool);
        for path in [".well-known/openid-configuration", ".well-known/jwks.json"] {
            let told = self.doors.get(&mut Browser::default(), &self.at(path)).await.body;
            self.doors.garita.documents.publish(&format!("{issuer}/{path}"), told);
        }
        let made = [
            ("Action", "CreateOpenIDConnectProvider"),
            ("Url", issuer.as_str()),
            ("ClientIDList.member.1", self.ui.as_str()),
        ];
        let reply = self.doors.query("iam", true, &made).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
    }
}

/// A pool that lets people in in every way there is, also those whom the provider at `issuer` vouches for.
pub(super) async fn make(doors: &Doors, issuer: &str) -> (String, String, Client, Client) {
    let made = doors
        .done(
            "CreateUserPool",
            json!({
                "PoolName": "people", "AutoVerifiedAttributes": ["email"],
                "Policies": { "SignInPolicy": { "AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"] } },
            }),
        )
        .await;
    let pool = made["UserPool"]["Id"].as_str().unwrap().to_owned();
    doors.done("CreateIdentityProvider", provider_settings(&pool, issuer)).await;
    let factors = json!({
        "UserPoolId": pool, "MfaConfiguration": "OPTIONAL",
        "SoftwareTokenMfaConfiguration": { "Enabled": true },
        "WebAuthnConfiguration": {
            "FactorConfiguration": "MULTI_FACTOR_WITH_USER_VERIFICATION", "UserVerification": "preferred",
        },
    });
    doors.done("SetUserPoolMfaConfig", factors).await;
    let server = json!({
        "UserPoolId": pool, "Identifier": "jobs", "Name": "jobs",
        "Scopes": [{ "ScopeName": "run", "ScopeDescription": "run" }],
    });
    doors.done("CreateResourceServer", server).await;
    let made = async |input: Value| {
        let made = doors.done("CreateUserPoolClient", input).await;
        let text = |name: &str| made["UserPoolClient"][name].as_str().unwrap_or_default().to_owned();
        Client { id: text("ClientId"), secret: text("ClientSecret") }
    };
    let [ui, app, job] = client_settings(&pool, &["COGNITO", "Corp"]);
    let secret = |mut input: Value| {
        input["GenerateSecret"] = true.into();
        input
    };
    (pool, made(ui).await.id, made(secret(app)).await, made(secret(job)).await)
}

/// What is set of the three clients, for people of these providers.
pub(crate) fn client_settings(pool: &str, providers: &[&str]) -> [Value; 3] {
    [
        ("ui", "code", "openid", CALLBACK),
        ("app", "code", "openid", BACK),
        ("job", "client_credentials", "jobs/run", BACK),
    ]
    .map(|(name, flow, scope, back)| {
        json!({
            "UserPoolId": pool, "ClientName": name,
            "ExplicitAuthFlows": [
                "ALLOW_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH",
                "ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH",
            ],
            "PreventUserExistenceErrors": "ENABLED", "AllowedOAuthFlowsUserPoolClient": true,
            "AllowedOAuthFlows": [flow], "AllowedOAuthScopes": [scope], "CallbackURLs": [back],
            "LogoutURLs": [LEFT], "SupportedIdentityProviders": providers,
        })
    })
}

/// What is set of the provider.
pub(crate) fn provider_settings(pool: &str, issuer: &str) -> Value {
    json!({
        "UserPoolId": pool, "ProviderName": "Corp", "ProviderType": "OIDC",
        "ProviderDetails": {
            "client_id": "app", "client_secret": "hush hush", "oidc_issuer": issuer, "authorize_scopes": "openid",
            "attributes_request_method": "GET",
        },
    })
}

/// The group somebody is in: one with a role, or one that asks for a second factor.
pub(crate) fn group_of(name: &str) -> &'static str {
    if name.starts_with('s') { "strict" } else { "readers" }
}

/// Its people, but for who is met later; all have this password.
pub(super) async fn people(doors: &Doors, pool: &str, password: &str) {
    let account = doors.account;
    let trust = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"], "Principal": {
            "Federated": [
                format!("arn:aws:cognito-idp:eu-west-1:{account}:userpool/{pool}"),
                format!("arn:aws:iam::{account}:oidc-provider/garita.test/{pool}"),
            ] } },
    ] });
    let role =
        [("Action", "CreateRole"), ("RoleName", "reader"), ("AssumeRolePolicyDocument", &trust.to_string())];
    let reply = doors.query("iam", true, &role).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    let all = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    let grant =
        [("Action", "PutRolePolicy"), ("RoleName", "reader"), ("PolicyName", "all"), ("PolicyDocument", all)];
    assert_eq!(doors.query("iam", true, &grant).await.status, 200);
    let role = format!("arn:aws:iam::{account}:role/reader");
    doors.done("CreateGroup", json!({ "UserPoolId": pool, "GroupName": "readers", "RoleArn": role })).await;
    doors.done("CreateGroup", json!({ "UserPoolId": pool, "GroupName": "strict" })).await;
    let arn = format!("arn:aws:cognito-idp:eu-west-1:{account}:userpool/{pool}");
    let demand = json!({ "ResourceArn": arn, "Tags": { "garita:require-mfa/strict": "true" } });
    doors.done("TagResource", demand).await;
    // `una` signs up herself.
    for name in PEOPLE.into_iter().filter(|name| *name != "una") {
        let attributes = json!([
            { "Name": "email", "Value": format!("{name}@example.com") },
            { "Name": "email_verified", "Value": "true" },
        ]);
        let user = json!({ "UserPoolId": pool, "Username": name, "UserAttributes": attributes,
            "MessageAction": "SUPPRESS", "TemporaryPassword": password });
        doors.done("AdminCreateUser", user).await;
        if name != "neo" {
            let set =
                json!({ "UserPoolId": pool, "Username": name, "Password": password, "Permanent": true });
            doors.done("AdminSetUserPassword", set).await;
        }
        let join = json!({ "UserPoolId": pool, "Username": name, "GroupName": group_of(name) });
        doors.done("AdminAddUserToGroup", join).await;
    }
}
