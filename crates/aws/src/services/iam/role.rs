//! Roles and their trust policies.
//!
//! AWS shows a role in three ways: `CreateRole` leaves out the longest session, lists leave out boundary and tags, and
//! `GetRole` and `GetAccountAuthorizationDetails` alone tell when the role was last used.

use garita_app::iam::{CreateRole, RoleDetail, UpdateRole};
use garita_model::RoleName;
use garita_wire::protocol::percent_encode;
use garita_wire::protocol::xml::XmlWriter;

use super::{arn, boundary_if_any, paged, tags_if_any};
use crate::call::{Answer, Call};
use crate::errors::Refusal;

/// Bounds of `MaxSessionDuration`, in seconds.
const SHORTEST: u32 = 3_600;
const LONGEST: u32 = 43_200;

pub(crate) async fn create(call: Call<'_>) -> Result<Answer, Refusal> {
    let input = CreateRole {
        name: call.parsed("RoleName")?,
        path: call.optional("Path")?.unwrap_or_default(),
        trust: call.text("AssumeRolePolicyDocument")?,
        description: call.optional_text("Description"),
        max_session: call.number("MaxSessionDuration", SHORTEST, LONGEST)?,
        boundary: call.optional_text("PermissionsBoundary"),
        tags: call.tags()?,
    };
    // AWS gives the document back as it came; later it shows principals by the ARNs they have then.
    let trust = input.trust.clone();
    let made = RoleDetail { trust, ..call.app.create_role(call.cx, input).await? };
    Ok(Answer::result(move |result| {
        result.element("Role", |w| {
            named(w, &made);
            held(w, &made);
        });
    }))
}

pub(crate) async fn get(call: Call<'_>) -> Result<Answer, Refusal> {
    let name: RoleName = call.parsed("RoleName")?;
    let found = call.app.get_role(call.cx, &name)?;
    Ok(Answer::result(move |result| {
        result.element("Role", |w| {
            whole(w, &found);
            last_used(w, &found);
        });
    }))
}

pub(crate) async fn list(call: Call<'_>) -> Result<Answer, Refusal> {
    let page = call.app.list_roles(call.cx, call.params.string("PathPrefix"), &call.page()?)?;
    Ok(Answer::result(move |result| {
        paged(result, "Roles", &page, |w, detail| {
            named(w, detail);
            described(w, detail);
        });
    }))
}

pub(crate) async fn update(call: Call<'_>) -> Result<Answer, Refusal> {
    let input = UpdateRole {
        name: call.parsed("RoleName")?,
        description: call.optional_text("Description"),
        max_session: call.number("MaxSessionDuration", SHORTEST, LONGEST)?,
    };
    call.app.update_role(call.cx, input).await?;
    // The model gives this operation a result, and the result no members.
    Ok(Answer::result(|_| ()))
}

pub(crate) async fn update_description(call: Call<'_>) -> Result<Answer, Refusal> {
    let (name, description) = (call.parsed("RoleName")?, call.text("Description")?);
    let changed = call.app.update_role_description(call.cx, name, description).await?;
    Ok(Answer::result(move |result| result.element("Role", |w| whole(w, &changed))))
}

pub(crate) async fn update_trust(call: Call<'_>) -> Result<Answer, Refusal> {
    let (name, document) = (call.parsed("RoleName")?, call.text("PolicyDocument")?);
    call.app.update_assume_role_policy(call.cx, name, document).await?;
    Ok(Answer::done())
}

pub(crate) async fn delete(call: Call<'_>) -> Result<Answer, Refusal> {
    call.app.delete_role(call.cx, call.parsed("RoleName")?).await?;
    Ok(Answer::done())
}

fn whole(result: &mut XmlWriter, detail: &RoleDetail) {
    named(result, detail);
    described(result, detail);
    held(result, detail);
}

pub(super) fn named(result: &mut XmlWriter, detail: &RoleDetail) {
    let role = &detail.role;
    result.text("Path", role.path.as_str());
    result.text("RoleName", role.name.as_str());
    result.text("RoleId", role.id.as_str());
    arn(result, role.arn());
    result.timestamp("CreateDate", role.created);
    result.text("AssumeRolePolicyDocument", &percent_encode(&detail.trust));
}

pub(super) fn described(result: &mut XmlWriter, detail: &RoleDetail) {
    result.optional("Description", detail.role.description.as_deref());
    result.integer("MaxSessionDuration", detail.role.max_session.into());
}

/// Empty for a role that was never used.
pub(super) fn last_used(result: &mut XmlWriter, detail: &RoleDetail) {
    result.element("RoleLastUsed", |w| {
        if let Some(used) = &detail.used {
            w.timestamp("LastUsedDate", used.at);
            w.text("Region", &used.region);
        }
    });
}

pub(super) fn held(result: &mut XmlWriter, detail: &RoleDetail) {
    boundary_if_any(result, detail.role.boundary.as_deref());
    tags_if_any(result, &detail.role.tags);
}
