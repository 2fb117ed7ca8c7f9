//! What the simulator answers, field by field, and what an answer costs.

use super::*;

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
fn what_needs_no_permission_says_so_of_the_resource_named() {
    let details = |resources: &[&str]| run(&suppose(&[], "sts:GetCallerIdentity", resources)).finding.details;
    assert_eq!((details(&[OBJECT]), details(&[])), (Some(Vec::new()), None));
}

#[test]
fn over_several_resources_the_strictest_answer_holds() {
    use Outcome::{Allowed, ExplicitDeny, ImplicitDeny};
    let finding = |outcome, by_organization, details: &[(PolicyType, Outcome)]| Finding {
        outcome,
        matched: Vec::new(),
        missing: Vec::new(),
        by_organization,
        by_boundary: by_organization,
        details: Some(details.to_vec()),
    };
    let (identity, resource, boundary) = (PolicyType::Identity, PolicyType::Resource, PolicyType::Boundary);
    let mut findings = vec![
        finding(ImplicitDeny, Some(true), &[(identity, Allowed), (resource, ExplicitDeny)]),
        finding(ExplicitDeny, None, &[(identity, ImplicitDeny), (resource, Allowed), (boundary, Allowed)]),
        finding(Allowed, Some(true), &[(boundary, Allowed)]),
    ];
    let over_all = |findings: &[Finding]| report::over_all(findings.iter());
    let all = over_all(&findings);
    assert_eq!((all.outcome, all.by_organization, all.by_boundary), (ExplicitDeny, Some(true), Some(true)));
    let strictest = [(identity, ImplicitDeny), (resource, ExplicitDeny), (boundary, Allowed)];
    assert_eq!(all.details.as_deref(), Some(&strictest[..]));
    findings[2].by_organization = Some(false);
    assert_eq!(over_all(&findings).by_organization, Some(false));
    assert_eq!(over_all(&findings[..1]).outcome, ImplicitDeny);
    findings.swap_remove(1);
    assert_eq!(over_all(&findings).outcome, ImplicitDeny);
}
