//! When services were last used by a user, a group, a role or those a policy is attached to: from the audit trail.
//!
//! A job reads the trail once, beside the requests that go on, and keeps its findings in memory until others take its
//! place. Requests that were refused count as well, as they do with AWS: they were authenticated.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use garita_model::{AccountId, AuditRecord, Error, ObjectKind, RequestId, Result};
use garita_policy::PolicyDocument;
use garita_store::{Snapshot, Trail};
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::Semaphore;

use super::ask::{Ask, own_account};
use super::entity::{Entity, EntityName};
use super::granting;
use super::page::{Page, PageRequest};
use super::policy_arn::PolicyArn;
use crate::App;
use crate::audit::error_code;
use crate::context::RequestContext;

/// Most jobs that are kept.
const MOST_JOBS: usize = 100;
/// The services of Garita itself, by AWS's names.
const SERVICES: [(&str, &str); 5] = [
    ("execute-api", "Amazon API Gateway Execute"),
    ("iam", "AWS Identity and Access Management"),
    ("sagemaker", "Amazon SageMaker"),
    ("sagemaker-mlflow", "Amazon SageMaker with MLflow"),
    ("sts", "AWS Security Token Service"),
];

/// The use of a service.
#[derive(Debug, Clone)]
pub struct AccessedService {
    /// For people.
    pub name: String,
    /// `s3`, ...
    pub namespace: String,
    /// Who used it and when last, the latest first.
    pub entities: Vec<EntityAccess>,
}

/// Someone's last use of a service.
#[derive(Debug, Clone)]
pub struct EntityAccess {
    /// Who.
    pub name: EntityName,
    /// Its ARN.
    pub arn: String,
    /// Its unique id.
    pub id: String,
    /// Its path.
    pub path: String,
    /// When.
    pub at: Timestamp,
    /// The region the request was signed for.
    pub region: String,
}

/// A job.
struct AccessJob {
    account: AccountId,
    created: Timestamp,
    done: OnceLock<(Timestamp, Result<Vec<AccessedService>>)>,
}

/// How far a job is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobProgress {
    /// When it was asked for.
    pub created: Timestamp,
    /// When it ended; none while it runs.
    pub ended: Option<Timestamp>,
    /// The code and the text of what made it fail.
    pub failed: Option<(&'static str, String)>,
}

/// The jobs of late. They read the trail one after the other: a caller that asks for many waits, and nobody else.
pub(crate) struct Jobs {
    kept: Mutex<VecDeque<(String, Arc<AccessJob>)>>,
    reader: Arc<Semaphore>,
}

impl Default for Jobs {
    fn default() -> Self {
        Self { kept: Mutex::default(), reader: Arc::new(Semaphore::new(1)) }
    }
}

impl AccessJob {
    /// How far it is and what it found: both of the same moment.
    fn look(&self) -> (JobProgress, &[AccessedService]) {
        let created = self.created;
        match self.done.get() {
            None => (JobProgress { created, ended: None, failed: None }, &[]),
            Some((at, Ok(found))) => (JobProgress { created, ended: Some(*at), failed: None }, found),
            Some((at, Err(error))) => {
                let failed = Some((error_code(error), error.to_string()));
                (JobProgress { created, ended: Some(*at), failed }, &[])
            }
        }
    }
}

impl App {
    /// Starts a job; answers its id.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`; `Invalid` for an ARN that cannot be.
    pub fn generate_service_last_accessed(
        self: &Arc<Self>,
        cx: &RequestContext,
        arn: &str,
    ) -> Result<String> {
        let (account, state) = (own_account(cx)?, self.snapshot());
        Ask::new("iam:GenerateServiceLastAccessedDetails", arn, account).judge_read(&state, cx)?;
        let (entities, services) = subjects(&state, account, arn)?;
        let id = RequestId::draw(self.entropy())?.to_string();
        let job = Arc::new(AccessJob { account, created: cx.now(), done: OnceLock::new() });
        {
            let mut jobs = self.access_jobs.kept.lock().unwrap_or_else(PoisonError::into_inner);
            jobs.push_front((id.clone(), Arc::clone(&job)));
            jobs.truncate(MOST_JOBS);
        }
        let (app, waiting) = (Arc::clone(self), Arc::downgrade(&job));
        drop(job);
        tokio::spawn(async move {
            let Ok(_turn) = Arc::clone(&app.access_jobs.reader).acquire_owned().await else { return };
            // A job that others took the place of while it waited is not done any more.
            let Some(job) = waiting.upgrade() else { return };
            let reading = tokio::task::spawn_blocking(move || {
                let found = uses(app.folder(), &entities).map(|uses| answer(&entities, services, &uses));
                // Only this task sets it.
                let _ = job.done.set((app.clock.now(), found));
            });
            if let Err(died) = reading.await {
                tracing::error!(%died, "a last-accessed job ended early");
            }
        });
        Ok(id)
    }

    /// A job and a part of the services it is about.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`; `Invalid` for a page that cannot be.
    pub fn service_last_accessed(
        &self,
        cx: &RequestContext,
        id: &str,
        page: &PageRequest,
    ) -> Result<(JobProgress, Page<AccessedService>)> {
        let (job, ask) = self.access_job(cx, "iam:GetServiceLastAccessedDetails", id)?;
        let (progress, found) = job.look();
        let services = found.iter().map(|service| (service.namespace.clone(), service.clone()));
        let page = self.pager(&ask, page)?.sort(services);
        Ok((progress, page))
    }

    /// A job and a part of those who used one service.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`; `Invalid` for a page that cannot be.
    pub fn service_last_accessed_by(
        &self,
        cx: &RequestContext,
        id: &str,
        namespace: &str,
        page: &PageRequest,
    ) -> Result<(JobProgress, Page<EntityAccess>)> {
        let (job, ask) = self.access_job(cx, "iam:GetServiceLastAccessedDetailsWithEntities", id)?;
        let (progress, found) = job.look();
        let service = found.iter().find(|service| service.namespace == namespace);
        let entities = service.into_iter().flat_map(|service| service.entities.iter().cloned());
        let page = self.pager(&ask, page)?.sort(entities.map(|entity| (entity.arn.clone(), entity)));
        Ok((progress, page))
    }

    fn access_job(
        &self,
        cx: &RequestContext,
        action: &'static str,
        id: &str,
    ) -> Result<(Arc<AccessJob>, Ask)> {
        let (account, state) = (own_account(cx)?, self.snapshot());
        let ask = Ask::new(action, "*", account);
        ask.judge_read(&state, cx)?;
        let jobs = self.access_jobs.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let found = jobs.iter().find(|(held, job)| held == id && job.account == account);
        let job = found.map(|(_, job)| Arc::clone(job));
        let job = job.ok_or_else(|| Error::NotFound(format!("Job with ID {id} could not be found.")))?;
        Ok((job, ask))
    }
}

/// Whose use an ARN asks about, and the services they may use.
fn subjects(state: &Snapshot, account: AccountId, arn: &str) -> Result<(Vec<Entity>, BTreeSet<String>)> {
    let mut subjects = Vec::new();
    let documents = if arn.contains(":policy/") {
        let policy = PolicyArn::parse(arn)?;
        policy.get(state, account)?;
        let prefix = format!("{account}/");
        for key in state.attachments(policy.as_str()) {
            let Some(name) = key.key.strip_prefix(&prefix) else { continue };
            match key.kind {
                ObjectKind::User => subjects.extend(state.user(account, name).cloned().map(Entity::User)),
                ObjectKind::Role => subjects.extend(state.role(account, name).cloned().map(Entity::Role)),
                _ => subjects.extend(state.members(account, name).cloned().map(Entity::User)),
            }
        }
        vec![granting::managed(state, account, arn)?.1]
    } else {
        let entity = granting::entity(state, account, arn)?;
        let held = granting::of_entity(state, account, &entity)?;
        match &entity {
            Entity::Group(group) => {
                subjects.extend(state.members(account, group.name.as_str()).cloned().map(Entity::User));
            }
            Entity::User(_) | Entity::Role(_) => subjects.push(entity),
        }
        held.into_iter().map(|held| held.document).collect()
    };
    Ok((subjects, services(&documents)))
}

fn services(documents: &[PolicyDocument]) -> BTreeSet<String> {
    let named = documents.iter().flat_map(granting::services);
    let own = SERVICES.iter().map(|(namespace, _)| *namespace);
    let granted = own.filter(|namespace| documents.iter().any(|one| granting::grants(one, namespace)));
    named.chain(granted.map(str::to_owned)).collect()
}

/// Unique id and service to the last use and its region.
type Uses = HashMap<(String, String), (Timestamp, String)>;

fn uses(folder: &Path, entities: &[Entity]) -> Result<Uses> {
    let ids: BTreeSet<&str> = entities.iter().map(|entity| entity.id().as_str()).collect();
    let mut uses = Uses::new();
    for entry in Trail::read(folder)? {
        let record = entry?.record;
        let Some(id) = principal(&record).filter(|id| ids.contains(id)) else { continue };
        let Ok(at) = record.event_time.parse::<Timestamp>() else { continue };
        for service in services_of(&record) {
            let used = (at, record.aws_region.clone());
            let last = uses.entry((id.to_owned(), service)).or_insert_with(|| used.clone());
            if last.0 < at {
                *last = used;
            }
        }
    }
    Ok(uses)
}

/// The unique id of the user, or of the role of the session, that a record is of.
fn principal(record: &AuditRecord) -> Option<&str> {
    let identity = &record.user_identity;
    let issuer = identity.pointer("/sessionContext/sessionIssuer/principalId");
    issuer.or_else(|| identity.get("principalId")).and_then(Value::as_str)
}

/// The services of the actions that were judged; of the event, when none was.
fn services_of(record: &AuditRecord) -> BTreeSet<String> {
    let decisions = record.additional_event_data.get("decisions").and_then(Value::as_array);
    let actions = decisions.into_iter().flatten().filter_map(|decision| decision.get("action")?.as_str());
    let judged: BTreeSet<String> =
        actions.filter_map(|action| action.split_once(':')).map(|(service, _)| service.to_owned()).collect();
    if judged.is_empty() {
        return record.event_source.strip_suffix(".amazonaws.com").map(str::to_owned).into_iter().collect();
    }
    judged
}

fn answer(entities: &[Entity], mut services: BTreeSet<String>, uses: &Uses) -> Vec<AccessedService> {
    services.extend(uses.keys().map(|(_, service)| service.clone()));
    let names: BTreeMap<&str, &str> = SERVICES.into_iter().collect();
    let used = |namespace: &str| {
        let by = entities.iter().filter_map(|entity| {
            let (at, region) = uses.get(&(entity.id().to_string(), namespace.to_owned()))?.clone();
            let (id, path) = (entity.id().to_string(), entity.path().to_owned());
            Some(EntityAccess { name: entity.name(), arn: entity.arn(), id, path, at, region })
        });
        let mut by: Vec<_> = by.collect();
        by.sort_by_key(|entity| std::cmp::Reverse(entity.at));
        by
    };
    let service = |namespace: String| AccessedService {
        name: names.get(namespace.as_str()).map_or_else(|| namespace.clone(), |name| (*name).to_owned()),
        entities: used(&namespace),
        namespace,
    };
    services.into_iter().map(service).collect()
}
