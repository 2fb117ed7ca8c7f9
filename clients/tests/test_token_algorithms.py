"""How the tokens of a pool are signed, by its tags; verified by joserfc from what the pool publishes."""

import base64
import json

import boto3
import botocore.exceptions
import pytest
import requests
from identities import unique
from joserfc import jwt
from joserfc.jwk import KeySet
from platform_under_test import REGION

PASSWORD = "Correct-Horse-7"


@pytest.fixture
def pool(admin):
    made = admin.create_user_pool(PoolName=unique("pool"))["UserPool"]
    admin.admin_create_user(UserPoolId=made["Id"], Username="ana", MessageAction="SUPPRESS")
    admin.admin_set_user_password(UserPoolId=made["Id"], Username="ana", Password=PASSWORD, Permanent=True)
    yield made
    admin.delete_user_pool(UserPoolId=made["Id"])


def client_of(admin, pool):
    flows = ["ALLOW_USER_PASSWORD_AUTH"]
    made = admin.create_user_pool_client(UserPoolId=pool["Id"], ClientName="web", ExplicitAuthFlows=flows)
    return made["UserPoolClient"]["ClientId"]


def header(token):
    head = token.split(".")[0]
    return json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))


def signed_with(garita, person, pool, client):
    """Signs in, verifies both tokens, and answers how they are signed."""
    parameters = {"USERNAME": "ana", "PASSWORD": PASSWORD}
    given = person.initiate_auth(ClientId=client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=parameters)
    tokens = given["AuthenticationResult"]
    assert person.get_user(AccessToken=tokens["AccessToken"])["Username"] == "ana"
    issuer = f"{garita.endpoint}/{pool['Id']}"
    told = requests.get(f"{issuer}/.well-known/openid-configuration", timeout=10).json()
    keys = KeySet.import_key_set(requests.get(told["jwks_uri"], timeout=10).json())
    used = set()
    for kind in ("IdToken", "AccessToken"):
        algorithm = header(tokens[kind])["alg"]
        assert algorithm in told["id_token_signing_alg_values_supported"]
        claims = jwt.decode(tokens[kind], keys, algorithms=[algorithm]).claims
        assert claims["iss"] == issuer
        used.add(algorithm)
        others = [known for known in ("RS256", "ES256", "EdDSA") if known != algorithm]
        with pytest.raises(Exception, match="(?i)algorithm"):
            jwt.decode(tokens[kind], keys, algorithms=others)
    assert len(used) == 1
    return used.pop()


def test_a_pool_and_a_client_choose(garita, admin, person, pool):
    one, other = client_of(admin, pool), client_of(admin, pool)
    assert signed_with(garita, person, pool, one) == "RS256"
    tag = f"garita:token-algorithm/{other}"
    admin.tag_resource(ResourceArn=pool["Arn"], Tags={"garita:token-algorithm": "ES256", tag: "EdDSA"})
    assert signed_with(garita, person, pool, one) == "ES256"
    assert signed_with(garita, person, pool, other) == "EdDSA"
    admin.untag_resource(ResourceArn=pool["Arn"], TagKeys=["garita:token-algorithm", tag])
    assert signed_with(garita, person, pool, one) == "RS256"


def test_a_tag_that_means_nothing_is_refused(admin, pool):
    for tags in ({"garita:token-algorithm": "none"}, {"garita:token-algoritm": "ES256"}, {"garita:language": "fr"}):
        with pytest.raises(botocore.exceptions.ClientError) as refused:
            admin.tag_resource(ResourceArn=pool["Arn"], Tags=tags)
        assert refused.value.response["Error"]["Code"] == "InvalidParameterException"


def test_who_may_tag_but_not_change_a_pool_does_not_change_it_by_tags(garita, admin, pool):
    iam, name = garita.client("iam"), unique("tagger")
    iam.create_user(UserName=name)
    statement = {"Effect": "Allow", "Action": "cognito-idp:TagResource", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=name, PolicyName="tags", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    own = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    tagger = boto3.client("cognito-idp", endpoint_url=garita.endpoint, region_name=REGION, **own)
    tagger.tag_resource(ResourceArn=pool["Arn"], Tags={"team": "ml"})
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        tagger.tag_resource(ResourceArn=pool["Arn"], Tags={"garita:token-algorithm": "ES256"})
    assert "cognito-idp:UpdateUserPool" in str(refused.value)
    iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName=name, PolicyName="tags")
    iam.delete_user(UserName=name)
