//! The verbs of IAM: users, groups, roles, policies and access keys of the caller's own account.
//!
//! Every verb first asks whether the caller may, then whether the request makes sense: who has no rights learns
//! nothing of what is there. What users, groups and roles have in common (attached and inline policies, boundaries,
//! tags) is written once and takes the kind of entity as a value. Semantics and texts are those of the IAM API
//! reference (2010-05-08).

pub mod access_key;
pub mod alias;
mod ask;
pub mod attachment;
pub mod authorization_details;
pub mod boundary;
pub mod credential_report;
pub(crate) mod document;
pub mod entity;
pub mod granting;
pub mod group;
pub mod inline_policy;
pub mod instance_profile;
pub mod last_accessed;
pub mod login_profile;
pub mod managed_policy;
pub(crate) mod mfa_assignment;
pub mod mfa_device;
mod noun;
pub mod oidc_provider;
pub mod outbound_federation;
pub mod page;
pub mod password_policy;
mod policy_arn;
pub mod policy_version;
mod quota;
pub mod role;
pub mod saml_provider;
pub mod service_linked_role;
pub mod simulate;
mod simulated;
pub mod ssh_public_key;
pub mod summary;
pub mod tagging;
mod trust;
pub mod user;

pub use access_key::{KeyLastUsed, UpdateAccessKey};
pub use attachment::{AttachedPolicy, EntitiesForPolicy, EntityFilter, PolicyEntity};
pub use authorization_details::{AuthorizationDetail, DetailFilter};
pub use boundary::Bounded;
pub use credential_report::CredentialReport;
pub use entity::EntityName;
pub use granting::{GrantedService, GrantingPolicy};
pub use group::{CreateGroup, GroupDetail, UpdateGroup};
pub use inline_policy::PutInlinePolicy;
pub use instance_profile::{CreateInstanceProfile, InstanceProfileDetail};
pub use last_accessed::{AccessedService, EntityAccess, JobProgress};
pub use login_profile::{SetPassword, UpdateLoginProfile};
pub use managed_policy::{CreatePolicy, ListPolicies, PolicyDetail, PolicyScope, PolicyUsage};
pub use mfa_device::{CreateMfaDevice, MfaCodes, MfaDetail, MfaStatus, NewMfaDevice};
pub use oidc_provider::CreateOidcProvider;
pub use page::{Page, PageRequest};
pub use policy_version::{CreatePolicyVersion, VersionDetail};
pub use role::{CreateRole, RoleDetail, UpdateRole};
pub use service_linked_role::CreateServiceLinkedRole;
pub use simulate::SimulatePrincipal;
pub use simulated::{ExcludedKind, Exclusion};
pub use tagging::Tagged;
pub use user::{CreateUser, FoundUser, UpdateUser};
