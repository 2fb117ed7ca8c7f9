"""A Garita of the tests' own: data folder, process, a real MLflow behind it, and ready-made clients.

The accounts, users and roles are those of the quickstart, made by the same script over the wire.
"""

import contextlib
import dataclasses
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

import boto3
import botocore
import botocore.config

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
LAUNCHER = REPOSITORY / "crates/backends/src/mlflow/launch.py"
PROVISION = REPOSITORY / "crates/garita/src/quickstart/provision.py"
POLICIES = REPOSITORY / "examples/policies"
REGION, API_ID, STAGE = "eu-west-1", "mlflow", "prod"
ACCOUNTS = {"ml-platform": "111122223333", "data-science": "444455556666"}
ROLE_TAKEN_BY = {
    "mlflow-admin": ("ml-platform", "ana"),
    "mlflow-reader": ("ml-platform", "bruno"),
    "mlflow-model-approver": ("ml-platform", "carla"),
    "training-job": ("data-science", "scheduler"),
    "notebook": ("data-science", "scheduler"),
}
STARTS_WITHIN = 120
OTHERS_SETTINGS = ("AWS_", "MLFLOW_", "SAGEMAKER_", "GARITA_")
RUNNING = []


@dataclasses.dataclass(frozen=True)
class Credentials:
    key: str
    secret: str
    token: str | None = None

    def env(self):
        """As environment variables, the way every client takes them."""
        given = {"AWS_ACCESS_KEY_ID": self.key, "AWS_SECRET_ACCESS_KEY": self.secret, "AWS_SESSION_TOKEN": self.token}
        return {name: value for name, value in given.items() if value is not None}

    def boto(self):
        """As the keyword arguments of a boto3 session."""
        return {"aws_access_key_id": self.key, "aws_secret_access_key": self.secret, "aws_session_token": self.token}

    @classmethod
    def of(cls, answer):
        """From what `AssumeRole` and its like answer."""
        got = answer["Credentials"]
        return cls(got["AccessKeyId"], got["SecretAccessKey"], got["SessionToken"])


def garita_binary():
    """The built program: $GARITA_BIN, or the newer of the two that cargo builds."""
    if named := os.environ.get("GARITA_BIN"):
        return pathlib.Path(named).resolve()
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
    built = [path for path in (target / "release/garita", target / "debug/garita") if path.exists()]
    assert built, "no built program found: run `cargo build`, or name one in GARITA_BIN"
    return max(built, key=lambda path: path.stat().st_mtime)


def clean_environment(**extra):
    """This process's environment without anything that the programs under test would read."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OTHERS_SETTINGS)}
    own = {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return {**kept, **own, **extra}


class Mlflow:
    """The MLflow server, run by the launcher Garita itself uses; it ends when its standard input closes."""

    def __init__(self, folder):
        self.folder, self.process = folder, None
        self.socket, self.log = folder / "mlflow.sock", folder / "mlflow.log"

    def start(self):
        if self.process is not None:
            return
        self.folder.mkdir(mode=0o700, exist_ok=True)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-I", LAUNCHER, self.folder],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=clean_environment(),
            )
        given_up = time.monotonic() + STARTS_WITHIN
        while not self.answers():
            assert self.process.poll() is None, f"MLflow ended: {self.log.read_text()[-2000:]}"
            assert time.monotonic() < given_up, "MLflow does not answer"
            time.sleep(0.1)

    def answers(self):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(5)
            try:
                client.connect(str(self.socket))
                client.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                return client.recv(12) == b"HTTP/1.1 200"
            except OSError:
                return False

    def stop(self):
        if self.process is not None:
            self.process.stdin.close()
            self.process.wait(timeout=20)
            self.process = None


class Garita:
    """A running Garita with the quickstart's accounts, users and roles. MLflow starts when it is first needed."""

    def __init__(self, env=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="garita-"))
        self.data, self.log = self.folder / "data", self.folder / "garita.log"
        self.region, self.accounts = REGION, dict(ACCOUNTS)
        self.binary, self.env = garita_binary(), env or {}
        self.mlflow = Mlflow(self.folder / "mlflow")
        self.process, self.endpoint, self.gateway_base = None, None, None
        self._roots, self._users, self._roles = {}, {}, {}

    # --- life ---

    def create(self):
        """Makes the data folder, the accounts and everything in them, and leaves the server running."""
        secret = self.folder / "root-secret"
        secret.write_text("an-own-root-secret-of-the-tests-000001")
        name, account = next(iter(ACCOUNTS.items()))
        key = "AKIACLIENTTESTSROOT1"
        self.garita(
            "init", "--account-id", account, "--account-name", name,
            "--root-access-key-id", key, "--root-secret-key-file", str(secret),
        )  # fmt: skip
        self._roots[name] = Credentials(key, secret.read_text())
        for name, account in list(ACCOUNTS.items())[1:]:
            made = json.loads(self.garita("account", "create", name, "--id", account).stdout)
            self._roots[name] = Credentials(made["access_key_id"], made["secret_access_key"])
        (self.data / "garita.toml").write_text(self.configuration())
        self.start()
        self._users = self.provision()
        return self

    def configuration(self):
        return f"""
            region = "{REGION}"
            [aws]
            listen = "127.0.0.1:0"
            [gateway]
            listen = "127.0.0.1:0"
            # What tests set in passing is short; test_password_profiles.py has the others.
            [user_pools]
            passwords = "cognito"
            [[api]]
            id = "{API_ID}"
            account = "{ACCOUNTS["ml-platform"]}"
            stage = "{STAGE}"
            upstream = "unix:{self.mlflow.socket}"
        """

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [self.binary, "serve", "--data", self.data],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=clean_environment(**self.env),
            )
        said = {}
        while {"aws", "gateway"} - said.keys():
            line = self.process.stdout.readline()
            assert line, f"garita did not start: {self.log.read_text()[-2000:]}"
            name, _, url = line.strip().partition(" ")
            said[name] = url.strip()
        # Whatever it goes on to print must not fill the pipe.
        threading.Thread(target=self.process.stdout.read, daemon=True).start()
        self.endpoint, self.gateway_base = said["aws"], said["gateway"]
        RUNNING.append(self)

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=30)
            self.process = None
            RUNNING.remove(self)

    @contextlib.contextmanager
    def running(self):
        """Created now and ended after use, also where only a part of it was created."""
        try:
            yield self.create()
        finally:
            self.end()

    def end(self):
        self.stop()
        self.mlflow.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def provision(self):
        policies = {}
        for role in ("mlflow-admin", "mlflow-reader", "mlflow-model-approver"):
            text = (POLICIES / f"{role}.json").read_text()
            filled = {"Region": REGION, "Account": ACCOUNTS["ml-platform"], "ApiId": API_ID, "Stage": STAGE}
            for name, value in filled.items():
                text = text.replace(f"${{{name}}}", value)
            policies[role] = text
        accounts = {
            name: {"id": ACCOUNTS[name], "access_key_id": root.key, "secret_access_key": root.secret}
            for name, root in self._roots.items()
        }
        given = {"endpoint": self.endpoint, "region": REGION, "accounts": accounts, "policies": policies, "users": {}}
        done = subprocess.run(
            [sys.executable, "-I", PROVISION],
            input=json.dumps(given),
            capture_output=True,
            text=True,
            env=clean_environment(),
        )
        assert done.returncode == 0, f"{done.stderr}\n{self.log.read_text()[-2000:]}"
        users = json.loads(done.stdout)["users"]
        return {name: Credentials(key["access_key_id"], key["secret_access_key"]) for name, key in users.items()}

    # --- who ---

    def root(self, account="ml-platform"):
        return self._roots[account]

    def user(self, name):
        """`ana`, `bruno` and `carla` of ml-platform; `scheduler` of data-science."""
        return self._users[name]

    def role(self, name):
        """A session of one of the quickstart's roles, taken by the user who may."""
        if name not in self._roles:
            account, user = ROLE_TAKEN_BY[name]
            self._roles[name] = self.assume(f"arn:aws:iam::{ACCOUNTS[account]}:role/{name}", self.user(user), user)
        return self._roles[name]

    def assume(self, arn, credentials, session="tests", **more):
        sts = self.client("sts", credentials)
        return Credentials.of(sts.assume_role(RoleArn=arn, RoleSessionName=session, **more))

    # --- with what ---

    def client(self, service, credentials=None):
        """A boto3 client; by default of ml-platform's root user."""
        who = credentials or self.root()
        return boto3.client(service, endpoint_url=self.endpoint, region_name=REGION, **who.boto())

    def unsigned(self, service):
        """A boto3 client without credentials, as an app of a person has. It asks once."""
        config = botocore.config.Config(signature_version=botocore.UNSIGNED, retries={"total_max_attempts": 1})
        return boto3.client(service, endpoint_url=self.endpoint, region_name=REGION, config=config)

    def garita(self, *args, check=True):
        """Runs the program itself on this data folder."""
        command = [self.binary, *args, "--data", str(self.data)]
        done = subprocess.run(command, capture_output=True, text=True, env=clean_environment(**self.env))
        assert not check or done.returncode == 0, f"{command}: {done.stderr}"
        return done

    def cli(self, args, credentials=None):
        """Runs the AWS CLI and answers what it prints, parsed when it is JSON; raises CalledProcessError."""
        aws = pathlib.Path(sys.executable).with_name("aws")
        env = {**(credentials or self.root()).env(), "AWS_ENDPOINT_URL": self.endpoint, "AWS_DEFAULT_REGION": REGION}
        command = [sys.executable, aws, "--output", "json", *args]
        done = subprocess.run(command, capture_output=True, text=True, env=clean_environment(**env))
        done.check_returncode()
        with contextlib.suppress(json.JSONDecodeError):
            return json.loads(done.stdout)
        return done.stdout

    @property
    def gateway(self):
        """The base URL of the stage in front of MLflow: the tracking URI."""
        self.mlflow.start()
        return f"{self.gateway_base}/{STAGE}"

    def mlflow_env(self, credentials=None):
        """The environment of an MLflow client: what the seed sets, and nothing else; unsigned without credentials."""
        env = {
            "MLFLOW_TRACKING_URI": self.gateway,
            "AWS_DEFAULT_REGION": REGION,
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
        }
        if credentials is not None:
            env |= {"MLFLOW_TRACKING_AWS_SIGV4": "true", **credentials.env()}
        return clean_environment(**env)

    def audit(self):
        """The audit trail, oldest record first."""
        said = self.garita("audit", "tail", "-n", "1000000").stdout
        return [json.loads(line) for line in said.splitlines()]
