//! Bearer tokens of user pools at the door: who gets in, and with what rights.

mod advice;
mod browsers;
mod ends;
mod leaving;
mod roles;

use garita_app::AcceptedPool;
use garita_app::iam::{CreateRole, CreateUser, EntityName, PutInlinePolicy};
use garita_app::sts::AssumeRole;
use garita_model::user_pool::PoolId;
use garita_model::{Object, PoolUser, TokenKey};
use garita_testkit::{SignedIn, TestCredentials};
use serde_json::{Value, json};

use super::{Bench, OK, body_of};
use crate::Limits;
use crate::mlflow::{self, Exposure, Verb};

const POOL: &str = "eu-west-1_Ab3dE5gH9";
const CLIENT: &str = "1ui";
const ROLES: [&str; 3] = ["admin", "reader", "model-approver"];
const READ: &str = "/prod/api/2.0/mlflow/experiments/get?experiment_id=0";

fn pool_arn() -> String {
    format!("arn:aws:cognito-idp:eu-west-1:111122223333:userpool/{POOL}")
}

fn role_arn(name: &str) -> String {
    format!("arn:aws:iam::111122223333:role/mlflow-{name}")
}

fn accepted() -> AcceptedPool {
    let (clients, rules, tags) = (Vec::new(), Vec::new(), Vec::new());
    AcceptedPool { id: POOL.parse().unwrap(), clients, rules, tags, sign_in: None }
}

/// A stage that takes tokens of a pool, with a role and a group for each of [`ROLES`].
struct World {
    bench: Bench,
    pool: PoolId,
}

impl World {
    async fn new() -> Self {
        Self::taking(accepted()).await
    }

    async fn taking(accepted: AcceptedPool) -> Self {
        Self::answering(accepted, OK).await
    }

    /// The same before an upstream that answers so.
    async fn answering(accepted: AcceptedPool, answer: &'static str) -> Self {
        let bench = Bench::taking(vec![accepted], answer, Limits::default()).await;
        let pool = bench.garita.user_pool(POOL, CLIENT).await;
        let world = Self { bench, pool };
        for (rank, name) in ROLES.into_iter().enumerate() {
            world.role(name, &json!({})).await;
            let rank = u32::try_from(rank).ok();
            world.bench.garita.pool_group(&world.pool, name, Some(&role_arn(name)), rank).await;
        }
        world
    }

    /// A role of the examples, that lets the account and the pool in.
    async fn role(&self, name: &str, condition: &Value) {
        let (app, root) = (&self.bench.garita.app, self.bench.garita.as_root());
        let trust = json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Principal": { "AWS": "111122223333" }, "Action": "sts:AssumeRole" },
            { "Effect": "Allow", "Principal": { "Federated": pool_arn() },
              "Action": ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"], "Condition": condition },
        ] });
        let new = CreateRole {
            name: format!("mlflow-{name}").parse().unwrap(),
            path: garita_model::Path::default(),
            trust: trust.to_string(),
            description: None,
            max_session: None,
            boundary: None,
            tags: Vec::new(),
        };
        app.create_role(&root, new).await.unwrap();
        let template = match name {
            "admin" => include_str!("../../../../examples/policies/mlflow-admin.json"),
            "reader" => include_str!("../../../../examples/policies/mlflow-reader.json"),
            _ => include_str!("../../../../examples/policies/mlflow-model-approver.json"),
        };
        let words = [
            ("Region", "eu-west-1"),
            ("Account", "111122223333"),
            ("ApiId", "mlflow0001"),
            ("Stage", "prod"),
        ];
        let fill = |text: String, (word, value): (&str, &str)| text.replace(&format!("${{{word}}}"), value);
        self.grant(name, words.into_iter().fold(template.to_owned(), fill)).await;
    }

    async fn grant(&self, role: &str, document: String) {
        let entity = EntityName::Role(format!("mlflow-{role}").parse().unwrap());
        let put = PutInlinePolicy { entity, name: "mlflow".parse().unwrap(), document };
        self.bench.garita.app.put_inline_policy(&self.bench.garita.as_root(), put).await.unwrap();
    }

    async fn signed_in(&self, name: &str, groups: &[&str]) -> (PoolUser, SignedIn) {
        let user = self.bench.garita.person(&self.pool, name, groups).await;
        let signed_in = self.bench.garita.sign_in(&user, CLIENT, false).await;
        (user, signed_in)
    }

    async fn ask(&self, token: &str, method: &str, target: &str, body: &str) -> (u16, String) {
        self.bench.send(&with_token(token, method, target, body)).await
    }

    async fn read(&self, token: &str) -> u16 {
        self.ask(token, "GET", READ, "").await.0
    }

    async fn put(&self, object: Object) {
        self.bench.garita.put(vec![object]).await;
    }

    fn key(&self, id_token: bool) -> TokenKey {
        let state = self.bench.garita.app.snapshot();
        let prefix = TokenKey::prefix(POOL);
        let usage = if id_token { garita_model::TokenUse::Id } else { garita_model::TokenUse::Access };
        let account = self.bench.garita.account();
        let mut keys = state.list::<TokenKey>(account, &prefix);
        TokenKey::clone(keys.find(|key| key.signs == usage).unwrap())
    }
}

fn with_token(token: &str, method: &str, target: &str, body: &str) -> Vec<u8> {
    let mut raw = format!("{method} {target} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {token}\r\n");
    if !body.is_empty() {
        raw.push_str(&format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len()));
    }
    raw.push_str("\r\n");
    raw.push_str(body);
    raw.into_bytes()
}

/// Credentials of a session of a role, by the key of a user.
async fn session(bench: &Bench, user: &TestCredentials, role: &str) -> TestCredentials {
    let ask = AssumeRole {
        role: role_arn(role),
        session: "bo".parse().unwrap(),
        duration: None,
        external_id: None,
        policy: None,
        policy_arns: Vec::new(),
        tags: Vec::new(),
        transitive: Vec::new(),
        source_identity: None,
    };
    let cx = bench.garita.context(user).unwrap();
    (&bench.garita.app.assume_role(&cx, &ask).unwrap().credentials).into()
}

/// A user who may take every role on.
async fn assumer(bench: &Bench) -> TestCredentials {
    let (app, root) = (&bench.garita.app, bench.garita.as_root());
    let (name, path) = ("bo".parse::<garita_model::UserName>().unwrap(), garita_model::Path::default());
    app.create_user(&root, CreateUser { name: name.clone(), path, boundary: None, tags: Vec::new() })
        .await
        .unwrap();
    let document = json!({ "Version": "2012-10-17",
        "Statement": { "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*" } });
    let entity = EntityName::User(name.clone());
    let put = PutInlinePolicy { entity, name: "own".parse().unwrap(), document: document.to_string() };
    app.put_inline_policy(&root, put).await.unwrap();
    (&app.create_access_key(&root, Some(name)).await.unwrap()).into()
}

#[tokio::test]
async fn tokens_and_signatures_have_the_same_rights() {
    let world = World::new().await;
    let bo = assumer(&world.bench).await;
    let routes =
        mlflow::rows().filter(|row| !matches!(row.exposure, Exposure::Own(_) | Exposure::Answered(_)));
    // Every seventh route, and all that only one of the roles may use.
    let special = |path: &str| path.contains("registered-models") || path.contains("model-versions");
    let routes: Vec<_> = routes.enumerate().filter(|(n, row)| n % 7 == 0 || special(row.path)).collect();
    let mut allowed = [0, 0, 0];
    for (index, role) in ROLES.into_iter().enumerate() {
        let (_, tokens) = world.signed_in(&format!("ana-{role}"), &[role]).await;
        let signed = session(&world.bench, &bo, role).await;
        for (_, row) in &routes {
            let path = row.served_paths().pop().unwrap().replace("{*}", "a/b").replace("{}", "1");
            let (verb, target) = (row.verb.as_str(), format!("/prod{path}"));
            let body = if row.verb == Verb::Get || row.body == mlflow::Body::None { "" } else { "{}" };
            let more = match body {
                "" => String::new(),
                _ => "Content-Type: application/json\r\nContent-Length: 2\r\n".to_owned(),
            };
            let raw = world.bench.signed_by(&signed, verb, &target, &more, body.as_bytes());
            let by_signature = world.bench.send(&raw).await.0;
            let by_id = world.ask(&tokens.id, verb, &target, body).await.0;
            let by_access = world.ask(&tokens.access, verb, &target, body).await.0;
            assert_eq!((by_id, by_access), (by_signature, by_signature), "{role} {verb} {target}");
            allowed[index] += usize::from(by_signature != 403);
        }
    }
    assert!(allowed[0] > allowed[2] && allowed[2] > allowed[1] && allowed[1] > 0, "{allowed:?}");
}

#[tokio::test]
async fn a_token_alone_opens_the_door_and_stays_behind() {
    let world = World::new().await;
    let (_, ana) = world.signed_in("ana@example.com", &["admin"]).await;
    let body = r#"{"experiment_id": "0"}"#;
    let (status, reply) = world.ask(&ana.access, "POST", "/prod/api/2.0/mlflow/runs/create", body).await;
    assert_eq!(status, 200, "{reply}");
    let sent = String::from_utf8(world.bench.got().pop().unwrap()).unwrap();
    assert!(!sent.to_lowercase().contains("authorization") && !sent.contains(&ana.access), "{sent}");
    let principal = "arn:aws:sts::111122223333:assumed-role/mlflow-admin/ana@example.com";
    assert!(sent.contains(&format!("x-garita-principal: {principal}\r\n")), "{sent}");
    let file = "/prod/ajax-api/2.0/mlflow/upload-artifact?run_id=1&path=a.txt";
    let (status, reply) = world.ask(&ana.id, "POST", file, "{\"any\": 1}").await;
    assert_eq!(status, 200, "{reply}");
    assert!(String::from_utf8(world.bench.got().pop().unwrap()).unwrap().contains("{\"any\": 1}"));
    let trail = world.bench.garita.folder().join("audit/trail-000001.jsonl");
    let trail = std::fs::read_to_string(trail).unwrap();
    let record: Value = serde_json::from_str(trail.lines().last().unwrap()).unwrap();
    assert_eq!(record["userIdentity"]["arn"], principal);
    let context = &record["userIdentity"]["sessionContext"];
    assert_eq!(context["webIdFederationData"]["federatedProvider"], pool_arn());
    assert!(!trail.contains(&ana.id) && !trail.contains(&ana.access));
}

#[tokio::test]
async fn without_credentials_callers_are_told_how_to_bring_some() {
    let world = World::new().await;
    let request = format!("POST {READ} HTTP/1.1\r\nHost: h\r\nContent-Length: 100000000\r\n");
    for (line, challenge) in [
        ("", "Bearer realm=\"garita\"\r\n"),
        ("Authorization: Basic YTpi\r\n", "Bearer realm=\"garita\"\r\n"),
        ("Authorization: Bearer\r\n", "error=\"invalid_token\""),
        ("Authorization: Bearer a b\r\n", "error=\"invalid_token\""),
        ("Authorization: Bearer a.b.c\r\n", "error=\"invalid_token\""),
    ] {
        // The body is not waited for: nobody knows who sends it.
        let (status, reply) = world.bench.send(format!("{request}{line}\r\n").as_bytes()).await;
        assert_eq!(status, 401, "{line} {reply}");
        assert!(
            reply.contains(&format!("www-authenticate: {challenge}")) || reply.contains(challenge),
            "{reply}"
        );
        let body: Value = serde_json::from_str(body_of(&reply)).unwrap();
        assert_eq!(body["error_code"], "UNAUTHENTICATED");
    }
    let (_, ana) = world.signed_in("ana", &["admin"]).await;
    for line in ["X-Amz-Security-Token: t\r\n", "X-Amz-Date: 20260301T120000Z\r\n"] {
        let raw = format!("GET {READ} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {}\r\n{line}\r\n", ana.id);
        let status = world.bench.send(raw.as_bytes()).await.0;
        assert_eq!(status, if line.contains("Token") { 400 } else { 200 }, "{line}");
    }
    let both = with_token(&ana.id, "GET", &format!("{READ}&X-Amz-Signature=0"), "");
    assert_eq!(world.bench.send(&both).await.0, 400);
    let plain = Bench::new(OK).await;
    let (status, reply) = plain.send(&with_token("a.b.c", "GET", READ, "")).await;
    assert_eq!(status, 403, "a stage without pools knows no tokens");
    assert!(!reply.contains("www-authenticate"), "{reply}");
}
