//! Inline policies of users, groups and roles.

use garita_app::iam::{EntityName, PutInlinePolicy};
use garita_model::PolicyName;
use garita_wire::protocol::percent_encode;

use super::{Kind, more};
use crate::call::{Answer, Call};
use crate::errors::Refusal;

pub(crate) async fn put(call: Call<'_>, kind: Kind) -> Result<Answer, Refusal> {
    let input = PutInlinePolicy {
        entity: kind.entity(&call)?,
        name: call.parsed("PolicyName")?,
        document: call.text("PolicyDocument")?,
    };
    call.app.put_inline_policy(call.cx, input).await?;
    Ok(Answer::done())
}

pub(crate) async fn get(call: Call<'_>, kind: Kind) -> Result<Answer, Refusal> {
    let (entity, name): (_, PolicyName) = (kind.entity(&call)?, call.parsed("PolicyName")?);
    let document = call.app.get_inline_policy(call.cx, &entity, &name)?;
    Ok(Answer::result(move |result| {
        match &entity {
            EntityName::User(name) => result.text("UserName", name.as_str()),
            EntityName::Group(name) => result.text("GroupName", name.as_str()),
            EntityName::Role(name) => result.text("RoleName", name.as_str()),
        }
        result.text("PolicyName", name.as_str());
        result.text("PolicyDocument", &percent_encode(&document));
    }))
}

pub(crate) async fn delete(call: Call<'_>, kind: Kind) -> Result<Answer, Refusal> {
    let (entity, name) = (kind.entity(&call)?, call.parsed("PolicyName")?);
    call.app.delete_inline_policy(call.cx, entity, name).await?;
    Ok(Answer::done())
}

pub(crate) async fn list(call: Call<'_>, kind: Kind) -> Result<Answer, Refusal> {
    let page = call.app.list_inline_policies(call.cx, &kind.entity(&call)?, &call.page()?)?;
    Ok(Answer::result(move |result| {
        result.texts("PolicyNames", page.items.iter().map(PolicyName::as_str));
        more(result, page.marker.as_deref());
    }))
}
