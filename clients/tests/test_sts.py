"""STS through boto3 and the AWS CLI: who may assume what, for how long, and what of it lasts."""

import datetime
import json
import urllib.request

import pytest
from identities import Identities, policy, refused, trust
from platform_under_test import Credentials

ASSUME = policy("sts:AssumeRole")
ANYTHING = policy("sts:*")
TAGGED = ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")


@pytest.fixture
def other(garita):
    made = Identities(garita, "data-science")
    yield made
    made.end()


def assume(garita, who, arn, **more):
    return garita.client("sts", who).assume_role(RoleArn=arn, **{"RoleSessionName": "tests", **more})


def lifetime(answer):
    return (answer["Credentials"]["Expiration"] - datetime.datetime.now(datetime.UTC)).total_seconds()


def test_a_session_is_somebody(garita, own):
    name, held = own.user(ASSUME)
    arn = own.role(trust(own.account))
    answer = assume(garita, held, arn, RoleSessionName="s=1,2.3@x-y")
    user, role = answer["AssumedRoleUser"], arn.rsplit("/", 1)[1]
    assert user["Arn"] == f"arn:aws:sts::{own.account}:assumed-role/{role}/s=1,2.3@x-y"
    assert user["AssumedRoleId"].startswith("AROA") and user["AssumedRoleId"].endswith(":s=1,2.3@x-y")
    assert answer["Credentials"]["AccessKeyId"].startswith("ASIA") and "PackedPolicySize" not in answer
    identity = garita.client("sts", Credentials.of(answer)).get_caller_identity()
    assert (identity["Arn"], identity["UserId"]) == (user["Arn"], user["AssumedRoleId"])
    assert identity["Account"] == own.account
    assert garita.client("sts", held).get_caller_identity()["Arn"] == own.arn("user", name)


def test_within_an_account_either_side_may_name_the_user(garita, own):
    allowed, plain = own.user(ASSUME), own.user()
    of_account = own.role(trust(own.account))
    assume(garita, allowed[1], of_account)
    with refused("AccessDenied", 403):
        assume(garita, plain[1], of_account)
    of_user = own.role(trust(own.arn("user", plain[0])))
    assume(garita, plain[1], of_user)
    with refused("AccessDenied", 403):
        assume(garita, allowed[1], of_user)
    denied = own.user(policy("sts:AssumeRole", effect="Deny"))
    named = own.role(trust(own.arn("user", denied[0])))
    with refused("AccessDenied", 403):
        assume(garita, denied[1], named)


def test_across_accounts_both_sides_must_agree(garita, own, other):
    allowed, plain = other.user(ASSUME), other.user()
    arn = own.role(trust(other.account))
    answer = assume(garita, allowed[1], arn)
    assert f"::{own.account}:assumed-role/" in answer["AssumedRoleUser"]["Arn"]
    with refused("AccessDenied", 403):
        assume(garita, plain[1], arn)
    with refused("AccessDenied", 403):
        assume(garita, allowed[1], own.role(trust(own.account)))
    named = own.role(trust(other.arn("user", plain[0])))
    with refused("AccessDenied", 403):
        assume(garita, plain[1], named)


def test_an_external_id_must_be_the_one_asked_for(garita, own, other):
    _, held = other.user(ASSUME)
    arn = own.role(trust(other.account, StringEquals={"sts:ExternalId": "customer-7"}))
    for wrong in ({}, {"ExternalId": "customer-8"}):
        with refused("AccessDenied", 403):
            assume(garita, held, arn, **wrong)
    assume(garita, held, arn, ExternalId="customer-7")


def test_a_session_policy_narrows_and_never_widens(garita, own):
    _, held = own.user(ASSUME)
    arn = own.role(trust(own.account), policy(["iam:ListUsers", "iam:ListRoles"]))
    narrowed = assume(garita, held, arn, Policy=policy(["iam:ListUsers", "iam:ListGroups"]))
    assert 0 < narrowed["PackedPolicySize"] <= 100
    iam = garita.client("iam", Credentials.of(narrowed))
    iam.list_users()
    for call, action in ((iam.list_roles, "iam:ListRoles"), (iam.list_groups, "iam:ListGroups")):
        with refused("AccessDenied", 403) as caught:
            call()
        assert f"perform: {action} " in str(caught.value)
    managed = own.managed(policy("iam:ListRoles"))
    iam = garita.client("iam", Credentials.of(assume(garita, held, arn, PolicyArns=[{"arn": managed}])))
    iam.list_roles()
    with refused("AccessDenied", 403):
        iam.list_users()


def test_session_tags_need_leave_and_count_in_conditions(garita, own):
    _, held = own.user(ANYTHING)
    tags = {"Tags": [{"Key": "team", "Value": "vision"}]}
    with refused("AccessDenied", 403) as caught:
        assume(garita, held, own.role(trust(own.account)), **tags)
    assert "perform: sts:TagSession" in str(caught.value)
    condition = {"Condition": {"StringEquals": {"aws:PrincipalTag/team": "vision"}}}
    arn = own.role(trust(own.account, TAGGED), policy("iam:ListUsers", **condition))
    garita.client("iam", Credentials.of(assume(garita, held, arn, **tags))).list_users()
    with refused("AccessDenied", 403):
        garita.client("iam", Credentials.of(assume(garita, held, arn))).list_users()


def test_a_chain_keeps_transitive_tags_and_its_source(garita, own):
    _, held = own.user(ANYTHING)
    first = own.role(trust(own.account, TAGGED), ANYTHING)
    condition = {"Condition": {"StringEquals": {"aws:PrincipalTag/team": "vision", "aws:SourceIdentity": "ana"}}}
    second = own.role(trust(own.account, TAGGED), policy("iam:ListUsers", **condition))
    tags = [{"Key": "team", "Value": "vision"}, {"Key": "stage", "Value": "x"}]
    given = assume(garita, held, first, Tags=tags, TransitiveTagKeys=["team"], SourceIdentity="ana")
    assert given["SourceIdentity"] == "ana"
    chained = assume(garita, Credentials.of(given), second)
    assert chained["SourceIdentity"] == "ana"
    garita.client("iam", Credentials.of(chained)).list_users()
    with refused("AccessDenied", 403):
        assume(garita, Credentials.of(given), second, SourceIdentity="ben")


def test_how_long_a_session_may_last(garita, own):
    _, held = own.user(ASSUME)
    arn = own.role(trust(own.account), ASSUME, MaxSessionDuration=7200)
    assert 3590 < lifetime(assume(garita, held, arn)) <= 3600
    assert 7190 < lifetime(assume(garita, held, arn, DurationSeconds=7200)) <= 7200
    exceeded = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    with refused("ValidationError", 400, exceeded):
        assume(garita, held, arn, DurationSeconds=7201)
    for seconds, bound in ((43201, "less than or equal to 43200"),):
        with refused("ValidationError", 400) as caught:
            assume(garita, held, arn, DurationSeconds=seconds)
        assert f"Value '{seconds}' at 'durationSeconds' failed to satisfy constraint" in str(caught.value)
        assert bound in str(caught.value)
    session = Credentials.of(assume(garita, held, arn))
    chained = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
    with refused("ValidationError", 400, chained):
        assume(garita, session, arn, DurationSeconds=3601)
    assert 3590 < lifetime(assume(garita, session, arn, DurationSeconds=3600)) <= 3600


def test_the_root_user_assumes_nothing(garita, own):
    with refused("AccessDenied", 403, "Roles may not be assumed by root accounts."):
        assume(garita, garita.root(), own.role(trust(own.account)))


def test_no_second_factor_can_be_right_yet(garita, own):
    name, held = own.user(ANYTHING)
    arn = own.role(trust(own.account, Bool={"aws:MultiFactorAuthPresent": "true"}))
    with refused("AccessDenied", 403):
        assume(garita, held, arn)
    factor = {"SerialNumber": own.arn("mfa", name), "TokenCode": "123456"}
    message = "MultiFactorAuthentication failed with invalid MFA one time pass code."
    with refused("AccessDenied", 403, message):
        assume(garita, held, arn, **factor)
    with refused("AccessDenied", 403, message):
        garita.client("sts", held).get_session_token(**factor)


def test_a_session_ends_with_what_it_rests_on(garita, own):
    name, held = own.user(ASSUME)
    arn = own.role(trust(own.account))
    sessions = [Credentials.of(assume(garita, held, arn)) for _ in range(2)]
    own.iam.update_access_key(UserName=name, AccessKeyId=held.key, Status="Inactive")
    with refused("InvalidClientTokenId", 403):
        garita.client("sts", sessions[0]).get_caller_identity()
    own.iam.update_access_key(UserName=name, AccessKeyId=held.key, Status="Active")
    role = arn.rsplit("/", 1)[1]
    own.iam.delete_role(RoleName=role)
    own.iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust(own.account))
    with refused("InvalidClientTokenId", 403):
        garita.client("sts", sessions[1]).get_caller_identity()


def test_a_users_own_session_is_the_user_but_for_iam_and_sts(garita, own):
    name, held = own.user(policy("*"))
    sts = garita.client("sts", held)
    assert 43190 < lifetime(sts.get_session_token()) <= 43200
    assert 129590 < lifetime(sts.get_session_token(DurationSeconds=129600)) <= 129600
    session = Credentials.of(sts.get_session_token(DurationSeconds=900))
    mine = garita.client("sts", session)
    assert mine.get_caller_identity()["Arn"] == own.arn("user", name)
    with refused("InvalidClientTokenId", 403):
        garita.client("iam", session).list_users()
    with refused("AccessDenied", 403, "Cannot call GetSessionToken with session credentials"):
        mine.get_session_token()
    with refused("InvalidClientTokenId", 403):
        mine.get_access_key_info(AccessKeyId=held.key)
    arn = own.role(trust(own.account), policy("iam:ListUsers"))
    garita.client("iam", Credentials.of(assume(garita, session, arn))).list_users()


def test_the_root_users_session_lasts_an_hour_at_most(garita):
    answer = garita.client("sts", garita.root()).get_session_token(DurationSeconds=43200)
    assert 3590 < lifetime(answer) <= 3600


def test_tokens_and_keys_belong_together(garita, own):
    _, held = own.user(ASSUME)
    arn = own.role(trust(own.account))
    one, two = (Credentials.of(assume(garita, held, arn)) for _ in range(2))
    for mixed in (
        Credentials(one.key, one.secret, two.token),
        Credentials(held.key, held.secret, one.token),
        Credentials(one.key, one.secret),
        Credentials(one.key, one.secret, one.token[:-4] + "AAAA"),
    ):
        with refused("InvalidClientTokenId", 403, "The security token included in the request is invalid."):
            garita.client("sts", mixed).get_caller_identity()
    with refused("SignatureDoesNotMatch", 403):
        garita.client("sts", Credentials(one.key, two.secret, one.token)).get_caller_identity()


def test_an_access_key_tells_its_account(garita, own, other):
    _, held = own.user(ANYTHING)
    _, foreign = other.user()
    sts = garita.client("sts", held)
    assert sts.get_access_key_info(AccessKeyId=held.key)["Account"] == own.account
    assert sts.get_access_key_info(AccessKeyId=foreign.key)["Account"] == other.account


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_presigned_identity_is_proof_for_others(garita, own, method):
    name, held = own.user()
    sts = garita.client("sts", held)
    url = sts.generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod=method)
    request = urllib.request.Request(url, method=method)
    with urllib.request.urlopen(request) as answer:
        assert answer.headers["content-type"] == "text/xml"
        assert f"<Arn>{own.arn('user', name)}</Arn>" in answer.read().decode()


def test_the_command_line_with_nothing_but_an_endpoint(garita, own):
    name, held = own.user(ASSUME)
    assert garita.cli(["sts", "get-caller-identity"], held)["Arn"] == own.arn("user", name)
    arn = own.role(trust(own.account), policy("iam:ListUsers"))
    answer = garita.cli(["sts", "assume-role", "--role-arn", arn, "--role-session-name", "cli"], held)
    session = Credentials.of(answer)
    assert garita.cli(["iam", "list-users", "--max-items", "1"], session)["Users"]
    assert json.dumps(answer["AssumedRoleUser"]["Arn"]).endswith('/cli"')


def test_a_federated_user_has_less_than_its_maker(garita, own):
    _, held = own.user(policy(["sts:GetFederationToken", "sts:TagSession", "iam:ListUsers", "execute-api:*"]))
    sts = garita.client("sts", held)
    made = sts.get_federation_token(
        Name="visitor", Policy=policy("execute-api:Invoke"), Tags=[{"Key": "team", "Value": "a"}], DurationSeconds=900
    )
    arn = f"arn:aws:sts::{own.account}:federated-user/visitor"
    assert made["FederatedUser"] == {"FederatedUserId": f"{own.account}:visitor", "Arn": arn}
    visitor = Credentials.of(made)
    assert garita.client("sts", visitor).get_caller_identity()["Arn"] == arn
    with refused("InvalidClientTokenId", 403):
        garita.client("iam", visitor).list_users()
    with refused("AccessDenied", 403, "Cannot call GetFederationToken with session credentials"):
        garita.client("sts", visitor).get_federation_token(Name="other")
    said = garita.cli(["sts", "get-federation-token", "--name", "cli"], held)
    assert said["FederatedUser"]["Arn"].endswith(":federated-user/cli")
    record = next(one for one in garita.audit() if one["userIdentity"].get("arn") == arn)
    assert record["userIdentity"]["type"] == "FederatedUser"
    assert record["userIdentity"]["sessionContext"]["sessionIssuer"]["type"] == "IAMUser"


def test_a_role_tells_when_it_was_last_used(garita, own):
    _, held = own.user(ASSUME)
    arn = own.role(trust(own.account))
    name = arn.rpartition("/")[2]
    session = Credentials.of(assume(garita, held, arn))
    assert own.iam.get_role(RoleName=name)["Role"]["RoleLastUsed"] == {}
    garita.client("sts", session).get_caller_identity()
    used = own.iam.get_role(RoleName=name)["Role"]["RoleLastUsed"]
    assert used["Region"] == garita.region
    assert abs((datetime.datetime.now(datetime.UTC) - used["LastUsedDate"]).total_seconds()) < 60
    pages = own.iam.get_paginator("get_account_authorization_details").paginate(Filter=["Role"])
    details = {role["RoleName"]: role for page in pages for role in page["RoleDetailList"]}
    assert details[name]["RoleLastUsed"] == used
