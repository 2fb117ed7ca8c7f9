"""Tokens by which an account vouches for its principals outside: what PyJWT and joserfc make of them."""

import json
import time
import urllib.error
import urllib.request

import boto3
import botocore.config
import jwt
import pytest
from identities import policy, refused, trust
from joserfc import jwk
from joserfc import jwt as joserfc
from platform_under_test import Credentials

AUDIENCE = "https://models.example"
NAMESPACE = "https://sts.amazonaws.com/"
GET = ["sts:GetWebIdentityToken", "sts:TagGetWebIdentityToken"]


@pytest.fixture
def issuer(own):
    """The account's issuer, with the feature on."""
    address = own.iam.enable_outbound_web_identity_federation()["IssuerIdentifier"]
    yield address
    own.iam.disable_outbound_web_identity_federation()


def read(url):
    with urllib.request.urlopen(url) as reply:
        return json.load(reply)


def verified(token, issuer, algorithm, audience=AUDIENCE):
    """What PyJWT makes of a token with nothing but the issuer's address, as a service outside has it."""
    configuration = read(f"{issuer}/.well-known/openid-configuration")
    assert configuration["issuer"] == issuer
    keys = jwt.PyJWKClient(configuration["jwks_uri"])
    key = keys.get_signing_key_from_jwt(token)
    return jwt.decode(token, key, algorithms=[algorithm], audience=audience, issuer=issuer)


@pytest.mark.parametrize("algorithm", ["RS256", "ES384"])
def test_a_service_outside_learns_who_calls_it(garita, own, issuer, algorithm):
    name, held = own.user(policy(GET))
    own.iam.tag_user(UserName=name, Tags=[{"Key": "team", "Value": "vision"}])
    asked = {"Audience": [AUDIENCE], "SigningAlgorithm": algorithm, "Tags": [{"Key": "job", "Value": "7"}]}
    answer = garita.client("sts", held).get_web_identity_token(**asked)
    token = answer["WebIdentityToken"]
    claims = verified(token, issuer, algorithm)
    assert claims["aud"] == AUDIENCE and claims["sub"] == own.arn("user", name)
    assert claims["exp"] - claims["iat"] == 300 and claims["exp"] == answer["Expiration"].timestamp()
    assert claims[NAMESPACE] == {
        "aws_account": garita.accounts["ml-platform"],
        "source_region": garita.region,
        "principal_tags": {"team": "vision"},
        "request_tags": {"job": "7"},
    }
    keys = jwk.KeySet.import_key_set(read(f"{issuer}/.well-known/jwks.json"))
    assert joserfc.decode(token, keys, algorithms=[algorithm]).claims == claims
    with pytest.raises(jwt.InvalidAudienceError):
        verified(token, issuer, algorithm, "https://other.example")
    other = {"RS256": "ES384", "ES384": "RS256"}[algorithm]
    with pytest.raises(jwt.InvalidTokenError):
        verified(token, issuer, other)


def test_a_session_is_told_as_its_role_and_never_outlived(garita, own, issuer):
    _, held = own.user(policy(["sts:AssumeRole", "sts:TagSession"]))
    arn = own.role(trust(garita.accounts["ml-platform"], ("sts:AssumeRole", "sts:TagSession")), policy(GET))
    tags = [{"Key": "project", "Value": "a"}]
    asked = {"RoleArn": arn, "RoleSessionName": "job", "DurationSeconds": 900, "Tags": tags}
    session = garita.client("sts", held).assume_role(**asked)["Credentials"]
    taken = Credentials(session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])
    sts = garita.client("sts", taken)
    wanted = {"Audience": ["a", "b"], "SigningAlgorithm": "ES384"}
    claims = verified(sts.get_web_identity_token(**wanted)["WebIdentityToken"], issuer, "ES384", "b")
    assert claims["sub"] == arn and claims["aud"] == ["a", "b"]
    assert claims[NAMESPACE]["principal_tags"] == {"project": "a"}
    with refused("SessionDurationEscalationException", 403):
        sts.get_web_identity_token(**wanted, DurationSeconds=3600)


def test_policies_say_for_whom_how_long_and_how(garita, own, issuer):
    condition = {
        "ForAllValues:StringEquals": {"sts:IdentityTokenAudience": AUDIENCE},
        "NumericLessThanEquals": {"sts:DurationSeconds": "600"},
        "StringEquals": {"sts:SigningAlgorithm": "ES384"},
    }
    _, held = own.user(policy("sts:GetWebIdentityToken", Condition=condition))
    sts = garita.client("sts", held)
    good = {"Audience": [AUDIENCE], "SigningAlgorithm": "ES384", "DurationSeconds": 600}
    sts.get_web_identity_token(**good)
    for wrong in [
        {"Audience": [AUDIENCE, "x"]},
        {"DurationSeconds": 601},
        {"SigningAlgorithm": "RS256"},
        {"Tags": [{"Key": "a", "Value": "b"}]},
    ]:
        with refused("AccessDenied", 403):
            sts.get_web_identity_token(**{**good, **wrong})


def test_values_out_of_range_are_refused(garita, own, issuer):
    _, held = own.user(policy(GET))
    config = botocore.config.Config(parameter_validation=False, retries={"total_max_attempts": 1})
    sts = boto3.client("sts", endpoint_url=garita.endpoint, region_name=garita.region, config=config, **held.boto())
    good = {"Audience": [AUDIENCE], "SigningAlgorithm": "ES384"}
    for wrong in [
        {"Audience": []},
        {"Audience": ["x"] * 11},
        {"Audience": ["x" * 1001]},
        {"DurationSeconds": 59},
        {"DurationSeconds": 3601},
        {"SigningAlgorithm": "HS256"},
    ]:
        with refused("ValidationError", 400):
            sts.get_web_identity_token(**{**good, **wrong})
    tags = [{"Key": f"k{n}", "Value": "v" * 250} for n in range(50)]
    with refused("JWTPayloadSizeExceededException", 400):
        sts.get_web_identity_token(**good, Tags=tags)


def test_the_feature_is_off_until_it_is_enabled_and_keeps_its_name(garita, own):
    _, held = own.user(policy(GET))
    sts, iam = garita.client("sts", held), own.iam
    wanted = {"Audience": [AUDIENCE], "SigningAlgorithm": "ES384"}
    with refused("OutboundWebIdentityFederationDisabledException", 403):
        sts.get_web_identity_token(**wanted)
    with refused("FeatureDisabled", 404):
        iam.get_outbound_web_identity_federation_info()
    issuer = iam.enable_outbound_web_identity_federation()["IssuerIdentifier"]
    with refused("FeatureEnabled", 409):
        iam.enable_outbound_web_identity_federation()
    told = iam.get_outbound_web_identity_federation_info()
    assert told["IssuerIdentifier"] == issuer and told["JwtVendingEnabled"] is True
    token = sts.get_web_identity_token(**wanted)["WebIdentityToken"]
    iam.disable_outbound_web_identity_federation()
    with refused("FeatureDisabled", 404):
        iam.disable_outbound_web_identity_federation()
    with refused("OutboundWebIdentityFederationDisabledException", 403):
        sts.get_web_identity_token(**wanted)
    assert verified(token, issuer, "ES384")["exp"] > time.time(), "what was given out is good until it runs out"
    assert iam.enable_outbound_web_identity_federation()["IssuerIdentifier"] == issuer
    iam.disable_outbound_web_identity_federation()


def test_the_token_opens_nothing_here(garita, own, issuer):
    _, held = own.user(policy(GET))
    wanted = {"Audience": [AUDIENCE], "SigningAlgorithm": "RS256"}
    token = garita.client("sts", held).get_web_identity_token(**wanted)["WebIdentityToken"]
    asked = {"RoleArn": own.role(trust("*")), "RoleSessionName": "s1", "WebIdentityToken": token}
    with refused("InvalidIdentityToken", 400):
        garita.client("sts", held).assume_role_with_web_identity(**asked)
    request = urllib.request.Request(
        f"{garita.gateway}/api/2.0/mlflow/experiments/get?experiment_id=0",
        headers={"Authorization": f"Bearer {token}"},
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    assert caught.value.code in (401, 403)
    assert token not in json.dumps(garita.audit()), "the trail has no token"
