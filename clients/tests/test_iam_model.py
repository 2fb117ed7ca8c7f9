"""Every reply of every supported operation, held against the shapes of botocore's own service models.

What is supported is found by asking: an operation that is not here says so by name. Each supported one is called in
`calls`, and a new one that is not called there fails the test.
"""

import contextlib
import re
import xml.etree.ElementTree as ElementTree

import boto3
import botocore.config
import botocore.exceptions
import pytest
from identities import one_time_code, policy, trust, unique
from platform_under_test import Credentials

# What AWS sends, and so does Garita, where the model lists other words.
NOT_AS_MODELLED = {
    "PermissionsBoundaryAttachmentType": {"Policy"},
    "PolicySourceType": {"IAM Policy", "Resource Policy", "Permissions Boundary Policy", "Service Control Policy"},
}
# Members of the models' inputs that Garita refuses by name.
REFUSED_MEMBERS = {
    ("CreateSAMLProvider", "AddPrivateKey"),
    ("CreateSAMLProvider", "AssertionEncryptionMode"),
    ("UpdateSAMLProvider", "AddPrivateKey"),
    ("UpdateSAMLProvider", "AssertionEncryptionMode"),
    ("UpdateSAMLProvider", "RemovePrivateKey"),
    ("AssumeRole", "ProvidedContexts"),
    ("AssumeRole", "MinimumSessionTokenSize"),
    ("GetFederationToken", "MinimumSessionTokenSize"),
    ("GetSessionToken", "MinimumSessionTokenSize"),
}
TAGS = [{"Key": "team", "Value": "a"}]
DOCUMENT = policy("iam:ListUsers")
PASSWORD = "Tell-nobody-1"
SSH_KEY = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAACQC7u7u7u7u7uw=="
METADATA = f'<EntityDescriptor entityID="x"><!--{"x" * 1000}--></EntityDescriptor>'


def calls(account, recorder):
    """Every supported operation, in an order in which each has a full reply."""
    user, group, role, name = unique("user"), unique("group"), unique("role"), unique("policy")
    arn, spare = (f"arn:aws:iam::{account}:policy/{one}" for one in (name, f"{name}-2"))
    trusted = trust(account, ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"))
    yield from [
        ("CreatePolicy", {"PolicyName": name, "PolicyDocument": DOCUMENT, "Description": "d", "Tags": TAGS}),
        ("CreatePolicy", {"PolicyName": f"{name}-2", "PolicyDocument": DOCUMENT, "Path": "/"}),
        ("CreateUser", {"UserName": user, "Path": "/m/", "PermissionsBoundary": arn, "Tags": TAGS}),
        ("CreateGroup", {"GroupName": group, "Path": "/m/"}),
        (
            "CreateRole",
            {
                "RoleName": role, "Path": "/", "AssumeRolePolicyDocument": trusted, "Description": "d",
                "MaxSessionDuration": 3600, "PermissionsBoundary": arn, "Tags": TAGS,
            },
        ),
    ]  # fmt: skip
    yield from [
        ("AddUserToGroup", {"GroupName": group, "UserName": user}),
        ("GetGroup", {"GroupName": group, "MaxItems": 1}),
        ("ListGroupsForUser", {"UserName": user, "MaxItems": 1}),
        ("ListUsers", {"PathPrefix": "/m/", "MaxItems": 1}),
        ("ListGroups", {"PathPrefix": "/m/", "MaxItems": 1}),
        ("ListRoles", {"PathPrefix": "/", "MaxItems": 1}),
        ("ListPolicies", {"Scope": "Local", "OnlyAttached": False, "PathPrefix": "/", "MaxItems": 1}),
        ("ListPolicies", {"PolicyUsageFilter": "PermissionsBoundary"}),
        ("UpdateUser", {"UserName": user, "NewPath": "/"}),
        ("UpdateGroup", {"GroupName": group, "NewPath": "/"}),
        ("UpdateRole", {"RoleName": role, "Description": "e", "MaxSessionDuration": 7200}),
        ("UpdateRoleDescription", {"RoleName": role, "Description": "f"}),
        ("UpdateAssumeRolePolicy", {"RoleName": role, "PolicyDocument": trusted}),
        ("CreateAccountAlias", {"AccountAlias": "model-test"}),
        ("ListAccountAliases", {"MaxItems": 1}),
        ("DeleteAccountAlias", {"AccountAlias": "model-test"}),
        ("GetAccountSummary", {}),
        ("GetAccountAuthorizationDetails", {"MaxItems": 1000}),
        ("GetAccountAuthorizationDetails", {"Filter": ["User", "LocalManagedPolicy"], "MaxItems": 1}),
        ("ListAccessKeys", {}),
        ("GetAccessKeyLastUsed", {"AccessKeyId": recorder.key}),
        ("CreatePolicyVersion", {"PolicyArn": arn, "PolicyDocument": DOCUMENT, "SetAsDefault": True}),
        ("GetPolicy", {"PolicyArn": arn}),
        ("GetPolicyVersion", {"PolicyArn": arn, "VersionId": "v2"}),
        ("ListPolicyVersions", {"PolicyArn": arn, "MaxItems": 1}),
        ("SetDefaultPolicyVersion", {"PolicyArn": arn, "VersionId": "v1"}),
        ("DeletePolicyVersion", {"PolicyArn": arn, "VersionId": "v2"}),
    ]
    holders = [("User", user), ("Group", group), ("Role", role)]
    for kind, of in holders:
        entity = {f"{kind}Name": of}
        yield from [
            (f"Put{kind}Policy", {**entity, "PolicyName": "p", "PolicyDocument": DOCUMENT}),
            (f"Get{kind}Policy", {**entity, "PolicyName": "p"}),
            (f"List{kind}Policies", {**entity, "MaxItems": 1}),
            (f"Attach{kind}Policy", {**entity, "PolicyArn": spare}),
            (f"ListAttached{kind}Policies", {**entity, "PathPrefix": "/", "MaxItems": 1}),
        ]
    everyone = {"PolicyArn": spare, "PathPrefix": "/", "PolicyUsageFilter": "PermissionsPolicy"}
    yield ("ListEntitiesForPolicy", everyone)
    yield ("ListEntitiesForPolicy", {"PolicyArn": spare, "EntityFilter": "Role", "MaxItems": 1})
    for kind, entity in [("User", {"UserName": user}), ("Role", {"RoleName": role}), ("Policy", {"PolicyArn": arn})]:
        yield from [
            (f"Tag{kind}", {**entity, "Tags": TAGS}),
            (f"List{kind}Tags", {**entity, "MaxItems": 1}),
            (f"Untag{kind}", {**entity, "TagKeys": ["team"]}),
        ]
    policy_of_passwords = {"MinimumPasswordLength": 8, "RequireSymbols": True, "MaxPasswordAge": 90, "HardExpiry": False}
    profile = {"InstanceProfileName": role}
    yield from [
        ("UpdateAccountPasswordPolicy", {**policy_of_passwords, "PasswordReusePrevention": 3}),
        ("GetAccountPasswordPolicy", {}),
        ("DeleteAccountPasswordPolicy", {}),
        ("CreateLoginProfile", {"UserName": user, "Password": PASSWORD, "PasswordResetRequired": True}),
        ("GetLoginProfile", {"UserName": user}),
        ("UpdateLoginProfile", {"UserName": user, "PasswordResetRequired": False}),
        ("DeleteLoginProfile", {"UserName": user}),
        ("CreateLoginProfile", {"UserName": recorder.name, "Password": PASSWORD}),
        ("ChangePassword", {"OldPassword": PASSWORD, "NewPassword": f"{PASSWORD}+"}),
        ("DeleteLoginProfile", {}),
        ("CreateInstanceProfile", {**profile, "Path": "/m/", "Tags": TAGS}),
        ("AddRoleToInstanceProfile", {**profile, "RoleName": role}),
        ("GetInstanceProfile", profile),
        ("ListInstanceProfiles", {"PathPrefix": "/m/", "MaxItems": 1}),
        ("ListInstanceProfilesForRole", {"RoleName": role, "MaxItems": 1}),
        ("TagInstanceProfile", {**profile, "Tags": TAGS}),
        ("ListInstanceProfileTags", {**profile, "MaxItems": 1}),
        ("UntagInstanceProfile", {**profile, "TagKeys": ["team"]}),
        ("GetAccountAuthorizationDetails", {"Filter": ["Role"], "MaxItems": 1000}),
        ("RemoveRoleFromInstanceProfile", {**profile, "RoleName": role}),
        ("DeleteInstanceProfile", profile),
    ]
    yield ("CreateVirtualMFADevice", {"VirtualMFADeviceName": user, "Path": "/m/", "Tags": TAGS})
    device = {"SerialNumber": recorder.answer["VirtualMFADevice"]["SerialNumber"]}
    seed = recorder.answer["VirtualMFADevice"]["Base32StringSeed"]
    of_user = {"UserName": user, **device}
    shown = [one_time_code(seed, steps) for steps in (-1, 0, 1, 2)]
    yield from [
        ("ListVirtualMFADevices", {"AssignmentStatus": "Unassigned", "MaxItems": 1}),
        ("EnableMFADevice", {**of_user, "AuthenticationCode1": shown[0], "AuthenticationCode2": shown[1]}),
        ("ListVirtualMFADevices", {"AssignmentStatus": "Assigned"}),
        ("ListMFADevices", {"UserName": user, "MaxItems": 1}),
        ("GetMFADevice", of_user),
        ("ResyncMFADevice", {**of_user, "AuthenticationCode1": shown[2], "AuthenticationCode2": shown[3]}),
        ("TagMFADevice", {**device, "Tags": TAGS}),
        ("ListMFADeviceTags", {**device, "MaxItems": 1}),
        ("UntagMFADevice", {**device, "TagKeys": ["team"]}),
        ("DeactivateMFADevice", of_user),
        ("DeleteVirtualMFADevice", device),
    ]
    yield ("UploadSSHPublicKey", {"UserName": user, "SSHPublicKeyBody": SSH_KEY})
    key = {"UserName": user, "SSHPublicKeyId": recorder.answer["SSHPublicKey"]["SSHPublicKeyId"]}
    yield from [
        ("GetSSHPublicKey", {**key, "Encoding": "PEM"}),
        ("ListSSHPublicKeys", {"UserName": user, "MaxItems": 1}),
        ("UpdateSSHPublicKey", {**key, "Status": "Inactive"}),
        ("DeleteSSHPublicKey", key),
    ]
    oidc = {"OpenIDConnectProviderArn": f"arn:aws:iam::{account}:oidc-provider/idp.example/{user}"}
    yield from [
        ("CreateOpenIDConnectProvider", {
            "Url": f"https://idp.example/{user}", "ClientIDList": ["a"], "ThumbprintList": ["0" * 40], "Tags": TAGS,
        }),
        ("GetOpenIDConnectProvider", oidc),
        ("ListOpenIDConnectProviders", {}),
        ("UpdateOpenIDConnectProviderThumbprint", {**oidc, "ThumbprintList": ["1" * 40]}),
        ("AddClientIDToOpenIDConnectProvider", {**oidc, "ClientID": "b"}),
        ("RemoveClientIDFromOpenIDConnectProvider", {**oidc, "ClientID": "b"}),
    ]  # fmt: skip
    saml = {"SAMLProviderArn": f"arn:aws:iam::{account}:saml-provider/{user}"}
    yield from [
        ("CreateSAMLProvider", {"Name": user, "SAMLMetadataDocument": METADATA, "Tags": TAGS}),
        ("GetSAMLProvider", saml),
        ("ListSAMLProviders", {}),
        ("UpdateSAMLProvider", {**saml, "SAMLMetadataDocument": METADATA}),
    ]
    for kind, provider in [("OpenIDConnectProvider", oidc), ("SAMLProvider", saml)]:
        yield from [
            (f"Tag{kind}", {**provider, "Tags": TAGS}),
            (f"List{kind}Tags", {**provider, "MaxItems": 1}),
            (f"Untag{kind}", {**provider, "TagKeys": ["team"]}),
            (f"Delete{kind}", provider),
        ]
    yield from [
        ("GenerateCredentialReport", {}),
        ("GetCredentialReport", {}),
        (
            "ListPoliciesGrantingServiceAccess",
            {"Arn": f"arn:aws:iam::{account}:user/{user}", "ServiceNamespaces": ["iam"]},
        ),
        ("GenerateServiceLastAccessedDetails", {"Arn": f"arn:aws:iam::{account}:user/{recorder.name}"}),
    ]
    job = {"JobId": recorder.answer["JobId"], "MaxItems": 1}
    yield ("GetServiceLastAccessedDetails", job)
    yield ("GetServiceLastAccessedDetailsWithEntities", {**job, "ServiceNamespace": "iam"})
    yield from simulations(account, user)
    for kind in ("User", "Role"):
        entity = {f"{kind}Name": user if kind == "User" else role}
        yield (f"Put{kind}PermissionsBoundary", {**entity, "PermissionsBoundary": arn})
        yield (f"Get{kind}", entity)
        yield (f"Delete{kind}PermissionsBoundary", entity)
    yield from [
        ("GetCallerIdentity", {}),
        ("GetSessionToken", {"DurationSeconds": 900}),
        ("GetAccessKeyInfo", {"AccessKeyId": recorder.key}),
        ("DecodeAuthorizationMessage", {"EncodedMessage": recorder.refused()}),
        ("GetFederationToken", {
            "Name": "model", "Policy": DOCUMENT, "PolicyArns": [{"arn": arn}], "Tags": TAGS, "DurationSeconds": 900,
        }),
        (
            "AssumeRole",
            {
                "RoleArn": f"arn:aws:iam::{account}:role/{role}", "RoleSessionName": "model", "Policy": DOCUMENT,
                "PolicyArns": [{"arn": arn}], "Tags": TAGS, "TransitiveTagKeys": ["team"], "SourceIdentity": "ana",
                "ExternalId": "xx", "DurationSeconds": 900,
            },
        ),
    ]  # fmt: skip
    audience = {"Audience": ["https://models.example"], "SigningAlgorithm": "ES384"}
    yield from [
        ("EnableOutboundWebIdentityFederation", {}),
        ("GetOutboundWebIdentityFederationInfo", {}),
        ("GetWebIdentityToken", {**audience, "DurationSeconds": 60, "Tags": TAGS}),
        ("DisableOutboundWebIdentityFederation", {}),
    ]
    yield ("CreateServiceLinkedRole", {"AWSServiceName": "cloudtrail.amazonaws.com", "Description": "d"})
    yield ("DeleteServiceLinkedRole", {"RoleName": recorder.answer["Role"]["RoleName"]})
    yield ("GetServiceLinkedRoleDeletionStatus", {"DeletionTaskId": recorder.answer["DeletionTaskId"]})
    for kind, of in holders:
        yield (f"Delete{kind}Policy", {f"{kind}Name": of, "PolicyName": "p"})
        yield (f"Detach{kind}Policy", {f"{kind}Name": of, "PolicyArn": spare})
    yield ("RemoveUserFromGroup", {"GroupName": group, "UserName": user})
    yield ("CreateAccessKey", {"UserName": user})
    key = {"UserName": user, "AccessKeyId": recorder.answer["AccessKey"]["AccessKeyId"]}
    yield ("UpdateAccessKey", {**key, "Status": "Inactive"})
    yield ("DeleteAccessKey", key)
    for kind, of in holders:
        yield (f"Delete{kind}", {f"{kind}Name": of})
    for one in (arn, spare):
        yield ("DeletePolicy", {"PolicyArn": one})


def simulations(account, user):
    """The policy simulator with everything it takes."""
    arn, bucket = f"arn:aws:iam::{account}:user/{user}", "arn:aws:s3:::b"
    entry = {"ContextKeyName": "aws:SourceIp", "ContextKeyType": "ip", "ContextKeyValues": ["::1"]}
    inline = {"PolicyName": "p", "AttachmentType": "user", "AttachmentName": "*"}
    asked = {
        "PolicyInputList": [DOCUMENT, policy("*", Condition={"Null": {"aws:TagKeys": "true", "aws:userid": "true"}})],
        "PermissionsBoundaryPolicyInputList": [policy("*", effect="Deny")],
        "ActionNames": ["iam:ListUsers", "s3:GetObject"],
        "ResourceArns": [bucket],
        "ResourcePolicy": policy("s3:*", Principal="*"),
        "ResourceOwner": "444455556666",
        "CallerArn": arn,
        "ContextEntries": [entry],
        "MaxItems": 1,
    }
    resources = {"instance", "image", "security-group", "network-interface"}
    launch = {"ResourceArns": [f"arn:aws:ec2:eu-west-1:{account}:{kind}/x" for kind in sorted(resources)]}
    excluded = [{"PolicyType": "inline"}, {"PolicyArn": "arn:aws:iam::aws:policy/*"}, {"InlinePolicyIdentifier": inline}]
    levels = [{"ServiceControlPolicyInputList": [policy("*")]}]
    denied = [{"ServiceControlPolicyInputList": [policy("*", effect="Deny")]}]
    custom = {"PolicyInputList": [policy("*")], "ActionNames": ["ec2:RunInstances"]}
    yield from [
        ("SimulatePrincipalPolicy", {"PolicySourceArn": arn, "PolicyExclusionList": excluded, **asked}),
        ("SimulatePrincipalPolicy", {"PolicySourceArn": arn, "ActionNames": ["iam:ListUsers"]}),
        ("SimulateCustomPolicy", {"OrderedOrganizationPolicyInputList": levels, **asked}),
        ("SimulateCustomPolicy", {**custom, **launch, "ResourceHandlingOption": "EC2-VPC-InstanceStore"}),
        ("SimulateCustomPolicy", {**custom, "OrderedOrganizationPolicyInputList": denied}),
        ("GetContextKeysForPrincipalPolicy", {"PolicySourceArn": arn, "PolicyInputList": asked["PolicyInputList"]}),
        ("GetContextKeysForCustomPolicy", {"PolicyInputList": asked["PolicyInputList"]}),
    ]


class Recorder:
    """Clients of IAM and STS that keep the XML of every reply with its model."""

    def __init__(self, garita, credentials, name=None):
        self.garita, self.name = garita, name
        config = botocore.config.Config(parameter_validation=False, retries={"total_max_attempts": 1})
        session = boto3.Session(region_name=garita.region, **credentials.boto())
        self.clients = [session.client(name, endpoint_url=garita.endpoint, config=config) for name in ("iam", "sts")]
        self.kept, self.key, self.answer = [], credentials.key, None
        for client in self.clients:
            client.meta.events.register("after-call", self.keep)

    def keep(self, http_response, model, **_):
        self.kept.append((model, http_response.status_code, http_response.content))

    def call(self, operation, parameters):
        for client in self.clients:
            if operation in client.meta.service_model.operation_names:
                return client._make_api_call(operation, parameters)
        raise AssertionError(operation)

    def refused(self):
        """The encoded message of a refusal to another user."""
        with pytest.raises(botocore.exceptions.ClientError) as caught:
            self.garita.client("iam", self.garita.user("bruno")).list_users()
        return caught.value.response["Error"]["Message"].rsplit(" ", 1)[1]

    def supported(self):
        """Operations that are not refused by name, asked without parameters."""
        for client in self.clients:
            version = client.meta.service_model.api_version
            for operation in client.meta.service_model.operation_names:
                model = client.meta.service_model.operation_model(operation)
                if model.auth_type == "none" or operation in DANGEROUS_WITHOUT_PARAMETERS:
                    continue
                try:
                    client._make_api_call(operation, {})
                except botocore.exceptions.ClientError as error:
                    said = error.response["Error"]
                    if said["Code"] == "InvalidAction":
                        assert said["Message"] == f"Could not find operation {operation} for version {version}"
                        continue
                yield operation


# Made without parameters it would add a key to whoever asks.
DANGEROUS_WITHOUT_PARAMETERS = {"CreateAccessKey"}


@pytest.fixture(scope="module", autouse=True)
def account_as_it_was(garita):
    """Operations that are asked without parameters may do something: what they set for the account is taken back."""
    yield
    iam = garita.client("iam")
    with contextlib.suppress(iam.exceptions.NoSuchEntityException):
        iam.delete_account_password_policy()
    with contextlib.suppress(iam.exceptions.FeatureDisabledException):
        iam.disable_outbound_web_identity_federation()


@pytest.fixture(scope="module")
def recorder(garita):
    """Has called everything once, as a user who may do everything."""
    iam = garita.client("iam")
    name = unique("model")
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=policy("*"))
    made = iam.create_access_key(UserName=name)["AccessKey"]
    recorder = Recorder(garita, Credentials(made["AccessKeyId"], made["SecretAccessKey"]), name)
    for operation, parameters in calls(garita.accounts["ml-platform"], recorder):
        recorder.answer = recorder.call(operation, parameters)
    yield recorder
    iam.delete_access_key(UserName=name, AccessKeyId=made["AccessKeyId"])
    iam.delete_user_policy(UserName=name, PolicyName="all")
    iam.delete_user(UserName=name)


def problems(shape, element, path):
    """What of an element is not as its shape has it."""
    if shape.type_name == "structure":
        known = {member.serialization.get("name", name): member for name, member in shape.members.items()}
        given = [local(child) for child in element]
        yield from (f"{path} has no {name}" for name in shape.required_members if name not in given)
        yield from (f"{path}.{name} stands twice" for name in set(given) if given.count(name) > 1)
        for child in element:
            if local(child) in known:
                yield from problems(known[local(child)], child, f"{path}.{local(child)}")
            else:
                yield f"{path}.{local(child)} is in no model"
    elif shape.type_name == "list":
        for child in element:
            yield from problems(shape.member, child, f"{path}[]") if local(child) == "member" else [f"{path}: {child}"]
    elif not fits(shape, element.text or ""):
        yield f"{path} is {element.text!r}, which is no {shape.name}"


def fits(shape, text):
    pattern = {"timestamp": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "boolean": "true|false", "integer": r"-?\d+"}
    if shape.name in NOT_AS_MODELLED:
        return text in NOT_AS_MODELLED[shape.name]
    if enum := getattr(shape, "enum", None):
        return text in enum
    return re.fullmatch(pattern.get(shape.type_name, "(?s).*"), text) is not None


def local(element):
    return element.tag.rpartition("}")[2]


def test_replies_have_the_shapes_of_the_models(recorder):
    found = []
    for model, status, content in recorder.kept:
        root = ElementTree.fromstring(content)
        assert status == 200, content
        assert local(root) == f"{model.name}Response"
        assert root.tag.startswith("{" + model.metadata["xmlNamespace"] + "}")
        if model.output_shape is None:
            assert [local(child) for child in root] == ["ResponseMetadata"], model.name
        else:
            result = root.find("{*}" + model.output_shape.serialization["resultWrapper"])
            assert result is not None, f"{model.name} has no result"
            found += problems(model.output_shape, result, model.name)
    assert not found


def test_every_supported_operation_is_called(garita, recorder):
    asked = Recorder(garita, garita.root())
    supported = set(asked.supported()) | DANGEROUS_WITHOUT_PARAMETERS
    called = {model.name for model, *_ in recorder.kept}
    assert called == supported
    assert len(supported) > 70


@pytest.mark.parametrize(("operation", "member"), sorted(REFUSED_MEMBERS))
def test_members_that_garita_does_not_know_are_refused(garita, operation, member):
    asked = Recorder(garita, garita.root())
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        asked.call(operation, {member: 1} if member != "ProvidedContexts" else {member: [{"ProviderArn": "x"}]})
    assert f"is not supported by `{operation}` here" in str(caught.value)


def test_every_other_member_of_the_models_is_known(garita):
    """Sent alone, a member that is known is not what is complained about."""
    asked = Recorder(garita, garita.root())
    refused = set()
    for operation in sorted(set(asked.supported())):
        for client in asked.clients:
            if operation not in client.meta.service_model.operation_names:
                continue
            shape = client.meta.service_model.operation_model(operation).input_shape
            for member, kind in (shape.members if shape else {}).items():
                value = {"list": [], "structure": {}, "integer": -1, "boolean": False}.get(kind.type_name, "")
                try:
                    asked.call(operation, {member: value})
                except botocore.exceptions.ClientError as error:
                    if "is not supported by" in error.response["Error"]["Message"]:
                        refused.add((operation, member))
    assert refused <= REFUSED_MEMBERS
