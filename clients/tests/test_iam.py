"""IAM through boto3 and the AWS CLI: everything that can be made, from its making to its end."""

import json
import subprocess

import pytest
from identities import policy, refused, trust, unique


def test_a_user_lives_under_its_name_and_path(own, iam):
    name, new = unique("user"), unique("renamed")
    made = iam.create_user(UserName=name, Path="/data/science/", Tags=[{"Key": "team", "Value": "vision"}])["User"]
    own.made += [("User", name), ("User", new)]
    assert made["Arn"] == f"arn:aws:iam::{own.account}:user/data/science/{name}"
    assert made["UserId"].startswith("AIDA") and len(made["UserId"]) == 21
    assert made["Tags"] == [{"Key": "team", "Value": "vision"}]
    assert iam.get_user(UserName=name)["User"] == made
    listed = iam.list_users(PathPrefix="/data/")["Users"]
    assert [user["UserName"] for user in listed] == [name] and "Tags" not in listed[0]

    iam.update_user(UserName=name, NewUserName=new, NewPath="/")
    renamed = iam.get_user(UserName=new)["User"]
    assert (renamed["UserId"], renamed["Path"]) == (made["UserId"], "/")
    with refused("NoSuchEntity", 404, f"The user with name {name} cannot be found."):
        iam.get_user(UserName=name)
    iam.delete_user(UserName=new)
    with refused("NoSuchEntity", 404):
        iam.delete_user(UserName=new)


def test_names_are_unique_without_regard_to_case(own, iam):
    name, _ = own.user()
    with refused("EntityAlreadyExists", 409, f"User with name {name} already exists."):
        iam.create_user(UserName=name)
    with refused("EntityAlreadyExists", 409):
        iam.create_user(UserName=name.upper())
    assert iam.get_user(UserName=name.upper())["User"]["UserName"] == name


def test_an_access_key_is_made_switched_off_and_deleted(garita, own, iam):
    name, held = own.user()
    mine = garita.client("sts", held)
    assert mine.get_caller_identity()["Arn"] == own.arn("user", name)
    used = iam.get_access_key_last_used(AccessKeyId=held.key)
    assert used["UserName"] == name and used["AccessKeyLastUsed"]["ServiceName"] == "sts"

    iam.update_access_key(UserName=name, AccessKeyId=held.key, Status="Inactive")
    with refused("InvalidClientTokenId", 403):
        mine.get_caller_identity()
    iam.update_access_key(UserName=name, AccessKeyId=held.key, Status="Active")
    mine.get_caller_identity()

    second = iam.create_access_key(UserName=name)["AccessKey"]
    assert second["Status"] == "Active" and len(second["SecretAccessKey"]) == 40
    with refused("LimitExceeded", 409, "Cannot exceed quota for AccessKeysPerUser: 2"):
        iam.create_access_key(UserName=name)
    listed = iam.list_access_keys(UserName=name)["AccessKeyMetadata"]
    assert {key["AccessKeyId"] for key in listed} == {held.key, second["AccessKeyId"]}
    assert not any("SecretAccessKey" in key for key in listed)
    never = iam.get_access_key_last_used(AccessKeyId=second["AccessKeyId"])["AccessKeyLastUsed"]
    assert never == {"ServiceName": "N/A", "Region": "N/A"}

    iam.delete_access_key(UserName=name, AccessKeyId=held.key)
    with refused("InvalidClientTokenId", 403):
        mine.get_caller_identity()


def test_a_user_sees_to_its_own_keys_without_naming_itself(garita, own):
    keys = policy(["iam:CreateAccessKey", "iam:ListAccessKeys", "iam:DeleteAccessKey", "iam:GetUser"])
    name, held = own.user(keys)
    mine = garita.client("iam", held)
    assert mine.get_user()["User"]["UserName"] == name
    second = mine.create_access_key()["AccessKey"]
    assert second["UserName"] == name
    assert len(mine.list_access_keys()["AccessKeyMetadata"]) == 2
    mine.delete_access_key(AccessKeyId=second["AccessKeyId"])
    assert [key["AccessKeyId"] for key in mine.list_access_keys()["AccessKeyMetadata"]] == [held.key]


def test_a_group_gives_its_members_what_it_allows(garita, own, iam):
    group, (name, held) = unique("group"), own.user()
    made = iam.create_group(GroupName=group, Path="/teams/")["Group"]
    assert made["GroupId"].startswith("AGPA") and made["Arn"].endswith(f":group/teams/{group}")
    iam.put_group_policy(GroupName=group, PolicyName="lists", PolicyDocument=policy("iam:ListGroups"))
    mine = garita.client("iam", held)
    with refused("AccessDenied", 403):
        mine.list_groups()
    iam.add_user_to_group(GroupName=group, UserName=name)
    iam.add_user_to_group(GroupName=group, UserName=name)
    assert group in [one["GroupName"] for one in mine.list_groups()["Groups"]]
    assert [user["UserName"] for user in iam.get_group(GroupName=group)["Users"]] == [name]
    assert [one["GroupName"] for one in iam.list_groups_for_user(UserName=name)["Groups"]] == [group]

    with refused("DeleteConflict", 409):
        iam.delete_group(GroupName=group)
    iam.remove_user_from_group(GroupName=group, UserName=name)
    with refused("AccessDenied", 403):
        mine.list_groups()
    iam.delete_group_policy(GroupName=group, PolicyName="lists")
    renamed = unique("group")
    iam.update_group(GroupName=group, NewGroupName=renamed, NewPath="/")
    assert iam.get_group(GroupName=renamed)["Group"]["GroupId"] == made["GroupId"]
    iam.delete_group(GroupName=renamed)


def test_a_role_is_made_changed_and_deleted(own, iam):
    arn = own.role(trust(own.account), Path="/ml/", Description="trains", MaxSessionDuration=7200)
    name = arn.rsplit("/", 1)[1]
    role = iam.get_role(RoleName=name)["Role"]
    assert (role["Arn"], role["Path"], role["Description"]) == (arn, "/ml/", "trains")
    assert (role["MaxSessionDuration"], role["RoleLastUsed"]) == (7200, {})
    principal = role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]
    assert principal == {"AWS": f"arn:aws:iam::{own.account}:root"}

    assert iam.update_role(RoleName=name, MaxSessionDuration=3600)["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert iam.update_role_description(RoleName=name, Description="d")["Role"]["Description"] == "d"
    service = {"Service": "ec2.amazonaws.com"}
    document = json.loads(trust(own.account))
    document["Statement"][0]["Principal"] = service
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(document))
    assert iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"] == document

    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy("iam:ListUsers"))
    with refused("DeleteConflict", 409, "Cannot delete entity, must delete policies first."):
        iam.delete_role(RoleName=name)
    iam.delete_role_policy(RoleName=name, PolicyName="p")
    iam.delete_role(RoleName=name)
    with refused("NoSuchEntity", 404, f"The role with name {name} cannot be found."):
        iam.get_role(RoleName=name)


def test_a_managed_policy_has_five_versions_at_most(own, iam):
    arn = own.managed(policy("iam:ListUsers"))
    for number in range(2, 6):
        made = iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy(f"iam:List{number}"), SetAsDefault=True)
        assert made["PolicyVersion"]["VersionId"] == f"v{number}" and made["PolicyVersion"]["IsDefaultVersion"]
    with refused("LimitExceeded", 409):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy("iam:*"))
    versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    assert [one["VersionId"] for one in versions] == ["v5", "v4", "v3", "v2", "v1"]
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    iam.delete_policy_version(PolicyArn=arn, VersionId="v5")
    with refused("DeleteConflict", 409, "Cannot delete the default version of a policy."):
        iam.delete_policy_version(PolicyArn=arn, VersionId="v1")
    shown = iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]
    assert shown["Document"] == json.loads(policy("iam:ListUsers")) and shown["IsDefaultVersion"]
    made = iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy("iam:*"))
    assert made["PolicyVersion"]["VersionId"] == "v6", "a version's number is never used again"
    assert iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"] == "v1"


@pytest.mark.parametrize("kind", ["user", "group", "role"])
def test_inline_and_attached_policies_of_every_kind(own, iam, kind):
    title = kind.capitalize()
    if kind == "group":
        name = iam.create_group(GroupName=unique("group"))["Group"]["GroupName"]
    else:
        name = own.user()[0] if kind == "user" else own.role(trust(own.account)).rsplit("/", 1)[1]
    entity, arn = {f"{title}Name": name}, own.managed(policy("iam:ListUsers"))

    def call(operation, **more):
        return getattr(iam, operation)(**entity, **more)

    document = policy("s3:PutObject", "arn:aws:s3:::b/á%2F+*")
    call(f"put_{kind}_policy", PolicyName="odd", PolicyDocument=document)
    got = call(f"get_{kind}_policy", PolicyName="odd")
    assert got["PolicyDocument"] == json.loads(document) and got[f"{title}Name"] == name
    assert call(f"list_{kind}_policies")["PolicyNames"] == ["odd"]
    call(f"delete_{kind}_policy", PolicyName="odd")
    with refused("NoSuchEntity", 404):
        call(f"get_{kind}_policy", PolicyName="odd")

    call(f"attach_{kind}_policy", PolicyArn=arn)
    call(f"attach_{kind}_policy", PolicyArn=arn)
    attached = call(f"list_attached_{kind}_policies")["AttachedPolicies"]
    assert attached == [{"PolicyName": arn.rsplit("/", 1)[1], "PolicyArn": arn}]
    entities = iam.list_entities_for_policy(PolicyArn=arn)
    assert [one[f"{title}Name"] for one in entities[f"Policy{title}s"]] == [name]
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1
    with refused("DeleteConflict", 409, "Cannot delete a policy attached to entities."):
        iam.delete_policy(PolicyArn=arn)
    call(f"detach_{kind}_policy", PolicyArn=arn)
    with refused("NoSuchEntity", 404):
        call(f"detach_{kind}_policy", PolicyArn=arn)
    if kind == "group":
        iam.delete_group(GroupName=name)


@pytest.mark.parametrize("kind", ["user", "role"])
def test_a_boundary_bounds(own, iam, kind):
    name = own.user()[0] if kind == "user" else own.role(trust(own.account)).rsplit("/", 1)[1]
    entity, edge = {f"{kind.capitalize()}Name": name}, own.managed(policy("iam:ListUsers"))
    getattr(iam, f"put_{kind}_permissions_boundary")(**entity, PermissionsBoundary=edge)
    shown = getattr(iam, f"get_{kind}")(**entity)[kind.capitalize()]["PermissionsBoundary"]
    assert shown == {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": edge}
    assert iam.get_policy(PolicyArn=edge)["Policy"]["PermissionsBoundaryUsageCount"] == 1
    getattr(iam, f"delete_{kind}_permissions_boundary")(**entity)
    assert "PermissionsBoundary" not in getattr(iam, f"get_{kind}")(**entity)[kind.capitalize()]


def test_a_bounded_user_may_only_what_both_allow(garita, own, iam):
    name, held = own.user(policy("iam:List*"))
    iam.put_user_permissions_boundary(UserName=name, PermissionsBoundary=own.managed(policy("iam:ListUsers")))
    mine = garita.client("iam", held)
    mine.list_users()
    with refused("AccessDenied", 403) as caught:
        mine.list_roles()
    assert "because no permissions boundary allows the iam:ListRoles action" in str(caught.value)


@pytest.mark.parametrize("kind", ["user", "role", "policy"])
def test_tags_of_every_kind(own, iam, kind):
    if kind == "policy":
        entity = {"PolicyArn": own.managed(policy("iam:ListUsers"))}
    else:
        name = own.user()[0] if kind == "user" else own.role(trust(own.account)).rsplit("/", 1)[1]
        entity = {f"{kind.capitalize()}Name": name}
    tag, untag, tags = (getattr(iam, text.format(kind)) for text in ("tag_{}", "untag_{}", "list_{}_tags"))
    tag(**entity, Tags=[{"Key": "team", "Value": "a"}, {"Key": "stage", "Value": ""}])
    tag(**entity, Tags=[{"Key": "team", "Value": "b"}])
    assert {one["Key"]: one["Value"] for one in tags(**entity)["Tags"]} == {"team": "b", "stage": ""}
    untag(**entity, TagKeys=["team", "never-there"])
    assert tags(**entity)["Tags"] == [{"Key": "stage", "Value": ""}]


def test_paginators_give_everything_once(own, iam):
    path = f"/{unique('paged')}/"
    names = [unique("user") for _ in range(7)]
    for name in names:
        iam.create_user(UserName=name, Path=path)
        own.made.append(("User", name))
    pages = list(iam.get_paginator("list_users").paginate(PathPrefix=path, PaginationConfig={"PageSize": 3}))
    assert [len(page["Users"]) for page in pages] == [3, 3, 1]
    assert [page["IsTruncated"] for page in pages] == [True, True, False] and "Marker" not in pages[-1]
    assert sorted(user["UserName"] for page in pages for user in page["Users"]) == sorted(names)
    marker = pages[0]["Marker"]
    iam.delete_user(UserName=pages[0]["Users"][2]["UserName"])
    rest = iam.list_users(PathPrefix=path, Marker=marker)["Users"]
    assert [user["UserName"] for page in pages[1:] for user in page["Users"]] == [user["UserName"] for user in rest]
    with refused("ValidationError", 400):
        iam.list_roles(Marker=marker)


def test_the_policies_aws_names_are_there(iam):
    arn = "arn:aws:iam::aws:policy/AdministratorAccess"
    assert iam.get_policy(PolicyArn=arn)["Policy"]["PolicyName"] == "AdministratorAccess"
    pages = iam.get_paginator("list_policies").paginate(Scope="AWS")
    assert arn in [one["Arn"] for page in pages for one in page["Policies"]]
    with refused("AccessDenied", 403):
        iam.delete_policy(PolicyArn=arn)


def test_the_command_line_with_nothing_but_an_endpoint(garita, own):
    name, made = unique("cli"), [["iam", "create-user", "--user-name"], ["iam", "delete-user", "--user-name"]]
    assert garita.cli([*made[0], name])["User"]["UserName"] == name
    document = policy("iam:ListUsers")
    garita.cli(["iam", "put-user-policy", "--user-name", name, "--policy-name", "p", "--policy-document", document])
    got = garita.cli(["iam", "get-user-policy", "--user-name", name, "--policy-name", "p"])
    assert got["PolicyDocument"] == json.loads(document)
    query = ["iam", "list-users", "--query", f"Users[?UserName=='{name}'].Arn", "--max-items", "1000"]
    assert garita.cli(query) == [own.arn("user", name)]
    with pytest.raises(subprocess.CalledProcessError) as caught:
        garita.cli([*made[1], name])
    assert "(DeleteConflict) when calling the DeleteUser operation" in caught.value.stderr
    garita.cli(["iam", "delete-user-policy", "--user-name", name, "--policy-name", "p"])
    garita.cli([*made[1], name])


def test_every_answer_leaves_one_record_without_secrets(garita, own, iam):
    name, held = own.user(policy("sts:*"))
    arn = own.role(trust(own.account))
    sts = garita.client("sts", held)
    session = sts.assume_role(RoleArn=arn, RoleSessionName="audited", ExternalId="customer-7")["Credentials"]
    with refused("AccessDenied", 403) as caught:
        sts.get_session_token(SerialNumber=own.arn("mfa", name), TokenCode="918273")
    request = caught.value.response["ResponseMetadata"]["RequestId"]
    with refused("PasswordPolicyViolation", 400):
        iam.create_login_profile(UserName=name, Password="correct-horse-battery")
    records = [one for one in garita.audit() if one["userIdentity"].get("arn") == own.arn("user", name)]
    assert [one["eventName"] for one in records] == ["AssumeRole", "GetSessionToken"]
    asked = records[0]["requestParameters"]
    assert asked == {"roleArn": arn, "roleSessionName": "audited", "externalId": "customer-7"}
    assert records[0]["responseElements"]["credentials"]["accessKeyId"] == session["AccessKeyId"]
    assert records[0]["eventSource"] == "sts.amazonaws.com"
    assert (records[1]["requestID"], records[1]["errorCode"]) == (request, "AccessDenied")
    trail = json.dumps(garita.audit())
    secrets = [held.secret, session["SecretAccessKey"], session["SessionToken"], "918273", "correct-horse-battery"]
    assert not [secret for secret in secrets if secret in trail]
