"""AWS Amplify and amazon-cognito-identity-js, unchanged, in Chromium in an app of another site than Garita's: the browser asks
before each call, and hands over what is for the app alone."""

import pytest
from es_modules import Site
from sign_in_site import PASSWORD, npm_modules
from test_passkeys import pool, site  # noqa: F401
from test_srp_identity_js import PLACE

FLOWS = ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
BEGIN = """async ([amplify, auth, Cognito]) => {
    (await import(amplify)).Amplify.configure({ Auth: { Cognito } });
    window.auth = await import(auth);
}"""
IDENTITY_JS = """([endpoint, UserPoolId, ClientId, Username, Password]) => new Promise((done) => {
    const Pool = new AmazonCognitoIdentity.CognitoUserPool({ UserPoolId, ClientId, endpoint });
    const user = new AmazonCognitoIdentity.CognitoUser({ Username, Pool });
    const details = new AmazonCognitoIdentity.AuthenticationDetails({ Username, Password });
    user.authenticateUser(details, {
        onSuccess: (session) => done(session.getAccessToken().payload.username),
        onFailure: (error) => done(error.name),
    });
})"""
FETCH = """async ([url, target, headers]) => {
    const type = { "content-type": "application/x-amz-json-1.1", "x-amz-target": target };
    try { return (await fetch(url, { method: "POST", headers: { ...type, ...headers }, body: "{}" })).status }
    catch (e) { return e.name }
}"""


@pytest.fixture
def page(chromium, pool, site):  # noqa: F811
    """A page of an app on a site of its own, with Amplify in it."""
    made = pool.idp.create_user_pool_client(UserPoolId=pool.id, ClientName="app", ExplicitAuthFlows=FLOWS)
    pool.client = client = made["UserPoolClient"]["ClientId"]
    app, page = Site(npm_modules()), chromium.new_page()
    page.goto(app.url)
    settings = {"userPoolId": pool.id, "userPoolClientId": client, "userPoolEndpoint": site.endpoint}
    page.evaluate(BEGIN, [*map(app.modules.url, ("aws-amplify", "aws-amplify/auth")), settings])
    yield page
    page.close()
    app.close()


@pytest.mark.parametrize("flow", ["USER_SRP_AUTH", "USER_PASSWORD_AUTH"])
def test_an_app_of_another_site_signs_in_and_out(page, pool, flow):  # noqa: F811
    name = pool.person(f"eva-{flow.lower()[5:8]}")
    given = {"username": name, "password": PASSWORD, "options": {"authFlowType": flow}}
    step = page.evaluate("async (given) => await auth.signIn(given)", given)
    assert step["nextStep"]["signInStep"] == "DONE"
    renewed = page.evaluate("async () => (await auth.fetchAuthSession({ forceRefresh: true })).tokens.accessToken.payload")
    assert renewed["username"] == name
    page.evaluate("async () => await auth.signOut()")
    refused = page.evaluate(
        "async (given) => { try { await auth.signIn(given) } catch (e) { return e.name } }", given | {"password": "Wrong-pass-01"}
    )
    assert refused == "NotAuthorizedException", "an app is told why"


def test_cognitos_own_client_signs_in_from_another_site(page, pool, site):  # noqa: F811
    page.add_script_tag(path=PLACE / "node_modules/amazon-cognito-identity-js/dist/amazon-cognito-identity.min.js")
    name = pool.person("ida")
    sign_in = lambda password: page.evaluate(IDENTITY_JS, [f"{site.endpoint}/", pool.id, pool.client, name, password])  # noqa: E731
    assert sign_in(PASSWORD) == name
    assert sign_in("Wrong-pass-01") == "NotAuthorizedException"


def test_a_page_of_another_site_is_told_nothing_of_signed_operations(page, site):  # noqa: F811
    service = "AWSCognitoIdentityProviderService."
    ask = lambda operation, headers=(): page.evaluate(FETCH, [site.endpoint, service + operation, dict(headers)])  # noqa: E731
    assert ask("InitiateAuth") == 400, "open, and without what it needs"
    assert ask("ListUserPools") == "TypeError", "its refusal is not for the page"
    assert ask("InitiateAuth", {"Authorization": "AWS4-HMAC-SHA256 x"}) == "TypeError", "no signature is sent"
