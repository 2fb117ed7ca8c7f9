//! Everything that decides what an account's principals may do, in one list: `GetAccountAuthorizationDetails`.
//!
//! Users come first, then groups, roles and policies, each by name: a marker says where in the whole list to go on.
//! Of AWS's own policies those in use are listed, as AWS does.

use std::sync::Arc;

use garita_model::{AccountId, Group, Result, User};
use garita_store::{Snapshot, aws_managed};

use super::ask::{Ask, own_account};
use super::attachment::{self, AttachedPolicy};
use super::instance_profile::{self, InstanceProfileDetail};
use super::managed_policy::{self, PolicyDetail};
use super::page::{Page, PageRequest};
use super::policy_arn::Managed;
use super::policy_version::{self, VersionDetail};
use super::role::{self, RoleDetail};
use crate::App;
use crate::context::RequestContext;

/// What is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DetailFilter {
    /// Users.
    User,
    /// Groups.
    Group,
    /// Roles.
    Role,
    /// The account's own managed policies.
    LocalPolicy,
    /// AWS's managed policies that are in use.
    AwsPolicy,
}

/// An entity or a policy with all that hangs on it.
#[derive(Debug, Clone)]
pub enum AuthorizationDetail {
    /// A user and its attached policies.
    User(Arc<User>, Vec<AttachedPolicy>),
    /// A group and its attached policies.
    Group(Arc<Group>, Vec<AttachedPolicy>),
    /// A role, its attached policies and the instance profiles it is in.
    Role(RoleDetail, Vec<AttachedPolicy>, Vec<InstanceProfileDetail>),
    /// A managed policy and its versions.
    Policy(PolicyDetail, Vec<VersionDetail>),
}

impl App {
    /// A part of the list; of everything when no filter is given.
    ///
    /// # Errors
    /// `AccessDenied`; `Invalid` for a marker or a number of items that cannot be.
    pub fn account_authorization_details(
        &self,
        cx: &RequestContext,
        filters: &[DetailFilter],
        page: &PageRequest,
    ) -> Result<Page<AuthorizationDetail>> {
        let (account, state) = (own_account(cx)?, self.snapshot());
        let ask = Ask::new("iam:GetAccountAuthorizationDetails", "*", account);
        ask.judge_read(&state, cx)?;
        let wanted = |filter| filters.is_empty() || filters.contains(&filter);
        let mut found = Vec::new();
        if wanted(DetailFilter::User) {
            for user in state.users(account, None) {
                let attached = attachment::shown(&state, account, &user.attached)?;
                found.push((
                    format!("1{}", user.name.key()),
                    AuthorizationDetail::User(user.clone(), attached),
                ));
            }
        }
        if wanted(DetailFilter::Group) {
            for group in state.groups(account, None) {
                let attached = attachment::shown(&state, account, &group.attached)?;
                let detail = AuthorizationDetail::Group(group.clone(), attached);
                found.push((format!("2{}", group.name.key()), detail));
            }
        }
        if wanted(DetailFilter::Role) {
            for role in state.roles(account, None) {
                let attached = attachment::shown(&state, account, &role.attached)?;
                let profiles = instance_profile::of_role(&state, role);
                let profiles = profiles.map(|p| instance_profile::detail(&state, p)).collect();
                let used = self.role_last_used(role, cx.now());
                let detail = RoleDetail { used, ..role::detail(&state, role.clone()) };
                let detail = AuthorizationDetail::Role(detail, attached, profiles);
                found.push((format!("3{}", role.name.key()), detail));
            }
        }
        if wanted(DetailFilter::LocalPolicy) {
            let own = state.managed_policies(account, None).cloned().map(Managed::Own);
            found.extend(policies(&state, account, own, |_| true)?);
        }
        if wanted(DetailFilter::AwsPolicy) {
            let aws = aws_managed().iter().map(Managed::Aws);
            found.extend(policies(&state, account, aws, |p| p.attachments + p.boundary_uses > 0)?);
        }
        Ok(self.pager(&ask, page)?.sort(found))
    }
}

fn policies(
    state: &Snapshot,
    account: AccountId,
    all: impl Iterator<Item = Managed>,
    wanted: impl Fn(&PolicyDetail) -> bool,
) -> Result<Vec<(String, AuthorizationDetail)>> {
    let mut found = Vec::new();
    for policy in all {
        let detail = managed_policy::detail(state, account, &policy)?;
        if wanted(&detail) {
            let versions = policy_version::versions(&policy)?;
            found.push((format!("4{}", policy.list_key()), AuthorizationDetail::Policy(detail, versions)));
        }
    }
    Ok(found)
}
