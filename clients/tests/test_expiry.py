"""What time takes away. The clock of the server and of its clients is moved together; nobody waits."""

import pathlib
import subprocess

import pytest
from botocore.exceptions import ClientError
from jobs import Job
from platform_under_test import ACCOUNTS

STEPS = ["search_runs", "search_registered_models"]
ADMIN = f"arn:aws:iam::{ACCOUNTS['ml-platform']}:role/mlflow-admin"


@pytest.fixture(scope="module")
def moved_clock(tmp_path_factory):
    """The environment of a process whose clock a file moves, and that file."""
    folder = tmp_path_factory.mktemp("clock")
    library, file = folder / "clock_shift.so", folder / "seconds"
    source = pathlib.Path(__file__).with_name("clock_shift.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, source], check=True)
    file.write_text("0")
    return {"LD_PRELOAD": str(library), "CLOCK_SHIFT_FILE": str(file)}, file


def test_a_session_ends_when_its_time_is_up(another_garita, moved_clock):
    env, seconds = moved_clock
    garita = another_garita(**env)
    session = garita.assume(ADMIN, garita.user("ana"), DurationSeconds=900)

    def search():
        return Job(STEPS, garita.mlflow_env(session), **env)

    Job(["set_experiment"], garita.mlflow_env(session), **env).result("set_experiment")
    search().result("search_runs")
    seconds.write_text("840")
    search().result("search_runs")
    seconds.write_text("1000")
    late = search()
    for step in STEPS:
        code, text = late.refusal(step)
        assert code == "UNAUTHENTICATED"
        assert "expired" in text
    # A client whose clock stands still is refused as well: its signature is too old.
    stale = Job(STEPS, garita.mlflow_env(session))
    assert stale.refusal("search_runs")[0] == "UNAUTHENTICATED"
    # Our own clock stands still too, so even a key that does not expire signs too early here.
    with pytest.raises(ClientError, match="Signature"):
        garita.assume(ADMIN, garita.user("ana"))
