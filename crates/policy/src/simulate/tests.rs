//! What the simulator says, field by field; what it refuses; and that it decides as the engine does.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::decide::{CompiledPolicies, decide};
use crate::document::PolicyDocument;
use crate::evaluate::PolicySource;
use crate::index::PolicyIndex;

const ANA: &str = "arn:aws:iam::111122223333:user/team/ana";
const JOB: &str = "arn:aws:iam::111122223333:role/job";
const OBJECT: &str = "arn:aws:s3:::models/ana/weights";
const ALL: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;

fn statement(members: &str) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":{{{members}}}}}"#)
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// These policies, asked for one action.
fn suppose(policies: &[&str], action: &str, resources: &[&str]) -> Supposition {
    Supposition {
        policies: texts(policies),
        actions: texts(&[action]),
        resources: texts(resources),
        ..Supposition::default()
    }
}

fn run(supposed: &Supposition) -> ActionResult {
    run_held(supposed, Held::default())
}

fn run_held(supposed: &Supposition, held: Held) -> ActionResult {
    let simulation = Simulation::new(supposed, held).unwrap_or_else(|error| panic!("{error}"));
    simulation.run(&supposed.actions[0])
}

fn refusal(supposed: &Supposition) -> String {
    Simulation::new(supposed, Held::default()).unwrap_err().to_string()
}

/// `allowed by PolicyInputList.1; missing aws:username`
fn told(finding: &Finding) -> String {
    let mut told = finding.outcome.to_string();
    for one in &finding.matched {
        told.push_str(&format!(" by {}[{}]", one.policy_id, one.index));
    }
    if !finding.missing.is_empty() {
        told.push_str(&format!("; missing {}", finding.missing.join(", ")));
    }
    told
}

fn said(supposed: &Supposition) -> String {
    told(&run(supposed).finding)
}

fn entry(name: &str, kind: &str, values: &[&str]) -> ContextEntry {
    ContextEntry { name: name.to_owned(), kind: Some(kind.to_owned()), values: texts(values) }
}

#[test]
fn the_three_answers() {
    let allow = statement(r#""Effect":"Allow","Action":"s3:Get*","Resource":"*""#);
    let deny = statement(r#""Effect":"Deny","Action":"s3:GetObject","Resource":"arn:aws:s3:::secret/*""#);
    let policies = [allow.as_str(), deny.as_str()];
    let ask = |action, resource| said(&suppose(&policies, action, &[resource]));
    assert_eq!(ask("s3:GetObject", OBJECT), "allowed by PolicyInputList.1[0]");
    assert_eq!(ask("s3:PutObject", OBJECT), "implicitDeny");
    assert_eq!(ask("s3:GetObject", "arn:aws:s3:::secret/1"), "explicitDeny by PolicyInputList.2[0]");
    assert_eq!(said(&suppose(&policies, "s3:ListBuckets", &[])), "implicitDeny");
    assert_eq!(
        said(&suppose(&policies, "s3:GetAccountPublicAccessBlock", &[])),
        "allowed by PolicyInputList.1[0]"
    );
    assert_eq!(said(&suppose(&[], "sts:getcalleridentity", &[])), "allowed");
}

#[test]
fn several_resources_are_told_together_and_one_by_one() {
    let allow = statement(
        r#""Effect":"Allow","Action":"s3:*","Resource":["arn:aws:s3:::a/*","arn:aws:s3:::b/${aws:username}/*"]"#,
    );
    let result = run(&suppose(&[&allow], "s3:GetObject", &["arn:aws:s3:::a/1", "arn:aws:s3:::b/ana/1"]));
    assert_eq!(
        (result.resource.as_str(), told(&result.finding)),
        ("*", "implicitDeny; missing aws:username".to_owned())
    );
    let each: Vec<_> =
        result.resources.iter().map(|(arn, finding)| format!("{arn} {}", told(finding))).collect();
    assert_eq!(
        each,
        [
            "arn:aws:s3:::a/1 allowed by PolicyInputList.1[0]",
            "arn:aws:s3:::b/ana/1 implicitDeny; missing aws:username"
        ]
    );
    assert_eq!(result.finding.details, Some(Vec::new()));
    let of_none = run(&suppose(&[&allow], "s3:GetObject", &[]));
    assert_eq!((of_none.resource.as_str(), of_none.resources.len(), of_none.finding.details), ("*", 0, None));
    let of_one = run(&suppose(&[&allow], "s3:GetObject", &["arn:aws:s3:::a/1"]));
    assert_eq!((of_one.resource.as_str(), of_one.resources.len()), ("arn:aws:s3:::a/1", 1));
    let twice = run(&suppose(&[&allow], "s3:GetObject", &["arn:aws:s3:::a/1", "arn:aws:s3:::a/2"]));
    assert_eq!(told(&twice.finding), "allowed by PolicyInputList.1[0]");
}

#[test]
fn only_keys_of_statements_about_the_request_are_missing() {
    let policy = r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":true}}},
        {"Effect":"Allow","Action":"s3:PutObject","Resource":"*","Condition":{"StringEquals":{"s3:x-amz-acl":"private"}}},
        {"Effect":"Deny","Action":"*","Resource":"arn:aws:s3:::other/*","Condition":{"Null":{"aws:TagKeys":true}}}]}"#;
    let mut supposed = suppose(&[policy], "s3:GetObject", &[OBJECT]);
    assert_eq!(said(&supposed), "implicitDeny; missing aws:SecureTransport");
    supposed.entries = vec![entry("AWS:securetransport", "boolean", &["true"])];
    assert_eq!(said(&supposed), "allowed by PolicyInputList.1[0]");
    let own = statement(r#""Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::own/${aws:username}""#);
    assert_eq!(
        said(&suppose(&[&own], "s3:GetObject", &["arn:aws:s3:::own/x"])),
        "implicitDeny; missing aws:username"
    );
    assert_eq!(
        said(&suppose(&[&own], "s3:GetObject", &[OBJECT])),
        "implicitDeny",
        "no user name makes it fit"
    );
    assert_eq!(
        context_keys(&[], &supposed.policies).unwrap(),
        ["aws:SecureTransport", "s3:x-amz-acl", "aws:TagKeys"]
    );
}

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
fn keys_follow_from_the_caller_unless_given() {
    let own =
        statement(r#""Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::models/${aws:username}/*""#);
    let mut supposed = suppose(&[&own], "s3:GetObject", &[OBJECT]);
    assert_eq!(said(&supposed), "implicitDeny; missing aws:username");
    supposed.caller = Some(ANA.to_owned());
    assert_eq!(said(&supposed), "allowed by PolicyInputList.1[0]");
    supposed.entries = vec![entry("aws:username", "string", &["bo"])];
    assert_eq!(said(&supposed), "implicitDeny");
    let of_account = statement(
        r#""Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalAccount":"111122223333"}}"#,
    );
    let mut of_group = suppose(&[&of_account], "s3:GetObject", &[OBJECT]);
    of_group.caller = Some("arn:aws:iam::111122223333:group/g".to_owned());
    assert_eq!(said(&of_group), "allowed by PolicyInputList.1[0]");
}

#[test]
fn context_entries_have_twelve_types() {
    let rows = [
        ("string", r#""StringEquals":{"a:key1":"x"}"#, "x"),
        ("numeric", r#""NumericLessThan":{"a:key1":"10"}"#, "9.5"),
        ("boolean", r#""Bool":{"a:key1":"true"}"#, "True"),
        ("ip", r#""IpAddress":{"a:key1":"10.0.0.0/8"}"#, "10.1.2.3"),
        ("binary", r#""BinaryEquals":{"a:key1":"aGk="}"#, "aGk="),
        ("date", r#""DateGreaterThan":{"a:key1":"2026-01-01T00:00:00Z"}"#, "1800000000"),
    ];
    for (kind, condition, value) in rows {
        let policy = |condition: &str| {
            statement(&format!(r#""Effect":"Allow","Action":"*","Resource":"*","Condition":{{{condition}}}"#))
        };
        let ask = |condition: &str, entry| {
            said(&Supposition { entries: vec![entry], ..suppose(&[&policy(condition)], "s3:GetObject", &[]) })
        };
        assert_eq!(
            ask(condition, entry("a:key1", kind, &[value])),
            "allowed by PolicyInputList.1[0]",
            "{kind}"
        );
        let any = condition.replacen('"', "\"ForAnyValue:", 1);
        let list = format!("{kind}List");
        assert_eq!(
            ask(&any, entry("a:key1", &list, &[value, value])),
            "allowed by PolicyInputList.1[0]",
            "{list}"
        );
        assert_eq!(
            ask(condition, entry("a:key1", &list, &[value])),
            "implicitDeny",
            "one of a list is no single value"
        );
        assert_eq!(ask(&any, entry("a:key1", &list, &[])), "implicitDeny; missing a:key1");
    }
}

#[test]
fn context_entries_that_are_none() {
    let refused = |entries: &[ContextEntry]| {
        refusal(&Supposition { entries: entries.to_vec(), ..suppose(&[ALL], "s3:GetObject", &[]) })
    };
    let rows = [
        (entry("a:key1", "numeric", &["ten"]), "is of type `numeric`, but `ten` is not a number"),
        (entry("a:key1", "numericList", &["1", ""]), "is of type `numericList`, but `` is not a number"),
        (
            entry("a:key1", "boolean", &["yes"]),
            "is of type `boolean`, but `yes` is neither `true` nor `false`",
        ),
        (entry("a:key1", "ip", &["10.0.0.0/8"]), "is of type `ip`, but `10.0.0.0/8` is not an IP address"),
        (entry("a:key1", "binary", &["?"]), "is of type `binary`, but `?` is not base64"),
        (entry("a:key1", "date", &["today"]), "is of type `date`, but `today` is not a date"),
        (
            entry("a:key1", "string", &[]),
            "is of type `string`, which takes one value, not 0; use `stringList`",
        ),
        (
            entry("a:key1", "date", &["2026", "2027"]),
            "is of type `date`, which takes one value, not 2; use `dateList`",
        ),
    ];
    for (entry, problem) in rows {
        assert_eq!(refused(&[entry]), format!("ContextEntries: `a:key1` {problem}"));
    }
    assert!(
        refused(&[entry("a:key1", "text", &["x"])])
            .contains("has the unknown type `text`; give one of string,")
    );
    assert!(
        refused(&[ContextEntry { kind: None, ..entry("a:key1", "", &[]) }])
            .contains("has no `ContextKeyType`")
    );
    for name in ["", "a:b", "region", ":region", "region:", "aws:\n"] {
        assert!(refused(&[entry(name, "string", &["x"])]).contains("is not a condition key"), "{name}");
    }
    let twice = [entry("a:key1", "string", &["x"]), entry("A:KEY1", "string", &["x"])];
    assert_eq!(refused(&twice), "ContextEntries: `A:KEY1` is given twice");
}

#[test]
fn what_cannot_be_simulated_is_refused() {
    let with = |change: &dyn Fn(&mut Supposition)| {
        let mut supposed = suppose(&[ALL], "s3:GetObject", &[OBJECT]);
        change(&mut supposed);
        refusal(&supposed)
    };
    assert!(with(&|s| s.actions.clear()).ends_with("names no action; name at least one"));
    for action in ["s3:*", "s3:Get?bject"] {
        let told = format!("ActionNames: `{action}` has a wildcard; name each action");
        assert_eq!(with(&|s| s.actions = texts(&[action])), told);
    }
    for action in ["", "s3", "s3:", ":GetObject", "s3:Get Object", &format!("s3:{}", "a".repeat(126))] {
        assert!(
            with(&|s| s.actions = texts(&[action])).contains("is not an action with its service"),
            "{action}"
        );
    }
    for caller in [
        "ana",
        "arn:aws:sts::111122223333:assumed-role/job/s",
        "arn:aws:sts::111122223333:federated-user/bo",
        "arn:aws:iam::111122223333:root",
        "arn:aws:iam::111122223333:user/",
        "arn:aws:iam::aws:policy/ReadOnlyAccess",
    ] {
        let told = with(&|s| s.caller = Some(caller.to_owned()));
        assert!(told.starts_with(&format!("CallerArn: `{caller}` is not the ARN of an IAM user")), "{told}");
    }
    let owner = with(&|s| s.resource_owner = Some("me".to_owned()));
    assert_eq!(owner, "ResourceOwner: `me` is not an account of twelve digits");
    assert_eq!(
        with(&|s| s.resources = texts(&["models"])),
        "ResourceArns: `models` is neither an ARN nor `*`"
    );
    assert!(
        with(&|s| s.policies = texts(&[ALL, "{}"]))
            .starts_with("PolicyInputList: `PolicyInputList.2` is no identity-based policy: ")
    );
    assert!(with(&|s| s.boundaries = texts(&[ALL, ALL])).contains("a principal has one boundary"));
    assert!(with(&|s| s.organization = vec![texts(&[ALL]); 8]).contains("an organization has at most 7"));
    assert!(with(&|s| s.policies = vec![" ".repeat(131_073)]).ends_with("is longer than 131072 characters"));
    let scenario = with(&|s| s.scenario = Some("EC2-Classic".to_owned()));
    assert!(scenario.starts_with(
        "ResourceHandlingOption: `EC2-Classic` is no scenario; known are EC2-VPC-InstanceStore,"
    ));
}

#[test]
fn a_resource_policy_that_does_not_go_with_the_rest_is_refused() {
    let bucket =
        statement(r#""Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::models/*""#);
    let with = |caller: Option<&str>, resources: &[&str]| {
        let mut supposed = suppose(&[], "s3:GetObject", resources);
        (supposed.caller, supposed.resource_policy) = (caller.map(str::to_owned), Some(bucket.clone()));
        refusal(&supposed)
    };
    assert!(with(None, &[OBJECT]).contains("give a user or role as `CallerArn`"));
    assert!(
        with(Some("arn:aws:iam::111122223333:group/g"), &[OBJECT])
            .contains("give a user or role as `CallerArn`")
    );
    let other = "arn:aws:s3:::other/1";
    assert_eq!(
        with(Some(ANA), &[OBJECT, other]),
        format!(
            "ResourceArns: `{other}` is a resource that `ResourcePolicy` does not cover: it must cover every one"
        )
    );
    assert!(with(Some(ANA), &[]).contains("does not cover"));
    assert!(
        with(Some(ANA), &[OBJECT, JOB])
            .contains("cannot be the policy of roles and of other resources at once")
    );
    assert!(with(Some(ANA), &[JOB]).contains("is no role trust policy"));
}

#[test]
fn a_scenario_needs_its_resources() {
    let arns = ["instance", "image", "security-group", "network-interface", "volume"]
        .map(|kind| format!("arn:aws:ec2:eu-west-1:111122223333:{kind}/x"));
    let with = |scenario: &str| {
        let resources: Vec<&str> = arns.iter().map(String::as_str).collect();
        let supposed = suppose(&[ALL], "ec2:RunInstances", &resources);
        Simulation::new(&Supposition { scenario: Some(scenario.to_owned()), ..supposed }, Held::default())
    };
    assert!(with("EC2-VPC-InstanceStore").is_ok() && with("EC2-VPC-EBS").is_ok());
    let told = with("EC2-VPC-EBS-Subnet").unwrap_err().to_string();
    assert_eq!(
        told,
        "ResourceHandlingOption: `EC2-VPC-EBS-Subnet` needs a resource of type `subnet` in `ResourceArns`"
    );
}

#[test]
fn the_cost_grows_with_policies_and_with_what_they_are_tried_on() {
    let cost = |policies: &[&str], resources: &[&str]| {
        Simulation::new(&suppose(policies, "s3:GetObject", resources), Held::default()).unwrap().cost()
    };
    let one = cost(&[ALL], &[OBJECT]);
    assert!(one > 0);
    assert_eq!((cost(&[ALL, ALL], &[OBJECT]), cost(&[ALL], &[OBJECT, OBJECT])), (2 * one, 2 * one));
}

proptest! {
    /// The simulator and what decides real requests agree.
    #[test]
    fn the_simulator_decides_as_the_engine(
        identity in prop::collection::vec(("Allow|Deny", "s3:(Get|Put|\\*)(Object|\\*)?|\\*",
            "arn:aws:s3:::(models|\\*)/(ana/weights|\\*|\\$\\{aws:username\\}/\\*)|\\*", "|eu|us"), 0..4),
        boundary in prop::option::of(("Allow|Deny", "s3:(Get|Put|\\*)Object|\\*",
            "arn:aws:s3:::models/(ana/\\*|\\*)|\\*", "|eu")),
        region in "eu|us",
        action in "s3:(Get|Put)Object",
        resource in "arn:aws:s3:::models/(ana|bo)/weights|\\*",
    ) {
        let text = |(effect, action, resource, region): &(String, String, String, String)| {
            let condition = if region.is_empty() { String::new() } else {
                format!(r#","Condition":{{"StringEquals":{{"aws:RequestedRegion":"{region}"}}}}"#)
            };
            statement(&format!(r#""Effect":"{effect}","Action":"{action}","Resource":"{resource}"{condition}"#))
        };
        let supposed = Supposition {
            actions: vec![action.clone()],
            resources: vec![resource.clone()],
            policies: identity.iter().map(text).collect(),
            boundaries: boundary.iter().map(text).collect(),
            caller: Some(ANA.to_owned()),
            entries: vec![entry("aws:RequestedRegion", "string", &[&region])],
            ..Supposition::default()
        };
        let index = |texts: &[String], kind| {
            let parsed = texts.iter().map(|text| Arc::new(PolicyDocument::parse(text, kind).unwrap()));
            PolicyIndex::new(parsed.map(|one| NamedPolicy::new("p", PolicySource::None, one)).collect())
        };
        let identity = index(&supposed.policies, PolicyKind::Identity);
        let bound = index(&supposed.boundaries, PolicyKind::Boundary);
        let policies = CompiledPolicies {
            identity: Some(&identity),
            boundary: boundary.is_some().then_some(&bound),
            ..CompiledPolicies::default()
        };
        let principal = Principal::User {
            arn: ANA.parse().unwrap(), id: "AIDAEXAMPLE".to_owned(), account: "111122223333".parse().unwrap(),
        };
        let mut context = Context::new();
        context.set_principal(&principal);
        context.set("aws:RequestedRegion", region);
        let request = Request {
            principal: &principal, action: &action, resource: &resource, resource_account: principal.account(),
            context: &context,
        };
        prop_assert_eq!(run(&supposed).finding.outcome, decide(&request, &policies).outcome());
    }

    #[test]
    fn nothing_a_client_sends_panics(
        action in ".{0,12}|s3:[a-z*]{0,4}", resource in ".{0,20}|arn:aws:[a-z]*:::[a-z/*]{0,9}",
        policy in ".{0,20}", caller in prop::option::of(".{0,30}"), owner in prop::option::of(".{0,14}"),
        name in ".{0,12}", kind in ".{0,8}|numeric|date|ip", value in ".{0,12}", with_policy in any::<bool>(),
    ) {
        let supposed = Supposition {
            actions: vec![action.clone()], resources: vec![resource],
            policies: if with_policy { vec![policy] } else { vec![ALL.to_owned()] },
            caller, resource_owner: owner,
            entries: vec![entry(&name, &kind, &[&value])],
            ..Supposition::default()
        };
        match Simulation::new(&supposed, Held::default()) {
            Ok(simulation) => drop(simulation.run(&action)),
            Err(error) => prop_assert!(error.to_string().len() < 4_096),
        }
    }
}
