//! Rows of user pools. Amazon Cognito user pools API, 2016-04-18.
//!
//! An `open` row is served without a signature: what a person does proves itself by a password, a code or a token.

use garita_wire::operation::{Access, Authentication, Operation, Protocol};

use crate::json::{JsonRow, shape};
use crate::services::cognito_idp::{
    client, group, identity_provider, in_words_of_pools, mfa, own, passkey, pool, resource_server, sign_in,
    sign_up, tag, user,
};

/// What targets of this service begin with.
pub(super) const TARGET: &str = "AWSCognitoIdentityProviderService.";
const POOL: &str = "arn:aws:cognito-idp:{region}:{account}:userpool/{UserPoolId}";
const TAGGED: &str = "{ResourceArn}";
const ANY: &str = "*";

/// Rows: operation, access, whether it must be signed, resource, function.
macro_rules! rows {
    ($($name:literal $access:ident $authentication:ident $resource:ident $($function:ident)::+;)*) => {
        &[$(JsonRow {
            operation: Operation {
                service: "cognito-idp",
                name: $name,
                protocol: Protocol::Json11,
                action: concat!("cognito-idp:", $name),
                resource: $resource,
                access: Access::$access,
                authentication: rows!(@ $authentication),
            },
            source: "cognito-idp.amazonaws.com",
            parameters: || shape::members_of($($function)::+),
            run: |mut call| Box::pin(async move {
                let input = call.take_input().map_err(in_words_of_pools)?;
                $($function)::+(call, input).await.map_err(in_words_of_pools)
            }),
        }),*]
    };
    (@ signed) => { Authentication::Required };
    (@ open) => { Authentication::None };
}

#[rustfmt::skip]
pub(super) static ROWS: &[JsonRow] = rows! {
    "CreateUserPool" Write signed ANY pool::create;
    "DescribeUserPool" Read signed POOL pool::describe;
    "ListUserPools" List signed ANY pool::list;
    "UpdateUserPool" Write signed POOL pool::update;
    "DeleteUserPool" Write signed POOL pool::delete;
    "AddCustomAttributes" Write signed POOL pool::add_custom_attributes;
    "GetUserPoolMfaConfig" Read signed POOL mfa::get_config;
    "SetUserPoolMfaConfig" Write signed POOL mfa::set_config;
    "TagResource" Tagging signed TAGGED tag::put;
    "UntagResource" Tagging signed TAGGED tag::remove;
    "ListTagsForResource" List signed TAGGED tag::list;

    "CreateUserPoolClient" Write signed POOL client::create;
    "DescribeUserPoolClient" Read signed POOL client::describe;
    "ListUserPoolClients" List signed POOL client::list;
    "UpdateUserPoolClient" Write signed POOL client::update;
    "DeleteUserPoolClient" Write signed POOL client::delete;

    "CreateResourceServer" Write signed POOL resource_server::create;
    "DescribeResourceServer" Read signed POOL resource_server::describe;
    "ListResourceServers" List signed POOL resource_server::list;
    "UpdateResourceServer" Write signed POOL resource_server::update;
    "DeleteResourceServer" Write signed POOL resource_server::delete;

    "AdminCreateUser" Write signed POOL user::create;
    "AdminGetUser" Read signed POOL user::get;
    "ListUsers" List signed POOL user::list;
    "AdminDeleteUser" Write signed POOL user::delete;
    "AdminEnableUser" Write signed POOL user::enable;
    "AdminDisableUser" Write signed POOL user::disable;
    "AdminUpdateUserAttributes" Write signed POOL user::update_attributes;
    "AdminDeleteUserAttributes" Write signed POOL user::delete_attributes;
    "AdminSetUserPassword" Write signed POOL user::set_password;
    "AdminConfirmSignUp" Write signed POOL user::confirm;
    "AdminUserGlobalSignOut" Write signed POOL user::sign_out;

    "AdminResetUserPassword" Write signed POOL sign_up::reset;
    "AdminSetUserMFAPreference" Write signed POOL own::admin_set_preference;
    "AdminInitiateAuth" Write signed POOL sign_in::admin_initiate;
    "AdminRespondToAuthChallenge" Write signed POOL sign_in::admin_respond;

    "CreateGroup" Write signed POOL group::create;
    "GetGroup" Read signed POOL group::get;
    "ListGroups" List signed POOL group::list;
    "UpdateGroup" Write signed POOL group::update;
    "DeleteGroup" Write signed POOL group::delete;
    "AdminAddUserToGroup" Write signed POOL group::add_user;
    "AdminRemoveUserFromGroup" Write signed POOL group::remove_user;
    "AdminListGroupsForUser" List signed POOL group::list_for_user;
    "ListUsersInGroup" List signed POOL group::list_users;

    "CreateIdentityProvider" Write signed POOL identity_provider::create;
    "DescribeIdentityProvider" Read signed POOL identity_provider::describe;
    "GetIdentityProviderByIdentifier" Read signed POOL identity_provider::by_identifier;
    "ListIdentityProviders" List signed POOL identity_provider::list;
    "UpdateIdentityProvider" Write signed POOL identity_provider::update;
    "DeleteIdentityProvider" Write signed POOL identity_provider::delete;
    "AdminLinkProviderForUser" Write signed POOL identity_provider::link;
    "AdminDisableProviderForUser" Write signed POOL identity_provider::disable;

    "InitiateAuth" Write open ANY sign_in::initiate;
    "RespondToAuthChallenge" Write open ANY sign_in::respond;
    "GetTokensFromRefreshToken" Write open ANY sign_in::from_refresh_token;
    "RevokeToken" Write open ANY sign_in::revoke;
    "SignUp" Write open ANY sign_up::up;
    "ConfirmSignUp" Write open ANY sign_up::confirm;
    "ResendConfirmationCode" Write open ANY sign_up::resend;
    "ForgotPassword" Write open ANY sign_up::forgot;
    "ConfirmForgotPassword" Write open ANY sign_up::confirm_forgot;
    "GetUser" Read open ANY own::get;
    "UpdateUserAttributes" Write open ANY own::update_attributes;
    "DeleteUserAttributes" Write open ANY own::delete_attributes;
    "GetUserAttributeVerificationCode" Write open ANY own::send_code;
    "VerifyUserAttribute" Write open ANY own::verify;
    "ChangePassword" Write open ANY own::change_password;
    "GlobalSignOut" Write open ANY own::sign_out;
    "DeleteUser" Write open ANY own::delete;
    "AssociateSoftwareToken" Write open ANY own::associate;
    "VerifySoftwareToken" Write open ANY own::verify_token;
    "SetUserMFAPreference" Write open ANY own::set_preference;
    "GetUserAuthFactors" Read open ANY passkey::auth_factors;
    "StartWebAuthnRegistration" Write open ANY passkey::start;
    "CompleteWebAuthnRegistration" Write open ANY passkey::complete;
    "ListWebAuthnCredentials" Read open ANY passkey::list;
    "DeleteWebAuthnCredential" Write open ANY passkey::delete;
};
