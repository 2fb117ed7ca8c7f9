"""Fixtures of the client tests: one Garita for the session, others for tests that break theirs."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from identities import Identities  # noqa: E402
from platform_under_test import RUNNING, Garita  # noqa: E402

LOG_LINES = 15


@pytest.fixture(scope="session")
def garita():
    """A running Garita with two accounts, their users and roles, and MLflow behind it."""
    running = Garita()
    try:
        yield running.create()
    finally:
        running.end()


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
