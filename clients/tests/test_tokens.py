"""Tokens and key sets of user pools, as software that verifies tokens all day reads them: PyJWT and joserfc."""

import base64
import hashlib
import json
import subprocess

import jwt
import pytest
from joserfc import jwk
from joserfc import jwt as joserfc
from platform_under_test import REPOSITORY

ALGORITHMS = ["RS256", "ES256", "ES384", "EdDSA"]
USES = ["id", "access"]


@pytest.fixture(scope="module")
def made():
    """Tokens of each kind with the key set, from the code that Garita makes them with."""
    command = ["cargo", "run", "-q", "-p", "garita-app", "--example", "tokens"]
    done = subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def keys_by_name(made):
    return {key.key_id: key for key in jwt.PyJWKSet.from_dict(made["jwks"]).keys}


def decode(made, token, algorithm, use):
    audience = {"audience": made["client"]} if use == "id" else {}
    return jwt.decode(
        token,
        keys_by_name(made)[jwt.get_unverified_header(token)["kid"]],
        algorithms=[algorithm],
        issuer=made["issuer"],
        options={"require": ["exp", "iat", "iss", "sub", "jti"]},
        **audience,
    )


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_pyjwt_verifies(made, algorithm, use):
    claims = decode(made, made["tokens"][algorithm][use], algorithm, use)
    assert claims["token_use"] == use
    assert claims["cognito:groups"] == ["readers"]
    assert claims["exp"] - claims["iat"] == 600
    named = {"id": ("aud", "cognito:username", "email", "nonce", "at_hash"), "access": ("client_id", "username", "scope")}
    assert all(name in claims for name in named[use])


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_pyjwt_refuses_a_changed_token(made, algorithm):
    header, claims, signature = made["tokens"][algorithm]["id"].split(".")
    changed = f"{header}.{claims[:-2]}{'A' if claims[-2] != 'A' else 'B'}{claims[-1]}.{signature}"
    with pytest.raises(jwt.InvalidTokenError):
        decode(made, changed, algorithm, "id")


def test_id_and_access_tokens_have_keys_of_their_own(made):
    kids = [jwt.get_unverified_header(made["tokens"][alg][use])["kid"] for alg in ALGORITHMS for use in USES]
    assert len(set(kids)) == len(kids) == len(made["jwks"]["keys"])
    assert {key["use"] for key in made["jwks"]["keys"]} == {"sig"}
    private = {"d", "p", "q", "dp", "dq", "qi", "k", "oth"}
    assert all(private.isdisjoint(key) for key in made["jwks"]["keys"])


def test_key_names_are_thumbprints(made):
    for key in made["jwks"]["keys"]:
        assert jwk.import_key(key).thumbprint() == key["kid"]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_joserfc_verifies(made, algorithm):
    keys = jwk.KeySet.import_key_set(made["jwks"])
    token = joserfc.decode(made["tokens"][algorithm]["id"], keys, algorithms=[algorithm])
    essential = {"iss": made["issuer"], "aud": made["client"]}
    rules = {name: {"essential": True, "value": value} for name, value in essential.items()}
    joserfc.JWTClaimsRegistry(**rules).validate(token.claims)


@pytest.mark.parametrize("algorithm, name", [("RS256", "sha256"), ("ES256", "sha256"), ("ES384", "sha384"), ("EdDSA", "sha512")])
def test_the_id_token_names_its_access_token(made, algorithm, name):
    tokens = made["tokens"][algorithm]
    hashed = hashlib.new(name, tokens["access"].encode()).digest()
    half = base64.urlsafe_b64encode(hashed[: len(hashed) // 2]).decode().rstrip("=")
    assert decode(made, tokens["id"], algorithm, "id")["at_hash"] == half
