"""The policy simulator with boto3 and the AWS CLI: every field of its answer, and what it refuses."""

import json
import subprocess

import pytest
from identities import policy, refused, trust, unique

BUCKET = "arn:aws:s3:::bucket"
OBJECT = "arn:aws:s3:::models/ana/weights"
ELSEWHERE = "444455556666"
ALL = policy("*")
# Its statement stands where that of the policy in AWS's recorded reply does: braces in columns 40 and 112.
LIKE_RECORDED = (
    '{"Version": "2012-10-17", "Statement": {"Sid": "Write", "Effect": "Allow", "Action": "s3:Put*", "Resource": "*"}}'
)


def custom(iam, *policies, action="s3:GetObject", resources=(), **more):
    """The one result of simulating an action with these policies."""
    if resources:
        more["ResourceArns"] = list(resources)
    answer = iam.simulate_custom_policy(PolicyInputList=list(policies), ActionNames=[action], **more)
    assert not answer["IsTruncated"]
    (result,) = answer["EvaluationResults"]
    assert result["EvalActionName"] == action
    return result


def of(iam, source, action="s3:GetObject", resources=(), **more):
    """The one result of simulating an action of a principal."""
    if resources:
        more["ResourceArns"] = list(resources)
    answer = iam.simulate_principal_policy(PolicySourceArn=source, ActionNames=[action], **more)
    (result,) = answer["EvaluationResults"]
    return result


def told(result):
    """`allowed by A, B`."""
    names = [statement["SourcePolicyId"] for statement in result["MatchedStatements"]]
    return " by ".join([result["EvalDecision"], *([", ".join(names)] if names else [])])


def entry(name, kind, *values):
    return {"ContextKeyName": name, "ContextKeyType": kind, "ContextKeyValues": list(values)}


def recorded(source, organization):
    """What AWS answered when localstack's engineers recorded it."""
    matched = [
        {
            "SourcePolicyId": source,
            "SourcePolicyType": "IAM Policy",
            "StartPosition": {"Line": 1, "Column": 41},
            "EndPosition": {"Line": 1, "Column": 113},
        }
    ]
    return [
        {
            "EvalActionName": action,
            "EvalResourceName": BUCKET,
            "EvalDecision": decision,
            "MatchedStatements": statements,
            "MissingContextValues": [],
            **({"OrganizationsDecisionDetail": {"AllowedByOrganizations": True}} if organization else {}),
            "EvalDecisionDetails": {},
            "ResourceSpecificResults": [
                {
                    "EvalResourceName": BUCKET,
                    "EvalResourceDecision": decision,
                    "MatchedStatements": statements,
                    "MissingContextValues": [],
                }
            ],
        }
        for action, decision, statements in [
            ("s3:PutObject", "allowed", matched),
            ("s3:GetObjectVersion", "implicitDeny", []),
        ]
    ]


def test_the_reply_that_aws_was_recorded_with(own, iam):
    asked = {"ActionNames": ["s3:PutObject", "s3:GetObjectVersion"], "ResourceArns": [BUCKET]}
    organization = [{"ServiceControlPolicyInputList": [ALL]}]
    answer = iam.simulate_custom_policy(
        PolicyInputList=[LIKE_RECORDED], OrderedOrganizationPolicyInputList=organization, **asked
    )
    assert answer["EvaluationResults"] == recorded("PolicyInputList.1", organization=True)
    assert not answer["IsTruncated"] and "Marker" not in answer
    user, _ = own.user(LIKE_RECORDED)
    role = own.role(trust(own.account), LIKE_RECORDED)
    group = unique("group")
    iam.create_group(GroupName=group)
    own.made.append(("Group", group))
    iam.put_group_policy(GroupName=group, PolicyName="p0", PolicyDocument=LIKE_RECORDED)
    sources = [
        (own.arn("user", user), f"user_{user}_p0"),
        (own.arn("group", group), f"group_{group}_p0"),
        (role, f"role_{role.rpartition('/')[2]}_p0"),
    ]
    for arn, name in sources:
        answer = iam.simulate_principal_policy(PolicySourceArn=arn, **asked)
        assert answer["EvaluationResults"] == recorded(name, organization=False)


def test_positions_count_lines_and_end_after_the_braces(iam):
    document = '{"Version": "2012-10-17",\n "Statement": [\n  {"Effect": "Allow",\n   "Action": "*", "Resource": "*"}\n]}'
    (matched,) = custom(iam, document)["MatchedStatements"]
    assert matched["StartPosition"] == {"Line": 3, "Column": 4}
    assert matched["EndPosition"] == {"Line": 4, "Column": 35}


def test_a_deny_alone_is_listed(iam):
    deny = policy("s3:*", "arn:aws:s3:::models/*", effect="Deny")
    assert told(custom(iam, ALL, deny, resources=[OBJECT])) == "explicitDeny by PolicyInputList.2"
    assert told(custom(iam, ALL, deny, resources=[BUCKET])) == "allowed by PolicyInputList.1"
    both = custom(iam, ALL, deny, resources=[OBJECT, BUCKET])
    assert told(both) == "explicitDeny by PolicyInputList.2"
    each = {one["EvalResourceName"]: one["EvalResourceDecision"] for one in both["ResourceSpecificResults"]}
    assert each == {OBJECT: "explicitDeny", BUCKET: "allowed"}
    nothing = custom(iam, deny)
    assert told(nothing) == "implicitDeny"
    assert nothing["EvalResourceName"] == "*"
    assert not nothing.keys() & {"ResourceSpecificResults", "EvalDecisionDetails", "OrganizationsDecisionDetail"}


def test_the_resource_is_named_when_there_is_one(iam):
    assert custom(iam, ALL, resources=[OBJECT])["EvalResourceName"] == OBJECT
    assert custom(iam, ALL, resources=[OBJECT, BUCKET])["EvalResourceName"] == "*"


def test_missing_keys_are_those_of_statements_about_the_request(iam):
    secure = policy("s3:GetObject", Condition={"Bool": {"aws:SecureTransport": "true"}})
    other = policy("s3:PutObject", Condition={"StringEquals": {"s3:x-amz-acl": "private"}})
    mine = policy("s3:GetObject", "arn:aws:s3:::models/${aws:username}/*")
    result = custom(iam, secure, other, mine, resources=[OBJECT, "arn:aws:s3:::other/x"])
    assert result["EvalDecision"] == "implicitDeny"
    assert result["MissingContextValues"] == ["aws:SecureTransport", "aws:username"]
    each = {one["EvalResourceName"]: one["MissingContextValues"] for one in result["ResourceSpecificResults"]}
    assert each == {
        OBJECT: ["aws:SecureTransport", "aws:username"],
        "arn:aws:s3:::other/x": ["aws:SecureTransport"],
    }
    keys = iam.get_context_keys_for_custom_policy(PolicyInputList=[secure, other, mine])["ContextKeyNames"]
    assert keys == ["aws:SecureTransport", "s3:x-amz-acl", "aws:username"]


def test_a_boundary_is_told_apart(own, iam):
    reads = policy("s3:Get*")
    inside = custom(iam, ALL, PermissionsBoundaryPolicyInputList=[reads])
    assert inside["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": True}
    outside = custom(iam, ALL, action="s3:PutObject", PermissionsBoundaryPolicyInputList=[reads])
    assert told(outside) == "implicitDeny"
    assert outside["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}
    boundary = own.managed(policy("s3:*", effect="Deny"))
    user, _ = own.user(ALL)
    iam.put_user_permissions_boundary(UserName=user, PermissionsBoundary=boundary)
    held = of(iam, own.arn("user", user), resources=[OBJECT])
    assert told(held) == f"explicitDeny by {boundary.rpartition('/')[2]}"
    assert held["MatchedStatements"][0]["SourcePolicyType"] == "Permissions Boundary Policy"
    assert held["ResourceSpecificResults"][0]["PermissionsBoundaryDecisionDetail"] == {
        "AllowedByPermissionsBoundary": False
    }
    replaced = of(iam, own.arn("user", user), PermissionsBoundaryPolicyInputList=[ALL])
    assert told(replaced) == f"allowed by user_{user}_p0"
    left_out = of(iam, own.arn("user", user), PolicyExclusionList=[{"PolicyType": "permission-boundary"}])
    assert "PermissionsBoundaryDecisionDetail" not in left_out and left_out["EvalDecision"] == "allowed"
    iam.delete_user_permissions_boundary(UserName=user)


def test_service_control_policies_by_level(iam):
    guarded = policy("*", Condition={"StringEquals": {"aws:RequestedRegion": "eu-west-1"}})
    levels = [{"ServiceControlPolicyInputList": [ALL]}, {"ServiceControlPolicyInputList": [guarded]}]
    unknown = custom(iam, ALL, resources=[OBJECT], OrderedOrganizationPolicyInputList=levels)
    assert told(unknown) == "implicitDeny"
    assert unknown["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": False}
    assert unknown["MissingContextValues"] == ["aws:RequestedRegion"]
    assert "EvalDecisionDetails" not in unknown
    given = {"ContextEntries": [entry("aws:RequestedRegion", "string", "eu-west-1")]}
    known = custom(iam, ALL, OrderedOrganizationPolicyInputList=levels, **given)
    assert told(known) == "allowed by PolicyInputList.1"
    assert known["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": True}
    empty = [*levels, {"ServiceControlPolicyInputList": []}]
    assert told(custom(iam, ALL, OrderedOrganizationPolicyInputList=empty, **given)) == "implicitDeny"
    denied = custom(
        iam,
        ALL,
        OrderedOrganizationPolicyInputList=[{"ServiceControlPolicyInputList": [ALL, policy("s3:*", effect="Deny")]}],
    )
    assert denied["EvalDecision"] == "explicitDeny"
    (statement,) = denied["MatchedStatements"]
    assert statement["SourcePolicyType"] == "Service Control Policy"
    assert statement["SourcePolicyId"] == "OrderedOrganizationPolicyInputList.1.ServiceControlPolicyInputList.2"


def of_bucket(principal, action="s3:*"):
    return policy(action, "arn:aws:s3:::models/*", Principal={"AWS": principal})


@pytest.mark.parametrize("kind", ["user", "role"])
def test_a_resource_policy_grants_to_users_and_to_roles(own, iam, kind):
    caller = own.arn(kind, "somebody")
    asked = {"resources": [OBJECT], "CallerArn": caller}
    assert told(custom(iam, ResourcePolicy=of_bucket(caller), **asked)) == "allowed by ResourcePolicy"
    assert told(custom(iam, ResourcePolicy=of_bucket(own.arn(kind, "other")), **asked)) == "implicitDeny"
    across = custom(iam, ResourcePolicy=of_bucket(caller), ResourceOwner=ELSEWHERE, **asked)
    assert told(across) == "implicitDeny"
    details = {"IAM Policy": "implicitDeny", "Resource Policy": "allowed"}
    assert across["EvalDecisionDetails"] == details
    assert across["ResourceSpecificResults"][0]["EvalDecisionDetails"] == details
    both = custom(iam, ALL, ResourcePolicy=of_bucket(caller), ResourceOwner=ELSEWHERE, **asked)
    assert told(both) == "allowed by ResourcePolicy, PolicyInputList.1"
    types = [statement["SourcePolicyType"] for statement in both["MatchedStatements"]]
    assert types == ["Resource Policy", "IAM Policy"]


def test_a_resource_policy_goes_with_the_rest(own, iam):
    with refused("InvalidInput", 400) as caught:
        custom(iam, ResourcePolicy=of_bucket("*"), resources=[OBJECT])
    assert "`CallerArn`" in str(caught.value)
    with refused("InvalidInput", 400) as caught:
        custom(iam, ResourcePolicy=of_bucket("*"), resources=[OBJECT, BUCKET], CallerArn=own.arn("user", "ana"))
    assert f"`{BUCKET}` is a resource that `ResourcePolicy` does not cover" in str(caught.value)


def test_a_trust_policy_decides_who_may_assume_a_role(own, iam):
    user, _ = own.user()
    other, _ = own.user(policy("sts:AssumeRole"))
    trusting = own.role(trust(own.arn("user", user)))
    name = trusting.rpartition("/")[2]

    def may(who, role=trusting, **more):
        return told(of(iam, own.arn("user", who), "sts:AssumeRole", [role], **more))

    assert may(user) == f"allowed by role_{name}_AssumeRolePolicyDocument"
    assert may(other) == "implicitDeny"
    assert may(other, own.arn("role", "not-there")) == "implicitDeny"
    changed = trust(own.account)
    assert may(other, ResourcePolicy=changed) == f"allowed by ResourcePolicy, user_{other}_p0"
    assert may(user, ResourcePolicy=changed) == "implicitDeny"
    # The position is that in the text that `GetRole` shows.
    (matched,) = of(iam, own.arn("user", user), "sts:AssumeRole", [trusting])["MatchedStatements"]
    shown = json.dumps(iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"])
    assert matched["EndPosition"] == {"Line": 1, "Column": shown.rindex("}]") + 2}
    given = custom(iam, action="sts:AssumeRole", resources=[trusting], CallerArn=own.arn("user", user))
    assert told(given) == "implicitDeny", "what is stored has no say among given policies"
    asked = {"action": "sts:AssumeRole", "resources": [trusting], "CallerArn": own.arn("user", user)}
    assert told(custom(iam, ResourcePolicy=trust(own.arn("user", user)), **asked)) == "allowed by ResourcePolicy"


def test_the_simulator_foretells_what_happens(garita, own, iam):
    user, credentials = own.user(policy("iam:List*"), policy("iam:ListRoles", effect="Deny"))
    mine = garita.client("iam", credentials)
    for action, call in [
        ("iam:ListUsers", mine.list_users),
        ("iam:ListRoles", mine.list_roles),
        ("iam:GetAccountPasswordPolicy", mine.get_account_password_policy),
    ]:
        if of(iam, own.arn("user", user), action)["EvalDecision"] == "allowed":
            call()
        else:
            with refused("AccessDenied", 403):
                call()


def test_a_user_has_the_policies_of_its_groups_and_those_given(own, iam):
    user, _ = own.user(policy("s3:GetObject"))
    group, managed = unique("group"), own.managed(policy("s3:PutObject"))
    iam.create_group(GroupName=group)
    iam.put_group_policy(GroupName=group, PolicyName="lists", PolicyDocument=policy("s3:ListBucket"))
    iam.attach_group_policy(GroupName=group, PolicyArn=managed)
    iam.add_user_to_group(GroupName=group, UserName=user)
    arn, name = own.arn("user", user), managed.rpartition("/")[2]

    def may(action, **more):
        return told(of(iam, arn, action, **more))

    assert may("s3:GetObject") == f"allowed by user_{user}_p0"
    assert may("s3:ListBucket") == f"allowed by group_{group}_lists"
    assert may("s3:PutObject") == f"allowed by {name}"
    assert may("s3:DeleteObject") == "implicitDeny"
    assert may("s3:DeleteObject", PolicyInputList=[policy("s3:*")]) == "allowed by PolicyInputList.1"
    inline = {"PolicyName": "lists", "AttachmentType": "group", "AttachmentName": "gro*"}
    for excluded, action, kept in [
        ({"PolicyType": "inline"}, "s3:ListBucket", "s3:PutObject"),
        ({"PolicyType": "user-managed"}, "s3:PutObject", "s3:ListBucket"),
        ({"PolicyArn": f"{managed[:-2]}*"}, "s3:PutObject", "s3:GetObject"),
        ({"InlinePolicyIdentifier": inline}, "s3:ListBucket", "s3:GetObject"),
    ]:
        assert may(action, PolicyExclusionList=[excluded]) == "implicitDeny"
        assert may(kept, PolicyExclusionList=[excluded, {"PolicyType": "rcp"}]).startswith("allowed")
    with refused("InvalidInput", 400):
        may("s3:GetObject", PolicyExclusionList=[{"PolicyArn": f"{managed}**"}])
    of_group = of(iam, own.arn("group", group), "s3:GetObject")
    assert told(of_group) == "implicitDeny"
    iam.put_group_policy(GroupName=group, PolicyName="lists", PolicyDocument=policy("s3:*", "arn:aws:s3:::${aws:userid}"))
    keys = iam.get_context_keys_for_principal_policy(
        PolicySourceArn=arn, PolicyInputList=[policy("*", Condition={"Null": {"aws:TagKeys": "true"}})]
    )["ContextKeyNames"]
    assert keys == ["aws:userid", "aws:TagKeys"]
    iam.remove_user_from_group(GroupName=group, UserName=user)
    iam.detach_group_policy(GroupName=group, PolicyArn=managed)
    iam.delete_group_policy(GroupName=group, PolicyName="lists")
    iam.delete_group(GroupName=group)


def test_keys_follow_from_who_asks(own, iam):
    mine = policy("s3:GetObject", "arn:aws:s3:::models/${aws:username}/*")
    tagged = policy("s3:PutObject", Condition={"StringEquals": {"aws:PrincipalTag/team": "vision"}})
    user, _ = own.user(mine, tagged)
    iam.tag_user(UserName=user, Tags=[{"Key": "team", "Value": "vision"}])
    arn, place = own.arn("user", user), f"arn:aws:s3:::models/{user}/x"
    assert told(of(iam, arn, resources=[place])) == f"allowed by user_{user}_p0"
    assert told(of(iam, arn, "s3:PutObject")) == f"allowed by user_{user}_p1"
    as_another = of(iam, arn, resources=[place, OBJECT], CallerArn=own.arn("user", "ana"))
    decisions = [one["EvalResourceDecision"] for one in as_another["ResourceSpecificResults"]]
    assert decisions == ["implicitDeny", "allowed"]
    tags = of(iam, arn, "s3:PutObject", CallerArn=own.arn("user", "ana"))
    assert tags["MissingContextValues"] == ["aws:PrincipalTag/team"]


TYPES = [
    ("string", {"StringEquals": {"test:key": "x"}}, "x"),
    ("numeric", {"NumericLessThan": {"test:key": "10"}}, "9.5"),
    ("boolean", {"Bool": {"test:key": "true"}}, "true"),
    ("ip", {"IpAddress": {"test:key": "2001:db8::/32"}}, "2001:db8::1"),
    ("binary", {"BinaryEquals": {"test:key": "aGk="}}, "aGk="),
    ("date", {"DateLessThan": {"test:key": "2026-01-01T00:00:00Z"}}, "2025-12-31T23:59:59Z"),
]


@pytest.mark.parametrize(("kind", "condition", "value"), TYPES)
def test_context_entries_of_each_type(iam, kind, condition, value):
    ((operator, operand),) = condition.items()
    one, many = policy("*", Condition=condition), policy("*", Condition={f"ForAnyValue:{operator}": operand})
    assert custom(iam, one, ContextEntries=[entry("test:key", kind, value)])["EvalDecision"] == "allowed"
    listed = [entry("test:key", f"{kind}List", value, value)]
    assert custom(iam, many, ContextEntries=listed)["EvalDecision"] == "allowed"
    assert custom(iam, one)["MissingContextValues"] == ["test:key"]
    for wrong in ([entry("test:key", kind)], [entry("test:key", kind, value, value)]):
        with refused("InvalidInput", 400):
            custom(iam, one, ContextEntries=wrong)
    if kind != "string":
        for wrong in (kind, f"{kind}List"):
            with refused("InvalidInput", 400) as caught:
                custom(iam, one, ContextEntries=[entry("test:key", wrong, "sóng")])
            assert f"ContextEntries: `test:key` is of type `{wrong}`, but `sóng` is" in str(caught.value)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"action": "s3:*"}, "ActionNames: `s3:*` has a wildcard; name each action"),
        ({"action": "GetObject"}, "is not an action with its service"),
        ({"resources": ["bucket"]}, "ResourceArns: `bucket` is neither an ARN nor `*`"),
        ({"CallerArn": "arn:aws:sts::111122223333:assumed-role/r/s"}, "is not the ARN of an IAM user, group or role"),
        ({"CallerArn": "arn:aws:iam::111122223333:root"}, "is not the ARN of an IAM user, group or role"),
        ({"ResourceOwner": "me"}, "ResourceOwner: `me` is not an account of twelve digits"),
        ({"PermissionsBoundaryPolicyInputList": [ALL, ALL]}, "a principal has one boundary"),
        ({"PermissionsBoundaryPolicyInputList": ["{}"]}, "is no permissions boundary: the policy has no `Statement`"),
        ({"ResourceHandlingOption": "EC2-VPC-EBS"}, "needs a resource of type `instance`"),
        ({"ContextEntries": [entry("aws:SourceIp", "address", "::1")]}, "has the unknown type `address`"),
        ({"ContextEntries": [entry("a:key1", "string", "x")] * 2}, "`a:key1` is given twice"),
        ({"OrderedOrganizationPolicyInputList": [{"ServiceControlPolicyInputList": [ALL]}] * 8}, "an organization has at most 7"),
    ],
)
def test_what_cannot_be_simulated_is_refused(iam, more, message):
    with refused("InvalidInput", 400) as caught:
        custom(iam, ALL, **more)
    assert message in str(caught.value)


def test_results_come_in_pages(own, iam):
    user, _ = own.user(ALL)
    actions = [f"s3:Action{number}" for number in range(5)]
    asked = {"PolicySourceArn": own.arn("user", user), "ActionNames": actions}
    first = iam.simulate_principal_policy(**asked, MaxItems=2)
    assert first["IsTruncated"] and len(first["EvaluationResults"]) == 2
    with refused("ValidationError", 400, "Invalid Marker."):
        iam.simulate_principal_policy(**{**asked, "ActionNames": actions[::-1]}, Marker=first["Marker"])
    pages = iam.get_paginator("simulate_principal_policy").paginate(**asked, PaginationConfig={"PageSize": 2})
    assert [result["EvalActionName"] for page in pages for result in page["EvaluationResults"]] == actions
    pages = iam.get_paginator("simulate_custom_policy").paginate(
        PolicyInputList=[ALL], ActionNames=actions, PaginationConfig={"PageSize": 3}
    )
    assert [len(page["EvaluationResults"]) for page in pages] == [3, 2]


def test_a_simulation_that_would_take_too_long_is_refused(iam):
    long = policy("s3:GetObject", [f"arn:aws:s3:::{'a' * 190}*b{number}" for number in range(450)])
    many = [f"arn:aws:s3:::{'a' * 900}{number}" for number in range(500)]
    assert custom(iam, long, resources=many[:10])["EvalDecision"] == "implicitDeny"
    with refused("InvalidInput", 400) as caught:
        custom(iam, long, long, resources=many)
    assert "ask about fewer resources" in str(caught.value)


def test_who_may_simulate_is_a_matter_of_policies(garita, own):
    other, _ = own.user()
    name, credentials = own.user(policy("iam:SimulatePrincipalPolicy", own.arn("user", "${aws:username}")))
    mine = garita.client("iam", credentials)
    assert of(mine, own.arn("user", name), "iam:SimulatePrincipalPolicy", [own.arn("user", name)])["EvalDecision"] == (
        "allowed"
    )
    for call in [
        lambda: of(mine, own.arn("user", other)),
        lambda: of(mine, f"arn:aws:iam::{ELSEWHERE}:user/ana"),
        lambda: custom(mine, ALL),
        lambda: mine.get_context_keys_for_principal_policy(PolicySourceArn=own.arn("user", name)),
        lambda: mine.get_context_keys_for_custom_policy(PolicyInputList=[ALL]),
    ]:
        with refused("AccessDenied", 403):
            call()
    with refused("NoSuchEntity", 404, "The user with name nobody cannot be found."):
        of(own.iam, own.arn("user", "nobody"))
    with refused("NoSuchEntity", 404):
        of(own.iam, own.arn("user/elsewhere", name))


def test_the_cli_simulates(garita, own):
    user, _ = own.user(policy("s3:GetObject", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}))
    asked = ["iam", "simulate-principal-policy", "--policy-source-arn", own.arn("user", user)]
    asked += ["--action-names", "s3:GetObject", "s3:PutObject", "--resource-arns", OBJECT]
    address = "ContextKeyName=aws:SourceIp,ContextKeyType=ip,ContextKeyValues=10.1.2.3"
    results = garita.cli([*asked, "--context-entries", address])["EvaluationResults"]
    assert [told(result) for result in results] == [f"allowed by user_{user}_p0", "implicitDeny"]
    dated = policy("s3:PutObject", Condition={"DateGreaterThan": {"aws:CurrentTime": "2018-08-16T12:00:00Z"}})
    asked = ["iam", "simulate-custom-policy", "--action-names", "s3:PutObject", "--policy-input-list", dated]
    assert garita.cli(asked)["EvaluationResults"][0]["MissingContextValues"] == ["aws:CurrentTime"]
    date = "ContextKeyName='aws:CurrentTime',ContextKeyValues='2019-04-25T11:00:00Z',ContextKeyType=date"
    assert garita.cli([*asked, "--context-entries", date])["EvaluationResults"][0]["EvalDecision"] == "allowed"
    keys = ["iam", "get-context-keys-for-custom-policy", "--policy-input-list", dated]
    assert garita.cli(keys) == {"ContextKeyNames": ["aws:CurrentTime"]}
    keys = ["iam", "get-context-keys-for-principal-policy", "--policy-source-arn", own.arn("user", user)]
    assert garita.cli(keys) == {"ContextKeyNames": ["aws:SourceIp"]}
    with pytest.raises(subprocess.CalledProcessError) as failed:
        garita.cli(["iam", "simulate-custom-policy", "--policy-input-list", ALL, "--action-names", "s3:*"])
    assert "(InvalidInput)" in failed.value.stderr and "has a wildcard" in failed.value.stderr
