"""MLflow's own pages, as they are published, in Chromium behind a stage: people sign in, see, do what they may, and leave.

The server, the pages, the browser and the sign-in pages are the real ones.
"""

import contextlib
import html
import json
import os
import pathlib
import re
import urllib.parse

import pytest
import requests
from jobs import Job
from platform_under_test import ACCOUNTS
from playwright.sync_api import expect
from test_gateway_tokens import PASSWORD, PeopleOfGarita
from test_mlflow_sdk import SETTINGS

ACCOUNT = ACCOUNTS["ml-platform"]
SEED = ["set_experiment", "start_run", "log_metric", "log_params", "log_text_and_dict", "log_and_register_model"]
MODEL = "tested-model"
SHOTS = os.environ.get("SCREENSHOTS")
PATIENCE = 30_000


class Stage(PeopleOfGarita):
    """A Garita whose stage sends browsers to the sign-in pages of its pool."""

    def create(self):
        super().create()
        made = self.cognito.create_user_pool_client(UserPoolId=self.pool, ClientName="MLflow")["UserPoolClient"]
        self.door = made["ClientId"]
        self.accepted = f'[[api.user_pool]]\nid = "{self.pool}"\nsign_in_client = "{self.door}"\n'
        (self.data / "garita.toml").write_text(self.configuration())
        self.stop()
        self.start()
        self.open_door()
        self.person("dora", "mlflow-reader")
        self.person("nemo")
        return self

    def open_door(self, *more):
        self.cognito.update_user_pool_client(
            UserPoolId=self.pool,
            ClientId=self.door,
            ClientName="MLflow",
            AllowedOAuthFlowsUserPoolClient=True,
            AllowedOAuthFlows=["code"],
            AllowedOAuthScopes=["openid"],
            CallbackURLs=[f"{self.gateway}/garita/callback", *more],
            SupportedIdentityProviders=["COGNITO"],
        )

    @property
    def origin(self):
        return self.gateway_base


@pytest.fixture(scope="module")
def stage():
    with Stage().running() as running:
        yield running


@pytest.fixture(scope="module")
def seeded(stage):
    job = Job(SEED, stage.token_env(stage.sign_in("ana")["IdToken"]), **SETTINGS)
    return {"experiment": job.result("set_experiment"), "run": job.result("start_run")} | {
        step: job.result(step) for step in SEED[2:]
    }


class Visitor:
    """Somebody with a browser of their own, who remembers what it complained about and what was refused."""

    def __init__(self, chromium, stage):
        self.stage = stage
        self.context = chromium.new_context(viewport={"width": 1400, "height": 900}, locale="en-GB")
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.complaints, self.refused = [], []
        self.page.on("console", self.hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("response", self.note)

    def hear(self, message):
        if message.type == "error":
            self.complaints.append(f"{message.text} at {message.location.get('url', '')}")

    def note(self, response):
        if response.status >= 400:
            self.refused.append((response.status, response.request.method, urllib.parse.urlsplit(response.url).path))

    def opens(self, behind):
        self.page.goto(f"{self.stage.gateway}{behind}")
        return self

    def fill(self, name, password=PASSWORD):
        self.page.fill("#username", name)
        self.page.fill("#password", password)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")
        return self

    def signs_in(self, name, behind="/"):
        self.opens(behind)
        self.page.wait_for_selector("#username")
        self.fill(name)
        self.page.wait_for_url(f"{self.stage.gateway}/**")
        return self

    def sees(self, text):
        expect(self.page.get_by_text(text).first).to_be_visible(timeout=PATIENCE)
        return self

    def shot(self, name):
        if SHOTS:
            self.page.wait_for_timeout(1_500)
            self.page.screenshot(path=pathlib.Path(SHOTS) / f"{name}.png")
        return self

    def asks(self, path, **init):
        """What a script of the page gets: status and text."""
        script = "async ([url, init]) => { const r = await fetch(url, init); return [r.status, await r.text()] }"
        return self.page.evaluate(script, [f"{self.stage.gateway}/{path}", init])

    def posts(self, path, body, method="POST"):
        return self.asks(path, method=method, body=json.dumps(body), headers={"Content-Type": "application/json"})

    @property
    def cookies(self):
        return {cookie["name"]: cookie for cookie in self.context.cookies()}


@pytest.fixture
def visit(chromium, stage):
    with contextlib.ExitStack() as stack:

        def visitor():
            made = Visitor(chromium, stage)
            stack.callback(made.context.close)
            return made

        yield visitor


@pytest.mark.parametrize("name", ["ana", "bruno", "carla"])
def test_people_come_back_to_the_very_page_they_wanted(visit, stage, seeded, name):
    wanted = f"/?from=mail#/experiments/{seeded['experiment']}/runs/{seeded['run']}"
    person = visit().signs_in(name, wanted)
    assert person.page.url == f"{stage.gateway}{wanted}"
    person.sees("rmse").shot(f"{name}-run")
    assert person.refused == [] and person.complaints == []


PAGES = {
    "experiments": ("/#/experiments", "client tests"),
    "runs": ("/#/experiments/{experiment}/runs", "Run Name"),
    "run": ("/#/experiments/{experiment}/runs/{run}", "rmse"),
    "artifact": ("/#/experiments/{experiment}/runs/{run}/artifacts/texts/hello.txt", "hello"),
    "models": ("/#/models", MODEL),
    "model": ("/#/models/tested-model", "Version 1"),
    "version": ("/#/models/tested-model/versions/1", "Registered At"),
    "home": ("/#/", "Welcome to MLflow"),
}


# MLflow's pages ask for a URL to fetch the file from, and take the file itself when its server says that it makes none.
OF_MLFLOW = (501, "GET", "/prod/model-versions/get-artifact")


@pytest.mark.parametrize("name", ["ana", "bruno", "carla"])
def test_every_page_is_shown_without_a_complaint(visit, stage, seeded, name):
    person, problems = visit().signs_in(name), {}
    for title, (behind, text) in PAGES.items():
        person.refused.clear(), person.complaints.clear()
        person.opens(behind.format(**seeded))
        try:
            person.sees(text)
        except AssertionError as error:
            problems[title, "not seen"] = str(error)[:300]
        person.page.wait_for_timeout(1_000)
        person.shot(f"{name}-{title}")
        refused = [one for one in person.refused if one != OF_MLFLOW]
        complaints = [text for text in person.complaints if "/model-versions/get-artifact?" not in text]
        if refused or complaints:
            problems[title] = (refused, complaints)
    assert problems == {}


def test_the_reader_sees_why_something_is_forbidden(visit, stage, seeded):
    bruno = visit().signs_in("bruno", f"/#/models/{MODEL}/versions/1")
    bruno.sees("Version 1")
    bruno.page.get_by_role("button", name="Add").or_(bruno.page.get_by_text("Add", exact=True)).first.click()
    box = bruno.page.get_by_role("dialog")
    box.get_by_role("combobox").fill("champion")
    bruno.page.keyboard.press("Enter")
    box.get_by_role("button", name="Save aliases").click()
    bruno.sees("is not authorized to perform: execute-api:Invoke").shot("bruno-forbidden")
    assert (403, "POST", "/prod/ajax-api/2.0/mlflow/registered-models/alias") in bruno.refused
    status, text = bruno.posts("ajax-api/2.0/mlflow/experiments/create", {"name": "of the reader"})
    assert status == 403
    assert "assumed-role/mlflow-reader/bruno is not authorized to perform: execute-api:Invoke" in json.loads(text)["message"]


def test_the_approver_sets_an_alias_on_the_page(visit, stage, seeded):
    carla = visit().signs_in("carla", f"/#/models/{MODEL}/versions/1")
    carla.sees("Version 1")
    carla.page.get_by_role("button", name="Add").or_(carla.page.get_by_text("Add", exact=True)).first.click()
    box = carla.page.get_by_role("dialog")
    box.get_by_role("combobox").fill("champion")
    carla.page.keyboard.press("Enter")
    box.get_by_role("button", name="Save aliases").click()
    expect(box).to_be_hidden(timeout=PATIENCE)
    carla.sees("champion").shot("carla-alias")
    status, text = carla.asks(f"ajax-api/2.0/mlflow/registered-models/alias?name={MODEL}&alias=champion")
    assert status == 200 and json.loads(text)["model_version"]["version"] == "1"


def test_the_admin_makes_an_experiment_on_the_page(visit, stage, seeded):
    ana = visit().signs_in("ana", "/#/experiments")
    ana.page.get_by_role("button", name="Create").first.click()
    ana.page.get_by_role("dialog").get_by_role("textbox").first.fill("made in the browser")
    ana.page.get_by_role("dialog").get_by_role("button", name="Create").click()
    ana.sees("made in the browser").shot("ana-experiment")
    found = ana.asks("ajax-api/2.0/mlflow/experiments/get-by-name?experiment_name=made%20in%20the%20browser")
    assert found[0] == 200
    # The page itself asks first whether there is an experiment of that name.
    assert {path for _, _, path in ana.refused} <= {"/prod/ajax-api/2.0/mlflow/experiments/get-by-name"}


def test_the_account_page_says_who_is_signed_in_and_signs_out(visit, stage):
    bruno = visit().signs_in("bruno", "/garita/account")
    assert bruno.page.url == f"{stage.gateway}/garita/account"
    assert bruno.page.inner_text("#name") == "bruno"
    assert bruno.page.inner_text("#role") == f"arn:aws:iam::{ACCOUNT}:role/mlflow-reader"
    bruno.shot("account")
    session = next(value for name, value in bruno.cookies.items() if name == "__Host-garita-stage-mlflow")
    assert session["secure"] and session["httpOnly"] and session["sameSite"] == "Lax"
    bruno.page.click("button")
    bruno.sees("You are signed out").shot("signed-out")
    assert "__Host-garita-stage-mlflow" not in bruno.cookies
    # The cookie that was stolen before opens nothing now, and the next page asks who is there.
    stolen = {"Cookie": f"__Host-garita-stage-mlflow={session['value']}"}
    assert requests.get(f"{stage.gateway}/ajax-api/2.0/mlflow/users/current", headers=stolen).status_code == 401
    bruno.opens("/")
    bruno.page.wait_for_selector("#username")
    assert bruno.complaints == []


@pytest.fixture(scope="module")
def skill(chromium, stage, seeded):
    """A skill with a version, and an MCP server, made by the admin in the browser."""
    ana = Visitor(chromium, stage).signs_in("ana")
    version = {"source_type": "git", "source": "https://example.com/weather.git"}
    made = {"skills": {"name": "weather"}, "skills/weather/versions": version, "mcp-servers": {"name": MCP_SERVER}}
    for path, body in made.items():
        status, text = ana.posts(f"ajax-api/3.0/mlflow/{path}", body)
        assert status == 200, text
    ana.context.close()
    return "weather"


MCP_SERVER = "com.example/tools"
ALL_ACTIONS = ["USE", "UPDATE", "DELETE", "MANAGE"]


@pytest.mark.parametrize(
    ("name", "actions"), [("ana", ALL_ACTIONS), ("bruno", ["USE"]), ("carla", ["USE"])], ids=["admin", "reader", "approver"]
)
def test_the_pages_leave_away_what_one_may_not_do(visit, stage, seeded, skill, name, actions):
    person, may = visit().signs_in(name), actions == ALL_ACTIONS

    def shows(*names):
        """Whether the page shows these controls: all of them, or none."""
        shown = [person.page.get_by_role("button", name=control, exact=True).count() for control in names]
        assert shown in ([1] * len(names), [0] * len(names)), dict(zip(names, shown, strict=True))
        return shown[0] == 1

    # Review queues, by `users/current/permissions`.
    with person.page.expect_response("**/users/current/permissions"):
        person.opens(f"/#/experiments/{seeded['experiment']}/review-queue")
    person.sees("Set up human review").page.wait_for_timeout(500)
    assert shows("Manage questions") is may
    # One of them stands in the empty page, for everybody; the other beside the queues.
    assert person.page.get_by_role("button", name="New queue").count() == (2 if may else 1)
    person.shot(f"{name}-review")
    # Skills, by their own `allowed_actions`.
    person.opens(f"/#/skills/{skill}").sees("Reference URIs")
    assert shows("More actions", "Create skill version", "Edit tags", "Edit aliases", "Edit version status") is may
    person.shot(f"{name}-skill")
    answers = {"skills": "skills", f"skills/{skill}": "", "mcp-servers": "mcp_servers", f"mcp-servers/{MCP_SERVER}": ""}
    for path, many in answers.items():
        status, text = person.asks(f"ajax-api/3.0/mlflow/{path}")
        told = json.loads(text)
        assert status == 200 and told.get(many, [told])[0]["allowed_actions"] == actions, path
    # And it is true.
    status, _ = person.posts(f"ajax-api/3.0/mlflow/skills/{skill}", {"description": f"by {name}"}, method="PATCH")
    assert status == (200 if may else 403)


def test_the_pages_show_who_is_signed_in_and_their_menu_signs_out(visit, stage, seeded):
    bruno = visit().signs_in("bruno", f"/#/models/{MODEL}").sees("Version 1")
    session = bruno.cookies["__Host-garita-stage-mlflow"]["value"]
    mark = bruno.cookies["mlflow_user"]
    assert (mark["value"], mark["path"], mark["sameSite"]) == ("signed-in", "/prod/", "Lax")
    menu = bruno.page.get_by_role("button", name="Account menu for bruno")
    menu.click()
    bruno.shot("bruno-menu").page.get_by_role("menuitem", name="Account").click()
    bruno.sees("Logged in as bruno").sees("mlflow-reader").shot("bruno-account")
    # The pages ask all the time who it is: that alone signs nobody out.
    assert bruno.asks("ajax-api/2.0/mlflow/users/current")[0] == 200
    menu.click()
    with bruno.page.expect_navigation(url="**/sign-in?**"):
        bruno.page.get_by_role("menuitem", name="Logout").click()
    bruno.page.wait_for_selector("#username")
    assert {"__Host-garita-stage-mlflow", "mlflow_user"}.isdisjoint(bruno.cookies)
    stolen = {"Cookie": f"__Host-garita-stage-mlflow={session}"}
    assert requests.get(f"{stage.gateway}/ajax-api/2.0/mlflow/users/current", headers=stolen).status_code == 401
    assert (bruno.refused, bruno.complaints) == ([], [])
    # Somebody else signs in with the same browser, and is who is shown.
    bruno.fill("carla").page.wait_for_url(f"{stage.gateway}/**")
    expect(bruno.page.get_by_role("button", name="Account menu for carla")).to_be_visible(timeout=PATIENCE)


def test_only_the_pages_own_menu_signs_out_by_asking_who_it_is(visit, stage):
    ana = visit().signs_in("ana")
    session = {"Cookie": f"__Host-garita-stage-mlflow={ana.cookies['__Host-garita-stage-mlflow']['value']}"}
    own, url = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "empty"}, f"{stage.gateway}/ajax-api/2.0/mlflow/users/current"
    asks = lambda **headers: requests.get(url, headers={**session, **own, **headers}).status_code  # noqa: E731
    with_mark = f"{session['Cookie']}; mlflow_user=signed-in"
    assert asks(Cookie=with_mark) == 200, "the mark is there"
    assert asks(**{"Content-Type": "application/json"}) == 200, "as the pages ask"
    assert asks(**{"Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate"}) == 200, "somebody opens the address"
    assert asks(**{"Sec-Fetch-Site": "none"}) == 200
    assert asks(**{"Sec-Fetch-Site": "cross-site"}) == 403 and asks(Origin="https://evil.example") == 403
    assert ana.asks("ajax-api/2.0/mlflow/users/current")[0] == 200, "and still nobody is signed out"
    assert asks() == 200 and asks(Cookie=with_mark) == 401
    told = [record for record in stage.audit() if record["eventName"] == "SignOut"]
    assert told[-1]["requestParameters"]["apiId"] == "mlflow"


def test_a_password_is_not_changed_on_mlflow_s_page_and_it_says_where(visit, stage):
    ana = visit().signs_in("ana")
    body = {"username": "ana", "password": "Another-Horse-9", "current_password": PASSWORD}
    status, text = ana.posts("ajax-api/2.0/mlflow/users/update-password", body, method="PATCH")
    assert status == 403 and "Forgotten password?" in json.loads(text)["message"]


def test_signing_out_at_the_pool_ends_the_session_at_the_stage(visit, stage):
    ana = visit().signs_in("ana")
    assert ana.asks("ajax-api/2.0/mlflow/users/current")[0] == 200
    ana.page.goto(f"{stage.endpoint}/{stage.pool}/logout")
    ana.page.click("button")
    ana.sees("You are signed out")
    ana.opens("/")
    ana.page.wait_for_selector("#username")


def test_what_is_taken_away_is_gone_with_the_next_request(visit, stage):
    dora, who = visit().signs_in("dora"), {"UserPoolId": stage.pool, "Username": "dora"}
    current = "ajax-api/2.0/mlflow/users/current"
    assert dora.asks(current)[0] == 200
    stage.cognito.admin_remove_user_from_group(**who, GroupName="mlflow-reader")
    status, text = dora.asks(current)
    assert (status, json.loads(text)["error_code"]) in [(401, "UNAUTHENTICATED"), (403, "PERMISSION_DENIED")]
    stage.cognito.admin_add_user_to_group(**who, GroupName="mlflow-reader")
    dora = visit().signs_in("dora")
    assert dora.asks(current)[0] == 200
    stage.cognito.admin_disable_user(**who)
    status, text = dora.asks(current)
    assert status == 401 and "has ended" in json.loads(text)["message"]
    dora.opens("/")
    dora.page.wait_for_selector("#username")
    dora.fill("dora").shot("dora-disabled")
    assert "/sign-in" in dora.page.url


def test_somebody_without_a_role_is_told_so_and_can_leave(visit, stage):
    nemo = visit().signs_in("nemo")
    nemo.sees("you have no role here").shot("nemo-no-role")
    nemo.page.click("text=Your account")
    assert nemo.page.inner_text("#name") == "nemo" and "no role" in nemo.page.inner_text("#why")
    nemo.page.click("button")
    nemo.sees("You are signed out")


def test_what_other_sites_send_is_refused(visit, stage, seeded):
    ana = visit().signs_in("ana")
    path = "/prod/ajax-api/2.0/mlflow/experiments/create"
    cookies = "; ".join(f"{name}={cookie['value']}" for name, cookie in ana.cookies.items())
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}, {}):
        sent = requests.post(f"{stage.origin}{path}", json={"name": "forged"}, headers={"Cookie": cookies, **headers})
        assert sent.status_code == 403 and "must be sent by a page of" in sent.json()["message"]
    # In the browser itself: another origin of the same machine, whose requests bring the cookie.
    elsewhere = stage.origin.replace("127.0.0.1", "localhost")
    ana.page.route(f"{elsewhere}/evil", lambda route: route.fulfill(body="<p>evil</p>", content_type="text/html"))
    ana.page.goto(f"{elsewhere}/evil")
    form = """url => { const f = document.createElement("form"); f.method = "post"; f.action = url;
        document.body.append(f); f.submit(); }"""
    with ana.page.expect_navigation():
        ana.page.evaluate(form, f"{stage.gateway}/garita/sign-out")
    assert (403, "POST", "/prod/garita/sign-out") in ana.refused
    assert ana.opens("/").asks("ajax-api/2.0/mlflow/users/current")[0] == 200


def test_an_uploaded_page_has_no_rights_here(visit, stage, seeded):
    ana = visit().signs_in("ana")
    evil = "<script>document.title = document.domain; fetch('../ajax-api/2.0/mlflow/users/current')</script>"
    run = seeded["run"]
    status, text = ana.asks(
        f"ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}&path=evil.html", method="POST", body=evil,
        headers={"Content-Type": "application/octet-stream"},
    )  # fmt: skip
    assert status == 200, text
    told = requests.get(
        f"{stage.gateway}/get-artifact?path=evil.html&run_uuid={run}",
        headers={"Cookie": "; ".join(f"{name}={cookie['value']}" for name, cookie in ana.cookies.items())},
    )
    assert told.status_code == 200 and told.headers["content-security-policy"].startswith("sandbox")
    assert told.headers["cache-control"] == "private, no-store"


def test_calls_without_credentials_get_no_page(stage):
    for path in ("/ajax-api/2.0/mlflow/users/current", "/"):
        refused = requests.get(f"{stage.gateway}{path}", allow_redirects=False)
        assert (refused.status_code, refused.json()["error_code"]) == (401, "UNAUTHENTICATED")
    led = requests.get(f"{stage.gateway}/", headers={"Accept": "text/html"}, allow_redirects=False)
    assert led.status_code == 303 and led.headers["cache-control"] == "no-store"
    page = requests.get(f"{stage.origin}{led.headers['location']}", headers={"Accept": "text/html"})
    assert "unsafe" not in page.headers["content-security-policy"]
    # Without scripts the page leads on by itself.
    on = re.search(r'http-equiv="refresh" content="0; url=([^"]*)"', page.text).group(1)
    sent = requests.get(f"{stage.origin}{html.unescape(on)}", allow_redirects=False)
    assert sent.status_code == 303 and sent.headers["location"].startswith(f"{stage.endpoint}/{stage.pool}/oauth2/")


def test_records_say_who_it_was_and_hold_no_cookie(visit, stage):
    bruno = visit().signs_in("bruno")
    bruno.asks("ajax-api/2.0/mlflow/experiments/get?experiment_id=0")
    own = [record for record in stage.audit() if record["eventName"] == "GetExperiment"][-1]
    assert own["userIdentity"]["arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/mlflow-reader/bruno"
    names = {record["eventName"] for record in stage.audit()}
    assert {"BeginSignIn", "SignIn", "SignOut", "GetAccount"} <= names
    trail = "".join(path.read_text() for path in (stage.data / "audit").glob("*.jsonl"))
    for name, cookie in bruno.cookies.items():
        assert cookie["value"] not in trail and cookie["value"] not in stage.log.read_text(), name
