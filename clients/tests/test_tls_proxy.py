"""Garita behind a proxy that ends TLS: a real nginx, with a certificate authority of the tests' own."""

import json
import re
import urllib.parse

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session
from jobs import Job
from joserfc import jwk, jwt
from platform_under_test import REPOSITORY
from playwright.sync_api import sync_playwright
from sign_in_site import chromium_binary
from test_gateway_tokens import PASSWORD, ROLES
from test_mail import free_port
from test_mlflow_sdk import SETTINGS
from test_ui import Stage, Visitor
from tls_proxy import ADDRESS, SITE, TlsProxy, find_names

find_names()
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CURRENT = "ajax-api/2.0/mlflow/users/current"
LIES = {
    "X-Forwarded-Proto": "http",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Port": "80",
    "X-Forwarded-For": "203.0.113.7",
    "X-Real-IP": "203.0.113.7",
    "X-Forwarded-Prefix": "/evil",
    "X-Original-URL": "/evil",
    "Forwarded": "for=203.0.113.7;host=evil.example;proto=http",
}


class BehindTls(Stage):
    """A Garita that is known by its public URLs."""

    def __init__(self):
        super().__init__()
        self.proxy = TlsProxy(free_port())
        self.issuer_base, self.site = self.proxy.url("sign-in"), self.proxy.url("mlflow")

    def configuration(self):
        told = f'trusted_proxies = ["{ADDRESS}"]\n' + super().configuration()
        told = told.replace("[aws]\n", f'[aws]\npublic_url = "{self.issuer_base}"\n')
        return told.replace("[[api]]\n", f'[[api]]\npublic_url = "{self.site}/prod"\n')

    def open_door(self, *more):
        super().open_door(f"{self.site}/prod/garita/callback", "https://app.example/callback", *more)

    def create(self):
        super().create()
        self.mlflow.start()
        self.proxy.start({"sign-in": self.endpoint, "mlflow": self.gateway_base})
        return self

    def end(self):
        self.proxy.stop()
        super().end()

    @property
    def issuer(self):
        return f"{self.issuer_base}/{self.pool}"

    def get(self, url, address="127.0.0.1", **more):
        """A GET by a client at `address`."""
        with requests.Session() as client:
            client.trust_env, manager = False, client.get_adapter(url).poolmanager
            manager.connection_pool_kw["source_address"] = (address, 0)
            return client.get(url, verify=str(self.proxy.authority), allow_redirects=False, timeout=30, **more)


class Public:
    """The stage as the world sees it."""

    def __init__(self, stage):
        self.gateway = f"{stage.site}/prod"


@pytest.fixture(scope="module")
def stage():
    with BehindTls().running() as running:
        yield running


@pytest.fixture(scope="module")
def browser(stage):
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", *stage.proxy.chromium_arguments()]
        running = playwright.chromium.launch(executable_path=chromium_binary(), args=arguments)
        yield running
        running.close()


@pytest.fixture
def visit(browser, stage):
    made = []

    def visitor():
        made.append(Visitor(browser, Public(stage)))
        return made[-1]

    yield visitor
    for one in made:
        one.context.close()


def test_the_book_shows_what_is_tested():
    book = (REPOSITORY / "docs/tutorial/tls-by-a-proxy.md").read_text()
    shown = re.search(r"```nginx\n(.*?)```", book, re.S).group(1)
    own = ("listen", "server_name", "ssl_certificate", "proxy_pass", "proxy_bind")
    lines = lambda text: [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith(own)]  # noqa: E731
    assert lines(shown) == lines(SITE.replace("{{", "{").replace("}}", "}"))


def test_people_sign_in_and_all_is_https_at_the_public_names(visit, stage):
    ana, asked, led = visit(), [], []
    ana.page.on("request", lambda request: asked.append(request.url))
    ana.page.on("response", lambda response: led.append(response.headers.get("location", "")))
    ana.signs_in("ana", "/?from=mail#/experiments")
    assert ana.page.url == f"{stage.site}/prod/?from=mail#/experiments"
    ana.sees("Default").page.wait_for_timeout(1_000)
    assert ana.page.evaluate("window.isSecureContext")
    origins = {"{0.scheme}://{0.netloc}".format(urllib.parse.urlsplit(url)) for url in asked if not url.startswith("data:")}
    assert origins == {stage.site, stage.issuer_base}
    for location in filter(None, led):
        assert location.startswith(("/", f"{stage.site}/", f"{stage.issuer_base}/")), location
    for name, cookie in ana.cookies.items():
        assert cookie["secure"] and cookie["sameSite"] == "Lax", cookie
        if name != "mlflow_user":
            assert name.startswith("__Host-") and cookie["httpOnly"] and cookie["path"] == "/", cookie
    assert {"__Host-garita-stage-mlflow", "__Host-garita-browser", "mlflow_user"} <= ana.cookies.keys()
    assert ana.refused == [] and ana.complaints == []


def test_they_change_things_and_sign_out(visit, stage):
    ana = visit().signs_in("ana")
    status, text = ana.posts("ajax-api/2.0/mlflow/experiments/create", {"name": "over TLS"})
    assert status == 200, text
    ana.opens("/garita/account")
    assert ana.page.inner_text("#name") == "ana"
    ana.page.click("button")
    ana.sees("You are signed out")
    assert {"__Host-garita-stage-mlflow", "mlflow_user"}.isdisjoint(ana.cookies)
    # And by MLflow's own menu, whose script must be able to take its mark away.
    ana.signs_in("ana").page.get_by_role("button", name="Account menu for ana").click()
    with ana.page.expect_navigation(url="**/sign-in?**"):
        ana.page.get_by_role("menuitem", name="Logout").click()
    assert ana.page.url.startswith(f"{stage.issuer}/sign-in?")


def test_the_origin_of_a_form_is_the_public_one(visit, stage):
    ana = visit().signs_in("ana")
    cookies = {"Cookie": "; ".join(f"{name}={cookie['value']}" for name, cookie in ana.cookies.items())}
    url = f"{stage.site}/prod/ajax-api/2.0/mlflow/experiments/create"
    for number, (origin, expected) in enumerate(
        [(stage.site, 200), (stage.gateway_base, 403), (stage.issuer_base, 403), (stage.site.replace("https", "http"), 403)]
    ):
        told = {**cookies, "Origin": origin}
        sent = requests.post(url, json={"name": f"form {number}"}, headers=told, verify=str(stage.proxy.authority))
        assert sent.status_code == expected, origin


def test_a_relying_party_finds_the_issuer_and_its_tokens_hold(stage):
    found = stage.get(f"{stage.issuer}/.well-known/openid-configuration").json()
    assert found["issuer"] == stage.issuer
    addresses = [value for name, value in found.items() if name.endswith(("_endpoint", "_uri"))]
    assert len(addresses) >= 6 and all(address.startswith(f"{stage.issuer}/") for address in addresses), addresses
    assert "http://" not in json.dumps(found)
    app = OAuth2Session(
        stage.door, scope="openid", redirect_uri="https://app.example/callback", code_challenge_method="S256",
        token_endpoint_auth_method="none",
    )  # fmt: skip
    url, state = app.create_authorization_url(found["authorization_endpoint"], code_verifier=VERIFIER)
    with requests.Session() as person:
        person.verify, person.trust_env = str(stage.proxy.authority), False
        page = person.get(url)
        form = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', page.text))
        action = urllib.parse.urljoin(page.url, re.search(r'action="([^"]+)"', page.text).group(1))
        form |= {"username": "ana", "password": PASSWORD}
        sent = person.post(action, data=form, headers={"Origin": stage.issuer_base}, allow_redirects=False)
    location = sent.headers["location"]
    assert location.startswith("https://app.example/callback?"), location
    tokens = app.fetch_token(
        found["token_endpoint"], authorization_response=location, state=state, code_verifier=VERIFIER,
        verify=str(stage.proxy.authority),
    )  # fmt: skip
    keys = jwk.KeySet.import_key_set(stage.get(found["jwks_uri"]).json())
    claims = jwt.decode(tokens["id_token"], keys, algorithms=["RS256"]).claims
    assert (claims["iss"], claims["aud"], claims["cognito:username"]) == (stage.issuer, stage.door, "ana")


def test_the_mlflow_sdk_works_with_a_token(stage):
    env = stage.token_env(stage.sign_in("ana")["IdToken"]) | {
        "MLFLOW_TRACKING_URI": f"{stage.site}/prod",
        "MLFLOW_TRACKING_SERVER_CERT_PATH": str(stage.proxy.authority),
        "REQUESTS_CA_BUNDLE": str(stage.proxy.authority),
        "PYTHONPATH": stage.proxy.python_path(),
    }
    steps = ["set_experiment", "start_run", "log_metric", "log_text_and_dict", "log_large_artifact", "download_artifacts"]
    job = Job(steps, env, **SETTINGS)
    for step in steps:
        job.result(step)


def test_what_a_client_says_of_a_proxy_changes_nothing(visit, stage):
    told = {"Accept": "text/html"}
    urls = [
        f"{stage.site}/prod",
        f"{stage.site}/prod/",
        f"{stage.site}/prod/garita/sign-in?to=%2F&at=",
        f"{stage.issuer}/.well-known/openid-configuration",
        f"{stage.issuer}/sign-in",
    ]

    def answer(url, **lies):
        sent = stage.get(url, headers={**told, **lies})
        location = sent.headers.get("location", "")
        # What is drawn anew for each visitor is not compared.
        drawn = re.compile(r"(state|code_challenge|flow)=[^&\"]+|<code>[^<]*</code>")
        return sent.status_code, drawn.sub("", location), drawn.sub("", sent.text)

    for url in urls:
        straight, lied = answer(url), answer(url, **LIES)
        assert straight == lied, url
        assert "evil" not in json.dumps(lied) and "http://" not in lied[1], url
    ana = visit().signs_in("ana")
    cookies = {"Cookie": "; ".join(f"{name}={cookie['value']}" for name, cookie in ana.cookies.items())}
    assert stage.get(f"{stage.site}/prod/{CURRENT}", headers={**cookies, **LIES}).status_code == 200
    forged = {**cookies, **LIES, "Origin": "http://evil.example"}
    sent = requests.post(f"{stage.site}/prod/garita/sign-out", headers=forged, verify=str(stage.proxy.authority))
    assert sent.status_code == 403
    assert "203.0.113.7" not in "".join(path.read_text() for path in (stage.data / "audit").glob("*.jsonl"))


def test_policies_and_records_see_the_client_and_its_tls(stage):
    iam, name = stage.client("iam"), {"RoleName": ROLES["ana"], "PolicyName": "office"}
    elsewhere = {"NotIpAddress": {"aws:SourceIp": ["127.0.0.1/32", "127.0.0.7/32"]}}
    plain = {"Bool": {"aws:SecureTransport": "false"}}
    denied = [{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": why} for why in (elsewhere, plain)]
    told = {"Authorization": f"Bearer {stage.sign_in('ana')['IdToken']}"}
    path = "/prod/api/2.0/mlflow/experiments/get?experiment_id=0"

    def status(base, address="127.0.0.1", **lies):
        return stage.get(base + path, address=address, headers={**told, **lies}).status_code

    iam.put_role_policy(**name, PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": denied}))
    try:
        assert status(stage.site) == 200
        assert status(stage.site, address="127.0.0.7") == 200
        assert stage.audit()[-1]["sourceIPAddress"] == "127.0.0.7"
        assert status(stage.site, address="127.0.0.8") == 403
        assert stage.audit()[-1]["sourceIPAddress"] == "127.0.0.8"
        # What the client says itself stands before what the proxy adds, or is replaced by it.
        assert status(stage.site, address="127.0.0.8", **{"X-Forwarded-For": "127.0.0.7"}) == 403
        assert status(stage.site, address="127.0.0.7", **{"X-Forwarded-For": "no address"}) == 200
        assert status(stage.site, address="127.0.0.7", **{"X-Forwarded-Proto": "http"}) == 200
        # Past the proxy it is plain HTTP, whatever is said.
        https = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "127.0.0.7"}
        assert status(stage.gateway_base) == status(stage.gateway_base, **https) == 403
        assert "Denied by statement 1 of office" in stage.get(stage.gateway_base + path, headers={**told, **https}).json()["message"]
    finally:
        iam.delete_role_policy(**name)


@pytest.mark.parametrize("door", ["gateway_base", "endpoint"])
@pytest.mark.parametrize(
    "lie, why",
    [
        ({"X-Forwarded-For": "unknown"}, "the proxy's X-Forwarded-For holds something else than addresses"),
        ({"X-Forwarded-Proto": "https, http"}, "the proxy's X-Forwarded-Proto is not `http` or `https`, once"),
    ],
)
def test_what_the_proxy_says_and_cannot_be_read_is_refused_and_recorded(stage, door, lie, why):
    refused = stage.get(getattr(stage, door) + "/prod/", address=ADDRESS, headers=lie)
    assert refused.status_code == 400 and why in refused.text
    record = stage.audit()[-1]
    assert (record["eventName"], record["sourceIPAddress"]) == ("UnreadableRequest", ADDRESS)
    assert why in record["errorMessage"]
    # Of anybody else it is nothing to Garita.
    assert stage.get(getattr(stage, door) + "/prod/", headers=lie).status_code != 400
