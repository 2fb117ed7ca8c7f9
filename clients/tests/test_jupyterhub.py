"""JupyterHub, a relying party as teams run it: OAuthenticator's generic client signs people in, and says who may and who
administers by the groups of the user pool."""

import shutil
import subprocess
import sys
import time
import urllib.parse

import pytest
import requests
from platform_under_test import clean_environment
from sign_in_site import NPM, PASSWORD, Pool, npm_modules
from test_mail import free_port

HUB = """
c = get_config()  # noqa: F821
from oauthenticator.generic import GenericOAuthenticator

told = {told}
c.JupyterHub.bind_url = told["url"]
c.JupyterHub.hub_port = told["hub_port"]
c.JupyterHub.db_url = "sqlite://"
c.JupyterHub.cookie_secret = bytes(32)
c.ConfigurableHTTPProxy.command = told["proxy"]
c.ConfigurableHTTPProxy.api_url = told["proxy_api"]
c.ConfigurableHTTPProxy.pid_file = told["pid_file"]
c.JupyterHub.authenticator_class = GenericOAuthenticator
c.GenericOAuthenticator.client_id = told["client"]
c.GenericOAuthenticator.client_secret = told["secret"]
c.GenericOAuthenticator.oauth_callback_url = told["url"] + "/hub/oauth_callback"
c.GenericOAuthenticator.authorize_url = told["issuer"] + "/oauth2/authorize"
c.GenericOAuthenticator.token_url = told["issuer"] + "/oauth2/token"
c.GenericOAuthenticator.userdata_from_id_token = True
c.GenericOAuthenticator.scope = ["openid", "email", "profile"]
c.GenericOAuthenticator.username_claim = "cognito:username"
c.GenericOAuthenticator.manage_groups = True
c.GenericOAuthenticator.auth_state_groups_key = "oauth_user.cognito:groups"
c.GenericOAuthenticator.allowed_groups = {{"readers"}}
c.GenericOAuthenticator.admin_groups = {{"admins"}}
c.GenericOAuthenticator.enable_auth_state = True
c.CryptKeeper.keys = [bytes(32)]
"""


class Hub:
    """A JupyterHub that runs as its users know it, with its proxy."""

    def __init__(self, folder, **told):
        self.url = f"http://127.0.0.1:{told['port']}"
        proxy = NPM / "node_modules/configurable-http-proxy/bin/configurable-http-proxy"
        told |= {
            "url": self.url,
            "hub_port": free_port(),
            "proxy": [shutil.which("node"), str(proxy)],
            "proxy_api": f"http://127.0.0.1:{free_port()}",
            "pid_file": str(folder / "proxy.pid"),
        }
        config = folder / "jupyterhub_config.py"
        config.write_text(HUB.format(told=repr(told)))
        self.log = folder / "hub.log"
        command = [sys.executable, "-m", "jupyterhub", "--config", config]
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                command, cwd=folder, stdout=log, stderr=log, env=clean_environment(CONFIGPROXY_AUTH_TOKEN="of-the-tests")
            )
        given_up = time.monotonic() + 60
        while not self.answers():
            assert self.process.poll() is None, self.log.read_text()[-3000:]
            assert time.monotonic() < given_up, self.log.read_text()[-3000:]
            time.sleep(0.2)

    def answers(self):
        try:
            return requests.get(f"{self.url}/hub/api/", timeout=5).ok
        except requests.ConnectionError:
            return False

    def end(self):
        self.process.terminate()
        self.process.wait(timeout=30)


@pytest.fixture(scope="module")
def pool(garita):
    made = Pool(garita, "Notebooks")
    for group in ("readers", "admins"):
        made.idp.create_group(UserPoolId=made.id, GroupName=group)
    for name, groups in {"ana": ["admins", "readers"], "bruno": ["readers"], "carla": []}.items():
        made.person(name)
        for group in groups:
            made.idp.admin_add_user_to_group(UserPoolId=made.id, Username=name, GroupName=group)
    yield made
    made.idp.delete_user_pool(UserPoolId=made.id)


@pytest.fixture(scope="module")
def hub(pool, tmp_path_factory):
    npm_modules()
    port = free_port()
    callback = f"http://127.0.0.1:{port}/hub/oauth_callback"
    made = pool.idp.create_user_pool_client(
        UserPoolId=pool.id,
        ClientName="JupyterHub",
        GenerateSecret=True,
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["code"],
        AllowedOAuthScopes=["openid", "email", "profile"],
        CallbackURLs=[callback],
        SupportedIdentityProviders=["COGNITO"],
    )["UserPoolClient"]
    told = {"client": made["ClientId"], "secret": made["ClientSecret"], "issuer": pool.issuer, "port": port}
    running = Hub(tmp_path_factory.mktemp("hub"), **told)
    yield running
    running.end()


def field(page, name):
    return page.text.split(f'name="{name}" value="')[1].split('"')[0]


class Browser(requests.Session):
    """Sends secure cookies to this machine without TLS, as browsers do: nobody is on the way."""

    def go(self, method, url, **given):
        while True:
            page = self.request(method, url, allow_redirects=False, timeout=30, **given)
            for cookie in self.cookies:
                cookie.secure = False
            if not page.is_redirect:
                return page
            method, url, given = "GET", urllib.parse.urljoin(url, page.headers["location"]), {}


def sign_in(hub, name, password=PASSWORD):
    """Goes where a browser goes: the hub, Garita's page, the hub again."""
    browser = Browser()
    page = browser.go("GET", f"{hub.url}/hub/oauth_login?next=/hub/home")
    assert page.status_code == 200, page.text
    own = "{0.scheme}://{0.netloc}".format(urllib.parse.urlsplit(page.url))
    action = urllib.parse.urljoin(page.url, page.text.split('<form method="post" action="')[1].split('"')[0])
    form = {"flow": field(page, "flow"), "username": name, "password": password}
    return browser, browser.go("POST", action, data=form, headers={"origin": own})


@pytest.mark.parametrize(("name", "admin"), [("ana", True), ("bruno", False)])
def test_people_of_the_groups_come_in_and_administer_by_their_group(hub, name, admin):
    browser, home = sign_in(hub, name)
    assert home.status_code == 200, home.text
    assert home.url == f"{hub.url}/hub/home"
    me = browser.get(
        f"{hub.url}/hub/api/user",
        headers={"X-XSRFToken": browser.cookies.get("_xsrf", path="/hub/"), "Referer": f"{hub.url}/hub/home"},
        timeout=30,
    )
    told = me.json()
    assert (told["name"], told["admin"]) == (name, admin), told


def test_who_is_in_no_group_stays_outside(hub):
    _, refused = sign_in(hub, "carla")
    assert refused.status_code == 403
    assert refused.url.startswith(hub.url)


def test_a_wrong_password_stays_at_garita(hub, pool):
    _, page = sign_in(hub, "bruno", "Wrong-Horse-7")
    assert page.url.startswith(pool.garita.endpoint)
    assert page.status_code == 400
