//! Roles that are linked to a service.

use garita_app::iam::CreateServiceLinkedRole;
use garita_model::DeletionFailure;
use garita_wire::protocol::xml::XmlWriter;

use super::role;
use crate::call::constraint::Alphabet;
use crate::call::{Answer, Call};
use crate::errors::Refusal;

/// `groupNameType` and `customSuffixType`.
const NAME: Alphabet = Alphabet { pattern: r"[\w+=,.@-]+", besides_word: Some("+=,.@-") };

pub(crate) async fn create(call: Call<'_>) -> Result<Answer, Refusal> {
    call.fits("AWSServiceName", 1..=128, NAME)?;
    let input = CreateServiceLinkedRole {
        service: call.text("AWSServiceName")?,
        description: call.optional_text("Description"),
        suffix: call.fits("CustomSuffix", 1..=64, NAME)?,
    };
    let made = call.app.create_service_linked_role(call.cx, input).await?;
    // As `CreateRole` shows a role: without its longest session, which is always the same.
    Ok(Answer::result(move |result| result.element("Role", |w| role::named(w, &made))))
}

pub(crate) async fn delete(call: Call<'_>) -> Result<Answer, Refusal> {
    let id = call.app.delete_service_linked_role(call.cx, call.parsed("RoleName")?).await?;
    Ok(Answer::result(move |result| result.text("DeletionTaskId", &id)))
}

pub(crate) async fn deletion(call: Call<'_>) -> Result<Answer, Refusal> {
    let id = call.text("DeletionTaskId")?;
    call.fits("DeletionTaskId", 1..=1_000, Alphabet::ANY)?;
    let deletion = call.app.service_linked_role_deletion(call.cx, &id)?;
    Ok(Answer::result(move |result| match &deletion.end {
        None => result.text("Status", "IN_PROGRESS"),
        Some(end) => match &end.failed {
            None => result.text("Status", "SUCCEEDED"),
            Some(failure) => {
                result.text("Status", "FAILED");
                reason(result, failure);
            }
        },
    }))
}

fn reason(result: &mut XmlWriter, failure: &DeletionFailure) {
    result.element("Reason", |w| {
        w.text("Reason", &failure.reason);
        w.list("RoleUsageList", [failure], |member, failure| {
            member.text("Region", &failure.region);
            member.texts("Resources", [failure.resource.as_str()]);
        });
    });
}
