"""Makes the quickstart's users and roles, over the wire, as each account's root user. May be run again and again.

Standard input: {"endpoint", "region", "accounts": {name: {"id", "access_key_id", "secret_access_key"}},
"policies": {role: document}, "users": {name: {"access_key_id", "secret_access_key"}}, "people": {"pool", "client",
"passwords": [[name, password]]}, "tracking_uri"}; "users" is what an earlier run answered, and without "people" there are none. Standard output: {"users": ...}, with a key for every user.
"""

import json
import re
import sys

import boto3
from botocore.exceptions import ClientError

PLATFORM, SCIENCE = "ml-platform", "data-science"
# Who may take which role, in the account that serves MLflow.
ROLE_OF = {"ana": "mlflow-admin", "bruno": "mlflow-reader", "carla": "mlflow-model-approver"}
SCHEDULER = "scheduler"
GRANTED, NOT_GRANTED = "training-job", "notebook"


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(*principals, pool=None):
    """Lets these principals in, and the people of this pool."""
    statements = [{"Effect": "Allow", "Principal": {"AWS": list(principals)}, "Action": "sts:AssumeRole"}]
    if pool:
        federated = {"Effect": "Allow", "Principal": {"Federated": pool}, "Action": "sts:AssumeRoleWithWebIdentity"}
        statements.append(federated)
    return document(*statements)


def may_assume(*roles):
    return document({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": list(roles)})


def tolerate(code, call, **parameters):
    """Calls; answers None when the error has this code."""
    try:
        return call(**parameters)
    except ClientError as error:
        if error.response["Error"]["Code"] != code:
            raise
        return None


class Account:
    def __init__(self, given, name):
        known = given["accounts"][name]
        self.given, self.id = given, known["id"]
        self.iam = self.client("iam", known)

    def client(self, service, key):
        return boto3.client(
            service,
            endpoint_url=self.given["endpoint"],
            region_name=self.given["region"],
            aws_access_key_id=key["access_key_id"],
            aws_secret_access_key=key["secret_access_key"],
        )

    def arn(self, resource):
        return f"arn:aws:iam::{self.id}:{resource}"

    def user(self, name, *roles):
        """A user with a key, who may take these roles and nothing else."""
        tolerate("EntityAlreadyExists", self.iam.create_user, UserName=name)
        self.iam.put_user_policy(UserName=name, PolicyName="take-roles", PolicyDocument=may_assume(*roles))
        return self.key_of(name)

    def key_of(self, name):
        """The key an earlier run made, if it still works; otherwise a new one in place of all others."""
        key = self.given["users"].get(name)
        if key and self.works(key, name):
            return key
        for old in self.iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
            self.iam.delete_access_key(UserName=name, AccessKeyId=old["AccessKeyId"])
        new = self.iam.create_access_key(UserName=name)["AccessKey"]
        return {"access_key_id": new["AccessKeyId"], "secret_access_key": new["SecretAccessKey"]}

    def works(self, key, name):
        try:
            return self.client("sts", key).get_caller_identity()["Arn"] == self.arn(f"user/{name}")
        except ClientError:
            return False

    def role(self, name, trusted, policy_name, policy):
        made = tolerate(
            "EntityAlreadyExists",
            self.iam.create_role,
            RoleName=name,
            AssumeRolePolicyDocument=trusted,
            Description="made by garita quickstart",
        )
        if made is None:
            self.iam.update_assume_role_policy(RoleName=name, PolicyDocument=trusted)
        self.iam.put_role_policy(RoleName=name, PolicyName=policy_name, PolicyDocument=policy)


def let_into_console(given, platform):
    """A password for the IAM user of the same name, unless there is one, and the right to change it."""
    own = document({"Effect": "Allow", "Action": "iam:ChangePassword", "Resource": platform.arn("user/${aws:username}")})
    for name, password in given["people"]["passwords"]:
        platform.iam.put_user_policy(UserName=name, PolicyName="change-own-password", PolicyDocument=own)
        if not tolerate("NoSuchEntity", platform.iam.get_login_profile, UserName=name):
            platform.iam.create_login_profile(UserName=name, Password=password)


def let_people_in(given, platform):
    """A group for each role, a person in each group, and the address that browsers come back to. Answers the pool's ARN."""
    people = given["people"]
    pool, uri = people["pool"], given["tracking_uri"]
    by_name = re.sub(r"//(127\.0\.0\.1|\[::1\]):", "//localhost:", uri)
    cognito = platform.client("cognito-idp", given["accounts"][PLATFORM])
    cognito.update_user_pool_client(
        UserPoolId=pool,
        ClientId=people["client"],
        ClientName="MLflow",
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["code"],
        AllowedOAuthScopes=["openid"],
        CallbackURLs=[f"{base}/garita/callback" for base in sorted({uri, by_name})],
        SupportedIdentityProviders=["COGNITO"],
    )
    for name, password in people["passwords"]:
        role = ROLE_OF[name]
        group = {"UserPoolId": pool, "GroupName": role, "RoleArn": platform.arn(f"role/{role}")}
        tolerate("GroupExistsException", cognito.create_group, **group)
        who = {"UserPoolId": pool, "Username": name}
        address = [{"Name": "email", "Value": f"{name}@example.com"}, {"Name": "email_verified", "Value": "true"}]
        made = {**who, "MessageAction": "SUPPRESS", "UserAttributes": address}
        if tolerate("UsernameExistsException", cognito.admin_create_user, **made):
            cognito.admin_set_user_password(**who, Password=password, Permanent=True)
        cognito.admin_add_user_to_group(**who, GroupName=role)
    return f"arn:aws:cognito-idp:{given['region']}:{platform.id}:userpool/{pool}"


def main():
    given = json.load(sys.stdin)
    platform, science = Account(given, PLATFORM), Account(given, SCIENCE)
    users = {name: platform.user(name, platform.arn(f"role/{role}")) for name, role in ROLE_OF.items()}
    jobs = [science.arn(f"role/{name}") for name in (GRANTED, NOT_GRANTED)]
    users[SCHEDULER] = science.user(SCHEDULER, *jobs)

    # Both execution roles may ask for the platform's admin role; the platform trusts only one of them.
    wish = may_assume(platform.arn("role/mlflow-admin"))
    for name in (GRANTED, NOT_GRANTED):
        science.role(name, trust(science.arn(f"user/{SCHEDULER}")), "take-mlflow-admin", wish)
    pool = None
    if given.get("people"):
        pool = let_people_in(given, platform)
        let_into_console(given, platform)
    for user, role in ROLE_OF.items():
        trusted = [platform.arn(f"user/{user}")]
        if role == "mlflow-admin":
            trusted.append(science.arn(f"role/{GRANTED}"))
        platform.role(role, trust(*trusted, pool=pool), role, given["policies"][role])
    json.dump({"users": users}, sys.stdout)


if __name__ == "__main__":
    main()
