"""Refusals explain themselves, to boto3, the AWS CLI and the MLflow SDK; and by id and encoded message afterwards."""

import json
import subprocess

import pytest
from botocore.exceptions import ClientError
from identities import policy, unique
from jobs import Job
from platform_under_test import Credentials

ENCODED = "Encoded authorization failure message: "


def refusal(call, **parameters):
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return caught.value.response


@pytest.fixture
def nora(garita):
    """A user who may get users, and list them with a second factor."""
    iam, name = garita.client("iam"), unique("nora")
    iam.create_user(UserName=name)
    statements = [
        {"Sid": "Get", "Effect": "Allow", "Action": "iam:GetUser", "Resource": "*"},
        {
            "Sid": "ListWithMfa", "Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*",
            "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
        },
    ]  # fmt: skip
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_user_policy(UserName=name, PolicyName="some", PolicyDocument=document)
    made = iam.create_access_key(UserName=name)["AccessKey"]
    yield Credentials(made["AccessKeyId"], made["SecretAccessKey"])
    iam.delete_access_key(UserName=name, AccessKeyId=made["AccessKeyId"])
    iam.delete_user_policy(UserName=name, PolicyName="some")
    iam.delete_user(UserName=name)


def test_a_refusal_tells_the_nearest_allow_and_decodes_to_the_same(garita, nora):
    answer = refusal(garita.client("iam", nora).list_users)
    message, request_id = answer["Error"]["Message"], answer["ResponseMetadata"]["RequestId"]
    assert answer["Error"]["Code"] == "AccessDenied"
    nearest = "because no identity-based policy allows the iam:ListUsers action. Nearest: statement 1 (ListWithMfa) of some"
    assert nearest in message
    assert "condition `Bool` on `aws:MultiFactorAuthPresent` is not met: the request has no such key" in message
    assert f"Decision id: {request_id}. {ENCODED}" in message
    encoded = message.split(ENCODED)[1]
    assert len(encoded) <= 150

    sts = garita.client("sts")
    decoded = json.loads(sts.decode_authorization_message(EncodedMessage=encoded)["DecodedMessage"])
    assert (decoded["allowed"], decoded["explicitDeny"]) == (False, False)
    assert decoded["context"]["action"] == "iam:ListUsers"
    assert decoded["context"]["principal"]["arn"].startswith("arn:aws:iam::111122223333:user/nora")
    assert decoded["missingContextKeys"] == ["aws:MultiFactorAuthPresent"]
    by_cli = garita.cli(["sts", "decode-authorization-message", "--encoded-message", encoded])
    assert json.loads(by_cli["DecodedMessage"]) == decoded

    explained = json.loads(garita.garita("explain", request_id, "--json").stdout)
    assert explained["decisions"][0]["nearest"] == decoded["nearest"]
    assert explained["who"]["accessKeyId"] == nora.key
    text = garita.garita("explain", request_id).stdout
    assert "decided by  identity-based policy" in text and "missing key aws:MultiFactorAuthPresent" in text


def test_an_encoded_message_is_for_who_may_decode_it_in_its_account(garita, nora):
    encoded = refusal(garita.client("iam", nora).list_users)["Error"]["Message"].split(ENCODED)[1]
    own = refusal(garita.client("sts", nora).decode_authorization_message, EncodedMessage=encoded)
    assert own["Error"]["Code"] == "AccessDenied"
    other = garita.client("sts", garita.root("data-science"))
    for given, sts in [(encoded, other), (encoded[:-4] + "AAAA", garita.client("sts")), ("x", garita.client("sts"))]:
        with pytest.raises(sts.exceptions.InvalidAuthorizationMessageException) as caught:
            sts.decode_authorization_message(EncodedMessage=given)
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_the_sdk_shows_why_in_its_exception(garita):
    job = Job(["search_registered_models"], garita.mlflow_env(garita.role("training-job")))
    code, text = job.refusal("search_registered_models")[:2]
    assert code == "PERMISSION_DENIED"
    assert "Decision id: " in text
    request_id = text.split("Decision id: ")[1][:36]
    assert "execute-api:Invoke" in garita.garita("explain", request_id).stdout


def test_what_was_allowed_is_explained_as_well_and_an_unknown_id_is_said_to_be(garita, nora):
    answer = garita.client("iam", nora).get_user()
    explained = json.loads(garita.garita("explain", answer["ResponseMetadata"]["RequestId"], "--json").stdout)
    assert explained["decisions"][0]["decision"] == "allowed"
    assert explained["decisions"][0]["statements"][0]["sid"] == "Get"
    unknown = garita.garita("explain", "00000000-0000-4000-8000-000000000000", check=False)
    assert isinstance(unknown, subprocess.CompletedProcess)
    assert unknown.returncode == 1 and "no decision" in unknown.stderr


def test_an_explicit_deny_names_its_statement(garita):
    iam, name = garita.client("iam"), unique("denied")
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="no", PolicyDocument=policy("iam:List*", effect="Deny", Sid="NoLists"))
    made = iam.create_access_key(UserName=name)["AccessKey"]
    denied = garita.client("iam", Credentials(made["AccessKeyId"], made["SecretAccessKey"]))
    message = refusal(denied.list_users)["Error"]["Message"]
    assert "with an explicit deny in an identity-based policy. Denied by statement 0 (NoLists) of no, line 1" in message
