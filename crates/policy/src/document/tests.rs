//! The grammar, row by row: each refusal with its place and AWS's words, and what is accepted.

use proptest::prelude::*;

use super::{PolicyDocument, PolicyKind, ResourcePattern, Version, counted_size};

const KINDS: [PolicyKind; 8] = [
    PolicyKind::Identity,
    PolicyKind::Boundary,
    PolicyKind::Session,
    PolicyKind::Trust,
    PolicyKind::Resource,
    PolicyKind::ServiceControl,
    PolicyKind::ResourceControl,
    PolicyKind::Endpoint,
];

fn error(text: &str, kind: PolicyKind) -> (String, String) {
    let error = PolicyDocument::parse(text, kind).expect_err(text);
    (error.to_string(), error.aws_message().to_owned())
}

/// A statement's members, inside a policy of the current version.
fn policy(statement: &str) -> String {
    format!("{{\"Version\":\"2012-10-17\",\"Statement\":{{{statement}}}}}")
}

#[test]
fn the_top_level_is_strict() {
    for (text, wanted) in [
        ("", "invalid JSON: the text ends where a value is wanted at line 1 column 1"),
        ("[]", "a policy must be an object, not an array at line 1 column 1"),
        ("{}", "the policy has no `Statement` at line 1 column 1"),
        ("{\"Version\":1}", "`Version` must be a string, not a number at line 1 column 12"),
        (
            "{\"Version\":\"2012-10-18\"}",
            "`Version` must be `2012-10-17` or `2008-10-17`, not `2012-10-18` at line 1 column 12",
        ),
        (
            "{\"version\":1}",
            "unknown element `version`; known here: Version, Id, Statement at line 1 column 2",
        ),
        ("{\"Id\":[]}", "`Id` must be a string, not an array at line 1 column 7"),
        ("{\"Statement\":[]}", "`Statement` must hold at least one statement at line 1 column 14"),
        (
            "{\"Statement\":\"x\"}",
            "`Statement` must be an object or an array of objects, not a string at line 1 column 14",
        ),
        ("{\"Statement\":[1]}", "a statement must be an object, not a number at line 1 column 15"),
        ("{\"Statement\":{},\"Statement\":{}}", "duplicate key `Statement` at line 1 column 17"),
    ] {
        let (message, aws) = error(text, PolicyKind::Identity);
        assert_eq!((message.as_str(), aws.as_str()), (wanted, "Syntax errors in policy."), "{text}");
    }
    // As AWS answers `CreateRole`.
    assert_eq!(error("{", PolicyKind::Trust).1, "This policy contains invalid Json");
}

const SYNTAX: &str = "Syntax errors in policy.";

/// Rows of an identity policy's statement: its text, Garita's message, AWS's message.
const STATEMENTS: &[(&str, &str, &str)] = &[
    (r#""Action":"*","Resource":"*""#, "the statement has no `Effect`", SYNTAX),
    (r#""Effect":"deny","Action":"*""#, "`Effect` must be `Allow` or `Deny`, not `deny`", SYNTAX),
    (r#""Effect":true"#, "`Effect` must be a string, not a boolean", SYNTAX),
    (
        r#""Effect":"Deny","Resource":"*""#,
        "the statement has neither `Action` nor `NotAction`",
        "Policy statement must contain actions.",
    ),
    (
        r#""Effect":"Deny","Action":[],"Resource":"*""#,
        "`Action` must not be an empty array",
        "Policy statement must contain actions.",
    ),
    (
        r#""Effect":"Deny","Action":"*""#,
        "the statement has neither `Resource` nor `NotResource`",
        "Policy statement must contain resources.",
    ),
    (
        r#""Effect":"Deny","Action":"*","NotResource":[]"#,
        "`NotResource` must not be an empty array",
        "Policy statement must contain resources.",
    ),
    (r#""Action":"*","NotAction":"*""#, "a statement takes `Action` or `NotAction`, not both", SYNTAX),
    (
        r#""Resource":"*","NotResource":"*""#,
        "a statement takes `Resource` or `NotResource`, not both",
        SYNTAX,
    ),
    (
        r#""Effect":"Deny","Action":["s3:Get",1],"Resource":"*""#,
        "`Action` must be a string, not a number",
        SYNTAX,
    ),
    (
        r#""Effect":"Deny","Action":"invalid","Resource":"*""#,
        "action `invalid` names no service before a colon",
        "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
    ),
    (
        r#""Effect":"Deny","Action":"a:b:c","Resource":"*""#,
        "action `a:b:c` has more than one colon",
        "Actions/Condition can contain only one colon.",
    ),
    (
        r#""Effect":"Deny","NotAction":"a a:b","Resource":"*""#,
        "service `a a` of action `a a:b` is not valid",
        "Vendor a a is not valid",
    ),
    (
        r#""Effect":"Deny","Action":"*","Resource":"adas""#,
        "resource `adas` is neither an ARN nor `*`",
        "Resource adas must be in ARN format or \"*\".",
    ),
    (
        r#""Effect":"Deny","Action":"*","Resource":"arn:error:s3:::b""#,
        "partition `error` of resource `arn:error:s3:::b` is unknown",
        "Partition \"error\" is not valid for resource \"arn:error:s3:::b\".",
    ),
    (
        r#""Effect":"Deny","Action":"*","Resource":["*","arn:aws:s*:::b"]"#,
        "resource `arn:aws:s*:::b` must spell out its service",
        "Resource vendor must be fully qualified and cannot contain regexes.",
    ),
    (
        r#""Effect":"Deny","Action":"*","Resource":"arn:aws:s3:::${a""#,
        "variable `${a` has no closing brace",
        "The policy failed legacy parsing",
    ),
    (
        r#""Effect":"Allow","Action":"*","Resource":"*","Principal":"*""#,
        "an identity-based policy takes no `Principal`: it applies to what it is attached to",
        "Policy document should not specify a principal.",
    ),
    (
        r#""Effect":"Allow","Action":"*","Resource":"*","Sid":"a b""#,
        "`Sid` `a b` must consist of letters and digits",
        "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*",
    ),
    (
        r#""Effects":"Allow""#,
        "unknown element `Effects`; known here: Sid, Effect, Principal, NotPrincipal, Action, NotAction, Resource, \
         NotResource, Condition",
        SYNTAX,
    ),
];

#[test]
fn statements_are_strict() {
    for (statement, message, aws) in STATEMENTS {
        let found = error(&policy(statement), PolicyKind::Identity);
        let (text, _) = found.0.rsplit_once(" at line ").unwrap();
        assert_eq!((text, found.1.as_str()), (*message, *aws), "{statement}");
    }
}

#[test]
fn conditions_are_strict() {
    for (condition, wanted) in [
        ("[]", "`Condition` must be an object, not an array"),
        (r#"{"StringMatches":{}}"#, "unknown condition operator in `StringMatches`"),
        (r#"{"stringequals":{}}"#, "unknown condition operator in `stringequals`"),
        (
            r#"{"ForEveryValue:StringEquals":{}}"#,
            "unknown condition operator in `ForEveryValue:StringEquals`",
        ),
        (
            r#"{"NullIfExists":{"a":"true"}}"#,
            "`Null` takes neither `ForAllValues:`, `ForAnyValue:` nor `IfExists` in `NullIfExists`",
        ),
        (r#"{"Bool":"a"}"#, "`Bool` must be an object of condition keys, not a string"),
        (r#"{"Bool":{"":"true"}}"#, "`` is not a condition key"),
        (r#"{"Bool":{"a":[]}}"#, "condition key `a` has no values"),
        (
            r#"{"Bool":{"a":null}}"#,
            "a value of condition key `a` must be a string, a number or a boolean, not null",
        ),
        (r#"{"Bool":{"a":"yes"}}"#, "`yes` is neither `true` nor `false` under `Bool`"),
        (r#"{"Null":{"a":"${b}"}}"#, "`${b}` is neither `true` nor `false` under `Null`"),
        (r#"{"NumericEquals":{"a":["1","x"]}}"#, "`x` is not a number under `NumericEquals`"),
        (r#"{"DateLessThan":{"a":"today"}}"#, "`today` is not a date under `DateLessThan`"),
        (r#"{"BinaryEquals":{"a":"?"}}"#, "`?` is not base64 under `BinaryEquals`"),
        (
            r#"{"IpAddress":{"a":"10.0.0.0/33"}}"#,
            "`10.0.0.0/33` is not an IP address or CIDR block under `IpAddress`",
        ),
        (r#"{"StringLike":{"a":"${}"}}"#, "variable `${}` names no key under `StringLike`"),
        (r#"{"Bool":{"a":"true","a":"false"}}"#, "duplicate key `a`"),
    ] {
        let text = policy(&format!(r#""Effect":"Deny","Action":"*","Resource":"*","Condition":{condition}"#));
        let found = error(&text, PolicyKind::Identity).0;
        assert_eq!(found.rsplit_once(" at line ").unwrap().0, wanted, "{condition}");
    }
}

#[test]
fn errors_stand_where_the_mistake_is() {
    let text = "{\n  \"Statement\": [\n    {\"Effect\": \"Allow\", \"Action\": [\"s3:*\",\n      \"s4\"]}]}";
    assert!(error(text, PolicyKind::Identity).0.ends_with("at line 4 column 7"));
    let text = "{\n\"Statement\": {\"Effect\": \"Allow\", \"Action\": \"*\", \"Resource\": \"*\",\n \
                \"Condition\": {\"NumericEquals\":\n{\"a\": [1, \"b\"]}}}}";
    assert!(error(text, PolicyKind::Identity).0.ends_with("at line 4 column 11"));
}

#[test]
fn each_kind_has_its_own_elements() {
    let who = r#""Principal":{"AWS":"111122223333"}"#;
    let not_who = r#""NotPrincipal":{"AWS":"111122223333"}"#;
    let base = r#""Effect":"Allow","Action":"sts:AssumeRole""#;
    let everyone = r#""Principal":"*""#;
    let what = r#""Resource":"*""#;
    // Which of the kinds take each statement, in the order of KINDS.
    for (members, wanted) in [
        (format!("{base},{what}"), "yyy--y--"),
        (format!("{base},{who},{what}"), "----y--y"),
        (format!("{base},{who}"), "---yy--y"),
        (format!("{base},{not_who}"), "----y--y"),
        (format!("{base},{not_who},{what}"), "----y--y"),
        (format!("{base},{everyone},{what}"), "----y-yy"),
        (format!("{base},{everyone}"), "---yy--y"),
        (format!(r#"{base},{what},"Sid":"with space""#), "--------"),
        (format!(r#"{base},{who},{what},"Sid":"with space""#), "----y--y"),
        (format!(r#""Effect":"Allow","Action":"s3:*",{who}"#), "----y--y"),
        (format!(r#""Effect":"Allow","Action":"*",{who}"#), "----y--y"),
        (format!(r#""Effect":"Allow","Action":["sts:assume*","sts:TagSession"],{who}"#), "---yy--y"),
        (format!(r#""Effect":"Deny","NotAction":"sts:AssumeRole",{everyone},{what}"#), "----y--y"),
    ] {
        let takes = |kind: &PolicyKind| {
            if PolicyDocument::parse(&policy(&members), *kind).is_ok() { 'y' } else { '-' }
        };
        assert_eq!(KINDS.iter().map(takes).collect::<String>(), wanted, "{members}");
    }
}

#[test]
fn trust_policies_have_the_words_of_aws() {
    for (members, aws) in [
        (r#""Effect":"Allow","Action":"sts:AssumeRole""#, "Missing required field Principal"),
        (
            r#""Effect":"Allow","Action":"sts:AssumeRole","Principal":"*","Resource":"*""#,
            "Has prohibited field Resource",
        ),
        (
            r#""Effect":"Allow","Action":"s3:GetObject","Principal":"*""#,
            "AssumeRole policy may only specify STS AssumeRole actions.",
        ),
        (
            r#""Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::1:user/x"}"#,
            "Invalid principal in policy: \"AWS\":\"arn:aws:iam::1:user/x\"",
        ),
        (
            r#""Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"*"}"#,
            "Invalid principal in policy: \"SERVICE\":\"*\"",
        ),
    ] {
        assert_eq!(error(&policy(members), PolicyKind::Trust).1, aws);
    }
}

#[test]
fn principals_are_checked_and_kept_as_written() {
    let arn = "arn:aws:iam::111122223333:user/team/ana";
    for (value, ok) in [
        ("\"*\"", true),
        ("\"111122223333\"", false),
        ("{}", false),
        ("{\"AWS\":[]}", false),
        ("{\"Aws\":\"*\"}", false),
        ("{\"AWS\":[\"*\",\"111122223333\",\"AROAEXAMPLEEXAMPLE00\"]}", true),
        ("{\"AWS\":\"arn:aws:iam::111122223333:role/*\"}", false),
        ("{\"AWS\":\"arn:aws:s3:::bucket\"}", false),
        ("{\"AWS\":\"ana\"}", false),
        ("{\"Federated\":\"cognito-identity.amazonaws.com\"}", true),
        ("{\"CanonicalUser\":\"79a59df900b949e5\"}", true),
        ("{\"Service\":\"\"}", false),
    ] {
        let text = policy(&format!(r#""Effect":"Allow","Action":"sts:AssumeRole","Principal":{value}"#));
        assert_eq!(PolicyDocument::parse(&text, PolicyKind::Trust).is_ok(), ok, "{value}");
    }
    let text = policy(&format!(
        r#""Effect":"Allow","Action":"sts:AssumeRole","Principal":{{"AWS":"{arn}","Service":["a.b","c.d"]}}"#
    ));
    let document = PolicyDocument::parse(&text, PolicyKind::Trust).unwrap();
    let found: Vec<_> = document.principals().map(|(p, at)| format!("{p}@{}", at.column)).collect();
    let wanted = [
        format!("\"AWS\":\"{arn}\"@100"),
        "\"SERVICE\":\"a.b\"@153".into(),
        "\"SERVICE\":\"c.d\"@159".into(),
    ];
    assert_eq!(found, wanted);
}

#[test]
fn sids_are_unique_and_an_empty_one_is_none() {
    let statement = |sid: &str| format!(r#"{{"Sid":"{sid}","Effect":"Deny","Action":"*","Resource":"*"}}"#);
    let text = |a: &str, b: &str| format!("{{\"Statement\":[{},{}]}}", statement(a), statement(b));
    let found = error(&text("A1", "A1"), PolicyKind::Identity);
    assert_eq!(found.0, "`Sid` `A1` is used twice at line 1 column 79");
    assert_eq!(found.1, "Statement IDs (SID) in a single policy must be unique.");
    let document = PolicyDocument::parse(&text("", ""), PolicyKind::Identity).unwrap();
    assert_eq!(document.statements()[1].sid(), None);
    assert!(PolicyDocument::parse(&text("A", "a"), PolicyKind::Identity).is_ok());
}

#[test]
fn what_a_document_tells_of_itself() {
    let text = r#"{"Version": "2012-10-17", "Statement": {"Sid": "One", "Effect": "Allow", "NotAction": "s3:*",
        "Resource": ["arn:aws:iam::*:user/${aws:username}"], "Condition": {"StringEquals": {
        "aws:PrincipalTag/team": ["a", 1, true, "${AWS:UserName}"]}, "Null": {}}}, "Id": "x"}"#;
    let document = PolicyDocument::parse(text, PolicyKind::Identity).unwrap();
    assert_eq!((document.version(), document.id()), (Version::V2012, Some("x")));
    assert_eq!(document.context_keys(), ["aws:username", "aws:PrincipalTag/team"]);
    let [statement] = document.statements() else { panic!("one statement") };
    assert_eq!((statement.sid(), statement.is_not_action()), (Some("One"), true));
    assert_eq!((statement.span().start.column, statement.span().end.line), (40, 3));
    assert_eq!(statement.actions()[0].as_str(), "s3:*");
    assert!(
        statement.actions()[0].matches("S3:getobject") && !statement.actions()[0].matches("sqs:getobject")
    );
    assert_eq!((statement.index(), statement.effect().to_string().as_str()), (0, "Allow"));
    assert_eq!(statement.conditions().len(), 1);
    assert_eq!(counted_size(" { \"a b\" :\n1 }"), 8);
}

#[test]
fn the_version_decides_what_a_variable_is() {
    for (version, keys) in [("\"Version\":\"2012-10-17\",", 1), ("\"Version\":\"2008-10-17\",", 0), ("", 0)] {
        let text = format!(
            r#"{{{version}"Statement":{{"Effect":"Deny","Action":"*","Resource":"arn:aws:s3:::b/${{aws:username}}"}}}}"#
        );
        let document = PolicyDocument::parse(&text, PolicyKind::Identity).unwrap();
        assert_eq!(document.context_keys().len(), keys, "{version}");
    }
}

proptest! {
    #[test]
    fn never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), kind in 0..8_usize) {
        drop(PolicyDocument::parse(&String::from_utf8_lossy(&bytes), KINDS[kind]));
    }

    #[test]
    fn never_panics_on_nearly_policies(
        kind in 0..8_usize,
        effect in "Allow|Deny|x",
        action in "[a-zA-Z:*?,${} -]{0,12}",
        resource in "(arn:aws:s3)?[a-z:*?/,'${}]{0,20}",
        operator in "(ForAllValues:)?(String|Arn|Date|Numeric)(Equals|Like|LessThan)(IfExists)?|Bool|Null|IpAddress",
        value in "[0-9a-fTZ:./+'${},-]{0,20}",
    ) {
        let text = policy(&format!(
            r#""Effect":"{effect}","Action":"{action}","Resource":"{resource}","Condition":{{"{operator}":{{"k":"{value}"}}}}"#
        ));
        if let Err(error) = PolicyDocument::parse(&text, KINDS[kind]) {
            prop_assert!(error.position().offset <= text.len());
            prop_assert!(!error.message().is_empty() && !error.message().ends_with('.'));
            prop_assert_eq!(format!("{} at {}", error.message(), error.position()), error.to_string());
        }
    }
}

#[test]
fn variables_are_keys_that_a_document_asks_for() {
    for (element, wanted) in [
        (r#""StringLike":{"k":["x","${a}*"]}"#, "k a r"),
        (r#""StringEqualsIgnoreCase":{"k":"${a}"}"#, "k a r"),
        (r#""Bool":{"k":"${a}"}"#, "k a r"),
        (r#""ArnLike":{"k":"${a}"}"#, "k a r"),
        (r#""ArnNotEquals":{"k":"arn:aws:s3:::${a}/${b, 'x'}"}"#, "k a b r"),
        (r#""NumericEquals":{"k":1},"Null":{"K":true,"n":true}"#, "k n r"),
    ] {
        let text = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{{{element}}}}},
            {{"Effect":"Deny","Action":"*","NotResource":"arn:aws:s3:::${{r}}/${{R}}"}}]}}"#
        );
        let document = PolicyDocument::parse(&text, PolicyKind::Identity).unwrap();
        assert_eq!(document.context_keys().join(" "), wanted, "{element}");
    }
}

#[test]
fn resources_are_shown_as_written() {
    let text = r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":["arn:aws:s3","*"]}}"#;
    let document = PolicyDocument::parse(text, PolicyKind::Identity).unwrap();
    let shown: Vec<_> = document.statements()[0].resources().iter().map(ResourcePattern::as_str).collect();
    assert_eq!(shown, ["arn:aws:s3", "*"]);
}

#[test]
fn resources_too_short_to_be_an_arn() {
    for (resource, wanted) in [
        ("arn", "resource `arn` is neither an ARN nor `*`"),
        ("models/weights", "resource `models/weights` is neither an ARN nor `*`"),
        ("urn:aws:s3:::b", "resource `urn:aws:s3:::b` is neither an ARN nor `*`"),
        ("arn:aws", "resource `arn:aws` must spell out its service"),
        ("arn:aws:", "resource `arn:aws:` must spell out its service"),
        ("arn:aws:s*:::b", "resource `arn:aws:s*:::b` must spell out its service"),
    ] {
        let text = policy(&format!(r#""Effect":"Allow","Action":"*","Resource":"{resource}""#));
        let (told, _) = error(&text, PolicyKind::Identity);
        assert!(told.starts_with(wanted), "{told}");
    }
}
