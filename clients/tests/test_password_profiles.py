"""What is asked of passwords: NIST's rules where a pool is told nothing, Cognito's where it is given a policy."""

import botocore.exceptions
import pytest
from identities import unique

LONG = "mi gata come tres aceitunas"
CLASSES = "Pa55word!"


def policy_of(admin, pool):
    return admin.describe_user_pool(UserPoolId=pool)["UserPool"]["Policies"]["PasswordPolicy"]


def takes(admin, pool, password, name="ana"):
    """None when a password is taken, else what it lacks."""
    try:
        admin.admin_set_user_password(UserPoolId=pool, Username=name, Password=password, Permanent=True)
    except botocore.exceptions.ClientError as refused:
        assert refused.response["Error"]["Code"] == "InvalidPasswordException"
        return refused.response["Error"]["Message"].removeprefix("Password did not conform with policy: ")
    return None


def make(admin, **more):
    made = admin.create_user_pool(PoolName=unique("pool"), **more)["UserPool"]
    attributes = [{"Name": "email", "Value": "ana.gonzalezq@viborita.example"}]
    pool = made["Id"]
    admin.admin_create_user(UserPoolId=pool, Username="ana", MessageAction="SUPPRESS", UserAttributes=attributes)
    return made


def hold_to_nist(admin, pool):
    told = policy_of(admin, pool)
    kinds = [told[f"Require{kind}"] for kind in ("Uppercase", "Lowercase", "Numbers", "Symbols")]
    assert (told["MinimumLength"], any(kinds)) == (15, False)
    assert takes(admin, pool, LONG) is None
    for password, lacks in [
        (CLASSES, "Password not long enough"),
        ("aaaaaaaaaaaaaaaaaa", "Password can be guessed"),
        ("qwertyuiopasdfghjkl", "Password can be guessed"),
        ("gonzalezqviborita", "Password is made of your name or address"),
    ]:
        assert takes(admin, pool, password).startswith(lacks), password


def test_a_garita_that_is_told_nothing_asks_as_nist_does(another_garita):
    running = another_garita()
    running.stop()
    config = running.data / "garita.toml"
    config.write_text(config.read_text().replace('passwords = "cognito"', ""))
    running.start()
    admin = running.client("cognito-idp")
    hold_to_nist(admin, make(admin)["Id"])
    given = {"PasswordPolicy": {"MinimumLength": 9, "RequireNumbers": True}}
    pool = make(admin, Policies=given)["Id"]
    assert policy_of(admin, pool)["MinimumLength"] == 9
    assert (takes(admin, pool, CLASSES), takes(admin, pool, "aaaaaaaa1")) == (None, None)
    assert takes(admin, pool, LONG) == "Password must have numeric characters"
    admin.update_user_pool(UserPoolId=pool)
    hold_to_nist(admin, pool)


def test_a_tag_chooses_whatever_the_policy(garita):
    admin = garita.client("cognito-idp")
    made = make(admin, UserPoolTags={"garita:password-profile": "nist-800-63b-4"})
    pool, arn = made["Id"], made["Arn"]
    hold_to_nist(admin, pool)
    admin.set_user_pool_mfa_config(
        UserPoolId=pool, MfaConfiguration="ON", SoftwareTokenMfaConfiguration={"Enabled": True}
    )
    assert policy_of(admin, pool)["MinimumLength"] == 8
    assert takes(admin, pool, "glue harpsi 92") is None
    admin.untag_resource(ResourceArn=arn, TagKeys=["garita:password-profile"])
    assert policy_of(admin, pool)["RequireSymbols"]
    assert takes(admin, pool, CLASSES) is None
    admin.delete_user_pool(UserPoolId=pool)
