//! The operations table: one declarative row per AWS operation, and the way from a request to its row.
//!
//! The rows themselves live with their services. They feed the router, authorization, audit, the simulator's action
//! list and the reference: an operation without a row does not exist.
//!
//! INVARIANT: a request is routed by what it is signed for first; a target or a version that belongs to another
//! service is refused, never followed. Unknown is an error, not a default.
//!
//! Spec: Smithy, "AWS query protocol" and "AWS JSON 1.1 protocol"; signing names and target prefixes are those of the
//! services' API models.

use std::collections::BTreeMap;

use crate::protocol::json::parse_target;

/// One AWS operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// The signing name of its service, e.g. `iam`.
    pub service: &'static str,
    /// Its name, e.g. `CreateUser`.
    pub name: &'static str,
    /// How it is spoken.
    pub protocol: Protocol,
    /// The IAM action that allows it, e.g. `iam:CreateUser`.
    pub action: &'static str,
    /// The ARN template of what it acts on, e.g. `arn:aws:iam::{account}:user{path}{UserName}`, or `*`.
    pub resource: &'static str,
    /// What kind of access it is.
    pub access: Access,
    /// Whether it must be signed.
    pub authentication: Authentication,
}

/// A wire protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// AWS Query: form parameters in, XML out.
    Query,
    /// AWS JSON 1.0.
    Json10,
    /// AWS JSON 1.1.
    Json11,
    /// REST with JSON bodies. Routed by method and path, not here.
    RestJson,
}

/// IAM's access levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reads a resource.
    Read,
    /// Lists resources.
    List,
    /// Creates, changes or deletes a resource.
    Write,
    /// Changes who may do what.
    PermissionsManagement,
    /// Changes tags only.
    Tagging,
}

/// Whether an operation needs credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authentication {
    /// The request must be signed.
    Required,
    /// The request proves itself in another way, e.g. `AssumeRoleWithWebIdentity`.
    None,
}

/// A service as clients address it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Service {
    /// The name in the credential scope.
    pub signing_name: &'static str,
    /// How it is spoken.
    pub protocol: Protocol,
    /// The `Version` of a Query service.
    pub version: Option<&'static str>,
    /// What stands before the operation in `X-Amz-Target`, for a JSON service.
    pub target_prefix: Option<&'static str>,
}

/// The services that are addressed by credential scope, target or version on one endpoint.
pub const SERVICES: &[Service] = &[
    query("iam", "2010-05-08"),
    query("sts", "2011-06-15"),
    json("cloudtrail", "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101"),
    json("cognito-identity", "AWSCognitoIdentityService"),
    json("cognito-idp", "AWSCognitoIdentityProviderService"),
    json("ds", "DirectoryService_20150416"),
    json("events", "AWSEvents"),
    json("identitystore", "AWSIdentityStore"),
    json("organizations", "AWSOrganizationsV20161128"),
    json("sagemaker", "SageMaker"),
    json("ssm", "AmazonSSM"),
    json("sso", "SWBExternalService"),
];

const fn query(signing_name: &'static str, version: &'static str) -> Service {
    Service { signing_name, protocol: Protocol::Query, version: Some(version), target_prefix: None }
}

const fn json(signing_name: &'static str, prefix: &'static str) -> Service {
    Service { signing_name, protocol: Protocol::Json11, version: None, target_prefix: Some(prefix) }
}

/// What of a request tells its operation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Routing<'a> {
    /// The service in the credential scope, if the request is signed.
    pub scope_service: Option<&'a str>,
    /// The `X-Amz-Target` header.
    pub target: Option<&'a str>,
    /// The `Action` parameter.
    pub action: Option<&'a str>,
    /// The `Version` parameter.
    pub version: Option<&'a str>,
}

/// Where a request goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceAndOperation<'a> {
    /// The service.
    pub service: &'static Service,
    /// The operation's name, by the sender's word: look it up in the [`OperationTable`].
    pub operation: &'a str,
}

/// Why a request goes nowhere. Its `Display` is the message for the wire.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    /// Signed for a service that isn't here.
    #[error("Credential should be scoped to correct service: '{0}' is not served here.")]
    UnknownService(String),
    /// The target names no service, no operation, or another service than the signature.
    #[error("Could not find operation for target {0}")]
    UnknownTarget(String),
    /// A JSON request without a target, or a Query request without an action.
    #[error("Missing Action")]
    MissingAction,
    /// A version of no service, or of another than the signature's.
    #[error("Could not find operation {action} for version {version}")]
    InvalidAction {
        /// The action asked for.
        action: String,
        /// The version asked for, or `NO_VERSION_SPECIFIED`.
        version: String,
    },
}

impl RouteError {
    /// The AWS error code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownService(_) => "SignatureDoesNotMatch",
            Self::UnknownTarget(_) => "UnknownOperationException",
            Self::MissingAction => "MissingAction",
            Self::InvalidAction { .. } => "InvalidAction",
        }
    }

    /// The message.
    #[must_use]
    pub fn message(&self) -> String {
        self.to_string()
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> http::StatusCode {
        match self {
            Self::UnknownService(_) => http::StatusCode::FORBIDDEN,
            Self::UnknownTarget(_) | Self::MissingAction | Self::InvalidAction { .. } => {
                http::StatusCode::BAD_REQUEST
            }
        }
    }
}

/// Finds the service and the operation's name: by credential scope, else by target, else by version.
///
/// ```
/// use garita_wire::operation::{Routing, route};
///
/// let signed = Routing { scope_service: Some("sagemaker"), target: Some("SageMaker.ListApps"), ..Routing::default() };
/// assert_eq!(route(&signed)?.operation, "ListApps");
/// let crossed = Routing { scope_service: Some("iam"), ..signed };
/// assert!(route(&crossed).is_err());
/// # Ok::<(), garita_wire::operation::RouteError>(())
/// ```
///
/// # Errors
/// If nothing tells the operation, or if two parts of the request tell different services.
pub fn route<'a>(routing: &Routing<'a>) -> Result<ServiceAndOperation<'a>, RouteError> {
    if let Some(name) = routing.scope_service {
        let service = find(|service| service.signing_name == name)
            .ok_or_else(|| RouteError::UnknownService(name.to_owned()))?;
        return match service.protocol {
            Protocol::Query => by_version(routing, Some(service)),
            Protocol::Json10 | Protocol::Json11 | Protocol::RestJson => by_target(routing, Some(service)),
        };
    }
    if routing.target.is_some() { by_target(routing, None) } else { by_version(routing, None) }
}

fn by_target<'a>(
    routing: &Routing<'a>,
    scoped: Option<&'static Service>,
) -> Result<ServiceAndOperation<'a>, RouteError> {
    let text = routing.target.ok_or(RouteError::MissingAction)?;
    let unknown = || RouteError::UnknownTarget(text.to_owned());
    let target = parse_target(text).ok_or_else(unknown)?;
    let service = find(|service| service.target_prefix == Some(target.prefix)).ok_or_else(unknown)?;
    if scoped.is_some_and(|scoped| scoped != service) {
        return Err(unknown());
    }
    Ok(ServiceAndOperation { service, operation: target.operation })
}

fn by_version<'a>(
    routing: &Routing<'a>,
    scoped: Option<&'static Service>,
) -> Result<ServiceAndOperation<'a>, RouteError> {
    if let (Some(target), Some(_)) = (routing.target, scoped) {
        return Err(RouteError::UnknownTarget(target.to_owned()));
    }
    let action = routing.action.filter(|action| !action.is_empty()).ok_or(RouteError::MissingAction)?;
    let version = routing.version.unwrap_or("NO_VERSION_SPECIFIED");
    match find(|service| service.version == Some(version)) {
        Some(service) if scoped.is_none_or(|scoped| scoped == service) => {
            Ok(ServiceAndOperation { service, operation: action })
        }
        _ => Err(RouteError::InvalidAction { action: action.to_owned(), version: version.to_owned() }),
    }
}

fn find(is_it: impl Fn(&Service) -> bool) -> Option<&'static Service> {
    SERVICES.iter().find(|service| is_it(service))
}

/// All rows, by service and name.
#[derive(Clone, Debug, Default)]
pub struct OperationTable {
    rows: BTreeMap<(&'static str, &'static str), &'static Operation>,
}

/// Two rows for one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the operation `{service}:{name}` has two rows")]
pub struct DuplicateOperation {
    /// Its service.
    pub service: &'static str,
    /// Its name.
    pub name: &'static str,
}

impl OperationTable {
    /// Joins the rows of all services.
    ///
    /// # Errors
    /// [`DuplicateOperation`].
    pub fn new(rows: impl IntoIterator<Item = &'static Operation>) -> Result<Self, DuplicateOperation> {
        let mut table = Self::default();
        for row in rows {
            if table.rows.insert((row.service, row.name), row).is_some() {
                return Err(DuplicateOperation { service: row.service, name: row.name });
            }
        }
        Ok(table)
    }

    /// The row of an operation. Names are case-sensitive, as AWS's are.
    #[must_use]
    pub fn get(&self, service: &str, name: &str) -> Option<&'static Operation> {
        self.rows.get(&(service, name)).copied()
    }

    /// All rows, by service, then name.
    pub fn iter(&self) -> impl Iterator<Item = &'static Operation> {
        self.rows.values().copied()
    }
}

#[cfg(test)]
mod tests;
