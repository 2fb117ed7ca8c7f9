"""Scenarios that were recorded against AWS's own IAM, run again here: every member of every reply is the same."""

import json

import pytest
from identities import policy, unique
from recorded import ACCOUNT, OK, Replies, error, parts, recording, role, trusting

PREFIX = "/<path-prefix>/"
ENCODED = "arn%3Aaws%3Aapigateway%3A<region>%3A%3A%2Frestapis%2Faaeeieije"
ODD = {
    "Statement": [
        {
            "Action": ["apigatway:PUT"],
            "Effect": "Allow",
            "Resource": [f"arn:<partition>:apigateway:<region>::/tags/{ENCODED}"],
        }
    ],
    "Version": "2012-10-17",
}
ODD_TRUST = trusting("lambda") | {
    "Condition": {"StringEquals": {"aws:SourceArn": ENCODED}}
}
LISTED = {"MaxSessionDuration": 3600}
GOT = {"MaxSessionDuration": 3600, "RoleLastUsed": {}}
TAGS = {"Tags": [{"Key": "test", "Value": "value"}]}
POLICY_MADE = {
    "Arn": f"arn:<partition>:iam::{ACCOUNT}:policy/<policy-name:1>",
    "AttachmentCount": 0,
    "CreateDate": "<datetime>",
    "DefaultVersionId": "v1",
    "IsAttachable": True,
    "Path": "/",
    "PermissionsBoundaryUsageCount": 0,
    "PolicyId": "<policy-id:1>",
    "PolicyName": "<policy-name:1>",
    "UpdateDate": "<datetime>",
}
NO_ARN = error("ValidationError", 400, "Invalid ARN:  Could not be parsed!")
NO_POLICY = f"Policy arn:<partition>:iam::{ACCOUNT}:policy/<policy-name:1>123 does not exist or is not attachable."
ATTACHED = {
    "create_policy_response": {"Policy": POLICY_MADE, **OK},
    "non_existent_malformed_policy_arn": NO_ARN,
    "existing_policy_name_provided": NO_ARN,
    "valid_arn_not_existent": error("NoSuchEntity", 404, NO_POLICY),
    "valid_policy_arn": OK,
}


def put(kind):
    named = {f"{kind}Name": f"<{kind.lower()}-name:1>", "PolicyName": "<policy-name:1>"}
    return {"get-policy-response": {**named, "PolicyDocument": ODD, **OK}}


def linked(service, name):
    statement = {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": service}}
    found = role(f"/aws-service-role/{service}/", name, statement=statement, **GOT)
    names = {"IsTruncated": False, "PolicyNames": []}
    return {"describe-response": {"Role": found, **OK}, "inline-role-policies": {**names, **OK}}


def listed(*roles):
    return {"IsTruncated": False, "Roles": list(roles), **OK}


EXPECTED = {
    "test_create_describe_role": {
        "create_role_result": {"Role": role(PREFIX), **OK},
        "get_role_result": {"Role": role(PREFIX, **GOT), **OK},
        "list_roles_result": listed(role(PREFIX, **LISTED)),
    },
    "test_list_roles_with_permission_boundary": {
        "created_role": {"Role": role(PREFIX), **OK},
        "list_roles_result": listed(role(PREFIX, **LISTED)),
    },
    "test_update_assume_role_policy": {"updated_policy": OK},
    "test_create_role_with_malformed_assume_role_policy_document": {
        "invalid-json": error("MalformedPolicyDocument", 400, "This policy contains invalid Json"),
    },
    "test_role_with_tags": {
        "create-role-response": {"Role": role("/role-with-tags/", **TAGS), **OK},
        "get-role-response": {"Role": role("/role-with-tags/", **GOT, **TAGS), **OK},
        "list-role-response": listed(role("/role-with-tags/", **LISTED)),
    },
    "test_role_with_path_lifecycle": {
        "create-role-response": {"Role": role("<path>", statement=trusting("lambda")), **OK},
        "get-role-response": {"Role": role("<path>", statement=trusting("lambda"), **GOT), **OK},
        "delete-role-response": OK,
    },
    "test_put_user_policy_encoding": put("User"),
    "test_put_group_policy_encoding": put("Group"),
    "test_put_role_policy_encoding": {
        "create-role-response": {"Role": role("<path:1>", statement=ODD_TRUST), **OK},
        **put("Role"),
        "get-role-response": {"Role": role("<path:1>", statement=ODD_TRUST, **GOT), **OK},
        "list-roles-response": listed(role("<path:1>", statement=ODD_TRUST, **LISTED)),
    },
    "test_role_attach_policy": ATTACHED,
    "test_user_attach_policy": ATTACHED,
    **{
        f"test_service_role_lifecycle[{service}]": linked(service, name)
        for service, name in [
            ("cloudtrail.amazonaws.com", "AWSServiceRoleForCloudTrail"),
            ("email.cognito-idp.amazonaws.com", "AWSServiceRoleForAmazonCognitoIdpEmailService"),
            ("ops.apigateway.amazonaws.com", "AWSServiceRoleForAPIGateway"),
        ]
    },
    "test_service_role_deletion": {
        "service-linked-role-deletion-response": {
            "DeletionTaskId": "task/aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch/<uuid>",
            **OK,
        },
        "service-linked-role-deletion-status-response": {"Status": "SUCCEEDED", **OK},
    },
    "test_delete_non_existent_policy_returns_no_such_entity": {
        "delete-non-existent-policy-exc": error(
            "NoSuchEntity", 404, f"Policy arn:<partition>:iam::{ACCOUNT}:policy/non-existent-policy was not found."
        ),
    },
}


@pytest.fixture
def replies(garita):
    return Replies(garita)


@pytest.fixture
def make_role(own, replies):
    """Makes a role whose name the recording knows, and notes the reply."""

    def make(label, path, statement=None, **more):
        name = replies.stands_for(unique("role"), "<role-name:1>")
        own.made.append(("Role", name))
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement or trusting("ec2")]})
        given = {"RoleName": name, "Path": path, "AssumeRolePolicyDocument": document, **more}
        replies.note(label, own.iam.create_role, **given)
        return name

    return make


def test_create_describe_role(own, replies, make_role):
    path = replies.stands_for(f"/{unique('path')}/", PREFIX)
    name = make_role("create_role_result", path)
    replies.note("get_role_result", own.iam.get_role, RoleName=name)
    replies.note("list_roles_result", own.iam.list_roles, PathPrefix=path)
    assert replies.seen == EXPECTED["test_create_describe_role"]


def test_list_roles_with_permission_boundary(own, replies, make_role):
    path = replies.stands_for(f"/{unique('path')}/", PREFIX)
    name = make_role("created_role", path)
    boundary = own.managed(policy("lambda:ListFunctions"))
    own.iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=boundary)
    replies.note("list_roles_result", own.iam.list_roles, PathPrefix=path)
    assert replies.seen == EXPECTED["test_list_roles_with_permission_boundary"]


def test_update_assume_role_policy(own, replies, make_role):
    name = make_role("created_role", "/")
    document = json.dumps({"Version": "2012-10-17", "Statement": [trusting("lambda")]})
    replies.note("updated_policy", own.iam.update_assume_role_policy, RoleName=name, PolicyDocument=document)
    assert replies.seen["updated_policy"] == EXPECTED["test_update_assume_role_policy"]["updated_policy"]


def test_create_role_with_malformed_assume_role_policy_document(own, replies):
    replies.note("invalid-json", own.iam.create_role, RoleName=unique("role"), AssumeRolePolicyDocument='{"a": b}')
    assert replies.seen == EXPECTED["test_create_role_with_malformed_assume_role_policy_document"]


def test_role_with_tags(own, replies, make_role):
    name = make_role("create-role-response", "/role-with-tags/", **TAGS)
    replies.note("get-role-response", own.iam.get_role, RoleName=name)
    replies.note("list-role-response", own.iam.list_roles, PathPrefix="/role-with-tags/")
    assert replies.seen == EXPECTED["test_role_with_tags"]


def test_role_with_path_lifecycle(own, replies, make_role):
    path = replies.stands_for(f"/{unique('path')}/", "<path>")
    name = make_role("create-role-response", path, trusting("lambda"))
    replies.note("get-role-response", own.iam.get_role, RoleName=name)
    replies.note("delete-role-response", own.iam.delete_role, RoleName=name)
    assert replies.seen == EXPECTED["test_role_with_path_lifecycle"]


def odd(replies, document):
    """The recorded document with this run's values."""
    text = json.dumps(document)
    for own, place in replies.places.items():
        text = text.replace(place, own)
    return text


@pytest.mark.parametrize("kind", ["User", "Group"])
def test_put_policy_encoding(own, replies, kind):
    name = replies.stands_for(unique("entity"), f"<{kind.lower()}-name:1>")
    own.made.append((kind, name))
    getattr(own.iam, f"create_{kind.lower()}")(**{f"{kind}Name": name})
    inline = {f"{kind}Name": name, "PolicyName": replies.stands_for(unique("inline"), "<policy-name:1>")}
    getattr(own.iam, f"put_{kind.lower()}_policy")(**inline, PolicyDocument=odd(replies, ODD))
    replies.note("get-policy-response", getattr(own.iam, f"get_{kind.lower()}_policy"), **inline)
    assert replies.seen == EXPECTED[f"test_put_{kind.lower()}_policy_encoding"]


def test_put_role_policy_encoding(own, replies, make_role):
    path = replies.stands_for(f"/{unique('path')}/", "<path:1>")
    name = make_role("create-role-response", path, json.loads(odd(replies, ODD_TRUST)))
    inline = {"RoleName": name, "PolicyName": replies.stands_for(unique("inline"), "<policy-name:1>")}
    own.iam.put_role_policy(**inline, PolicyDocument=odd(replies, ODD))
    replies.note("get-policy-response", own.iam.get_role_policy, **inline)
    replies.note("get-role-response", own.iam.get_role, RoleName=name)
    replies.note("list-roles-response", own.iam.list_roles, PathPrefix=path)
    assert replies.seen == EXPECTED["test_put_role_policy_encoding"]


@pytest.mark.parametrize("kind", ["role", "user"])
def test_attach_policy(own, replies, make_role, kind):
    name = own.user()[0] if kind == "user" else make_role("made", "/")
    replies.seen.clear()
    entity, attach = {f"{kind.capitalize()}Name": name}, getattr(own.iam, f"attach_{kind}_policy")
    named = replies.stands_for(unique("managed-policy"), "<policy-name:1>")
    document = policy("s3:*")
    made = replies.note("create_policy_response", own.iam.create_policy, PolicyName=named, PolicyDocument=document)
    arn = made["Policy"]["Arn"]
    own.made.append(("Policy", arn))
    replies.note("non_existent_malformed_policy_arn", attach, **entity, PolicyArn="longpolicynamebutnoarn")
    replies.note("existing_policy_name_provided", attach, **entity, PolicyArn=f"{named}-so-long-it-fits")
    replies.note("valid_arn_not_existent", attach, **entity, PolicyArn=f"{arn}123")
    replies.note("valid_policy_arn", attach, **entity, PolicyArn=arn)
    assert replies.seen == EXPECTED[f"test_{kind}_attach_policy"]


@pytest.mark.parametrize("scenario", [name for name in EXPECTED if name.startswith("test_service_role_lifecycle")])
def test_service_role_lifecycle(own, replies, scenario):
    service = scenario.partition("[")[2].rstrip("]")
    name = own.iam.create_service_linked_role(AWSServiceName=service)["Role"]["RoleName"]
    replies.note("describe-response", own.iam.get_role, RoleName=name)
    replies.note("inline-role-policies", own.iam.list_role_policies, RoleName=name)
    own.delete_linked_role(name)
    assert replies.seen == EXPECTED[scenario]


def test_service_role_deletion(own, replies):
    """The recorded service is none of Garita's: another one stands in for it."""
    service = replies.stands_for("cloudtrail.amazonaws.com", "batch.amazonaws.com")
    name = replies.stands_for("AWSServiceRoleForCloudTrail", "AWSServiceRoleForBatch")
    own.iam.create_service_linked_role(AWSServiceName=service)
    asked = replies.note("service-linked-role-deletion-response", own.iam.delete_service_linked_role, RoleName=name)
    task = asked["DeletionTaskId"]
    replies.stands_for(task.rpartition("/")[2], "<uuid>")
    replies.seen["service-linked-role-deletion-response"] = replies.as_recorded(asked)
    own.wait_for_deletion(task)
    status = own.iam.get_service_linked_role_deletion_status
    replies.note("service-linked-role-deletion-status-response", status, DeletionTaskId=task)
    assert replies.seen == EXPECTED["test_service_role_deletion"]


def test_delete_non_existent_policy_returns_no_such_entity(own, replies):
    arn = own.arn("policy", "non-existent-policy")
    replies.note("delete-non-existent-policy-exc", own.iam.delete_policy, PolicyArn=arn)
    assert replies.seen == EXPECTED["test_delete_non_existent_policy_returns_no_such_entity"]


def test_the_transcription_is_the_recording():
    if recorded := recording("test_iam.snapshot.json"):
        assert parts(recorded, EXPECTED) == EXPECTED
