//! Instance profiles.

use garita_app::iam::{CreateInstanceProfile, InstanceProfileDetail};
use garita_model::{InstanceProfileName, RoleName};
use garita_wire::protocol::xml::XmlWriter;

use super::{paged, role, tags_if_any};
use crate::call::{Answer, Call};
use crate::errors::Refusal;

pub(crate) async fn create(call: Call<'_>) -> Result<Answer, Refusal> {
    let input = CreateInstanceProfile {
        name: call.parsed("InstanceProfileName")?,
        path: call.optional("Path")?.unwrap_or_default(),
        tags: call.tags()?,
    };
    let made = call.app.create_instance_profile(call.cx, input).await?;
    Ok(Answer::result(move |result| result.element("InstanceProfile", |w| whole(w, &made))))
}

pub(crate) async fn get(call: Call<'_>) -> Result<Answer, Refusal> {
    let name: InstanceProfileName = call.parsed("InstanceProfileName")?;
    let found = call.app.get_instance_profile(call.cx, &name)?;
    Ok(Answer::result(move |result| result.element("InstanceProfile", |w| whole(w, &found))))
}

pub(crate) async fn list(call: Call<'_>) -> Result<Answer, Refusal> {
    let page = call.app.list_instance_profiles(call.cx, call.params.string("PathPrefix"), &call.page()?)?;
    Ok(Answer::result(move |result| paged(result, "InstanceProfiles", &page, members)))
}

pub(crate) async fn list_for_role(call: Call<'_>) -> Result<Answer, Refusal> {
    let role: RoleName = call.parsed("RoleName")?;
    let page = call.app.list_instance_profiles_for_role(call.cx, &role, &call.page()?)?;
    Ok(Answer::result(move |result| paged(result, "InstanceProfiles", &page, members)))
}

pub(crate) async fn add_role(call: Call<'_>) -> Result<Answer, Refusal> {
    let (name, role) = (call.parsed("InstanceProfileName")?, call.parsed("RoleName")?);
    call.app.add_role_to_instance_profile(call.cx, name, role).await?;
    Ok(Answer::done())
}

pub(crate) async fn remove_role(call: Call<'_>) -> Result<Answer, Refusal> {
    let (name, role) = (call.parsed("InstanceProfileName")?, call.parsed("RoleName")?);
    call.app.remove_role_from_instance_profile(call.cx, name, role).await?;
    Ok(Answer::done())
}

pub(crate) async fn delete(call: Call<'_>) -> Result<Answer, Refusal> {
    call.app.delete_instance_profile(call.cx, call.parsed("InstanceProfileName")?).await?;
    Ok(Answer::done())
}

/// A profile in a list: without tags.
pub(super) fn members(result: &mut XmlWriter, detail: &InstanceProfileDetail) {
    let profile = &detail.profile;
    result.text("Path", profile.path.as_str());
    result.text("InstanceProfileName", profile.name.as_str());
    result.text("InstanceProfileId", profile.id.as_str());
    result.text("Arn", &detail.arn);
    result.timestamp("CreateDate", profile.created);
    result.list("Roles", &detail.role, |w, held| {
        role::named(w, held);
        role::described(w, held);
    });
}

fn whole(result: &mut XmlWriter, detail: &InstanceProfileDetail) {
    members(result, detail);
    tags_if_any(result, &detail.profile.tags);
}
