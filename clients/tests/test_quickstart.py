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

PORTS = ["--aws-listen", "127.0.0.1:0", "--gateway-listen", "127.0.0.1:0"]


@pytest.fixture(scope="module")
def data():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="garita-quickstart-"))
    yield folder / "data"
    shutil.rmtree(folder, ignore_errors=True)


def quickstart(data, *options):
    return [garita_binary(), "quickstart", *options, "--data", str(data), *PORTS]


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

    def __init__(self, data):
        self.process = subprocess.Popen(
            quickstart(data), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=clean_environment()
        )
        threading.Thread(target=self.process.stderr.read, daemon=True).start()
        self.said = ""
        for line in self.process.stdout:
            self.said += line
            if line.startswith("Ctrl-C stops"):
                return
        raise AssertionError(f"it ended: {self.said}")


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


def test_people_open_mlflow_with_the_passwords_that_are_shown_once(first, data):
    from playwright.sync_api import sync_playwright
    from sign_in_site import chromium_binary

    kept = json.loads((data / "quickstart/credentials.json").read_text())["people"]
    passwords = dict(kept["passwords"])
    standing = Standing(data)
    try:
        # They were shown by the run before this one: the first that stayed up.
        assert kept["shown"] and not any(password in standing.said for password in passwords.values())
        url = re.search(r"Open MLflow in a browser: (\S+)", standing.said).group(1)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium_binary(), args=["--no-sandbox"])
            page = browser.new_page()
            page.goto(f"{url}#/experiments")
            page.fill("#username", "bruno")
            page.fill("#password", passwords["bruno"])
            page.keyboard.press("Enter")
            page.get_by_text("churn").first.wait_for(timeout=30_000)
            assert page.url == f"{url}#/experiments"
            page.goto(f"{url}garita/account")
            assert page.inner_text("#role").endswith(":role/mlflow-reader")
            # The IAM user of the same name has the same password.
            page.goto(re.search(r"^The console, .*: (\S+)$", standing.said, re.MULTILINE).group(1))
            page.fill("#username", "bruno")
            page.fill("#password", passwords["bruno"])
            page.keyboard.press("Enter")
            page.wait_for_selector("dl.facts")
            assert "arn:aws:iam::111122223333:user/bruno" in page.inner_text("main")
            page.click("text=Change your password")
            page.fill("#password", passwords["bruno"])
            page.fill("#new-password", "Another-Horse-9")
            page.fill("#new-password-again", "Another-Horse-9")
            page.keyboard.press("Enter")
            page.get_by_text("Your password is changed.").wait_for()
            browser.close()
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
