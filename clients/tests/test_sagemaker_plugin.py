"""AWS's own plugin, `sagemaker-mlflow`: an ARN for a tracking URI, another signer, another service name."""

import json
import subprocess
import sys

import pytest
from platform_under_test import ACCOUNTS, REGION

ARN = f"arn:aws:sagemaker:{REGION}:{ACCOUNTS['ml-platform']}:mlflow-tracking-server/main"
SCRIPT = """
import json, mlflow
from mlflow.exceptions import MlflowException
def tried(action):
    try:
        return {"result": action()}
    except MlflowException as error:
        return {"error": error.error_code, "message": str(error)}
def work():
    mlflow.set_experiment("plugin")
    with mlflow.start_run() as run:
        mlflow.log_metric("rmse", 0.5)
        mlflow.log_params({"a": 1, "name with space": "x"})
        mlflow.set_tag("k", "v")
    return run.info.run_id
client = mlflow.MlflowClient()
print("ANSWER", json.dumps({
    "work": tried(work),
    "search": tried(lambda: len(mlflow.search_runs(experiment_names=["plugin"], output_format="list"))),
    "models": tried(lambda: len(client.search_registered_models(order_by=["name ASC", "last_updated_timestamp DESC"]))),
}))
"""


def run(garita, credentials, **more):
    env = garita.mlflow_env(credentials)
    for name in ("MLFLOW_TRACKING_AWS_SIGV4", "MLFLOW_TRACKING_URI"):
        del env[name]
    env |= {"MLFLOW_TRACKING_URI": ARN, "SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT": garita.gateway, **more}
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, env=env, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    line = next(line for line in done.stdout.splitlines() if line.startswith("ANSWER "))
    return json.loads(line.removeprefix("ANSWER "))


def test_the_admin_logs_with_the_plugin(garita):
    answer = run(garita, garita.role("mlflow-admin"))
    assert "result" in answer["work"], answer
    assert answer["search"]["result"] >= 1
    assert "result" in answer["models"], answer


def test_the_reader_reads_with_the_plugin_and_is_told_why_it_cannot_write(garita):
    run(garita, garita.role("mlflow-admin"))
    answer = run(garita, garita.role("mlflow-reader"))
    assert answer["search"]["result"] >= 1
    assert answer["work"]["error"] == "PERMISSION_DENIED"
    assert "is not authorized to perform: execute-api:Invoke" in answer["work"]["message"]


@pytest.mark.parametrize("granted", [True, False])
def test_the_plugin_takes_the_role_of_another_account_by_itself(garita, granted):
    role = f"arn:aws:iam::{ACCOUNTS['ml-platform']}:role/mlflow-admin"
    taker = garita.role("training-job" if granted else "notebook")
    more = {"SAGEMAKER_MLFLOW_ASSUME_ROLE_ARN": role, "AWS_ENDPOINT_URL": garita.endpoint}
    if granted:
        assert "result" in run(garita, taker, **more)["work"]
    else:
        with pytest.raises(AssertionError, match="AccessDenied"):
            run(garita, taker, **more)
