"""Every reply of every supported operation of user pools, held against the shapes of botocore's own service model.

What is supported is found by asking: an operation that is not here says so by name. Each supported one is called in
`calls`, and a new one that is not called there fails the test.
"""

import json

import boto3
import botocore
import botocore.config
import botocore.exceptions
import pytest
from identities import one_time_code, unique
from passkeys import SoftwarePasskey

PASSKEY_MFA = "MULTI_FACTOR_WITH_USER_VERIFICATION"
PASSWORD, OTHER, TEMPORARY = "Tell-nobody-1", "Tell-nobody-2", "Temporary-1!"
EMAIL = [{"Name": "email", "Value": "ana@example.com"}, {"Name": "email_verified", "Value": "true"}]
FLOWS = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
# Called, and refused for want of a mail server, which the tests of the workspace itself have.
NEED_MAIL = {
    "AdminResetUserPassword": "CodeDeliveryFailureException",
    "GetUserAttributeVerificationCode": "CodeDeliveryFailureException",
    "VerifyUserAttribute": "CodeMismatchException",
    "ConfirmSignUp": "CodeMismatchException",
    "ConfirmForgotPassword": "CodeMismatchException",
}
# Members of the model's inputs that are refused by name, by operation or for all.
REFUSED = {
    "*": {
        "SmsVerificationMessage", "SmsAuthenticationMessage", "SmsConfiguration", "DeviceConfiguration", "DcrConfiguration",
        "KeyConfiguration", "IssuerConfiguration", "AcrConfiguration", "AnalyticsConfiguration", "SMSMfaSettings",
        "EmailMfaSettings", "SmsMfaConfiguration", "EmailMfaConfiguration", "AcrMapping",
    },
    "InitiateAuth": {"Session"},
    "AdminInitiateAuth": {"Session"},
    "SignUp": {"Session"},
    "ConfirmSignUp": {"Session"},
    "CreateUserPoolClient": {"ClientSecret"},
    "ListUserPoolClients": {"ClientType"},
    "RevokeToken": {"RevokeAssociatedSessions"},
}  # fmt: skip


def person(provider, value):
    return {
        "ProviderName": provider, "ProviderAttributeName": "Cognito_Subject", "ProviderAttributeValue": value,
    }  # fmt: skip


def calls(recorder):
    """Every supported operation, in an order in which each has a full reply."""
    settings = {
        "Policies": {"PasswordPolicy": {"MinimumLength": 8, "PasswordHistorySize": 2}},
        "DeletionProtection": "INACTIVE", "AutoVerifiedAttributes": ["email"], "MfaConfiguration": "OFF",
        "VerificationMessageTemplate": {"EmailMessage": "{####}", "EmailSubject": "s"},
        "EmailConfiguration": {"EmailSendingAccount": "COGNITO_DEFAULT"}, "UserPoolTags": {"team": "a"},
        "AdminCreateUserConfig": {"InviteMessageTemplate": {"EmailMessage": "{username} {####}", "EmailSubject": "s"}},
        "UserPoolAddOns": {"AdvancedSecurityMode": "OFF"}, "UserPoolTier": "ESSENTIALS",
        "AccountRecoverySetting": {"RecoveryMechanisms": [{"Priority": 1, "Name": "verified_email"}]},
    }  # fmt: skip
    schema = [
        {"Name": "team", "AttributeDataType": "String", "StringAttributeConstraints": {"MaxLength": "9"}},
        {"Name": "level", "AttributeDataType": "Number", "NumberAttributeConstraints": {"MinValue": "1"}},
    ]
    first = {"Schema": schema, "AliasAttributes": ["email"], "UsernameConfiguration": {"CaseSensitive": True}}
    yield ("CreateUserPool", {"PoolName": unique("model"), **settings, **first})
    arn = recorder.answer["UserPool"]["Arn"]
    pool = {"UserPoolId": recorder.answer["UserPool"]["Id"]}
    client_settings = {
        "ClientName": "web", "ExplicitAuthFlows": FLOWS, "TokenValidityUnits": {"RefreshToken": "days"},
        "RefreshTokenValidity": 3, "CallbackURLs": ["https://a.example"], "LogoutURLs": ["https://a.example"],
        "DefaultRedirectURI": "https://a.example", "AllowedOAuthFlows": ["code"], "AllowedOAuthScopes": ["openid"],
        "AllowedOAuthFlowsUserPoolClient": True, "SupportedIdentityProviders": ["COGNITO"], "ReadAttributes": ["email"],
        "WriteAttributes": ["email", "name"],
    }  # fmt: skip
    yield from [
        ("DescribeUserPool", pool),
        ("ListUserPools", {"MaxResults": 1}),
        ("AddCustomAttributes", {**pool, "CustomAttributes": [{"Name": "more", "AttributeDataType": "DateTime"}]}),
        ("UpdateUserPool", {**pool, **settings, "PoolName": "renamed"}),
        ("TagResource", {"ResourceArn": arn, "Tags": {"a": "b"}}),
        ("ListTagsForResource", {"ResourceArn": arn}),
        ("UntagResource", {"ResourceArn": arn, "TagKeys": ["a"]}),
        ("CreateUserPoolClient", {**pool, **client_settings, "GenerateSecret": True}),
    ]
    server = {**pool, "Identifier": "https://models.example"}
    scopes = [{"ScopeName": "read", "ScopeDescription": "looks at models"}]
    secret = {**pool, "ClientId": recorder.answer["UserPoolClient"]["ClientId"]}
    yield from [
        ("DescribeUserPoolClient", secret),
        ("CreateResourceServer", {**server, "Name": "models", "Scopes": scopes}),
        ("DescribeResourceServer", server),
        ("UpdateResourceServer", {**server, "Name": "models", "Scopes": scopes}),
        ("ListResourceServers", {**pool, "MaxResults": 1}),
        ("DeleteResourceServer", server),
        ("UpdateUserPoolClient", {**secret, **client_settings, "RefreshTokenRotation": {"Feature": "DISABLED"}}),
        ("ListUserPoolClients", {**pool, "MaxResults": 1}),
        ("DeleteUserPoolClient", secret),
        ("CreateUserPoolClient", {**pool, "ClientName": "web", "ExplicitAuthFlows": FLOWS}),
    ]
    client = {"ClientId": recorder.answer["UserPoolClient"]["ClientId"]}
    provider = {
        "ProviderName": "Corp", "ProviderType": "OIDC", "AttributeMapping": {"email": "email"},
        "IdpIdentifiers": ["corp.example"],
        "ProviderDetails": {
            "client_id": "a", "client_secret": "b", "oidc_issuer": "https://idp.example", "authorize_scopes": "openid",
            "attributes_request_method": "GET",
        },
    }  # fmt: skip
    user, group = {**pool, "Username": "ana"}, {**pool, "GroupName": "readers"}
    yield from [
        ("CreateGroup", {**group, "Description": "d", "Precedence": 1, "RoleArn": "arn:aws:iam::111122223333:role/r"}),
        ("GetGroup", group),
        ("UpdateGroup", {**group, "Precedence": 2}),
        ("ListGroups", {**pool, "Limit": 1}),
        ("AdminCreateUser", {**user, "UserAttributes": EMAIL, "MessageAction": "SUPPRESS"}),
        ("AdminSetUserPassword", {**user, "Password": PASSWORD, "Permanent": True}),
        ("AdminAddUserToGroup", {**user, **group}),
        ("AdminListGroupsForUser", {**user, "Limit": 1}),
        ("ListUsersInGroup", {**group, "Limit": 1}),
        ("ListUsers", {**pool, "Limit": 1, "Filter": 'username = "ana"', "AttributesToGet": ["email"]}),
        ("AdminUpdateUserAttributes", {**user, "UserAttributes": [{"Name": "custom:team", "Value": "x"}]}),
        ("AdminDeleteUserAttributes", {**user, "UserAttributeNames": ["custom:team"]}),
        ("AdminGetUser", user),
        ("AdminDisableUser", user),
        ("AdminEnableUser", user),
        ("SignUp", {**client, "Username": "bo", "Password": PASSWORD}),
        ("ConfirmSignUp", {**client, "Username": "bo", "ConfirmationCode": "123456"}),
        ("ResendConfirmationCode", {**client, "Username": "bo"}),
        ("AdminConfirmSignUp", {**pool, "Username": "bo"}),
        ("AdminDeleteUser", {**pool, "Username": "bo"}),
        ("ForgotPassword", {**client, "Username": "ana"}),
        ("ConfirmForgotPassword", {**client, "Username": "ana", "ConfirmationCode": "000000", "Password": OTHER}),
        ("CreateIdentityProvider", {**pool, **provider}),
        ("DescribeIdentityProvider", {**pool, "ProviderName": "Corp"}),
        ("GetIdentityProviderByIdentifier", {**pool, "IdpIdentifier": "corp.example"}),
        ("ListIdentityProviders", {**pool, "MaxResults": 1}),
        ("AdminLinkProviderForUser", {**pool, "DestinationUser": person("Cognito", "ana"), "SourceUser": person("Corp", "a-1")}),
        ("AdminGetUser", user),
        ("AdminDisableProviderForUser", {**pool, "User": person("Corp", "a-1")}),
        ("UpdateIdentityProvider", {**pool, "ProviderName": "Corp", "IdpIdentifiers": ["other.example"]}),
        ("DeleteIdentityProvider", {**pool, "ProviderName": "Corp"}),
        ("GetUserPoolMfaConfig", pool),
        ("SetUserPoolMfaConfig", {
            **pool, "MfaConfiguration": "OPTIONAL", "SoftwareTokenMfaConfiguration": {"Enabled": True},
            "WebAuthnConfiguration": {"RelyingPartyId": "example.com", "UserVerification": "preferred", "FactorConfiguration": PASSKEY_MFA},
        }),
    ]  # fmt: skip
    parameters = {"USERNAME": "ana", "PASSWORD": PASSWORD}
    yield ("AdminInitiateAuth", {**pool, **client, "AuthFlow": "ADMIN_USER_PASSWORD_AUTH", "AuthParameters": parameters})
    sign_in = {**client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": parameters}
    yield ("InitiateAuth", sign_in)
    tokens = recorder.answer["AuthenticationResult"]
    own = {"AccessToken": tokens["AccessToken"]}
    yield from [
        ("GetTokensFromRefreshToken", {**client, "RefreshToken": tokens["RefreshToken"]}),
        ("GetUser", own),
        ("UpdateUserAttributes", {**own, "UserAttributes": [{"Name": "name", "Value": "Ana"}]}),
        ("DeleteUserAttributes", {**own, "UserAttributeNames": ["name"]}),
        ("GetUserAttributeVerificationCode", {**own, "AttributeName": "email"}),
        ("VerifyUserAttribute", {**own, "AttributeName": "email", "Code": "000000"}),
        ("ChangePassword", {**own, "PreviousPassword": PASSWORD, "ProposedPassword": OTHER}),
        ("AssociateSoftwareToken", own),
    ]
    seed = recorder.answer["SecretCode"]
    yield ("StartWebAuthnRegistration", own)
    passkey = SoftwarePasskey(recorder.answer["CredentialCreationOptions"], "https://example.com")
    yield from [
        ("CompleteWebAuthnRegistration", {**own, "Credential": passkey.made()}),
        ("ListWebAuthnCredentials", {**own, "MaxResults": 1}),
        ("GetUserAuthFactors", own),
        ("VerifySoftwareToken", {**own, "UserCode": one_time_code(seed, 0), "FriendlyDeviceName": "phone"}),
        ("SetUserMFAPreference", {**own, "SoftwareTokenMfaSettings": {"Enabled": True, "PreferredMfa": True}}),
        ("SetUserMFAPreference", {**own, "WebAuthnMfaSettings": {"Enabled": True}}),
        ("GetUser", own),
        ("AdminGetUser", user),
        ("DeleteWebAuthnCredential", {**own, "CredentialId": passkey.id}),
    ]
    parameters["PASSWORD"] = OTHER
    yield ("InitiateAuth", sign_in)
    session = {"Session": recorder.answer["Session"], "ChallengeName": "SOFTWARE_TOKEN_MFA"}
    code = {"USERNAME": "ana", "SOFTWARE_TOKEN_MFA_CODE": one_time_code(seed, 1)}
    yield ("RespondToAuthChallenge", {**client, **session, "ChallengeResponses": code})
    refresh = recorder.answer["AuthenticationResult"]["RefreshToken"]
    yield from [
        ("RevokeToken", {**client, "Token": refresh}),
        ("AdminSetUserMFAPreference", {**user, "SoftwareTokenMfaSettings": {"Enabled": False}}),
        ("AdminSetUserPassword", {**user, "Password": TEMPORARY, "Permanent": False}),
    ]
    parameters["PASSWORD"] = TEMPORARY
    admin = {**pool, **client, "AuthFlow": "ADMIN_NO_SRP_AUTH", "AuthParameters": parameters}
    yield ("AdminInitiateAuth", admin)
    session = {"Session": recorder.answer["Session"], "ChallengeName": "NEW_PASSWORD_REQUIRED"}
    new = {"USERNAME": "ana", "NEW_PASSWORD": "Tell-nobody-3"}
    yield ("AdminRespondToAuthChallenge", {**pool, **client, **session, "ChallengeResponses": new})
    own = {"AccessToken": recorder.answer["AuthenticationResult"]["AccessToken"]}
    yield from [
        ("GlobalSignOut", own),
        ("AdminResetUserPassword", user),
        ("AdminSetUserPassword", {**user, "Password": "Tell-nobody-4", "Permanent": True}),
        ("AdminUserGlobalSignOut", user),
        ("AdminRemoveUserFromGroup", {**user, **group}),
        ("DeleteGroup", group),
    ]
    parameters["PASSWORD"] = "Tell-nobody-4"
    yield ("InitiateAuth", sign_in)
    yield ("DeleteUser", {"AccessToken": recorder.answer["AuthenticationResult"]["AccessToken"]})
    yield ("DeleteUserPool", pool)


class Recorder:
    """A client of user pools that keeps the JSON of every reply with its model."""

    def __init__(self, garita):
        config = botocore.config.Config(parameter_validation=False, retries={"total_max_attempts": 1})
        session = boto3.Session(region_name=garita.region, **garita.root().boto())
        self.client = session.client("cognito-idp", endpoint_url=garita.endpoint, config=config)
        self.kept, self.answer = [], None
        self.client.meta.events.register("after-call", self.keep)

    def keep(self, http_response, model, **_):
        self.kept.append((model, http_response.status_code, json.loads(http_response.content)))

    def call(self, operation, parameters):
        return self.client._make_api_call(operation, parameters)

    def refusal(self, operation, parameters):
        with pytest.raises(botocore.exceptions.ClientError) as caught:
            self.call(operation, parameters)
        return caught.value.response["Error"]


@pytest.fixture(scope="module")
def recorder(garita):
    """Has called everything once."""
    recorder = Recorder(garita)
    for operation, parameters in calls(recorder):
        if operation in NEED_MAIL:
            assert recorder.refusal(operation, parameters)["Code"] == NEED_MAIL[operation]
        else:
            recorder.answer = recorder.call(operation, parameters)
    return recorder


def supported(recorder):
    """Operations that are not refused by name, asked without parameters."""
    model = recorder.client.meta.service_model
    for operation in model.operation_names:
        said = recorder.refusal(operation, {})
        if said["Code"] == "UnknownOperationException":
            target = f"{model.metadata['targetPrefix']}.{operation}"
            assert said["Message"] == f"Could not find operation for target {target}"
        else:
            assert said["Code"] == "InvalidParameterException", (operation, said)
            yield operation


def problems(shape, value, path):
    """What of a value is not as its shape has it."""
    if getattr(shape, "is_document_type", False):
        return  # any JSON, as Web Authentication has it and not the model
    if shape.type_name == "structure":
        yield from (f"{path} has no {name}" for name in shape.required_members if name not in value)
        for name, member in value.items():
            if name in shape.members:
                yield from problems(shape.members[name], member, f"{path}.{name}")
            else:
                yield f"{path}.{name} is in no model"
    elif shape.type_name == "list":
        for item in value:
            yield from problems(shape.member, item, f"{path}[]")
    elif shape.type_name == "map":
        for item in value.values():
            yield from problems(shape.value, item, f"{path}{{}}")
    elif not fits(shape, value):
        yield f"{path} is {value!r}, which is no {shape.name}"


def fits(shape, value):
    types = {"string": str, "boolean": bool, "integer": int, "timestamp": (int, float)}
    enum = getattr(shape, "enum", None)
    return isinstance(value, types[shape.type_name]) and (not enum or value in enum)


def test_replies_have_the_shapes_of_the_model(recorder):
    found = []
    for model, status, body in recorder.kept:
        if status == 200:
            found += problems(model.output_shape, body, model.name) if model.output_shape else [body] if body else []
    assert not found


def test_every_supported_operation_is_called(garita, recorder):
    called = {model.name for model, *_ in recorder.kept}
    assert called == set(supported(Recorder(garita)))
    assert len(called) >= 60


def test_members_of_the_model_are_known_or_refused_by_name(garita, recorder):
    asked = Recorder(garita)
    strange = []
    for operation in sorted({model.name for model, *_ in recorder.kept}):
        shape = asked.client.meta.service_model.operation_model(operation).input_shape
        for name, member in shape.members.items():
            if (operation, name) == ("CreateUserPool", "PoolName"):
                continue  # a name is enough
            said = asked.refusal(operation, {name: {"structure": {}, "list": [], "map": {}}.get(member.type_name, "x")})
            refused = said["Message"] == f"the member `{name}` is not supported here; leave it out"
            if refused != (name in REFUSED["*"] | REFUSED.get(operation, set())):
                strange.append((operation, name, said["Message"]))
    assert not strange


@pytest.mark.parametrize("operation", ["ConfirmDevice", "ListDevices", "CreateUserImportJob", "SetUICustomization"])
def test_what_is_not_here_is_refused_by_name(recorder, operation):
    assert recorder.refusal(operation, {})["Code"] == "UnknownOperationException"
