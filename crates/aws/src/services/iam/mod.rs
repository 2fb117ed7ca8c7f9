//! IAM: users, groups, roles, policies and access keys. API reference 2010-05-08.
//!
//! What users, groups and roles have in common is written once, with the [`Kind`] as a value.

pub(crate) mod access_key;
pub(crate) mod account;
pub(crate) mod attachment;
pub(crate) mod authorization_details;
pub(crate) mod boundary;
pub(crate) mod credential_report;
pub(crate) mod group;
pub(crate) mod inline_policy;
pub(crate) mod instance_profile;
pub(crate) mod last_accessed;
pub(crate) mod login_profile;
pub(crate) mod mfa;
pub(crate) mod oidc_provider;
pub(crate) mod outbound_federation;
pub(crate) mod password_policy;
pub(crate) mod policy;
pub(crate) mod policy_version;
mod qr_code;
pub(crate) mod role;
pub(crate) mod saml_provider;
pub(crate) mod service_linked_role;
pub(crate) mod simulator;
pub(crate) mod ssh_public_key;
pub(crate) mod tag;
pub(crate) mod user;

use std::collections::BTreeMap;

use garita_app::iam::{AttachedPolicy, EntityName, Page, PolicyUsage};
use garita_model::{Arn, Error, PolicyName, Tag};
use garita_wire::protocol::percent_encode;
use garita_wire::protocol::xml::XmlWriter;

use crate::call::Call;
use crate::errors::Refusal;

/// What can hold policies.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// Users.
    User,
    /// Groups.
    Group,
    /// Roles.
    Role,
}

impl Kind {
    /// The entity a call names.
    fn entity(self, call: &Call<'_>) -> Result<EntityName, Refusal> {
        Ok(match self {
            Self::User => EntityName::User(call.parsed("UserName")?),
            Self::Group => EntityName::Group(call.parsed("GroupName")?),
            Self::Role => EntityName::Role(call.parsed("RoleName")?),
        })
    }
}

/// `PolicyUsageFilter`.
fn policy_usage(call: &Call<'_>) -> Result<Option<PolicyUsage>, Refusal> {
    call.one_of(
        "PolicyUsageFilter",
        &[("PermissionsPolicy", PolicyUsage::Permissions), ("PermissionsBoundary", PolicyUsage::Boundary)],
    )
}

/// `Arn`. INVARIANT: what is stored has one, for it was made with it.
fn arn(result: &mut XmlWriter, arn: Result<Arn, Error>) {
    if let Ok(arn) = arn {
        result.text("Arn", arn.as_str());
    }
}

/// A part of a list, with where to go on.
fn paged<T>(result: &mut XmlWriter, name: &str, page: &Page<T>, mut fill: impl FnMut(&mut XmlWriter, &T)) {
    result.list(name, &page.items, |member, item| fill(member, item));
    more(result, page.marker.as_deref());
}

/// `IsTruncated` and `Marker`.
fn more(result: &mut XmlWriter, marker: Option<&str>) {
    result.boolean("IsTruncated", marker.is_some());
    result.optional("Marker", marker);
}

/// `Tags`, empty or not.
fn tags(result: &mut XmlWriter, tags: &[Tag]) {
    result.list("Tags", tags, tag::one);
}

/// `Tags`, if there are any.
fn tags_if_any(result: &mut XmlWriter, all: &[Tag]) {
    if !all.is_empty() {
        tags(result, all);
    }
}

/// One attached policy.
fn attached(result: &mut XmlWriter, policy: &AttachedPolicy) {
    result.text("PolicyName", &policy.name);
    result.text("PolicyArn", &policy.arn);
}

/// Inline policies with their documents.
fn inline(result: &mut XmlWriter, name: &str, policies: &BTreeMap<PolicyName, String>) {
    result.list(name, policies, |w, (name, document)| {
        w.text("PolicyName", name.as_str());
        w.text("PolicyDocument", &percent_encode(document));
    });
}

/// `PermissionsBoundary`, if there is one. The type is what AWS sends, though its model names another.
fn boundary_if_any(result: &mut XmlWriter, arn: Option<&str>) {
    if let Some(arn) = arn {
        result.element("PermissionsBoundary", |boundary| {
            boundary.text("PermissionsBoundaryType", "Policy");
            boundary.text("PermissionsBoundaryArn", arn);
        });
    }
}
