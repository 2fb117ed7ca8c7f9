//! Roles: the three ways AWS shows one, and trust policies.

use insta::assert_snapshot;

use crate::door::{ALLOW_LIST, Door, TRUST_ALL};

#[tokio::test]
async fn a_role_is_made_found_changed_and_deleted() {
    let door = Door::open().await;
    let make = [
        ("Action", "CreateRole"),
        ("RoleName", "job"),
        ("Path", "/ml/"),
        ("AssumeRolePolicyDocument", TRUST_ALL),
        ("Description", "runs <jobs>"),
        ("MaxSessionDuration", "7200"),
        ("Tags.member.1.Key", "team"),
        ("Tags.member.1.Value", "x"),
    ];
    assert_snapshot!(door.iam(&make).await, @r"
    200 CreateRole
    <Role><Path>/ml/</Path><RoleName>job</RoleName><RoleId>[AROA]</RoleId><Arn>arn:aws:iam::111122223333:role/ml/job</Arn><CreateDate>2026-03-01T12:00:00Z</CreateDate><AssumeRolePolicyDocument>%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22AWS%22%3A%22111122223333%22%7D%2C%22Action%22%3A%5B%22sts%3AAssumeRole%22%2C%22sts%3ATagSession%22%5D%7D%5D%7D</AssumeRolePolicyDocument><Tags>
    <member><Key>team</Key><Value>x</Value></member>
    </Tags></Role>
    ");
    assert_snapshot!(door.iam(&[("Action", "GetRole"), ("RoleName", "job")]).await, @r"
    200 GetRole
    <Role><Path>/ml/</Path><RoleName>job</RoleName><RoleId>[AROA]</RoleId><Arn>arn:aws:iam::111122223333:role/ml/job</Arn><CreateDate>2026-03-01T12:00:00Z</CreateDate><AssumeRolePolicyDocument>%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22AWS%22%3A%22arn%3Aaws%3Aiam%3A%3A111122223333%3Aroot%22%7D%2C%22Action%22%3A%5B%22sts%3AAssumeRole%22%2C%22sts%3ATagSession%22%5D%7D%5D%7D</AssumeRolePolicyDocument><Description>runs &lt;jobs&gt;</Description><MaxSessionDuration>7200</MaxSessionDuration><Tags>
    <member><Key>team</Key><Value>x</Value></member>
    </Tags><RoleLastUsed/></Role>
    ");
    assert_snapshot!(door.iam(&[("Action", "ListRoles")]).await, @r"
    200 ListRoles
    <Roles>
    <member><Path>/ml/</Path><RoleName>job</RoleName><RoleId>[AROA]</RoleId><Arn>arn:aws:iam::111122223333:role/ml/job</Arn><CreateDate>2026-03-01T12:00:00Z</CreateDate><AssumeRolePolicyDocument>%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22AWS%22%3A%22arn%3Aaws%3Aiam%3A%3A111122223333%3Aroot%22%7D%2C%22Action%22%3A%5B%22sts%3AAssumeRole%22%2C%22sts%3ATagSession%22%5D%7D%5D%7D</AssumeRolePolicyDocument><Description>runs &lt;jobs&gt;</Description><MaxSessionDuration>7200</MaxSessionDuration></member>
    </Roles><IsTruncated>false</IsTruncated>
    ");
    assert_snapshot!(door.iam(&[("Action", "UpdateRole"), ("RoleName", "job"), ("MaxSessionDuration", "3600")]).await, @r"
    200 UpdateRole
    <UpdateRoleResult/>
    ");
    assert_snapshot!(door.iam(&[("Action", "UpdateRole"), ("RoleName", "job"), ("MaxSessionDuration", "60")]).await, @"400 ValidationError: 1 validation error detected: Value at 'maxSessionDuration' failed to satisfy constraint: Member must have value greater than or equal to 3600");
    assert_snapshot!(door.iam(&[("Action", "UpdateRoleDescription"), ("RoleName", "job"), ("Description", "")]).await, @r"
    200 UpdateRoleDescription
    <Role><Path>/ml/</Path><RoleName>job</RoleName><RoleId>[AROA]</RoleId><Arn>arn:aws:iam::111122223333:role/ml/job</Arn><CreateDate>2026-03-01T12:00:00Z</CreateDate><AssumeRolePolicyDocument>%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22AWS%22%3A%22arn%3Aaws%3Aiam%3A%3A111122223333%3Aroot%22%7D%2C%22Action%22%3A%5B%22sts%3AAssumeRole%22%2C%22sts%3ATagSession%22%5D%7D%5D%7D</AssumeRolePolicyDocument><Description></Description><MaxSessionDuration>3600</MaxSessionDuration><Tags>
    <member><Key>team</Key><Value>x</Value></member>
    </Tags></Role>
    ");
    assert_snapshot!(door.iam(&[("Action", "UpdateAssumeRolePolicy"), ("RoleName", "job"), ("PolicyDocument", "{")]).await, @"400 MalformedPolicyDocument: This policy contains invalid Json");
    assert_snapshot!(door.iam(&[("Action", "UpdateAssumeRolePolicy"), ("RoleName", "job"), ("PolicyDocument", TRUST_ALL)]).await, @"200 UpdateAssumeRolePolicy");
    assert_snapshot!(door.iam(&[("Action", "DeleteRole"), ("RoleName", "job")]).await, @"200 DeleteRole");
    assert_snapshot!(door.iam(&[("Action", "GetRole"), ("RoleName", "job")]).await, @"404 NoSuchEntity: The role with name job cannot be found.");
}

#[tokio::test]
async fn a_boundary_is_shown_by_get_alone() {
    let door = Door::open().await;
    door.iam(&[("Action", "CreatePolicy"), ("PolicyName", "edge"), ("PolicyDocument", ALLOW_LIST)]).await;
    door.iam(&[("Action", "CreateRole"), ("RoleName", "job"), ("AssumeRolePolicyDocument", TRUST_ALL)]).await;
    let edge = "arn:aws:iam::111122223333:policy/edge";
    assert_snapshot!(door.iam(&[("Action", "PutRolePermissionsBoundary"), ("RoleName", "job"), ("PermissionsBoundary", edge)]).await, @"200 PutRolePermissionsBoundary");
    assert_snapshot!(door.iam(&[("Action", "GetRole"), ("RoleName", "job")]).await, @r"
    200 GetRole
    <Role><Path>/</Path><RoleName>job</RoleName><RoleId>[AROA]</RoleId><Arn>arn:aws:iam::111122223333:role/job</Arn><CreateDate>2026-03-01T12:00:00Z</CreateDate><AssumeRolePolicyDocument>%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22AWS%22%3A%22arn%3Aaws%3Aiam%3A%3A111122223333%3Aroot%22%7D%2C%22Action%22%3A%5B%22sts%3AAssumeRole%22%2C%22sts%3ATagSession%22%5D%7D%5D%7D</AssumeRolePolicyDocument><MaxSessionDuration>3600</MaxSessionDuration><PermissionsBoundary><PermissionsBoundaryType>Policy</PermissionsBoundaryType><PermissionsBoundaryArn>arn:aws:iam::111122223333:policy/edge</PermissionsBoundaryArn></PermissionsBoundary><RoleLastUsed/></Role>
    ");
    assert_snapshot!(door.iam(&[("Action", "ListRoles")]).await, @r"
    200 ListRoles
    <Roles>
    <member><Path>/</Path><RoleName>job</RoleName><RoleId>[AROA]</RoleId><Arn>arn:aws:iam::111122223333:role/job</Arn><CreateDate>2026-03-01T12:00:00Z</CreateDate><AssumeRolePolicyDocument>%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22AWS%22%3A%22arn%3Aaws%3Aiam%3A%3A111122223333%3Aroot%22%7D%2C%22Action%22%3A%5B%22sts%3AAssumeRole%22%2C%22sts%3ATagSession%22%5D%7D%5D%7D</AssumeRolePolicyDocument><MaxSessionDuration>3600</MaxSessionDuration></member>
    </Roles><IsTruncated>false</IsTruncated>
    ");
    assert_snapshot!(door.iam(&[("Action", "ListEntitiesForPolicy"), ("PolicyArn", edge), ("PolicyUsageFilter", "PermissionsBoundary")]).await, @r"
    200 ListEntitiesForPolicy
    <PolicyGroups/><PolicyUsers/><PolicyRoles>
    <member><RoleName>job</RoleName><RoleId>[AROA]</RoleId></member>
    </PolicyRoles><IsTruncated>false</IsTruncated>
    ");
    assert_snapshot!(door.iam(&[("Action", "DeletePolicy"), ("PolicyArn", edge)]).await, @"409 DeleteConflict: Cannot delete a policy attached to entities.");
    assert_snapshot!(door.iam(&[("Action", "DeleteRolePermissionsBoundary"), ("RoleName", "job")]).await, @"200 DeleteRolePermissionsBoundary");
}
