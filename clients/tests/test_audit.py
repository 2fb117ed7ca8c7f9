"""The audit trail: CloudTrail's shape, one record for every answered request, and no secret in it."""

import json
import subprocess
import time

import pytest
from botocore.exceptions import ClientError
from platform_under_test import ACCOUNTS, REGION, clean_environment
from sigv4 import send, sign

FIELDS = {
    "eventVersion",
    "userIdentity",
    "eventTime",
    "eventSource",
    "eventName",
    "awsRegion",
    "sourceIPAddress",
    "userAgent",
    "requestParameters",
    "responseElements",
    "requestID",
    "eventID",
    "readOnly",
    "eventType",
    "managementEvent",
    "recipientAccountId",
    "eventCategory",
}
SEARCH = "/api/2.0/mlflow/experiments/search"
BODY = b'{"max_results": 10}'


def request(garita, credentials, path=SEARCH, method="POST", body=BODY):
    url = f"{garita.gateway}{path}"
    headers = sign(method, url, credentials, body) if credentials else {}
    reply = send(method, url, headers, body)
    return reply, reply.headers["x-amzn-requestid"]


def records_of(garita, request_id):
    return [record for record in garita.audit() if record["requestID"] == request_id]


def test_every_record_has_cloudtrails_fields(garita):
    garita.client("sts").get_caller_identity()
    for record in garita.audit():
        assert FIELDS <= record.keys(), FIELDS - record.keys()
        assert record["awsRegion"] == REGION
        assert record["eventCategory"] in ("Management", "Data")


def test_one_record_for_each_answered_request(garita):
    before = {record["eventID"] for record in garita.audit()}
    admin, stranger = garita.role("mlflow-admin"), garita.role("training-job")
    expected = {}
    for who, path, status in [
        (admin, SEARCH, 200),
        (admin, "/api/2.0/mlflow/experiments/get?experiment_id=0", 200),
        (admin, "/api/2.0/mlflow/experiments/get?experiment_id=123456", 404),
        (admin, "/api/2.0/mlflow/no-such-thing", 403),
        (stranger, SEARCH, 403),
        (None, SEARCH, 403),
    ]:
        method, body = ("POST", BODY) if path == SEARCH else ("GET", b"")
        reply, request_id = request(garita, who, path, method, body)
        assert reply.status == status, reply.body
        if request_id:
            expected[request_id] = status
    assert len(expected) >= 4
    new = [record for record in garita.audit() if record["eventID"] not in before]
    gateway = [record for record in new if record["eventSource"] not in ("iam.amazonaws.com", "sts.amazonaws.com")]
    assert len(gateway) == 6
    for request_id, status in expected.items():
        mine = [record for record in gateway if record["requestID"] == request_id]
        assert [record["additionalEventData"]["status"] for record in mine] == [status]


def test_a_refusal_names_caller_resource_and_reason(garita):
    reply, request_id = request(garita, garita.role("training-job"))
    assert reply.status == 403
    (record,) = records_of(garita, request_id)
    assert record["errorCode"] == "AccessDeniedException"
    assert "is not authorized to perform: execute-api:Invoke" in record["errorMessage"]
    identity = record["userIdentity"]
    assert identity["type"] == "AssumedRole"
    assert identity["arn"] == f"arn:aws:sts::{ACCOUNTS['data-science']}:assumed-role/training-job/scheduler"
    assert identity["sessionContext"]["sessionIssuer"]["userName"] == "training-job"
    assert record["recipientAccountId"] == ACCOUNTS["ml-platform"]
    (resource,) = record["resources"]
    assert resource["ARN"].endswith("/prod/POST/api/2.0/mlflow/experiments/search")
    assert record["additionalEventData"]["decisions"][0]["decision"] == "implicitDeny"


def test_an_allowed_request_names_the_statement_that_allowed_it(garita):
    reply, _ = request(garita, garita.role("mlflow-admin"))
    assert reply.status == 200
    record = garita.audit()[-1]
    assert (record["eventName"], record["eventCategory"]) == ("SearchExperiments", "Data")
    (decision,) = record["additionalEventData"]["decisions"]
    assert decision["decision"] == "allowed"
    assert decision["statements"][0]["sid"] == "EverythingOnThisStage"


def test_the_control_plane_is_recorded_with_what_was_asked(garita):
    iam = garita.client("iam")
    answer = iam.create_user(UserName="recorded", Path="/audit/")
    iam.delete_user(UserName="recorded")
    (record,) = records_of(garita, answer["ResponseMetadata"]["RequestId"])
    assert (record["eventSource"], record["eventName"]) == ("iam.amazonaws.com", "CreateUser")
    assert record["requestParameters"] == {"userName": "recorded", "path": "/audit/"}
    assert record["managementEvent"] is True and record["readOnly"] is False
    with pytest.raises(ClientError) as refused:
        garita.client("iam", garita.user("bruno")).create_user(UserName="never")
    (record,) = records_of(garita, refused.value.response["ResponseMetadata"]["RequestId"])
    assert record["errorCode"] == "AccessDenied"
    assert record["userIdentity"]["userName"] == "bruno"


def test_no_secret_is_in_the_trail(garita):
    iam = garita.client("iam")
    iam.create_user(UserName="secretive")
    made = iam.create_access_key(UserName="secretive")["AccessKey"]
    session = garita.role("mlflow-admin")
    request(garita, session)
    iam.delete_access_key(UserName="secretive", AccessKeyId=made["AccessKeyId"])
    iam.delete_user(UserName="secretive")
    trail = "".join(path.read_text(errors="replace") for path in garita.data.rglob("*") if "audit" in str(path) and path.is_file())
    trail += json.dumps(garita.audit())
    assert made["AccessKeyId"] in trail
    for secret in (made["SecretAccessKey"], session.secret, session.token, garita.root().secret):
        assert secret not in trail
    assert "Signature=" not in trail


def test_the_tail_can_be_followed(garita):
    command = [garita.binary, "audit", "tail", "-n", "0", "--follow", "--data", str(garita.data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=clean_environment()) as following:
        try:
            # It begins after the records that are there when it has started.
            time.sleep(2)
            answer = garita.client("sts").get_caller_identity()
            record = json.loads(following.stdout.readline())
        finally:
            following.terminate()
    assert record["requestID"] == answer["ResponseMetadata"]["RequestId"]


def test_the_trail_verifies(garita):
    garita.garita("audit", "verify")
