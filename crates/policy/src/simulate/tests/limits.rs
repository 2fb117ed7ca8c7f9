//! What of a simulation holds back or grants beside the identity's policies: organization, boundary, resource, trust.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::document::PolicyDocument;
use crate::evaluate::PolicySource;

#[test]
fn the_organization_has_its_say_and_its_keys_are_told() {
    let guarded = statement(
        r#""Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":"eu-west-1"}}"#,
    );
    let mut supposed = suppose(&[ALL], "s3:GetObject", &[OBJECT]);
    supposed.organization = vec![texts(&[ALL]), texts(&[&guarded])];
    let closed = run(&supposed);
    assert_eq!(told(&closed.finding), "implicitDeny; missing aws:RequestedRegion");
    assert_eq!((closed.finding.by_organization, closed.finding.details), (Some(false), None));
    supposed.entries = vec![entry("aws:RequestedRegion", "string", &["eu-west-1"])];
    let open = run(&supposed);
    assert_eq!(told(&open.finding), "allowed by PolicyInputList.1[0]");
    assert_eq!(open.finding.by_organization, Some(true));
    supposed.organization.push(Vec::new());
    assert_eq!(said(&supposed), "implicitDeny", "a level that allows nothing");
    let deny = statement(r#""Effect":"Deny","Action":"s3:*","Resource":"*""#);
    supposed.organization = vec![texts(&[ALL, &deny])];
    assert_eq!(
        said(&supposed),
        "explicitDeny by OrderedOrganizationPolicyInputList.1.ServiceControlPolicyInputList.2[0]"
    );
    assert_eq!(run(&suppose(&[ALL], "s3:GetObject", &[])).finding.by_organization, None);
}

#[test]
fn a_boundary_limits_and_says_so() {
    let read = statement(r#""Effect":"Allow","Action":"s3:Get*","Resource":"*""#);
    let no_delete = r#"{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},
        {"Effect":"Deny","Action":"s3:Delete*","Resource":"*"}]}"#;
    let ask = |action, boundary: &str| {
        let supposed = Supposition { boundaries: texts(&[boundary]), ..suppose(&[ALL], action, &[OBJECT]) };
        let result = run(&supposed);
        (told(&result.finding), result.finding.by_boundary, result.resources[0].1.by_boundary)
    };
    let allowed = "allowed by PolicyInputList.1[0]".to_owned();
    assert_eq!(ask("s3:GetObject", &read), (allowed, Some(true), Some(true)));
    assert_eq!(ask("s3:PutObject", &read), ("implicitDeny".to_owned(), Some(false), Some(false)));
    let denied = "explicitDeny by PermissionsBoundaryPolicyInputList.1[1]".to_owned();
    assert_eq!(ask("s3:DeleteObject", no_delete), (denied, Some(false), Some(false)));
}

#[test]
fn a_resource_policy_may_grant_to_users_and_roles() {
    let bucket = |who: &str| {
        statement(&format!(
            r#""Effect":"Allow","Principal":{{"AWS":"{who}"}},"Action":"s3:*","Resource":"arn:aws:s3:::models/*""#
        ))
    };
    let ask = |caller: &str, who: &str, owner: Option<&str>, policies: &[&str]| {
        let mut supposed = suppose(policies, "s3:GetObject", &[OBJECT]);
        (supposed.caller, supposed.resource_policy) = (Some(caller.to_owned()), Some(bucket(who)));
        supposed.resource_owner = owner.map(str::to_owned);
        run(&supposed).finding
    };
    assert_eq!(told(&ask(ANA, ANA, None, &[])), "allowed by ResourcePolicy[0]");
    assert_eq!(told(&ask(JOB, JOB, None, &[])), "allowed by ResourcePolicy[0]");
    assert_eq!(told(&ask(JOB, ANA, None, &[])), "implicitDeny");
    assert_eq!(
        told(&ask(ANA, "111122223333", None, &[])),
        "implicitDeny",
        "naming the account alone grants nothing"
    );
    let there = Some("arn:aws:iam::444455556666:root");
    let across = ask(ANA, ANA, there, &[]);
    assert_eq!(told(&across), "implicitDeny");
    let verdicts =
        |identity| Some(vec![(PolicyType::Identity, identity), (PolicyType::Resource, Outcome::Allowed)]);
    assert_eq!(across.details, verdicts(Outcome::ImplicitDeny));
    let both = ask(ANA, ANA, Some("444455556666"), &[ALL]);
    assert_eq!(told(&both), "allowed by ResourcePolicy[0] by PolicyInputList.1[0]");
    assert_eq!(both.details, verdicts(Outcome::Allowed));
}

#[test]
fn a_trust_policy_has_its_say_when_a_role_is_assumed() {
    let trust = |who: &str| {
        statement(&format!(r#""Effect":"Allow","Principal":{{"AWS":"{who}"}},"Action":"sts:AssumeRole""#))
    };
    let ask = |trusted: &str, action: &str, policies: &[&str]| {
        let mut supposed = suppose(policies, action, &[JOB]);
        (supposed.caller, supposed.resource_policy) = (Some(ANA.to_owned()), Some(trust(trusted)));
        said(&supposed)
    };
    assert_eq!(ask(ANA, "sts:AssumeRole", &[]), "allowed by ResourcePolicy[0]");
    assert_eq!(ask("444455556666", "sts:AssumeRole", &[ALL]), "implicitDeny");
    assert_eq!(
        ask("111122223333", "sts:AssumeRole", &[ALL]),
        "allowed by ResourcePolicy[0] by PolicyInputList.1[0]"
    );
    assert_eq!(ask("111122223333", "sts:AssumeRole", &[]), "implicitDeny");
    assert_eq!(ask(ANA, "iam:PassRole", &[]), "implicitDeny");
    let document = PolicyDocument::parse(&trust(ANA), PolicyKind::Trust).unwrap();
    let stored = NamedPolicy::new("trust policy of job", PolicySource::Trust, Arc::new(document));
    let held = Held { trusts: BTreeMap::from([(JOB.to_owned(), stored)]), ..Held::default() };
    let mut supposed = suppose(&[ALL], "sts:AssumeRole", &[JOB]);
    supposed.caller = Some("arn:aws:iam::111122223333:user/bo".to_owned());
    assert_eq!(told(&run_held(&supposed, held).finding), "implicitDeny");
    assert_eq!(said(&supposed), "allowed by PolicyInputList.1[0]", "none is known, none has a say");
}

#[test]
fn the_cost_is_that_of_each_pattern_at_each_text() {
    // Up to the brace that closes the statement.
    let policy = u64::try_from(ALL.len() - 1).unwrap();
    let cost = |supposed: &Supposition| Simulation::new(supposed, Held::default()).unwrap().cost();
    let mut supposed = suppose(&[ALL], "s3:GetObject", &[]);
    assert_eq!(cost(&supposed), policy * (1 + 256));
    supposed.entries = vec![entry("aws:TagKeys", "stringList", &["ab", "cde"])];
    assert_eq!(cost(&supposed), policy * (1 + 5 + 256));
    supposed.resources = texts(&[OBJECT, "*"]);
    let object = u64::try_from(OBJECT.len()).unwrap();
    assert_eq!(cost(&supposed), policy * (object + 5 + 256 + 1 + 5 + 256));
    supposed.boundaries = texts(&[ALL]);
    supposed.organization = vec![texts(&[ALL]), texts(&[ALL])];
    assert_eq!(cost(&supposed), 4 * policy * (object + 5 + 256 + 1 + 5 + 256));
}

#[test]
fn actions_keep_their_order() {
    let mut supposed = suppose(&[ALL], "s3:PutObject", &[]);
    supposed.actions.push("s3:GetObject".to_owned());
    let simulation = Simulation::new(&supposed, Held::default()).unwrap();
    assert_eq!(simulation.actions(), ["s3:PutObject", "s3:GetObject"]);
}

#[test]
fn what_is_just_within_its_bounds_is_taken() {
    let levels = Supposition { organization: vec![texts(&[ALL]); 7], ..suppose(&[ALL], "s3:GetObject", &[]) };
    assert_eq!(said(&levels), "allowed by PolicyInputList.1[0]");
    let longest = format!("{ALL}{}", " ".repeat(131_072 - ALL.len()));
    assert_eq!(said(&suppose(&[&longest], "s3:GetObject", &[])), "allowed by PolicyInputList.1[0]");
}

#[test]
fn a_resource_policy_that_spares_a_resource_does_not_cover_it() {
    let all_but =
        statement(r#""Effect":"Allow","Principal":"*","Action":"s3:*","NotResource":"arn:aws:s3:::other/*""#);
    let with = |resource: &str| {
        let mut supposed = suppose(&[], "s3:GetObject", &[resource]);
        (supposed.caller, supposed.resource_policy) = (Some(ANA.to_owned()), Some(all_but.clone()));
        Simulation::new(&supposed, Held::default()).is_ok()
    };
    assert_eq!((with(OBJECT), with("arn:aws:s3:::other/1")), (true, false));
}

#[test]
fn only_the_policy_of_a_role_is_a_trust_policy() {
    let policy = statement(r#""Effect":"Allow","Principal":"*","Action":"*","Resource":"*""#);
    for (resource, taken) in [(ANA, true), ("arn:aws:x:::role/job", true), (JOB, false)] {
        let mut supposed = suppose(&[], "s3:GetObject", &[resource]);
        (supposed.caller, supposed.resource_policy) = (Some(ANA.to_owned()), Some(policy.clone()));
        assert_eq!(Simulation::new(&supposed, Held::default()).is_ok(), taken, "{resource}");
    }
}

#[test]
fn a_policy_is_told_by_where_it_stands() {
    let deny = statement(r#""Effect":"Deny","Action":"*","Resource":"*""#);
    let deny_for_all = statement(r#""Effect":"Deny","Principal":"*","Action":"*","Resource":"*""#);
    let trust = statement(r#""Effect":"Deny","Principal":"*","Action":"sts:AssumeRole""#);
    let with = |action: &str, resource: &str, edit: &dyn Fn(&mut Supposition)| {
        let mut supposed = suppose(&[ALL], action, &[resource]);
        supposed.caller = Some(ANA.to_owned());
        edit(&mut supposed);
        run(&supposed).finding.matched.iter().map(|one| one.source).collect::<Vec<_>>()
    };
    let get = |edit: &dyn Fn(&mut Supposition)| with("s3:GetObject", OBJECT, edit);
    assert_eq!(get(&|_| ()), [PolicySource::None]);
    assert_eq!(get(&|s| s.boundaries = texts(&[&deny])), [PolicySource::Boundary]);
    assert_eq!(get(&|s| s.organization = vec![texts(&[ALL, &deny])]), [PolicySource::ServiceControl]);
    assert_eq!(get(&|s| s.resource_policy = Some(deny_for_all.clone())), [PolicySource::Resource]);
    let assume = with("sts:AssumeRole", JOB, &|s| s.resource_policy = Some(trust.clone()));
    assert_eq!(assume, [PolicySource::Trust]);
}
