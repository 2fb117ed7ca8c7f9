//! What an index must find whatever stands beside it, and how it grows: each test asks the plain evaluator the same.

use std::fmt::Write as _;
use std::sync::Arc;

use super::*;
use crate::context::Context;
use crate::decide::{CompiledPolicies, decide};
use crate::decision::Outcome;
use crate::document::{PolicyDocument, PolicyKind};
use crate::evaluate::{Policies, PolicySource, evaluate};

const GET: &str = r#""Action":"s3:GetObject","Resource":"arn:aws:s3:::models/*""#;
const MODEL: &str = "arn:aws:s3:::models/ana/weights";

/// A policy of `statements`, the members of each.
fn policy(kind: PolicyKind, statements: &[&str]) -> NamedPolicy {
    let text = format!(r#"{{"Version":"2012-10-17","Statement":[{{{}}}]}}"#, statements.join("},{"));
    let document = PolicyDocument::parse(&text, kind).unwrap_or_else(|error| panic!("{error}: {text}"));
    NamedPolicy::new("policy", PolicySource::None, Arc::new(document))
}

fn user() -> Principal {
    Principal::User {
        arn: "arn:aws:iam::111122223333:user/ana".parse().unwrap(),
        id: "AIDAEXAMPLEEXAMPLE00".to_owned(),
        account: "111122223333".parse().unwrap(),
    }
}

/// What index and evaluator say alike of the user's request, under these identity and resource policies.
fn asked_of(identity: &NamedPolicy, resource: Option<&NamedPolicy>, action: &str, on: &str) -> Outcome {
    let mut context = Context::new();
    context.set("team", "vision");
    let principal = &user();
    let request = Request { principal, action, resource: on, resource_account: None, context: &context };
    let index = |policy: &NamedPolicy| PolicyIndex::new(vec![policy.clone()]);
    let (own, of_resource) = (index(identity), resource.map(index));
    let compiled = CompiledPolicies {
        identity: Some(&own),
        resource: of_resource.as_ref(),
        ..CompiledPolicies::default()
    };
    let policies = Policies { identity: std::slice::from_ref(identity), resource, ..Policies::default() };
    let outcome = evaluate(&request, &policies).outcome();
    assert_eq!(decide(&request, &compiled).outcome(), outcome, "{action} on {on}");
    outcome
}

fn asked(statements: &[&str], action: &str, on: &str) -> Outcome {
    asked_of(&policy(PolicyKind::Identity, statements), None, action, on)
}

/// The first allow may settle what allows; a deny behind it must be found all the same.
#[test]
fn a_deny_is_found_behind_any_allows() {
    let (allow, deny) = (format!(r#""Effect":"Allow",{GET}"#), format!(r#""Effect":"Deny",{GET}"#));
    let when = |members: &str| format!(r#"{members},"Condition":{{"StringEquals":{{"team":"vision"}}}}"#);
    for denies in [deny.clone(), when(&deny)] {
        for allows in [allow.clone(), when(&allow)] {
            let statements = [&*allows, &*allows, &*denies];
            assert_eq!(asked(&statements, "s3:GetObject", MODEL), Outcome::ExplicitDeny, "{statements:?}");
            assert_eq!(asked(&statements[..2], "s3:GetObject", MODEL), Outcome::Allowed);
        }
    }
}

#[test]
fn of_all_grants_the_closest_is_found() {
    let grant = |name: &str| format!(r#""Effect":"Allow",{GET},"Principal":{{"AWS":"{name}"}}"#);
    let (account, itself) = (grant("111122223333"), grant("arn:aws:iam::111122223333:user/ana"));
    let silent = policy(PolicyKind::Identity, &[r#""Effect":"Allow","Action":"sqs:*","Resource":"*""#]);
    for (grants, wanted) in [
        ([&*account, &*account], Outcome::ImplicitDeny),
        ([&*account, &*itself], Outcome::Allowed),
        ([&*itself, &*account], Outcome::Allowed),
    ] {
        let resource = policy(PolicyKind::Resource, &grants);
        assert_eq!(asked_of(&silent, Some(&resource), "s3:GetObject", MODEL), wanted, "{grants:?}");
    }
}

/// A colon inside `${...}` does not cut a pattern, but it does cut an ARN: no ARN has such a part.
#[test]
fn a_brace_in_a_resource_matches_no_text_that_reads_the_same() {
    let braced = r#""Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:${x:y}:111122223333:*""#;
    assert_eq!(
        asked(&[braced], "s3:GetObject", "arn:aws:s3:${x:y}:111122223333:models"),
        Outcome::ImplicitDeny
    );
    assert_eq!(asked(&[braced], "s3:GetObject", "arn:aws:s3:${x:y}:models"), Outcome::ImplicitDeny);
}

/// The hash is not keyed, so that such names can be made: both have the same.
const COLLIDING: [&str; 2] = ["s3:ajd84bvpuewdt", "s3:anqxbiu33l3jx"];

#[test]
fn an_action_is_not_taken_for_another_of_the_same_hash() {
    let [named, other] = COLLIDING;
    assert_eq!(hash(named), hash(other));
    let allow = format!(r#""Effect":"Allow","Action":"{named}","Resource":"*""#);
    assert_eq!(asked(&[&allow], named, MODEL), Outcome::Allowed);
    assert_eq!(asked(&[&allow], other, MODEL), Outcome::ImplicitDeny);
    // Nor is it hidden by the other.
    let both = format!(r#""Effect":"Deny","Action":"{other}","Resource":"*""#);
    assert_eq!(asked(&[&allow, &both], named, MODEL), Outcome::Allowed);
    assert_eq!(asked(&[&allow, &both], other, MODEL), Outcome::ExplicitDeny);
}

#[test]
fn a_condition_key_is_not_taken_for_another_of_the_same_hash() {
    let [named, other] = COLLIDING;
    let mut context = Context::new();
    context.set(other, "yes");
    assert_eq!(context.get(named), None);
    context.set(named, "no");
    let value = |key| context.get(key).and_then(|values| values.iter().next());
    assert_eq!((value(named), value(other)), (Some("no"), Some("yes")));
}

/// A bound on what a policy's author can make the server hold.
#[test]
fn a_statement_of_many_actions_and_resources_takes_memory_in_line_with_its_text() {
    let size = |count: usize| {
        let mut lists = [String::new(), String::new()];
        for number in 0..count {
            let comma = if number == 0 { "" } else { "," };
            write!(lists[0], r#"{comma}"s3:Get{number:04}""#).unwrap();
            write!(lists[1], r#"{comma}"arn:aws:s3:::models/{number:04}""#).unwrap();
        }
        let [actions, resources] = lists;
        let wide = format!(r#""Effect":"Allow","Action":[{actions}],"Resource":[{resources}]"#);
        PolicyIndex::new(vec![policy(PolicyKind::Identity, &[&wide])]).size()
    };
    let (once, twice) = (size(100), size(200));
    assert!(twice < once * 5 / 2, "{once} and {twice} bytes");
}
