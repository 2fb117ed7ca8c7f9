//! Which policies grant services, and when services were last used.

use garita_app::iam::{AccessedService, EntityAccess, EntityName, GrantingPolicy, JobProgress};
use garita_wire::protocol::xml::XmlWriter;

use super::more;
use crate::call::{Answer, Call};
use crate::errors::Refusal;

/// `AccessAdvisorUsageGranularityType`, as far as it goes here.
const GRANULARITY: &[(&str, ())] = &[("SERVICE_LEVEL", ())];

pub(crate) async fn generate(call: Call<'_>) -> Result<Answer, Refusal> {
    call.one_of("Granularity", GRANULARITY)?;
    let id = call.app.generate_service_last_accessed(call.cx, &call.text("Arn")?)?;
    Ok(Answer::result(move |result| result.text("JobId", &id)))
}

pub(crate) async fn get(call: Call<'_>) -> Result<Answer, Refusal> {
    let (job, page) = call.app.service_last_accessed(call.cx, &call.text("JobId")?, &call.page()?)?;
    Ok(Answer::result(move |result| {
        status(result, &job);
        result.text("JobType", "SERVICE_LEVEL");
        result.list("ServicesLastAccessed", &page.items, service);
        more(result, page.marker.as_deref());
    }))
}

pub(crate) async fn get_with_entities(call: Call<'_>) -> Result<Answer, Refusal> {
    let (id, namespace) = (call.text("JobId")?, call.text("ServiceNamespace")?);
    let (job, page) = call.app.service_last_accessed_by(call.cx, &id, &namespace, &call.page()?)?;
    Ok(Answer::result(move |result| {
        status(result, &job);
        result.list("EntityDetailsList", &page.items, |w, entity| {
            w.element("EntityInfo", |w| info(w, entity));
            w.timestamp("LastAuthenticated", entity.at);
        });
        more(result, page.marker.as_deref());
    }))
}

pub(crate) async fn granting(call: Call<'_>) -> Result<Answer, Refusal> {
    let arn = call.text("Arn")?;
    call.must_have_items("ServiceNamespaces")?;
    let namespaces = call.texts("ServiceNamespaces")?;
    let page = call.app.policies_granting_service_access(call.cx, &arn, &namespaces, &call.page()?)?;
    Ok(Answer::result(move |result| {
        result.list("PoliciesGrantingServiceAccess", &page.items, |w, service| {
            w.text("ServiceNamespace", &service.namespace);
            w.list("Policies", &service.policies, policy);
        });
        more(result, page.marker.as_deref());
    }))
}

/// The model requires a time of completion from a job that still runs; AWS tells that of its beginning then.
fn status(result: &mut XmlWriter, job: &JobProgress) {
    let word = match (job.ended, &job.failed) {
        (None, _) => "IN_PROGRESS",
        (Some(_), None) => "COMPLETED",
        (Some(_), Some(_)) => "FAILED",
    };
    result.text("JobStatus", word);
    result.timestamp("JobCreationDate", job.created);
    result.timestamp("JobCompletionDate", job.ended.unwrap_or(job.created));
    if let Some((code, message)) = &job.failed {
        result.element("Error", |w| {
            w.text("Message", message);
            w.text("Code", code);
        });
    }
}

fn service(w: &mut XmlWriter, service: &AccessedService) {
    let last = service.entities.first();
    w.text("ServiceName", &service.name);
    if let Some(last) = last {
        w.timestamp("LastAuthenticated", last.at);
    }
    w.text("ServiceNamespace", &service.namespace);
    w.optional("LastAuthenticatedEntity", last.map(|last| last.arn.as_str()));
    w.optional("LastAuthenticatedRegion", last.map(|last| last.region.as_str()));
    w.integer("TotalAuthenticatedEntities", i64::try_from(service.entities.len()).unwrap_or(i64::MAX));
}

fn info(w: &mut XmlWriter, entity: &EntityAccess) {
    let (kind, name) = kind_and_name(&entity.name);
    w.text("Arn", &entity.arn);
    w.text("Name", name);
    w.text("Type", kind);
    w.text("Id", &entity.id);
    w.text("Path", &entity.path);
}

fn policy(w: &mut XmlWriter, policy: &GrantingPolicy) {
    w.text("PolicyName", &policy.name);
    match &policy.arn {
        Some(arn) => {
            w.text("PolicyType", "MANAGED");
            w.text("PolicyArn", arn);
        }
        None => {
            let (kind, name) = kind_and_name(&policy.of);
            w.text("PolicyType", "INLINE");
            w.text("EntityType", kind);
            w.text("EntityName", name);
        }
    }
}

/// `policyOwnerEntityType`.
fn kind_and_name(name: &EntityName) -> (&'static str, &str) {
    match name {
        EntityName::User(name) => ("USER", name.as_str()),
        EntityName::Group(name) => ("GROUP", name.as_str()),
        EntityName::Role(name) => ("ROLE", name.as_str()),
    }
}
