"""The MLflow server as Garita launches it."""

import pathlib
import shutil
import stat
import subprocess
import sys
import tempfile

import pytest
from platform_under_test import Mlflow, clean_environment

OLD_DATABASE = """
import sys
from mlflow.server.handlers import initialize_backend_stores
initialize_backend_stores(sys.argv[1], sys.argv[1], "mlflow-artifacts:/")
"""


@pytest.fixture
def server():
    # A socket's path must be short.
    folder = pathlib.Path(tempfile.mkdtemp(prefix="garita-mlflow-"))
    running = Mlflow(folder / "mlflow")
    yield running
    running.stop()
    shutil.rmtree(folder)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_nobody_else_can_open_its_socket_and_it_ends_when_its_standard_input_closes(server):
    server.start()
    assert (mode(server.folder), mode(server.socket)) == (0o700, 0o600)
    assert mode(server.folder / "mlflow.db") & 0o077 == 0
    process = server.process
    process.stdin.close()
    assert process.wait(timeout=20) == 0
    server.process = None
    assert not server.answers()


def test_it_brings_the_database_of_an_older_mlflow_up_to_date(server):
    server.folder.mkdir(mode=0o700)
    database = f"sqlite:///{server.folder / 'mlflow.db'}"
    env = clean_environment(PYTHONPATH=str(pathlib.Path(sys.prefix, "older-mlflow")))
    subprocess.run([sys.executable, "-c", OLD_DATABASE, database], check=True, capture_output=True, env=env)
    server.start()
    assert server.answers()
