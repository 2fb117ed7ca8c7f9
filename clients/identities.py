"""Users, groups, roles and policies that a test makes for itself, and that go away with it."""

import base64
import contextlib
import hmac
import itertools
import json
import os
import time

import botocore.exceptions
import pytest
from platform_under_test import Credentials

COUNT = itertools.count(1)


def unique(prefix):
    """A name that no other test of this run, or of another, uses."""
    return f"{prefix}-{os.getpid()}-{next(COUNT)}"


def policy(action, resource="*", effect="Allow", **more):
    """A policy document of one statement."""
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": action, "Resource": resource, **more}]}
    )


def trust(principal, action=("sts:AssumeRole",), **condition):
    """A trust policy of one statement."""
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": list(action)}
    if condition:
        statement["Condition"] = condition
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@contextlib.contextmanager
def refused(code, status=None, message=None):
    """The block ends with this error of AWS's."""
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        yield caught
    answer = caught.value.response
    assert answer["Error"]["Code"] == code, answer["Error"]
    assert answer["Error"]["Type"] == "Sender"
    assert answer["ResponseMetadata"]["RequestId"]
    if status is not None:
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == status
    if message is not None:
        assert answer["Error"]["Message"] == message


def one_time_code(seed, steps=0):
    """What an authenticator app shows, some time steps from now."""
    counter = int(time.time()) // 30 + steps
    tag = hmac.digest(base64.b32decode(seed), counter.to_bytes(8, "big"), "sha1")
    offset = tag[-1] & 15
    return f"{(int.from_bytes(tag[offset : offset + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


class Identities:
    """Makes identities in one account, as its root user."""

    def __init__(self, garita, account="ml-platform"):
        self.garita, self.account = garita, garita.accounts[account]
        self.iam = garita.client("iam", garita.root(account))
        self.made = []

    def user(self, *statements):
        """A user with a key and these policies; its name and credentials."""
        name = unique("user")
        self.iam.create_user(UserName=name)
        self.made.append(("User", name))
        for number, document in enumerate(statements):
            self.iam.put_user_policy(UserName=name, PolicyName=f"p{number}", PolicyDocument=document)
        key = self.iam.create_access_key(UserName=name)["AccessKey"]
        return name, Credentials(key["AccessKeyId"], key["SecretAccessKey"])

    def role(self, trusted, *statements, **more):
        """A role with this trust policy and these policies; its ARN."""
        name = unique("role")
        made = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusted, **more)["Role"]
        self.made.append(("Role", name))
        for number, document in enumerate(statements):
            self.iam.put_role_policy(RoleName=name, PolicyName=f"p{number}", PolicyDocument=document)
        return made["Arn"]

    def managed(self, document):
        """A managed policy; its ARN."""
        made = self.iam.create_policy(PolicyName=unique("policy"), PolicyDocument=document)["Policy"]
        self.made.append(("Policy", made["Arn"]))
        return made["Arn"]

    def arn(self, kind, name):
        return f"arn:aws:iam::{self.account}:{kind}/{name}"

    def delete_linked_role(self, name):
        """Deletes a service-linked role, and waits until it is gone."""
        self.wait_for_deletion(self.iam.delete_service_linked_role(RoleName=name)["DeletionTaskId"])

    def wait_for_deletion(self, task):
        deadline = time.monotonic() + 30
        while (status := self.iam.get_service_linked_role_deletion_status(DeletionTaskId=task))["Status"] != "SUCCEEDED":
            assert status["Status"] == "IN_PROGRESS" and time.monotonic() < deadline, status
            time.sleep(0.05)

    def end(self):
        # Policies last: they may still be someone's boundary.
        for kind, name in sorted(self.made, key=lambda made: made[0] == "Policy"):
            with contextlib.suppress(self.iam.exceptions.NoSuchEntityException):
                getattr(self, f"_end_{kind.lower()}")(name)

    def _end_user(self, name):
        for key in self.iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
            self.iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
        for one in self.iam.list_user_policies(UserName=name)["PolicyNames"]:
            self.iam.delete_user_policy(UserName=name, PolicyName=one)
        for one in self.iam.list_attached_user_policies(UserName=name)["AttachedPolicies"]:
            self.iam.detach_user_policy(UserName=name, PolicyArn=one["PolicyArn"])
        self.iam.delete_user(UserName=name)

    def _end_group(self, name):
        for one in self.iam.list_group_policies(GroupName=name)["PolicyNames"]:
            self.iam.delete_group_policy(GroupName=name, PolicyName=one)
        self.iam.delete_group(GroupName=name)

    def _end_role(self, name):
        for one in self.iam.list_role_policies(RoleName=name)["PolicyNames"]:
            self.iam.delete_role_policy(RoleName=name, PolicyName=one)
        for one in self.iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
            self.iam.detach_role_policy(RoleName=name, PolicyArn=one["PolicyArn"])
        self.iam.delete_role(RoleName=name)

    def _end_policy(self, arn):
        for one in self.iam.list_policy_versions(PolicyArn=arn)["Versions"]:
            if not one["IsDefaultVersion"]:
                self.iam.delete_policy_version(PolicyArn=arn, VersionId=one["VersionId"])
        self.iam.delete_policy(PolicyArn=arn)
