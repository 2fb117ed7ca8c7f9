//! Reading cases, who their principals are, and the corpus through the indexed evaluator.

use std::sync::Arc;

use super::*;
use crate::context::Values;
use crate::decide::{CompiledPolicies, decide};
use crate::index::PolicyIndex;

fn index(policies: &[NamedPolicy]) -> PolicyIndex {
    PolicyIndex::new(policies.to_vec())
}

/// The outcome of a case by indexes, as servers decide.
fn decided(case: &Case) -> Outcome {
    let set = case.policies.as_ref().unwrap();
    let one =
        |policy: &Option<NamedPolicy>| policy.as_ref().map(|policy| index(std::slice::from_ref(policy)));
    let levels = |levels: &Option<Vec<Vec<NamedPolicy>>>| {
        levels.as_ref().map(|all| all.iter().map(|level| Arc::new(index(level))).collect::<Vec<_>>())
    };
    let (identity, session) = (index(&set.identity), set.session.as_deref().map(index));
    let (boundary, resource, trust, endpoint) =
        (one(&set.boundary), one(&set.resource), one(&set.trust), one(&set.endpoint));
    let (scp, rcp) = (levels(&set.scp), levels(&set.rcp));
    let policies = CompiledPolicies {
        identity: Some(&identity),
        boundary: boundary.as_ref(),
        session: session.as_ref(),
        resource: resource.as_ref(),
        trust: trust.as_ref(),
        scp: scp.as_deref(),
        rcp: rcp.as_deref(),
        endpoint: endpoint.as_ref(),
    };
    decide(&case.asked.request(), &policies).outcome()
}

#[test]
fn the_corpus_comes_out_the_same_by_indexes() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        for case in read(&std::fs::read_to_string(&path).unwrap()).unwrap() {
            let case = case.unwrap();
            // Needs no permission, so servers do not ask.
            if case.asked.action != "sts:GetCallerIdentity" {
                assert_eq!(decided(&case), case.expect, "{}: {}", path.display(), case.name());
            }
        }
    }
}

fn with(principal: &str, more: &str) -> String {
    format!(
        r#"{{"request":{{"principal":"{principal}","action":"s3:GetObject"{more}}},"expect":"implicitDeny"}}"#
    )
}

fn one(text: &str) -> Case {
    read(text).unwrap().pop().unwrap().unwrap()
}

fn fault(text: &str) -> String {
    read(text).unwrap().pop().unwrap().unwrap_err().to_string()
}

#[test]
fn texts_of_cases() {
    let (a, b) = (with("*", ""), with("111122223333", ""));
    for (text, count) in [
        (String::new(), 0),
        (" \r\n\t\u{feff}\n".to_owned(), 0),
        ("[]".to_owned(), 0),
        (a.clone(), 1),
        (format!("\u{feff}{a}"), 1),
        (format!("[{a}, {b}]"), 2),
        (format!("\n\n{a}\n\n  {b}\r\n"), 2),
    ] {
        assert_eq!(read(&text).unwrap().len(), count, "{text:?}");
    }
    let found = read(&format!("\n{a}\n\n  {b}")).unwrap();
    let at = |index: usize| {
        let position = found[index].as_ref().unwrap().position();
        (position.line, position.column)
    };
    assert_eq!((at(0), at(1)), ((2, 1), (4, 3)));
    assert_eq!(found[1].as_ref().unwrap().name(), "#2");
    assert_eq!(read(&format!("{a}\n{{")).unwrap_err().position().line, 2);
    assert!(read("[1").is_err() && read("nothing").is_err());
}

#[test]
fn faults_of_cases() {
    let request = r#""request":{"principal":"*","action":"a:b"}"#;
    for (text, wanted) in [
        ("[3]".to_owned(), "case `#1`: a case must be an object, not a number at line 1 column 2"),
        (format!(r#"{{"name":"n",{request}}}"#), "case `n`: the case has no `expect` at line 1 column 1"),
        (r#"{"expect":"allowed"}"#.to_owned(), "case `#1`: the case has no `request` at line 1 column 1"),
        (
            format!(r#"{{{request},"expect":"denied"}}"#),
            "`expect` must be `allowed`, `explicitDeny` or `implicitDeny`, not `denied`",
        ),
        (format!(r#"{{{request},"expect":1}}"#), "`expect` must be a string, not a number"),
        (
            format!(r#"{{{request},"expect":"allowed","statment":"x"}}"#),
            "unknown field `statment`; known here: name, request, policies, expect, statement, description",
        ),
        (format!(r#"{{{request},"expect":"allowed","statement":1}}"#), "`statement` must be a string"),
        (
            format!(r#"{{{request},"expect":"allowed","policies":{{"scps":[]}}}}"#),
            "unknown field `scps`; known here: identity, boundary, session, resource, scp, rcp, endpoint, trust",
        ),
        (
            format!(r#"{{{request},"expect":"allowed","policies":{{"scp":{{}}}}}}"#),
            "`scp` holds levels from the root to the account as arrays, not an object",
        ),
        (
            format!(r#"{{{request},"expect":"allowed","policies":{{"rcp":[{{}}]}}}}"#),
            "`rcp` holds the policies of one level as arrays, not an object",
        ),
        (
            with("*", r#","context":{"k":{}}"#),
            "a value of context key `k` must be a string, a number or a boolean, not an object",
        ),
        (with("*", r#","context":[]"#), "`context` must be an object, not an array"),
        (
            with("*", r#","region":"x""#),
            "unknown field `region`; known here: principal, action, resource, resourceAccount, context, issuer",
        ),
        (with("*", r#","resourceAccount":"1""#), "`1` is not an account id"),
        (r#"{"request":{"action":"a:b"},"expect":"allowed"}"#.to_owned(), "the request has no `principal`"),
        (r#"{"request":{"principal":"*"},"expect":"allowed"}"#.to_owned(), "the request has no `action`"),
    ] {
        let told = fault(&text);
        assert!(told.contains(wanted), "{told}");
    }
}

#[test]
fn a_policy_that_is_none_fails_its_case_and_no_other() {
    let case = r#"{"name":"n","request":{"principal":"*","action":"a:b"},"policies":{"identity":[{"Statement":[]}]},"expect":"implicitDeny"}"#;
    let Verdict::Failed(why) = one(case).run() else { panic!("it passed") };
    assert_eq!(
        why,
        "  expected implicitDeny, but identity[0] is no policy: `Statement` must hold at least one statement at line 1 column 93"
    );
    for null in ["\"policies\":null", "\"policies\":{\"boundary\":null,\"scp\":null}", "\"statement\":null"] {
        let text =
            format!(r#"{{"request":{{"principal":"*","action":"a:b"}},{null},"expect":"implicitDeny"}}"#);
        assert_eq!(one(&text).run(), Verdict::Passed, "{null}");
    }
}

#[test]
fn policies_may_be_texts_and_lists_may_be_left_out() {
    let allow = r#"{"Statement":{"Sid":"S","Effect":"Allow","Action":"*","Resource":"*"}}"#;
    for policies in [
        format!(r#"{{"identity":{allow}}}"#),
        format!(r#"{{"identity":[{}]}}"#, serde_json::Value::from(allow)),
    ] {
        let text = format!(
            r#"{{"request":{{"principal":"arn:aws:iam::111122223333:user/ana","action":"a:b"}},"policies":{policies},"expect":"allowed","statement":"S"}}"#
        );
        assert_eq!(one(&text).run(), Verdict::Passed, "{policies}");
        let Verdict::Failed(why) = one(&text.replace(r#""statement":"S""#, r#""statement":"T""#)).run()
        else {
            panic!("it passed")
        };
        assert!(why.starts_with("  allowed as expected, but not by statement `T`\n"), "{why}");
    }
}

#[test]
fn a_failure_tells_what_it_found() {
    let text = r#"{"request":{"principal":"arn:aws:iam::111122223333:user/ana","action":"s3:GetObject","resource":"arn:aws:s3:::b/k"},
        "policies":{"identity":[{"Statement":{"Sid":"Own","Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"aws:SourceVpc":"v"}}}}]},
        "expect":"allowed"}"#;
    let Verdict::Failed(why) = one(text).run() else { panic!("it passed") };
    assert_eq!(
        why.lines().collect::<Vec<_>>(),
        [
            "  expected allowed, got implicitDeny because no identity-based policy allows the s3:GetObject action",
            "  request: arn:aws:iam::111122223333:user/ana asks for s3:GetObject on arn:aws:s3:::b/k",
            "  nearest: statement 0 (Own) of identity[0], line 2 column 46: condition `StringEquals` on `aws:SourceVpc` is not met: the request has no such key",
            "  missing context keys: aws:SourceVpc",
        ]
    );
    let denied = text.replace("Allow", "Deny").replace("StringEquals", "StringNotEquals");
    let Verdict::Failed(why) = one(&denied).run() else { panic!("it passed") };
    assert_eq!(
        why.lines().nth(2).unwrap(),
        "  matched: statement 0 (Own) of identity[0] (identity-based policy), line 2 column 46"
    );
}

#[test]
fn what_needs_no_permission_is_allowed() {
    let asks = |expect: &str| {
        one(&format!(
            r#"{{"request":{{"principal":"arn:aws:iam::111122223333:user/ana","action":"STS:getCallerIdentity"}},{expect}}}"#
        ))
        .run()
    };
    assert_eq!(asks(r#""expect":"allowed""#), Verdict::Passed);
    for wrong in [r#""expect":"implicitDeny""#, r#""expect":"allowed","statement":"S""#] {
        let Verdict::Failed(why) = asks(wrong) else { panic!("{wrong} passed") };
        assert!(why.ends_with("got allowed because this action needs no permission"), "{why}");
    }
}

#[test]
fn principals_follow_from_their_texts() {
    const HERE: &str = "111122223333";
    let principal = |text: &str, more: &str| one(&with(text, more)).asked.principal;
    let account = HERE.parse().unwrap();
    assert_eq!(principal("*", ""), Principal::Anonymous);
    for root in [HERE, "arn:aws:iam::111122223333:root"] {
        assert_eq!(principal(root, ""), Principal::Root { account });
    }
    for provider in [
        "accounts.google.com",
        "www.amazon.com",
        "arn:aws:iam::111122223333:oidc-provider/idp.example.com",
        "arn:aws:iam::111122223333:saml-provider/corp",
    ] {
        assert_eq!(principal(provider, ""), Principal::WebIdentity { provider: provider.to_owned() });
    }
    assert_eq!(principal("x.example.com", ""), Principal::Service { name: "x.example.com".to_owned() });
    let user = "arn:aws:iam::111122223333:user/team/ana";
    let known = r#","context":{"aws:userid":"AIDA1"}"#;
    for (more, id) in [("", ""), (known, "AIDA1")] {
        let wanted = Principal::User { arn: user.parse().unwrap(), id: id.to_owned(), account };
        assert_eq!(principal(user, more), wanted);
    }
    let federated = "arn:aws:sts::111122223333:federated-user/bo";
    for (more, issuer) in [
        ("", "arn:aws:iam::111122223333:user/bo"),
        (r#","issuer":"arn:aws:iam::111122223333:user/ana""#, "arn:aws:iam::111122223333:user/ana"),
    ] {
        let (arn, issuer) = (federated.parse().unwrap(), issuer.parse().unwrap());
        assert_eq!(principal(federated, more), Principal::FederatedUser { arn, issuer, account });
    }
}

#[test]
fn sessions_and_their_roles() {
    let asked = |text: &str, more: &str| one(&with(text, more)).asked;
    let parts = |text: &str, more: &str| match asked(text, more).principal {
        Principal::RoleSession { role_arn, role_id, session_arn, session_name, .. } => {
            format!("{role_arn} {role_id} {session_arn} {session_name}")
        }
        other => panic!("{other:?}"),
    };
    let session = "arn:aws:sts::111122223333:assumed-role/dev/run7";
    for (context, wanted) in [
        ("", "arn:aws:iam::111122223333:role/dev  "),
        (
            r#","context":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/team/dev","aws:userid":"AROA1:run7"}"#,
            "arn:aws:iam::111122223333:role/team/dev AROA1 ",
        ),
        // Not this session's role: another name, account, kind, and no single value.
        (
            r#","context":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/ops"}"#,
            "arn:aws:iam::111122223333:role/dev  ",
        ),
        (
            r#","context":{"aws:PrincipalArn":"arn:aws:iam::444455556666:role/x/dev"}"#,
            "arn:aws:iam::111122223333:role/dev  ",
        ),
        (
            r#","context":{"aws:PrincipalArn":"arn:aws:iam::111122223333:user/x/dev"}"#,
            "arn:aws:iam::111122223333:role/dev  ",
        ),
        (
            r#","context":{"aws:PrincipalArn":"arn:aws:sns::111122223333:role/x/dev"}"#,
            "arn:aws:iam::111122223333:role/dev  ",
        ),
        (
            r#","context":{"aws:PrincipalArn":["arn:aws:iam::111122223333:role/x/dev"]}"#,
            "arn:aws:iam::111122223333:role/dev  ",
        ),
    ] {
        assert_eq!(parts(session, context), format!("{wanted}{session} run7"), "{context}");
    }
    let role = "arn:aws-cn:iam::111122223333:role/team/dev";
    let whole =
        "arn:aws-cn:iam::111122223333:role/team/dev  arn:aws-cn:sts::111122223333:assumed-role/dev/* *";
    assert_eq!(parts(role, ""), whole);
    // What is not known is no key.
    for (text, more, known) in [
        (session, "", false),
        (role, "", false),
        (role, r#","context":{"aws:userid":"AROA1:x"}"#, true),
        ("arn:aws:iam::111122223333:user/ana", "", false),
        ("111122223333", "", true),
    ] {
        assert_eq!(asked(text, more).context.get("aws:userid").is_some(), known, "{text} {more}");
    }
}

/// A session's ARN lacks its role's path; a policy that names such a role tells it.
#[test]
fn a_policy_may_tell_the_path_of_a_role() {
    let case = |kind: &str, named: &str, more: &str| {
        let text = format!(
            r#"{{"request":{{"principal":"arn:aws:sts::111122223333:assumed-role/dev/run7","action":"sts:AssumeRole","resource":"arn:aws:iam::111122223333:role/x"}},
            "policies":{{"{kind}":{{"Statement":{{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{{"AWS":"{named}"}}{more}}}}}}},"expect":"allowed"}}"#
        );
        one(&text).run()
    };
    for kind in ["trust", "resource"] {
        assert_eq!(case(kind, "arn:aws:iam::111122223333:role/team/dev", ""), Verdict::Passed);
        // No two roles of an account differ in case alone, and still an ARN is matched as it is written.
        assert_ne!(case(kind, "arn:aws:iam::111122223333:role/team/DEV", ""), Verdict::Passed);
        assert_ne!(case(kind, "arn:aws:iam::111122223333:role/team/dev2", ""), Verdict::Passed);
        assert_ne!(case(kind, "arn:aws:iam::111122223333:user/team/dev", ""), Verdict::Passed);
    }
}

#[test]
fn principals_that_are_none() {
    for (text, wanted) in [
        ("ana", "principal `ana` is neither an ARN, an account, a service nor `*`"),
        ("a b.com", "is neither an ARN"),
        ("https://x.com", "is neither an ARN"),
        ("lambda.*", "is neither an ARN"),
        ("arn:aws:iam:::user/ana", "names no account"),
        ("arn:aws:iam::111122223333:root/x", "is no user, role, session, federated user or root user"),
        ("arn:aws:iam::111122223333:user/", "is no user"),
        ("arn:aws:iam::111122223333:user", "is no user"),
        ("arn:aws:iam::111122223333:role/", "is no user"),
        ("arn:aws:iam::111122223333:group/g", "is no user"),
        ("arn:aws:sts::111122223333:user/ana", "is no user"),
        ("arn:aws:sts::111122223333:federated-user/", "is no user"),
        ("arn:aws:sts::111122223333:assumed-role/dev", "must be `assumed-role/ROLE/SESSION`"),
        ("arn:aws:sts::111122223333:assumed-role/dev/", "must be `assumed-role/ROLE/SESSION`"),
        ("arn:aws:sts::111122223333:assumed-role//x", "must be `assumed-role/ROLE/SESSION`"),
    ] {
        let told = fault(&with(text, ""));
        assert!(told.contains(wanted), "{text}: {told}");
    }
    let told = fault(&with("arn:aws:sts::111122223333:federated-user/bo", r#","issuer":"bo""#));
    assert!(told.contains("issuer: `bo` is not an ARN"), "{told}");
}

#[test]
fn keys_that_a_case_need_not_give() {
    let asked = |text: &str, more: &str| one(&with(text, more)).asked;
    let told = |text: &str, more: &str, key: &str| match asked(text, more).context.get(key) {
        Some(Values::One(value)) => value.clone(),
        Some(Values::Many(values)) => values.join(","),
        None => "-".to_owned(),
    };
    let user = "arn:aws:iam::111122223333:user/ana";
    let bucket = r#","resource":"arn:aws:s3:::b""#;
    let server = r#","resource":"arn:aws:sagemaker:eu-west-1:444455556666:x""#;
    let owned =
        r#","resource":"arn:aws:sagemaker:eu-west-1:444455556666:x","resourceAccount":"777788889999""#;
    for (text, more, key, wanted) in [
        (user, "", "aws:username", "ana"),
        (user, r#","context":{"aws:username":"bea"}"#, "aws:username", "bea"),
        (user, r#","context":{"n":1,"b":true,"s":"x"}"#, "n", "1"),
        (user, r#","context":{"n":1,"b":true,"s":"x"}"#, "b", "true"),
        (user, r#","context":{"n":[1,true,"x"]}"#, "n", "1,true,x"),
        (user, bucket, "aws:ResourceAccount", "111122223333"),
        (user, server, "aws:ResourceAccount", "444455556666"),
        (user, owned, "aws:ResourceAccount", "777788889999"),
        ("lambda.amazonaws.com", bucket, "aws:ResourceAccount", "-"),
        ("lambda.amazonaws.com", "", "aws:PrincipalServiceName", "lambda.amazonaws.com"),
    ] {
        assert_eq!(told(text, more, key), wanted, "{more} {key}");
    }
    assert_eq!(asked(user, "").resource, "*");
    assert_eq!(asked(user, bucket).resource_account, None);
    assert_eq!(asked(user, owned).resource_account, "777788889999".parse().ok());
}
