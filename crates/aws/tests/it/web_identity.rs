//! `AssumeRoleWithWebIdentity`: not signed, proved by a token.

use garita_model::Clock as _;
use garita_testkit::TestIdp;
use http::Request;
use http_body_util::Full;
use insta::assert_snapshot;
use serde_json::json;

use crate::door::{Door, form, show};

const ISSUER: &str = "https://idp.example";
const ROLE: (&str, &str) = ("RoleArn", "arn:aws:iam::111122223333:role/job");
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/idp.example"},"Action":["sts:AssumeRoleWithWebIdentity","sts:SetSourceIdentity"]}}"#;

/// A role that trusts a provider.
async fn stage(door: &Door) {
    let create =
        [("Action", "CreateOpenIDConnectProvider"), ("Url", ISSUER), ("ClientIDList.member.1", "app")];
    door.iam(&create).await;
    door.iam(&[("Action", "CreateRole"), ("RoleName", "job"), ("AssumeRolePolicyDocument", TRUST)]).await;
}

/// Posts the operation unsigned.
async fn post(door: &Door, parameters: &[(&str, &str)]) -> String {
    let all = [&[("Action", "AssumeRoleWithWebIdentity")], parameters].concat();
    let body = form("2011-06-15", &all);
    show(door.send(Request::post("/").body(Full::from(body)).unwrap()).await).await
}

#[tokio::test]
async fn a_token_gets_a_session_without_a_signature() {
    let door = Door::open().await;
    stage(&door).await;
    let idp = TestIdp::new(ISSUER, "k1");
    idp.publish(&door.garita.documents, "https://idp.example/jwks");
    let token =
        idp.token(door.garita.clock.now(), &json!({ "https://aws.amazon.com/source_identity": "ana" }));
    let ask =
        [ROLE, ("RoleSessionName", "s1"), ("WebIdentityToken", token.as_str()), ("DurationSeconds", "900")];
    assert_snapshot!(post(&door, &ask).await, @r"
    200 AssumeRoleWithWebIdentity
    <Credentials><AccessKeyId>[ASIA]</AccessKeyId><SecretAccessKey>[SecretAccessKey]</SecretAccessKey><SessionToken>[SessionToken]</SessionToken><Expiration>2026-03-01T12:15:00Z</Expiration></Credentials><SubjectFromWebIdentityToken>ana</SubjectFromWebIdentityToken><AssumedRoleUser><AssumedRoleId>[AROA]:s1</AssumedRoleId><Arn>arn:aws:sts::111122223333:assumed-role/job/s1</Arn></AssumedRoleUser><SourceIdentity>ana</SourceIdentity><Provider>https://idp.example</Provider><Audience>app</Audience>
    ");
    let all = [&[("Action", "AssumeRoleWithWebIdentity")], &ask[..]].concat();
    assert!(door.sts_as(&door.garita.root, &all).await.starts_with("200 "), "who signs it may");
    let mut forged = door.garita.root.clone();
    forged.secret.push('x');
    assert!(door.sts_as(&forged, &all).await.starts_with("403 SignatureDoesNotMatch"), "but must do it well");

    let trail = trail(&door);
    let of_token = trail.lines().find(|line| line.contains("\"AssumeRoleWithWebIdentity\"")).unwrap();
    let record: serde_json::Value = serde_json::from_str(of_token).unwrap();
    assert_snapshot!(record["userIdentity"], @r#"{"type":"WebIdentityUser","principalId":"arn:aws:iam::111122223333:oidc-provider/idp.example:app:ana","userName":"ana","identityProvider":"arn:aws:iam::111122223333:oidc-provider/idp.example"}"#);
    assert_snapshot!(record["requestParameters"], @r#"{"durationSeconds":"900","roleArn":"arn:aws:iam::111122223333:role/job","roleSessionName":"s1"}"#);
    assert!(!trail.contains(&token));
}

/// What the audit trail's files hold.
fn trail(door: &Door) -> String {
    let is_trail = |path: &std::path::Path| path.extension().is_some_and(|end| end == "jsonl");
    let mut folders = vec![door.garita.folder().to_owned()];
    let mut text = String::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if is_trail(&path) {
                text.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    text
}

#[tokio::test]
async fn tokens_that_prove_nothing_are_refused_in_awss_words() {
    let door = Door::open().await;
    stage(&door).await;
    let idp = TestIdp::new(ISSUER, "k1");
    let now = door.garita.clock.now();
    let with = async |token: &str| {
        post(&door, &[ROLE, ("RoleSessionName", "s1"), ("WebIdentityToken", token)]).await
    };
    assert_snapshot!(with(&idp.token(now, &json!({}))).await, @"400 IDPCommunicationError: the identity provider could not be reached: try again later");
    idp.publish(&door.garita.documents, "https://idp.example/jwks");
    door.garita.clock.advance(jiff::SignedDuration::from_secs(10));
    assert_snapshot!(with(&idp.token(now, &json!({ "exp": 0 }))).await, @"400 ExpiredTokenException: Token expired: current date/time 1772366410 must be before the expiration date/time 0");
    assert_snapshot!(with(&idp.token(now, &json!({ "aud": "other" }))).await, @"400 InvalidIdentityToken: Incorrect token audience");
    assert_snapshot!(with(&idp.token(now, &json!({ "iss": "https://other.example" }))).await, @"400 InvalidIdentityToken: No OpenIDConnect provider found in your account for https://other.example");
    assert_snapshot!(with(&TestIdp::new(ISSUER, "k1").token(now, &json!({}))).await, @"400 InvalidIdentityToken: the token's signature is not valid");
    assert_snapshot!(with("no-token").await, @"400 InvalidIdentityToken: The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)");
    assert_snapshot!(post(&door, &[ROLE, ("RoleSessionName", "s1")]).await, @"400 ValidationError: 1 validation error detected: Value null at 'webIdentityToken' failed to satisfy constraint: Member must not be null");
    let absent = ("RoleArn", "arn:aws:iam::111122223333:role/none");
    let token = idp.token(now, &json!({}));
    assert_snapshot!(post(&door, &[absent, ("RoleSessionName", "s1"), ("WebIdentityToken", &token)]).await, @"403 AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity. Decision id: [request id]");
    let provider_id =
        [ROLE, ("RoleSessionName", "s1"), ("WebIdentityToken", &token), ("ProviderId", "graph")];
    assert_snapshot!(post(&door, &provider_id).await, @"400 ValidationError: the parameter `ProviderId` is not supported by `AssumeRoleWithWebIdentity` here; leave it out");
}
