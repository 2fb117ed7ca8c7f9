"""Resource policies of API stages: in one account either side lets in, across accounts both must, and a deny is final."""

import json

import pytest
from identities import policy
from jobs import Job
from sigv4 import send, sign

SEARCH = "/api/2.0/mlflow/experiments/search"
BODY = json.dumps({"max_results": 10}).encode()
ALLOWS = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "execute-api:/prod/*"}


@pytest.fixture
def staged(another_garita):
    """Serves the stage behind a policy of the given statements."""
    garita = another_garita()

    def serve(*statements):
        garita.stop()
        document = {"Version": "2012-10-17", "Statement": statements}
        (garita.data / "stage.json").write_text(json.dumps(document))
        (garita.data / "garita.toml").write_text(f'{garita.configuration()}\npolicy = "stage.json"\n')
        assert "with a resource policy" in garita.garita("check").stdout
        garita.start()
        return garita

    return serve


def search(garita, credentials):
    url = f"{garita.gateway}{SEARCH}"
    return send("POST", url, sign("POST", url, credentials, BODY), BODY)


def test_who_is_let_in(staged):
    bruno, scheduler = "arn:aws:iam::111122223333:user/bruno", "arn:aws:iam::444455556666:user/scheduler"
    garita = staged({**ALLOWS, "Sid": "In", "Principal": {"AWS": [bruno, scheduler]}})
    # One account: the stage's policy alone is enough, for the SDK too.
    assert search(garita, garita.user("bruno")).status == 200
    job = Job(["search_registered_models"], garita.mlflow_env(garita.user("bruno")))
    job.result("search_registered_models")
    assert search(garita, garita.user("carla")).status == 403
    # Another account: its own policies must allow as well.
    foreign = garita.user("scheduler")
    refused = search(garita, foreign)
    assert refused.status == 403
    answer = refused.json
    assert answer["message"].endswith(
        f"because no identity-based policy allows the execute-api:Invoke action. Decision id: {answer['decision']['id']}"
    )
    assert list(answer["decision"]) == ["id"]
    iam = garita.client("iam", garita.root("data-science"))
    iam.put_user_policy(UserName="scheduler", PolicyName="mlflow", PolicyDocument=policy("execute-api:Invoke"))
    assert search(garita, foreign).status == 200

    deny = {**ALLOWS, "Sid": "NotFromHere", "Effect": "Deny", "Principal": "*", "Resource": "execute-api:/*",
            "Condition": {"IpAddress": {"aws:SourceIp": "127.0.0.1/32"}}}  # fmt: skip
    garita = staged({**ALLOWS, "Sid": "In", "Principal": {"AWS": [bruno, scheduler]}}, deny)
    refused = search(garita, garita.user("bruno"))
    assert refused.status == 403
    decision = refused.json["decision"]
    assert (decision["decision"], decision["policyType"]) == ("explicitDeny", "resource-based policy")
    assert decision["statements"][0]["sid"] == "NotFromHere"
    assert search(garita, foreign).status == 403
    # The stage's own refusals are explained to its owner.
    assert "denied by   statement `NotFromHere` of arn:aws:apigateway:" in garita.garita("explain", decision["id"]).stdout
