//! What an account has as a whole.

use insta::assert_snapshot;

use crate::door::{ALLOW_LIST, Door, TRUST_ALL};

#[tokio::test]
async fn an_alias_is_made_listed_and_deleted() {
    let door = Door::open().await;
    let named = |action| [("Action", action), ("AccountAlias", "vision-lab")];
    assert_snapshot!(door.iam(&named("CreateAccountAlias")).await, @"200 CreateAccountAlias");
    assert_snapshot!(door.iam(&[("Action", "ListAccountAliases")]).await, @r"
    200 ListAccountAliases
    <AccountAliases>
    <member>vision-lab</member>
    </AccountAliases><IsTruncated>false</IsTruncated>
    ");
    assert_snapshot!(door.iam(&named("DeleteAccountAlias")).await, @"200 DeleteAccountAlias");
    assert_snapshot!(door.iam(&named("DeleteAccountAlias")).await, @"404 NoSuchEntity: The account alias vision-lab cannot be found.");
    assert_snapshot!(door.iam(&[("Action", "CreateAccountAlias"), ("AccountAlias", "Vision")]).await, @"400 ValidationError: 1 validation error detected: Value at 'accountAlias' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$");
}

#[tokio::test]
async fn the_summary_is_a_map() {
    let door = Door::open().await;
    let summary = door.iam(&[("Action", "GetAccountSummary")]).await;
    assert!(summary.contains("<entry><key>UsersQuota</key><value>5000</value></entry>"), "{summary}");
}

#[tokio::test]
async fn authorization_details_come_in_four_lists() {
    let door = Door::open().await;
    door.iam(&[("Action", "CreateGroup"), ("GroupName", "g")]).await;
    door.iam(&[("Action", "CreateUser"), ("UserName", "ana"), ("Path", "/lab/")]).await;
    door.iam(&[("Action", "AddUserToGroup"), ("UserName", "ana"), ("GroupName", "g")]).await;
    let put = [
        ("Action", "PutUserPolicy"),
        ("UserName", "ana"),
        ("PolicyName", "lists"),
        ("PolicyDocument", ALLOW_LIST),
    ];
    door.iam(&put).await;
    let role = [("Action", "CreateRole"), ("RoleName", "r"), ("AssumeRolePolicyDocument", TRUST_ALL)];
    door.iam(&role).await;
    let policy = [("Action", "CreatePolicy"), ("PolicyName", "p"), ("PolicyDocument", ALLOW_LIST)];
    door.iam(&policy).await;
    assert_snapshot!(door.iam(&[("Action", "GetAccountAuthorizationDetails")]).await, @r"
    200 GetAccountAuthorizationDetails
    <UserDetailList>
    <member><Path>/lab/</Path><UserName>ana</UserName><UserId>[AIDA]</UserId><Arn>arn:aws:iam::111122223333:user/lab/ana</Arn><CreateDate>2026-03-01T12:00:00Z</CreateDate><UserPolicyList>
    <member><PolicyName>lists</PolicyName><PolicyDocument>%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22iam%3AList%2A%22%2C%22Resource%22%3A%22%2A%22%7D%7D</PolicyDocument></member>
    </UserPolicyList><GroupList>
    <member>g</member>
    </GroupList><Tags/><AttachedManagedPolicies/></member>
    </UserDetailList><GroupDetailList>
    <member><Path>/</Path><GroupName>g</GroupName><GroupId>[AGPA]</GroupId><Arn>arn:aws:iam::111122223333:group/g</Arn><CreateDate>2026-03-01T12:00:00Z</CreateDate><GroupPolicyList/><AttachedManagedPolicies/></member>
    </GroupDetailList><RoleDetailList>
    <member><Path>/</Path><RoleName>r</RoleName><RoleId>[AROA]</RoleId><Arn>arn:aws:iam::111122223333:role/r</Arn><CreateDate>2026-03-01T12:00:00Z</CreateDate><AssumeRolePolicyDocument>%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22AWS%22%3A%22arn%3Aaws%3Aiam%3A%3A111122223333%3Aroot%22%7D%2C%22Action%22%3A%5B%22sts%3AAssumeRole%22%2C%22sts%3ATagSession%22%5D%7D%5D%7D</AssumeRolePolicyDocument><RolePolicyList/><Tags/><RoleLastUsed/><InstanceProfileList/><AttachedManagedPolicies/></member>
    </RoleDetailList><Policies>
    <member><PolicyName>p</PolicyName><PolicyId>[ANPA]</PolicyId><Arn>arn:aws:iam::111122223333:policy/p</Arn><Path>/</Path><DefaultVersionId>v1</DefaultVersionId><AttachmentCount>0</AttachmentCount><PermissionsBoundaryUsageCount>0</PermissionsBoundaryUsageCount><IsAttachable>true</IsAttachable><CreateDate>2026-03-01T12:00:00Z</CreateDate><UpdateDate>2026-03-01T12:00:00Z</UpdateDate><PolicyVersionList>
    <member><Document>%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22iam%3AList%2A%22%2C%22Resource%22%3A%22%2A%22%7D%7D</Document><VersionId>v1</VersionId><IsDefaultVersion>true</IsDefaultVersion><CreateDate>2026-03-01T12:00:00Z</CreateDate></member>
    </PolicyVersionList></member>
    </Policies><IsTruncated>false</IsTruncated>
    ");
    let wrong = [("Action", "GetAccountAuthorizationDetails"), ("Filter.member.1", "Users")];
    assert_snapshot!(door.iam(&wrong).await, @"400 ValidationError: 1 validation error detected: Value at 'filter' failed to satisfy constraint: Member must satisfy enum value set: [User, Role, Group, LocalManagedPolicy, AWSManagedPolicy]");
}
