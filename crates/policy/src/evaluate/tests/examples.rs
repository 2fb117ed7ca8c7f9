//! Situations the IAM User Guide works through in prose, with its outcomes.

use super::*;

/// "Permissions boundaries for IAM entities": ShirleyRodriguez may use three services and is given a fourth.
#[test]
fn a_boundary_does_not_grant_and_does_not_let_more_through() {
    let limit = policy(
        PolicyKind::Boundary,
        PolicySource::Boundary,
        r#""Effect":"Allow","Action":["s3:*","cloudwatch:*","ec2:*"],"Resource":"*""#,
    );
    let own = [identity(r#""Effect":"Allow","Action":"iam:CreateUser","Resource":"*""#)];
    let policies = Policies { identity: &own, boundary: Some(&limit), ..Policies::default() };
    let decision = decide(&user(HERE), "iam:CreateUser", "arn:aws:iam::111122223333:user/bo", &policies);
    assert_eq!(said(&decision), "implicitDeny by Boundary");
    let decision = decide(&user(HERE), "s3:ListAllMyBuckets", "*", &policies);
    assert_eq!(said(&decision), "implicitDeny by Identity");
}

/// "Multivalued context keys": `ForAllValues` on the attributes asked for, with a deny for one of them.
#[test]
fn attributes_of_a_table() {
    let own = [identity(
        r#""Effect":"Allow","Action":"dynamodb:GetItem","Resource":"arn:aws:dynamodb:*:*:table/Thread",
           "Condition":{"ForAllValues:StringEquals":{"dynamodb:Attributes":["ID","Message","Tags"]}}"#,
    )];
    let policies = Policies { identity: &own, ..Policies::default() };
    for (attributes, wanted) in [
        (&["ID", "Message"][..], true),
        (&["ID", "Message", "Tags"], true),
        (&["ID", "Secret"], false),
        (&[], true),
    ] {
        let mut context = Context::new();
        context.set_many("dynamodb:Attributes", attributes.iter().map(|text| (*text).to_owned()));
        let table = "arn:aws:dynamodb:eu-west-1:111122223333:table/Thread";
        let decision = decide_in(&context, &user(HERE), "dynamodb:GetItem", table, &policies);
        assert_eq!(decision.is_allowed(), wanted, "{attributes:?}");
    }
}

/// "Example of multiple keys with negated operators": denied unless the network or the endpoint is known.
#[test]
fn deny_unless_from_the_network() {
    let own = [
        identity(r#""Effect":"Allow","Action":"*","Resource":"*""#),
        identity(
            r#""Effect":"Deny","Action":"*","Resource":"*","Condition":{
               "NotIpAddress":{"aws:SourceIp":["192.0.2.0/24","203.0.113.0/24"]},
               "BoolIfExists":{"aws:ViaAWSService":"false"}}"#,
        ),
    ];
    let policies = Policies { identity: &own, ..Policies::default() };
    for (keys, wanted) in [
        (&[("aws:SourceIp", "203.0.113.9"), ("aws:ViaAWSService", "false")][..], Outcome::Allowed),
        (&[("aws:SourceIp", "198.51.100.9"), ("aws:ViaAWSService", "false")], Outcome::ExplicitDeny),
        (&[("aws:SourceIp", "198.51.100.9")], Outcome::ExplicitDeny),
        (&[("aws:SourceIp", "198.51.100.9"), ("aws:ViaAWSService", "true")], Outcome::Allowed),
        (&[], Outcome::ExplicitDeny),
    ] {
        let mut context = Context::new();
        for (key, value) in keys {
            context.set(key, *value);
        }
        let decision = decide_in(&context, &user(HERE), "s3:GetObject", "arn:aws:s3:::b/k", &policies);
        assert_eq!(decision.outcome(), wanted, "{keys:?}");
    }
}

/// "Require MFA": the key is absent with long-term keys, so `BoolIfExists` denies them and `Bool` does not.
#[test]
fn multi_factor_authentication_and_absent_keys() {
    for (operator, wanted) in [("Bool", Outcome::Allowed), ("BoolIfExists", Outcome::ExplicitDeny)] {
        let own = [
            identity(ALLOW),
            identity(&format!(
                r#"{DENY},"Condition":{{"{operator}":{{"aws:MultiFactorAuthPresent":"false"}}}}"#
            )),
        ];
        let decision = get_object(&user(HERE), &Policies { identity: &own, ..Policies::default() });
        assert_eq!(decision.outcome(), wanted, "{operator}");
    }
}

/// "The confused deputy problem": a third party's role with an external id.
#[test]
fn an_external_id_must_be_given() {
    let trust = policy(
        PolicyKind::Trust,
        PolicySource::Trust,
        r#""Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole",
           "Condition":{"StringEquals":{"sts:ExternalId":"12345"}}"#,
    );
    let own = [identity(r#""Effect":"Allow","Action":"sts:AssumeRole","Resource":"*""#)];
    let policies = Policies { identity: &own, trust: Some(&trust), ..Policies::default() };
    for (id, wanted) in [
        (Some("12345"), "allowed by Trust"),
        (Some("54321"), "implicitDeny by Trust"),
        (None, "implicitDeny by Trust"),
    ] {
        let mut context = Context::new();
        if let Some(id) = id {
            context.set("sts:ExternalId", id);
        }
        let role = "arn:aws:iam::111122223333:role/dev";
        let decision = decide_in(&context, &user(THERE), "sts:AssumeRole", role, &policies);
        assert_eq!(said(&decision), wanted, "{id:?}");
        assert_eq!(decision.missing_context_keys().is_empty(), id.is_some());
    }
}

/// "Control access to an API with IAM policies": methods and paths of a stage.
#[test]
fn a_stage_of_an_api() {
    let own = [identity(
        r#""Effect":"Allow","Action":"execute-api:Invoke",
           "Resource":"arn:aws:execute-api:eu-west-1:*:a1/prod/GET/api/2.0/*""#,
    )];
    let policies = Policies { identity: &own, ..Policies::default() };
    for (path, wanted) in [
        ("a1/prod/GET/api/2.0/mlflow/runs/get", "allowed by Identity"),
        ("a1/prod/POST/api/2.0/mlflow/runs/create", "implicitDeny by Identity"),
        ("a1/test/GET/api/2.0/mlflow/runs/get", "implicitDeny by Identity"),
    ] {
        let resource = format!("arn:aws:execute-api:eu-west-1:111122223333:{path}");
        let decision = decide(&user(HERE), "execute-api:Invoke", &resource, &policies);
        assert_eq!(said(&decision), wanted);
    }
}
