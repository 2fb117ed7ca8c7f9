//! Decision tables: the layers against one another, trust and resource policies, and AWS's worked examples.

use std::sync::Arc;

use proptest::prelude::*;

use super::{NamedPolicy, Policies, PolicySource, evaluate};
use crate::context::{Context, Principal, Request};
use crate::decision::{Decision, Outcome, PolicyType};
use crate::document::{PolicyDocument, PolicyKind};

mod examples;
mod layers;
mod principals;
mod statements;
mod told;

const HERE: &str = "111122223333";
const THERE: &str = "444455556666";

fn parse(text: &str, kind: PolicyKind) -> Arc<PolicyDocument> {
    Arc::new(PolicyDocument::parse(text, kind).unwrap_or_else(|error| panic!("{error}: {text}")))
}

/// A policy of one statement, whose members are `members`.
fn policy(kind: PolicyKind, source: PolicySource, members: &str) -> NamedPolicy {
    let text = format!("{{\"Version\":\"2012-10-17\",\"Statement\":{{{members}}}}}");
    NamedPolicy::new(format!("{kind:?}"), source, parse(&text, kind))
}

fn identity(members: &str) -> NamedPolicy {
    policy(PolicyKind::Identity, PolicySource::UserInline, members)
}

const ALLOW: &str = r#""Effect":"Allow","Action":"s3:GetObject","Resource":"*""#;
const DENY: &str = r#""Effect":"Deny","Action":"s3:GetObject","Resource":"*""#;
const OTHER: &str = r#""Effect":"Allow","Action":"s3:PutObject","Resource":"*""#;

fn user(account: &str) -> Principal {
    Principal::User {
        arn: format!("arn:aws:iam::{account}:user/team/ana").parse().unwrap(),
        id: "AIDAEXAMPLEEXAMPLE00".to_owned(),
        account: account.parse().unwrap(),
    }
}

fn session(account: &str) -> Principal {
    Principal::RoleSession {
        role_arn: format!("arn:aws:iam::{account}:role/team/dev").parse().unwrap(),
        role_id: "AROAEXAMPLEEXAMPLE00".to_owned(),
        session_arn: format!("arn:aws:sts::{account}:assumed-role/dev/ana").parse().unwrap(),
        session_name: "ana".to_owned(),
        account: account.parse().unwrap(),
    }
}

fn federated(account: &str) -> Principal {
    Principal::FederatedUser {
        arn: format!("arn:aws:sts::{account}:federated-user/bo").parse().unwrap(),
        issuer: format!("arn:aws:iam::{account}:user/team/ana").parse().unwrap(),
        account: account.parse().unwrap(),
    }
}

fn root(account: &str) -> Principal {
    Principal::Root { account: account.parse().unwrap() }
}

/// Asks for `action` on `resource` of account `HERE`.
fn decide(principal: &Principal, action: &str, resource: &str, policies: &Policies<'_>) -> Decision {
    let mut context = Context::new();
    context.set_principal(principal);
    decide_in(&context, principal, action, resource, policies)
}

fn decide_in(
    context: &Context,
    principal: &Principal,
    action: &str,
    resource: &str,
    policies: &Policies<'_>,
) -> Decision {
    let resource_account = Some(HERE.parse().unwrap());
    evaluate(&Request { principal, action, resource, resource_account, context }, policies)
}

fn get_object(principal: &Principal, policies: &Policies<'_>) -> Decision {
    decide(principal, "s3:GetObject", "arn:aws:s3:::models/ana/weights", policies)
}

/// `allowed by Identity`.
fn said(decision: &Decision) -> String {
    format!("{} by {:?}", decision.outcome(), decision.decided_by())
}

#[test]
fn a_policy_is_told_by_the_name_it_was_given_last() {
    let policies = [identity(ALLOW).renamed("models-read")];
    let decision = get_object(&user(HERE), &Policies { identity: &policies, ..Policies::default() });
    let ids: Vec<&str> = decision.matched().iter().map(|one| &*one.policy_id).collect();
    assert_eq!(ids, ["models-read"]);
}

proptest! {
    /// Adding a deny never allows more; nothing is allowed that no statement allows.
    #[test]
    fn denies_only_take_away(
        actions in prop::collection::vec("s3:(Get|Put|\\*)(Object|\\*)?", 1..4),
        resources in prop::collection::vec("arn:aws:s3:::(models|\\*)(/ana/weights|/\\*)?", 1..4),
        deny in "s3:(Get|Put|\\*)(Object|\\*)?",
    ) {
        let allows: Vec<_> = actions.iter().zip(&resources).map(|(action, resource)| {
            identity(&format!(r#""Effect":"Allow","Action":"{action}","Resource":"{resource}""#))
        }).collect();
        let mut all = allows.clone();
        all.push(identity(&format!(r#""Effect":"Deny","Action":"{deny}","Resource":"*""#)));
        let who = user(HERE);
        let before = get_object(&who, &Policies { identity: &allows, ..Policies::default() });
        let after = get_object(&who, &Policies { identity: &all, ..Policies::default() });
        prop_assert!(before.is_allowed() || !after.is_allowed());
        prop_assert_eq!(before.is_allowed(), !before.matched().is_empty());
        prop_assert_ne!(before.outcome(), Outcome::ExplicitDeny);
    }
}
