"""The OIDC provider with relying parties as they are published: npm's certified `openid-client`, and Authlib."""

import urllib.parse

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwk, jwt
from sign_in_site import PASSWORD, Pool, RelyingParty

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


@pytest.fixture(scope="module")
def pool(garita):
    made = Pool(garita, "Relying parties")
    made.person("ana")
    made.idp.create_group(UserPoolId=made.id, GroupName="readers", Precedence=1)
    made.idp.admin_add_user_to_group(UserPoolId=made.id, Username="ana", GroupName="readers")
    return made


class Browser:
    """A browser without a screen: follows forms as they are written, and keeps its cookies."""

    def __init__(self, pool):
        self.pool, self.own, self.cookies = pool, pool.garita.endpoint, {}

    def go(self, url, form=None):
        """Follows a URL until it leaves this Garita; answers where that is, or the last page."""
        while True:
            url = url if url.startswith("http") else self.own + url
            if not url.startswith(self.own):
                return url
            headers = {"cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()), "origin": self.own}
            found = requests.request("POST" if form else "GET", url, data=form, headers=headers, allow_redirects=False)
            for cookie in filter(None, found.headers.get("set-cookie", "").split(", ")):
                name, _, value = cookie.split(";")[0].partition("=")
                self.cookies[name] = value
            if found.status_code != 303:
                return found
            url, form = found.headers["location"], None

    def submit(self, page, **fields):
        assert page.status_code == 200, page.text
        return self.try_again(page, **fields)

    def try_again(self, page, **fields):
        """Submits the form of a page that may say what was wrong."""
        action = page.text.split('<form method="post" action="')[1].split('"')[0]
        flow = page.text.split('name="flow" value="')[1].split('"')[0]
        return self.go(action, {"flow": flow, **fields})

    def sign_in(self, url, username="ana"):
        return self.submit(self.go(url), username=username, password=PASSWORD)


@pytest.mark.parametrize("method", ["none", "post", "basic"])
def test_the_certified_client_signs_in_and_out(pool, app, method):
    client, secret = pool.app_client(app, secret=method != "none")
    party = RelyingParty(
        kind="signIn", issuer=pool.issuer, clientId=client, secret=secret, method=method,
        redirectUri=app.callback, scope="openid email", parameters={"max_age": "300"}, maxAge=300,
    )  # fmt: skip
    browser = Browser(pool)
    party.tell({"callback": browser.sign_in(party.hear()["url"])})
    told = party.hear()
    party.end()
    claims = told["claims"]
    assert (claims["iss"], claims["aud"], claims["cognito:groups"]) == (pool.issuer, client, ["readers"])
    assert claims["email"] == told["user"]["email"] == "ana@example.com"
    assert "name" not in claims and told["user"]["username"] == "ana"
    assert told["afterRevocation"] == 401
    if secret:
        assert told["introspected"]["active"] and told["introspected"]["client_id"] == client
    page = browser.go(told["end"])
    assert "Sign out?" in page.text
    assert "You are signed out" in browser.submit(page).text


def test_the_certified_client_connects_a_device(pool, app):
    client, _ = pool.app_client(app)
    party = RelyingParty(kind="device", issuer=pool.issuer, clientId=client, method="none", scope="openid")
    started = party.hear()
    browser = Browser(pool)
    page = browser.submit(browser.go(started["url"]), **{"user-code": started["code"].lower()})
    page = browser.submit(page, username="ana", password=PASSWORD)
    assert started["code"] in page.text and "Connect this device?" in page.text
    assert "Device connected" in browser.submit(page, answer="allow").text
    party.tell({})
    assert party.hear() == {"scope": "openid", "idToken": True}
    party.end()


def test_guessing_the_codes_of_devices_is_told_to_wait(garita):
    browser = Browser(Pool(garita, "Devices"))
    page = browser.go(f"/{browser.pool.id}/device")
    told = []
    for letter in "BCDFGH":
        page = browser.try_again(page, **{"user-code": f"BBBB-BBB{letter}"})
        told.append("That code is not known" in page.text)
    assert told == [True] * 5 + [False] and page.status_code == 400
    assert "Too many wrong codes came from your network" in page.text


def test_the_certified_client_acts_for_itself(pool, app):
    names = ("read", "write")
    scopes = [{"ScopeName": name, "ScopeDescription": f"{name} models"} for name in names]
    pool.idp.create_resource_server(UserPoolId=pool.id, Identifier="models", Name="models", Scopes=scopes)
    scopes = [f"models/{name}" for name in names]
    client, secret = pool.app_client(app, secret=True, flows=("client_credentials",), scopes=scopes)
    party = RelyingParty(
        kind="machine", issuer=pool.issuer, clientId=client, secret=secret, method="basic", scope="models/read"
    )
    assert party.hear() == {"scope": "models/read", "refresh": False}
    party.end()


def test_authlib_signs_in_and_its_keys_verify(pool, app):
    client, secret = pool.app_client(app, secret=True)
    known = requests.get(f"{pool.issuer}/.well-known/openid-configuration").json()
    assert known["issuer"] == pool.issuer
    session = OAuth2Session(
        client, secret, scope="openid profile", redirect_uri=app.callback, code_challenge_method="S256"
    )
    url, state = session.create_authorization_url(known["authorization_endpoint"], code_verifier=VERIFIER, nonce="n")
    callback = Browser(pool).sign_in(url)
    token = session.fetch_token(
        known["token_endpoint"], authorization_response=callback, state=state, code_verifier=VERIFIER
    )
    keys = jwk.KeySet.import_key_set(requests.get(known["jwks_uri"]).json())
    claims = jwt.decode(token["id_token"], keys).claims
    assert (claims["iss"], claims["aud"], claims["nonce"], claims["name"]) == (pool.issuer, client, "n", "Ana")
    user = session.get(known["userinfo_endpoint"]).json()
    assert user["sub"] == claims["sub"] and user["name"] == "Ana" and "email" not in user
    refreshed = session.refresh_token(known["token_endpoint"], token["refresh_token"])
    assert jwt.decode(refreshed["access_token"], keys).claims["sub"] == claims["sub"]


def authorized(pool, app, client, **more):
    """A code that a person's browser came back with."""
    session = OAuth2Session(client, scope="openid", redirect_uri=app.callback, code_challenge_method="S256")
    url, _ = session.create_authorization_url(f"{pool.issuer}/oauth2/authorize", code_verifier=VERIFIER, **more)
    return code_in(Browser(pool).sign_in(url))


def code_in(callback):
    return urllib.parse.parse_qs(urllib.parse.urlsplit(callback).query)["code"][0]


def exchange(pool, app, client, given, **changed):
    form = {
        "grant_type": "authorization_code",
        "client_id": client,
        "code": given,
        "redirect_uri": app.callback,
        "code_verifier": VERIFIER,
    }
    return requests.post(f"{pool.garita.endpoint}/oauth2/token", {**form, **changed})


def test_a_code_is_good_once_and_a_second_use_ends_the_first(pool, app):
    client, _ = pool.app_client(app)
    code = authorized(pool, app, client)
    first = exchange(pool, app, client, code)
    assert first.status_code == 200 and first.headers["cache-control"] == "no-store"
    bearer = {"authorization": f"Bearer {first.json()['access_token']}"}
    info = f"{pool.garita.endpoint}/oauth2/userInfo"
    assert requests.get(info, headers=bearer).status_code == 200
    second = exchange(pool, app, client, code)
    assert (second.status_code, second.json()["error"]) == (400, "invalid_grant")
    refused = requests.get(info, headers=bearer)
    assert refused.status_code == 401 and 'error="invalid_token"' in refused.headers["www-authenticate"]


@pytest.mark.parametrize(
    "changed, status, error",
    [
        ({"code_verifier": "x" * 43}, 400, "invalid_grant"),
        ({"code_verifier": ""}, 400, "invalid_grant"),
        ({"redirect_uri": "https://evil.example/"}, 400, "invalid_grant"),
        ({"client_id": "nobody"}, 401, "invalid_client"),
        ({"client_secret": "a-secret"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": ""}, 400, "invalid_request"),
        ({"code": "made-up"}, 400, "invalid_grant"),
    ],
)
def test_what_the_token_endpoint_refuses(pool, app, changed, status, error):
    client, _ = pool.app_client(app)
    refused = exchange(pool, app, client, authorized(pool, app, client), **changed)
    assert (refused.status_code, refused.json()["error"]) == (status, error), refused.text
    if status == 401:
        assert refused.headers["www-authenticate"].startswith("Basic")


def test_the_token_endpoint_reads_forms_alone(pool, app):
    client, _ = pool.app_client(app)
    url = f"{pool.issuer}/oauth2/token"
    doubled = "grant_type=refresh_token&grant_type=refresh_token"
    form = {"content-type": "application/x-www-form-urlencoded"}
    for sent in (requests.post(url, json={"grant_type": "refresh_token"}), requests.post(url, doubled, headers=form)):
        assert (sent.status_code, sent.json()["error"]) == (400, "invalid_request")
    assert requests.get(url).status_code == 405
    assert requests.post(url, {"client_id": client, "grant_type": "refresh_token"}).json()["error"] == "invalid_request"


def test_a_disabled_user_is_out_at_once(pool, app):
    client, _ = pool.app_client(app)
    pool.person("zoe")
    session = OAuth2Session(client, scope="openid", redirect_uri=app.callback, code_challenge_method="S256")
    url, _ = session.create_authorization_url(f"{pool.issuer}/oauth2/authorize", code_verifier=VERIFIER)
    browser = Browser(pool)
    callback = browser.sign_in(url, "zoe")
    tokens = exchange(pool, app, client, code_in(callback)).json()
    pool.idp.admin_disable_user(UserPoolId=pool.id, Username="zoe")
    bearer = {"authorization": f"Bearer {tokens['access_token']}"}
    assert requests.get(f"{pool.issuer}/oauth2/userInfo", headers=bearer).status_code == 401
    refreshed = requests.post(
        f"{pool.issuer}/oauth2/token",
        {"grant_type": "refresh_token", "client_id": client, "refresh_token": tokens["refresh_token"]},
    )
    assert refreshed.json()["error"] == "invalid_grant"
    assert "User name or password is wrong" not in browser.go(url).text
    assert "Sign in" in browser.go(url).text
