//! Which policies let someone use a service: `ListPoliciesGrantingServiceAccess`.
//!
//! A policy grants a service when one of its statements allows an action of it, whatever the resources, the
//! conditions, and other policies that deny it: as AWS's answer, this one says where to look.

use std::collections::BTreeSet;

use garita_model::{AccountId, Arn, Error, Group, Result, User};
use garita_policy::document::ActionPattern;
use garita_policy::{Effect, PolicyDocument, PolicyKind, Statement};
use garita_store::Snapshot;

use super::ask::{Ask, own_account};
use super::entity::{Entity, EntityName};
use super::page::{Page, PageRequest};
use super::policy_arn::PolicyArn;
use super::{document, policy_version};
use crate::App;
use crate::context::RequestContext;

/// A policy that grants a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantingPolicy {
    /// Its name.
    pub name: String,
    /// Its ARN; none for an inline policy.
    pub arn: Option<String>,
    /// Whose inline policy it is.
    pub of: EntityName,
}

/// A service and the policies that grant it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantedService {
    /// `s3`, ...
    pub namespace: String,
    /// The policies.
    pub policies: Vec<GrantingPolicy>,
}

/// A policy with what it says.
pub(super) struct Held {
    policy: GrantingPolicy,
    /// What it says.
    pub(super) document: PolicyDocument,
}

impl App {
    /// The policies of a user, its groups included, of a group or of a role that grant each of some services.
    ///
    /// # Errors
    /// `AccessDenied`; `NotFound`; `Invalid` for an ARN or a page that cannot be.
    pub fn policies_granting_service_access(
        &self,
        cx: &RequestContext,
        arn: &str,
        namespaces: &[String],
        page: &PageRequest,
    ) -> Result<Page<GrantedService>> {
        let (account, state) = (own_account(cx)?, self.snapshot());
        let ask = Ask::new("iam:ListPoliciesGrantingServiceAccess", arn, account);
        ask.judge_read(&state, cx)?;
        let held = of_entity(&state, account, &entity(&state, account, arn)?)?;
        let services = namespaces.iter().map(|namespace| {
            let granting = held.iter().filter(|held| grants(&held.document, namespace));
            let policies = granting.map(|held| held.policy.clone()).collect();
            (namespace.clone(), GrantedService { namespace: namespace.clone(), policies })
        });
        Ok(self.pager(&ask, page)?.sort(services))
    }
}

/// The user, group or role of the account with an ARN.
pub(super) fn entity(state: &Snapshot, account: AccountId, text: &str) -> Result<Entity> {
    let absent = || Error::NotFound(format!("ARN {text} does not exist."));
    let arn: Arn = text.parse().map_err(|_| Error::invalid("arn", format!("ARN {text} is not valid.")))?;
    let (kind, path) = arn.resource().split_once('/').ok_or_else(absent)?;
    let name = path.rsplit('/').next().unwrap_or(path);
    let found = match kind {
        "user" => state.user(account, name).cloned().map(Entity::User),
        "group" => state.group(account, name).cloned().map(Entity::Group),
        "role" => state.role(account, name).cloned().map(Entity::Role),
        _ => None,
    };
    found.filter(|entity| entity.arn() == text).ok_or_else(absent)
}

/// The permissions policies of an entity; of a user with those of its groups.
pub(super) fn of_entity(state: &Snapshot, account: AccountId, entity: &Entity) -> Result<Vec<Held>> {
    let mut held = own(state, account, entity)?;
    if let Entity::User(user) = entity {
        for group in groups(state, user) {
            held.extend(own(state, account, &Entity::Group(group))?);
        }
    }
    Ok(held)
}

fn groups(state: &Snapshot, user: &User) -> Vec<std::sync::Arc<Group>> {
    user.groups.iter().filter_map(|name| state.group(user.account, name.as_str()).cloned()).collect()
}

fn own(state: &Snapshot, account: AccountId, entity: &Entity) -> Result<Vec<Held>> {
    let mut held = Vec::new();
    for (name, text) in entity.inline() {
        let policy = GrantingPolicy { name: name.to_string(), arn: None, of: entity.name() };
        held.push(Held { policy, document: document::parse(text, PolicyKind::Identity)? });
    }
    for arn in entity.attached() {
        let (name, document) = managed(state, account, arn)?;
        let policy = GrantingPolicy { name, arn: Some(arn.to_owned()), of: entity.name() };
        held.push(Held { policy, document });
    }
    Ok(held)
}

/// The name of a managed policy, and what its default version says.
pub(super) fn managed(state: &Snapshot, account: AccountId, arn: &str) -> Result<(String, PolicyDocument)> {
    let found = PolicyArn::parse(arn)?.get(state, account)?;
    let default = policy_version::versions(&found)?.into_iter().find(|version| version.is_default);
    let text = default.ok_or_else(|| Error::internal(format!("`{arn}` has no default version")))?.document;
    Ok((found.name().to_owned(), document::parse(&text, PolicyKind::Identity)?))
}

/// Whether a policy allows an action of a service.
pub(super) fn grants(document: &PolicyDocument, namespace: &str) -> bool {
    allowing(document).any(|statement| {
        let mut patterns = statement.actions().iter().map(ActionPattern::as_str);
        if statement.is_not_action() {
            return !patterns.any(|text| {
                actions_of(text, namespace).is_some_and(|actions| actions.chars().all(|c| c == '*'))
            });
        }
        patterns.any(|text| actions_of(text, namespace).is_some())
    })
}

/// The services that the allowing statements of a policy name.
pub(super) fn services(document: &PolicyDocument) -> BTreeSet<String> {
    let named = allowing(document).filter(|statement| !statement.is_not_action());
    let patterns = named.flat_map(Statement::actions).filter_map(|pattern| pattern.as_str().split_once(':'));
    let exact = patterns.map(|(service, _)| service).filter(|service| !service.contains(['*', '?']));
    exact.map(str::to_ascii_lowercase).collect()
}

fn allowing(document: &PolicyDocument) -> impl Iterator<Item = &Statement> {
    document.statements().iter().filter(|statement| statement.effect() == Effect::Allow)
}

/// The part of a pattern that is about the actions of a service; none when it is about others.
fn actions_of<'a>(pattern: &'a str, namespace: &str) -> Option<&'a str> {
    match pattern.split_once(':') {
        None => pattern.starts_with('*').then_some(pattern),
        Some((service, actions)) => {
            let about = service.eq_ignore_ascii_case(namespace) || service == "*";
            about.then_some(actions)
        }
    }
}
