"""The command line of the SDK's signer, as the seed's first lab uses it."""

import subprocess
import sys

from platform_under_test import REGION


def ask(garita, credentials, path, *options):
    url = f"{garita.gateway}{path}"
    command = [sys.executable, "-m", "requests_auth_aws_sigv4", url, "-v", "--service", "execute-api", *options]
    env = garita.mlflow_env(credentials)
    return subprocess.run([*command, "--region", REGION], capture_output=True, text=True, env=env, timeout=60)


def test_a_signed_request_is_answered(garita):
    said = ask(garita, garita.role("mlflow-reader"), "/api/2.0/mlflow/experiments/get-by-name?experiment_name=Default")
    assert "HTTP/1.1 200" in said.stdout + said.stderr
    assert '"name": "Default"' in said.stdout


def test_a_refusal_says_what_was_not_allowed(garita):
    said = ask(garita, garita.role("training-job"), "/api/2.0/mlflow/experiments/get-by-name?experiment_name=Default")
    assert "HTTP/1.1 403" in said.stdout + said.stderr
    assert "is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:" in said.stdout


def test_a_path_that_nothing_serves_is_refused(garita):
    said = ask(garita, garita.role("mlflow-admin"), "/api/2.0/mlflow/no-such-thing")
    assert "HTTP/1.1 403" in said.stdout + said.stderr
    assert "ENDPOINT_NOT_FOUND" in said.stdout
