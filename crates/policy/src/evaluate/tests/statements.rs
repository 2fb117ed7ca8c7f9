//! Which statements apply: actions, resources, variables, conditions; and hostile input.

use super::*;

const OBJECT: &str = "arn:aws:s3:::models/ana/weights";

fn allows(members: &str, action: &str, resource: &str) -> bool {
    let own = [identity(members)];
    decide(&user(HERE), action, resource, &Policies { identity: &own, ..Policies::default() }).is_allowed()
}

#[test]
fn actions_match_in_any_case() {
    for (element, action, wanted) in [
        (r#""Action":"*""#, "s3:GetObject", true),
        (r#""Action":"s3:*""#, "s3:GetObject", true),
        (r#""Action":"S3:getOBJECT""#, "s3:GetObject", true),
        (r#""Action":"s3:getobject""#, "S3:GETOBJECT", true),
        (r#""Action":"s3:Get*""#, "s3:PutObject", false),
        (r#""Action":"s3:?etObject""#, "s3:GetObject", true),
        (r#""Action":"s3:*Object*""#, "s3:GetObjectAcl", true),
        (r#""Action":"s3:Get, Put""#, "s3:Get", false),
        (r#""Action":["ec2:*","s3:GetObject"]"#, "s3:GetObject", true),
        (r#""NotAction":"s3:Get*""#, "s3:GetObject", false),
        (r#""NotAction":["ec2:*","s3:Get*"]"#, "s3:PutObject", true),
        (r#""Action":"s3-object-lambda:*""#, "s3:GetObject", false),
    ] {
        let members = format!(r#""Effect":"Allow","Resource":"*",{element}"#);
        assert_eq!(allows(&members, action, OBJECT), wanted, "{element} {action}");
    }
}

#[test]
fn resources_match_part_by_part() {
    let log = "arn:aws:logs:eu-west-1:111122223333:log-group:a:log-stream:b";
    for (element, resource, wanted) in [
        (r#""Resource":"*""#, OBJECT, true),
        (r#""Resource":"arn:aws:s3:::models/*""#, OBJECT, true),
        (r#""Resource":"arn:aws:s3:::models/ana""#, OBJECT, false),
        (r#""Resource":"arn:aws:s3:::Models/*""#, OBJECT, false),
        (r#""Resource":"arn:aws:s3:::models/???/weights""#, OBJECT, true),
        (r#""Resource":"arn:*:s3:::models/*""#, OBJECT, true),
        (r#""Resource":"arn:aws:logs:*:log-group:*""#, log, false),
        (r#""Resource":"arn:aws:logs:*:*:log-group:a:*""#, log, true),
        (r#""Resource":"arn:aws:logs:*:*:*""#, log, true),
        (r#""Resource":"arn:aws:logs:*""#, log, true),
        (r#""Resource":"arn:aws:logs""#, log, true),
        (r#""Resource":"arn:aws:logs:us-*""#, log, false),
        (r#""Resource":"*""#, "*", true),
        (r#""Resource":"arn:aws:s3:::*""#, "*", false),
        (r#""Resource":"arn:aws:s3:::*""#, "models/ana/weights", false),
        (r#""NotResource":"arn:aws:s3:::models/*""#, OBJECT, false),
        (r#""NotResource":"arn:aws:s3:::data/*""#, OBJECT, true),
        (r#""NotResource":["arn:aws:s3:::data/*","*"]"#, OBJECT, false),
        (r#""Resource":"arn:aws:s3:::models/${aws:username}/*""#, OBJECT, true),
        (r#""Resource":"arn:aws:s3:::models/${aws:PrincipalTag/team, 'ana'}/*""#, OBJECT, true),
        (r#""Resource":"arn:aws:s3:::models/${aws:PrincipalTag/team}/*""#, OBJECT, false),
        (
            r#""Resource":"arn:aws:s3::${aws:PrincipalAccount}:models/*""#,
            "arn:aws:s3::111122223333:models/x",
            false,
        ),
        (r#""NotResource":"arn:aws:s3:::models/${aws:PrincipalTag/team}/*""#, OBJECT, false),
    ] {
        let members = format!(r#""Effect":"Allow","Action":"*",{element}"#);
        assert_eq!(allows(&members, "s3:GetObject", resource), wanted, "{element} {resource}");
    }
}

#[test]
fn a_deny_on_all_but_an_unresolved_resource_applies() {
    let allow = identity(r#""Effect":"Allow","Action":"*","Resource":"*""#);
    for (resource, wanted) in [
        ("arn:aws:s3:::models/${aws:username}/*", "allowed by Identity"),
        ("arn:aws:s3:::models/${aws:PrincipalTag/team}/*", "explicitDeny by Identity"),
    ] {
        let deny = identity(&format!(r#""Effect":"Deny","Action":"*","NotResource":"{resource}""#));
        let own = [allow.clone(), deny];
        let decision = get_object(&user(HERE), &Policies { identity: &own, ..Policies::default() });
        assert_eq!(said(&decision), wanted);
    }
}

#[test]
fn old_versions_have_no_variables() {
    let text = |version: &str| {
        format!(
            r#"{{{version}"Statement":{{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::models/${{aws:username}}/*"}}}}"#
        )
    };
    for (version, wanted) in
        [("", false), (r#""Version":"2008-10-17","#, false), (r#""Version":"2012-10-17","#, true)]
    {
        let document = parse(&text(version), PolicyKind::Identity);
        let own = [NamedPolicy::new("old", PolicySource::UserManaged, document)];
        let policies = Policies { identity: &own, ..Policies::default() };
        assert_eq!(get_object(&user(HERE), &policies).is_allowed(), wanted, "{version}");
        let literal = decide(&user(HERE), "s3:GetObject", "arn:aws:s3:::models/${aws:username}/x", &policies);
        assert_eq!(literal.is_allowed(), !wanted);
    }
}

#[test]
fn conditions_are_joined_by_and() {
    let mut context = Context::new();
    context.set("aws:SourceIp", "203.0.113.7");
    context.set("aws:MultiFactorAuthPresent", "true");
    for (condition, wanted) in [
        (r#"{}"#, true),
        (r#"{"IpAddress":{"aws:sourceip":"203.0.113.0/24"}}"#, true),
        (
            r#"{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"},"Bool":{"aws:MultiFactorAuthPresent":true}}"#,
            true,
        ),
        (
            r#"{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"},"Bool":{"aws:MultiFactorAuthPresent":false}}"#,
            false,
        ),
        (r#"{"Null":{"aws:SourceIp":false,"aws:MultiFactorAuthPresent":"true"}}"#, false),
    ] {
        let own = [identity(&format!("{ALLOW},\"Condition\":{condition}"))];
        let policies = Policies { identity: &own, ..Policies::default() };
        let decision = decide_in(&context, &user(HERE), "s3:GetObject", OBJECT, &policies);
        assert_eq!(decision.is_allowed(), wanted, "{condition}");
    }
}

#[test]
fn missing_keys_are_those_of_statements_that_would_apply() {
    let own = [
        identity(&format!(r#"{OTHER},"Condition":{{"StringEquals":{{"x:OtherAction":"1"}}}}"#)),
        identity(
            r#""Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::data/*","Condition":{"Null":{"x:OtherResource":true}}"#,
        ),
        identity(&format!(
            r#"{ALLOW},"Condition":{{"StringEquals":{{"x:B":"1","X:b":"2","aws:username":"ana"}},"Bool":{{"x:A":true}}}}"#
        )),
        identity(r#""Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::${x:Variable}/*""#),
    ];
    let decision = get_object(&user(HERE), &Policies { identity: &own, ..Policies::default() });
    assert_eq!(said(&decision), "implicitDeny by Identity");
    assert_eq!(decision.missing_context_keys(), ["x:A", "x:B", "x:Variable"]);
}

#[test]
fn matched_statements_know_their_place() {
    let text = r#"{"Version": "2012-10-17", "Statement": {"Sid": "One", "Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
    let own = [NamedPolicy::new("p", PolicySource::UserManaged, parse(text, PolicyKind::Identity))];
    let decision = get_object(&user(HERE), &Policies { identity: &own, ..Policies::default() });
    let [matched] = decision.matched() else { panic!("one statement") };
    assert_eq!((&*matched.policy_id, matched.sid.as_deref(), matched.index), ("p", Some("One"), 0));
    assert_eq!(matched.to_string(), "statement 0 (One) of p");
    // The recorded answer of AWS's simulator for such a text starts at column 41: just after the brace.
    assert_eq!(matched.start.column + 1, 41);
    assert_eq!(matched.end.offset, text.len() - 1);
}

#[test]
fn hostile_policies_are_decided_within_bounds() {
    let long = format!("arn:aws:s3:::{}", "a".repeat(2000));
    for pattern in ["*".repeat(6144), "*a".repeat(3072), "*?".repeat(1500) + "b", "*aaaa".repeat(400) + "b"] {
        let members = format!(
            r#""Effect":"Allow","Action":"s3:{pattern}","Resource":"arn:aws:s3:::{pattern}","Condition":{{"StringLike":{{"k":"{pattern}"}}}}"#
        );
        let own = [identity(&members)];
        let mut context = Context::new();
        context.set("k", "a".repeat(2000));
        let action = format!("s3:{}", "a".repeat(2000));
        let policies = Policies { identity: &own, ..Policies::default() };
        let decision = decide_in(&context, &user(HERE), &action, &long, &policies);
        assert_eq!(decision.is_allowed(), pattern.chars().all(|c| c == '*'));
    }
}
