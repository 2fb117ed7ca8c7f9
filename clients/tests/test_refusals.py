"""What is refused, and how it is said: raw requests, because no client would send most of them."""

import json
import pathlib
import subprocess
import sys
import time

import pytest
from jobs import Job
from platform_under_test import ACCOUNTS, Credentials
from sigv4 import send, sign

SEARCH = "/api/2.0/mlflow/experiments/search"
CREATE = "/api/2.0/mlflow/experiments/create"
BODY = json.dumps({"max_results": 10}).encode()


@pytest.fixture
def admin(garita):
    return garita.role("mlflow-admin")


def signed(garita, credentials, path=SEARCH, body=BODY, method="POST", send_body=None, headers=None, **more):
    """Signs one request and sends it, with another body or further headers when told so."""
    url = f"{garita.gateway}{path}"
    signature = sign(method, url, credentials, body, **more)
    return send(method, url, {**signature, **(headers or {})}, body if send_body is None else send_body)


def assert_refused(reply, kind, says, status=403):
    """The shape both kinds of clients understand: MLflow's error code, API Gateway's header and message."""
    assert reply.status == status, reply.body
    assert reply.headers["x-amzn-errortype"] == kind
    assert reply.headers["x-amzn-requestid"]
    assert reply.headers["content-type"].startswith("application/json")
    answer = reply.json
    assert answer["message"] == answer["Message"]
    assert says in answer["message"], answer
    return answer


def test_the_signer_of_these_tests_signs_well(garita, admin):
    reply = signed(garita, admin)
    assert reply.status == 200, reply.body
    assert "experiments" in reply.json


def test_unsigned(garita):
    reply = send("POST", f"{garita.gateway}{SEARCH}", body=BODY)
    answer = assert_refused(reply, "MissingAuthenticationTokenException", "Missing Authentication Token")
    assert answer["error_code"] == "UNAUTHENTICATED"


def test_a_wrong_secret(garita, admin):
    wrong = Credentials(admin.key, admin.secret[::-1], admin.token)
    assert_refused(signed(garita, wrong), "InvalidSignatureException", "does not match the signature you provided")


def test_an_unknown_key(garita):
    nobody = Credentials("AKIAUNKNOWNUNKNOWN00", "x" * 40)
    assert_refused(signed(garita, nobody), "UnrecognizedClientException", "security token")


def test_a_disabled_key(garita):
    iam = garita.client("iam")
    iam.create_user(UserName="disabled")
    made = iam.create_access_key(UserName="disabled")["AccessKey"]
    key = Credentials(made["AccessKeyId"], made["SecretAccessKey"])
    try:
        assert_refused(signed(garita, key), "AccessDeniedException", "is not authorized to perform")
        iam.update_access_key(UserName="disabled", AccessKeyId=key.key, Status="Inactive")
        assert_refused(signed(garita, key), "UnrecognizedClientException", "security token")
    finally:
        iam.delete_access_key(UserName="disabled", AccessKeyId=key.key)
        iam.delete_user(UserName="disabled")


@pytest.mark.parametrize("late_by", [20 * 60, -20 * 60])
def test_a_signature_of_another_time(garita, admin, late_by):
    assert_refused(signed(garita, admin, late_by=late_by), "InvalidSignatureException", "Signature")


def test_a_signature_of_a_few_minutes_ago_is_good(garita, admin):
    assert signed(garita, admin, late_by=120).status == 200


def test_a_replay_with_another_body(garita, admin):
    name = f"never made {time.monotonic_ns()}"
    first = json.dumps({"name": f"made {time.monotonic_ns()}"}).encode()
    changed = json.dumps({"name": name}).encode()
    url = f"{garita.gateway}{CREATE}"
    headers = sign("POST", url, admin, first)
    assert send("POST", url, headers, first).status == 200
    reply = send("POST", url, headers, changed)
    assert reply.status in (400, 403), reply.body
    found = signed(garita, admin, f"/api/2.0/mlflow/experiments/get-by-name?experiment_name={name.replace(' ', '%20')}",
                   b"", "GET")  # fmt: skip
    assert found.status == 404


def test_a_body_whose_declared_hash_is_of_another(garita, admin):
    reply = signed(garita, admin, claims=b"another body")
    assert_refused(reply, "InvalidSignatureException", "")


def test_an_unsigned_payload_is_not_taken(garita, admin):
    reply = signed(garita, admin, headers={"x-amz-content-sha256": "UNSIGNED-PAYLOAD"})
    assert reply.status == 403, reply.body


def test_signed_twice(garita, admin):
    url = f"{garita.gateway}{SEARCH}"
    headers = sign("POST", url, admin, BODY)
    both = send("POST", f"{url}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=00", headers, BODY)
    assert both.status == 403, both.body
    twice = send("POST", url, {**headers, "authorization": [headers["authorization"]] * 2}, BODY)
    assert twice.status in (400, 403), twice.body


def test_another_service_and_another_region(garita, admin):
    assert_refused(signed(garita, admin, service="iam"), "InvalidSignatureException", "")
    assert_refused(signed(garita, admin, region="ap-south-1"), "InvalidSignatureException", "")


def test_a_session_key_without_its_token(garita, admin):
    assert signed(garita, Credentials(admin.key, admin.secret)).status == 403


def test_a_body_that_is_too_large(garita, admin):
    large = json.dumps({"filter": "x" * (3 * 1024 * 1024)}).encode()
    reply = signed(garita, admin, body=large)
    assert_refused(reply, "RequestEntityTooLargeException", "larger than", status=413)


def test_a_route_that_nobody_knows(garita, admin):
    reply = signed(garita, admin, "/api/2.0/mlflow/experiments/no-such-thing")
    answer = assert_refused(reply, "AccessDeniedException", "no route")
    assert answer["error_code"] == "ENDPOINT_NOT_FOUND"


@pytest.mark.parametrize("path", ["/ajax-api/3.0/mlflow/assistant/sessions/a/stream", "/ajax-api/3.0/jobs/x"])
def test_what_runs_code_on_the_server_is_never_served(garita, admin, path):
    assert signed(garita, admin, path, b"", "GET").status == 403


@pytest.mark.parametrize(
    "path",
    [
        "//api/2.0/mlflow/experiments/get?experiment_id=0",
        "/api/2.0/mlflow%2Fexperiments/get?experiment_id=0",
        "/api/2.0/mlflow/experiments/%67et?experiment_id=0",
        "/api/2.0/mlflow/./experiments/get?experiment_id=0",
        "/x/../api/2.0/mlflow/experiments/get?experiment_id=0",
        "/api/2.0/mlflow/experiments/get;x?experiment_id=0",
    ],
)
def test_spellings_that_mlflow_would_understand_get_nobody_further(garita, path):
    """Whatever the answer is, the role that may nothing does not get an experiment."""
    stranger = garita.role("training-job")
    reply = signed(garita, stranger, path, b"", "GET")
    assert reply.status in (400, 403), reply.body
    assert b'"experiment"' not in reply.body


def test_a_get_with_a_body(garita, admin):
    """MLflow would act on the body, which the signature of a GET does not cover."""
    reply = signed(garita, admin, "/api/2.0/mlflow/experiments/get", b"", "GET", send_body=b'{"experiment_id": "0"}')
    assert reply.status in (400, 403), reply.body


def test_an_upstream_that_is_down_may_be_asked_again(another_garita):
    garita = another_garita()
    admin = garita.role("mlflow-admin")
    assert signed(garita, admin).status == 200
    garita.mlflow.stop()
    url = f"{garita.gateway_base}/prod{SEARCH}"
    reply = send("POST", url, sign("POST", url, admin, BODY), BODY)
    assert_refused(reply, "ServiceUnavailableException", "cannot be reached", status=503)
    assert int(reply.headers["retry-after"]) >= 1
    # Who is refused is refused all the same: an outage opens nothing.
    stranger = garita.role("training-job")
    reply = send("POST", url, sign("POST", url, stranger, BODY), BODY)
    assert_refused(reply, "AccessDeniedException", "is not authorized")
    garita.mlflow.start()
    assert signed(garita, admin).status == 200


def test_the_sdk_does_not_ask_again_after_a_refusal(garita):
    env = garita.mlflow_env(garita.role("training-job"))
    env["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "7"
    before = len(garita.audit())
    job = Job(["search_registered_models"], env)
    assert job.refusal("search_registered_models")[0] == "PERMISSION_DENIED"
    denied = [record for record in garita.audit()[before:] if record["eventSource"] == "execute-api.amazonaws.com"]
    assert [record["eventName"] for record in denied] == ["SearchRegisteredModels"]
    assert denied[0]["recipientAccountId"] == ACCOUNTS["ml-platform"]


def test_nothing_secret_is_printed_by_a_failing_client(garita, admin):
    """The token of a session stands in no refusal."""
    wrong = Credentials(admin.key, admin.secret[::-1], admin.token)
    reply = signed(garita, wrong)
    assert admin.token.encode() not in reply.body
    log = pathlib.Path(garita.log).read_text()
    assert admin.token not in log
    assert admin.secret not in log


def test_the_sdk_names_the_cause_of_a_refusal(garita):
    script = "import mlflow; mlflow.set_experiment('x')"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=garita.mlflow_env())
    assert done.returncode != 0
    assert "Missing Authentication Token" in done.stderr
