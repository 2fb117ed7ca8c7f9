"""MLflow's own pages, as they are published, in Chromium behind a stage: people sign in, see, do what they may, and leave.

The server, the pages, the browser and the sign-in pages are the real ones.
"""

import contextlib
import json
import os
import pathlib
import re
import urllib.parse

import pytest
import requests
from jobs import Job
from platform_under_test import ACCOUNTS
from playwright.sync_api import expect, sync_playwright
from sign_in_site import chromium_binary
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
    running = Stage()
    try:
        yield running.create()
    finally:
        running.end()


@pytest.fixture(scope="module")
def seeded(stage):
    job = Job(SEED, stage.token_env(stage.sign_in("ana")["IdToken"]), **SETTINGS)
    return {"experiment": job.result("set_experiment"), "run": job.result("start_run")} | {
        step: job.result(step) for step in SEED[2:]
    }


@pytest.fixture(scope="module")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_binary(), args=["--no-sandbox"])
        yield browser
        browser.close()


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
        return self.page.evaluate(script, [path, init])

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
