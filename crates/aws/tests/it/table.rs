//! The operations table against the door: every row is served, and nothing else is.

use garita_aws::operations::{ABSENT, operations};
use garita_wire::operation::{Authentication, Operation, Protocol};
use serde_json::{Value, json};

use crate::door::{Door, told};

#[tokio::test]
async fn every_row_is_served() {
    let door = Door::open().await;
    for row in operations().filter(|row| row.protocol == Protocol::Query) {
        let call = [("Action", row.name)];
        let reply = match row.service {
            "iam" => door.iam(&call).await,
            _ => door.sts_as(&door.garita.root, &call).await,
        };
        assert!(
            ["200 ", "400 ", "403 ", "404 FeatureDisabled"].iter().any(|begin| reply.starts_with(begin)),
            "{reply}"
        );
        assert!(!reply.contains("InvalidAction"), "{reply}");
    }
}

#[tokio::test]
async fn what_has_no_row_is_refused_by_name() {
    let door = Door::open().await;
    let of_query = ABSENT.iter().filter(|(service, _)| *service != "cognito-idp");
    for (service, name) in of_query.flat_map(|(service, names)| names.iter().map(move |name| (service, name)))
    {
        assert!(operations().all(|row| row.service != *service || row.name != *name), "{name}");
        let call = [("Action", *name)];
        let (reply, version) = match *service {
            "iam" => (door.iam(&call).await, "2010-05-08"),
            _ => (door.sts_as(&door.garita.root, &call).await, "2011-06-15"),
        };
        assert_eq!(
            reply,
            format!("400 InvalidAction: Could not find operation {name} for version {version}")
        );
    }
}

#[tokio::test]
async fn who_has_no_rights_is_refused_by_every_row_but_the_open_ones() {
    let door = Door::open().await;
    let nobody = door.user("nobody").await;
    let metadata = " ".repeat(1_000);
    let values = [
        ("UserName", "other"),
        ("GroupName", "g"),
        ("RoleName", "r"),
        ("PolicyName", "p"),
        ("PolicyArn", "arn:aws:iam::111122223333:policy/p"),
        ("VersionId", "v1"),
        ("AccessKeyId", "AKIAAAAAAAAAAAAAAAAA"),
        ("Status", "Active"),
        ("PolicyDocument", "{}"),
        ("AssumeRolePolicyDocument", "{}"),
        ("PermissionsBoundary", "arn:aws:iam::111122223333:policy/p"),
        ("Description", "d"),
        ("Tags", ""),
        ("TagKeys", ""),
        ("RoleArn", "arn:aws:iam::111122223333:role/r"),
        ("RoleSessionName", "s1"),
        ("AccountAlias", "vision"),
        ("InstanceProfileName", "i"),
        ("Arn", "arn:aws:iam::111122223333:user/other"),
        ("ServiceNamespaces", ""),
        ("ServiceNamespace", "iam"),
        ("JobId", "00000000-0000-4000-8000-000000000000"),
        ("SSHPublicKeyBody", "ssh-rsa AAAA"),
        ("SSHPublicKeyId", "APKAAAAAAAAAAAAAAAAAA"),
        ("Encoding", "SSH"),
        ("Url", "https://idp.example"),
        ("OpenIDConnectProviderArn", "arn:aws:iam::111122223333:oidc-provider/idp.example"),
        ("SAMLProviderArn", "arn:aws:iam::111122223333:saml-provider/s"),
        ("ClientID", "c"),
        ("ThumbprintList", ""),
        ("Name", "sp"),
        ("SAMLMetadataDocument", &metadata),
        ("VirtualMFADeviceName", "d"),
        ("AuthenticationCode1", "123456"),
        ("AuthenticationCode2", "123456"),
        ("Password", "Secret-1-word"),
        ("OldPassword", "Secret-1-word"),
        ("NewPassword", "Secret-2-word"),
        ("PolicySourceArn", "arn:aws:iam::111122223333:user/other"),
        ("ActionNames", ""),
        ("PolicyInputList", ""),
        ("EncodedMessage", "c2VhbGVk"),
        ("AWSServiceName", "cloudtrail.amazonaws.com"),
        ("DeletionTaskId", "task/1"),
        ("Audience.member.1", "app"),
        ("SigningAlgorithm", "ES384"),
    ];
    // What is not signed is refused for its token, not for the rights of who sends it.
    let signed = |row: &&Operation| row.authentication == Authentication::Required;
    for row in operations().filter(|row| row.protocol == Protocol::Query).filter(signed) {
        let taken = garita_aws::operations::parameters(row);
        let mut call = vec![("Action", row.name)];
        let of = |name: &str| name.split('.').next().is_some_and(|first| taken.contains(&first));
        call.extend(values.iter().filter(|(name, _)| of(name)));
        if row.service == "iam" && taken.contains(&"SerialNumber") {
            call.push(("SerialNumber", "arn:aws:iam::111122223333:mfa/d"));
        }
        let reply = match row.service {
            "iam" => door.iam_as(&nobody, &call).await,
            _ => door.sts_as(&nobody, &call).await,
        };
        let open = ["GetSessionToken", "GetCallerIdentity"].contains(&row.name);
        let expected = if open { "200 " } else { "403 " };
        assert!(reply.starts_with(expected), "{}: {reply}", row.name);
    }
}

fn json_operations() -> impl Iterator<Item = &'static Operation> {
    operations().filter(|row| row.protocol == Protocol::Json11)
}

#[tokio::test]
async fn every_json_row_is_served() {
    let door = Door::open().await;
    for row in json_operations() {
        let reply = match row.authentication {
            Authentication::Required => door.pools(row.name, json!({})).await,
            Authentication::None => door.person(row.name, json!({})).await,
        };
        let told = told(&reply);
        let missing = told.contains("failed to satisfy constraint: Member must not be null");
        let either = told.contains("give either `AccessToken` or `Session`");
        let named = told.starts_with("400 InvalidParameterException: ");
        assert!(named && (missing || either), "{}: {told}", row.name);
    }
}

#[tokio::test]
async fn json_operations_and_members_that_are_not_here_are_refused_by_name() {
    let door = Door::open().await;
    for name in ["ConfirmDevice", "CreateUserImportJob", "SetRiskConfiguration", "listUserPools", ""] {
        let target = format!("AWSCognitoIdentityProviderService.{name}");
        let refused = format!("400 UnknownOperationException: Could not find operation for target {target}");
        assert_eq!(told(&door.pools(name, json!({})).await), refused);
        assert_eq!(told(&door.person(name, json!({})).await), refused, "without a signature too");
    }
    let unsigned = told(&door.person("ListUserPools", json!({ "MaxResults": 1 })).await);
    assert!(unsigned.starts_with("400 MissingAuthenticationTokenException"), "{unsigned}");
    let lambda = json!({ "PoolName": "p", "LambdaConfig": { "PreSignUp": "arn:aws:lambda:x" } });
    assert_eq!(
        told(&door.pools("CreateUserPool", lambda).await),
        "400 InvalidParameterException: the member `PreSignUp` is not supported here; leave it out"
    );
    let sms = json!({ "PoolName": "p", "SmsConfiguration": { "SnsCallerArn": "arn" } });
    assert_eq!(
        told(&door.pools("CreateUserPool", sms).await),
        "400 InvalidParameterException: the member `SmsConfiguration` is not supported here; leave it out"
    );
    let wrong = told(&door.pools("ListUserPools", json!({ "MaxResults": "a secret" })).await);
    assert_eq!(wrong, "400 SerializationException: a member of the input has the wrong type: expected u32");
}

/// An input with something for every member that must be there.
fn filled(row: &Operation, pool: &str) -> Value {
    let arn = format!("arn:aws:cognito-idp:eu-west-1:111122223333:userpool/{pool}");
    let someone = |provider: &str| {
        let by = "Cognito_Subject";
        json!({ "ProviderName": provider, "ProviderAttributeName": by, "ProviderAttributeValue": "ana" })
    };
    let details =
        json!({ "client_id": "c", "oidc_issuer": "https://idp.example", "authorize_scopes": "openid" });
    let values = [
        ("ProviderName", json!("Corp")),
        ("ProviderType", json!("OIDC")),
        ("ProviderDetails", details),
        ("IdpIdentifier", json!("corp.example")),
        ("DestinationUser", someone("Cognito")),
        ("SourceUser", someone("Corp")),
        ("User", someone("Corp")),
        ("UserPoolId", json!(pool)),
        ("ResourceArn", json!(arn)),
        ("PoolName", json!("p")),
        ("Identifier", json!("https://api.example")),
        ("Name", json!("api")),
        ("ClientName", json!("c")),
        ("ClientId", json!("c")),
        ("Username", json!("ana")),
        ("GroupName", json!("g")),
        ("Password", json!("Secret-1-word")),
        ("UserAttributes", json!([])),
        ("UserAttributeNames", json!([])),
        ("CustomAttributes", json!([])),
        ("Tags", json!({})),
        ("TagKeys", json!([])),
        ("MaxResults", json!(1)),
        ("AuthFlow", json!("ADMIN_USER_PASSWORD_AUTH")),
        ("ChallengeName", json!("NEW_PASSWORD_REQUIRED")),
    ];
    let taken = garita_aws::operations::parameters(row);
    let own = values.into_iter().filter(|(name, _)| taken.contains(name));
    own.map(|(name, value)| (name.to_owned(), value)).collect::<serde_json::Map<_, _>>().into()
}

#[tokio::test]
async fn who_has_no_rights_is_refused_by_every_signed_json_row_whether_the_pool_is_there_or_not() {
    let door = Door::open().await;
    let nobody = door.user("nobody").await;
    let (_, made) = door.pools("CreateUserPool", json!({ "PoolName": "people" })).await;
    for pool in [made["UserPool"]["Id"].as_str().unwrap(), "eu-west-1_AbsentOne"] {
        for row in json_operations().filter(|row| row.authentication == Authentication::Required) {
            let told = told(&door.pools_as(&nobody, row.name, filled(row, pool)).await);
            let refused = format!(
                "400 AccessDeniedException: User: arn:aws:iam::111122223333:user/nobody is not authorized to perform: {}",
                row.action
            );
            assert!(told.starts_with(&refused), "{told}");
        }
    }
    let (other, root) = door.garita.another_account("other").await;
    assert_ne!(other, door.garita.account());
    let pool = made["UserPool"]["Id"].as_str().unwrap();
    let stolen = door.pools_as(&root, "DescribeUserPool", json!({ "UserPoolId": pool })).await;
    assert_eq!(told(&stolen), format!("400 ResourceNotFoundException: User pool {pool} does not exist."));
}
