//! Groups and their members.

use insta::assert_snapshot;

use crate::door::Door;

#[tokio::test]
async fn a_group_is_made_filled_emptied_and_deleted() {
    let door = Door::open().await;
    door.iam(&[("Action", "CreateUser"), ("UserName", "ana")]).await;
    assert_snapshot!(door.iam(&[("Action", "CreateGroup"), ("GroupName", "devs"), ("Path", "/x/")]).await, @r"
    200 CreateGroup
    <Group><Path>/x/</Path><GroupName>devs</GroupName><GroupId>[AGPA]</GroupId><Arn>arn:aws:iam::111122223333:group/x/devs</Arn><CreateDate>2026-03-01T12:00:00Z</CreateDate></Group>
    ");
    assert_snapshot!(door.iam(&[("Action", "AddUserToGroup"), ("GroupName", "devs"), ("UserName", "ana")]).await, @"200 AddUserToGroup");
    assert_snapshot!(door.iam(&[("Action", "AddUserToGroup"), ("GroupName", "none"), ("UserName", "ana")]).await, @"404 NoSuchEntity: The group with name none cannot be found.");
    assert_snapshot!(door.iam(&[("Action", "GetGroup"), ("GroupName", "devs")]).await, @r"
    200 GetGroup
    <Group><Path>/x/</Path><GroupName>devs</GroupName><GroupId>[AGPA]</GroupId><Arn>arn:aws:iam::111122223333:group/x/devs</Arn><CreateDate>2026-03-01T12:00:00Z</CreateDate></Group><Users>
    <member><Path>/</Path><UserName>ana</UserName><UserId>[AIDA]</UserId><Arn>arn:aws:iam::111122223333:user/ana</Arn><CreateDate>2026-03-01T12:00:00Z</CreateDate></member>
    </Users><IsTruncated>false</IsTruncated>
    ");
    assert_snapshot!(door.iam(&[("Action", "ListGroupsForUser"), ("UserName", "ana")]).await, @r"
    200 ListGroupsForUser
    <Groups>
    <member><Path>/x/</Path><GroupName>devs</GroupName><GroupId>[AGPA]</GroupId><Arn>arn:aws:iam::111122223333:group/x/devs</Arn><CreateDate>2026-03-01T12:00:00Z</CreateDate></member>
    </Groups><IsTruncated>false</IsTruncated>
    ");
    assert_snapshot!(door.iam(&[("Action", "DeleteGroup"), ("GroupName", "devs")]).await, @"409 DeleteConflict: Cannot delete entity, must remove users from group first.");
    assert_snapshot!(door.iam(&[("Action", "UpdateGroup"), ("GroupName", "devs"), ("NewGroupName", "ops")]).await, @"200 UpdateGroup");
    assert_snapshot!(door.iam(&[("Action", "RemoveUserFromGroup"), ("GroupName", "ops"), ("UserName", "ana")]).await, @"200 RemoveUserFromGroup");
    assert_snapshot!(door.iam(&[("Action", "GetGroup"), ("GroupName", "ops")]).await, @r"
    200 GetGroup
    <Group><Path>/x/</Path><GroupName>ops</GroupName><GroupId>[AGPA]</GroupId><Arn>arn:aws:iam::111122223333:group/x/ops</Arn><CreateDate>2026-03-01T12:00:00Z</CreateDate></Group><Users/><IsTruncated>false</IsTruncated>
    ");
    assert_snapshot!(door.iam(&[("Action", "DeleteGroup"), ("GroupName", "ops")]).await, @"200 DeleteGroup");
    assert_snapshot!(door.iam(&[("Action", "ListGroups")]).await, @r"
    200 ListGroups
    <Groups/><IsTruncated>false</IsTruncated>
    ");
}
