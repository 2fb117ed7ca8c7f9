//! Instance profiles: the names under which machines get roles. One role each.

use std::sync::Arc;

use garita_model::id::IdKind;
use garita_model::name::InstanceProfileName;
use garita_model::{
    AccountId, Error, InstanceProfile, Path, Plain, Result, Role, RoleName, Tag, UniqueId, tag,
};
use garita_store::Snapshot;
use serde_json::json;

use super::ask::{Ask, own_account};
use super::entity::{EntityName, iam_arn};
use super::noun::{Named, Noun};
use super::page::{Page, PageRequest, check_prefix, is_under};
use super::quota;
use super::role::{self, RoleDetail};
use super::service_linked_role::must_not_be_linked;
use crate::App;
use crate::context::RequestContext;

/// What `CreateInstanceProfile` asks for.
#[derive(Debug, Clone)]
pub struct CreateInstanceProfile {
    /// The name.
    pub name: InstanceProfileName,
    /// The path.
    pub path: Path,
    /// Tags.
    pub tags: Vec<Tag>,
}

/// An instance profile as it is shown.
#[derive(Debug, Clone)]
pub struct InstanceProfileDetail {
    /// The profile.
    pub profile: Arc<InstanceProfile>,
    /// Its ARN.
    pub arn: String,
    /// Its role.
    pub role: Option<RoleDetail>,
}

impl Noun for InstanceProfile {
    fn arn(&self) -> String {
        iam_arn(self.account, "instance-profile", self.path.as_str(), self.name.as_str())
    }
    fn tags(&self) -> &[Tag] {
        &self.tags
    }
    fn tags_mut(&mut self) -> &mut Vec<Tag> {
        &mut self.tags
    }
    fn absent(called: &str) -> Error {
        Error::NotFound(format!("Instance Profile {called} cannot be found."))
    }
}

impl App {
    /// Makes an instance profile without a role.
    ///
    /// # Errors
    /// `AccessDenied`; `AlreadyExists` for a name that is taken in any case; `Invalid` or `LimitExceeded` for its tags;
    /// `LimitExceeded` for one too many.
    pub async fn create_instance_profile(
        self: &Arc<Self>,
        cx: &RequestContext,
        input: CreateInstanceProfile,
    ) -> Result<InstanceProfileDetail> {
        let account = own_account(cx)?;
        self.change(cx, move |change| {
            let arn = iam_arn(account, "instance-profile", input.path.as_str(), input.name.as_str());
            let ask = Ask::new("iam:CreateInstanceProfile", &arn, account).tagging(&input.tags);
            let permit = ask.judge_making(change, "iam:TagInstanceProfile")?;
            let state = change.state();
            if state.get::<InstanceProfile>(account, &input.name.key()).is_some() {
                let message = format!("Instance Profile {} already exists.", input.name);
                return Err(Error::AlreadyExists(message));
            }
            quota::INSTANCE_PROFILES.one_more(state.list::<InstanceProfile>(account, "").count())?;
            tag::check_all(&input.tags)?;
            let profile = InstanceProfile {
                account,
                name: input.name,
                path: input.path,
                id: UniqueId::draw(IdKind::InstanceProfile, change.entropy())?,
                created: change.now(),
                role: None,
                tags: input.tags,
            };
            change.put(&permit, profile.clone().into_object());
            change.made(json!({ "instanceProfile": { "instanceProfileId": profile.id, "arn": arn } }));
            Ok(detail(change.state(), &Arc::new(profile)))
        })
        .await
    }

    /// An instance profile.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`.
    pub fn get_instance_profile(
        &self,
        cx: &RequestContext,
        name: &InstanceProfileName,
    ) -> Result<InstanceProfileDetail> {
        let found = self.read_noun(cx, "iam:GetInstanceProfile", &named(own_account(cx)?, name))?;
        Ok(detail(&self.snapshot(), &found))
    }

    /// The instance profiles whose path begins with `path_prefix`.
    ///
    /// # Errors
    /// `AccessDenied`; `Invalid` for a marker, a number of items or a prefix that cannot be.
    pub fn list_instance_profiles(
        &self,
        cx: &RequestContext,
        path_prefix: Option<&str>,
        page: &PageRequest,
    ) -> Result<Page<InstanceProfileDetail>> {
        let (account, state) = (own_account(cx)?, self.snapshot());
        check_prefix(path_prefix)?;
        let under = iam_arn(account, "instance-profile", path_prefix.unwrap_or("/"), "");
        let ask = Ask::new("iam:ListInstanceProfiles", under, account);
        ask.judge_read(&state, cx)?;
        let all = state.list::<InstanceProfile>(account, "");
        let found = all.filter(|profile| is_under(profile.path.as_str(), path_prefix));
        Ok(self.pager(&ask, page)?.cut(found.map(|p| (p.name.key(), detail(&state, p)))))
    }

    /// The instance profiles a role is in.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`; `Invalid` for a marker or a number of items that cannot be.
    pub fn list_instance_profiles_for_role(
        &self,
        cx: &RequestContext,
        role: &RoleName,
        page: &PageRequest,
    ) -> Result<Page<InstanceProfileDetail>> {
        let (account, state) = (own_account(cx)?, self.snapshot());
        let ask = EntityName::Role(role.clone()).ask(["iam:ListInstanceProfilesForRole"; 3], &state, account);
        ask.judge_read(&state, cx)?;
        let role = role::get(&state, account, role)?;
        let found = of_role(&state, &role);
        Ok(self.pager(&ask, page)?.cut(found.map(|p| (p.name.key(), detail(&state, p)))))
    }

    /// Puts a role into an instance profile. Who does so hands the role on, and needs the right to.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`; `LimitExceeded` for a second role.
    pub async fn add_role_to_instance_profile(
        self: &Arc<Self>,
        cx: &RequestContext,
        name: InstanceProfileName,
        role: RoleName,
    ) -> Result<()> {
        let (account, named) = (own_account(cx)?, named(own_account(cx)?, &name));
        self.change(cx, move |change| {
            let state = change.state();
            let permit = named.ask::<InstanceProfile>("iam:AddRoleToInstanceProfile", state).judge(change)?;
            let handed = EntityName::Role(role.clone()).ask(["iam:PassRole"; 3], state, account);
            handed.passed_to("ec2.amazonaws.com").judge(change)?;
            let mut profile = InstanceProfile::clone(&*named.find::<InstanceProfile>(state)?);
            let role = role::get(state, account, &role)?;
            must_not_be_linked(&role)?;
            if profile.role.is_some() {
                let message = "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1";
                return Err(Error::LimitExceeded(message.to_owned()));
            }
            profile.role = Some(role.name.clone());
            change.put(&permit, profile.into_object());
            Ok(())
        })
        .await
    }

    /// Takes a role out of an instance profile.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`.
    pub async fn remove_role_from_instance_profile(
        self: &Arc<Self>,
        cx: &RequestContext,
        name: InstanceProfileName,
        role: RoleName,
    ) -> Result<()> {
        let named = named(own_account(cx)?, &name);
        let action = "iam:RemoveRoleFromInstanceProfile";
        self.edit_noun(cx, action, named, move |_, profile: &mut InstanceProfile| {
            if profile.role.as_ref().is_none_or(|held| held.key() != role.key()) {
                let message = format!("Role {role} in Instance Profile {name} cannot be found.");
                return Err(Error::NotFound(message));
            }
            profile.role = None;
            Ok(())
        })
        .await
    }

    /// Deletes an instance profile without a role.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`; `DeleteConflict` while it has a role.
    pub async fn delete_instance_profile(
        self: &Arc<Self>,
        cx: &RequestContext,
        name: InstanceProfileName,
    ) -> Result<()> {
        let named = named(own_account(cx)?, &name);
        self.delete_noun(cx, "iam:DeleteInstanceProfile", named, |profile: &InstanceProfile| {
            if profile.role.is_none() {
                return Ok(());
            }
            let message = "Cannot delete entity, must remove roles from instance profile first.";
            Err(Error::DeleteConflict(message.to_owned()))
        })
        .await
    }
}

/// How a request names an instance profile.
pub(super) fn named(account: AccountId, name: &InstanceProfileName) -> Named {
    let arn = iam_arn(account, "instance-profile", "/", name.as_str());
    Named { account, local: name.key(), arn, called: name.to_string() }
}

/// The instance profiles that hold a role.
pub(super) fn of_role<'a>(
    state: &'a Snapshot,
    role: &'a Role,
) -> impl Iterator<Item = &'a Arc<InstanceProfile>> {
    let all = state.list::<InstanceProfile>(role.account, "");
    all.filter(|profile| profile.role.as_ref().is_some_and(|held| held.key() == role.name.key()))
}

pub(super) fn detail(state: &Snapshot, profile: &Arc<InstanceProfile>) -> InstanceProfileDetail {
    let role = profile.role.as_ref().and_then(|name| state.role(profile.account, name.as_str()));
    InstanceProfileDetail {
        profile: Arc::clone(profile),
        arn: profile.arn(),
        role: role.map(|role| role::detail(state, Arc::clone(role))),
    }
}
