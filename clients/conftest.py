"""Fixtures of the client tests: one Garita for the session, others for tests that break theirs."""

import pathlib
import sys

import pytest
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from identities import Identities  # noqa: E402
from platform_under_test import RUNNING, Garita  # noqa: E402
from sign_in_site import App, chromium_binary, npm_modules  # noqa: E402

LOG_LINES = 15


@pytest.fixture(scope="session")
def garita():
    """A running Garita with two accounts, their users and roles, and MLflow behind it."""
    with Garita().running() as running:
        yield running


@pytest.fixture
def own(garita):
    """Users, groups, roles and policies that go away with the test."""
    made = Identities(garita)
    yield made
    made.end()


@pytest.fixture
def iam(own):
    """IAM, as the root user of the account of `own`."""
    return own.iam


@pytest.fixture
def another_garita():
    """Makes a Garita of the test's own, with these environment variables."""
    made = []

    def make(**env):
        made.append(Garita(env))
        return made[-1].create()

    yield make
    for running in made:
        running.end()


@pytest.fixture(scope="module")
def admin(garita):
    """User pools, as the root user of ml-platform."""
    return garita.client("cognito-idp")


@pytest.fixture(scope="module")
def person(garita):
    """User pools, as an app has them that a person holds in their hands: without credentials."""
    return garita.unsigned("cognito-idp")


@pytest.fixture(scope="module")
def app():
    """An app that browsers come back to."""
    running = App()
    yield running
    running.close()


@pytest.fixture(scope="module")
def chromium():
    """A browser; who needs cookies of their own makes a context."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_binary(), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe():
    """The accessibility checker, as a script."""
    return (npm_modules() / "axe-core/axe.min.js").read_text()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """Shows the end of every running server's log with a failure."""
    report = yield
    if report.failed:
        for running in RUNNING:
            for log in (running.log, running.mlflow.log):
                if log.exists():
                    tail = log.read_text(errors="replace").splitlines()[-LOG_LINES:]
                    report.sections.append((str(log), "\n".join(tail)))
    return report
