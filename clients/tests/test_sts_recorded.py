"""Scenarios that were recorded against AWS's own STS, run again here: every member of every reply is the same."""

import pytest
from identities import Identities, policy, trust, unique
from recorded import ACCOUNT, OK, Replies, error, parts, recording, role

BOTH = ["sts:AssumeRole", "sts:TagSession"]
CONFLICT = error(
    "InvalidParameterValue",
    400,
    "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the "
    "calling session.",
)
INVALID_ARNS = {
    "malformed-arn": "nothing-valid-in-here",
    "no-partition": "arn::b:::something/test-role",
    "no-service": "arn:a::::something/test-role",
    "not-enough-colons": "arn:a:::something/test-role",
    "no-resource": "arn:a:a::aaaaaaaaaa:",
}


def made(action, number=1, name=None):
    statement = {"Action": action, "Effect": "Allow", "Principal": {"AWS": ACCOUNT}}
    return {"Role": role(name=name or f"<role-name:{number}>", number=number, statement=statement), **OK}


EXPECTED = {
    "test_assume_role": {
        "create-role": made("sts:AssumeRole", name="<resource:1>"),
        "assume-role": {
            "AssumedRoleUser": {
                "Arn": f"arn:<partition>:sts::{ACCOUNT}:assumed-role/<resource:1>/<role-session-name:1>",
                "AssumedRoleId": "<role-id:1>:<role-session-name:1>",
            },
            "Credentials": {
                "AccessKeyId": "<access-key-id:1>",
                "Expiration": "<datetime>",
                "SecretAccessKey": "<secret-access-key:1>",
                "SessionToken": "<session-token:1>",
            },
            **OK,
        },
    },
    "test_assume_role_tag_validation": {
        "role-1": made(BOTH),
        "invalid-transitive-tag-keys": error(
            "InvalidParameterValue", 400, "The specified transitive tag key must be included in the requested tags."
        ),
        "duplicate-tag-keys-different-casing": error(
            "InvalidParameterValue",
            400,
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
        ),
    },
    "test_iam_role_chaining_override_transitive_tags": {
        "role-1": made(BOTH),
        "role-2": made(BOTH, 2),
        "override-transitive-tag-error": CONFLICT,
        "override-transitive-tag-case-ignore-error": CONFLICT,
    },
    "test_sts_invalid_parameters": {
        **{label: error("ValidationError", 400, f"{arn} is invalid") for label, arn in INVALID_ARNS.items()},
        "invalid-session-name": error(
            "ValidationError",
            400,
            "1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: [\\w+=,.@-]*",
        ),
    },
}


@pytest.fixture
def own(garita):
    identities = Identities(garita)
    yield identities
    identities.end()


@pytest.fixture
def replies(garita):
    return Replies(garita)


@pytest.fixture
def make_role(own, replies):
    def make(label, placeholder, actions):
        name = replies.stands_for(unique("role"), placeholder)
        own.made.append(("Role", name))
        document = trust(own.account, actions)
        if len(actions) == 1:
            document = document.replace(f'["{actions[0]}"]', f'"{actions[0]}"')
        answer = replies.note(label, own.iam.create_role, RoleName=name, AssumeRolePolicyDocument=document)
        return answer["Role"]["Arn"]

    return make


@pytest.fixture
def sts(garita, own):
    return garita.client("sts", own.user(policy("sts:*"))[1])


def test_assume_role(garita, sts, replies, make_role):
    arn = make_role("create-role", "<resource:1>", ["sts:AssumeRole"])
    session = replies.stands_for(unique("session"), "<role-session-name:1>")
    answer = sts.assume_role(RoleArn=arn, RoleSessionName=session)
    given = answer["Credentials"]
    replies.stands_for(given["AccessKeyId"], "<access-key-id:1>")
    replies.stands_for(given["SecretAccessKey"], "<secret-access-key:1>")
    replies.stands_for(given["SessionToken"], "<session-token:1>")
    replies.note("assume-role", lambda: answer)
    assert replies.seen == EXPECTED["test_assume_role"]


def test_assume_role_tag_validation(sts, replies, make_role):
    arn = make_role("role-1", "<role-name:1>", BOTH)
    given = {"RoleArn": arn, "RoleSessionName": "Session1"}
    tags = [{"Key": "SessionTag1", "Value": "SessionValue1"}]
    replies.note(
        "invalid-transitive-tag-keys", sts.assume_role, **given, Tags=tags, TransitiveTagKeys=["InvalidKey"]
    )
    twice = [*tags, {"Key": "sessiontag1", "Value": "SessionValue2"}]
    replies.note("duplicate-tag-keys-different-casing", sts.assume_role, **given, Tags=twice)
    assert replies.seen == EXPECTED["test_assume_role_tag_validation"]


def test_iam_role_chaining_override_transitive_tags(garita, own, sts, replies, make_role):
    first, second = (make_role(f"role-{n}", f"<role-name:{n}>", BOTH) for n in (1, 2))
    own.iam.put_role_policy(RoleName=first.rsplit("/", 1)[1], PolicyName="p", PolicyDocument=policy("sts:*"))
    tags = [{"Key": "SessionTag1", "Value": "SessionValue1"}]
    session = sts.assume_role(
        RoleArn=first, RoleSessionName="Session1", Tags=tags, TransitiveTagKeys=["SessionTag1"]
    )
    chained = garita.client("sts", type(garita.root()).of(session))
    for label, key in (
        ("override-transitive-tag-error", "SessionTag1"),
        ("override-transitive-tag-case-ignore-error", "sessiontag1"),
    ):
        other = [{"Key": key, "Value": "SessionValue2"}]
        replies.note(label, chained.assume_role, RoleArn=second, RoleSessionName="Session2", Tags=other)
    assert replies.seen == EXPECTED["test_iam_role_chaining_override_transitive_tags"]


def test_sts_invalid_parameters(own, sts, replies):
    for label, arn in INVALID_ARNS.items():
        replies.note(label, sts.assume_role, RoleArn=arn, RoleSessionName="Session1")
    arn = own.arn("role", "test-role")
    replies.note("invalid-session-name", sts.assume_role, RoleArn=arn, RoleSessionName="Session1:2")
    assert replies.seen == EXPECTED["test_sts_invalid_parameters"]


def test_the_transcription_is_the_recording():
    if recorded := recording("test_sts.snapshot.json"):
        assert parts(recorded, EXPECTED) == EXPECTED
