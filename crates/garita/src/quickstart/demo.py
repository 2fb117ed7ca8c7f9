"""Tries what the quickstart set up, with the MLflow SDK and boto3 as anyone would, and says what came of it.

Standard input: {"endpoint", "tracking_uri", "region", "client_settings": {...}, "accounts": {name: {"id",
"access_key_id", "secret_access_key"}}, "users": {name: {"access_key_id", "secret_access_key"}}}. Standard output: one
JSON line for each thing tried: {"who", "tried", "expected", "got", "detail", "as_expected"}. Everything else that a
library prints goes to standard error.
"""

import contextlib
import json
import os
import sys
import tempfile
import uuid
import warnings

ROWS = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(2, 1)
GIVEN = json.load(sys.stdin)
os.environ.update(
    {
        "MLFLOW_TRACKING_URI": GIVEN["tracking_uri"],
        "MLFLOW_TRACKING_AWS_SIGV4": "true",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
        "AWS_ENDPOINT_URL": GIVEN["endpoint"],
        "AWS_DEFAULT_REGION": GIVEN["region"],
        "AWS_EC2_METADATA_DISABLED": "true",
        **GIVEN["client_settings"],
    }
)
warnings.filterwarnings("ignore")

import logging  # noqa: E402

import boto3  # noqa: E402
import mlflow  # noqa: E402
import mlflow.sklearn  # noqa: E402
from botocore.exceptions import ClientError  # noqa: E402
from mlflow.exceptions import MlflowException  # noqa: E402
from requests.exceptions import HTTPError  # noqa: E402
from sklearn.linear_model import LinearRegression  # noqa: E402

logging.getLogger("mlflow").setLevel(logging.ERROR)

PLATFORM, SCIENCE = (GIVEN["accounts"][name]["id"] for name in ("ml-platform", "data-science"))
EXPERIMENT, MODEL = "churn", "churn-model"
REFUSALS = {
    "PERMISSION_DENIED",
    "UNAUTHENTICATED",
    "AccessDenied",
    "ExpiredToken",
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
}
CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
unexpected = 0


# --- who ---------------------------------------------------------------------------------------------------------


def become(key, secret, token=None):
    """Sets the credentials every later call is signed with; the SDK reads them anew for each request."""
    for name, value in zip(CREDENTIALS, (key, secret, token)):
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def become_user(name):
    key = GIVEN["users"][name]
    become(key["access_key_id"], key["secret_access_key"])


def assume(account, role, session):
    """Takes a role with the present credentials, as the seed's training script does."""
    arn = f"arn:aws:iam::{account}:role/{role}"
    got = boto3.Session().client("sts").assume_role(RoleArn=arn, RoleSessionName=session)["Credentials"]
    become(got["AccessKeyId"], got["SecretAccessKey"], got["SessionToken"])
    return f"as {role} of {account}"


def user_takes(user, role):
    become_user(user)
    return assume(PLATFORM, role, user)


# --- trying ------------------------------------------------------------------------------------------------------


def told(error):
    """The code and the text of what Garita answered, whichever library carried it here."""
    if isinstance(error, ClientError):
        code, text = error.response["Error"]["Code"], error.response["Error"]["Message"]
    elif isinstance(error, HTTPError):
        answer = error.response.json()
        code, text = answer["error_code"], answer["message"]
    else:
        code, text = getattr(error, "error_code", type(error).__name__), str(error)
    return code, " ".join(text.split())


def attempt(who, tried, expected, action, says=""):
    """Does it, and writes a row; `says` must stand in the text of a refusal."""
    global unexpected
    result, got, detail = None, "allowed", ""
    try:
        result = action()
        detail = result if isinstance(result, str) else ""
    except Exception as error:  # noqa: BLE001: whatever a library raises belongs into the table
        code, detail = told(error)
        got = "refused" if code in REFUSALS else f"error {code}"
    as_expected = got == expected and (got != "refused" or says in detail)
    unexpected += not as_expected
    row = {"who": who, "tried": tried, "expected": expected, "got": got, "detail": detail}
    ROWS.write(json.dumps({**row, "as_expected": as_expected}) + "\n")
    return result


def allowed(who, tried, action):
    return attempt(who, tried, "allowed", action)


def refused(who, tried, action, says):
    attempt(who, tried, "refused", action, says)


def invoke(method, path):
    """The part of the refusal's text that names what was not allowed."""
    return f"/{method}/api/2.0/mlflow/{path}"


# --- what people do ----------------------------------------------------------------------------------------------


def start_run():
    with mlflow.start_run(run_name="quickstart") as run:
        mlflow.log_params({"alpha": 0.5, "features": 3})
        mlflow.log_metric("rmse", 0.25)
    return run.info.run_id


def log_artifact(run_id):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "notes of the run.txt")
        with open(path, "w", encoding="utf-8") as file:
            file.write("a file whose name has spaces\n")
        mlflow.MlflowClient().log_artifact(run_id, path)
    return "notes of the run.txt"


def log_model():
    model = LinearRegression().fit([[0.0], [1.0], [2.0]], [0.0, 1.0, 2.0])
    with mlflow.start_run(run_name="model"):
        logged = mlflow.sklearn.log_model(
            model,
            name="model",
            registered_model_name=MODEL,
            pip_requirements=["scikit-learn"],
            input_example=None,
        )
    return f"version {logged.registered_model_version}"


def search_runs():
    runs = mlflow.search_runs(experiment_names=[EXPERIMENT], output_format="list")
    assert runs, "no run found"
    return f"{len(runs)} runs"


def search_models():
    models = mlflow.MlflowClient().search_registered_models()
    assert any(model.name == MODEL for model in models), "the model was not found"
    return f"{len(models)} models"


def load_model():
    version = latest_version()
    model = mlflow.pyfunc.load_model(f"models:/{MODEL}/{version}")
    return f"predicts {model.predict([[3.0]])[0]:.1f} for 3.0"


def latest_version():
    versions = mlflow.MlflowClient().search_model_versions(f"name='{MODEL}'")
    return max(int(version.version) for version in versions)


def create_model(name):
    mlflow.MlflowClient().create_registered_model(name)


def create_model_if_absent(name):
    try:
        create_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
        return "was there already"
    return ""


def create_version(name=MODEL):
    """A version made from the files of a version that is there."""
    client = mlflow.MlflowClient()
    known = client.get_model_version(MODEL, str(latest_version()))
    model_id = known.source.removeprefix("models:/")
    made = client.create_model_version(name, known.source, known.run_id, model_id=model_id)
    return f"version {made.version}"


def set_alias(alias):
    mlflow.MlflowClient().set_registered_model_alias(MODEL, alias, str(latest_version()))
    return f"{alias} -> version {latest_version()}"


def move_to_staging():
    version = latest_version()
    mlflow.MlflowClient().transition_model_version_stage(MODEL, str(version), "Staging")
    return f"version {version} -> Staging"


# --- the rows ----------------------------------------------------------------------------------------------------


def admin():
    who = "ana, mlflow-admin"
    allowed("ana", "assume role mlflow-admin", lambda: user_takes("ana", "mlflow-admin"))
    allowed(who, f"set experiment {EXPERIMENT}", lambda: mlflow.set_experiment(EXPERIMENT) and "")
    run_id = allowed(who, "start a run, log parameters and a metric", start_run)
    allowed(who, "log an artifact with spaces in its name", lambda: log_artifact(run_id))
    allowed(who, f"log a model and register it as {MODEL}", log_model)
    allowed(who, "search runs", search_runs)
    allowed(who, "load the model", load_model)
    allowed(who, "set the alias champion", lambda: set_alias("champion"))
    return run_id


def reader(run_id):
    who, client = "bruno, mlflow-reader", mlflow.MlflowClient()
    allowed("bruno", "assume role mlflow-reader", lambda: user_takes("bruno", "mlflow-reader"))
    allowed(who, "search runs", search_runs)
    allowed(who, "search registered models", search_models)
    allowed(who, "load the model", load_model)
    refused(who, "start a run", start_run, invoke("POST", "runs/create"))
    refused(who, "log a metric to ana's run", lambda: client.log_metric(run_id, "rmse", 0.0), "/POST/api/2.0/mlflow/runs/log-")
    refused(who, "write into ana's artifacts", lambda: log_artifact(run_id), "mlflow-artifacts")
    refused(who, "create a registered model", lambda: create_model("mine"), invoke("POST", "registered-models/create"))
    refused(who, "create a model version", create_version, invoke("POST", "model-versions/create"))
    refused(who, "move the alias champion", lambda: set_alias("champion"), invoke("POST", "registered-models/alias"))
    become_user("bruno")
    refused("bruno", "assume role mlflow-admin", lambda: assume(PLATFORM, "mlflow-admin", "bruno"), "sts:AssumeRole")


def approver():
    who = "carla, mlflow-model-approver"
    allowed("carla", "assume role mlflow-model-approver", lambda: user_takes("carla", "mlflow-model-approver"))
    allowed(who, "search runs", search_runs)
    allowed(who, "create a registered model", lambda: create_model_if_absent("approved"))
    allowed(who, "create a model version from ana's model", lambda: create_version("approved"))
    allowed(who, "move a version to the stage Staging", move_to_staging)
    allowed(who, "set the alias approved", lambda: set_alias("approved"))
    refused(who, "start a run", start_run, invoke("POST", "runs/create"))
    delete = mlflow.MlflowClient().delete_registered_model
    refused(who, "delete the model", lambda: delete(MODEL), invoke("DELETE", "registered-models/delete"))


def other_account():
    job, notebook = "training-job of data-science", "notebook of data-science"

    def start(role):
        become_user("scheduler")
        return assume(SCIENCE, role, "job-1")

    def take_admin():
        return assume(PLATFORM, "mlflow-admin", "AssumedMLflowAdmin")

    allowed("scheduler", "assume role training-job", lambda: start("training-job"))
    refused(job, "search runs with its own role", search_runs, "execute-api:Invoke")
    allowed(job, "assume role mlflow-admin of ml-platform", take_admin)
    allowed("training-job as mlflow-admin", "start a run, log parameters and a metric", start_run)
    allowed("scheduler", "assume role notebook", lambda: start("notebook"))
    refused(notebook, "assume role mlflow-admin of ml-platform", take_admin, "sts:AssumeRole")


@contextlib.contextmanager
def unsigned():
    os.environ["MLFLOW_TRACKING_AWS_SIGV4"] = "false"
    try:
        yield
    finally:
        os.environ["MLFLOW_TRACKING_AWS_SIGV4"] = "true"


def nobody():
    with unsigned():
        refused("nobody", "search runs, unsigned", search_runs, "sign in: this API takes")
    user_takes("ana", "mlflow-admin")
    secret = os.environ["AWS_SECRET_ACCESS_KEY"]
    os.environ["AWS_SECRET_ACCESS_KEY"] = secret[::-1]
    refused("someone", "search runs with a wrong secret key", search_runs, "signature")
    os.environ["AWS_SECRET_ACCESS_KEY"] = secret
    token = os.environ["AWS_SESSION_TOKEN"]
    middle = len(token) // 2
    os.environ["AWS_SESSION_TOKEN"] = token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1 :]
    refused("someone", "search runs with a changed session token", search_runs, "token")


def rights_taken_away():
    """A session is of no use from the moment its role is gone: nothing has to expire first."""
    root = GIVEN["accounts"]["ml-platform"]
    iam = boto3.Session(root["access_key_id"], root["secret_access_key"]).client("iam")
    role = f"visitor-{uuid.uuid4().hex[:8]}"
    user = f"arn:aws:iam::{PLATFORM}:user/bruno"
    trust = {"Effect": "Allow", "Principal": {"AWS": user}, "Action": "sts:AssumeRole"}
    read = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}
    version = {"Version": "2012-10-17"}
    iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps({**version, "Statement": [trust]}))
    iam.put_role_policy(RoleName=role, PolicyName="p", PolicyDocument=json.dumps({**version, "Statement": [read]}))
    become_user("bruno")
    assume(PLATFORM, role, "bruno")
    allowed("bruno, visitor", "search runs", search_runs)
    iam.delete_role_policy(RoleName=role, PolicyName="p")
    refused("bruno, visitor", "search runs, its policy just deleted", search_runs, "execute-api:Invoke")
    iam.delete_role(RoleName=role)
    refused("bruno, visitor", "search runs, its role just deleted", search_runs, "")


def main():
    run_id = admin()
    if run_id is None:
        return
    reader(run_id)
    approver()
    other_account()
    nobody()
    rights_taken_away()


main()
ROWS.flush()
sys.exit(1 if unexpected else 0)
