"""The gateway's table of MLflow's routes against the routes of the MLflow that is installed: none may be missing."""

import json
import re
import subprocess
import sys

from platform_under_test import REPOSITORY, clean_environment

TABLE = REPOSITORY / "crates/gateway/src/mlflow/routes-3.18.txt"
DUMP = """
import json, os, sys, tempfile
folder = tempfile.mkdtemp()
os.environ.update({
    "_MLFLOW_SERVER_FILE_STORE": f"sqlite:///{folder}/mlflow.db",
    "_MLFLOW_SERVER_ARTIFACT_ROOT": "mlflow-artifacts:/",
    "_MLFLOW_SERVER_ARTIFACT_DESTINATION": folder,
    "_MLFLOW_SERVER_SERVE_ARTIFACTS": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
})
import mlflow
from mlflow.server import app as flask
from mlflow.server.fastapi_app import app as fastapi

rows = {(method, rule.rule) for rule in flask.url_map.iter_rules() for method in rule.methods}

def walk(routes, prefix=""):
    for route in routes:
        path = getattr(route, "path", "") or ""
        if getattr(route, "methods", None):
            rows.update((method, prefix + path) for method in route.methods)
        elif hasattr(route, "original_router"):
            more = getattr(getattr(route, "include_context", None), "prefix", "") or ""
            walk(route.original_router.routes, prefix + more)
        elif getattr(route, "routes", None):
            walk(route.routes, prefix + path)

walk(fastapi.routes)
print("ANSWER", json.dumps({"version": mlflow.__version__, "rows": sorted(rows)}))
"""


def spelled(path):
    """A path as the table spells it: `{}` is one segment, `{*}` one or more."""
    path = re.sub(r"<path:\w+>|\{\w+:path\}", "{*}", path)
    return re.sub(r"<(\w+:)?\w+>|\{\w+\}", "{}", path)


def installed():
    done = subprocess.run(
        [sys.executable, "-c", DUMP], capture_output=True, text=True, env=clean_environment(), timeout=300
    )
    assert done.returncode == 0, done.stderr[-3000:]
    line = next(line for line in done.stdout.splitlines() if line.startswith("ANSWER "))
    answer = json.loads(line.removeprefix("ANSWER "))
    rows = {f"{method} {spelled(path)}" for method, path in answer["rows"] if method not in ("HEAD", "OPTIONS")}
    return answer["version"], rows


def table():
    lines = TABLE.read_text().splitlines()
    return {line for line in lines if line and not line.startswith("#")}


def test_every_route_of_the_installed_mlflow_has_a_row():
    version, rows = installed()
    known = table()
    assert len(rows) > 400
    assert sorted(rows - known) == [], f"MLflow {version} has routes that the gateway does not know"
    if version.startswith("3.18."):
        assert sorted(known - rows) == [], f"MLflow {version} does not have these routes"
