//! Access keys.

use insta::assert_snapshot;

use crate::door::Door;

#[tokio::test]
async fn a_key_is_shown_once_and_can_be_switched_off() {
    let door = Door::open().await;
    door.iam(&[("Action", "CreateUser"), ("UserName", "ana")]).await;
    assert_snapshot!(door.iam(&[("Action", "CreateAccessKey"), ("UserName", "ana")]).await, @r"
    200 CreateAccessKey
    <AccessKey><UserName>ana</UserName><AccessKeyId>[AKIA]</AccessKeyId><Status>Active</Status><SecretAccessKey>[SecretAccessKey]</SecretAccessKey><CreateDate>2026-03-01T12:00:00Z</CreateDate></AccessKey>
    ");
    assert_snapshot!(door.iam(&[("Action", "ListAccessKeys"), ("UserName", "ana")]).await, @r"
    200 ListAccessKeys
    <AccessKeyMetadata>
    <member><UserName>ana</UserName><AccessKeyId>[AKIA]</AccessKeyId><Status>Active</Status><CreateDate>2026-03-01T12:00:00Z</CreateDate></member>
    </AccessKeyMetadata><IsTruncated>false</IsTruncated>
    ");
    let ben = door.user("ben").await;
    let last = [("Action", "GetAccessKeyLastUsed"), ("AccessKeyId", ben.key.as_str())];
    assert_snapshot!(door.iam(&last).await, @r"
    200 GetAccessKeyLastUsed
    <UserName>ben</UserName><AccessKeyLastUsed><ServiceName>N/A</ServiceName><Region>N/A</Region></AccessKeyLastUsed>
    ");
    assert_snapshot!(door.sts_as(&ben, &[("Action", "GetCallerIdentity")]).await, @r"
    200 GetCallerIdentity
    <Arn>arn:aws:iam::111122223333:user/ben</Arn><UserId>[AIDA]</UserId><Account>111122223333</Account>
    ");
    assert_snapshot!(door.iam(&last).await, @r"
    200 GetAccessKeyLastUsed
    <UserName>ben</UserName><AccessKeyLastUsed><LastUsedDate>2026-03-01T12:00:00Z</LastUsedDate><ServiceName>sts</ServiceName><Region>eu-west-1</Region></AccessKeyLastUsed>
    ");
    let off = [
        ("Action", "UpdateAccessKey"),
        ("UserName", "ben"),
        ("AccessKeyId", &ben.key),
        ("Status", "Inactive"),
    ];
    assert_snapshot!(door.iam(&off).await, @"200 UpdateAccessKey");
    assert_snapshot!(door.sts_as(&ben, &[("Action", "GetCallerIdentity")]).await, @"403 InvalidClientTokenId: The security token included in the request is invalid.");
    assert_snapshot!(door.iam(&[("Action", "UpdateAccessKey"), ("UserName", "ben"), ("AccessKeyId", &ben.key), ("Status", "Off")]).await, @"400 ValidationError: 1 validation error detected: Value at 'status' failed to satisfy constraint: Member must satisfy enum value set: [Active, Inactive]");
    assert_snapshot!(door.iam(&[("Action", "UpdateAccessKey"), ("UserName", "ben"), ("AccessKeyId", &ben.key)]).await, @"400 ValidationError: 1 validation error detected: Value null at 'status' failed to satisfy constraint: Member must not be null");
    assert_snapshot!(door.iam(&[("Action", "DeleteUser"), ("UserName", "ben")]).await, @"409 DeleteConflict: Cannot delete entity, must delete access keys first.");
    assert_snapshot!(door.iam(&[("Action", "DeleteAccessKey"), ("UserName", "ben"), ("AccessKeyId", &ben.key)]).await, @"200 DeleteAccessKey");
    assert_snapshot!(door.iam(&[("Action", "DeleteAccessKey"), ("UserName", "ben"), ("AccessKeyId", &ben.key)]).await, @"404 NoSuchEntity: The Access Key with id [AKIA] cannot be found.");
}

#[tokio::test]
async fn keys_of_the_root_user_have_no_user() {
    let door = Door::open().await;
    assert_snapshot!(door.iam(&[("Action", "ListAccessKeys")]).await, @r"
    200 ListAccessKeys
    <AccessKeyMetadata>
    <member><AccessKeyId>AKIATESTROOTKEY00001</AccessKeyId><Status>Active</Status><CreateDate>2026-03-01T12:00:00Z</CreateDate></member>
    </AccessKeyMetadata><IsTruncated>false</IsTruncated>
    ");
}

#[tokio::test]
async fn a_user_has_two_keys_at_most() {
    let door = Door::open().await;
    door.user("ana").await;
    door.iam(&[("Action", "CreateAccessKey"), ("UserName", "ana")]).await;
    assert_snapshot!(door.iam(&[("Action", "CreateAccessKey"), ("UserName", "ana")]).await, @"409 LimitExceeded: Cannot exceed quota for AccessKeysPerUser: 2");
}
