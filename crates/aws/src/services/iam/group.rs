//! Groups and who is in them.

use garita_app::iam::{CreateGroup, UpdateGroup};
use garita_model::{Group, GroupName, UserName};
use garita_wire::protocol::xml::XmlWriter;

use super::{arn, paged, user};
use crate::call::{Answer, Call};
use crate::errors::Refusal;

pub(crate) async fn create(call: Call<'_>) -> Result<Answer, Refusal> {
    let input =
        CreateGroup { name: call.parsed("GroupName")?, path: call.optional("Path")?.unwrap_or_default() };
    let group = call.app.create_group(call.cx, input).await?;
    Ok(Answer::result(move |result| result.element("Group", |w| members(w, &group))))
}

pub(crate) async fn get(call: Call<'_>) -> Result<Answer, Refusal> {
    let name: GroupName = call.parsed("GroupName")?;
    let found = call.app.get_group(call.cx, &name, &call.page()?)?;
    Ok(Answer::result(move |result| {
        result.element("Group", |w| members(w, &found.group));
        paged(result, "Users", &found.members, |w, member| user::listed(w, member));
    }))
}

pub(crate) async fn list(call: Call<'_>) -> Result<Answer, Refusal> {
    let page = call.app.list_groups(call.cx, call.params.string("PathPrefix"), &call.page()?)?;
    Ok(Answer::result(move |result| paged(result, "Groups", &page, |w, group| members(w, group))))
}

pub(crate) async fn list_for_user(call: Call<'_>) -> Result<Answer, Refusal> {
    let user: UserName = call.parsed("UserName")?;
    let page = call.app.list_groups_for_user(call.cx, &user, &call.page()?)?;
    Ok(Answer::result(move |result| paged(result, "Groups", &page, |w, group| members(w, group))))
}

pub(crate) async fn update(call: Call<'_>) -> Result<Answer, Refusal> {
    let input = UpdateGroup {
        name: call.parsed("GroupName")?,
        new_name: call.optional("NewGroupName")?,
        new_path: call.optional("NewPath")?,
    };
    call.app.update_group(call.cx, input).await?;
    Ok(Answer::done())
}

pub(crate) async fn delete(call: Call<'_>) -> Result<Answer, Refusal> {
    call.app.delete_group(call.cx, call.parsed("GroupName")?).await?;
    Ok(Answer::done())
}

pub(crate) async fn add_user(call: Call<'_>) -> Result<Answer, Refusal> {
    let (group, user) = (call.parsed("GroupName")?, call.parsed("UserName")?);
    call.app.add_user_to_group(call.cx, group, user).await?;
    Ok(Answer::done())
}

pub(crate) async fn remove_user(call: Call<'_>) -> Result<Answer, Refusal> {
    let (group, user) = (call.parsed("GroupName")?, call.parsed("UserName")?);
    call.app.remove_user_from_group(call.cx, group, user).await?;
    Ok(Answer::done())
}

pub(super) fn members(result: &mut XmlWriter, group: &Group) {
    result.text("Path", group.path.as_str());
    result.text("GroupName", group.name.as_str());
    result.text("GroupId", group.id.as_str());
    arn(result, group.arn());
    result.timestamp("CreateDate", group.created);
}
