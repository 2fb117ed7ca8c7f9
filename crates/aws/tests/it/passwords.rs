//! Login profiles and the password policy.

use insta::assert_snapshot;

use crate::door::Door;

#[tokio::test]
async fn a_login_profile_is_shown_without_its_password() {
    let door = Door::open().await;
    door.iam(&[("Action", "CreateUser"), ("UserName", "ana")]).await;
    let of_ana = |action| [("Action", action), ("UserName", "ana")];
    let with = |action, password| [("Action", action), ("UserName", "ana"), ("Password", password)];
    assert_snapshot!(door.iam(&of_ana("GetLoginProfile")).await, @"404 NoSuchEntity: Login Profile for User ana cannot be found.");
    assert_snapshot!(door.iam(&of_ana("CreateLoginProfile")).await, @"400 ValidationError: 1 validation error detected: Value null at 'password' failed to satisfy constraint: Member must not be null");
    assert_snapshot!(door.iam(&with("CreateLoginProfile", "Ab1")).await, @"400 PasswordPolicyViolation: Password should have a minimum length of 8");
    assert_snapshot!(door.iam(&with("CreateLoginProfile", "Secret-word-1")).await, @r"
    200 CreateLoginProfile
    <LoginProfile><UserName>ana</UserName><CreateDate>2026-03-01T12:00:00Z</CreateDate><PasswordResetRequired>false</PasswordResetRequired></LoginProfile>
    ");
    let reset = [("Action", "UpdateLoginProfile"), ("UserName", "ana"), ("PasswordResetRequired", "true")];
    assert_snapshot!(door.iam(&reset).await, @"200 UpdateLoginProfile");
    assert_snapshot!(door.iam(&of_ana("GetLoginProfile")).await, @r"
    200 GetLoginProfile
    <LoginProfile><UserName>ana</UserName><CreateDate>2026-03-01T12:00:00Z</CreateDate><PasswordResetRequired>true</PasswordResetRequired></LoginProfile>
    ");
    assert_snapshot!(door.iam(&of_ana("DeleteUser")).await, @"409 DeleteConflict: Cannot delete entity, must delete login profile first.");
    assert_snapshot!(door.iam(&of_ana("DeleteLoginProfile")).await, @"200 DeleteLoginProfile");
    let change = [("Action", "ChangePassword"), ("OldPassword", "a"), ("NewPassword", "b")];
    assert_snapshot!(door.iam(&change).await, @"400 InvalidUserType: Only IAM Users can change their own password");
}

#[tokio::test]
async fn the_password_policy_is_set_told_and_taken_away() {
    let door = Door::open().await;
    let [get, delete] = ["GetAccountPasswordPolicy", "DeleteAccountPasswordPolicy"].map(|a| [("Action", a)]);
    assert_snapshot!(door.iam(&get).await, @"404 NoSuchEntity: The Password Policy with domain name 111122223333 cannot be found.");
    let set = [
        ("Action", "UpdateAccountPasswordPolicy"),
        ("MinimumPasswordLength", "12"),
        ("RequireSymbols", "true"),
        ("MaxPasswordAge", "90"),
        ("PasswordReusePrevention", "5"),
    ];
    assert_snapshot!(door.iam(&set).await, @"200 UpdateAccountPasswordPolicy");
    assert_snapshot!(door.iam(&get).await, @r"
    200 GetAccountPasswordPolicy
    <PasswordPolicy><MinimumPasswordLength>12</MinimumPasswordLength><RequireSymbols>true</RequireSymbols><RequireNumbers>false</RequireNumbers><RequireUppercaseCharacters>false</RequireUppercaseCharacters><RequireLowercaseCharacters>false</RequireLowercaseCharacters><AllowUsersToChangePassword>false</AllowUsersToChangePassword><ExpirePasswords>true</ExpirePasswords><MaxPasswordAge>90</MaxPasswordAge><PasswordReusePrevention>5</PasswordReusePrevention></PasswordPolicy>
    ");
    assert_snapshot!(door.iam(&[("Action", "UpdateAccountPasswordPolicy"), ("MinimumPasswordLength", "5")]).await, @"400 ValidationError: 1 validation error detected: Value at 'minimumPasswordLength' failed to satisfy constraint: Member must have value greater than or equal to 6");
    assert_snapshot!(door.iam(&delete).await, @"200 DeleteAccountPasswordPolicy");
    assert_snapshot!(door.iam(&delete).await, @"404 NoSuchEntity: The Password Policy with domain name 111122223333 cannot be found.");
}
