"""User pools, as the tools that know them use them: boto3 and the AWS CLI, unchanged."""

import base64
import concurrent.futures
import hashlib
import hmac
import json
import subprocess
import urllib.request

import botocore.exceptions
import jwt
import pytest
from identities import one_time_code, unique

PASSWORD = "Tell-nobody-1"


@pytest.fixture
def pool(admin):
    made = admin.create_user_pool(PoolName=unique("pool"))["UserPool"]
    yield made["Id"]
    admin.delete_user_pool(UserPoolId=made["Id"])


@pytest.fixture
def client(admin, pool):
    flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    made = admin.create_user_pool_client(UserPoolId=pool, ClientName="web", ExplicitAuthFlows=flows)
    return made["UserPoolClient"]["ClientId"]


@pytest.fixture
def ana(admin, pool):
    attributes = [{"Name": "email", "Value": "ana@example.com"}, {"Name": "email_verified", "Value": "true"}]
    admin.admin_create_user(UserPoolId=pool, Username="ana", UserAttributes=attributes, MessageAction="SUPPRESS")
    admin.admin_set_user_password(UserPoolId=pool, Username="ana", Password=PASSWORD, Permanent=True)
    return "ana"


def sign_in(person, client, name="ana", password=PASSWORD):
    parameters = {"USERNAME": name, "PASSWORD": password}
    return person.initiate_auth(ClientId=client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters)


def claims(token):
    body = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def users_and_groups(cognito, pool_name):
    """What a platform's set-up script does: find the pool, make what is missing, run it as often as one likes."""
    pools = cognito.get_paginator("list_user_pools").paginate(PaginationConfig={"PageSize": 2})
    found = [pool for page in pools for pool in page["UserPools"] if pool["Name"] == pool_name]
    [pool] = [pool["Id"] for pool in found]
    there = {group["GroupName"] for group in cognito.list_groups(UserPoolId=pool)["Groups"]}
    for group in ("admins", "readers", "model-approvers"):
        if group not in there:
            cognito.create_group(UserPoolId=pool, GroupName=group)
        name = f"mlflow-{group.removesuffix('s')}@example.com"
        listed = cognito.list_users(UserPoolId=pool, Filter=f'username = "{name}"')["Users"]
        if not listed:
            attributes = [{"Name": "email", "Value": name}, {"Name": "email_verified", "Value": "true"}]
            cognito.admin_create_user(UserPoolId=pool, Username=name, UserAttributes=attributes)
            cognito.admin_set_user_password(UserPoolId=pool, Username=name, Password=PASSWORD, Permanent=True)
        cognito.admin_add_user_to_group(UserPoolId=pool, Username=name, GroupName=group)
    return pool


def test_a_set_up_script_makes_users_and_groups_and_may_run_again(admin, person):
    name = unique("mlflow-user-pool")
    admin.create_user_pool(PoolName=name)
    for _ in range(2):
        pool = users_and_groups(admin, name)
    assert len(admin.list_users(UserPoolId=pool)["Users"]) == 3
    [reader] = admin.list_users_in_group(UserPoolId=pool, GroupName="readers")["Users"]
    assert (reader["Username"], reader["UserStatus"]) == ("mlflow-reader@example.com", "CONFIRMED")
    flows = ["ALLOW_USER_PASSWORD_AUTH"]
    made = admin.create_user_pool_client(UserPoolId=pool, ClientName="ui", ExplicitAuthFlows=flows)
    tokens = sign_in(person, made["UserPoolClient"]["ClientId"], reader["Username"])["AuthenticationResult"]
    assert claims(tokens["IdToken"])["cognito:groups"] == ["readers"]
    admin.delete_user_pool(UserPoolId=pool)


def test_the_cli_signs_in_without_credentials(garita, client, ana):
    parameters = f"USERNAME={ana},PASSWORD={PASSWORD}"
    flow = ["--auth-flow", "USER_PASSWORD_AUTH", "--auth-parameters", parameters]
    said = garita.cli(["cognito-idp", "initiate-auth", "--client-id", client, *flow])
    tokens = said["AuthenticationResult"]
    assert claims(tokens["IdToken"])["cognito:username"] == ana
    shown = garita.cli(["cognito-idp", "get-user", "--access-token", tokens["AccessToken"]])
    assert shown["Username"] == ana
    wrong = ["--auth-flow", "USER_PASSWORD_AUTH", "--auth-parameters", f"USERNAME={ana},PASSWORD=wrong"]
    with pytest.raises(subprocess.CalledProcessError):
        garita.cli(["cognito-idp", "initiate-auth", "--client-id", client, *wrong])


def test_tokens_are_verified_with_the_published_keys(garita, person, pool, client, ana):
    tokens = sign_in(person, client)["AuthenticationResult"]
    issuer = f"{garita.endpoint}/{pool}"
    with urllib.request.urlopen(f"{issuer}/.well-known/jwks.json") as reply:
        keys = {key["kid"]: jwt.PyJWK(key) for key in json.load(reply)["keys"]}
    for name, audience in (("IdToken", client), ("AccessToken", None)):
        kid = jwt.get_unverified_header(tokens[name])["kid"]
        decoded = jwt.decode(tokens[name], keys[kid].key, ["RS256"], issuer=issuer, audience=audience)
        assert decoded["iss"] == issuer
    kids = {jwt.get_unverified_header(tokens[name])["kid"] for name in ("IdToken", "AccessToken")}
    assert len(kids) == 2


def test_a_client_with_a_secret(admin, person, pool, ana):
    flows = ["ALLOW_USER_PASSWORD_AUTH"]
    made = admin.create_user_pool_client(
        UserPoolId=pool, ClientName="server", GenerateSecret=True, ExplicitAuthFlows=flows
    )["UserPoolClient"]
    message = (ana + made["ClientId"]).encode()
    digest = hmac.new(made["ClientSecret"].encode(), message, hashlib.sha256).digest()
    parameters = {"USERNAME": ana, "PASSWORD": PASSWORD}
    asked = {"ClientId": made["ClientId"], "AuthFlow": "USER_PASSWORD_AUTH"}
    with pytest.raises(person.exceptions.NotAuthorizedException):
        person.initiate_auth(**asked, AuthParameters=parameters)
    parameters["SECRET_HASH"] = base64.b64encode(digest).decode()
    assert person.initiate_auth(**asked, AuthParameters=parameters)["AuthenticationResult"]["AccessToken"]


def test_a_first_sign_in_sets_a_password_and_a_second_factor(admin, person, pool, client):
    admin.admin_create_user(UserPoolId=pool, Username="bo", TemporaryPassword="Temporary-1!", MessageAction="SUPPRESS")
    admin.set_user_pool_mfa_config(
        UserPoolId=pool, MfaConfiguration="ON", SoftwareTokenMfaConfiguration={"Enabled": True}
    )
    asked = sign_in(person, client, "bo", "Temporary-1!")
    assert asked["ChallengeName"] == "NEW_PASSWORD_REQUIRED"

    def respond(challenge, session, **responses):
        answer = {"ClientId": client, "ChallengeName": challenge, "Session": session}
        return person.respond_to_auth_challenge(**answer, ChallengeResponses={"USERNAME": "bo", **responses})

    asked = respond("NEW_PASSWORD_REQUIRED", asked["Session"], NEW_PASSWORD=PASSWORD)
    assert asked["ChallengeName"] == "MFA_SETUP"
    made = person.associate_software_token(Session=asked["Session"])
    seed = made["SecretCode"]
    proved = person.verify_software_token(Session=made["Session"], UserCode=one_time_code(seed, 0))
    assert proved["Status"] == "SUCCESS"
    signed_in = respond("MFA_SETUP", proved["Session"])
    assert signed_in["AuthenticationResult"]["AccessToken"]
    asked = sign_in(person, client, "bo")
    code = one_time_code(seed, 1)
    signed_in = respond("SOFTWARE_TOKEN_MFA", asked["Session"], SOFTWARE_TOKEN_MFA_CODE=code)
    shown = person.get_user(AccessToken=signed_in["AuthenticationResult"]["AccessToken"])
    assert shown["UserMFASettingList"] == ["SOFTWARE_TOKEN_MFA"]
    with pytest.raises(person.exceptions.NotAuthorizedException):
        respond("SOFTWARE_TOKEN_MFA", asked["Session"], SOFTWARE_TOKEN_MFA_CODE=code)


def test_of_many_exchanges_of_one_refresh_token_one_succeeds_at_most(admin, person, pool, ana):
    made = admin.create_user_pool_client(
        UserPoolId=pool,
        ClientName="rotating",
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"],
        RefreshTokenRotation={"Feature": "ENABLED", "RetryGracePeriodSeconds": 0},
    )["UserPoolClient"]["ClientId"]
    token = sign_in(person, made)["AuthenticationResult"]["RefreshToken"]

    def exchange(_):
        try:
            got = person.get_tokens_from_refresh_token(ClientId=made, RefreshToken=token)
        except botocore.exceptions.ClientError as error:
            return error.response["Error"]["Code"]
        return got["AuthenticationResult"]["RefreshToken"]

    with concurrent.futures.ThreadPoolExecutor(8) as pool_of_threads:
        said = list(pool_of_threads.map(exchange, range(8)))
    good = [one for one in said if not one.endswith("Exception")]
    assert len(good) <= 1 and "RefreshTokenReuseException" in said
    for newest in [*good, token]:
        with pytest.raises(person.exceptions.NotAuthorizedException):
            person.get_tokens_from_refresh_token(ClientId=made, RefreshToken=newest)


def test_taking_a_user_away_takes_tokens_away(admin, person, pool, client, ana):
    for take in (admin.admin_disable_user, admin.admin_user_global_sign_out, admin.admin_delete_user):
        admin.admin_enable_user(UserPoolId=pool, Username=ana)
        tokens = sign_in(person, client)["AuthenticationResult"]
        person.get_user(AccessToken=tokens["AccessToken"])
        take(UserPoolId=pool, Username=ana)
        with pytest.raises(person.exceptions.NotAuthorizedException):
            person.get_user(AccessToken=tokens["AccessToken"])
        refresh = {"REFRESH_TOKEN": tokens["RefreshToken"]}
        with pytest.raises(person.exceptions.NotAuthorizedException):
            person.initiate_auth(ClientId=client, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters=refresh)


def test_without_a_mail_server_nobody_signs_up_by_mail(admin, person):
    pool = admin.create_user_pool(PoolName=unique("pool"), AutoVerifiedAttributes=["email"])["UserPool"]["Id"]
    client = admin.create_user_pool_client(UserPoolId=pool, ClientName="web")["UserPoolClient"]["ClientId"]
    email = [{"Name": "email", "Value": "bo@example.com"}]
    with pytest.raises(person.exceptions.CodeDeliveryFailureException):
        person.sign_up(ClientId=client, Username="bo", Password=PASSWORD, UserAttributes=email)
    admin.delete_user_pool(UserPoolId=pool)


def test_the_trail_has_no_secret(garita, person, client, ana):
    tokens = sign_in(person, client)["AuthenticationResult"]
    with pytest.raises(person.exceptions.NotAuthorizedException):
        sign_in(person, client, "my-password-typed-as-name", "x")
    records = [record for record in garita.audit() if record["eventName"] == "InitiateAuth"]
    said = json.dumps(records)
    for secret in (PASSWORD, "my-password-typed", tokens["RefreshToken"], tokens["AccessToken"]):
        assert secret not in said
    assert any(record["additionalEventData"].get("sub") for record in records)
