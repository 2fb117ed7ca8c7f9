"""Replies as AWS's own were recorded: what differs from run to run replaced, and the recordings themselves.

The expectations in the tests are transcribed. Where the recordings are at hand, in the folder that
$GARITA_AWS_RECORDED names, a test holds the transcription against them.
"""

import datetime
import json
import os
import pathlib

import botocore.exceptions

OK = {"ResponseMetadata": {"HTTPHeaders": {}, "HTTPStatusCode": 200}}
ACCOUNT = "111111111111"


def error(code, status, message):
    return {
        "Error": {"Code": code, "Message": message, "Type": "Sender"},
        "ResponseMetadata": {"HTTPHeaders": {}, "HTTPStatusCode": status},
    }


def role(path="/", name="<role-name:1>", number=1, statement=None, **more):
    """A role in a reply; `more` are members that not every operation shows."""
    return {
        "Arn": f"arn:<partition>:iam::{ACCOUNT}:role{path}{name}",
        "AssumeRolePolicyDocument": {"Statement": [statement or trusting("ec2")], "Version": "2012-10-17"},
        "CreateDate": "<datetime>",
        "Path": path,
        "RoleId": f"<role-id:{number}>",
        "RoleName": name,
        **more,
    }


def trusting(service):
    return {"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}}


class Replies:
    """The replies of one scenario, by the names the recording gives them."""

    def __init__(self, garita):
        self.seen = {}
        self.places = {
            "arn:aws:": "arn:<partition>:",
            garita.accounts["ml-platform"]: ACCOUNT,
            garita.region: "<region>",
        }

    def stands_for(self, value, placeholder):
        self.places[value] = placeholder
        return value

    def note(self, name, call, **parameters):
        """Calls, keeps the reply or the error under this name, and answers it as it came."""
        try:
            answer = call(**parameters)
        except botocore.exceptions.ClientError as refusal:
            answer = refusal.response
        for key, kind in (("Role", "role"), ("Policy", "policy")):
            if identifier := answer.get(key, {}).get(f"{key}Id"):
                known = sum(place.startswith(f"<{kind}-id:") for place in self.places.values())
                self.places.setdefault(identifier, f"<{kind}-id:{known + 1}>")
        self.seen[name] = self.as_recorded(answer)
        return answer

    def as_recorded(self, value):
        if isinstance(value, dict):
            ours = ("RequestId", "RetryAttempts")
            kept = {key: self.as_recorded(one) for key, one in value.items() if key not in ours}
            return {**kept, "HTTPHeaders": {}} if "HTTPStatusCode" in value else kept
        if isinstance(value, list):
            return [self.as_recorded(one) for one in value]
        if isinstance(value, datetime.datetime):
            return "<datetime>"
        if isinstance(value, str):
            for own in sorted(self.places, key=len, reverse=True):
                value = value.replace(own, self.places[own])
        return value


def recording(file):
    """What AWS answered, by scenario; empty where the recordings are not at hand."""
    folder = os.environ.get("GARITA_AWS_RECORDED")
    if folder is None:
        return {}
    recordings = json.loads((pathlib.Path(folder) / file).read_text())
    return {name.rpartition("::")[2]: one["recorded-content"] for name, one in recordings.items()}


def parts(recorded, expected):
    """Of a recording, what a test expects: the same scenarios and replies."""
    return {
        name: {label: recorded[name][label] for label in replies}
        for name, replies in expected.items()
        if name in recorded
    }
