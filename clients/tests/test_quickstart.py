"""`garita quickstart`, as a newcomer runs it: from an empty folder, with nothing but Python on the machine."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time

import pytest
from platform_under_test import clean_environment, garita_binary

ROLES = {"ana": "mlflow-admin", "bruno": "mlflow-reader", "carla": "mlflow-model-approver"}
NEW_PASSWORD = "correct horse battery staple 9"


@pytest.fixture(scope="module")
def data():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="garita-quickstart-"))
    yield folder / "data"
    shutil.rmtree(folder, ignore_errors=True)


def quickstart(data, *options, listen="127.0.0.1"):
    ports = ["--aws-listen", f"{listen}:0", "--gateway-listen", f"{listen}:0"]
    return [garita_binary(), "quickstart", *options, "--data", str(data), *ports]


def once(data):
    return subprocess.run(
        quickstart(data, "--once"), capture_output=True, text=True, env=clean_environment(), timeout=900
    )


def processes_of(data):
    """The command lines of all processes that name this folder."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if str(data) in command and entry.name != str(os.getpid()):
                found.append(command)
    return found


def until_gone(data):
    given_up = time.monotonic() + 30
    while processes_of(data):
        assert time.monotonic() < given_up, processes_of(data)
        time.sleep(0.2)


@pytest.fixture(scope="module")
def first(data):
    return once(data)


def test_the_first_run_shows_everything_as_expected(first, data):
    assert first.returncode == 0, first.stdout + first.stderr
    assert re.search(r"(\d+) things tried, \1 as expected, 0 not\.", first.stdout)
    rows = [line for line in first.stdout.splitlines() if line.startswith(("ok ", "!! "))]
    assert len(rows) >= 35
    assert "runs/create because no identity-based policy allows the execute-api:Invoke action" in first.stdout
    assert "making a Python environment" in first.stderr
    assert processes_of(data) == []


def test_what_it_made_is_for_this_user_only(first, data):
    for path in [data, data / "mlflow", data / "quickstart"]:
        assert path.stat().st_mode & 0o077 == 0, path
    for name in ["credentials.json", "aws-credentials"]:
        assert (data / "quickstart" / name).stat().st_mode & 0o077 == 0, name


def test_the_second_run_finds_everything_ready(first, data):
    again = once(data)
    assert again.returncode == 0, again.stdout + again.stderr
    for made in ("making a Python environment", "creating"):
        assert made not in again.stderr
    assert processes_of(data) == []


class Standing:
    """A quickstart that stays up; its last words are there once it waits."""

    def __init__(self, data, listen="127.0.0.1"):
        self.process = subprocess.Popen(
            quickstart(data, listen=listen), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=clean_environment()
        )
        threading.Thread(target=self.process.stderr.read, daemon=True).start()
        self.said = ""
        for line in self.process.stdout:
            self.said += line
            if line.startswith("Ctrl-C stops"):
                return
        raise AssertionError(f"it ended: {self.said}")

    def told(self, what):
        """What stands behind some words, at the end of their line."""
        found = re.search(rf"{what}.*?: (\S+)$", self.said, re.MULTILINE)
        assert found, self.said
        return found.group(1)


def test_what_it_prints_can_be_pasted_and_ctrl_c_ends_everything(first, data):
    standing = Standing(data)
    try:
        passwords = json.loads((data / "quickstart/credentials.json").read_text())["people"]["passwords"]
        assert len(passwords) == 3 and all(f"{name:6} {password}" in standing.said for name, password in passwords)
        exports = re.findall(r"^export .*$", standing.said, re.MULTILINE)
        script = "import mlflow; print('found', mlflow.get_experiment_by_name('churn').name)"
        pasted = "\n".join([*exports, f'{data}/python/bin/python -c "{script}"'])
        done = subprocess.run(["sh", "-c", pasted], capture_output=True, text=True, env=clean_environment())
        assert "found churn" in done.stdout, done.stderr
        pasted = pasted.replace("AWS_PROFILE=mlflow-admin", "AWS_PROFILE=notebook")
        done = subprocess.run(["sh", "-c", pasted], capture_output=True, text=True, env=clean_environment())
        assert "is not authorized" in done.stderr
        assert any("launch.py" in command for command in processes_of(data))
        trail = re.search(r"^The audit trail: (\S+) audit tail --follow --data (\S+)$", standing.said, re.MULTILINE)
        tail = [trail.group(1), "audit", "tail", "--data", trail.group(2)]
        assert "AssumeRole" in subprocess.run(tail, capture_output=True, text=True, env=clean_environment()).stdout
        standing.process.send_signal(signal.SIGINT)
        assert standing.process.wait(timeout=30) == 0
    finally:
        standing.process.kill()
    assert processes_of(data) == []


def enter(page, name, password):
    page.fill("#username", name)
    page.fill("#password", password)
    page.keyboard.press("Enter")


def letter(folder):
    """The code of the newest letter."""
    newest = max(pathlib.Path(folder).iterdir(), key=lambda path: path.stat().st_mtime)
    return re.search(r"\b\d{6}\b", newest.read_text().split("\n\n", 1)[1]).group()


def test_people_open_mlflow_with_the_passwords_that_are_shown_once(first, data):
    """Also where the listeners are on all addresses: what is printed is one that a browser can sign in at."""
    from playwright.sync_api import sync_playwright
    from sign_in_site import chromium_binary

    kept = json.loads((data / "quickstart/credentials.json").read_text())["people"]
    passwords = dict(kept["passwords"])
    assert passwords.keys() == ROLES.keys()
    standing = Standing(data, listen="0.0.0.0")
    try:
        # They were shown by the run before this one: the first that stayed up.
        assert kept["shown"] and not any(password in standing.said for password in passwords.values())
        url, console = standing.told("^Open MLflow in a browser"), standing.told("^The console, ")
        assert url.startswith("http://127.0.0.1:") and console.startswith("http://127.0.0.1:")
        assert "people sign in on this machine alone" in standing.said
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium_binary(), args=["--no-sandbox"])
            for name, role in ROLES.items():
                page = browser.new_context(locale="en-GB").new_page()
                page.goto(f"{url}#/experiments")
                enter(page, name, passwords[name])
                page.get_by_text("churn").first.wait_for(timeout=30_000)
                assert page.url == f"{url}#/experiments"
                page.goto(f"{url}garita/account")
                assert page.inner_text("#role").endswith(f":role/{role}")
                # The IAM user of the same name has the same password.
                page.goto(console)
                enter(page, name, passwords[name])
                page.wait_for_selector("dl.facts")
                assert f"arn:aws:iam::111122223333:user/{name}" in page.inner_text("main")
            page.click("text=Change your password")
            page.fill("#password", passwords["carla"])
            page.fill("#new-password", "Another-Horse-9")
            page.fill("#new-password-again", "Another-Horse-9")
            page.keyboard.press("Enter")
            page.get_by_text("Your password is changed.").wait_for()
            # The gateway without a stage, and Garita by another name of this machine, lead where people sign in.
            page = browser.new_context(locale="en-GB").new_page()
            page.goto(url.removesuffix("prod/").replace("127.0.0.1", "localhost"))
            page.wait_for_selector("#username")
            page.goto(console.replace("127.0.0.1", "localhost"))
            assert page.url == console
            page.goto(url)
            page.click("text=Forgotten password?")
            page.fill("#username", "bruno")
            page.keyboard.press("Enter")
            page.wait_for_selector("#code")
            page.fill("#code", letter(standing.told("^Letters to them").rstrip(".")))
            page.fill("#new-password", NEW_PASSWORD)
            page.fill("#new-password-again", NEW_PASSWORD)
            page.keyboard.press("Enter")
            page.get_by_text("Your password is set.").wait_for()
            enter(page, "bruno", NEW_PASSWORD)
            page.get_by_text("churn").first.wait_for(timeout=30_000)
            browser.close()
    finally:
        standing.process.kill()
        standing.process.wait()
    until_gone(data)


def test_whoever_sets_an_authenticator_app_up_is_asked_for_its_code_and_nobody_else(first, data):
    import boto3

    kept = json.loads((data / "quickstart/credentials.json").read_text())
    root, standing = kept["accounts"]["ml-platform"], Standing(data)
    try:
        cognito = boto3.client(
            "cognito-idp",
            endpoint_url=re.search(r"^export AWS_ENDPOINT_URL=(\S+)$", standing.said, re.MULTILINE).group(1),
            region_name="eu-west-1",
            aws_access_key_id=root["access_key_id"],
            aws_secret_access_key=root["secret_access_key"],
        )
        asked = cognito.get_user_pool_mfa_config(UserPoolId=kept["people"]["pool"])
        assert asked["MfaConfiguration"] == "OPTIONAL" and asked["SoftwareTokenMfaConfiguration"]["Enabled"]
    finally:
        standing.process.kill()
        standing.process.wait()
    until_gone(data)


def test_mlflow_does_not_outlive_a_killed_garita(first, data):
    standing = Standing(data)
    standing.process.kill()
    standing.process.wait()
    until_gone(data)


def test_a_folder_of_ones_own_is_left_alone(tmp_path):
    data = tmp_path / "own"
    own = ["init", "--account-id", "111122223333", "--data", str(data)]
    subprocess.run([garita_binary(), *own], check=True, capture_output=True, env=clean_environment())
    before = sorted(path.name for path in data.iterdir())
    done = once(data)
    assert done.returncode == 1
    assert "a data folder of your own" in done.stderr
    assert sorted(path.name for path in data.iterdir()) == before
