"""Signing in to a user pool with SRP: pycognito, unchanged, and what is refused to those who try."""

import pytest
from botocore.exceptions import ClientError
from identities import one_time_code, unique
from platform_under_test import REGION
from pycognito import Cognito
from pycognito.aws_srp import AWSSRP

PASSWORD = "Tell-nobody-1"
OPEN = ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]


class Pool:
    """A pool with a client that opens SRP, and its people."""

    def __init__(self, admin, **client):
        self.admin = admin
        self.id = admin.create_user_pool(PoolName=unique("pool"))["UserPool"]["Id"]
        settings = {"ClientName": "app", "ExplicitAuthFlows": OPEN, **client}
        made = admin.create_user_pool_client(UserPoolId=self.id, **settings)["UserPoolClient"]
        self.client, self.secret = made["ClientId"], made.get("ClientSecret")

    def add(self, name, password=PASSWORD, permanent=True):
        self.admin.admin_create_user(UserPoolId=self.id, Username=name, MessageAction="SUPPRESS")
        self.set(name, password, permanent)

    def set(self, name, password, permanent=True):
        self.admin.admin_set_user_password(UserPoolId=self.id, Username=name, Password=password, Permanent=permanent)

    def srp(self, person, name="ana", password=PASSWORD):
        return AWSSRP(name, password, self.id, self.client, client=person, client_secret=self.secret)


@pytest.fixture
def pool(admin):
    made = Pool(admin)
    made.add("ana")
    yield made
    admin.delete_user_pool(UserPoolId=made.id)


def refused(code, call, *arguments, **named):
    with pytest.raises(ClientError) as error:
        call(*arguments, **named)
    assert error.value.response["Error"]["Code"] == code
    return error.value.response["Error"]["Message"]


def steps(person, srp):
    """The challenge, and the answer to it that proves the password."""
    asked = srp.get_auth_params()
    challenge = person.initiate_auth(ClientId=srp.client_id, AuthFlow="USER_SRP_AUTH", AuthParameters=asked)
    assert challenge["ChallengeName"] == "PASSWORD_VERIFIER" and "Session" not in challenge
    return srp.process_challenge(challenge["ChallengeParameters"], asked)


def answer(person, pool, responses):
    return person.respond_to_auth_challenge(
        ClientId=pool.client, ChallengeName="PASSWORD_VERIFIER", ChallengeResponses=responses
    )


def test_pycognito_signs_in_and_verifies_its_tokens(garita, pool):
    options = {"endpoint_url": garita.endpoint, "region_name": REGION}
    ana = Cognito(pool.id, pool.client, username="ana", boto3_client_kwargs=options)
    ana.authenticate(password=PASSWORD)
    assert ana.access_claims["username"] == "ana" and ana.id_claims["aud"] == pool.client
    ana.renew_access_token()
    ana.check_token()
    assert ana.get_user().username == "ana"


def test_a_client_with_a_secret(admin, person):
    pool = Pool(admin, GenerateSecret=True)
    pool.add("ana")
    assert pool.srp(person).authenticate_user()["AuthenticationResult"]["AccessToken"]
    admin.delete_user_pool(UserPoolId=pool.id)


def test_wrong_passwords_and_unknown_users_get_one_answer(person, pool):
    said = {
        refused("NotAuthorizedException", pool.srp(person, name, password).authenticate_user)
        for name, password in [("ana", "Wrong-password-1"), ("nobody", PASSWORD), ("ana", PASSWORD + " ")]
    }
    assert said == {"Incorrect username or password."}
    assert pool.srp(person).authenticate_user()["AuthenticationResult"]


def test_a_secret_block_is_good_for_one_sign_in(person, pool):
    responses = steps(person, pool.srp(person))
    assert answer(person, pool, responses)["AuthenticationResult"]["RefreshToken"]
    said = refused("NotAuthorizedException", answer, person, pool, responses)
    assert said == "Invalid session for the user, session can only be used once."


def test_a_secret_block_of_another_client_is_refused(admin, person, pool):
    other = admin.create_user_pool_client(UserPoolId=pool.id, ClientName="other", ExplicitAuthFlows=OPEN)
    responses = steps(person, pool.srp(person))
    pool.client = other["UserPoolClient"]["ClientId"]
    assert refused("NotAuthorizedException", answer, person, pool, responses) == "Invalid session for the user."


@pytest.mark.parametrize("times", [0, 1, 2])
def test_multiples_of_the_modulus_are_refused(person, pool, times):
    srp = pool.srp(person)
    parameters = {"USERNAME": "ana", "SRP_A": format(times * srp.big_n, "x")}
    asked = {"ClientId": pool.client, "AuthFlow": "USER_SRP_AUTH", "AuthParameters": parameters}
    refused("InvalidParameterException", person.initiate_auth, **asked)


def test_failures_lock_out_both_ways_of_showing_a_password(person, pool):
    for _ in range(5):
        refused("NotAuthorizedException", pool.srp(person, password="Wrong-password-1").authenticate_user)
    parameters = {"USERNAME": "ana", "PASSWORD": PASSWORD}
    sent = {"ClientId": pool.client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters}
    assert refused("NotAuthorizedException", person.initiate_auth, **sent) == "Password attempts exceeded"


def test_a_temporary_password_must_be_changed(person, pool):
    pool.set("ana", "Temporary-1", permanent=False)
    challenge = answer(person, pool, steps(person, pool.srp(person, password="Temporary-1")))
    assert challenge["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    done = person.respond_to_auth_challenge(
        ClientId=pool.client,
        ChallengeName="NEW_PASSWORD_REQUIRED",
        Session=challenge["Session"],
        ChallengeResponses={"USERNAME": "ana", "NEW_PASSWORD": "My-very-own-2"},
    )
    assert done["AuthenticationResult"]
    assert pool.srp(person, password="My-very-own-2").authenticate_user()["AuthenticationResult"]
    refused("NotAuthorizedException", pool.srp(person, password="Temporary-1").authenticate_user)


def test_a_second_factor_is_asked_for(admin, person, pool):
    token = pool.srp(person).authenticate_user()["AuthenticationResult"]["AccessToken"]
    admin.set_user_pool_mfa_config(
        UserPoolId=pool.id, MfaConfiguration="OPTIONAL", SoftwareTokenMfaConfiguration={"Enabled": True}
    )
    seed = person.associate_software_token(AccessToken=token)["SecretCode"]
    person.verify_software_token(AccessToken=token, UserCode=one_time_code(seed))
    preferred = {"Enabled": True, "PreferredMfa": True}
    person.set_user_mfa_preference(AccessToken=token, SoftwareTokenMfaSettings=preferred)
    responses = steps(person, pool.srp(person))
    challenge = answer(person, pool, responses)
    assert challenge["ChallengeName"] == "SOFTWARE_TOKEN_MFA" and challenge["Session"]


def test_a_password_older_than_srp_must_be_set_or_sent_once(admin, person):
    pool = Pool(admin, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"])
    pool.add("ana")
    admin.update_user_pool_client(UserPoolId=pool.id, ClientId=pool.client, ExplicitAuthFlows=OPEN)
    refused("NotAuthorizedException", pool.srp(person).authenticate_user)
    parameters = {"USERNAME": "ana", "PASSWORD": PASSWORD}
    sent = {"ClientId": pool.client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters}
    assert person.initiate_auth(**sent)["AuthenticationResult"]
    assert pool.srp(person).authenticate_user()["AuthenticationResult"]
    admin.delete_user_pool(UserPoolId=pool.id)
