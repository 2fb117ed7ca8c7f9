//! What a decision tells of itself: verdicts, the nearest statements, and what a verdict's explanation lists.

use super::*;
use crate::decide::{CompiledPolicies, decide as decide_indexed};
use crate::evaluate::explain::{Failing, nearest};
use crate::index::PolicyIndex;

#[test]
fn the_root_user_and_resource_control_policies_allow_by_default() {
    let rcp = [vec![policy(
        PolicyKind::ResourceControl,
        PolicySource::ResourceControl,
        &format!(r#"{OTHER},"Principal":"*""#),
    )]];
    let policies = Policies { rcp: Some(&rcp), ..Policies::default() };
    let decision = get_object(&root(HERE), &policies);
    assert_eq!(decision.verdict(PolicyType::ResourceControl), Some(Outcome::Allowed));
    assert_eq!(decision.verdict(PolicyType::Identity), Some(Outcome::Allowed));
    let decision = get_object(&user(HERE), &policies);
    assert_eq!(decision.verdict(PolicyType::Identity), Some(Outcome::ImplicitDeny));
}

#[test]
fn policies_tell_their_names_and_where_they_are_attached() {
    let own = identity(ALLOW);
    assert_eq!((own.id(), own.source().to_string().as_str()), ("Identity", "inline policy of the user"));
    for (source, wanted) in [
        (PolicySource::GroupInline, "inline policy of a group"),
        (PolicySource::RoleInline, "inline policy of the role"),
        (PolicySource::UserManaged, "managed policy"),
        (PolicySource::AwsManaged, "AWS managed policy"),
        (PolicySource::Session, "session policy"),
        (PolicySource::Boundary, "permissions boundary"),
        (PolicySource::Trust, "role trust policy"),
        (PolicySource::Resource, "resource-based policy"),
        (PolicySource::ServiceControl, "service control policy"),
        (PolicySource::ResourceControl, "resource control policy"),
        (PolicySource::Endpoint, "VPC endpoint policy"),
        (PolicySource::None, "none"),
    ] {
        assert_eq!(source.to_string(), wanted);
    }
}

#[test]
fn an_allowed_verdict_lists_one_statement_and_a_refusal_all() {
    let all = [identity(ALLOW), identity(r#""Effect":"Allow","Action":"s3:*","Resource":"*""#)];
    let denies = [identity(DENY), identity(r#""Effect":"Deny","Action":"s3:*","Resource":"*""#)];
    let who = user(HERE);
    let context = Context::new();
    let request = Request {
        principal: &who,
        action: "s3:GetObject",
        resource: "arn:aws:s3:::models/ana/weights",
        resource_account: None,
        context: &context,
    };
    for (policies, outcome, listed) in [(&all, Outcome::Allowed, 1), (&denies, Outcome::ExplicitDeny, 2)] {
        let index = PolicyIndex::new(policies.to_vec());
        let compiled = CompiledPolicies { identity: Some(&index), ..CompiledPolicies::default() };
        let verdict = decide_indexed(&request, &compiled);
        let told = verdict.statement().and_then(|statement| compiled.matched(statement)).unwrap();
        let decision = compiled.decision(&request, verdict);
        assert!(decision.matched().contains(&told));
        assert_eq!((decision.outcome(), decision.matched().len()), (outcome, listed));
        assert_eq!(decision.decided_by(), PolicyType::Identity);
    }
}

/// What is told of the one statement nearest to allowing `s3:GetObject` on `models/ana/weights`.
fn told(members: &str) -> String {
    let own = [identity(members)];
    let who = user(HERE);
    let mut context = Context::new();
    context.set("team", "vision");
    let policies = Policies { identity: &own, ..Policies::default() };
    let request = Request {
        principal: &who,
        action: "s3:GetObject",
        resource: "arn:aws:s3:eu-west-1:111122223333:models/ana/weights",
        resource_account: None,
        context: &context,
    };
    let decision = evaluate(&request, &policies);
    let near = nearest(&request, &policies, &decision);
    let index = PolicyIndex::new(own.to_vec());
    let compiled = CompiledPolicies { identity: Some(&index), ..CompiledPolicies::default() };
    assert_eq!(compiled.nearest(&request, &decision), near);
    near.iter().flat_map(|near| &near.failing).map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

#[test]
fn the_nearest_statement_tells_which_part_of_its_resource_does_not_fit() {
    for (pattern, wanted) in [
        ("arn:aws-cn:s3:::models/*", "its partition is `aws-cn`, the request's is `aws`"),
        ("arn:aws:sqs:::models/*", "its service is `sqs`, the request's is `s3`"),
        ("arn:aws:s3:us-*:*:models/*", "its region is `us-*`, the request's is `eu-west-1`"),
        ("arn:aws:s3:*:444455556666:*", "its account is `444455556666`, the request's is `111122223333`"),
        (
            "arn:aws:s3:*:*:models/b*",
            "its resource part is `models/b*`, the request's is `models/ana/weights`",
        ),
        (
            "arn:aws:s3:*:*:${aws:none}/*",
            "its resource part is `${aws:none}/*`, the request's is `models/ana/weights`",
        ),
    ] {
        let told = told(&format!(r#""Effect":"Allow","Action":"s3:*","Resource":"{pattern}""#));
        assert_eq!(told, format!("`Resource` `{pattern}` does not fit: {wanted}"));
    }
    // Of several patterns the one that fits furthest.
    let told = told(
        r#""Effect":"Allow","Action":"s3:*","Resource":["arn:aws:s3:us-east-1:*:*","arn:aws:s3:*:*:data/*","arn:aws:sqs:::*"]"#,
    );
    assert!(told.starts_with("`Resource` `arn:aws:s3:*:*:data/*` does not fit"), "{told}");
}

#[test]
fn the_nearest_statement_tells_each_element_that_fails() {
    for (members, wanted) in [
        (r#""Effect":"Allow","Action":"s3:Put*","Resource":"*""#, "`Action` is only `s3:Put*`"),
        (
            r#""Effect":"Allow","Action":["s3:A","s3:B","s3:C","s3:D","s3:E"],"Resource":"*""#,
            "`Action` is only `s3:A`, `s3:B`, `s3:C` and 2 more",
        ),
        (r#""Effect":"Allow","NotAction":"s3:Get*","Resource":"*""#, "`NotAction` leaves out `s3:Get*`"),
        (
            r#""Effect":"Allow","Action":"s3:*","NotResource":"arn:aws:s3:*:*:models/*""#,
            "`NotResource` leaves out `arn:aws:s3:*:*:models/*`",
        ),
        (
            r#""Effect":"Allow","Action":"s3:*","NotResource":["arn:aws:s3:::data","arn:aws:s3:*:*:${aws:none}/*"]"#,
            "`Resource` `arn:aws:s3:*:*:${aws:none}/*` does not fit",
        ),
        (
            r#""Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"team":"speech"}}"#,
            "condition `StringEquals` on `team` is not met: the request has `vision`",
        ),
        // Another service is not near, and what fits is not told.
        (r#""Effect":"Allow","Action":"ec2:*","Resource":"*""#, ""),
        (r#""Effect":"Allow","Action":"s3:*","Resource":"*""#, ""),
        (r#""Effect":"Deny","Action":"s3:*","Resource":"*""#, ""),
    ] {
        assert_eq!(told(members), wanted, "{members}");
    }
}

#[test]
fn statements_are_told_from_the_nearest_on() {
    let statement =
        |action: &str, rest: &str| identity(&format!(r#""Effect":"Allow","Action":"{action}",{rest}"#));
    let condition = r#""Resource":"*","Condition":{"StringEquals":{"team":"speech"}}"#;
    let own = [
        statement("s3:Put*", r#""Resource":"*""#),
        statement("s3:*", r#""Resource":"arn:aws:s3:us-*:*:*""#),
        statement("s3:*", r#""Resource":"arn:aws:s3:*:444455556666:*""#),
        statement("s3:*", r#""Resource":"arn:aws:s3:*:*:data""#),
        statement("s3:*", condition),
    ];
    let (who, context) = (user(HERE), Context::new());
    let policies = Policies { identity: &own, ..Policies::default() };
    let request = Request {
        principal: &who,
        action: "s3:GetObject",
        resource: "arn:aws:s3:eu-west-1:111122223333:models",
        resource_account: None,
        context: &context,
    };
    let near = nearest(&request, &policies, &evaluate(&request, &policies));
    let told = near.iter().flat_map(|near| &near.failing).map(|failing| match failing {
        Failing::Action { .. } => "action",
        Failing::Resource { part, .. } => part.as_ref().map_or("", |(name, ..)| *name),
        Failing::Condition { .. } => "condition",
        _ => "",
    });
    assert_eq!(told.collect::<Vec<_>>(), ["condition", "resource part", "account", "region", "action"]);
}

#[test]
fn of_an_organization_the_level_that_does_not_allow_is_told() {
    let control = |members: &&str| policy(PolicyKind::ServiceControl, PolicySource::ServiceControl, members);
    let level = |all: &[&str]| all.iter().map(control).collect::<Vec<_>>();
    // What else a level says that does allow is not what is missing.
    let scp = [
        level(&[r#""Effect":"Allow","Action":"*","Resource":"*""#, &ALLOW.replace("Get", "List")]),
        level(&[r#""Effect":"Allow","Action":"s3:Put*","Resource":"*""#]),
    ];
    let (own, who, context) = ([identity(ALLOW)], user(HERE), Context::new());
    let policies = Policies { identity: &own, scp: Some(&scp), ..Policies::default() };
    let request = Request {
        principal: &who,
        action: "s3:GetObject",
        resource: "arn:aws:s3:::models/ana/weights",
        resource_account: None,
        context: &context,
    };
    let near = nearest(&request, &policies, &evaluate(&request, &policies));
    let told: Vec<_> = near.iter().flat_map(|near| &near.failing).map(ToString::to_string).collect();
    assert_eq!(told, ["`Action` is only `s3:Put*`"]);
}
