//! Managed policies. `CreatePolicy` and `GetPolicy` show more of one than lists do.

use garita_app::iam::{CreatePolicy, ListPolicies, PolicyDetail, PolicyScope};
use garita_wire::protocol::xml::XmlWriter;

use super::{paged, policy_usage, tags, tags_if_any};
use crate::call::{Answer, Call};
use crate::errors::Refusal;

/// `policyScopeType`.
const SCOPE: &[(&str, PolicyScope)] =
    &[("All", PolicyScope::All), ("AWS", PolicyScope::Aws), ("Local", PolicyScope::Local)];

pub(crate) async fn create(call: Call<'_>) -> Result<Answer, Refusal> {
    let input = CreatePolicy {
        name: call.parsed("PolicyName")?,
        path: call.optional("Path")?.unwrap_or_default(),
        document: call.text("PolicyDocument")?,
        description: call.optional_text("Description"),
        tags: call.tags()?,
    };
    let made = call.app.create_policy(call.cx, input).await?;
    Ok(Answer::result(move |result| {
        result.element("Policy", |w| {
            members(w, &made);
            w.optional("Description", made.description.as_deref());
            tags_if_any(w, &made.tags);
        });
    }))
}

pub(crate) async fn get(call: Call<'_>) -> Result<Answer, Refusal> {
    let found = call.app.get_policy(call.cx, &call.text("PolicyArn")?)?;
    Ok(Answer::result(move |result| {
        result.element("Policy", |w| {
            members(w, &found);
            w.optional("Description", found.description.as_deref());
            tags(w, &found.tags);
        });
    }))
}

pub(crate) async fn list(call: Call<'_>) -> Result<Answer, Refusal> {
    let input = ListPolicies {
        scope: call.one_of("Scope", SCOPE)?.unwrap_or_default(),
        only_attached: call.params.boolean("OnlyAttached")?.unwrap_or(false),
        path_prefix: call.optional_text("PathPrefix"),
        usage: policy_usage(&call)?,
        page: call.page()?,
    };
    let page = call.app.list_policies(call.cx, &input)?;
    Ok(Answer::result(move |result| paged(result, "Policies", &page, members)))
}

pub(crate) async fn delete(call: Call<'_>) -> Result<Answer, Refusal> {
    call.app.delete_policy(call.cx, call.text("PolicyArn")?).await?;
    Ok(Answer::done())
}

/// What lists show: descriptions and tags are left out there.
pub(super) fn members(result: &mut XmlWriter, policy: &PolicyDetail) {
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    result.text("PolicyName", &policy.name);
    result.text("PolicyId", &policy.id);
    result.text("Arn", &policy.arn);
    result.text("Path", &policy.path);
    result.text("DefaultVersionId", &policy.default_version.to_string());
    result.integer("AttachmentCount", count(policy.attachments));
    result.integer("PermissionsBoundaryUsageCount", count(policy.boundary_uses));
    result.boolean("IsAttachable", true);
    result.timestamp("CreateDate", policy.created);
    result.timestamp("UpdateDate", policy.updated);
}
