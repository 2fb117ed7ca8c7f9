//! The authorization matrix: what each role of `examples/policies` may do on every route.
//!
//! It is made from the route table and the policies, and held against the text that people review. With
//! `GARITA_GOLDEN=write` in the environment the text is written anew.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use garita_policy::{
    Context, NamedPolicy, Policies, PolicyDocument, PolicyKind, PolicySource, Principal, Request, evaluate,
};

use super::{Exposure, Row, rows};
use crate::api::{Api, Target};
use crate::path::CanonicalPath;

const HEAD: &str = "\
# Who may do what on every MLflow route: admin, reader, model approver, the administrator of another account with no
# role assumed, anonymous. y: allowed, -: denied, x: never served, whoever asks.
# Made from the route table and examples/policies; GARITA_GOLDEN=write with the gateway's tests writes it anew.
";

fn api() -> Api {
    Api {
        id: "mlflow0001".to_owned(),
        account: "111122223333".parse().unwrap(),
        region: "eu-west-1".to_owned(),
        stage: "prod".to_owned(),
        upstream: Target::Http("127.0.0.1:1".to_owned()),
        host: None,
        public_url: None,
        policy: None,
        user_pools: Vec::new(),
    }
}

fn policy(template: &str) -> Vec<NamedPolicy> {
    let api = api();
    let text = template
        .replace("${Region}", &api.region)
        .replace("${Account}", &api.account.to_string())
        .replace("${ApiId}", &api.id)
        .replace("${Stage}", &api.stage);
    let packed: String = text.split_whitespace().collect();
    assert!(packed.len() <= 6144, "larger than a managed policy may be: {}", packed.len());
    let document = PolicyDocument::parse(&text, PolicyKind::Identity).unwrap();
    vec![NamedPolicy::new("role", PolicySource::RoleInline, Arc::new(document))]
}

fn principal(account: &str, role: &str) -> Principal {
    Principal::RoleSession {
        role_arn: format!("arn:aws:iam::{account}:role/{role}").parse().unwrap(),
        role_id: "AROATESTTESTTESTTEST0".to_owned(),
        session_arn: format!("arn:aws:sts::{account}:assumed-role/{role}/s").parse().unwrap(),
        session_name: "s".to_owned(),
        account: account.parse().unwrap(),
    }
}

fn roles() -> Vec<(Principal, Vec<NamedPolicy>)> {
    let admin = include_str!("../../../../examples/policies/mlflow-admin.json");
    let reader = include_str!("../../../../examples/policies/mlflow-reader.json");
    let approver = include_str!("../../../../examples/policies/mlflow-model-approver.json");
    let everything = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    vec![
        (principal("111122223333", "mlflow-admin"), policy(admin)),
        (principal("111122223333", "mlflow-reader"), policy(reader)),
        (principal("111122223333", "mlflow-model-approver"), policy(approver)),
        (principal("444455556666", "admin"), policy(everything)),
        (Principal::Anonymous, Vec::new()),
    ]
}

fn may(row: &Row, principal: &Principal, identity: &[NamedPolicy]) -> bool {
    let path =
        row.served_paths().pop().unwrap().trim_end_matches('/').replace("{*}", "a/b").replace("{}", "a");
    let path = CanonicalPath::parse(if path.is_empty() { "/" } else { &path }).unwrap();
    let resource = api().invoke_arn(row.verb, &path);
    let mut context = Context::new();
    context.set_principal(principal);
    let request = Request {
        principal,
        action: "execute-api:Invoke",
        resource: &resource,
        resource_account: Some(api().account),
        context: &context,
    };
    evaluate(&request, &Policies { identity, ..Policies::default() }).is_allowed()
}

fn matrix() -> String {
    let (mut text, roles) = (HEAD.to_owned(), roles());
    for row in rows() {
        let marks: String = roles
            .iter()
            .map(|(principal, identity)| match row.exposure {
                Exposure::Refused(_) => 'x',
                Exposure::Own(_) if *principal == Principal::Anonymous => '-',
                Exposure::Own(_) => 'y',
                Exposure::Forward | Exposure::Answered(_) if may(row, principal, identity) => 'y',
                Exposure::Forward | Exposure::Answered(_) => '-',
            })
            .collect();
        writeln!(text, "{marks} {:<6} {}", row.verb.as_str(), row.judged_path()).unwrap();
    }
    text
}

#[test]
#[allow(clippy::disallowed_methods, reason = "a switch for people who run the tests, not configuration")]
fn the_reviewed_matrix_is_what_the_policies_say() {
    let file =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../garita/tests/golden/mlflow-authorization.txt");
    let made = matrix();
    if std::env::var("GARITA_GOLDEN").is_ok_and(|value| value == "write") {
        std::fs::write(&file, &made).unwrap();
    }
    let reviewed = std::fs::read_to_string(&file).unwrap();
    for (made, reviewed) in made.lines().zip(reviewed.lines()) {
        assert_eq!(made, reviewed);
    }
    assert_eq!(made.lines().count(), reviewed.lines().count(), "a route has no row in {}", file.display());
}

#[test]
fn nobody_without_a_role_gets_in_and_readers_change_nothing() {
    let roles = roles();
    for row in rows().filter(|row| !matches!(row.exposure, Exposure::Refused(_) | Exposure::Own(_))) {
        let allowed: Vec<bool> =
            roles.iter().map(|(principal, identity)| may(row, principal, identity)).collect();
        assert_eq!(allowed[3..], [false, false], "{} {}", row.verb, row.path);
        assert!(allowed[0], "{} {}", row.verb, row.path);
        assert!(!allowed[1] || row.reads, "the reader changes {} {}", row.verb, row.path);
        assert!(
            !allowed[1] || allowed[2],
            "the approver may less than the reader: {} {}",
            row.verb,
            row.path
        );
        let removes = row.verb.as_str() == "DELETE" && row.path != "2.0/mlflow/registered-models/alias";
        assert!(!(removes && allowed[2]), "the approver deletes {}", row.path);
    }
}
