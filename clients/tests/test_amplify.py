"""Signing in to a user pool with AWS Amplify, unchanged, as a web or mobile app does: SRP unless it asks for another flow."""

import json
import shutil
import subprocess

import botocore.exceptions
import pytest
from identities import unique
from platform_under_test import clean_environment
from sign_in_site import NPM, npm_modules

PASSWORD = "Tell-nobody-1"


@pytest.fixture(scope="module")
def pool(admin):
    made = admin.create_user_pool(PoolName=unique("pool"))["UserPool"]["Id"]
    yield made
    admin.delete_user_pool(UserPoolId=made)


@pytest.fixture(scope="module")
def sign_in(garita, admin, pool):
    flows = ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    made = admin.create_user_pool_client(UserPoolId=pool, ClientName="app", ExplicitAuthFlows=flows)
    client = made["UserPoolClient"]["ClientId"]
    for name, permanent in [("ana", True), ("new", False)]:
        attributes = [{"Name": "email", "Value": f"{name}@example.com"}]
        admin.admin_create_user(UserPoolId=pool, Username=name, MessageAction="SUPPRESS", UserAttributes=attributes)
        admin.admin_set_user_password(UserPoolId=pool, Username=name, Password=PASSWORD, Permanent=permanent)
    npm_modules()
    node = shutil.which("node")
    assert node, "no Node.js found"

    def run(username, password=PASSWORD, **more):
        told = {"endpoint": garita.endpoint, "pool": pool, "client": client, **more}
        told |= {"username": username, "password": password}
        ended = subprocess.run(
            [node, NPM / "sign_in_amplify.mjs"],
            input=json.dumps(told),
            capture_output=True,
            text=True,
            env=clean_environment(),
            timeout=60,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    return run


@pytest.mark.parametrize("flow", ["USER_SRP_AUTH", "USER_PASSWORD_AUTH"])
def test_an_app_signs_in_renews_and_signs_out(sign_in, person, flow):
    done = sign_in("ana", options={"authFlowType": flow}, attributes=True)
    assert done.get("asked") == [], done
    assert (done["username"], done["attributes"]["email"]) == ("ana", "ana@example.com")
    assert done["access"]["username"] == done["id"]["cognito:username"] == "ana"
    assert done["renewed"], "with the refresh token"
    assert done["after"] is None
    # Amplify revokes the refresh token when it signs out: what came of the sign-in is good nowhere.
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        person.get_user(AccessToken=done["token"])
    assert refused.value.response["Error"]["Code"] == "NotAuthorizedException"


def test_an_app_signs_out_everywhere(sign_in, person):
    done = sign_in("ana", **{"global": True})
    assert done["after"] is None
    with pytest.raises(botocore.exceptions.ClientError):
        person.get_user(AccessToken=done["token"])


@pytest.mark.parametrize(("name", "password"), [("ana", "Wrong-password-1"), ("nobody", PASSWORD)])
def test_an_app_is_refused_a_wrong_password(sign_in, name, password):
    refused = sign_in(name, password)
    assert refused == {"error": "NotAuthorizedException", "message": "Incorrect username or password."}


def test_an_app_sets_the_password_that_is_asked_for(sign_in):
    step = "CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED"
    done = sign_in("new", answers={step: "My-very-own-2"})
    assert (done["asked"], done["username"]) == ([step], "new")
    assert sign_in("new", "My-very-own-2")["asked"] == []
