//! Service-linked roles: made for one service of AWS's names, changed and deleted by nobody else.
//!
//! Garita's services do their work without them; what is made here is for tools that expect the role to be there, and
//! for policies that name it. A deletion is asked for, carried out a moment later and can be asked about for thirty
//! days; one that a stop of the program cut short goes on at the next start.
//!
//! INVARIANT: only a role of this module has a path under `/aws-service-role/`, and its trust is that of its service.
//! IAM User Guide, "Create a service-linked role".

use std::collections::BTreeMap;
use std::sync::Arc;

use garita_model::id::IdKind;
use garita_model::role::SERVICE_LINKED;
use garita_model::user_pool::Uuid;
use garita_model::{
    AccountId, DeletionEnd, DeletionFailure, Error, Object, ObjectKey, ObjectKind, Plain as _, Result, Role,
    RoleDeletion, RoleName, UniqueId,
};
use garita_store::Snapshot;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::ask::{Ask, own_account};
use super::entity::{EntityName, iam_arn};
use super::noun::Noun as _;
use super::role::{self, RoleDetail, USUAL_SESSION};
use super::{instance_profile, quota, trust};
use crate::App;
use crate::audit::Event;
use crate::authorize::Question;
use crate::change::Change;
use crate::context::RequestContext;

/// The services that Garita stands for, with the role that AWS makes for each. None of them takes a suffix of the
/// caller's.
const SERVICES: [(&str, &str); 11] = [
    ("access-analyzer.amazonaws.com", "AWSServiceRoleForAccessAnalyzer"),
    ("apidestinations.events.amazonaws.com", "AWSServiceRoleForAmazonEventBridgeApiDestinations"),
    ("cloudtrail.amazonaws.com", "AWSServiceRoleForCloudTrail"),
    ("cognito-idp.amazonaws.com", "AWSServiceRoleForAmazonCognitoIdp"),
    ("email.cognito-idp.amazonaws.com", "AWSServiceRoleForAmazonCognitoIdpEmailService"),
    ("events.amazonaws.com", "AWSServiceRoleForCloudWatchEvents"),
    ("ops.apigateway.amazonaws.com", "AWSServiceRoleForAPIGateway"),
    ("organizations.amazonaws.com", "AWSServiceRoleForOrganizations"),
    ("sagemaker.amazonaws.com", "AWSServiceRoleForAmazonSageMakerNotebooks"),
    ("ssm.amazonaws.com", "AWSServiceRoleForAmazonSSM"),
    ("sso.amazonaws.com", "AWSServiceRoleForSSO"),
];

/// What `CreateServiceLinkedRole` asks for.
#[derive(Debug, Clone)]
pub struct CreateServiceLinkedRole {
    /// The service principal.
    pub service: String,
    /// For people.
    pub description: Option<String>,
    /// What is to follow the role's name.
    pub suffix: Option<String>,
}

impl App {
    /// Makes the role of a service.
    ///
    /// # Errors
    /// `AccessDenied`; `InvalidInput` for a service that has none here, for a suffix, and when the role is there;
    /// `LimitExceeded`; `Invalid` for a description that is too long.
    pub async fn create_service_linked_role(
        self: &Arc<Self>,
        cx: &RequestContext,
        input: CreateServiceLinkedRole,
    ) -> Result<RoleDetail> {
        let account = own_account(cx)?;
        self.change(cx, move |change| {
            let service = input.service.as_str();
            let known = SERVICES.iter().find(|(principal, _)| *principal == service);
            let path = format!("{SERVICE_LINKED}{service}/");
            // Whoever may not make roles does not learn which services have one.
            let name = known.map_or("AWSServiceRoleFor", |(_, name)| name);
            let arn = iam_arn(account, "role", &path, name);
            let ask = Ask::new("iam:CreateServiceLinkedRole", &arn, account).linked_to(service);
            let permit = ask.judge(change)?;
            let (_, name) = known.ok_or_else(|| {
                Error::InvalidInput(format!("Cannot find Service Linked Role template for {service}"))
            })?;
            if input.suffix.is_some() {
                return Err(Error::InvalidInput(format!("Custom suffix is not allowed for {service}")));
            }
            let state = change.state();
            if state.role(account, name).is_some() {
                return Err(Error::InvalidInput(format!(
                    "Service role name {name} has been taken in this account, please try a different suffix."
                )));
            }
            quota::ROLES.one_more(state.roles(account, None).count())?;
            quota::check_description(input.description.as_deref())?;
            let role = Arc::new(Role {
                account,
                name: name.parse()?,
                path: path.parse()?,
                id: UniqueId::draw(IdKind::Role, change.entropy())?,
                created: change.now(),
                description: input.description,
                trust: trust::resolve(state, &trust_of(service))?,
                max_session: USUAL_SESSION,
                attached: Vec::new(),
                inline: BTreeMap::new(),
                boundary: None,
                tags: Vec::new(),
                min_rev: 0,
            });
            change.put(&permit, Object::Role(Arc::clone(&role)));
            change.made(json!({ "role": { "roleName": role.name, "roleId": role.id, "arn": arn } }));
            Ok(role::detail(change.state(), role))
        })
        .await
    }

    /// Asks for a service-linked role to be deleted; answers the id of the deletion, which is that of the one under
    /// way if there is one.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound` when there is no such role, or it is not one of a service.
    pub async fn delete_service_linked_role(
        self: &Arc<Self>,
        cx: &RequestContext,
        name: RoleName,
    ) -> Result<String> {
        let account = own_account(cx)?;
        let id = self
            .change(cx, move |change| {
                let ask = EntityName::Role(name.clone()).ask(
                    ["iam:DeleteServiceLinkedRole"; 3],
                    change.state(),
                    account,
                );
                let permit = ask.judge(change)?;
                let role = role::get(change.state(), account, &name)?;
                let service = role.linked_service().ok_or_else(|| {
                    Error::NotFound(format!("The role with name {name} is not a service-linked role."))
                })?;
                if let Some(open) = under_way(change.state(), &role) {
                    return Ok(open.id());
                }
                let deletion = RoleDeletion {
                    account,
                    task: Uuid::draw(change.entropy())?,
                    service: service.to_owned(),
                    name: role.name.clone(),
                    role: role.id.clone(),
                    asked: change.now(),
                    end: None,
                };
                let id = deletion.id();
                change.put(&permit, deletion.into_object());
                change.made(json!({ "deletionTaskId": id }));
                Ok(id)
            })
            .await?;
        let app = Arc::clone(self);
        tokio::spawn(async move {
            if let Err(error) = app.delete_linked_roles().await {
                tracing::warn!(?error, "a service-linked role is not deleted yet; it is tried again");
            }
        });
        Ok(id)
    }

    /// How far a deletion is.
    ///
    /// # Errors
    /// `AccessDenied`; `InvalidInput` for what is no id of a deletion; `NotFound` for one that is not known (any more).
    pub fn service_linked_role_deletion(&self, cx: &RequestContext, id: &str) -> Result<Arc<RoleDeletion>> {
        let (account, state) = (own_account(cx)?, self.snapshot());
        let asked = parts(id);
        let role =
            asked.map_or_else(|| "*".to_owned(), |(service, name, _)| linked_arn(account, service, name));
        Ask::new("iam:GetServiceLinkedRoleDeletionStatus", role, account).judge_read(&state, cx)?;
        let (_, _, task) = asked.ok_or_else(|| {
            Error::InvalidInput("Invalid deletion task id: it is told by DeleteServiceLinkedRole".to_owned())
        })?;
        let found = state.get::<RoleDeletion>(account, &task.to_string()).filter(|held| held.id() == id);
        found.cloned().ok_or_else(|| Error::NotFound(format!("Deletion task {id} cannot be found.")))
    }

    /// Carries out the deletions that were asked for, and forgets those that ended long ago; answers how many it
    /// carried out. Called after each request for one, and now and then.
    ///
    /// # Errors
    /// `Unavailable` when the store cannot keep a change; the deletions that came before are done.
    pub async fn delete_linked_roles(self: &Arc<Self>) -> Result<usize> {
        let (state, now) = (self.snapshot(), self.clock.now());
        let mut done = 0;
        for account in state.accounts().map(|account| account.id) {
            let all = || state.list::<RoleDeletion>(account, "");
            let over: Vec<ObjectKey> =
                all().filter(|d| d.is_over(now)).map(|d| ObjectKey::plain(d.as_ref())).collect();
            if !over.is_empty() {
                let cx = self.keeping(account, "ForgetRoleDeletions", json!({ "count": over.len() }))?;
                self.change(&cx, move |change| {
                    over.into_iter().for_each(|key| change.forget(key));
                    Ok(())
                })
                .await?;
            }
            let waiting: Vec<Arc<RoleDeletion>> = all().filter(|d| d.end.is_none()).cloned().collect();
            for deletion in waiting {
                let told = json!({ "deletionTaskId": deletion.id() });
                let cx = self.keeping(account, "CompleteServiceLinkedRoleDeletion", told)?;
                self.change(&cx, move |change| carry_out(change, &deletion)).await?;
                done += 1;
            }
        }
        Ok(done)
    }

    /// The operator of the machine, seeing to what IAM has to do by itself.
    fn keeping(&self, account: AccountId, name: &str, parameters: Value) -> Result<RequestContext> {
        Ok(self.operator(account, name, parameters.clone())?.for_event(Event {
            source: "iam.amazonaws.com",
            name: name.to_owned(),
            parameters,
            read_only: false,
            management: true,
        }))
    }
}

/// The deletion of a role that has not ended.
fn under_way(state: &Snapshot, role: &Role) -> Option<Arc<RoleDeletion>> {
    let mut all = state.list::<RoleDeletion>(role.account, "");
    all.find(|deletion| deletion.role == role.id && deletion.end.is_none()).cloned()
}

/// Deletes the role, or notes what stands against it. Another node may have been faster: then nothing is to do.
fn carry_out(change: &mut Change<'_>, deletion: &RoleDeletion) -> Result<()> {
    let account = deletion.account;
    let held = change.state().get::<RoleDeletion>(account, &deletion.local()).cloned();
    let Some(held) = held.filter(|held| held.end.is_none()) else { return Ok(()) };
    let arn = linked_arn(account, &held.service, held.name.as_str());
    let permit = change.authorize(&Question::new("iam:DeleteServiceLinkedRole", &arn, account))?;
    let found = change.state().role(account, held.name.as_str()).filter(|role| role.id == held.role).cloned();
    let failed = found.as_ref().and_then(|role| in_use(change, role));
    if let (Some(role), None) = (found, &failed) {
        change.delete(&permit, ObjectKey::named(ObjectKind::RoleUse, account, role.id.as_str()));
        change.delete(&permit, Object::Role(role).key());
    }
    change.made(json!({ "reason": failed.as_ref().map(|failure| &failure.reason) }));
    let end = Some(DeletionEnd { at: change.now(), failed });
    change.put(&permit, RoleDeletion { end, ..RoleDeletion::clone(&held) }.into_object());
    Ok(())
}

/// What still rests on a role: a session that may be alive, or an instance profile.
fn in_use(change: &Change<'_>, role: &Role) -> Option<DeletionFailure> {
    let now: Timestamp = change.now();
    let used = change.app().role_last_used(role, now);
    let longest = SignedDuration::from_secs(i64::from(role.max_session));
    if let Some(used) = used.filter(|used| now.duration_since(used.at) < longest) {
        let resource = iam_arn(role.account, "role", role.path.as_str(), role.name.as_str());
        let reason = format!("A session of the role was used at {}; wait until it has ended.", used.at);
        return Some(DeletionFailure { reason, region: used.region, resource });
    }
    let profile = instance_profile::of_role(change.state(), role).next()?;
    let reason = format!("The role is in the instance profile {}; remove it from there.", profile.name);
    let region = change.app().region().to_owned();
    Some(DeletionFailure { reason, region, resource: profile.arn() })
}

/// Refuses to let a role of a service be changed by anyone else.
pub(super) fn must_not_be_linked(role: &Role) -> Result<()> {
    match role.linked_service() {
        None => Ok(()),
        Some(_) => Err(Error::Unmodifiable(format!(
            "Cannot perform the operation on the protected role '{}' - this role is only modifiable by AWS",
            role.name
        ))),
    }
}

/// The trust policy of a service's role, as AWS writes it.
fn trust_of(service: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"Service":"{service}"}},"Action":"sts:AssumeRole"}}]}}"#
    )
}

fn linked_arn(account: AccountId, service: &str, name: &str) -> String {
    iam_arn(account, "role", &format!("{SERVICE_LINKED}{service}/"), name)
}

/// Service, role and task of a deletion's id.
fn parts(id: &str) -> Option<(&str, &str, Uuid)> {
    let mut parts = id.strip_prefix("task/aws-service-role/")?.split('/');
    let (service, name, task) = (parts.next()?, parts.next()?, parts.next()?);
    let named = !service.is_empty() && name.parse::<RoleName>().is_ok();
    (named && parts.next().is_none()).then(|| task.parse().ok())?.map(|task| (service, name, task))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_deletions_have_one_form() {
        let uuid = "00000000-0000-4000-8000-000000000001";
        let good = format!("task/aws-service-role/sso.amazonaws.com/AWSServiceRoleForSSO/{uuid}");
        assert_eq!(
            parts(&good).map(|(service, name, _)| (service, name)),
            Some(("sso.amazonaws.com", "AWSServiceRoleForSSO"))
        );
        for bad in [
            String::new(),
            uuid.to_owned(),
            format!("{good}/"),
            format!("task/aws-service-role//AWSServiceRoleForSSO/{uuid}"),
            format!("task/aws-service-role/sso.amazonaws.com/a b/{uuid}"),
            good.replace(uuid, "1"),
            good.replace("task/", ""),
        ] {
            assert!(parts(&bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn services_and_roles_are_each_named_once() {
        let mut names: Vec<&str> = SERVICES.iter().flat_map(|(service, role)| [*service, *role]).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 2 * SERVICES.len());
        assert!(SERVICES.iter().all(|(_, role)| role.parse::<RoleName>().is_ok()));
    }
}
