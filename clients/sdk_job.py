"""A training job like any other: the MLflow SDK, configured by the environment alone. It knows nothing of Garita.

Usage: sdk_job.py STEP...; for each step it prints one JSON line {"step", "result"} or {"step", "error", "message"}.
JOB_RUN_ID names a run that others may be tried on; JOB_MODEL a registered model.
"""

import contextlib
import json
import logging
import os
import pathlib
import sys
import tempfile
import warnings

LINES = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)
warnings.filterwarnings("ignore")

import mlflow  # noqa: E402
import mlflow.sklearn  # noqa: E402
from mlflow.exceptions import MlflowException  # noqa: E402

logging.getLogger("mlflow").setLevel(logging.ERROR)
EXPERIMENT = "client tests"
MODEL = os.environ.get("JOB_MODEL", "tested-model")
LARGE = 12 * 1024 * 1024
client = mlflow.MlflowClient()
steps = {}
state = {"run": os.environ.get("JOB_RUN_ID")}


def step(function):
    steps[function.__name__] = function
    return function


def upload(name, content):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, name)
        path.write_bytes(content)
        client.log_artifact(state["run"], str(path))
    return name


def latest():
    return max(int(version.version) for version in client.search_model_versions(f"name='{MODEL}'"))


@step
def set_experiment():
    return mlflow.set_experiment(EXPERIMENT).experiment_id


@step
def start_run():
    experiment = client.get_experiment_by_name(EXPERIMENT)
    state["run"] = client.create_run(experiment.experiment_id).info.run_id
    return state["run"]


@step
def log_metric():
    client.log_metric(state["run"], "rmse", 0.5, step=1)


@step
def log_params():
    with mlflow.start_run(run_id=state["run"]):
        mlflow.log_params({"alpha": 1, "name with space": "ü/&=+"})


@step
def set_tag():
    client.set_tag(state["run"], "owner", "someone")


@step
def log_nan():
    client.log_metric(state["run"], "loss", float("nan"))
    client.log_metric(state["run"], "loss", float("inf"), step=1)


@step
def log_empty_artifact():
    return upload("empty.bin", b"")


@step
def log_large_artifact():
    return upload("large.bin", os.urandom(1024) * (LARGE // 1024))


@step
def log_spaced_artifact():
    return upload("a name with spaces & ümlaut.txt", b"text")


@step
def log_text_and_dict():
    client.log_text(state["run"], "hello", "texts/hello.txt")
    client.log_dict(state["run"], {"a": 1}, "texts/a.json")


@step
def list_artifacts():
    return sorted(file.path for file in client.list_artifacts(state["run"]))


@step
def download_artifacts():
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(mlflow.artifacts.download_artifacts(run_id=state["run"], dst_path=folder))
        return {str(file.relative_to(path)): file.stat().st_size for file in path.rglob("*") if file.is_file()}


@step
def log_and_register_model():
    from sklearn.linear_model import LinearRegression

    model = LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0])
    with mlflow.start_run(run_id=state["run"]):
        logged = mlflow.sklearn.log_model(
            model, name="model", registered_model_name=MODEL, pip_requirements=["scikit-learn"]
        )
    return logged.registered_model_version


@step
def load_model():
    return float(mlflow.pyfunc.load_model(f"models:/{MODEL}/{latest()}").predict([[2.0]])[0])


@step
def search_runs():
    return len(mlflow.search_runs(experiment_names=[EXPERIMENT], output_format="list"))


@step
def metric_history():
    return len(client.get_metric_history(state["run"], "rmse"))


@step
def search_registered_models():
    # Two orders: the SDK repeats a key in the query, and its signer signs only the last.
    found = client.search_registered_models(f"name='{MODEL}'", order_by=["name ASC", "last_updated_timestamp DESC"])
    return [model.name for model in found]


@step
def search_model_versions():
    order = ["version_number DESC", "creation_timestamp ASC"]
    return len(client.search_model_versions(f"name='{MODEL}'", order_by=order))


@step
def create_registered_model():
    name = f"{MODEL} of {os.getpid()}"
    return client.create_registered_model(name).name


@step
def create_model_version():
    first = client.get_model_version(MODEL, "1")
    model_id = first.source.removeprefix("models:/")
    return client.create_model_version(MODEL, first.source, first.run_id, model_id=model_id).version


@step
def transition_stage():
    return client.transition_model_version_stage(MODEL, str(latest()), "Staging").current_stage


@step
def set_alias():
    client.set_registered_model_alias(MODEL, "tested", "1")


@step
def get_by_alias():
    return client.get_model_version_by_alias(MODEL, "tested").version


@step
def delete_model_version():
    client.delete_model_version(MODEL, str(latest()))


@step
def delete_run():
    client.delete_run(state["run"])
    client.restore_run(state["run"])


@step
def trace():
    mlflow.set_experiment(EXPERIMENT)

    @mlflow.trace
    def traced(x):
        return x + 1

    traced(1)
    mlflow.flush_trace_async_logging()
    found = mlflow.search_traces(
        locations=[client.get_experiment_by_name(EXPERIMENT).experiment_id], return_type="list"
    )
    ours = mlflow.get_last_active_trace_id()
    assert ours in [trace.info.trace_id for trace in found], "the trace was not stored"
    return len(mlflow.get_trace(ours).data.spans)


@step
def search_traces():
    experiment = client.get_experiment_by_name(EXPERIMENT).experiment_id
    return len(mlflow.search_traces(locations=[experiment], return_type="list"))


def run(name):
    try:
        return {"result": steps[name]()}
    except MlflowException as error:
        return {"error": error.error_code, "message": str(error)}
    except Exception as error:  # noqa: BLE001: the test judges
        # Part uploads are plain HTTP to the SDK, and so are their errors.
        answer = getattr(error, "response", None)
        with contextlib.suppress(Exception):
            return {"error": answer.json()["error_code"], "message": answer.json()["message"]}
        return {"error": type(error).__name__, "message": str(error)}


def main():
    for name in sys.argv[1:]:
        LINES.write(json.dumps({"step": name, **run(name)}) + "\n")


main()
LINES.flush()
