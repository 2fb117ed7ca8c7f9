"""Roles for people whom a real OpenID Connect provider signs in, and for nobody who only says so."""

import base64
import contextlib
import json
import pathlib
import re
import subprocess
import sys
import time

import pytest
from identities import Identities, policy, refused, unique
from oidc import Key, Provider, encoded, hmac_token
from platform_under_test import Credentials, Garita, clean_environment

NOT_AUTHORIZED = "Not authorized to perform sts:AssumeRoleWithWebIdentity"
# Longer than Garita rests between two fetches of a provider's keys.
REST = 5.5


class Trusting(Garita):
    """A Garita that may speak plain HTTP to providers on loopback."""

    def configuration(self):
        return super().configuration() + "\n[identity_providers]\nloopback_http = true\n"


@pytest.fixture(scope="module")
def provider():
    running = Provider(["app", "other"]).start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def garita(provider):
    """A Garita that may speak plain HTTP to providers on loopback."""
    with Trusting().running() as running:
        yield running


@pytest.fixture(scope="module")
def own(garita):
    made = Identities(garita)
    yield made
    made.end()


@pytest.fixture(scope="module")
def arn(provider, own):
    """The registered provider."""
    made = own.iam.create_open_id_connect_provider(Url=provider.issuer, ClientIDList=["app"])
    assert made["OpenIDConnectProviderArn"] == own.arn("oidc-provider", provider.host)
    return made["OpenIDConnectProviderArn"]


@contextlib.contextmanager
def not_authorized():
    """The block is refused in AWS's words, with nothing about the role."""
    with refused("AccessDenied", 403) as caught:
        yield
    said = caught.value.response["Error"]["Message"]
    assert re.fullmatch(rf"{NOT_AUTHORIZED}\. Decision id: [0-9a-f-]+", said), said


def trusting(provider_arn, actions=("sts:AssumeRoleWithWebIdentity",), **condition):
    statement = {"Effect": "Allow", "Principal": {"Federated": provider_arn}, "Action": list(actions)}
    if condition:
        statement["Condition"] = condition
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture(scope="module")
def role(own, arn, provider):
    only = {"StringEquals": {f"{provider.host}:aud": "app", f"{provider.host}:sub": "ana"}}
    return own.role(trusting(arn, **only), policy("iam:ListUsers"))


def assume(garita, role, token, **more):
    return garita.unsigned("sts").assume_role_with_web_identity(
        RoleArn=role, RoleSessionName="tests", WebIdentityToken=token, **more
    )


def test_a_person_who_signed_in_gets_a_role(garita, provider, role, arn):
    token = provider.id_token("ana")
    made = assume(garita, role, token, DurationSeconds=900)
    assert (made["SubjectFromWebIdentityToken"], made["Audience"]) == ("ana", "app")
    assert made["Provider"] == provider.issuer
    session = Credentials.of(made)
    who = garita.client("sts", session).get_caller_identity()["Arn"]
    assert who == made["AssumedRoleUser"]["Arn"] and who.endswith("/tests")
    assert garita.client("iam", session).list_users()["Users"]
    with not_authorized():
        assume(garita, role, provider.id_token("bo"))
    with refused("InvalidIdentityToken", 400, "Incorrect token audience"):
        assume(garita, role, provider.id_token("ana", client="other"))
    records = [one for one in garita.audit() if one["eventName"] == "AssumeRoleWithWebIdentity"]
    assert records[0]["userIdentity"] == {
        "type": "WebIdentityUser",
        "principalId": f"{arn}:app:ana",
        "userName": "ana",
        "identityProvider": arn,
    }
    assert not any(token in json.dumps(record) for record in garita.audit())
    used = next(one for one in garita.audit() if one["eventName"] == "ListUsers")
    assert used["userIdentity"]["sessionContext"]["webIdFederationData"]["federatedProvider"] == arn


def test_a_program_finds_its_role_in_the_environment(garita, provider, role, tmp_path):
    """boto3 and the AWS CLI as they run in a pod: a token in a file, a role in a variable, nothing else."""
    file = tmp_path / "token"
    file.write_text(provider.id_token("ana"))
    env = clean_environment(
        AWS_WEB_IDENTITY_TOKEN_FILE=str(file),
        AWS_ROLE_ARN=role,
        AWS_ROLE_SESSION_NAME="pod",
        AWS_ENDPOINT_URL=garita.endpoint,
        AWS_DEFAULT_REGION=garita.region,
    )
    script = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=env)
    assert said.stdout.strip().endswith("/pod"), said.stderr
    aws = pathlib.Path(sys.executable).with_name("aws")
    cli = [sys.executable, aws, "--output", "json", "sts", "get-caller-identity"]
    said = subprocess.run(cli, capture_output=True, text=True, env=env)
    assert json.loads(said.stdout)["Arn"].endswith("/pod"), said.stderr


def test_tags_of_a_token_become_tags_of_the_session(garita, own, provider, arn):
    document = policy("iam:ListUsers", Condition={"StringEquals": {"aws:PrincipalTag/team": "vision"}})
    actions = ("sts:AssumeRoleWithWebIdentity", "sts:TagSession")
    role = own.role(trusting(arn, actions), document)
    tags = {"https://aws.amazon.com/tags": {"principal_tags": {"team": ["vision"]}, "transitive_tag_keys": ["team"]}}
    session = Credentials.of(assume(garita, role, provider.forged(**tags)))
    assert garita.client("iam", session).list_users()["Users"]
    untagged = Credentials.of(assume(garita, role, provider.forged()))
    with refused("AccessDenied", 403):
        garita.client("iam", untagged).list_users()
    bare = own.role(trusting(arn))
    with not_authorized():
        assume(garita, bare, provider.forged(**tags))


def test_forged_tokens_open_nothing(garita, provider, role):
    good = provider.claims()
    public = json.dumps({name: provider.key.jwk()[name] for name in ("kty", "n", "e", "kid")}).encode()
    stranger = Key(provider.key.id)
    header = {"alg": "RS256", "kid": provider.key.id}
    own_keys = {**header, "jwk": {name: stranger.jwk()[name] for name in ("kty", "n", "e")}, "jku": "http://127.0.0.1:1/"}
    forged = {
        "no algorithm": f"{encoded({'alg': 'none'})}.{encoded(good)}.",
        "no signature": provider.forged().rpartition(".")[0] + ".",
        "the public key as a secret": hmac_token({"alg": "HS256", "kid": provider.key.id}, good, public),
        "a stranger's key of the same name": stranger.sign(header, good),
        "a key in the header": stranger.sign(own_keys, good),
        "a file as the key": hmac_token({"alg": "HS256", "kid": "../../../../dev/null"}, good, b""),
        "a query as the key": stranger.sign({"alg": "RS256", "kid": "x' UNION SELECT 'y"}, good),
        "the end as a text": provider.forged(exp=str(int(time.time()) + 3600)),
        "the beginning as a text": provider.forged(nbf="0"),
        "no end": provider.forged(exp=None),
        "not yet": provider.forged(nbf=int(time.time()) + 600),
        "made later": provider.forged(iat=int(time.time()) + 600),
        "another audience": provider.forged(aud="other"),
        "another party": provider.forged(azp="other"),
        "many audiences": provider.forged(aud=["app", "other"]),
        "no subject": provider.forged(sub=None),
        "an issuer that is not registered": provider.forged(iss="http://127.0.0.1:1"),
        "the issuer over TLS": provider.forged(iss=f"https://{provider.host}"),
        "claims that must be understood": provider.forged({"crit": ["exp"]}),
        "words": "not a token",
    }
    for name, token in forged.items():
        print(name)
        with refused("InvalidIdentityToken", 400):
            assume(garita, role, token)
    changed = base64.urlsafe_b64encode(json.dumps({**good, "sub": "root"}).encode()).rstrip(b"=").decode()
    head, _, signature = provider.forged().split(".")
    with refused("InvalidIdentityToken", 400, "the token's signature is not valid"):
        assume(garita, role, f"{head}.{changed}.{signature}")
    with refused("ExpiredTokenException", 400):
        assume(garita, role, provider.forged(exp=int(time.time()) - 1))


def test_who_is_not_trusted_learns_nothing_of_the_role(garita, own, provider, arn):
    closed = own.role(json.dumps({
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:*"},
    }))  # fmt: skip
    for name in (closed, own.arn("role", unique("absent"))):
        with not_authorized():
            assume(garita, name, provider.forged())


def test_keys_that_were_taken_back_open_nothing(garita, provider, role):
    before = provider.id_token("ana")
    assume(garita, role, before)
    provider.rotate()
    time.sleep(REST)
    assume(garita, role, provider.id_token("ana"))
    with refused("InvalidIdentityToken", 400):
        assume(garita, role, before)
    provider.stop()
    assume(garita, role, provider.forged())
    provider.key = Key("unknown")
    time.sleep(REST)
    with refused("IDPCommunicationError", 400):
        assume(garita, role, provider.forged())
    provider.start()
    time.sleep(REST)
    assume(garita, role, provider.forged())


def test_a_provider_that_goes_takes_its_sessions_along(garita, own, provider, arn, role):
    token = provider.forged()
    session = Credentials.of(assume(garita, role, token))
    own.iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="app")
    with refused("InvalidIdentityToken", 400, "Incorrect token audience"):
        assume(garita, role, token)
    own.iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="app")
    assert garita.client("sts", session).get_caller_identity()
    own.iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    with refused("InvalidClientTokenId", 403):
        garita.client("sts", session).get_caller_identity()
    with refused("InvalidIdentityToken", 400):
        assume(garita, role, token)


def test_plain_http_needs_the_operators_word(another_garita, provider):
    strict = another_garita()
    with refused("ValidationError", 400):
        strict.client("iam").create_open_id_connect_provider(Url=provider.issuer, ClientIDList=["app"])
