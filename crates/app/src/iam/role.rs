//! Roles and who may assume them.
//!
//! INVARIANT: a stored trust policy was checked and holds unique ids (see `trust`). Sessions of a role name its
//! unique id, so they end with the role.

use std::collections::BTreeMap;
use std::sync::Arc;

use garita_model::id::IdKind;
use garita_model::role::SERVICE_LINKED;
use garita_model::{
    AccountId, Error, Object, ObjectKey, ObjectKind, Path, Result, Role, RoleName, RoleUse, Tag, UniqueId,
    tag,
};
use garita_store::Snapshot;
use serde_json::json;

use super::ask::{Ask, own_account};
use super::entity::{Entity, EntityName, iam_arn};
use super::page::{Page, PageRequest, check_prefix, is_under};
use super::policy_arn::must_be_boundary;
use super::service_linked_role::must_not_be_linked;
use super::{instance_profile, quota, trust};
use crate::App;
use crate::context::RequestContext;

/// Longest session of a role that does not say, in seconds.
pub(super) const USUAL_SESSION: u32 = 3_600;
/// Most that can be set as the longest session, in seconds.
const LONGEST_SESSION: u32 = 43_200;

/// What `CreateRole` asks for.
#[derive(Debug, Clone)]
pub struct CreateRole {
    /// The name.
    pub name: RoleName,
    /// The path.
    pub path: Path,
    /// The trust policy, as JSON.
    pub trust: String,
    /// For people.
    pub description: Option<String>,
    /// Longest session, in seconds; 3600 when not given.
    pub max_session: Option<u32>,
    /// ARN of a managed policy as permissions boundary.
    pub boundary: Option<String>,
    /// Tags.
    pub tags: Vec<Tag>,
}

/// What `UpdateRole` asks for.
#[derive(Debug, Clone)]
pub struct UpdateRole {
    /// The role.
    pub name: RoleName,
    /// Its new description.
    pub description: Option<String>,
    /// Its new longest session, in seconds.
    pub max_session: Option<u32>,
}

/// A role as it is shown.
#[derive(Debug, Clone)]
pub struct RoleDetail {
    /// The role; its own `trust` holds unique ids.
    pub role: Arc<Role>,
    /// The trust policy with the ARNs its principals have now; unique ids of those that are gone.
    pub trust: String,
    /// When it was last used; only looked up where it is shown.
    pub used: Option<RoleUse>,
}

impl App {
    /// Makes a role.
    ///
    /// # Errors
    /// `AccessDenied`; `AlreadyExists` for a name that is taken in any case; `MalformedPolicy` for a trust policy that
    /// cannot be read or names principals that are not there; `NotFound` for a boundary that is not there; `Invalid`
    /// or `LimitExceeded` for other values.
    pub async fn create_role(self: &Arc<Self>, cx: &RequestContext, input: CreateRole) -> Result<RoleDetail> {
        let account = own_account(cx)?;
        self.change(cx, move |change| {
            let arn = iam_arn(account, "role", input.path.as_str(), input.name.as_str());
            let ask = Ask::new("iam:CreateRole", &arn, account);
            let ask = ask.boundary(input.boundary.as_deref()).tagging(&input.tags);
            let permit = ask.judge_making(change, "iam:TagRole")?;
            let state = change.state();
            if state.role(account, input.name.as_str()).is_some() {
                return Err(Error::AlreadyExists(format!("Role with name {} already exists.", input.name)));
            }
            quota::ROLES.one_more(state.roles(account, None).count())?;
            let trust = check(state, account, &input)?;
            let role = Arc::new(Role {
                account,
                name: input.name,
                path: input.path,
                id: UniqueId::draw(IdKind::Role, change.entropy())?,
                created: change.now(),
                description: input.description,
                trust,
                max_session: input.max_session.unwrap_or(USUAL_SESSION),
                attached: Vec::new(),
                inline: BTreeMap::new(),
                boundary: input.boundary,
                tags: input.tags,
                min_rev: 0,
            });
            change.put(&permit, Object::Role(Arc::clone(&role)));
            change.made(json!({ "role": { "roleName": role.name, "roleId": role.id, "arn": arn } }));
            Ok(detail(change.state(), role))
        })
        .await
    }

    /// A role.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`.
    pub fn get_role(&self, cx: &RequestContext, name: &RoleName) -> Result<RoleDetail> {
        let (account, state) = (own_account(cx)?, self.snapshot());
        EntityName::Role(name.clone()).ask(["iam:GetRole"; 3], &state, account).judge_read(&state, cx)?;
        let role = get(&state, account, name)?;
        let used = self.role_last_used(&role, cx.now());
        Ok(RoleDetail { used, ..detail(&state, role) })
    }

    /// The roles whose path begins with `path_prefix`.
    ///
    /// # Errors
    /// `AccessDenied`; `Invalid` for a marker, a number of items or a prefix that cannot be.
    pub fn list_roles(
        &self,
        cx: &RequestContext,
        path_prefix: Option<&str>,
        page: &PageRequest,
    ) -> Result<Page<RoleDetail>> {
        let (account, state) = (own_account(cx)?, self.snapshot());
        check_prefix(path_prefix)?;
        let ask =
            Ask::new("iam:ListRoles", iam_arn(account, "role", path_prefix.unwrap_or("/"), ""), account);
        ask.judge_read(&state, cx)?;
        let pager = self.pager(&ask, page)?;
        let roles = state.roles(account, pager.after()).filter(|r| is_under(r.path.as_str(), path_prefix));
        Ok(pager.cut(roles.map(|role| (role.name.key(), detail(&state, Arc::clone(role))))))
    }

    /// Changes a role's description or longest session; what is not given stays.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`; `Invalid` for values out of range; `Unmodifiable` for the longest session of a
    /// service-linked role.
    pub async fn update_role(self: &Arc<Self>, cx: &RequestContext, input: UpdateRole) -> Result<()> {
        self.edit_role(cx, input.name, "iam:UpdateRole", move |_, role| {
            if input.max_session.is_some() {
                must_not_be_linked(role)?;
            }
            check_session(input.max_session)?;
            quota::check_description(input.description.as_deref())?;
            role.max_session = input.max_session.unwrap_or(role.max_session);
            role.description = input.description.or_else(|| role.description.take());
            Ok(())
        })
        .await
        .map(drop)
    }

    /// Changes a role's description: the older operation, which answers the role.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`; `Invalid` for a description that is too long.
    pub async fn update_role_description(
        self: &Arc<Self>,
        cx: &RequestContext,
        name: RoleName,
        description: String,
    ) -> Result<RoleDetail> {
        self.edit_role(cx, name, "iam:UpdateRoleDescription", move |_, role| {
            quota::check_description(Some(&description))?;
            role.description = Some(description);
            Ok(())
        })
        .await
    }

    /// Replaces a role's trust policy.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`; `MalformedPolicy` for a document that cannot be read or names principals that are
    /// not there; `LimitExceeded` for one that is too long.
    pub async fn update_assume_role_policy(
        self: &Arc<Self>,
        cx: &RequestContext,
        name: RoleName,
        document: String,
    ) -> Result<()> {
        self.edit_role(cx, name, "iam:UpdateAssumeRolePolicy", move |state, role| {
            must_not_be_linked(role)?;
            role.trust = trust::resolve(state, &document)?;
            Ok(())
        })
        .await
        .map(drop)
    }

    /// Deletes a role that has no policies any more and is in no instance profile.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`; `DeleteConflict` while it has policies or is in an instance profile.
    pub async fn delete_role(self: &Arc<Self>, cx: &RequestContext, name: RoleName) -> Result<()> {
        let account = own_account(cx)?;
        self.change(cx, move |change| {
            let ask = EntityName::Role(name.clone()).ask(["iam:DeleteRole"; 3], change.state(), account);
            let permit = ask.judge(change)?;
            let role = get(change.state(), account, &name)?;
            must_not_be_linked(&role)?;
            Entity::Role(Arc::clone(&role)).must_be_bare()?;
            if instance_profile::of_role(change.state(), &role).next().is_some() {
                let message = "Cannot delete entity, must remove roles from instance profile first.";
                return Err(Error::DeleteConflict(message.to_owned()));
            }
            change.delete(&permit, ObjectKey::named(ObjectKind::RoleUse, account, role.id.as_str()));
            change.delete(&permit, Object::Role(role).key());
            Ok(())
        })
        .await
    }

    async fn edit_role(
        self: &Arc<Self>,
        cx: &RequestContext,
        name: RoleName,
        action: &'static str,
        edit: impl FnOnce(&Snapshot, &mut Role) -> Result<()> + Send + 'static,
    ) -> Result<RoleDetail> {
        let account = own_account(cx)?;
        self.change(cx, move |change| {
            let ask = EntityName::Role(name.clone()).ask([action; 3], change.state(), account);
            let permit = ask.judge(change)?;
            let mut role = Role::clone(&*get(change.state(), account, &name)?);
            edit(change.state(), &mut role)?;
            let role = Arc::new(role);
            change.put(&permit, Object::Role(Arc::clone(&role)));
            Ok(detail(change.state(), role))
        })
        .await
    }
}

/// Checks what a new role is to be; answers its trust policy as it is stored.
fn check(state: &Snapshot, account: AccountId, input: &CreateRole) -> Result<String> {
    check_session(input.max_session)?;
    quota::check_description(input.description.as_deref())?;
    if input.path.as_str().starts_with(SERVICE_LINKED) {
        let message = format!(
            "a role under `{SERVICE_LINKED}` is one of a service: make it with CreateServiceLinkedRole"
        );
        return Err(Error::InvalidInput(message));
    }
    tag::check_all(&input.tags)?;
    must_be_boundary(state, account, input.boundary.as_deref())?;
    trust::resolve(state, &input.trust)
}

fn check_session(seconds: Option<u32>) -> Result<()> {
    let seconds = seconds.unwrap_or(USUAL_SESSION);
    let relation = match seconds {
        USUAL_SESSION..=LONGEST_SESSION => return Ok(()),
        ..USUAL_SESSION => "greater than or equal to 3600",
        _ => "less than or equal to 43200",
    };
    Err(Error::invalid(
        "maxSessionDuration",
        format!(
            "1 validation error detected: Value '{seconds}' at 'maxSessionDuration' failed to satisfy constraint: Member must have value {relation}"
        ),
    ))
}

pub(super) fn get(state: &Snapshot, account: AccountId, name: &RoleName) -> Result<Arc<Role>> {
    let role = state.role(account, name.as_str()).cloned();
    role.ok_or_else(|| Error::NotFound(format!("The role with name {name} cannot be found.")))
}

pub(super) fn detail(state: &Snapshot, role: Arc<Role>) -> RoleDetail {
    RoleDetail { trust: trust::shown(state, &role.trust), role, used: None }
}
