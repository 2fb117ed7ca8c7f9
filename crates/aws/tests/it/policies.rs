//! Managed policies, their versions, inline policies and attachments.

use insta::assert_snapshot;

use crate::door::{ALLOW_LIST, Door, TRUST_ALL};

const ARN: &str = "arn:aws:iam::111122223333:policy/p";

#[tokio::test]
async fn a_policy_is_made_versioned_and_deleted() {
    let door = Door::open().await;
    assert_snapshot!(door.iam(&[("Action", "CreatePolicy"), ("PolicyName", "p"), ("PolicyDocument", ALLOW_LIST), ("Description", "d")]).await, @r"
    200 CreatePolicy
    <Policy><PolicyName>p</PolicyName><PolicyId>[ANPA]</PolicyId><Arn>arn:aws:iam::111122223333:policy/p</Arn><Path>/</Path><DefaultVersionId>v1</DefaultVersionId><AttachmentCount>0</AttachmentCount><PermissionsBoundaryUsageCount>0</PermissionsBoundaryUsageCount><IsAttachable>true</IsAttachable><CreateDate>2026-03-01T12:00:00Z</CreateDate><UpdateDate>2026-03-01T12:00:00Z</UpdateDate><Description>d</Description></Policy>
    ");
    assert_snapshot!(door.iam(&[("Action", "GetPolicy"), ("PolicyArn", ARN)]).await, @r"
    200 GetPolicy
    <Policy><PolicyName>p</PolicyName><PolicyId>[ANPA]</PolicyId><Arn>arn:aws:iam::111122223333:policy/p</Arn><Path>/</Path><DefaultVersionId>v1</DefaultVersionId><AttachmentCount>0</AttachmentCount><PermissionsBoundaryUsageCount>0</PermissionsBoundaryUsageCount><IsAttachable>true</IsAttachable><CreateDate>2026-03-01T12:00:00Z</CreateDate><UpdateDate>2026-03-01T12:00:00Z</UpdateDate><Description>d</Description><Tags/></Policy>
    ");
    assert_snapshot!(door.iam(&[("Action", "CreatePolicyVersion"), ("PolicyArn", ARN), ("PolicyDocument", ALLOW_LIST), ("SetAsDefault", "true")]).await, @r"
    200 CreatePolicyVersion
    <PolicyVersion><VersionId>v2</VersionId><IsDefaultVersion>true</IsDefaultVersion><CreateDate>2026-03-01T12:00:00Z</CreateDate></PolicyVersion>
    ");
    assert_snapshot!(door.iam(&[("Action", "GetPolicyVersion"), ("PolicyArn", ARN), ("VersionId", "v2")]).await, @r"
    200 GetPolicyVersion
    <PolicyVersion><Document>%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22iam%3AList%2A%22%2C%22Resource%22%3A%22%2A%22%7D%7D</Document><VersionId>v2</VersionId><IsDefaultVersion>true</IsDefaultVersion><CreateDate>2026-03-01T12:00:00Z</CreateDate></PolicyVersion>
    ");
    assert_snapshot!(door.iam(&[("Action", "ListPolicyVersions"), ("PolicyArn", ARN)]).await, @r"
    200 ListPolicyVersions
    <Versions>
    <member><VersionId>v2</VersionId><IsDefaultVersion>true</IsDefaultVersion><CreateDate>2026-03-01T12:00:00Z</CreateDate></member>
    <member><VersionId>v1</VersionId><IsDefaultVersion>false</IsDefaultVersion><CreateDate>2026-03-01T12:00:00Z</CreateDate></member>
    </Versions><IsTruncated>false</IsTruncated>
    ");
    assert_snapshot!(door.iam(&[("Action", "DeletePolicyVersion"), ("PolicyArn", ARN), ("VersionId", "v2")]).await, @"409 DeleteConflict: Cannot delete the default version of a policy.");
    assert_snapshot!(door.iam(&[("Action", "DeletePolicy"), ("PolicyArn", ARN)]).await, @"409 DeleteConflict: This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.");
    assert_snapshot!(door.iam(&[("Action", "SetDefaultPolicyVersion"), ("PolicyArn", ARN), ("VersionId", "v1")]).await, @"200 SetDefaultPolicyVersion");
    assert_snapshot!(door.iam(&[("Action", "DeletePolicyVersion"), ("PolicyArn", ARN), ("VersionId", "v2")]).await, @"200 DeletePolicyVersion");
    assert_snapshot!(door.iam(&[("Action", "TagPolicy"), ("PolicyArn", ARN), ("Tags.member.1.Key", "k"), ("Tags.member.1.Value", "v")]).await, @"200 TagPolicy");
    assert_snapshot!(door.iam(&[("Action", "ListPolicyTags"), ("PolicyArn", ARN)]).await, @r"
    200 ListPolicyTags
    <Tags>
    <member><Key>k</Key><Value>v</Value></member>
    </Tags><IsTruncated>false</IsTruncated>
    ");
    assert_snapshot!(door.iam(&[("Action", "ListPolicies"), ("Scope", "Local")]).await, @r"
    200 ListPolicies
    <Policies>
    <member><PolicyName>p</PolicyName><PolicyId>[ANPA]</PolicyId><Arn>arn:aws:iam::111122223333:policy/p</Arn><Path>/</Path><DefaultVersionId>v1</DefaultVersionId><AttachmentCount>0</AttachmentCount><PermissionsBoundaryUsageCount>0</PermissionsBoundaryUsageCount><IsAttachable>true</IsAttachable><CreateDate>2026-03-01T12:00:00Z</CreateDate><UpdateDate>2026-03-01T12:00:00Z</UpdateDate></member>
    </Policies><IsTruncated>false</IsTruncated>
    ");
    assert_snapshot!(door.iam(&[("Action", "ListPolicies"), ("Scope", "local")]).await, @"400 ValidationError: 1 validation error detected: Value at 'scope' failed to satisfy constraint: Member must satisfy enum value set: [All, AWS, Local]");
    assert_snapshot!(door.iam(&[("Action", "DeletePolicy"), ("PolicyArn", ARN)]).await, @"200 DeletePolicy");
    assert_snapshot!(door.iam(&[("Action", "DeletePolicy"), ("PolicyArn", ARN)]).await, @"404 NoSuchEntity: Policy arn:aws:iam::111122223333:policy/p was not found.");
    assert_snapshot!(door.iam(&[("Action", "GetPolicy"), ("PolicyArn", "not-an-arn-but-long-enough")]).await, @"400 ValidationError: Invalid ARN:  Could not be parsed!");
}

#[tokio::test]
async fn a_document_that_is_no_policy_is_refused() {
    let door = Door::open().await;
    assert_snapshot!(door.iam(&[("Action", "CreatePolicy"), ("PolicyName", "p"), ("PolicyDocument", "{]")]).await, @"400 MalformedPolicyDocument: Syntax errors in policy. (invalid JSON: `]` where a quoted key is wanted at line 1 column 2)");
    assert_snapshot!(door.iam(&[("Action", "CreatePolicy"), ("PolicyName", "p"), ("PolicyDocument", r#"{"Statement":[]}"#)]).await, @"400 MalformedPolicyDocument: Syntax errors in policy. (`Statement` must hold at least one statement at line 1 column 14)");
    assert_snapshot!(door.iam(&[("Action", "CreatePolicy"), ("PolicyName", "p")]).await, @"400 ValidationError: 1 validation error detected: Value null at 'policyDocument' failed to satisfy constraint: Member must not be null");
}

#[tokio::test]
async fn policies_are_attached_to_users_groups_and_roles() {
    let door = Door::open().await;
    door.iam(&[("Action", "CreatePolicy"), ("PolicyName", "p"), ("PolicyDocument", ALLOW_LIST)]).await;
    door.iam(&[("Action", "CreateUser"), ("UserName", "u")]).await;
    door.iam(&[("Action", "CreateGroup"), ("GroupName", "g")]).await;
    door.iam(&[("Action", "CreateRole"), ("RoleName", "r"), ("AssumeRolePolicyDocument", TRUST_ALL)]).await;
    for (kind, name) in [("User", "u"), ("Group", "g"), ("Role", "r")] {
        let (attach, named) = (format!("Attach{kind}Policy"), format!("{kind}Name"));
        let reply = door.iam(&[("Action", &attach), (&named, name), ("PolicyArn", ARN)]).await;
        assert!(reply.starts_with("200 "), "{reply}");
    }
    assert_snapshot!(door.iam(&[("Action", "ListEntitiesForPolicy"), ("PolicyArn", ARN)]).await, @r"
    200 ListEntitiesForPolicy
    <PolicyGroups>
    <member><GroupName>g</GroupName><GroupId>[AGPA]</GroupId></member>
    </PolicyGroups><PolicyUsers>
    <member><UserName>u</UserName><UserId>[AIDA]</UserId></member>
    </PolicyUsers><PolicyRoles>
    <member><RoleName>r</RoleName><RoleId>[AROA]</RoleId></member>
    </PolicyRoles><IsTruncated>false</IsTruncated>
    ");
    assert_snapshot!(door.iam(&[("Action", "ListAttachedRolePolicies"), ("RoleName", "r")]).await, @r"
    200 ListAttachedRolePolicies
    <AttachedPolicies>
    <member><PolicyName>p</PolicyName><PolicyArn>arn:aws:iam::111122223333:policy/p</PolicyArn></member>
    </AttachedPolicies><IsTruncated>false</IsTruncated>
    ");
    assert_snapshot!(door.iam(&[("Action", "AttachUserPolicy"), ("UserName", "u"), ("PolicyArn", "arn:aws:iam::111122223333:policy/none")]).await, @"404 NoSuchEntity: Policy arn:aws:iam::111122223333:policy/none does not exist or is not attachable.");
    assert_snapshot!(door.iam(&[("Action", "AttachUserPolicy"), ("UserName", "u"), ("PolicyArn", "longpolicynamebutnoarn")]).await, @"400 ValidationError: Invalid ARN:  Could not be parsed!");
    assert_snapshot!(door.iam(&[("Action", "DeletePolicy"), ("PolicyArn", ARN)]).await, @"409 DeleteConflict: Cannot delete a policy attached to entities.");
    assert_snapshot!(door.iam(&[("Action", "DetachUserPolicy"), ("UserName", "u"), ("PolicyArn", ARN)]).await, @"200 DetachUserPolicy");
    assert_snapshot!(door.iam(&[("Action", "DetachUserPolicy"), ("UserName", "u"), ("PolicyArn", ARN)]).await, @"404 NoSuchEntity: Policy arn:aws:iam::111122223333:policy/p was not found.");
}

#[tokio::test]
async fn inline_policies_come_back_as_they_were_put() {
    let door = Door::open().await;
    door.iam(&[("Action", "CreateUser"), ("UserName", "u")]).await;
    door.iam(&[("Action", "CreateGroup"), ("GroupName", "g")]).await;
    let odd = r#"{"Version":"2012-10-17", "Statement": [{"Effect":"Allow","Action":["apigateway:PUT"],"Resource":["arn:aws:apigateway:eu-west-1::/tags/arn%3Aaws+ñ"]}]}"#;
    assert_snapshot!(door.iam(&[("Action", "PutUserPolicy"), ("UserName", "u"), ("PolicyName", "odd"), ("PolicyDocument", odd)]).await, @"200 PutUserPolicy");
    assert_snapshot!(door.iam(&[("Action", "GetUserPolicy"), ("UserName", "u"), ("PolicyName", "odd")]).await, @r"
    200 GetUserPolicy
    <UserName>u</UserName><PolicyName>odd</PolicyName><PolicyDocument>%7B%22Version%22%3A%222012-10-17%22%2C%20%22Statement%22%3A%20%5B%7B%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%5B%22apigateway%3APUT%22%5D%2C%22Resource%22%3A%5B%22arn%3Aaws%3Aapigateway%3Aeu-west-1%3A%3A%2Ftags%2Farn%253Aaws%2B%C3%B1%22%5D%7D%5D%7D</PolicyDocument>
    ");
    assert_snapshot!(door.iam(&[("Action", "ListUserPolicies"), ("UserName", "u")]).await, @r"
    200 ListUserPolicies
    <PolicyNames>
    <member>odd</member>
    </PolicyNames><IsTruncated>false</IsTruncated>
    ");
    assert_snapshot!(door.iam(&[("Action", "GetGroupPolicy"), ("GroupName", "g"), ("PolicyName", "odd")]).await, @"404 NoSuchEntity: The group policy with name odd cannot be found.");
    assert_snapshot!(door.iam(&[("Action", "DeleteUserPolicy"), ("UserName", "u"), ("PolicyName", "odd")]).await, @"200 DeleteUserPolicy");
    assert_snapshot!(door.iam(&[("Action", "ListUserPolicies"), ("UserName", "u")]).await, @r"
    200 ListUserPolicies
    <PolicyNames/><IsTruncated>false</IsTruncated>
    ");
}
