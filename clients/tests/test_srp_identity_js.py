"""Signing in to a user pool with SRP from a page: amazon-cognito-identity-js, unchanged, in Node.js."""

import json
import pathlib
import shutil
import subprocess
import sys

import pytest
from identities import unique
from oidc import node
from platform_under_test import clean_environment

PASSWORD = "Tell-nobody-1"
SCRIPT = pathlib.Path(__file__).parent.with_name("identity_js") / "sign_in.mjs"
PLACE = pathlib.Path(sys.prefix) / "node-identity-js"


@pytest.fixture
def sign_in(garita, admin):
    pool = admin.create_user_pool(PoolName=unique("pool"))["UserPool"]["Id"]
    flows = ["ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    made = admin.create_user_pool_client(UserPoolId=pool, ClientName="page", ExplicitAuthFlows=flows)
    client = made["UserPoolClient"]["ClientId"]
    for name, permanent in [("ana", True), ("new", False)]:
        admin.admin_create_user(UserPoolId=pool, Username=name, MessageAction="SUPPRESS")
        admin.admin_set_user_password(UserPoolId=pool, Username=name, Password=PASSWORD, Permanent=permanent)
    # Where a module looks for others is where its file is, so the file goes to the packages.
    placed = PLACE / SCRIPT.name
    shutil.copyfile(SCRIPT, placed)

    def run(username, password=PASSWORD, **more):
        told = {"endpoint": garita.endpoint, "pool": pool, "client": client, **more}
        told |= {"username": username, "password": password}
        command, environment = [node()[0], placed], clean_environment()
        told = json.dumps(told) + "\n"
        ended = subprocess.run(command, input=told, capture_output=True, text=True, env=environment, timeout=60)
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    yield run
    admin.delete_user_pool(UserPoolId=pool)


def test_a_page_signs_in(sign_in):
    done = sign_in("ana")
    assert (done["username"], done["valid"], done["asked"]) == ("ana", True, [])
    assert done["access"]["username"] == done["id"]["cognito:username"] == "ana"


def test_a_page_is_refused_a_wrong_password(sign_in):
    for name, password in [("ana", "Wrong-password-1"), ("nobody", PASSWORD)]:
        refused = sign_in(name, password)
        assert (refused["code"], refused["message"]) == ("NotAuthorizedException", "Incorrect username or password.")


def test_a_page_sets_the_password_that_is_asked_for(sign_in):
    done = sign_in("new", newPassword="My-very-own-2")
    assert done["asked"] == ["NEW_PASSWORD_REQUIRED"] and done["access"]["username"] == "new"
    assert sign_in("new", "My-very-own-2")["asked"] == []
