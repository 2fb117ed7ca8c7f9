"""Passkeys with AWS Amplify, unchanged, in Chromium with an authenticator of Chromium's own: made by somebody who is signed in,
then used in place of a password."""

import pytest
from es_modules import Modules
from sign_in_site import PASSWORD, npm_modules
from test_passkeys import pool, site, with_authenticator  # noqa: F401

PAGE = """<!DOCTYPE html><html lang="en"><title>An app</title><script type="module">
import { Amplify } from "%(amplify)s";
import * as auth from "%(auth)s";
Amplify.configure({ Auth: { Cognito: {
  userPoolId: "%(pool)s", userPoolClientId: "%(client)s", userPoolEndpoint: "%(endpoint)s",
} } });
window.auth = auth;
</script>"""


class App:
    """An app in a browser, with an authenticator."""

    def __init__(self, context, pool, site):  # noqa: F811
        flows = ["ALLOW_USER_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
        made = pool.idp.create_user_pool_client(UserPoolId=pool.id, ClientName="app", ExplicitAuthFlows=flows)
        self.context, self.page = context, context.new_page()
        modules = Modules(npm_modules(), f"{site.endpoint}/an-app/modules/")
        modules.serve(self.page)
        names = {
            "amplify": modules.url("aws-amplify"), "auth": modules.url("aws-amplify/auth"), "pool": pool.id,
            "client": made["UserPoolClient"]["ClientId"], "endpoint": site.endpoint,
        }  # fmt: skip
        address = f"{site.endpoint}/an-app/"
        self.page.route(address, lambda route: route.fulfill(body=PAGE % names, content_type="text/html"))
        self.session, self.plugged = with_authenticator(self)
        self.page.goto(address)
        self.page.wait_for_function("window.auth !== undefined", timeout=60_000)

    def run(self, script, *args):
        """What Amplify answers, or the name of its error and what it says."""
        whole = f"async (given) => {{ try {{ {script} }} catch (e) {{ return [e.name, e.message] }} }}"
        return self.page.evaluate(whole, args)

    def sign_in(self, name, challenge, password=None):
        options = {"authFlowType": "USER_AUTH", "preferredChallenge": challenge}
        step = self.run("return await auth.signIn(given[0])", {"username": name, "password": password, "options": options})
        return step["nextStep"]["signInStep"] if isinstance(step, dict) else step


@pytest.fixture
def person_s_app(chromium, pool, site):  # noqa: F811
    context = chromium.new_context()
    yield App(context, pool, site)
    context.close()


def test_a_passkey_is_made_and_used_in_place_of_a_password(person_s_app, pool):  # noqa: F811
    app, name = person_s_app, pool.person("eva")
    assert app.sign_in(name, "PASSWORD_SRP", PASSWORD) == "DONE"
    assert app.run("return await auth.associateWebAuthnCredential()") is None
    held = app.run("return await auth.listWebAuthnCredentials()")["credentials"]
    assert len(held) == 1 and held[0]["relyingPartyId"] == "localhost"
    assert app.run("return await auth.signOut()") is None
    assert app.run("return await auth.getCurrentUser()")[0] == "UserUnAuthenticatedException"

    assert app.sign_in(name, "WEB_AUTHN") == "DONE"
    user = app.run("return await auth.getCurrentUser()")
    assert user["username"] == name
    claims = app.run("return (await auth.fetchAuthSession()).tokens.accessToken.payload")
    assert claims["username"] == name
    assert app.run("return await auth.signOut()") is None

    # Another authenticator does not hold the passkey.
    app.session.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": app.plugged})
    with_authenticator(app)
    assert app.sign_in(name, "WEB_AUTHN")[0] == "PasskeyAuthenticationCanceled"
    assert app.run("return await auth.getCurrentUser()")[0] == "UserUnAuthenticatedException"
