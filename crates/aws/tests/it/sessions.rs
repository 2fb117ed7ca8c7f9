//! STS.

use garita_testkit::TestCredentials;
use insta::assert_snapshot;
use jiff::SignedDuration;

use crate::door::{Door, TRUST_ALL};

const ROLE: &str = "arn:aws:iam::111122223333:role/job";

/// A user who may assume `job`, tags and all.
async fn caller(door: &Door) -> TestCredentials {
    let ana = door.user("ana").await;
    let allow = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:*","Resource":"*"}}"#;
    door.iam(&[
        ("Action", "PutUserPolicy"),
        ("UserName", "ana"),
        ("PolicyName", "sts"),
        ("PolicyDocument", allow),
    ])
    .await;
    door.iam(&[("Action", "CreateRole"), ("RoleName", "job"), ("AssumeRolePolicyDocument", TRUST_ALL)]).await;
    ana
}

#[tokio::test]
async fn a_role_is_assumed() {
    let door = Door::open().await;
    let ana = caller(&door).await;
    let assume = [("Action", "AssumeRole"), ("RoleArn", ROLE), ("RoleSessionName", "s1")];
    assert_snapshot!(door.sts_as(&ana, &assume).await, @r"
    200 AssumeRole
    <Credentials><AccessKeyId>[ASIA]</AccessKeyId><SecretAccessKey>[SecretAccessKey]</SecretAccessKey><SessionToken>[SessionToken]</SessionToken><Expiration>2026-03-01T13:00:00Z</Expiration></Credentials><AssumedRoleUser><AssumedRoleId>[AROA]:s1</AssumedRoleId><Arn>arn:aws:sts::111122223333:assumed-role/job/s1</Arn></AssumedRoleUser>
    ");
    let tagged = [&assume[..], &[("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "x")]].concat();
    assert_snapshot!(door.sts_as(&ana, &tagged).await, @r"
    200 AssumeRole
    <Credentials><AccessKeyId>[ASIA]</AccessKeyId><SecretAccessKey>[SecretAccessKey]</SecretAccessKey><SessionToken>[SessionToken]</SessionToken><Expiration>2026-03-01T13:00:00Z</Expiration></Credentials><AssumedRoleUser><AssumedRoleId>[AROA]:s1</AssumedRoleId><Arn>arn:aws:sts::111122223333:assumed-role/job/s1</Arn></AssumedRoleUser><PackedPolicySize>1</PackedPolicySize>
    ");
    let session = door.assume(&ana, &assume).await;
    assert_snapshot!(door.sts_as(&session, &[("Action", "GetCallerIdentity")]).await, @r"
    200 GetCallerIdentity
    <Arn>arn:aws:sts::111122223333:assumed-role/job/s1</Arn><UserId>[AROA]:s1</UserId><Account>111122223333</Account>
    ");
    let swapped =
        TestCredentials { key: ana.key.clone(), secret: ana.secret.clone(), token: session.token.clone() };
    assert_snapshot!(door.sts_as(&swapped, &[("Action", "GetCallerIdentity")]).await, @"403 InvalidClientTokenId: The security token included in the request is invalid.");
    door.garita.clock.advance(SignedDuration::from_secs(3_600));
    assert_snapshot!(door.sts_as(&session, &[("Action", "GetCallerIdentity")]).await, @"403 ExpiredToken: The security token included in the request is expired");
}

#[tokio::test]
async fn what_cannot_be_assumed_is_refused_in_awss_words() {
    let door = Door::open().await;
    let ana = caller(&door).await;
    let refused = async |more: &[(&str, &str)]| {
        let assume = [("Action", "AssumeRole"), ("RoleArn", ROLE), ("RoleSessionName", "s1")];
        let base = assume.iter().filter(|(name, _)| !more.iter().any(|(other, _)| other == name));
        let all: Vec<_> = base.chain(more).copied().collect();
        door.sts_as(&ana, &all).await
    };
    assert_snapshot!(refused(&[("RoleSessionName", "Session1:2")]).await, @r"400 ValidationError: 1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*");
    assert_snapshot!(refused(&[("RoleSessionName", "x")]).await, @"400 ValidationError: 1 validation error detected: Value 'x' at 'roleSessionName' failed to satisfy constraint: Member must have length greater than or equal to 2");
    assert_snapshot!(refused(&[("RoleArn", "nothing-valid-in-here")]).await, @"400 ValidationError: nothing-valid-in-here is invalid");
    assert_snapshot!(refused(&[("RoleArn", "arn:aws:iam::111122223333:role/none")]).await, @"403 AccessDenied: User: arn:aws:iam::111122223333:user/ana is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::111122223333:role/none because no role trust policy allows the sts:AssumeRole action. Decision id: [request id]. Encoded authorization failure message: [sealed]");
    assert_snapshot!(refused(&[("DurationSeconds", "899")]).await, @"400 ValidationError: 1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900");
    assert_snapshot!(refused(&[("DurationSeconds", "7200")]).await, @"400 ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
    assert_snapshot!(refused(&[("TransitiveTagKeys.member.1", "team")]).await, @"400 InvalidParameterValue: The specified transitive tag key must be included in the requested tags.");
    assert_snapshot!(refused(&[("SerialNumber", "arn:aws:iam::111122223333:mfa/ana"), ("TokenCode", "123456")]).await, @"403 AccessDenied: MultiFactorAuthentication failed with invalid MFA one time pass code.");
    assert_snapshot!(refused(&[("ProvidedContexts.member.1.ProviderArn", "x")]).await, @"400 ValidationError: the parameter `ProvidedContexts.member.1.ProviderArn` is not supported by `AssumeRole` here; leave it out");
    assert_snapshot!(refused(&[("Policy", "{}")]).await, @"400 MalformedPolicyDocument: Syntax errors in policy. (the policy has no `Statement` at line 1 column 1)");
    assert_snapshot!(refused(&[("SourceIdentity", "ana")]).await, @"403 AccessDenied: User: arn:aws:iam::111122223333:user/ana is not authorized to perform: sts:SetSourceIdentity on resource: arn:aws:iam::111122223333:role/job because no role trust policy allows the sts:SetSourceIdentity action. Decision id: [request id]. Encoded authorization failure message: [sealed]");
}

#[tokio::test]
async fn a_user_gets_a_session() {
    let door = Door::open().await;
    let ana = caller(&door).await;
    assert_snapshot!(door.sts_as(&ana, &[("Action", "GetSessionToken"), ("DurationSeconds", "900")]).await, @r"
    200 GetSessionToken
    <Credentials><AccessKeyId>[ASIA]</AccessKeyId><SecretAccessKey>[SecretAccessKey]</SecretAccessKey><SessionToken>[SessionToken]</SessionToken><Expiration>2026-03-01T12:15:00Z</Expiration></Credentials>
    ");
    assert_snapshot!(door.sts_as(&ana, &[("Action", "GetSessionToken"), ("DurationSeconds", "129601")]).await, @"400 ValidationError: 1 validation error detected: Value '129601' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 129600");
    let session = door.assume(&ana, &[("Action", "GetSessionToken")]).await;
    assert_snapshot!(door.sts_as(&session, &[("Action", "GetSessionToken")]).await, @"403 AccessDenied: Cannot call GetSessionToken with session credentials");
    assert_snapshot!(door.iam_as(&session, &[("Action", "ListUsers")]).await, @"403 InvalidClientTokenId: The security token included in the request is invalid.");
    assert_snapshot!(door.sts_as(&session, &[("Action", "GetCallerIdentity")]).await, @r"
    200 GetCallerIdentity
    <Arn>arn:aws:iam::111122223333:user/ana</Arn><UserId>[AIDA]</UserId><Account>111122223333</Account>
    ");
}

#[tokio::test]
async fn an_access_key_names_its_account() {
    let door = Door::open().await;
    let ana = caller(&door).await;
    assert_snapshot!(door.sts_as(&ana, &[("Action", "GetAccessKeyInfo"), ("AccessKeyId", &ana.key)]).await, @r"
    200 GetAccessKeyInfo
    <Account>111122223333</Account>
    ");
    assert_snapshot!(door.sts_as(&ana, &[("Action", "GetAccessKeyInfo"), ("AccessKeyId", "short")]).await, @"400 ValidationError: an access key id has 16 to 128 letters, digits or `_`");
}

#[tokio::test]
async fn a_federated_user_gets_a_session() {
    let door = Door::open().await;
    let ana = caller(&door).await;
    let allow = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#;
    let get =
        [("Action", "GetFederationToken"), ("Name", "bo"), ("DurationSeconds", "900"), ("Policy", allow)];
    assert_snapshot!(door.sts_as(&ana, &get).await, @r"
    200 GetFederationToken
    <Credentials><AccessKeyId>[ASIA]</AccessKeyId><SecretAccessKey>[SecretAccessKey]</SecretAccessKey><SessionToken>[SessionToken]</SessionToken><Expiration>2026-03-01T12:15:00Z</Expiration></Credentials><FederatedUser><FederatedUserId>111122223333:bo</FederatedUserId><Arn>arn:aws:sts::111122223333:federated-user/bo</Arn></FederatedUser><PackedPolicySize>1</PackedPolicySize>
    ");
    let tagged = [&get[..], &[("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "x")]].concat();
    assert_snapshot!(door.sts_as(&ana, &tagged).await, @r"
    200 GetFederationToken
    <Credentials><AccessKeyId>[ASIA]</AccessKeyId><SecretAccessKey>[SecretAccessKey]</SecretAccessKey><SessionToken>[SessionToken]</SessionToken><Expiration>2026-03-01T12:15:00Z</Expiration></Credentials><FederatedUser><FederatedUserId>111122223333:bo</FederatedUserId><Arn>arn:aws:sts::111122223333:federated-user/bo</Arn></FederatedUser><PackedPolicySize>1</PackedPolicySize>
    ");
    let refused =
        async |name: &str| door.sts_as(&ana, &[("Action", "GetFederationToken"), ("Name", name)]).await;
    assert_snapshot!(refused("b").await, @"400 ValidationError: 1 validation error detected: Value 'b' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 2");
    assert_snapshot!(refused("b c").await, @r#"400 ValidationError: 1 validation error detected: Value 'b c' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*"#);
    let bo = door.assume(&ana, &get).await;
    assert_snapshot!(door.sts_as(&bo, &[("Action", "GetCallerIdentity")]).await, @r"
    200 GetCallerIdentity
    <Arn>arn:aws:sts::111122223333:federated-user/bo</Arn><UserId>111122223333:bo</UserId><Account>111122223333</Account>
    ");
    assert_snapshot!(door.iam_as(&bo, &[("Action", "ListUsers")]).await, @"403 InvalidClientTokenId: The security token included in the request is invalid.");
    assert_snapshot!(door.sts_as(&bo, &get).await, @"403 AccessDenied: Cannot call GetFederationToken with session credentials");
}
