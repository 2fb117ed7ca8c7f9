"""What users prove themselves with and what accounts have, through boto3, from its making to its end."""

from identities import one_time_code, policy, refused, trust, unique
from platform_under_test import Credentials

PASSWORD = "Tell-nobody-1"


def test_an_account_has_an_alias(iam):
    alias = unique("vision")
    iam.create_account_alias(AccountAlias=alias)
    assert iam.list_account_aliases()["AccountAliases"] == [alias]
    iam.delete_account_alias(AccountAlias=alias)
    assert iam.list_account_aliases()["AccountAliases"] == []


def test_the_summary_and_the_details_agree(own, iam):
    name, _ = own.user(policy("s3:GetObject"))
    pages = iam.get_paginator("get_account_authorization_details").paginate(PaginationConfig={"PageSize": 2})
    users = [user for page in pages for user in page["UserDetailList"]]
    assert iam.get_account_summary()["SummaryMap"]["Users"] == len(users)
    mine = next(user for user in users if user["UserName"] == name)
    assert mine["UserPolicyList"][0]["PolicyDocument"]["Statement"][0]["Action"] == "s3:GetObject"


def test_a_password_is_held_to_the_policy_and_changed_by_its_user(garita, own, iam):
    name, held = own.user(policy("iam:ChangePassword", own.arn("user", "${aws:username}")))
    iam.update_account_password_policy(MinimumPasswordLength=10, RequireSymbols=True, PasswordReusePrevention=1)
    try:
        with refused("PasswordPolicyViolation", 400):
            iam.create_login_profile(UserName=name, Password="Abcdefghij1")
        made = iam.create_login_profile(UserName=name, Password=PASSWORD, PasswordResetRequired=True)["LoginProfile"]
        assert made["UserName"] == name and made["PasswordResetRequired"]
        mine = garita.client("iam", held)
        with refused("AccessDenied", 403, "The old password was incorrect."):
            mine.change_password(OldPassword="wrong", NewPassword=f"{PASSWORD}+")
        with refused("PasswordPolicyViolation", 400):
            mine.change_password(OldPassword=PASSWORD, NewPassword=PASSWORD)
        mine.change_password(OldPassword=PASSWORD, NewPassword=f"{PASSWORD}+")
        assert not iam.get_login_profile(UserName=name)["LoginProfile"]["PasswordResetRequired"]
    finally:
        iam.delete_account_password_policy()
    with refused("DeleteConflict", 409):
        iam.delete_user(UserName=name)
    iam.delete_login_profile(UserName=name)


def test_a_role_is_put_into_an_instance_profile(own, iam):
    role = own.role(trust(own.account)).rpartition("/")[2]
    name = unique("profile")
    made = iam.create_instance_profile(InstanceProfileName=name, Path="/gpu/", Tags=[{"Key": "a", "Value": "b"}])
    assert made["InstanceProfile"]["Arn"] == own.arn("instance-profile/gpu", name)
    assert made["InstanceProfile"]["InstanceProfileId"].startswith("AIPA")
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=role)
    held = iam.list_instance_profiles_for_role(RoleName=role)["InstanceProfiles"]
    assert [profile["Roles"][0]["RoleName"] for profile in held] == [role]
    assert held[0]["Roles"][0]["AssumeRolePolicyDocument"]["Version"] == "2012-10-17"
    with refused("DeleteConflict", 409):
        iam.delete_role(RoleName=role)
    iam.remove_role_from_instance_profile(InstanceProfileName=name, RoleName=role)
    iam.delete_instance_profile(InstanceProfileName=name)


def test_a_second_factor_is_enabled_and_opens_a_role(garita, own, iam):
    name, held = own.user(policy("sts:AssumeRole"))
    made = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]
    assert made["QRCodePNG"].startswith(b"\x89PNG") and len(made["Base32StringSeed"]) == 64
    serial, seed = made["SerialNumber"], made["Base32StringSeed"]
    codes = {"AuthenticationCode1": one_time_code(seed, -2), "AuthenticationCode2": one_time_code(seed, -1)}
    iam.enable_mfa_device(UserName=name, SerialNumber=serial, **codes)
    assert iam.list_mfa_devices(UserName=name)["MFADevices"][0]["SerialNumber"] == serial

    role = own.role(trust(own.account, Bool={"aws:MultiFactorAuthPresent": "true"}))
    sts = garita.client("sts", held)
    with refused("AccessDenied", 403):
        sts.assume_role(RoleArn=role, RoleSessionName="s1")
    code = one_time_code(seed)
    taken = sts.assume_role(RoleArn=role, RoleSessionName="s1", SerialNumber=serial, TokenCode=code)
    assert garita.client("sts", Credentials.of(taken)).get_caller_identity()["Arn"].endswith("/s1")
    message = "MultiFactorAuthentication failed with invalid MFA one time pass code."
    with refused("AccessDenied", 403, message):
        sts.get_session_token(SerialNumber=serial, TokenCode=code)

    iam.deactivate_mfa_device(UserName=name, SerialNumber=serial)
    iam.delete_virtual_mfa_device(SerialNumber=serial)
