//! `GetAccountAuthorizationDetails`: one page of everything, told in four lists.

use garita_app::iam::{AuthorizationDetail as Detail, DetailFilter, RoleDetail};
use garita_model::{Error, Group, GroupName, User};
use garita_wire::protocol::percent_encode;
use garita_wire::protocol::xml::XmlWriter;

use super::{
    attached, boundary_if_any, group, inline, instance_profile, more, policy, policy_version, role, tags,
    user,
};
use crate::call::constraint::Constraint;
use crate::call::{Answer, Call};
use crate::errors::Refusal;

/// `EntityType`.
const FILTER: &[(&str, DetailFilter)] = &[
    ("User", DetailFilter::User),
    ("Role", DetailFilter::Role),
    ("Group", DetailFilter::Group),
    ("LocalManagedPolicy", DetailFilter::LocalPolicy),
    ("AWSManagedPolicy", DetailFilter::AwsPolicy),
];

pub(crate) async fn get(call: Call<'_>) -> Result<Answer, Refusal> {
    let filters = call.texts("Filter")?.iter().map(|word| filter(word)).collect::<Result<Vec<_>, _>>()?;
    let page = call.app.account_authorization_details(call.cx, &filters, &call.page()?)?;
    Ok(Answer::result(move |result| {
        entities(result, &page.items);
        policies(result, &page.items);
        more(result, page.marker.as_deref());
    }))
}

fn entities(result: &mut XmlWriter, items: &[Detail]) {
    let users = items.iter().filter_map(|item| match item {
        Detail::User(user, policies) => Some((user, policies)),
        _ => None,
    });
    result.list("UserDetailList", users, |w, (user, policies)| {
        held_by_user(w, user);
        w.list("AttachedManagedPolicies", policies, attached);
    });
    let groups = items.iter().filter_map(|item| match item {
        Detail::Group(group, policies) => Some((group, policies)),
        _ => None,
    });
    result.list("GroupDetailList", groups, |w, (group, policies)| {
        held_by_group(w, group);
        w.list("AttachedManagedPolicies", policies, attached);
    });
    let roles = items.iter().filter_map(|item| match item {
        Detail::Role(role, policies, profiles) => Some((role, policies, profiles)),
        _ => None,
    });
    result.list("RoleDetailList", roles, |w, (role, policies, profiles)| {
        held_by_role(w, role);
        w.list("InstanceProfileList", profiles, instance_profile::members);
        w.list("AttachedManagedPolicies", policies, attached);
    });
}

fn policies(result: &mut XmlWriter, items: &[Detail]) {
    let policies = items.iter().filter_map(|item| match item {
        Detail::Policy(policy, versions) => Some((policy, versions)),
        _ => None,
    });
    result.list("Policies", policies, |w, (policy, versions)| {
        policy::members(w, policy);
        w.optional("Description", policy.description.as_deref());
        w.list("PolicyVersionList", versions, |w, version| {
            w.text("Document", &percent_encode(&version.document));
            policy_version::members(w, version);
        });
    });
}

fn held_by_user(w: &mut XmlWriter, user: &User) {
    user::listed(w, user);
    inline(w, "UserPolicyList", &user.inline);
    w.texts("GroupList", user.groups.iter().map(GroupName::as_str));
    boundary_if_any(w, user.boundary.as_deref());
    tags(w, &user.tags);
}

fn held_by_group(w: &mut XmlWriter, group: &Group) {
    group::members(w, group);
    inline(w, "GroupPolicyList", &group.inline);
}

fn held_by_role(w: &mut XmlWriter, detail: &RoleDetail) {
    role::named(w, detail);
    inline(w, "RolePolicyList", &detail.role.inline);
    boundary_if_any(w, detail.role.boundary.as_deref());
    tags(w, &detail.role.tags);
    role::last_used(w, detail);
}

fn filter(word: &str) -> Result<DetailFilter, Error> {
    let found = FILTER.iter().find(|(known, _)| *known == word).map(|(_, filter)| *filter);
    found.ok_or_else(|| {
        let set = FILTER.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
        Constraint::OneOf(&set).broken("Filter", None)
    })
}
