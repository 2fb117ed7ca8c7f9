//! Users: every shape of reply, and every refusal a lifecycle meets.

use insta::assert_snapshot;

use crate::door::Door;

#[tokio::test]
async fn a_user_is_made_found_changed_and_deleted() {
    let door = Door::open().await;
    let make = [
        ("Action", "CreateUser"),
        ("UserName", "ana"),
        ("Path", "/data/"),
        ("Tags.member.1.Key", "team"),
        ("Tags.member.1.Value", "a b"),
    ];
    assert_snapshot!(door.iam(&make).await, @r"
    200 CreateUser
    <User><Path>/data/</Path><UserName>ana</UserName><UserId>[AIDA]</UserId><Arn>arn:aws:iam::111122223333:user/data/ana</Arn><CreateDate>2026-03-01T12:00:00Z</CreateDate><Tags>
    <member><Key>team</Key><Value>a b</Value></member>
    </Tags></User>
    ");
    assert_snapshot!(door.iam(&make).await, @"409 EntityAlreadyExists: User with name ana already exists.");
    assert_snapshot!(door.iam(&[("Action", "GetUser"), ("UserName", "ANA")]).await, @r"
    200 GetUser
    <User><Path>/data/</Path><UserName>ana</UserName><UserId>[AIDA]</UserId><Arn>arn:aws:iam::111122223333:user/data/ana</Arn><CreateDate>2026-03-01T12:00:00Z</CreateDate><Tags>
    <member><Key>team</Key><Value>a b</Value></member>
    </Tags></User>
    ");
    assert_snapshot!(door.iam(&[("Action", "UpdateUser"), ("UserName", "ana"), ("NewUserName", "ana2"), ("NewPath", "/")]).await, @"200 UpdateUser");
    assert_snapshot!(door.iam(&[("Action", "GetUser"), ("UserName", "ana")]).await, @"404 NoSuchEntity: The user with name ana cannot be found.");
    assert_snapshot!(door.iam(&[("Action", "ListUsers")]).await, @r"
    200 ListUsers
    <Users>
    <member><Path>/</Path><UserName>ana2</UserName><UserId>[AIDA]</UserId><Arn>arn:aws:iam::111122223333:user/ana2</Arn><CreateDate>2026-03-01T12:00:00Z</CreateDate></member>
    </Users><IsTruncated>false</IsTruncated>
    ");
    assert_snapshot!(door.iam(&[("Action", "DeleteUser"), ("UserName", "ana2")]).await, @"200 DeleteUser");
    assert_snapshot!(door.iam(&[("Action", "ListUsers"), ("PathPrefix", "/none/")]).await, @r"
    200 ListUsers
    <Users/><IsTruncated>false</IsTruncated>
    ");
}

#[tokio::test]
async fn without_a_name_the_user_is_the_caller() {
    let door = Door::open().await;
    assert_snapshot!(door.iam(&[("Action", "GetUser")]).await, @r"
    200 GetUser
    <User><UserId>111122223333</UserId><Arn>arn:aws:iam::111122223333:root</Arn><CreateDate>2026-03-01T12:00:00Z</CreateDate></User>
    ");
    let ana = door.user("ana").await;
    let own =
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:GetUser","Resource":"*"}}"#;
    door.iam(&[
        ("Action", "PutUserPolicy"),
        ("UserName", "ana"),
        ("PolicyName", "own"),
        ("PolicyDocument", own),
    ])
    .await;
    assert_snapshot!(door.iam_as(&ana, &[("Action", "GetUser")]).await, @r"
    200 GetUser
    <User><Path>/</Path><UserName>ana</UserName><UserId>[AIDA]</UserId><Arn>arn:aws:iam::111122223333:user/ana</Arn><CreateDate>2026-03-01T12:00:00Z</CreateDate></User>
    ");
}

#[tokio::test]
async fn lists_come_in_pages() {
    let door = Door::open().await;
    for name in ["a", "b", "c"] {
        door.iam(&[("Action", "CreateUser"), ("UserName", name)]).await;
    }
    assert_snapshot!(door.iam(&[("Action", "ListUsers"), ("MaxItems", "2")]).await, @r"
    200 ListUsers
    <Users>
    <member><Path>/</Path><UserName>a</UserName><UserId>[AIDA]</UserId><Arn>arn:aws:iam::111122223333:user/a</Arn><CreateDate>2026-03-01T12:00:00Z</CreateDate></member>
    <member><Path>/</Path><UserName>b</UserName><UserId>[AIDA]</UserId><Arn>arn:aws:iam::111122223333:user/b</Arn><CreateDate>2026-03-01T12:00:00Z</CreateDate></member>
    </Users><IsTruncated>true</IsTruncated><Marker>[Marker]</Marker>
    ");
    assert_snapshot!(door.iam(&[("Action", "ListUsers"), ("MaxItems", "0")]).await, @"400 ValidationError: 1 validation error detected: Value at 'maxItems' failed to satisfy constraint: Member must have value greater than or equal to 1");
    assert_snapshot!(door.iam(&[("Action", "ListUsers"), ("MaxItems", "1001")]).await, @"400 ValidationError: 1 validation error detected: Value at 'maxItems' failed to satisfy constraint: Member must have value less than or equal to 1000");
    assert_snapshot!(door.iam(&[("Action", "ListUsers"), ("MaxItems", "two")]).await, @"400 MalformedInput: STRING_VALUE can not be converted to an Integer");
    assert_snapshot!(door.iam(&[("Action", "ListUsers"), ("Marker", "no marker")]).await, @"400 ValidationError: Invalid Marker.");
}

#[tokio::test]
async fn values_out_of_bounds_are_refused() {
    let door = Door::open().await;
    assert_snapshot!(door.iam(&[("Action", "CreateUser")]).await, @"400 ValidationError: 1 validation error detected: Value null at 'userName' failed to satisfy constraint: Member must not be null");
    assert_snapshot!(door.iam(&[("Action", "CreateUser"), ("UserName", "a b")]).await, @"400 ValidationError: The specified value for userName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-");
    assert_snapshot!(door.iam(&[("Action", "CreateUser"), ("UserName", &"a".repeat(65))]).await, @"400 ValidationError: 1 validation error detected: Value at 'userName' failed to satisfy constraint: Member must have length less than or equal to 64");
    assert_snapshot!(door.iam(&[("Action", "CreateUser"), ("UserName", "a"), ("Path", "x")]).await, @"400 ValidationError: The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.");
    assert_snapshot!(door.iam(&[("Action", "CreateUser"), ("UserName", "a"), ("Tags.member.1.Key", "k")]).await, @"400 ValidationError: 1 validation error detected: Value null at 'tags.1.member.value' failed to satisfy constraint: Member must not be null");
    assert_snapshot!(door.iam(&[("Action", "TagUser"), ("UserName", "a")]).await, @"400 ValidationError: 1 validation error detected: Value null at 'tags' failed to satisfy constraint: Member must not be null");
}

#[tokio::test]
async fn tags_are_set_listed_and_taken_away() {
    let door = Door::open().await;
    door.iam(&[("Action", "CreateUser"), ("UserName", "ana")]).await;
    assert_snapshot!(door.iam(&[("Action", "TagUser"), ("UserName", "ana"), ("Tags.member.1.Key", "k"), ("Tags.member.1.Value", "v")]).await, @"200 TagUser");
    assert_snapshot!(door.iam(&[("Action", "ListUserTags"), ("UserName", "ana")]).await, @r"
    200 ListUserTags
    <Tags>
    <member><Key>k</Key><Value>v</Value></member>
    </Tags><IsTruncated>false</IsTruncated>
    ");
    assert_snapshot!(door.iam(&[("Action", "UntagUser"), ("UserName", "ana"), ("TagKeys.member.1", "k")]).await, @"200 UntagUser");
    assert_snapshot!(door.iam(&[("Action", "ListUserTags"), ("UserName", "ana")]).await, @r"
    200 ListUserTags
    <Tags/><IsTruncated>false</IsTruncated>
    ");
}
