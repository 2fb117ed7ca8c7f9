"""The AWS CLI against the AWS endpoint, with nothing but its own environment variables."""

import json
import subprocess

import pytest
from platform_under_test import ACCOUNTS


def test_the_cli_says_who_one_is(garita):
    identity = garita.cli(["sts", "get-caller-identity"], garita.user("ana"))
    assert identity["Arn"] == f"arn:aws:iam::{ACCOUNTS['ml-platform']}:user/ana"
    identity = garita.cli(["sts", "get-caller-identity"], garita.role("training-job"))
    assert identity["Arn"] == f"arn:aws:sts::{ACCOUNTS['data-science']}:assumed-role/training-job/scheduler"


def test_the_cli_makes_a_user_with_a_policy_from_a_file(garita, tmp_path):
    policy = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "iam:GetUser", "Resource": "*"}}
    file = tmp_path / "policy.json"
    file.write_text(json.dumps(policy))
    user = ["--user-name", "made-by-cli"]
    assert garita.cli(["iam", "create-user", *user, "--tags", "Key=team,Value=ml"])["User"]["UserName"] == "made-by-cli"
    garita.cli(["iam", "put-user-policy", *user, "--policy-name", "p", "--policy-document", f"file://{file}"])
    got = garita.cli(["iam", "get-user-policy", *user, "--policy-name", "p"])
    assert got["PolicyDocument"] == policy
    names = [listed["UserName"] for listed in garita.cli(["iam", "list-users"])["Users"]]
    assert "made-by-cli" in names
    garita.cli(["iam", "delete-user-policy", *user, "--policy-name", "p"])
    garita.cli(["iam", "delete-user", *user])


def test_the_cli_shows_a_refusal(garita):
    with pytest.raises(subprocess.CalledProcessError) as refused:
        garita.cli(["iam", "list-users"], garita.user("bruno"))
    assert "An error occurred (AccessDenied)" in refused.value.stderr
    assert "user/bruno is not authorized to perform: iam:ListUsers" in refused.value.stderr
