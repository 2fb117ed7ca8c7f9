//! Managed policies on users, groups and roles.

use garita_app::iam::{EntitiesForPolicy, EntityFilter, EntityName, PolicyEntity};
use garita_wire::protocol::xml::XmlWriter;

use super::{Kind, attached, more, paged, policy_usage};
use crate::call::{Answer, Call};
use crate::errors::Refusal;

/// `EntityType`.
const ENTITY_FILTER: &[(&str, EntityFilter)] = &[
    ("User", EntityFilter::User),
    ("Role", EntityFilter::Role),
    ("Group", EntityFilter::Group),
    ("LocalManagedPolicy", EntityFilter::Policy),
    ("AWSManagedPolicy", EntityFilter::Policy),
];

pub(crate) async fn attach(call: Call<'_>, kind: Kind) -> Result<Answer, Refusal> {
    call.app.attach_policy(call.cx, kind.entity(&call)?, call.text("PolicyArn")?).await?;
    Ok(Answer::done())
}

pub(crate) async fn detach(call: Call<'_>, kind: Kind) -> Result<Answer, Refusal> {
    call.app.detach_policy(call.cx, kind.entity(&call)?, call.text("PolicyArn")?).await?;
    Ok(Answer::done())
}

pub(crate) async fn list(call: Call<'_>, kind: Kind) -> Result<Answer, Refusal> {
    let (entity, prefix) = (kind.entity(&call)?, call.params.string("PathPrefix"));
    let page = call.app.list_attached_policies(call.cx, &entity, prefix, &call.page()?)?;
    Ok(Answer::result(move |result| {
        paged(result, "AttachedPolicies", &page, attached);
    }))
}

pub(crate) async fn entities(call: Call<'_>) -> Result<Answer, Refusal> {
    let input = EntitiesForPolicy {
        arn: call.text("PolicyArn")?,
        filter: call.one_of("EntityFilter", ENTITY_FILTER)?,
        path_prefix: call.optional_text("PathPrefix"),
        usage: policy_usage(&call)?,
        page: call.page()?,
    };
    let page = call.app.list_entities_for_policy(call.cx, &input)?;
    Ok(Answer::result(move |result| {
        entities_of(result, "PolicyGroups", ["GroupName", "GroupId"], &page.items, |name| match name {
            EntityName::Group(name) => Some(name.as_str()),
            EntityName::User(_) | EntityName::Role(_) => None,
        });
        entities_of(result, "PolicyUsers", ["UserName", "UserId"], &page.items, |name| match name {
            EntityName::User(name) => Some(name.as_str()),
            EntityName::Group(_) | EntityName::Role(_) => None,
        });
        entities_of(result, "PolicyRoles", ["RoleName", "RoleId"], &page.items, |name| match name {
            EntityName::Role(name) => Some(name.as_str()),
            EntityName::Group(_) | EntityName::User(_) => None,
        });
        more(result, page.marker.as_deref());
    }))
}

/// The entities of one kind.
fn entities_of(
    result: &mut XmlWriter,
    list: &str,
    [name, id]: [&str; 2],
    items: &[PolicyEntity],
    of_kind: impl Fn(&EntityName) -> Option<&str>,
) {
    let those = items.iter().filter_map(|item| Some((of_kind(&item.name)?, &item.id)));
    result.list(list, those, |w, (text, unique)| {
        w.text(name, text);
        w.text(id, unique.as_str());
    });
}
