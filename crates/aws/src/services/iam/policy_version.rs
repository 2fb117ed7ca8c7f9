//! Versions of managed policies. Only `GetPolicyVersion` shows the document.

use garita_app::iam::{CreatePolicyVersion, VersionDetail};
use garita_wire::protocol::percent_encode;
use garita_wire::protocol::xml::XmlWriter;

use super::paged;
use crate::call::{Answer, Call};
use crate::errors::Refusal;

pub(crate) async fn create(call: Call<'_>) -> Result<Answer, Refusal> {
    let input = CreatePolicyVersion {
        arn: call.text("PolicyArn")?,
        document: call.text("PolicyDocument")?,
        set_as_default: call.params.boolean("SetAsDefault")?.unwrap_or(false),
    };
    let made = call.app.create_policy_version(call.cx, input).await?;
    Ok(Answer::result(move |result| result.element("PolicyVersion", |w| members(w, &made))))
}

pub(crate) async fn get(call: Call<'_>) -> Result<Answer, Refusal> {
    let found = call.app.get_policy_version(call.cx, &call.text("PolicyArn")?, call.parsed("VersionId")?)?;
    Ok(Answer::result(move |result| {
        result.element("PolicyVersion", |w| {
            w.text("Document", &percent_encode(&found.document));
            members(w, &found);
        });
    }))
}

pub(crate) async fn list(call: Call<'_>) -> Result<Answer, Refusal> {
    let page = call.app.list_policy_versions(call.cx, &call.text("PolicyArn")?, &call.page()?)?;
    Ok(Answer::result(move |result| paged(result, "Versions", &page, members)))
}

pub(crate) async fn delete(call: Call<'_>) -> Result<Answer, Refusal> {
    let (arn, version) = (call.text("PolicyArn")?, call.parsed("VersionId")?);
    call.app.delete_policy_version(call.cx, arn, version).await?;
    Ok(Answer::done())
}

pub(crate) async fn set_default(call: Call<'_>) -> Result<Answer, Refusal> {
    let (arn, version) = (call.text("PolicyArn")?, call.parsed("VersionId")?);
    call.app.set_default_policy_version(call.cx, arn, version).await?;
    Ok(Answer::done())
}

pub(super) fn members(result: &mut XmlWriter, version: &VersionDetail) {
    result.text("VersionId", &version.id.to_string());
    result.boolean("IsDefaultVersion", version.is_default);
    result.timestamp("CreateDate", version.created);
}
