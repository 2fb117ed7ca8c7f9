"""What an auditor asks: the credential report, which policies grant a service, and when it was last used."""

import csv
import io
import time

from identities import policy, refused, unique


def finished(get, **job):
    """The answer of a job, once it is done."""
    for _ in range(100):
        found = get(**job)
        if found["JobStatus"] != "IN_PROGRESS":
            return found
        time.sleep(0.05)
    raise AssertionError("the job does not end")


def test_the_credential_report_names_everyone_and_their_keys(another_garita):
    garita = another_garita()
    iam = garita.client("iam")
    with refused("ReportNotPresent", 410):
        iam.get_credential_report()
    assert garita.cli(["iam", "generate-credential-report"])["State"] == "STARTED"
    assert iam.generate_credential_report()["State"] == "COMPLETE"
    report = iam.get_credential_report()
    assert report["ReportFormat"] == "text/csv"
    lines = {line["user"]: line for line in csv.DictReader(io.StringIO(report["Content"].decode()))}
    users = {user["UserName"] for user in iam.list_users()["Users"]}
    assert set(lines) == users | {"<root_account>"}
    ana = lines["ana"]
    assert len(ana) == 22 and ana["arn"] == f"arn:aws:iam::{garita.accounts['ml-platform']}:user/ana"
    assert (ana["password_enabled"], ana["mfa_active"], ana["access_key_1_active"]) == ("false", "false", "true")
    assert ana["access_key_2_last_rotated"] == "N/A"
    assert lines["<root_account>"]["access_key_1_last_used_service"] in ("iam", "sts")


def test_who_may_use_a_service_and_who_did(garita, own):
    name, held = own.user(policy("iam:Get*"))
    arn = own.arn("user", name)
    own.iam.attach_user_policy(UserName=name, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    granting = own.iam.list_policies_granting_service_access(Arn=arn, ServiceNamespaces=["iam", "s3"])
    found = {
        one["ServiceNamespace"]: {(policy["PolicyName"], policy["PolicyType"]) for policy in one["Policies"]}
        for one in granting["PoliciesGrantingServiceAccess"]
    }
    assert ("p0", "INLINE") in found["iam"] and ("p0", "INLINE") not in found["s3"]
    assert ("ReadOnlyAccess", "MANAGED") in found["iam"]
    with refused("AccessDenied", 403):
        garita.client("iam", held).delete_user(UserName=unique("nobody"))
    id = own.iam.generate_service_last_accessed_details(Arn=arn)["JobId"]
    services = finished(own.iam.get_service_last_accessed_details, JobId=id)["ServicesLastAccessed"]
    used = next(one for one in services if one["ServiceNamespace"] == "iam")
    assert used["LastAuthenticatedEntity"] == arn and used["LastAuthenticatedRegion"] == garita.region
    assert next(one for one in services if one["ServiceNamespace"] == "sts")["TotalAuthenticatedEntities"] == 0
    who = own.iam.get_service_last_accessed_details_with_entities(JobId=id, ServiceNamespace="iam")
    assert [one["EntityInfo"]["Name"] for one in who["EntityDetailsList"]] == [name]
    own.iam.detach_user_policy(UserName=name, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")


def test_the_password_policy_lets_users_change_their_own_password(garita, own):
    name, held = own.user()
    own.iam.create_login_profile(UserName=name, Password="Tell-nobody-1")
    mine = garita.client("iam", held)
    try:
        own.iam.update_account_password_policy(AllowUsersToChangePassword=False)
        with refused("AccessDenied", 403):
            mine.change_password(OldPassword="Tell-nobody-1", NewPassword="Tell-nobody-2")
        own.iam.update_account_password_policy(AllowUsersToChangePassword=True)
        mine.change_password(OldPassword="Tell-nobody-1", NewPassword="Tell-nobody-2")
        assert mine.get_account_password_policy()["PasswordPolicy"]["AllowUsersToChangePassword"]
    finally:
        own.iam.delete_account_password_policy()
        own.iam.delete_login_profile(UserName=name)
