"""Resource servers: scopes of a team's own API, which its programs get tokens for with their client credentials."""

import botocore.exceptions
import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session
from identities import unique
from joserfc import jwt
from joserfc.jwk import KeySet

API = "https://models.example"
SCOPES = [{"ScopeName": name, "ScopeDescription": f"{name} models"} for name in ("read", "write")]


@pytest.fixture
def pool(admin):
    made = admin.create_user_pool(PoolName=unique("pool"))["UserPool"]["Id"]
    yield made
    admin.delete_user_pool(UserPoolId=made)


def program(admin, pool, *scopes):
    made = admin.create_user_pool_client(
        UserPoolId=pool,
        ClientName="program",
        GenerateSecret=True,
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthScopes=[f"{API}/{scope}" for scope in scopes],
    )
    return made["UserPoolClient"]


def refusal(call, **given):
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        call(**given)
    return refused.value.response["Error"]["Code"]


def test_a_program_gets_a_token_for_a_scope_of_an_api(garita, admin, pool):
    with pytest.raises(botocore.exceptions.ClientError, match="ScopeDoesNotExistException"):
        program(admin, pool, "read")
    made = admin.create_resource_server(UserPoolId=pool, Identifier=API, Name="models", Scopes=SCOPES)
    assert made["ResourceServer"]["Scopes"] == SCOPES
    client = program(admin, pool, "read")
    issuer = f"{garita.endpoint}/{pool}"
    session = OAuth2Session(client["ClientId"], client["ClientSecret"], token_endpoint_auth_method="client_secret_basic")
    token = session.fetch_token(f"{issuer}/oauth2/token", grant_type="client_credentials", scope=f"{API}/read")
    keys = KeySet.import_key_set(requests.get(f"{issuer}/.well-known/jwks.json", timeout=10).json())
    claims = jwt.decode(token["access_token"], keys, algorithms=["RS256"]).claims
    assert (claims["scope"], claims["client_id"], claims["sub"]) == (f"{API}/read", client["ClientId"], client["ClientId"])

    def is_active():
        told = session.introspect_token(f"{issuer}/oauth2/introspect", token=token["access_token"])
        return told.json()["active"]

    assert is_active()
    admin.update_resource_server(UserPoolId=pool, Identifier=API, Name="models", Scopes=SCOPES[1:])
    assert not is_active(), "the scope was taken away"
    left = admin.describe_user_pool_client(UserPoolId=pool, ClientId=client["ClientId"])["UserPoolClient"]
    assert not left.get("AllowedOAuthScopes")


def test_resource_servers_are_listed_changed_and_deleted(admin, pool):
    for name in ("b", "a", "c"):
        admin.create_resource_server(UserPoolId=pool, Identifier=name, Name=name)
    first = admin.list_resource_servers(UserPoolId=pool, MaxResults=2)
    assert [server["Identifier"] for server in first["ResourceServers"]] == ["a", "b"]
    rest = admin.list_resource_servers(UserPoolId=pool, MaxResults=2, NextToken=first["NextToken"])
    assert [server["Identifier"] for server in rest["ResourceServers"]] == ["c"]
    given = {"UserPoolId": pool, "Identifier": "a"}
    assert refusal(admin.create_resource_server, Name="a", **given) == "InvalidParameterException"
    admin.update_resource_server(Name="other", **given)
    assert admin.describe_resource_server(**given)["ResourceServer"]["Name"] == "other"
    admin.delete_resource_server(**given)
    assert refusal(admin.describe_resource_server, **given) == "ResourceNotFoundException"
    assert refusal(admin.delete_resource_server, **given) == "ResourceNotFoundException"
    assert refusal(admin.create_resource_server, UserPoolId=pool, Identifier="a b", Name="x") == "InvalidParameterException"
