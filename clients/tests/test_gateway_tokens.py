"""Bearer tokens of a user pool at the gateway: the MLflow SDK with `MLFLOW_TRACKING_TOKEN`, in every role of the seed.

The outcomes are held against those of the same roles with AWS signatures: they never differ.
"""

import base64
import json
import urllib.error
import urllib.request

import pytest
from jobs import APPROVE, DELETE, EVERYTHING, READ, WRITE_ARTIFACTS, WRITE_MODEL, WRITE_RUN, Job
from platform_under_test import ACCOUNTS, Garita, clean_environment
from test_mlflow_sdk import SETTINGS

ACCOUNT = ACCOUNTS["ml-platform"]
PASSWORD = "Corr3ct-horse-battery"
ROLES = {"ana": "mlflow-admin", "bruno": "mlflow-reader", "carla": "mlflow-model-approver"}
STEPS = READ + ["start_run", *WRITE_RUN, *WRITE_ARTIFACTS] + WRITE_MODEL + APPROVE + DELETE
READ_EXPERIMENT = "/api/2.0/mlflow/experiments/get?experiment_id=0"


class PeopleOfGarita(Garita):
    """A Garita whose API takes the tokens of a user pool, with a group for each of the seed's roles."""

    accepted = ""

    def configuration(self):
        return super().configuration() + self.accepted

    def create(self):
        super().create()
        cognito = self.client("cognito-idp")
        self.pool = cognito.create_user_pool(PoolName="people")["UserPool"]["Id"]
        self.app = self.make_client("ui")
        self.accepted = f'[[api.user_pool]]\nid = "{self.pool}"\nclients = ["{self.app}"]\n'
        (self.data / "garita.toml").write_text(self.configuration())
        assert "the configuration is sound" in self.garita("check").stdout
        self.stop()
        self.start()
        iam = self.client("iam")
        provider = f"arn:aws:cognito-idp:{self.region}:{ACCOUNT}:userpool/{self.pool}"
        for precedence, (name, role) in enumerate(ROLES.items()):
            trust = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
            action = "sts:AssumeRoleWithWebIdentity"
            trust["Statement"].append({"Effect": "Allow", "Principal": {"Federated": provider}, "Action": action})
            iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(trust))
            arn = f"arn:aws:iam::{ACCOUNT}:role/{role}"
            self.cognito.create_group(UserPoolId=self.pool, GroupName=role, RoleArn=arn, Precedence=precedence)
            self.person(name, role)
        return self

    @property
    def cognito(self):
        return self.client("cognito-idp")

    def make_client(self, name, pool=None):
        made = self.cognito.create_user_pool_client(
            UserPoolId=pool or self.pool, ClientName=name, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
        )
        return made["UserPoolClient"]["ClientId"]

    def person(self, name, *groups, pool=None):
        pool = pool or self.pool
        self.cognito.admin_create_user(UserPoolId=pool, Username=name, MessageAction="SUPPRESS")
        self.cognito.admin_set_user_password(UserPoolId=pool, Username=name, Password=PASSWORD, Permanent=True)
        for group in groups:
            self.cognito.admin_add_user_to_group(UserPoolId=pool, Username=name, GroupName=group)

    def sign_in(self, name, app=None):
        said = self.cognito.initiate_auth(
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
            ClientId=app or self.app,
        )
        return said["AuthenticationResult"]

    def token_env(self, token):
        """The environment of an MLflow client with a token in place of AWS credentials."""
        return clean_environment(
            MLFLOW_TRACKING_URI=self.gateway,
            MLFLOW_TRACKING_TOKEN=token,
            MLFLOW_DISABLE_TELEMETRY="true",
            MLFLOW_HTTP_REQUEST_MAX_RETRIES="3",
        )

    def ask(self, token, path=READ_EXPERIMENT, **headers):
        """Status, headers and parsed body of a GET."""
        given = {"Authorization": f"Bearer {token}"} if token else {}
        request = urllib.request.Request(self.gateway + path, headers={**given, **headers})
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                return reply.status, reply.headers, json.load(reply)
        except urllib.error.HTTPError as error:
            return error.code, error.headers, json.load(error)

    def status(self, token):
        return self.ask(token)[0]


@pytest.fixture(scope="module")
def people():
    with PeopleOfGarita().running() as running:
        yield running


@pytest.fixture(scope="module")
def admin(people):
    return Job(EVERYTHING, people.token_env(people.sign_in("ana")["IdToken"]), **SETTINGS)


@pytest.mark.parametrize("step", EVERYTHING)
def test_the_admin_may(admin, step):
    admin.result(step)


def outcomes(job):
    return {step: outcome.get("error", "ok") for step, outcome in job.outcomes.items()}


@pytest.mark.parametrize("name", ["bruno", "carla"])
def test_a_token_and_a_signature_come_to_the_same(people, admin, name):
    given = {"JOB_RUN_ID": admin.result("start_run"), **SETTINGS}
    # The steps that make or remove something once are those that end differently the second time.
    steps = [step for step in STEPS if step not in ("create_registered_model", "delete_model_version")]
    signed = Job(steps, people.mlflow_env(people.role(ROLES[name])), **given)
    tokens = people.sign_in(name)
    by_id = Job(steps, people.token_env(tokens["IdToken"]), **given)
    by_access = Job(steps, people.token_env(tokens["AccessToken"]), **given)
    assert outcomes(by_id) == outcomes(signed)
    assert outcomes(by_access) == outcomes(signed)
    assert {"ok", "PERMISSION_DENIED"} <= set(outcomes(signed).values())
    code, text = by_access.refusal("log_metric")
    assert f"assumed-role/{ROLES[name]}/{name} is not authorized to perform: execute-api:Invoke" in text
    assert code == "PERMISSION_DENIED"


def test_without_credentials_the_reply_says_what_to_bring(people):
    status, headers, body = people.ask(None)
    assert (status, headers["WWW-Authenticate"]) == (401, 'Bearer realm="garita"')
    assert body["error_code"] == "UNAUTHENTICATED"


def test_the_ui_is_told_who_is_signed_in_and_what_they_may_do(people):
    wanted = {"ana": "MANAGE", "bruno": "READ", "carla": "READ"}
    for name, experiments in wanted.items():
        token = people.sign_in(name)["IdToken"]
        status, _, said = people.ask(token, "/ajax-api/2.0/mlflow/users/current")
        assert (status, said["user"]["username"], said["is_basic_auth"]) == (200, name, False)
        status, _, said = people.ask(token, "/ajax-api/3.0/mlflow/users/current/permissions")
        held = {row["resource_type"]: row["permission"] for row in said["permissions"]}
        assert (status, held["experiment"]) == (200, experiments)


def encoded(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_forged_and_foreign_tokens_are_refused_with_one_answer(people):
    tokens = people.sign_in("ana")
    head, claims, signature = tokens["IdToken"].split(".")
    said = json.loads(base64.urlsafe_b64decode(claims + "=="))
    header = json.loads(base64.urlsafe_b64decode(head + "=="))

    def with_claims(**changed):
        return f"{head}.{encoded({**said, **changed})}.{signature}"

    other = people.cognito.create_user_pool(PoolName="others")["UserPool"]["Id"]
    foreign_app, second_app = people.make_client("other", other), people.make_client("second")
    people.person("ana", pool=other)
    forged = [
        f"{encoded({**header, 'alg': 'none'})}.{claims}.",
        f"{encoded({**header, 'alg': 'HS256'})}.{claims}.{signature}",
        with_claims(iss=said["iss"].replace(people.pool, other)),
        with_claims(aud=foreign_app),
        with_claims(token_use="access"),
        with_claims(exp=said["exp"] + 86400),
        with_claims(**{"cognito:username": "bruno"}),
        people.sign_in("ana", foreign_app)["IdToken"],
        people.sign_in("ana", second_app)["IdToken"],
        people.sign_in("ana", second_app)["AccessToken"],
        tokens["RefreshToken"],
        "a.b.c",
    ]
    answers = [people.ask(token) for token in forged]
    assert {status for status, _, _ in answers} == {401}
    assert len({json.dumps(body) for _, _, body in answers}) == 1
    assert {headers["WWW-Authenticate"] for _, headers, _ in answers} == {
        'Bearer realm="garita", error="invalid_token"'
    }
    assert people.status(tokens["IdToken"]) == 200


def test_a_token_and_a_signature_at_once_are_refused(people):
    token = people.sign_in("ana")["IdToken"]
    assert people.ask(token, f"{READ_EXPERIMENT}&X-Amz-Signature=0")[0] == 400
    assert people.ask(token, **{"X-Amz-Security-Token": "t"})[0] == 400


def test_what_is_taken_away_is_gone_with_the_next_request(people):
    pool, cognito = {"UserPoolId": people.pool}, people.cognito
    people.person("dora", "mlflow-reader")
    dora = {**pool, "Username": "dora"}

    def held():
        tokens = people.sign_in("dora")
        return [tokens["IdToken"], tokens["AccessToken"]]

    def statuses(tokens):
        return [people.status(token) for token in tokens]

    tokens = held()
    assert statuses(tokens) == [200, 200]
    cognito.admin_remove_user_from_group(**dora, GroupName="mlflow-reader")
    assert statuses(tokens) == [401, 401], "tokens that were issued with the group"
    tokens = held()
    assert statuses(tokens) == [403, 403]
    assert "you have no role here" in people.ask(tokens[0])[2]["message"]
    cognito.admin_add_user_to_group(**dora, GroupName="mlflow-reader")
    tokens = held()
    assert statuses(tokens) == [200, 200]
    cognito.admin_user_global_sign_out(**dora)
    assert statuses(tokens) == [401, 401]
    tokens = held()
    cognito.admin_disable_user(**dora)
    assert statuses(tokens) == [401, 401]
    cognito.admin_enable_user(**dora)
    tokens = held()
    assert statuses(tokens) == [200, 200]
    cognito.admin_delete_user(**dora)
    assert statuses(tokens) == [401, 401]


def test_a_role_that_trusts_the_pool_no_more_is_closed(people):
    iam, token = people.client("iam"), people.sign_in("carla")["IdToken"]
    role = {"RoleName": ROLES["carla"]}
    trust = iam.get_role(**role)["Role"]["AssumeRolePolicyDocument"]
    assert people.status(token) == 200
    without = {**trust, "Statement": trust["Statement"][:-1]}
    iam.update_assume_role_policy(**role, PolicyDocument=json.dumps(without))
    try:
        status, _, body = people.ask(token)
        assert status == 403
        assert "Not authorized to perform sts:AssumeRoleWithWebIdentity" in body["message"]
    finally:
        iam.update_assume_role_policy(**role, PolicyDocument=json.dumps(trust))
    assert people.status(token) == 200


def test_a_trust_policy_that_asks_of_the_request_is_asked_each_time(people):
    iam, token = people.client("iam"), people.sign_in("carla")["IdToken"]
    role = {"RoleName": ROLES["carla"]}
    trust = iam.get_role(**role)["Role"]["AssumeRolePolicyDocument"]
    *others, pool = trust["Statement"]
    office = {**pool.get("Condition", {}), "StringLike": {"aws:UserAgent": "office/*"}}
    asking = {**trust, "Statement": [*others, {**pool, "Condition": office}]}
    iam.update_assume_role_policy(**role, PolicyDocument=json.dumps(asking))
    try:
        agents = ["office/1", "home/1", "office/2", "home/1", "office/1"]
        assert [people.ask(token, **{"User-Agent": agent})[0] for agent in agents] == [200, 403, 200, 403, 200]
    finally:
        iam.update_assume_role_policy(**role, PolicyDocument=json.dumps(trust))
    agents = ["home/1", "office/1", "home/1"]
    assert [people.ask(token, **{"User-Agent": agent})[0] for agent in agents] == [200, 200, 200]


def test_the_record_tells_who_it_was_and_holds_no_token(people):
    token = people.sign_in("bruno")["IdToken"]
    people.ask(token)
    record = people.audit()[-1]
    identity = record["userIdentity"]
    assert identity["arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/mlflow-reader/bruno"
    assert identity["sessionContext"]["webIdFederationData"]["federatedProvider"].endswith(f"userpool/{people.pool}")
    trail = "".join(path.read_text() for path in (people.data / "audit").glob("*.jsonl"))
    assert token not in trail
    assert token not in people.log.read_text()
