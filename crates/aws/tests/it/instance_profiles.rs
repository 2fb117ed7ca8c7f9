//! Instance profiles.

use insta::assert_snapshot;

use crate::door::{Door, TRUST_ALL};

#[tokio::test]
async fn a_profile_is_made_given_a_role_and_deleted() {
    let door = Door::open().await;
    let role = [("Action", "CreateRole"), ("RoleName", "r"), ("AssumeRolePolicyDocument", TRUST_ALL)];
    door.iam(&role).await;
    let gpu = |action| [("Action", action), ("InstanceProfileName", "gpu")];
    let with_role = |action| [("Action", action), ("InstanceProfileName", "gpu"), ("RoleName", "r")];
    let make = [
        ("Action", "CreateInstanceProfile"),
        ("InstanceProfileName", "gpu"),
        ("Path", "/lab/"),
        ("Tags.member.1.Key", "team"),
        ("Tags.member.1.Value", "vision"),
    ];
    assert_snapshot!(door.iam(&make).await, @r"
    200 CreateInstanceProfile
    <InstanceProfile><Path>/lab/</Path><InstanceProfileName>gpu</InstanceProfileName><InstanceProfileId>[AIPA]</InstanceProfileId><Arn>arn:aws:iam::111122223333:instance-profile/lab/gpu</Arn><CreateDate>2026-03-01T12:00:00Z</CreateDate><Roles/><Tags>
    <member><Key>team</Key><Value>vision</Value></member>
    </Tags></InstanceProfile>
    ");
    assert_snapshot!(door.iam(&gpu("CreateInstanceProfile")).await, @"409 EntityAlreadyExists: Instance Profile gpu already exists.");
    assert_snapshot!(door.iam(&with_role("AddRoleToInstanceProfile")).await, @"200 AddRoleToInstanceProfile");
    assert_snapshot!(door.iam(&gpu("GetInstanceProfile")).await, @r"
    200 GetInstanceProfile
    <InstanceProfile><Path>/lab/</Path><InstanceProfileName>gpu</InstanceProfileName><InstanceProfileId>[AIPA]</InstanceProfileId><Arn>arn:aws:iam::111122223333:instance-profile/lab/gpu</Arn><CreateDate>2026-03-01T12:00:00Z</CreateDate><Roles>
    <member><Path>/</Path><RoleName>r</RoleName><RoleId>[AROA]</RoleId><Arn>arn:aws:iam::111122223333:role/r</Arn><CreateDate>2026-03-01T12:00:00Z</CreateDate><AssumeRolePolicyDocument>%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22AWS%22%3A%22arn%3Aaws%3Aiam%3A%3A111122223333%3Aroot%22%7D%2C%22Action%22%3A%5B%22sts%3AAssumeRole%22%2C%22sts%3ATagSession%22%5D%7D%5D%7D</AssumeRolePolicyDocument><MaxSessionDuration>3600</MaxSessionDuration></member>
    </Roles><Tags>
    <member><Key>team</Key><Value>vision</Value></member>
    </Tags></InstanceProfile>
    ");
    assert_snapshot!(door.iam(&[("Action", "ListInstanceProfiles"), ("PathPrefix", "/x/")]).await, @r"
    200 ListInstanceProfiles
    <InstanceProfiles/><IsTruncated>false</IsTruncated>
    ");
    assert_snapshot!(door.iam(&[("Action", "ListInstanceProfilesForRole"), ("RoleName", "r")]).await, @r"
    200 ListInstanceProfilesForRole
    <InstanceProfiles>
    <member><Path>/lab/</Path><InstanceProfileName>gpu</InstanceProfileName><InstanceProfileId>[AIPA]</InstanceProfileId><Arn>arn:aws:iam::111122223333:instance-profile/lab/gpu</Arn><CreateDate>2026-03-01T12:00:00Z</CreateDate><Roles>
    <member><Path>/</Path><RoleName>r</RoleName><RoleId>[AROA]</RoleId><Arn>arn:aws:iam::111122223333:role/r</Arn><CreateDate>2026-03-01T12:00:00Z</CreateDate><AssumeRolePolicyDocument>%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22AWS%22%3A%22arn%3Aaws%3Aiam%3A%3A111122223333%3Aroot%22%7D%2C%22Action%22%3A%5B%22sts%3AAssumeRole%22%2C%22sts%3ATagSession%22%5D%7D%5D%7D</AssumeRolePolicyDocument><MaxSessionDuration>3600</MaxSessionDuration></member>
    </Roles></member>
    </InstanceProfiles><IsTruncated>false</IsTruncated>
    ");
    assert_snapshot!(door.iam(&gpu("ListInstanceProfileTags")).await, @r"
    200 ListInstanceProfileTags
    <Tags>
    <member><Key>team</Key><Value>vision</Value></member>
    </Tags><IsTruncated>false</IsTruncated>
    ");
    assert_snapshot!(door.iam(&gpu("DeleteInstanceProfile")).await, @"409 DeleteConflict: Cannot delete entity, must remove roles from instance profile first.");
    assert_snapshot!(door.iam(&with_role("RemoveRoleFromInstanceProfile")).await, @"200 RemoveRoleFromInstanceProfile");
    assert_snapshot!(door.iam(&gpu("DeleteInstanceProfile")).await, @"200 DeleteInstanceProfile");
    assert_snapshot!(door.iam(&gpu("GetInstanceProfile")).await, @"404 NoSuchEntity: Instance Profile gpu cannot be found.");
}
