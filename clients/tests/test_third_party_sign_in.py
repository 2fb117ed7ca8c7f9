"""Signing in through another provider (npm `oidc-provider`), in Chromium and with requests, as people and attackers do."""

import base64
import contextlib
import json
import re
import urllib.parse

import botocore.exceptions
import pytest
import requests
from identities import unique
from oidc import Provider
from platform_under_test import Garita
from sign_in_site import PASSWORD, Pool

PEOPLE = {
    "ana": {"email": "ana@corp.example", "email_verified": True, "name": "Ana"},
    "bo": {"email": "bo@corp.example", "email_verified": True, "name": "Bo"},
    "cy": {"email": "cy@corp.example", "email_verified": False, "name": "Cy"},
}
SCOPES = "openid email profile"


class Trusting(Garita):
    """A Garita that may speak plain HTTP to providers on loopback."""

    def configuration(self):
        return super().configuration() + "\n[identity_providers]\nloopback_http = true\n"


@pytest.fixture(scope="module")
def garita():
    with Trusting().running() as running:
        yield running


@pytest.fixture(scope="module")
def pool(garita):
    return Pool(garita, "Research platform", AutoVerifiedAttributes=["email"])


@pytest.fixture(scope="module")
def provider(pool):
    home = f"{pool.issuer}/oauth2/idpresponse"
    running = Provider(["app"], callbacks=[home, f"{home}/Apart"], people=PEOPLE).start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def client(pool, provider, app):
    """An app client that signs people in with passwords and through the provider."""
    pool.idp.create_identity_provider(
        UserPoolId=pool.id,
        ProviderName="Corp",
        ProviderType="OIDC",
        ProviderDetails=details(provider),
        AttributeMapping={"email": "email", "email_verified": "email_verified", "name": "name"},
        IdpIdentifiers=["corp.example"],
    )
    made = pool.app_client(app)[0]
    settings = pool.idp.describe_user_pool_client(UserPoolId=pool.id, ClientId=made)["UserPoolClient"]
    kept = {
        name: settings[name]
        for name in ("CallbackURLs", "LogoutURLs", "AllowedOAuthFlows", "AllowedOAuthScopes")
    }
    pool.idp.update_user_pool_client(
        UserPoolId=pool.id,
        ClientId=made,
        ClientName="MLflow",
        AllowedOAuthFlowsUserPoolClient=True,
        SupportedIdentityProviders=["COGNITO", "Corp"],
        **kept,
    )
    return made


@contextlib.contextmanager
def refused(code, text=""):
    """The block ends with this exception of user pools, which says this."""
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        yield
    error = caught.value.response["Error"]
    assert error["Code"] == code and text in error["Message"], error


def details(provider, **more):
    return {
        "client_id": "app",
        "client_secret": "not-a-secret",
        "oidc_issuer": provider.issuer,
        "authorize_scopes": SCOPES,
        "attributes_request_method": "GET",
        **more,
    }


@pytest.fixture
def page(chromium):
    context = chromium.new_context(locale="en-GB")
    yield context.new_page()
    context.close()


def url(pool, app, client, **more):
    asked = {
        "client_id": client, "redirect_uri": app.callback, "response_type": "code", "scope": "openid email profile",
        "state": "a-state", "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256", **more,
    }  # fmt: skip
    return f"{pool.issuer}/oauth2/authorize?{urllib.parse.urlencode(asked)}"


def at_provider(page, user):
    """Signs in at the provider's own pages, and agrees."""
    page.fill("input[name=login]", user)
    page.fill("input[name=password]", "any")
    page.click("button[type=submit]")
    if page.locator("input[value=consent]").count():
        page.click("button[type=submit]")


def returned(page, app):
    page.wait_for_url(f"{app.url}/**")
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(page.url).query))


def tokens(pool, app, client, code):
    form = {
        "grant_type": "authorization_code", "client_id": client, "code": code, "redirect_uri": app.callback,
        "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    }  # fmt: skip
    got = requests.post(f"{pool.issuer}/oauth2/token", data=form)
    assert got.status_code == 200, got.text
    return got.json()


def attributes(user):
    return {one["Name"]: one["Value"] for one in user["UserAttributes"]}


def payload(token):
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def test_a_button_leads_to_the_provider_and_back_to_the_app(page, garita, pool, app, client):
    page.goto(url(pool, app, client))
    assert page.inner_text("h1") == "Sign in"
    page.click("text=Continue with Corp")
    at_provider(page, "ana")
    told = returned(page, app)
    assert told["state"] == "a-state" and told["iss"] == pool.issuer
    got = tokens(pool, app, client, told["code"])
    said = payload(got["id_token"])
    assert (said["email"], said["email_verified"], said["name"]) == ("ana@corp.example", True, "Ana")
    assert said["cognito:username"] == "Corp_ana" and said["cognito:groups"] == [f"{pool.id}_Corp"]
    (who,) = said["identities"]
    assert (who["userId"], who["providerName"], who["providerType"], who["primary"]) == ("ana", "Corp", "OIDC", "true")
    user = pool.idp.admin_get_user(UserPoolId=pool.id, Username="Corp_ana")
    assert user["UserStatus"] == "EXTERNAL_PROVIDER"
    (identity,) = json.loads(attributes(user)["identities"])
    assert identity["userId"] == "ana" and identity["primary"] is True
    # Signed in once, the next app asks nothing.
    page.goto(url(pool, app, client, prompt="none"))
    assert "code" in returned(page, app)
    record = next(one for one in garita.audit() if one["eventName"] == "CreateIdentityProvider")
    assert record["requestParameters"]["providerName"] == "Corp"
    assert "not-a-secret" not in json.dumps(garita.audit())


@pytest.mark.parametrize("hint", [{"identity_provider": "Corp"}, {"idp_identifier": "corp.example"}])
def test_an_app_that_knows_the_provider_leads_straight_there(page, pool, provider, app, client, hint):
    page.goto(url(pool, app, client, **hint))
    assert page.url.startswith(provider.issuer)
    at_provider(page, "cy")
    assert "code" in returned(page, app)
    # The provider does not vouch for the address, so neither does the pool.
    assert attributes(pool.idp.admin_get_user(UserPoolId=pool.id, Username="Corp_cy"))["email_verified"] == "false"


def test_who_has_an_account_links_it_by_signing_in_to_it(page, pool, app, client):
    pool.person("bo", email="bo@corp.example")
    page.goto(url(pool, app, client, identity_provider="Corp"))
    at_provider(page, "bo")
    page.wait_for_url(re.compile("/sign-in"))
    assert "There is already an account with the proved address bo@corp.example" in page.inner_text("main")
    assert "Continue with" not in page.inner_text("main")
    page.fill("#username", "bo")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    assert "code" in returned(page, app)
    linked = json.loads(attributes(pool.idp.admin_get_user(UserPoolId=pool.id, Username="bo"))["identities"])
    assert [(one["userId"], one["primary"]) for one in linked] == [("bo", False)]
    page.context.clear_cookies()
    page.goto(url(pool, app, client, identity_provider="Corp"))
    at_provider(page, "bo")
    got = tokens(pool, app, client, returned(page, app)["code"])
    assert payload(got["id_token"])["cognito:username"] == "bo"


def sent_out(browsing, pool, app, client):
    """A browser that has just been sent to the provider, with what it was sent with."""
    sent = browsing.get(url(pool, app, client, identity_provider="Corp"), allow_redirects=False)
    assert sent.status_code == 303
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(sent.headers["location"]).query))


class Browsing:
    """Requests with cookies: those with `Secure` go to loopback without TLS in browsers, and not in this client."""

    def __init__(self):
        self.cookies = {}

    def get(self, url, headers=None, **more):
        sent = {**(headers or {}), "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        got = requests.get(url, headers=sent, **more)
        self.cookies.update(got.cookies.get_dict())
        return got


def test_what_comes_back_must_be_of_the_browser_that_was_sent(pool, app, client, provider):
    victim, attacker = Browsing(), Browsing()
    asked = sent_out(attacker, pool, app, client)
    home = f"{pool.issuer}/oauth2/idpresponse"
    # The attacker's answer in the victim's browser: login CSRF.
    sent_out(victim, pool, app, client)
    got = victim.get(home, params={"code": "any", "state": asked["state"]}, allow_redirects=False)
    assert got.status_code == 400 and "run out" in got.text
    assert "set-cookie" not in got.headers
    # In no browser, with no state, with a state that was changed, and with the state of a form.
    for params in ({"code": "c"}, {"code": "c", "state": asked["state"][:-2] + "AA"}):
        assert requests.get(home, params=params).status_code == 400
    form = attacker.get(url(pool, app, client), allow_redirects=False).headers["location"].split("flow=")[1]
    assert attacker.get(home, params={"code": "c", "state": form}).status_code == 400
    assert attacker.get(f"{pool.issuer}/sign-in", params={"flow": asked["state"]}).status_code == 400
    # A code that the provider does not know; and an answer of another issuer, and of none (this provider names itself).
    for issuer in (provider.issuer, "https://evil.example", None):
        asked = sent_out(attacker, pool, app, client)
        params = {"code": "made-up", "state": asked["state"], **({"iss": issuer} if issuer else {})}
        got = attacker.get(home, params=params)
        assert got.status_code == 502 and "Corp answered in a way that cannot be trusted" in got.text
        got = attacker.get(home, params=params)
        assert got.status_code == 400 and "used before" in got.text


def test_a_provider_may_send_browsers_back_to_an_address_of_its_own(page, pool, app, provider):
    named = {"UserPoolId": pool.id, "ProviderName": "Apart"}
    own = details(provider, own_redirect_uri="true")
    made = pool.idp.create_identity_provider(**named, ProviderType="OIDC", ProviderDetails=own)["IdentityProvider"]
    assert made["ProviderDetails"]["own_redirect_uri"] == "true"
    settings = {
        "UserPoolId": pool.id, "ClientName": "apart", "AllowedOAuthFlowsUserPoolClient": True,
        "AllowedOAuthFlows": ["code"], "AllowedOAuthScopes": ["openid", "email", "profile"], "CallbackURLs": [app.callback],
    }  # fmt: skip
    only = pool.idp.create_user_pool_client(**settings, SupportedIdentityProviders=["Apart"])["UserPoolClient"]["ClientId"]
    page.goto(url(pool, app, only))
    at_provider(page, "ana")
    assert "code" in returned(page, app)
    assert pool.idp.admin_get_user(UserPoolId=pool.id, Username="Apart_ana")["UserStatus"] == "EXTERNAL_PROVIDER"
    # What comes to the address that all others have is not its answer.
    person = Browsing()
    sent = person.get(url(pool, app, only), allow_redirects=False)
    asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(sent.headers["location"]).query))
    assert asked["redirect_uri"] == f"{pool.issuer}/oauth2/idpresponse/Apart"
    params = {"code": "made-up", "state": asked["state"], "iss": provider.issuer}
    got = person.get(f"{pool.issuer}/oauth2/idpresponse", params=params)
    assert got.status_code == 502 and "Apart answered in a way that cannot be trusted" in got.text
    pool.idp.delete_identity_provider(**named)


def test_a_provider_that_says_no_is_told_on_a_page_with_a_way_back(pool, app, client, provider):
    person = Browsing()
    asked = sent_out(person, pool, app, client)
    params = {
        "error": "access_denied", "error_description": "<b>call 0-800-EVIL</b>", "state": asked["state"],
        "iss": provider.issuer,
    }  # fmt: skip
    got = person.get(f"{pool.issuer}/oauth2/idpresponse", params=params, allow_redirects=False)
    assert got.status_code == 403 and "Corp did not let you through" in got.text
    assert "0-800-EVIL" not in got.text and "location" not in got.headers
    back = re.search(r'href="(/[^"]+/sign-in\?flow=[^"]+)"', got.text).group(1)
    assert "Continue with Corp" in person.get(f"{pool.garita.endpoint}{back}").text
    spanish = person.get(
        f"{pool.issuer}/oauth2/idpresponse", params={**params, "state": sent_out(person, pool, app, client)["state"]},
        headers={"Accept-Language": "es"},
    )  # fmt: skip
    assert "Corp no te ha dejado pasar" in spanish.text


def test_a_provider_that_does_not_answer_is_told_on_a_page(pool, app, client, provider):
    made = pool.idp.create_identity_provider(
        UserPoolId=pool.id,
        ProviderName="Gone",
        ProviderType="OIDC",
        ProviderDetails=details(provider, oidc_issuer="http://127.0.0.1:9"),
    )["IdentityProvider"]
    assert made["ProviderType"] == "OIDC" and made["AttributeMapping"] == {"username": "sub"}
    settings = {
        "UserPoolId": pool.id, "ClientName": "only", "AllowedOAuthFlowsUserPoolClient": True,
        "AllowedOAuthFlows": ["code"], "AllowedOAuthScopes": ["openid", "email", "profile"], "CallbackURLs": [app.callback],
    }  # fmt: skip
    only = pool.idp.create_user_pool_client(**settings, SupportedIdentityProviders=["Gone"])["UserPoolClient"]
    got = Browsing().get(url(pool, app, only["ClientId"]), allow_redirects=False)
    assert got.status_code == 502 and "Gone does not answer" in got.text and "location" not in got.headers
    pool.idp.delete_identity_provider(UserPoolId=pool.id, ProviderName="Gone")
    held = pool.idp.describe_user_pool_client(UserPoolId=pool.id, ClientId=only["ClientId"])["UserPoolClient"]
    assert held.get("SupportedIdentityProviders", []) == []


def test_administrators_keep_providers(pool, provider, client):
    idp, named = pool.idp, {"UserPoolId": pool.id, "ProviderName": "Corp"}
    held = idp.describe_identity_provider(**named)["IdentityProvider"]
    assert held["ProviderDetails"]["client_secret"] == "not-a-secret"
    assert held["ProviderDetails"]["oidc_issuer"] == provider.issuer
    word = {"UserPoolId": pool.id, "IdpIdentifier": "corp.example"}
    assert idp.get_identity_provider_by_identifier(**word)["IdentityProvider"]["ProviderName"] == "Corp"
    listed = idp.list_identity_providers(UserPoolId=pool.id)["Providers"]
    assert [one["ProviderName"] for one in listed] == ["Corp"]
    with refused("DuplicateProviderException"):
        idp.create_identity_provider(**named, ProviderType="OIDC", ProviderDetails=details(provider))
    for kind in ("SAML", "Google", "Facebook"):
        with refused("InvalidParameterException", kind):
            idp.create_identity_provider(
                UserPoolId=pool.id, ProviderName=unique("p"), ProviderType=kind, ProviderDetails={"client_id": "x"}
            )
    with refused("InvalidParameterException", "unheard_of"):
        more = details(provider, unheard_of="x")
        idp.create_identity_provider(UserPoolId=pool.id, ProviderName="X", ProviderType="OIDC", ProviderDetails=more)
    with refused("ResourceNotFoundException"):
        idp.describe_identity_provider(UserPoolId=pool.id, ProviderName="Absent")
    idp.update_identity_provider(**named, IdpIdentifiers=["corp.example", "corp2.example"])
    assert idp.describe_identity_provider(**named)["IdentityProvider"]["IdpIdentifiers"][1] == "corp2.example"


def test_administrators_link_and_keep_out(page, pool, app, client):
    pool.person("dora", email="dora@elsewhere.example")

    def someone(provider, value, by="Cognito_Subject"):
        return {"ProviderName": provider, "ProviderAttributeName": by, "ProviderAttributeValue": value}

    link = {"UserPoolId": pool.id, "DestinationUser": someone("Cognito", "dora"), "SourceUser": someone("Corp", "eve")}
    pool.idp.admin_link_provider_for_user(**link)
    page.goto(url(pool, app, client, identity_provider="Corp"))
    at_provider(page, "eve")
    got = tokens(pool, app, client, returned(page, app)["code"])
    assert payload(got["id_token"])["cognito:username"] == "dora"
    with refused("InvalidParameterException", "Cognito_Subject"):
        pool.idp.admin_link_provider_for_user(**{**link, "SourceUser": someone("Corp", "x", by="email")})
    pool.idp.admin_disable_provider_for_user(UserPoolId=pool.id, User=someone("Corp", "eve"))
    # The session of before is over.
    page.goto(url(pool, app, client, prompt="none"))
    assert returned(page, app)["error"] == "login_required"
    info = requests.get(f"{pool.issuer}/oauth2/userInfo", headers={"Authorization": f"Bearer {got['access_token']}"})
    assert info.status_code == 401
