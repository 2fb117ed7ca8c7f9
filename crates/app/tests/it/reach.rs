//! Who can: what policies do not say, and what of a role's sessions is known.

use std::sync::Arc;

use garita_app::iam::CreateRole;
use garita_app::reach::report::Verdict;
use garita_app::reach::{Stage, Surroundings};
use garita_model::Tag;
use garita_policy::{NamedPolicy, PolicyDocument, PolicyKind, PolicySource};
use garita_testkit::TestGarita;

use crate::stage::{allow, ask, assume, role, told, trust, user};

const ANA: &str = r#"{"AWS":"arn:aws:iam::111122223333:user/ana"}"#;

/// `user/ana always`: the resource part of everyone who can.
async fn who(garita: &TestGarita, action: &str, resource: &str, around: &Surroundings) -> Vec<String> {
    let told = garita.app.who_can(action, resource, None, around).await.unwrap();
    let line = |name: &str, verdict| {
        let name = name.rsplit_once(':').map_or(name, |(_, name)| name);
        format!("{name} {}", if verdict == Verdict::Always { "always" } else { "when" })
    };
    told.principals.iter().map(|one| line(&one.principal, one.conditions.answer)).collect()
}

fn by_tag() -> String {
    let statement = allow("iam:ListUsers", "*");
    statement.replace("}}", r#","Condition":{"StringEquals":{"aws:PrincipalTag/team":"ml"}}}}"#)
}

async fn tagged_role(garita: &TestGarita, name: &str, trust: String) {
    let tag = Tag::new("team", "ml").unwrap();
    let input = CreateRole {
        name: name.parse().unwrap(),
        path: garita_model::Path::default(),
        trust,
        description: None,
        max_session: None,
        boundary: None,
        tags: vec![tag],
    };
    garita.app.create_role(&garita.as_root(), input).await.unwrap();
    let entity = garita_app::iam::EntityName::Role(name.parse().unwrap());
    crate::stage::put(garita, entity, by_tag()).await;
}

#[tokio::test]
async fn a_roles_tags_are_known_unless_its_sessions_can_be_tagged() {
    let garita = TestGarita::new().await;
    user(&garita, "ana", Some(by_tag())).await;
    let plain = trust(ANA, "").replace(r#","sts:TagSession""#, "");
    tagged_role(&garita, "one", plain).await;
    let (around, ask) = (Surroundings::default(), "iam:ListUsers");
    assert_eq!(who(&garita, ask, "*", &around).await, ["root always", "role/one always"]);
    // What a session of the other passes on, the first does not take.
    tagged_role(&garita, "two", trust(ANA, "")).await;
    assert_eq!(who(&garita, ask, "*", &around).await, ["root always", "role/one always", "role/two when"]);
}

#[tokio::test]
async fn whoever_is_told_to_assume_a_role_can_and_nobody_else() {
    let garita = TestGarita::new().await;
    let named = user(&garita, "ana", None).await;
    let not_named = user(&garita, "bo", Some(allow("sts:*", "*"))).await;
    let arn = role(&garita, "dev", trust(ANA, ""), None).await;
    let around = Surroundings::default();
    assert_eq!(who(&garita, "sts:AssumeRole", &arn, &around).await, ["user/ana always"]);
    assert!(assume(&garita, &named, &ask(&arn)).is_ok() && assume(&garita, &not_named, &ask(&arn)).is_err());

    let web = r#"{"Federated":"accounts.google.com"}"#;
    let condition = r#","Condition":{"StringEquals":{"accounts.google.com:aud":"app"}}"#;
    let statement = trust(web, condition).replace("sts:AssumeRole\"", "sts:AssumeRoleWithWebIdentity\"");
    let arn = role(&garita, "web", statement, None).await;
    let listed = who(&garita, "sts:AssumeRoleWithWebIdentity", &arn, &around).await;
    assert_eq!(listed, ["accounts.google.com when"]);
    assert!(who(&garita, "sts:AssumeRole", &arn, &around).await.is_empty());
}

#[tokio::test]
async fn a_stages_policy_grants_and_denies() {
    let garita = TestGarita::new().await;
    user(&garita, "ana", None).await;
    user(&garita, "bo", Some(allow("execute-api:Invoke", "*"))).await;
    let text = r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/ana"},"Action":"execute-api:Invoke","Resource":"*"},
        {"Effect":"Deny","Principal":"*","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:*:*:*/prod/POST/*",
         "Condition":{"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}]}"#;
    let document = PolicyDocument::parse(text, PolicyKind::Resource).unwrap();
    let policy = NamedPolicy::new("stage", PolicySource::Resource, Arc::new(document));
    let arn = "arn:aws:execute-api:eu-west-1:111122223333:ml1/prod".to_owned();
    let stage = Stage { arn, account: garita.account(), policy: Some(policy) };
    let around = Surroundings { stages: vec![stage], catalogue: Vec::new() };
    let url = |rest: &str| format!("arn:aws:execute-api:eu-west-1:111122223333:ml1/{rest}");
    let invoke = "execute-api:Invoke";
    let everyone = ["root always", "user/ana always", "user/bo always"];
    assert_eq!(who(&garita, invoke, &url("prod/GET/x"), &around).await, everyone);
    let posting = ["root when", "user/ana when", "user/bo when"];
    assert_eq!(who(&garita, invoke, &url("prod/POST/x"), &around).await, posting);
    // Another stage has no such policy.
    assert_eq!(who(&garita, invoke, &url("prod2/GET/x"), &around).await, ["root always", "user/bo always"]);
    let told = garita.app.what_can("arn:aws:iam::111122223333:user/ana", &around).await.unwrap();
    assert_eq!(told.actions[0].conditions.answer, Verdict::When);
}

#[tokio::test]
async fn what_cannot_be_asked_is_on_the_trail_too() {
    let garita = TestGarita::new().await;
    let asked = garita.app.who_can("iam:*", "*", None, &Surroundings::default()).await;
    let told = told(asked);
    assert!(told.contains("`iam:*` stands for many actions"), "{told}");
    let trail: Vec<_> = garita_store::Trail::read(garita.folder()).unwrap().map(Result::unwrap).collect();
    let last = &trail.last().unwrap().record;
    assert_eq!((last.event_name.as_str(), last.error_code.as_deref()), ("WhoCan", Some("ValidationError")));
    assert!(last.read_only);
}
