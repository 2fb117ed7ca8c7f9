//! Access keys.

use garita_app::iam::UpdateAccessKey;
use garita_model::access_key::LastUsed;
use garita_model::{AccessKey, AccessKeyId, KeyOwner, KeyStatus, UserName};
use garita_wire::protocol::xml::XmlWriter;

use super::paged;
use crate::call::{Answer, Call};
use crate::errors::Refusal;

/// `statusType`.
pub(super) const STATUS: &[(&str, KeyStatus)] =
    &[("Active", KeyStatus::Active), ("Inactive", KeyStatus::Inactive)];

pub(crate) async fn create(call: Call<'_>) -> Result<Answer, Refusal> {
    let made = call.app.create_access_key(call.cx, call.optional("UserName")?).await?;
    Ok(Answer::result(move |result| {
        result.element("AccessKey", |key| {
            // The model requires a name, which the root user does not have.
            key.text("UserName", owner(&made.key.owner).unwrap_or("root"));
            key.text("AccessKeyId", made.key.id.as_str());
            key.text("Status", status(made.key.status));
            key.text("SecretAccessKey", made.secret.expose());
            key.timestamp("CreateDate", made.key.created);
        });
    }))
}

pub(crate) async fn list(call: Call<'_>) -> Result<Answer, Refusal> {
    let user: Option<UserName> = call.optional("UserName")?;
    let page = call.app.list_access_keys(call.cx, user.as_ref(), &call.page()?)?;
    Ok(Answer::result(move |result| paged(result, "AccessKeyMetadata", &page, |w, key| metadata(w, key))))
}

pub(crate) async fn update(call: Call<'_>) -> Result<Answer, Refusal> {
    call.text("Status")?;
    let Some(status) = call.one_of("Status", STATUS)? else { return Ok(Answer::done()) };
    let input = UpdateAccessKey { user: call.optional("UserName")?, id: call.parsed("AccessKeyId")?, status };
    call.app.update_access_key(call.cx, input).await?;
    Ok(Answer::done())
}

pub(crate) async fn delete(call: Call<'_>) -> Result<Answer, Refusal> {
    let (user, id) = (call.optional("UserName")?, call.parsed("AccessKeyId")?);
    call.app.delete_access_key(call.cx, user, id).await?;
    Ok(Answer::done())
}

pub(crate) async fn last_used(call: Call<'_>) -> Result<Answer, Refusal> {
    let id: AccessKeyId = call.parsed("AccessKeyId")?;
    let found = call.app.access_key_last_used(call.cx, &id)?;
    Ok(Answer::result(move |result| {
        result.optional("UserName", owner(&found.owner));
        result.element("AccessKeyLastUsed", |used| last_use(used, found.used.as_ref()));
    }))
}

fn metadata(result: &mut XmlWriter, key: &AccessKey) {
    result.optional("UserName", owner(&key.owner));
    result.text("AccessKeyId", key.id.as_str());
    result.text("Status", status(key.status));
    result.timestamp("CreateDate", key.created);
}

/// `N/A` stands where a key was never used.
fn last_use(result: &mut XmlWriter, used: Option<&LastUsed>) {
    if let Some(used) = used {
        result.timestamp("LastUsedDate", used.at);
    }
    result.text("ServiceName", used.map_or("N/A", |u| &u.service));
    result.text("Region", used.map_or("N/A", |u| &u.region));
}

fn owner(owner: &KeyOwner) -> Option<&str> {
    match owner {
        KeyOwner::Root => None,
        KeyOwner::User(name) => Some(name.as_str()),
    }
}

pub(super) fn status(status: KeyStatus) -> &'static str {
    match status {
        KeyStatus::Active => "Active",
        KeyStatus::Inactive => "Inactive",
    }
}
