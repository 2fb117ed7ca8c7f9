"""The reference of operations, held against botocore's own models: each operation is served or refused by name."""

import re
from pathlib import Path

import botocore.session
import pytest

PAGE = (Path(__file__).parents[2] / "docs/reference/operations.md").read_text()


@pytest.mark.parametrize("service", ["iam", "sts", "cognito-idp"])
def test_every_operation_of_the_model_is_listed_once(service):
    served, refused = PAGE.split("## Refused by name")
    listed = re.findall(rf"^\| {service} \| (\w+) \|", served, re.MULTILINE)
    listed += re.search(rf"^\| {service} \| (.*) \|$", refused, re.MULTILINE)[1].split(", ")
    model = botocore.session.get_session().get_service_model(service)
    assert sorted(listed) == sorted(model.operation_names)
