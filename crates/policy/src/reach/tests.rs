//! Answers in words: what remains of conditions, for whom, and what each kind of policy adds to them.

use std::sync::Arc;

use super::{Aim, Alternative, Answer, ArnSet, Holder, Known, Never, Population, Target, answer, in_effect};
use crate::context::{Context, Principal};
use crate::decision::PolicyType;
use crate::document::{PolicyDocument, PolicyKind};
use crate::evaluate::{NamedPolicy, Policies, PolicySource};

const HERE: &str = "111122223333";
const ROLE: &str = "arn:aws:iam::111122223333:role/team/dev";

fn policy(kind: PolicyKind, statements: &str) -> NamedPolicy {
    let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#);
    let document = PolicyDocument::parse(&text, kind).unwrap_or_else(|error| panic!("{error}: {text}"));
    NamedPolicy::new(format!("{kind:?}"), PolicySource::None, Arc::new(document))
}

fn user(name: &str) -> Principal {
    let arn = format!("arn:aws:iam::{HERE}:user/{name}").parse().unwrap();
    Principal::User { arn, id: "AIDAEXAMPLEEXAMPLE00".to_owned(), account: HERE.parse().unwrap() }
}

fn role() -> Principal {
    let id = "AROAEXAMPLEEXAMPLE00".to_owned();
    Principal::any_session(ROLE.parse().unwrap(), id, HERE.parse().unwrap()).unwrap()
}

fn words(alternative: &Alternative<'_>) -> String {
    let needs: Vec<String> = alternative.needs.iter().map(ToString::to_string).collect();
    format!("({})", needs.join(" and "))
}

fn any(alternatives: &[Alternative<'_>]) -> String {
    alternatives.iter().map(words).collect::<Vec<_>>().join(" or ")
}

fn told(answer: &Answer<'_>) -> String {
    match answer {
        Answer::Always(_) => "always".to_owned(),
        Answer::Never(Never::Denied(deny)) => format!("denied by {:?}", deny.policy_type),
        Answer::Never(Never::NotAllowed(policy_type)) => format!("not allowed by {policy_type:?}"),
        Answer::When(formula) => {
            let all: Vec<String> =
                formula.all.iter().map(|one| format!("{:?} {}", one.policy_type, any(&one.any))).collect();
            let unless = if formula.unless.is_empty() { "" } else { " unless " };
            format!("when {}{unless}{}", all.join(", "), any(&formula.unless))
        }
    }
}

const ALLOW: &str = r#""Effect":"Allow","Action":"s3:Get*","Resource":"*""#;
const DENY: &str = r#""Effect":"Deny","Action":"s3:*","Resource":"*""#;
const MFA: &str = r#""Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#;
const NO_MFA: &str = r#""Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}"#;
const OFFICE: &str = r#""Condition":{"IpAddress":{"aws:SourceIp":["10.0.0.0/8","192.0.2.1"]}}"#;
const ANA: &str = r#""Condition":{"StringEquals":{"aws:username":"ana"}}"#;

fn asked(principal: &Principal, policies: &Policies<'_>) -> String {
    let known = Known::of(principal, Some([("team", "ml")]));
    let aim = Aim::new("S3:GetObject", Target::One("arn:aws:s3:::models/ana/weights"), None);
    told(&answer(&aim, principal, &known, policies))
}

fn identity(statements: &str) -> String {
    let identity = [policy(PolicyKind::Identity, statements)];
    asked(&user("ana"), &Policies { identity: &identity, ..Policies::default() })
}

#[test]
fn what_is_known_is_decided_and_what_is_not_remains() {
    let office = "(IpAddress aws:SourceIp `10.0.0.0/8` | `192.0.2.1`)";
    let mfa = "(Bool aws:MultiFactorAuthPresent `true`)";
    for (statements, wanted) in [
        (format!("{{{ALLOW}}}"), "always".to_owned()),
        (format!("{{{ALLOW},{ANA}}}"), "always".to_owned()),
        (format!("{{{ALLOW},{}}}", ANA.replace("ana", "bo")), "not allowed by Identity".to_owned()),
        (format!("{{{ALLOW}}},{{{DENY},{ANA}}}"), "denied by Identity".to_owned()),
        (format!("{{{ALLOW},{MFA}}}"), format!("when Identity {mfa}")),
        (format!("{{{ALLOW},{MFA}}},{{{ALLOW},{OFFICE}}}"), format!("when Identity {mfa} or {office}")),
        // One statement needs no more than another: the other says nothing new.
        (format!("{{{ALLOW},{MFA}}},{{{ALLOW},{MFA}}}"), format!("when Identity {mfa}")),
        (format!("{{{ALLOW},{MFA}}},{{{ALLOW}}}"), "always".to_owned()),
        // Wherever it would allow, it is denied.
        (format!("{{{ALLOW},{MFA}}},{{{DENY},{MFA}}}"), "not allowed by Identity".to_owned()),
        (
            format!("{{{ALLOW}}},{{{DENY},{NO_MFA}}}"),
            "when  unless (BoolIfExists aws:MultiFactorAuthPresent `false`)".to_owned(),
        ),
        (
            format!("{{{ALLOW},{}}}", r#""Condition":{"StringEquals":{"aws:PrincipalTag/team":"ml"}}"#),
            "always".to_owned(),
        ),
        (
            format!(
                "{{{ALLOW},{}}}",
                r#""Condition":{"StringLike":{"aws:PrincipalArn":"*/${aws:SourceIdentity}"}}"#
            ),
            "when Identity (StringLike aws:PrincipalArn `*/${aws:SourceIdentity}`)".to_owned(),
        ),
        (
            r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::models/${aws:username}/*"}"#
                .to_owned(),
            "always".to_owned(),
        ),
        (
            r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::models/${aws:SourceIdentity}/*"}"#
                .to_owned(),
            "when Identity (Resource `arn:aws:s3:::models/${aws:SourceIdentity}/*`)".to_owned(),
        ),
        (
            r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::data/${aws:SourceIdentity}/*"}"#
                .to_owned(),
            "not allowed by Identity".to_owned(),
        ),
        (
            r#"{"Effect":"Allow","Action":"s3:*","NotResource":"arn:aws:s3:::data/${aws:username}/*"}"#.to_owned(),
            "always".to_owned(),
        ),
        (
            r#"{"Effect":"Allow","Action":"s3:*","NotResource":"arn:aws:s3:::models/${aws:SourceIdentity}/*"}"#
                .to_owned(),
            "when Identity (NotResource `arn:aws:s3:::models/${aws:SourceIdentity}/*`)".to_owned(),
        ),
    ] {
        assert_eq!(identity(&statements), wanted, "{statements}");
    }
}

#[test]
fn what_says_the_same_twice_is_told_once() {
    let no_mfa = "(BoolIfExists aws:MultiFactorAuthPresent `false`)";
    let deny = format!("{{{DENY},{NO_MFA}}}");
    let narrow =
        format!("{{{DENY},{}}}", NO_MFA.replace("}}", r#"},"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}"#));
    for denies in [format!("{deny},{deny}"), format!("{deny},{narrow}"), format!("{narrow},{deny}")] {
        assert_eq!(identity(&format!("{{{ALLOW}}},{denies}")), format!("when  unless {no_mfa}"), "{denies}");
    }
    let allows = [policy(PolicyKind::Identity, &format!("{{{ALLOW}}}"))];
    let policies = Policies { identity: &allows, boundary: Some(&allows[0]), ..Policies::default() };
    let known = Known::of(&user("ana"), Some([("team", "ml")]));
    let aim = Aim::new("s3:GetObject", Target::One("arn:aws:s3:::models/x"), None);
    let Answer::Always(granted) = answer(&aim, &user("ana"), &known, &policies) else { panic!("not always") };
    let by: Vec<PolicyType> = granted.iter().map(|one| one.policy_type).collect();
    assert_eq!(by, [PolicyType::Identity, PolicyType::Boundary]);
}

#[test]
fn every_kind_of_policy_adds_its_own_requirement() {
    let identity = [policy(PolicyKind::Identity, &format!("{{{ALLOW},{MFA}}}"))];
    let boundary = policy(PolicyKind::Boundary, &format!("{{{ALLOW},{OFFICE}}}"));
    let bounded = Policies { identity: &identity, boundary: Some(&boundary), ..Policies::default() };
    let (mfa, office) =
        ("(Bool aws:MultiFactorAuthPresent `true`)", "(IpAddress aws:SourceIp `10.0.0.0/8` | `192.0.2.1`)");
    assert_eq!(asked(&user("ana"), &bounded), format!("when Identity {mfa}, Boundary {office}"));
    assert_eq!(asked(&user("ana"), &Policies { identity: &[], ..bounded }), "not allowed by Identity");
    let scp = [vec![policy(PolicyKind::ServiceControl, &format!("{{{ALLOW}}}"))], Vec::new()];
    assert_eq!(
        asked(&user("ana"), &Policies { scp: Some(&scp), ..bounded }),
        "not allowed by ServiceControl"
    );
    // A grant to the user itself needs neither; one to its account needs both.
    let names =
        |who: &str| policy(PolicyKind::Resource, &format!("{{{ALLOW},\"Principal\":{{\"AWS\":\"{who}\"}}}}"));
    let (to_user, to_account) = (names("arn:aws:iam::111122223333:user/ana"), names(HERE));
    assert_eq!(asked(&user("ana"), &Policies { resource: Some(&to_user), ..bounded }), "always");
    let wanted = format!("when Identity {mfa}, Boundary {office}");
    assert_eq!(asked(&user("ana"), &Policies { resource: Some(&to_account), ..bounded }), wanted);
}

#[test]
fn the_name_of_a_session_is_not_known() {
    let session = "arn:aws:sts::111122223333:assumed-role/dev/ana";
    let statement = |effect: &str, principals: &str| {
        format!(r#"{{"Effect":"{effect}",{principals},"Action":"s3:GetObject","Resource":"*"}}"#)
    };
    let of = |statements: &str| {
        let resource = policy(PolicyKind::Resource, statements);
        asked(&role(), &Policies { resource: Some(&resource), ..Policies::default() })
    };
    let is = format!("(the session is `{session}`)");
    let is_not = format!("(the session is not `{session}`)");
    let by_session = format!(r#""Principal":{{"AWS":"{session}"}}"#);
    assert_eq!(of(&statement("Allow", &by_session)), format!("when Identity {is}"));
    let allow_role = statement("Allow", &format!(r#""Principal":{{"AWS":"{ROLE}"}}"#));
    let denied = format!("{allow_role},{}", statement("Deny", &by_session));
    assert_eq!(of(&denied), format!("when  unless {is}"));
    let but = statement("Allow", &format!(r#""NotPrincipal":{{"AWS":"{session}"}}"#));
    assert_eq!(of(&but), format!("when Identity {is_not}"));
    let spared = statement("Deny", &format!(r#""NotPrincipal":{{"AWS":["{session}","{ROLE}","{HERE}"]}}"#));
    assert_eq!(of(&format!("{allow_role},{spared}")), format!("when  unless {is_not}"));
    let half_spared = statement("Deny", &format!(r#""NotPrincipal":{{"AWS":["{session}","{HERE}"]}}"#));
    assert_eq!(of(&format!("{allow_role},{half_spared}")), "denied by Resource");
    let elsewhere = by_session.replace("/dev/", "/developer/");
    assert_eq!(of(&statement("Allow", &elsewhere)), "not allowed by Identity");
    for (statements, ana_may, bo_may) in [
        (statement("Allow", &by_session), true, false),
        (denied, false, true),
        (but, false, true),
        (format!("{allow_role},{spared}"), true, false),
    ] {
        let resource = policy(PolicyKind::Resource, &statements);
        let policies = Policies { resource: Some(&resource), ..Policies::default() };
        let known = Known::of(&role(), None::<[(&str, &str); 0]>);
        let object = "arn:aws:s3:::models/ana/weights";
        let aim = Aim::new("s3:GetObject", Target::One(object), None);
        let answer = answer(&aim, &role(), &known, &policies);
        let holds = |name: &str| answer.holds(&known.with(&Context::new()), &session_named(name), object);
        assert_eq!((holds("ana"), holds("bo")), (ana_may, bo_may), "{statements}");
    }
}

fn session_named(name: &str) -> Principal {
    Principal::RoleSession {
        role_arn: ROLE.parse().unwrap(),
        role_id: "AROAEXAMPLEEXAMPLE00".to_owned(),
        session_arn: format!("arn:aws:sts::{HERE}:assumed-role/dev/{name}").parse().unwrap(),
        session_name: name.to_owned(),
        account: HERE.parse().unwrap(),
    }
}

#[test]
fn what_is_settled_is_known_and_nothing_else() {
    let mut known = Known::nothing();
    assert!(!known.is_known("aws:ResourceAccount"));
    let here = known.about(&user("ana"), None);
    let account = here.context().get("aws:ResourceAccount").and_then(|values| values.iter().next());
    assert_eq!((here.is_known("AWS:resourceaccount"), account), (true, Some(HERE)));
    assert!(!here.is_known("aws:SourceIp"));
    known.settle("aws:SourceIp", None);
    assert!(known.is_known("aws:sourceip") && known.context().get("aws:SourceIp").is_none());
}

#[test]
fn a_role_has_no_known_user_id_and_perhaps_no_known_tags() {
    let known = Known::of(&role(), None::<[(&str, &str); 0]>);
    assert!(known.is_known("AWS:PrincipalArn") && known.is_known("aws:username"));
    assert!(!known.is_known("aws:userid") && !known.is_known("aws:PrincipalTag/team"));
    assert_eq!(known.context().get("aws:userid"), None);
    let known = Known::of(&user("ana"), Some([("Team", "ml")]));
    assert!(known.is_known("aws:userid") && known.is_known("aws:principaltag/other"));
    let mut request = Context::new();
    request.set("aws:username", "forged");
    request.set("aws:SourceIp", "10.0.0.1");
    let keys = known.with(&request);
    let value = |key: &str| keys.get(key).and_then(|values| values.iter().next());
    assert_eq!((value("aws:username"), value("aws:SourceIp")), (Some("ana"), Some("10.0.0.1")));
}

#[test]
fn everyone_is_found_by_their_policies_and_the_root_user_without_any() {
    let shared = policy(PolicyKind::Identity, &format!("{{{ALLOW}}}"));
    let own = policy(
        PolicyKind::Identity,
        r#"{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::models/${aws:username}/*"}"#,
    );
    let other = policy(PolicyKind::Identity, r#"{"Effect":"Allow","Action":"kms:*","Resource":"*"}"#);
    let holder = |principal, identity: &[&NamedPolicy]| Holder {
        principal,
        identity: identity.iter().map(|policy| (*policy).clone()).collect(),
        boundary: None,
        tags: Some(Vec::new()),
    };
    let population = Population::new(vec![
        holder(user("ana"), &[&own, &other]),
        holder(user("bo"), &[&own, &other]),
        holder(user("cy"), &[&shared, &shared]),
        holder(role(), &[&other]),
        holder(Principal::Root { account: HERE.parse().unwrap() }, &[]),
    ]);
    let who = |aim: &Aim<'_>| {
        let found = population.who_can(aim, &Policies::default());
        let names =
            found.iter().map(|(holder, answer)| format!("{} {}", holder.principal.arn_text(), told(answer)));
        names.collect::<Vec<_>>()
    };
    let aim = Aim::new("s3:GetObject", Target::One("arn:aws:s3:::models/ana/weights"), None);
    let expected = ["user/ana always", "user/cy always", "root always"];
    assert_eq!(who(&aim), expected.map(|name| format!("arn:aws:iam::{HERE}:{name}")));
    let set = ArnSet::parse("arn:aws:s3:::models/ana/*").unwrap();
    assert_eq!(who(&Aim::new("s3:GetObject", Target::All(&set), None)), who(&aim));
    let elsewhere = Aim::new("s3:GetObject", Target::One("arn:aws:s3:::x"), "444455556666".parse().ok());
    assert!(who(&elsewhere).is_empty());
    let everyone: Vec<String> = population.holders().map(|holder| holder.principal.arn_text()).collect();
    assert_eq!((everyone.len(), population.len(), population.is_empty()), (5, 5, false));
    assert!(everyone[0].ends_with(":user/ana"));
    assert!(Population::new(Vec::new()).is_empty());
}

#[test]
fn whoever_has_no_policy_is_found_by_what_the_resource_grants() {
    let nobody = |name| Holder { principal: user(name), identity: Vec::new(), boundary: None, tags: None };
    let population = Population::new(vec![nobody("ana"), nobody("bo")]);
    let who = |aim: &Aim<'_>, around: &Policies<'_>| {
        let names: Vec<String> = population
            .who_can(aim, around)
            .iter()
            .map(|(holder, answer)| format!("{} {}", holder.principal.arn_text(), told(answer)))
            .collect();
        names
    };
    let ana = format!("arn:aws:iam::{HERE}:user/ana always");
    let by = format!(r#""Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{HERE}:user/ana"}}"#);
    let bucket = policy(PolicyKind::Resource, &format!(r#"{{{by},"Action":"s3:*","Resource":"*"}}"#));
    let get = Aim::new("s3:GetObject", Target::One("arn:aws:s3:::models/x"), None);
    let around = Policies { resource: Some(&bucket), ..Policies::default() };
    assert_eq!(who(&get, &around), std::slice::from_ref(&ana));
    let trust = policy(PolicyKind::Trust, &format!(r#"{{{by},"Action":"sts:AssumeRole"}}"#));
    let assume = Aim::new("sts:AssumeRole", Target::One(ROLE), None);
    assert_eq!(who(&assume, &Policies { trust: Some(&trust), ..Policies::default() }), [ana]);
    assert!(who(&get, &Policies::default()).is_empty());
}

/// What an index tells surely of a resource is not looked at again; what a variable decides is.
#[test]
fn whoever_a_resource_pattern_reaches_is_found_and_nobody_else() {
    for (resource, at_models, at_data) in [
        (r#""NotResource":"arn:aws:s3:::data/*""#, "ana bo", ""),
        (r#""NotResource":"arn:aws:s3:::models/*""#, "", "ana bo"),
        (r#""NotResource":"arn:aws:s3:::models/${aws:username}/*""#, "bo", "ana bo"),
        (r#""NotResource":["arn:aws:s3:::data/*","arn:aws:s3:::models/${aws:username}/*"]"#, "bo", ""),
        (r#""Resource":"arn:aws:s3:::models/*/weights""#, "ana bo", ""),
        (r#""Resource":"arn:aws:s3:::models/*/other""#, "", ""),
        (r#""Resource":"arn:aws:s3:::*/${aws:username}/*""#, "ana", "ana"),
        (r#""Resource":"arn:aws:s3:::models/${aws:username}/*""#, "ana", ""),
    ] {
        let own =
            policy(PolicyKind::Identity, &format!(r#"{{"Effect":"Allow","Action":"s3:*",{resource}}}"#));
        let holder = |name| Holder {
            principal: user(name),
            identity: vec![own.clone()],
            boundary: None,
            tags: Some(Vec::new()),
        };
        let population = Population::new(vec![holder("ana"), holder("bo")]);
        let who = |bucket: &str| {
            let object = format!("arn:aws:s3:::{bucket}/ana/weights");
            let aim = Aim::new("s3:GetObject", Target::One(&object), None);
            let found = population.who_can(&aim, &Policies::default());
            let name = |arn: &str| arn.rsplit('/').next().map(str::to_owned);
            found
                .iter()
                .filter_map(|(holder, _)| name(&holder.principal.arn_text()))
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!((&*who("models"), &*who("data")), (at_models, at_data), "{resource}");
    }
}

#[test]
fn a_kms_key_is_reached_only_as_its_policy_says() {
    let all = [policy(PolicyKind::Identity, r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#)];
    let other = r#"{"Effect":"Allow","Action":"*","Resource":"*","Principal":{"AWS":"arn:aws:iam::111122223333:user/bo"}}"#;
    let resource = policy(PolicyKind::Resource, other);
    let policies = Policies { identity: &all, resource: Some(&resource), ..Policies::default() };
    let known = Known::of(&user("ana"), Some([("team", "ml")]));
    for (arn, wanted) in [
        ("arn:aws:kms:eu-west-1:111122223333:key/1234", "not allowed by Resource"),
        ("arn:aws:kms:eu-west-1:111122223333:alias/1234", "always"),
        ("arn:aws:s3:::key/1234", "always"),
    ] {
        let set = ArnSet::parse(&format!("{arn}*")).unwrap();
        for target in [Target::One(arn), Target::All(&set)] {
            let aim = Aim::new("kms:Decrypt", target, None);
            assert_eq!(told(&answer(&aim, &user("ana"), &known, &policies)), wanted, "{arn}");
        }
    }
}

#[test]
fn of_a_set_only_what_a_pattern_can_cover_is_reached() {
    let known = Known::of(&user("ana"), Some([("team", "ml")]));
    let varying = "arn:aws:s3:::models/${aws:SourceIdentity}/*";
    let needs = format!("when Identity (Resource `{varying}`)");
    for (pattern, set, wanted) in [
        (varying, "arn:aws:s3:::models/ana/*", &*needs),
        (varying, "arn:aws:s3:::mod*", &needs),
        (varying, "arn:aws:s3:::mod", "not allowed by Identity"),
        (varying, "arn:aws:s3:::data/*", "not allowed by Identity"),
        ("arn:aws:s3:::data/*", "arn:aws:s3:::data/x", "always"),
        ("arn:aws:s3:::data/*", "arn:aws:s3:::models/x", "not allowed by Identity"),
        ("arn:aws:s3:::data/*", "arn:aws:sqs:::data/x", "not allowed by Identity"),
    ] {
        let statement = format!(r#"{{"Effect":"Allow","Action":"*","Resource":"{pattern}"}}"#);
        let identity = [policy(PolicyKind::Identity, &statement)];
        let policies = Policies { identity: &identity, ..Policies::default() };
        let set_of = ArnSet::parse(set).unwrap();
        let aim = Aim::new("s3:GetObject", Target::All(&set_of), None);
        assert_eq!(told(&answer(&aim, &user("ana"), &known, &policies)), wanted, "{pattern} on {set}");
    }
}

#[test]
fn an_answer_holds_where_its_needs_are_met() {
    let (ana, object) = (user("ana"), "arn:aws:s3:::models/ana/weights");
    let known = Known::of(&ana, Some([("team", "ml")]));
    let aim = Aim::new("s3:GetObject", Target::One(object), None);
    // With a second factor from the office, with one from elsewhere, and from the office without.
    for (statements, wanted) in [
        (format!("{{{ALLOW}}}"), [true, true, true]),
        (format!("{{{ALLOW},{}}}", ANA.replace("ana", "bo")), [false, false, false]),
        (format!("{{{ALLOW},{MFA}}}"), [true, true, false]),
        (format!("{{{ALLOW},{MFA}}},{{{ALLOW},{OFFICE}}}"), [true, true, true]),
        (format!("{{{ALLOW},{MFA}}},{{{DENY},{OFFICE}}}"), [false, true, false]),
        (format!("{{{ALLOW}}},{{{DENY},{NO_MFA}}}"), [true, true, false]),
    ] {
        let identity = [policy(PolicyKind::Identity, &statements)];
        let policies = Policies { identity: &identity, ..Policies::default() };
        let answer = answer(&aim, &ana, &known, &policies);
        let holds =
            [("true", "10.0.0.1"), ("true", "198.51.100.1"), ("false", "10.0.0.1")].map(|(mfa, from)| {
                let mut request = Context::new();
                request.set("aws:MultiFactorAuthPresent", mfa);
                request.set("aws:SourceIp", from);
                answer.holds(&known.with(&request), &ana, object)
            });
        assert_eq!(holds, wanted, "{statements}");
    }
}

#[test]
fn statements_whose_known_conditions_fail_take_no_effect() {
    let known = Known::of(&user("ana"), Some([("team", "ml")]));
    let statements = format!("{{{ALLOW},{ANA}}},{{{DENY},{}}},{{{DENY},{MFA}}}", ANA.replace("ana", "bo"));
    let policies = [policy(PolicyKind::Identity, &statements)];
    let found = in_effect(&known, PolicyType::Identity, &policies);
    assert_eq!(
        found.iter().map(words).collect::<Vec<_>>(),
        ["()", "(Bool aws:MultiFactorAuthPresent `true`)"]
    );
}
