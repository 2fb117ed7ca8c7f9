//! The operations table: one row per operation this door serves, with the function that serves it.
//!
//! INVARIANT: an operation that is not here does not exist, and a parameter that its row does not list is refused by
//! name: a member that Garita does not know might narrow what is allowed, so it is never ignored.
//!
//! Access levels and resource types are those of the Service Authorization Reference; parameters those of the API
//! references (IAM 2010-05-08, STS 2011-06-15).

use std::future::Future;
use std::pin::Pin;

use garita_model::Error;
use garita_wire::operation::{Access, Authentication, Operation, Protocol, RouteError, Routing, route};
use garita_wire::protocol::query::Params;
use garita_wire::sigv4::{self, Presence};

use crate::call::{Answer, Call};
use crate::errors::Refusal;
use crate::json::JsonRow;
use crate::receive::Received;
use crate::services::iam::{
    Kind, access_key, attachment, boundary, group, inline_policy, policy, policy_version, role,
    service_linked_role, tag, user,
};
use crate::services::{explain, sts};

/// Rows: service, operation, access, resource, parameters, function.
macro_rules! rows {
    ($($service:literal $name:literal $access:ident $resource:tt [$($parameter:literal)*]
       $($function:ident)::+ $(($kind:expr))?;)*) => {
        &[$(Row {
            operation: Operation {
                service: $service,
                name: $name,
                protocol: Protocol::Query,
                action: concat!($service, ":", $name),
                resource: $resource,
                access: Access::$access,
                authentication: authentication($service, $name),
            },
            source: concat!($service, ".amazonaws.com"),
            parameters: &[$($parameter),*],
            run: |call| Box::pin($($function)::+(call $(, $kind)?)),
        }),*]
    };
}

mod absent;
mod account;
mod cognito_idp;
mod credential;
mod instance_profile;
mod provider;
mod simulator;

/// Whether an operation must be signed: all but the one that carries an identity provider's token.
const fn authentication(service: &str, name: &str) -> Authentication {
    match (service.as_bytes(), name.as_bytes()) {
        (b"sts", b"AssumeRoleWithWebIdentity") => Authentication::None,
        _ => Authentication::Required,
    }
}

/// One operation and how it is served.
pub(crate) struct Row {
    /// What it is.
    pub(crate) operation: Operation,
    /// Its service, as the audit trail names it.
    pub(crate) source: &'static str,
    /// The parameters it takes.
    pub(crate) parameters: &'static [&'static str],
    /// What serves it.
    pub(crate) run: Serve,
}

/// A service function.
type Serve = for<'a> fn(Call<'a>) -> Pin<Box<dyn Future<Output = Result<Answer, Refusal>> + Send + 'a>>;

/// What a request asks for.
pub(crate) enum Wanted {
    /// An operation of AWS Query with its parameters.
    Query(&'static Row, Params),
    /// An operation of AWS JSON, whose body is still to be read.
    Json(&'static JsonRow),
}

impl Wanted {
    /// The operation.
    pub(crate) fn operation(&self) -> &'static Operation {
        match self {
            Self::Query(row, _) => &row.operation,
            Self::Json(row) => &row.operation,
        }
    }
}

pub use absent::ABSENT;

/// All operations this door serves, for the reference, the simulator and the authorization matrix.
pub fn operations() -> impl Iterator<Item = &'static Operation> {
    rows().map(|row| &row.operation).chain(json_rows().map(|row| &row.operation))
}

/// The parameters an operation takes here.
pub fn parameters(operation: &Operation) -> &'static [&'static str] {
    let of_query = rows().find(|row| row.operation == *operation).map(|row| row.parameters);
    let of_json = || json_rows().find(|row| row.operation == *operation).map(|row| (row.parameters)());
    of_query.or_else(of_json).unwrap_or_default()
}

/// Finds the row a request asks for: by credential scope, target, action and version.
///
/// # Errors
/// Parameters that cannot be read; no such operation.
pub(crate) fn wanted(received: &Received) -> Result<Wanted, Refusal> {
    let scope = match sigv4::parse(&received.head()) {
        Ok(Presence::Presented(presented)) => Some(presented.scope.service),
        // Who signs nothing, or badly, is refused before anyone looks at the row.
        Ok(Presence::NotRequested) | Err(_) => None,
    };
    let target = received.target();
    let params = if target.is_some() { Params::parse(b"")? } else { received.params()? };
    let (action, version) = (params.action(), params.version());
    let found = route(&Routing { scope_service: scope.as_deref(), target, action, version })?;
    let is_it = |operation: &Operation| {
        operation.service == found.service.signing_name && operation.name == found.operation
    };
    if let Some(row) = json_rows().find(|row| is_it(&row.operation)) {
        return Ok(Wanted::Json(row));
    }
    let row = rows().find(|row| is_it(&row.operation)).ok_or_else(|| match target {
        Some(target) => RouteError::UnknownTarget(target.to_owned()),
        None => RouteError::InvalidAction {
            action: found.operation.to_owned(),
            version: version.unwrap_or_default().to_owned(),
        },
    })?;
    Ok(Wanted::Query(row, params))
}

/// Whether a request may come without a signature: for an operation that needs none, or for one that is not here of a
/// service which has such operations.
pub(crate) fn are_open(wanted: &Result<Wanted, Refusal>) -> bool {
    match wanted {
        Ok(wanted) => wanted.operation().authentication == Authentication::None,
        Err(Refusal::Route(RouteError::UnknownTarget(target))) => target.starts_with(cognito_idp::TARGET),
        Err(_) => false,
    }
}

impl Row {
    /// Refuses a parameter the operation does not take here. Those of a presigned URL are not the operation's.
    pub(crate) fn check(&self, params: &Params) -> Result<(), Refusal> {
        let strange = params.unknown(self.parameters).into_iter().find(|name| !name.starts_with("X-Amz-"));
        match strange {
            None => Ok(()),
            Some(name) => {
                let name: String = name.chars().take(128).collect();
                let operation = self.operation.name;
                let message =
                    format!("the parameter `{name}` is not supported by `{operation}` here; leave it out");
                Err(Error::invalid("", message).into())
            }
        }
    }
}

const USER: &str = "arn:aws:iam::{account}:user{path}{UserName}";
const GROUP: &str = "arn:aws:iam::{account}:group{path}{GroupName}";
const ROLE: &str = "arn:aws:iam::{account}:role{path}{RoleName}";
const LINKED: &str = "arn:aws:iam::{account}:role/aws-service-role/{AWSServiceName}/AWSServiceRoleFor*";
const POLICY: &str = "{PolicyArn}";
const ANY: &str = "*";

/// The whole table.
pub(crate) fn rows() -> impl Iterator<Item = &'static Row> {
    [ROWS, account::ROWS, credential::ROWS, instance_profile::ROWS, provider::ROWS, simulator::ROWS]
        .into_iter()
        .flatten()
}

/// The operations of AWS JSON.
pub(crate) fn json_rows() -> impl Iterator<Item = &'static JsonRow> {
    cognito_idp::ROWS.iter()
}

/// Principals, policies and sessions.
#[rustfmt::skip]
static ROWS: &[Row] = rows! {
    "iam" "CreateUser" Write USER ["UserName" "Path" "PermissionsBoundary" "Tags"] user::create;
    "iam" "GetUser" Read USER ["UserName"] user::get;
    "iam" "ListUsers" List ANY ["PathPrefix" "Marker" "MaxItems"] user::list;
    "iam" "UpdateUser" Write USER ["UserName" "NewPath" "NewUserName"] user::update;
    "iam" "DeleteUser" Write USER ["UserName"] user::delete;

    "iam" "CreateAccessKey" Write USER ["UserName"] access_key::create;
    "iam" "ListAccessKeys" List USER ["UserName" "Marker" "MaxItems"] access_key::list;
    "iam" "UpdateAccessKey" Write USER ["UserName" "AccessKeyId" "Status"] access_key::update;
    "iam" "DeleteAccessKey" Write USER ["UserName" "AccessKeyId"] access_key::delete;
    "iam" "GetAccessKeyLastUsed" Read ANY ["AccessKeyId"] access_key::last_used;

    "iam" "CreateGroup" Write GROUP ["GroupName" "Path"] group::create;
    "iam" "GetGroup" Read GROUP ["GroupName" "Marker" "MaxItems"] group::get;
    "iam" "ListGroups" List ANY ["PathPrefix" "Marker" "MaxItems"] group::list;
    "iam" "UpdateGroup" Write GROUP ["GroupName" "NewPath" "NewGroupName"] group::update;
    "iam" "DeleteGroup" Write GROUP ["GroupName"] group::delete;
    "iam" "AddUserToGroup" Write GROUP ["GroupName" "UserName"] group::add_user;
    "iam" "RemoveUserFromGroup" Write GROUP ["GroupName" "UserName"] group::remove_user;
    "iam" "ListGroupsForUser" List USER ["UserName" "Marker" "MaxItems"] group::list_for_user;

    "iam" "CreateRole" Write ROLE
        ["RoleName" "Path" "AssumeRolePolicyDocument" "Description" "MaxSessionDuration" "PermissionsBoundary" "Tags"]
        role::create;
    "iam" "GetRole" Read ROLE ["RoleName"] role::get;
    "iam" "ListRoles" List ANY ["PathPrefix" "Marker" "MaxItems"] role::list;
    "iam" "UpdateRole" Write ROLE ["RoleName" "Description" "MaxSessionDuration"] role::update;
    "iam" "UpdateRoleDescription" Write ROLE ["RoleName" "Description"] role::update_description;
    "iam" "UpdateAssumeRolePolicy" PermissionsManagement ROLE ["RoleName" "PolicyDocument"] role::update_trust;
    "iam" "DeleteRole" Write ROLE ["RoleName"] role::delete;

    "iam" "CreateServiceLinkedRole" Write LINKED
        ["AWSServiceName" "Description" "CustomSuffix"] service_linked_role::create;
    "iam" "DeleteServiceLinkedRole" Write ROLE ["RoleName"] service_linked_role::delete;
    "iam" "GetServiceLinkedRoleDeletionStatus" Read "arn:aws:iam::{account}:role/aws-service-role/*"
        ["DeletionTaskId"] service_linked_role::deletion;

    "iam" "CreatePolicy" PermissionsManagement POLICY
        ["PolicyName" "Path" "PolicyDocument" "Description" "Tags"] policy::create;
    "iam" "GetPolicy" Read POLICY ["PolicyArn"] policy::get;
    "iam" "ListPolicies" List ANY
        ["Scope" "OnlyAttached" "PathPrefix" "PolicyUsageFilter" "Marker" "MaxItems"] policy::list;
    "iam" "DeletePolicy" PermissionsManagement POLICY ["PolicyArn"] policy::delete;
    "iam" "ListEntitiesForPolicy" List POLICY
        ["PolicyArn" "EntityFilter" "PathPrefix" "PolicyUsageFilter" "Marker" "MaxItems"] attachment::entities;
    "iam" "CreatePolicyVersion" PermissionsManagement POLICY
        ["PolicyArn" "PolicyDocument" "SetAsDefault"] policy_version::create;
    "iam" "GetPolicyVersion" Read POLICY ["PolicyArn" "VersionId"] policy_version::get;
    "iam" "ListPolicyVersions" List POLICY ["PolicyArn" "Marker" "MaxItems"] policy_version::list;
    "iam" "DeletePolicyVersion" PermissionsManagement POLICY ["PolicyArn" "VersionId"] policy_version::delete;
    "iam" "SetDefaultPolicyVersion" PermissionsManagement POLICY
        ["PolicyArn" "VersionId"] policy_version::set_default;

    "iam" "PutUserPolicy" PermissionsManagement USER
        ["UserName" "PolicyName" "PolicyDocument"] inline_policy::put(Kind::User);
    "iam" "PutGroupPolicy" PermissionsManagement GROUP
        ["GroupName" "PolicyName" "PolicyDocument"] inline_policy::put(Kind::Group);
    "iam" "PutRolePolicy" PermissionsManagement ROLE
        ["RoleName" "PolicyName" "PolicyDocument"] inline_policy::put(Kind::Role);
    "iam" "GetUserPolicy" Read USER ["UserName" "PolicyName"] inline_policy::get(Kind::User);
    "iam" "GetGroupPolicy" Read GROUP ["GroupName" "PolicyName"] inline_policy::get(Kind::Group);
    "iam" "GetRolePolicy" Read ROLE ["RoleName" "PolicyName"] inline_policy::get(Kind::Role);
    "iam" "DeleteUserPolicy" PermissionsManagement USER
        ["UserName" "PolicyName"] inline_policy::delete(Kind::User);
    "iam" "DeleteGroupPolicy" PermissionsManagement GROUP
        ["GroupName" "PolicyName"] inline_policy::delete(Kind::Group);
    "iam" "DeleteRolePolicy" PermissionsManagement ROLE
        ["RoleName" "PolicyName"] inline_policy::delete(Kind::Role);
    "iam" "ListUserPolicies" List USER ["UserName" "Marker" "MaxItems"] inline_policy::list(Kind::User);
    "iam" "ListGroupPolicies" List GROUP ["GroupName" "Marker" "MaxItems"] inline_policy::list(Kind::Group);
    "iam" "ListRolePolicies" List ROLE ["RoleName" "Marker" "MaxItems"] inline_policy::list(Kind::Role);

    "iam" "AttachUserPolicy" PermissionsManagement USER
        ["UserName" "PolicyArn"] attachment::attach(Kind::User);
    "iam" "AttachGroupPolicy" PermissionsManagement GROUP
        ["GroupName" "PolicyArn"] attachment::attach(Kind::Group);
    "iam" "AttachRolePolicy" PermissionsManagement ROLE
        ["RoleName" "PolicyArn"] attachment::attach(Kind::Role);
    "iam" "DetachUserPolicy" PermissionsManagement USER
        ["UserName" "PolicyArn"] attachment::detach(Kind::User);
    "iam" "DetachGroupPolicy" PermissionsManagement GROUP
        ["GroupName" "PolicyArn"] attachment::detach(Kind::Group);
    "iam" "DetachRolePolicy" PermissionsManagement ROLE
        ["RoleName" "PolicyArn"] attachment::detach(Kind::Role);
    "iam" "ListAttachedUserPolicies" List USER
        ["UserName" "PathPrefix" "Marker" "MaxItems"] attachment::list(Kind::User);
    "iam" "ListAttachedGroupPolicies" List GROUP
        ["GroupName" "PathPrefix" "Marker" "MaxItems"] attachment::list(Kind::Group);
    "iam" "ListAttachedRolePolicies" List ROLE
        ["RoleName" "PathPrefix" "Marker" "MaxItems"] attachment::list(Kind::Role);

    "iam" "PutUserPermissionsBoundary" PermissionsManagement USER
        ["UserName" "PermissionsBoundary"] boundary::put(boundary::Who::User);
    "iam" "PutRolePermissionsBoundary" PermissionsManagement ROLE
        ["RoleName" "PermissionsBoundary"] boundary::put(boundary::Who::Role);
    "iam" "DeleteUserPermissionsBoundary" PermissionsManagement USER
        ["UserName"] boundary::delete(boundary::Who::User);
    "iam" "DeleteRolePermissionsBoundary" PermissionsManagement ROLE
        ["RoleName"] boundary::delete(boundary::Who::Role);

    "iam" "TagUser" Tagging USER ["UserName" "Tags"] tag::put(tag::Bearer::User);
    "iam" "TagRole" Tagging ROLE ["RoleName" "Tags"] tag::put(tag::Bearer::Role);
    "iam" "TagPolicy" Tagging POLICY ["PolicyArn" "Tags"] tag::put(tag::Bearer::Policy);
    "iam" "UntagUser" Tagging USER ["UserName" "TagKeys"] tag::remove(tag::Bearer::User);
    "iam" "UntagRole" Tagging ROLE ["RoleName" "TagKeys"] tag::remove(tag::Bearer::Role);
    "iam" "UntagPolicy" Tagging POLICY ["PolicyArn" "TagKeys"] tag::remove(tag::Bearer::Policy);
    "iam" "ListUserTags" List USER ["UserName" "Marker" "MaxItems"] tag::list(tag::Bearer::User);
    "iam" "ListRoleTags" List ROLE ["RoleName" "Marker" "MaxItems"] tag::list(tag::Bearer::Role);
    "iam" "ListPolicyTags" List POLICY ["PolicyArn" "Marker" "MaxItems"] tag::list(tag::Bearer::Policy);

    "sts" "AssumeRole" Write "{RoleArn}"
        ["RoleArn" "RoleSessionName" "PolicyArns" "Policy" "DurationSeconds" "Tags" "TransitiveTagKeys" "ExternalId"
         "SerialNumber" "TokenCode" "SourceIdentity"] sts::assume_role;
    "sts" "AssumeRoleWithWebIdentity" Write "{RoleArn}"
        ["RoleArn" "RoleSessionName" "WebIdentityToken" "PolicyArns" "Policy" "DurationSeconds"]
        sts::assume_role_with_web_identity;
    "sts" "GetWebIdentityToken" Read ANY
        ["Audience" "DurationSeconds" "SigningAlgorithm" "Tags"] sts::get_web_identity_token;
    "sts" "GetSessionToken" Read ANY ["DurationSeconds" "SerialNumber" "TokenCode"] sts::get_session_token;
    "sts" "GetFederationToken" Read "arn:aws:sts::{account}:federated-user/{Name}"
        ["Name" "Policy" "PolicyArns" "DurationSeconds" "Tags"] sts::get_federation_token;
    "sts" "GetCallerIdentity" Read ANY [] sts::get_caller_identity;
    "sts" "GetAccessKeyInfo" Read ANY ["AccessKeyId"] sts::get_access_key_info;
    "sts" "DecodeAuthorizationMessage" Write ANY ["EncodedMessage"] explain::decode_authorization_message;
};

#[cfg(test)]
mod tests {
    use super::*;
    use garita_wire::operation::OperationTable;

    #[test]
    fn no_operation_has_two_rows() {
        let count = rows().count() + json_rows().count();
        assert_eq!(OperationTable::new(operations()).unwrap().iter().count(), count);
    }

    #[test]
    fn every_row_takes_what_its_resource_is_named_by() {
        for row in rows() {
            let mut names = row.operation.resource.split(['{', '}']).filter(|part| part.ends_with("Name"));
            assert!(names.all(|name| row.parameters.contains(&name)), "{}", row.operation.name);
        }
    }

    #[test]
    fn parameters_beside_the_row_are_refused_but_for_those_of_the_signature() {
        let row = rows().find(|row| row.operation.name == "GetSessionToken").unwrap();
        let check = |form: &[u8]| row.check(&Params::parse(form).unwrap());
        assert!(
            check(b"Action=GetSessionToken&Version=2011-06-15&X-Amz-Signature=1&DurationSeconds=900").is_ok()
        );
        for form in [b"MinimumSessionTokenSize=1".as_slice(), b"durationSeconds=900", b"X.Amz.Date=1"] {
            assert!(check(form).is_err());
        }
    }
}
