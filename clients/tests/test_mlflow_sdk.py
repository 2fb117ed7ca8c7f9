"""The MLflow SDK as its users run it, in processes of their own, as every role of the seed."""

import importlib.metadata
import pathlib
import sys

import pytest
from jobs import (
    APPROVE,
    DELETE,
    EVERYTHING,
    PREPARE,
    READ,
    WRITE_ARTIFACTS,
    WRITE_MODEL,
    WRITE_RUN,
    WRITE_TRACE,
    Job,
)
from platform_under_test import ACCOUNTS

INSTALLED = tuple(int(part) for part in importlib.metadata.version("mlflow").split(".")[:2])
# Until 3.18 the client does not hear from the server that it must upload in parts.
IN_PARTS = {"MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD": "true", "MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE": "0"}
SETTINGS = {} if INSTALLED >= (3, 18) else IN_PARTS
WRITE = ["start_run", *WRITE_RUN, *WRITE_ARTIFACTS]


@pytest.fixture(scope="module")
def admin(garita):
    return Job(EVERYTHING, garita.mlflow_env(garita.role("mlflow-admin")), **SETTINGS)


@pytest.fixture(scope="module")
def of_admin(admin):
    """Where the others find what the admin made."""
    return {"JOB_RUN_ID": admin.result("start_run"), **SETTINGS}


@pytest.fixture(scope="module")
def as_role(garita, of_admin):
    """Runs a job as a role, once."""
    jobs = {}

    def run(role, steps):
        if role not in jobs:
            jobs[role] = Job(steps, garita.mlflow_env(garita.role(role)), **of_admin)
        return jobs[role]

    return run


@pytest.fixture(scope="module")
def cross_account(garita):
    """A job of data-science that takes the admin role of ml-platform, as the seed's script does."""
    arn = f"arn:aws:iam::{ACCOUNTS['ml-platform']}:role/mlflow-admin"
    taken = garita.assume(arn, garita.role("training-job"), "AssumedMLflowAdmin")
    return Job(EVERYTHING, garita.mlflow_env(taken), JOB_MODEL="cross account model", **SETTINGS)


@pytest.mark.parametrize("step", EVERYTHING)
def test_the_admin_may(admin, step):
    admin.result(step)


@pytest.mark.parametrize("step", EVERYTHING)
def test_a_job_of_another_account_may_with_the_role_it_was_granted(cross_account, step):
    cross_account.result(step)


def test_what_was_uploaded_comes_back_whole(admin):
    sizes = admin.result("download_artifacts")
    assert sizes["empty.bin"] == 0
    assert sizes["large.bin"] == 12 * 1024 * 1024
    assert sizes["a name with spaces & ümlaut.txt"] == 4
    assert sizes["texts/hello.txt"] == 5
    assert "large.bin" in admin.result("list_artifacts")


def test_what_was_logged_is_found(admin):
    assert admin.result("load_model") == pytest.approx(2.0)
    assert admin.result("search_registered_models") == ["tested-model"]
    assert admin.result("trace") >= 1
    assert admin.result("metric_history") == 1


READER_STEPS = READ + WRITE + WRITE_MODEL + WRITE_TRACE + APPROVE + DELETE


@pytest.mark.parametrize("step", READ)
def test_the_reader_may(as_role, step):
    as_role("mlflow-reader", READER_STEPS).result(step)


@pytest.mark.parametrize("step", WRITE + WRITE_MODEL + APPROVE + DELETE)
def test_the_reader_may_not(as_role, step):
    code, text = as_role("mlflow-reader", READER_STEPS).refusal(step)
    assert code == "PERMISSION_DENIED"
    assert "assumed-role/mlflow-reader/bruno is not authorized to perform: execute-api:Invoke" in text
    assert f"arn:aws:execute-api:eu-west-1:{ACCOUNTS['ml-platform']}:mlflow/prod/" in text


def test_the_readers_traces_are_not_stored(as_role):
    _, text = as_role("mlflow-reader", READER_STEPS).refusal("trace")
    assert "the trace was not stored" in text


APPROVER_STEPS = READ + WRITE + APPROVE + DELETE


@pytest.mark.parametrize("step", READ + APPROVE)
def test_the_approver_may(as_role, step):
    as_role("mlflow-model-approver", APPROVER_STEPS).result(step)


@pytest.mark.parametrize("step", WRITE + DELETE)
def test_the_approver_may_not(as_role, step):
    code, text = as_role("mlflow-model-approver", APPROVER_STEPS).refusal(step)
    assert code == "PERMISSION_DENIED"
    assert "assumed-role/mlflow-model-approver/carla is not authorized" in text


OUTSIDER_STEPS = ["search_runs", "search_registered_models", "log_metric", "log_spaced_artifact"]


@pytest.mark.parametrize("step", OUTSIDER_STEPS)
def test_a_role_of_another_account_may_nothing_by_itself(as_role, step):
    code, text = as_role("training-job", OUTSIDER_STEPS).refusal(step)
    assert code == "PERMISSION_DENIED"
    assert "no resource-based policy allows" in text


def test_the_role_that_was_not_granted_cannot_be_taken(garita):
    from botocore.exceptions import ClientError

    arn = f"arn:aws:iam::{ACCOUNTS['ml-platform']}:role/mlflow-admin"
    with pytest.raises(ClientError, match="is not authorized to perform: sts:AssumeRole") as caught:
        garita.assume(arn, garita.role("notebook"))
    assert caught.value.response["Error"]["Code"] == "AccessDenied"


def test_unsigned_requests_are_refused_at_once(garita, of_admin):
    job = Job(OUTSIDER_STEPS, garita.mlflow_env(), **of_admin)
    for step in OUTSIDER_STEPS:
        code, text = job.refusal(step)
        assert code == "UNAUTHENTICATED"
        assert "Missing Authentication Token" in text


def test_the_experiment_is_set_by_everyone_who_may_read(garita, of_admin):
    for role in ("mlflow-reader", "mlflow-model-approver"):
        Job(["set_experiment"], garita.mlflow_env(garita.role(role)), **of_admin).result("set_experiment")


def test_the_older_client_works_with_two_settings(garita):
    folder = pathlib.Path(sys.prefix, "older-mlflow")
    assert folder.is_dir(), "clients/env.sh installs the older client"
    env = garita.mlflow_env(garita.role("mlflow-admin"))
    job = Job(EVERYTHING, env, PYTHONPATH=str(folder), JOB_MODEL="older model", **IN_PARTS)
    for step in EVERYTHING:
        job.result(step)
    assert set(PREPARE) < set(job.outcomes)
