//! Inline policies of users, groups and roles.
//!
//! A document is kept and given back as it was put, white space and all.

use std::collections::BTreeMap;
use std::sync::Arc;

use garita_model::{Error, PolicyName, Result};
use garita_policy::PolicyKind;
use garita_policy::document::counted_size;

use super::ask::own_account;
use super::document;
use super::entity::{Actions, EntityName};
use super::page::{Page, PageRequest};
use crate::App;
use crate::context::RequestContext;

/// What `Put{User,Group,Role}Policy` asks for.
#[derive(Debug, Clone)]
pub struct PutInlinePolicy {
    /// Whose policy.
    pub entity: EntityName,
    /// Its name.
    pub name: PolicyName,
    /// The document, as JSON.
    pub document: String,
}

const PUT: Actions = ["iam:PutUserPolicy", "iam:PutGroupPolicy", "iam:PutRolePolicy"];
const GET: Actions = ["iam:GetUserPolicy", "iam:GetGroupPolicy", "iam:GetRolePolicy"];
const DELETE: Actions = ["iam:DeleteUserPolicy", "iam:DeleteGroupPolicy", "iam:DeleteRolePolicy"];
const LIST: Actions = ["iam:ListUserPolicies", "iam:ListGroupPolicies", "iam:ListRolePolicies"];
/// Characters of all inline policies of a user, a group, a role; white space is free.
const MOST: [usize; 3] = [2_048, 5_120, 10_240];

impl App {
    /// Puts an inline policy, in place of the one with its name: `Put{User,Group,Role}Policy`.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`; `MalformedPolicy`; `LimitExceeded` when all its inline policies together become too
    /// long.
    pub async fn put_inline_policy(
        self: &Arc<Self>,
        cx: &RequestContext,
        input: PutInlinePolicy,
    ) -> Result<()> {
        let account = own_account(cx)?;
        self.change(cx, move |change| {
            let permit = input.entity.ask_bounded(PUT, change.state(), account).judge(change)?;
            let entity = input.entity.find(change.state(), account)?;
            entity.must_be_free()?;
            document::parse(&input.document, PolicyKind::Identity)?;
            let mut policies = entity.inline().clone();
            let name = stored_name(&policies, &input.name).unwrap_or(input.name);
            policies.insert(name, input.document);
            check_size(&input.entity, &policies)?;
            change.put(&permit, entity.changed(|part| *part.inline = policies));
            Ok(())
        })
        .await
    }

    /// An inline policy's document, as it was put: `Get{User,Group,Role}Policy`.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`.
    pub fn get_inline_policy(
        &self,
        cx: &RequestContext,
        of: &EntityName,
        name: &PolicyName,
    ) -> Result<String> {
        let (account, state) = (own_account(cx)?, self.snapshot());
        of.ask(GET, &state, account).judge_read(&state, cx)?;
        let entity = of.find(&state, account)?;
        let name = stored_name(entity.inline(), name).ok_or_else(|| no_policy(of, name))?;
        entity.inline().get(&name).cloned().ok_or_else(|| no_policy(of, &name))
    }

    /// Deletes an inline policy: `Delete{User,Group,Role}Policy`.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`.
    pub async fn delete_inline_policy(
        self: &Arc<Self>,
        cx: &RequestContext,
        of: EntityName,
        name: PolicyName,
    ) -> Result<()> {
        let account = own_account(cx)?;
        self.change(cx, move |change| {
            let permit = of.ask_bounded(DELETE, change.state(), account).judge(change)?;
            let entity = of.find(change.state(), account)?;
            entity.must_be_free()?;
            let name = stored_name(entity.inline(), &name).ok_or_else(|| no_policy(&of, &name))?;
            let object = entity.changed(|part| {
                part.inline.remove(&name);
            });
            change.put(&permit, object);
            Ok(())
        })
        .await
    }

    /// The names of the inline policies: `List{User,Group,Role}Policies`.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`; `Invalid` for a marker or a number of items that cannot be.
    pub fn list_inline_policies(
        &self,
        cx: &RequestContext,
        of: &EntityName,
        page: &PageRequest,
    ) -> Result<Page<PolicyName>> {
        let (account, state) = (own_account(cx)?, self.snapshot());
        let ask = of.ask(LIST, &state, account);
        ask.judge_read(&state, cx)?;
        let entity = of.find(&state, account)?;
        Ok(self.pager(&ask, page)?.sort(entity.inline().keys().map(|name| (name.key(), name.clone()))))
    }
}

/// The name under which a policy is stored: names are the same in any case.
fn stored_name(policies: &BTreeMap<PolicyName, String>, name: &PolicyName) -> Option<PolicyName> {
    policies.keys().find(|stored| stored.key() == name.key()).cloned()
}

fn no_policy(of: &EntityName, name: &PolicyName) -> Error {
    Error::NotFound(format!("The {} policy with name {name} cannot be found.", of.kind()))
}

fn check_size(of: &EntityName, policies: &BTreeMap<PolicyName, String>) -> Result<()> {
    let (size, most) = (policies.values().map(|text| counted_size(text)).sum::<usize>(), of.choose(MOST));
    if size <= most {
        return Ok(());
    }
    Err(Error::LimitExceeded(format!(
        "Maximum policy size of {most} bytes exceeded for {} {}",
        of.kind(),
        of.as_str()
    )))
}
