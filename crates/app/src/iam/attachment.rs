//! Managed policies on users, groups and roles.
//!
//! INVARIANT: what is attached is there, and belongs to the account or to AWS.

use std::sync::Arc;

use garita_model::{AccountId, ObjectKey, ObjectKind, Result, UniqueId};
use garita_store::Snapshot;

use super::ask::own_account;
use super::entity::{Actions, Entity, EntityName};
use super::managed_policy::PolicyUsage;
use super::page::{Page, PageRequest, check_prefix, is_under};
use super::policy_arn::{PolicyArn, must_be_attachable, not_found};
use super::quota::{POLICIES_OF_GROUP, POLICIES_OF_ROLE, POLICIES_OF_USER};
use crate::App;
use crate::context::RequestContext;

/// An attached policy as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachedPolicy {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
}

/// Which kind of entities `ListEntitiesForPolicy` lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntityFilter {
    /// Users.
    User,
    /// Groups.
    Group,
    /// Roles.
    Role,
    /// `LocalManagedPolicy` and `AWSManagedPolicy`: a policy is on no policy, so none.
    Policy,
}

/// What `ListEntitiesForPolicy` asks for.
#[derive(Debug, Clone, Default)]
pub struct EntitiesForPolicy {
    /// The policy's ARN.
    pub arn: String,
    /// Only entities of this kind.
    pub filter: Option<EntityFilter>,
    /// Only entities whose path begins so.
    pub path_prefix: Option<String>,
    /// Only entities that use it so.
    pub usage: Option<PolicyUsage>,
    /// Which part.
    pub page: PageRequest,
}

/// An entity that uses a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyEntity {
    /// Its kind and name.
    pub name: EntityName,
    /// Its unique id.
    pub id: UniqueId,
}

const ATTACH: Actions = ["iam:AttachUserPolicy", "iam:AttachGroupPolicy", "iam:AttachRolePolicy"];
const DETACH: Actions = ["iam:DetachUserPolicy", "iam:DetachGroupPolicy", "iam:DetachRolePolicy"];
const LIST: Actions =
    ["iam:ListAttachedUserPolicies", "iam:ListAttachedGroupPolicies", "iam:ListAttachedRolePolicies"];

impl App {
    /// Attaches a managed policy; nothing changes when it is attached already: `Attach{User,Group,Role}Policy`.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound` when there is no such entity or policy; `LimitExceeded` for an eleventh policy;
    /// `Invalid` for what is no policy's ARN.
    pub async fn attach_policy(
        self: &Arc<Self>,
        cx: &RequestContext,
        to: EntityName,
        policy_arn: String,
    ) -> Result<()> {
        let (account, arn) = (own_account(cx)?, PolicyArn::parse(&policy_arn)?);
        self.change(cx, move |change| {
            let ask = to.ask_bounded(ATTACH, change.state(), account).policy(arn.as_str());
            let permit = ask.judge(change)?;
            let entity = to.find(change.state(), account)?;
            entity.must_be_free()?;
            must_be_attachable(change.state(), account, &arn)?;
            if entity.attached().contains(&policy_arn) {
                return Ok(());
            }
            let quota = to.choose([POLICIES_OF_USER, POLICIES_OF_GROUP, POLICIES_OF_ROLE]);
            quota.one_more(entity.attached().len())?;
            change.put(&permit, entity.changed(|part| part.attached.push(policy_arn)));
            Ok(())
        })
        .await
    }

    /// Detaches a managed policy: `Detach{User,Group,Role}Policy`.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound` when there is no such entity or the policy is not attached to it; `Invalid` for what
    /// is no policy's ARN.
    pub async fn detach_policy(
        self: &Arc<Self>,
        cx: &RequestContext,
        from: EntityName,
        policy_arn: String,
    ) -> Result<()> {
        let (account, arn) = (own_account(cx)?, PolicyArn::parse(&policy_arn)?);
        self.change(cx, move |change| {
            let ask = from.ask_bounded(DETACH, change.state(), account).policy(arn.as_str());
            let permit = ask.judge(change)?;
            let entity = from.find(change.state(), account)?;
            entity.must_be_free()?;
            if !entity.attached().contains(&policy_arn) {
                return Err(not_found(&policy_arn));
            }
            change.put(&permit, entity.changed(|part| part.attached.retain(|held| *held != policy_arn)));
            Ok(())
        })
        .await
    }

    /// The attached policies whose path begins with `path_prefix`: `ListAttached{User,Group,Role}Policies`.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`; `Invalid` for a marker, a number of items or a prefix that cannot be.
    pub fn list_attached_policies(
        &self,
        cx: &RequestContext,
        of: &EntityName,
        path_prefix: Option<&str>,
        page: &PageRequest,
    ) -> Result<Page<AttachedPolicy>> {
        let (account, state) = (own_account(cx)?, self.snapshot());
        check_prefix(path_prefix)?;
        let ask = of.ask(LIST, &state, account);
        ask.judge_read(&state, cx)?;
        let mut found = Vec::new();
        for arn in of.find(&state, account)?.attached() {
            let policy = PolicyArn::parse(arn)?.get(&state, account)?;
            if is_under(policy.path(), path_prefix) {
                let attached = AttachedPolicy { name: policy.name().to_owned(), arn: arn.clone() };
                found.push((policy.list_key(), attached));
            }
        }
        Ok(self.pager(&ask, page)?.sort(found))
    }

    /// The users, groups and roles of the account that use a policy.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`; `Invalid` for what is no policy's ARN, or a page or prefix that cannot be.
    pub fn list_entities_for_policy(
        &self,
        cx: &RequestContext,
        input: &EntitiesForPolicy,
    ) -> Result<Page<PolicyEntity>> {
        let (account, state, arn) = (own_account(cx)?, self.snapshot(), PolicyArn::parse(&input.arn)?);
        check_prefix(input.path_prefix.as_deref())?;
        let ask = arn.ask("iam:ListEntitiesForPolicy", &state, account);
        ask.judge_read(&state, cx)?;
        arn.get(&state, account)?;
        let attached = state.attachments(&input.arn).filter(|_| input.usage != Some(PolicyUsage::Boundary));
        let bounded = state.bounded_by(&input.arn).filter(|_| input.usage != Some(PolicyUsage::Permissions));
        let mut found: Vec<(String, PolicyEntity)> = attached
            .chain(bounded)
            .filter_map(|key| entity(&state, account, key))
            .filter(|entity| input.wants(entity))
            .map(|e| (list_key(&e), PolicyEntity { name: e.name(), id: e.id().clone() }))
            .collect();
        found.sort_by(|(a, _), (b, _)| a.cmp(b));
        found.dedup_by(|(a, _), (b, _)| a == b);
        Ok(self.pager(&ask, &input.page)?.cut(found))
    }
}

/// Names and ARNs of attached policies, in the order of attachment.
pub(super) fn shown(
    state: &Snapshot,
    account: AccountId,
    attached: &[String],
) -> Result<Vec<AttachedPolicy>> {
    let shown = |arn: &String| {
        let policy = PolicyArn::parse(arn)?.get(state, account)?;
        Ok(AttachedPolicy { name: policy.name().to_owned(), arn: arn.clone() })
    };
    attached.iter().map(shown).collect()
}

impl EntitiesForPolicy {
    fn wants(&self, entity: &Entity) -> bool {
        let of_kind = match self.filter {
            None => true,
            Some(EntityFilter::User) => matches!(entity, Entity::User(_)),
            Some(EntityFilter::Group) => matches!(entity, Entity::Group(_)),
            Some(EntityFilter::Role) => matches!(entity, Entity::Role(_)),
            Some(EntityFilter::Policy) => false,
        };
        of_kind && is_under(entity.path(), self.path_prefix.as_deref())
    }
}

/// The entity of the account with a key.
fn entity(state: &Snapshot, account: AccountId, key: &ObjectKey) -> Option<Entity> {
    let name = key.key.strip_prefix(&account.to_string())?.strip_prefix('/')?;
    match key.kind {
        ObjectKind::User => state.user(account, name).cloned().map(Entity::User),
        ObjectKind::Group => state.group(account, name).cloned().map(Entity::Group),
        ObjectKind::Role => state.role(account, name).cloned().map(Entity::Role),
        _ => None,
    }
}

/// Groups come first, then roles, then users, each by name.
fn list_key(entity: &Entity) -> String {
    let name = entity.name();
    format!("{}/{}", name.kind(), name.as_str().to_ascii_lowercase())
}
