//! Bearer tokens of user pools at the door: who gets in, with what rights, and what ends them.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_app::iam::{CreateRole, CreateUser, EntityName, PutInlinePolicy};
use garita_app::sts::AssumeRole;
use garita_app::token::rotation::{Schedule, deny};
use garita_app::{AcceptedPool, RoleRule, RuleMatch, TagSource};
use garita_model::user_pool::PoolId;
use garita_model::{Clock as _, Object, ObjectKey, PoolUser, TokenKey};
use garita_testkit::{SignedIn, TestCredentials};
use jiff::SignedDuration;
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
    AcceptedPool { id: POOL.parse().unwrap(), clients: Vec::new(), rules: Vec::new(), tags: Vec::new() }
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
        let bench = Bench::taking(vec![accepted], OK, Limits::default()).await;
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

#[tokio::test]
async fn forged_and_foreign_tokens_are_all_refused_with_the_same_words() {
    let world = World::new().await;
    let (ana, tokens) = world.signed_in("ana", &["admin"]).await;
    let other = world.bench.garita.user_pool("eu-west-1_Other0000", "2ui").await;
    let eve = world.bench.garita.person(&other, "ana", &["admin"]).await;
    let foreign = world.bench.garita.sign_in(&eve, "2ui", false).await;
    let (head, rest) = tokens.id.split_once('.').unwrap();
    let (claims, signature) = rest.split_once('.').unwrap();
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let read =
        |part: &str| -> Value { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap() };
    let with = |name: &str, value: Value| {
        let mut claims = read(claims);
        claims[name] = value;
        format!("{head}.{}.{signature}", encode(&claims))
    };
    let mut none = read(head);
    none["alg"] = "none".into();
    let mut hmac = read(head);
    hmac["alg"] = "HS256".into();
    let forged = [
        format!("{}.{claims}.", encode(&none)),
        format!("{}.{claims}.{signature}", encode(&none)),
        format!("{}.{claims}.{signature}", encode(&hmac)),
        format!("{head}.{claims}."),
        format!("{head}.{claims}"),
        with("iss", "http://garita.test/eu-west-1_Other0000".into()),
        with("iss", "http://evil.test/eu-west-1_Ab3dE5gH9".into()),
        with("aud", "2ui".into()),
        with("token_use", "access".into()),
        with("exp", 4_102_444_800_i64.into()),
        with("cognito:username", "root".into()),
        foreign.id,
        foreign.access,
    ];
    let mut replies = std::collections::BTreeSet::new();
    for token in &forged {
        let (status, reply) = world.ask(token, "GET", READ, "").await;
        assert_eq!(status, 401, "{token} {reply}");
        replies.insert(body_of(&reply).to_owned());
    }
    assert_eq!(replies.len(), 1, "{replies:?}");
    assert_eq!(world.read(&tokens.id).await, 200);
    let only = AcceptedPool { clients: vec!["3ui".parse().unwrap()], ..accepted() };
    let strict = World::taking(only).await;
    let user = strict.bench.garita.person(&strict.pool, &ana.name, &["admin"]).await;
    let signed_in = strict.bench.garita.sign_in(&user, CLIENT, false).await;
    assert_eq!((strict.read(&signed_in.id).await, strict.read(&signed_in.access).await), (401, 401));
}

/// Each thing a token rests on is taken away; the token, good a moment before, dies with the next request.
#[tokio::test]
async fn a_token_dies_with_whatever_it_rests_on() {
    let ends = [
        "disabled",
        "deleted",
        "signed out",
        "session ended",
        "session gone",
        "client gone",
        "client revoked",
        "pool gone",
        "key denied",
        "role revoked",
        "expired",
    ];
    for end in ends {
        let world = World::new().await;
        let (mut ana, tokens) = world.signed_in("ana", &["admin"]).await;
        assert_eq!((world.read(&tokens.id).await, world.read(&tokens.access).await), (200, 200), "{end}");
        let state = world.bench.garita.app.snapshot();
        let later = state.revision() + 1;
        match end {
            "disabled" => {
                ana.enabled = false;
                world.put(Object::PoolUser(Arc::new(ana.clone()))).await;
            }
            "deleted" => world.bench.garita.delete(vec![ObjectKey::pool_user(&world.pool, ana.sub)]).await,
            "signed out" => {
                ana.min_rev = later;
                world.put(Object::PoolUser(Arc::new(ana.clone()))).await;
            }
            "session ended" => {
                let mut session = (**state.pool_session(&world.pool, tokens.session).unwrap()).clone();
                session.ended = true;
                world.put(Object::PoolSession(Arc::new(session))).await;
            }
            "session gone" => {
                world.bench.garita.delete(vec![ObjectKey::pool_session(&world.pool, tokens.session)]).await;
            }
            "client gone" => {
                world.bench.garita.delete(vec![ObjectKey::pool_client(&CLIENT.parse().unwrap())]).await;
            }
            "client revoked" => {
                let mut client = (**state.pool_client(&CLIENT.parse().unwrap()).unwrap()).clone();
                client.min_rev = later;
                world.put(Object::PoolClient(Arc::new(client))).await;
            }
            "pool gone" => {
                let mut keys = state.of_pool(&world.pool);
                keys.push(ObjectKey::user_pool(&world.pool));
                world.bench.garita.delete(keys).await;
            }
            "key denied" => {
                let now = world.bench.garita.clock.now();
                for id in [true, false] {
                    let denied = deny(&world.key(id), Schedule::default(), now);
                    world.put(Object::TokenKey(Arc::new(denied))).await;
                }
            }
            "role revoked" => {
                let mut role = (**state.role(world.bench.garita.account(), "mlflow-admin").unwrap()).clone();
                role.min_rev = later;
                world.put(Object::Role(Arc::new(role))).await;
            }
            _ => world.bench.garita.clock.advance(SignedDuration::from_secs(3600)),
        }
        assert_eq!((world.read(&tokens.id).await, world.read(&tokens.access).await), (401, 401), "{end}");
    }
}

#[tokio::test]
async fn groups_count_as_they_are_now_and_who_has_no_role_is_told() {
    let world = World::new().await;
    let (mut ana, tokens) = world.signed_in("ana", &["admin", "reader"]).await;
    let create = |token: String| {
        let world = &world;
        async move { world.ask(&token, "POST", "/prod/api/2.0/mlflow/runs/create", "{}").await }
    };
    assert_eq!(create(tokens.id.clone()).await.0, 200, "the admins' precedence is the lowest");
    ana.groups = Box::new(["reader".into()]);
    world.put(Object::PoolUser(Arc::new(ana.clone()))).await;
    assert_eq!((create(tokens.id.clone()).await.0, world.read(&tokens.id).await), (403, 200));
    ana.groups = Box::default();
    world.put(Object::PoolUser(Arc::new(ana.clone()))).await;
    let (status, reply) = create(tokens.access.clone()).await;
    assert_eq!(status, 403);
    assert!(reply.contains("you have no role here: none of your groups"), "{reply}");
    let garita = &world.bench.garita;
    garita.pool_group(&world.pool, "tied", Some(&role_arn("reader")), Some(0)).await;
    ana.groups = Box::new(["tied".into(), "admin".into()]);
    world.put(Object::PoolUser(Arc::new(ana.clone()))).await;
    assert!(create(tokens.id.clone()).await.1.contains("the same precedence and different roles"));
    garita.pool_group(&world.pool, "far", Some("arn:aws:iam::444455556666:role/admin"), Some(0)).await;
    garita.pool_group(&world.pool, "none", None, Some(0)).await;
    ana.groups = Box::new(["far".into(), "none".into(), "gone".into()]);
    world.put(Object::PoolUser(Arc::new(ana.clone()))).await;
    assert!(create(tokens.id.clone()).await.1.contains("is not one of the user pool's account"));
}

#[tokio::test]
async fn a_role_must_trust_the_pool_and_can_be_choosy() {
    let world = World::new().await;
    let issuer = format!("cognito-idp.eu-west-1.amazonaws.com/{POOL}");
    let garita = &world.bench.garita;
    let conditions = [
        (json!({ "StringEquals": { format!("{issuer}:aud"): CLIENT } }), 200, 200),
        (json!({ "StringEquals": { format!("{issuer}:aud"): "other" } }), 403, 403),
        (json!({ "StringEquals": { "aws:FederatedProvider": pool_arn() } }), 200, 200),
        (json!({ "StringNotEquals": { "aws:FederatedProvider": pool_arn() } }), 403, 403),
        (json!({ "ForAnyValue:StringEquals": { format!("{issuer}:amr"): "mfa" } }), 403, 200),
    ];
    for (n, (condition, plain, with_factor)) in conditions.into_iter().enumerate() {
        let name = format!("choosy{n}");
        world.role(&name, &condition).await;
        world.grant(&name, ALL.to_owned()).await;
        garita.pool_group(&world.pool, &name, Some(&role_arn(&name)), None).await;
        let ana = garita.person(&world.pool, &format!("ana{n}"), &[&name]).await;
        let (once, twice) =
            (garita.sign_in(&ana, CLIENT, false).await, garita.sign_in(&ana, CLIENT, true).await);
        assert_eq!(
            (world.read(&once.id).await, world.read(&twice.id).await),
            (plain, with_factor),
            "{condition}"
        );
    }
    garita.pool_group(&world.pool, "void", Some(&role_arn("gone")), None).await;
    let (_, tokens) = world.signed_in("void", &["void"]).await;
    let (status, reply) = world.ask(&tokens.id, "GET", READ, "").await;
    assert_eq!(status, 403);
    assert!(reply.contains("Not authorized to perform sts:AssumeRoleWithWebIdentity"), "{reply}");
}

const ALL: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;

#[tokio::test]
async fn rules_tags_and_second_factors_reach_the_policies() {
    let rule = RoleRule {
        attribute: "custom:team".to_owned(),
        matches: RuleMatch::Equals,
        value: "vision".to_owned(),
        role: role_arn("admin"),
    };
    let tag = |key: &str, attribute: &str| TagSource { key: key.to_owned(), attribute: attribute.to_owned() };
    let tags = vec![tag("team", "custom:team"), tag("nick", "nickname")];
    let world = World::taking(AcceptedPool { rules: vec![rule], tags, ..accepted() }).await;
    let garita = &world.bench.garita;
    let mut ana = garita.person(&world.pool, "ana", &[]).await;
    ana.attributes.set("nickname", "boss").unwrap();
    world.put(Object::PoolUser(Arc::new(ana.clone()))).await;
    let (once, twice) = (garita.sign_in(&ana, CLIENT, false).await, garita.sign_in(&ana, CLIENT, true).await);
    assert_eq!(world.read(&once.id).await, 403, "no group, and no rule fits");
    ana.attributes.set("custom:team", "vision").unwrap();
    world.put(Object::PoolUser(Arc::new(ana.clone()))).await;
    assert_eq!(world.read(&once.access).await, 200);
    for (condition, plain, with_factor) in [
        (json!({ "StringEquals": { "aws:PrincipalTag/team": "vision" } }), 200, 200),
        (json!({ "StringEquals": { "aws:PrincipalTag/team": "speech" } }), 403, 403),
        // Its client lets people write it.
        (json!({ "StringEquals": { "aws:PrincipalTag/nick": "boss" } }), 403, 403),
        (json!({ "Bool": { "aws:MultiFactorAuthPresent": "true" } }), 403, 200),
        (json!({ "StringEquals": { "aws:FederatedProvider": pool_arn() } }), 200, 200),
    ] {
        let statement = json!({ "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition });
        world.grant("admin", json!({ "Version": "2012-10-17", "Statement": statement }).to_string()).await;
        assert_eq!(
            (world.read(&once.id).await, world.read(&twice.id).await),
            (plain, with_factor),
            "{condition}"
        );
    }
}

#[tokio::test]
async fn a_download_url_dies_with_the_person_it_was_given_to() {
    let world = World::new().await;
    let presigned = "/prod/api/2.0/mlflow-artifacts/presigned/1/r/artifacts/a.bin";
    for removed in [false, true] {
        let name = format!("ana-{removed}");
        let (mut ana, tokens) = world.signed_in(&name, &["admin"]).await;
        let (status, reply) = world.ask(&tokens.id, "GET", presigned, "").await;
        assert_eq!(status, 200, "{reply}");
        let url: Value = serde_json::from_str(body_of(&reply)).unwrap();
        let root = format!("http://h:{}", world.bench.address.port());
        let target = url["url"].as_str().unwrap().strip_prefix(&root).unwrap().to_owned();
        if removed {
            ana.groups = Box::new(["reader".into()]);
        } else {
            ana.enabled = false;
        }
        world.put(Object::PoolUser(Arc::new(ana))).await;
        let (status, reply) =
            world.bench.send(format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes()).await;
        assert_eq!(status, 403, "{reply}");
    }
}

#[tokio::test]
async fn the_ui_is_told_who_is_signed_in_and_what_they_may_do() {
    let world = World::new().await;
    let bo = assumer(&world.bench).await;
    for (role, experiment, model) in [
        ("admin", Some("MANAGE"), Some("MANAGE")),
        ("reader", Some("READ"), Some("READ")),
        ("model-approver", Some("READ"), Some("EDIT")),
    ] {
        let (_, tokens) = world.signed_in(&format!("ana-{role}"), &[role]).await;
        let (status, reply) =
            world.ask(&tokens.access, "GET", "/prod/ajax-api/2.0/mlflow/users/current", "").await;
        assert_eq!(status, 200, "{reply}");
        let current: Value = serde_json::from_str(body_of(&reply)).unwrap();
        assert_eq!(current["user"]["username"], format!("ana-{role}"));
        assert_eq!((&current["user"]["is_admin"], &current["is_basic_auth"]), (&json!(false), &json!(false)));
        assert!(current["user"]["id"].as_u64().is_some_and(|id| id < 1 << 31));
        let permissions = "/prod/ajax-api/3.0/mlflow/users/current/permissions";
        let signed = session(&world.bench, &bo, role).await;
        let by_signature =
            world.bench.send(&world.bench.signed_by(&signed, "GET", permissions, "", b"")).await;
        let by_token = world.ask(&tokens.id, "GET", permissions, "").await;
        assert_eq!(body_of(&by_signature.1), body_of(&by_token.1));
        let told: Value = serde_json::from_str(body_of(&by_token.1)).unwrap();
        let held = |kind: &str| {
            let rows = told["permissions"].as_array().unwrap();
            let row = rows.iter().find(|row| row["resource_type"] == kind)?;
            assert_eq!((&row["resource_pattern"], &row["workspace"]), (&json!("*"), &json!("default")));
            row["permission"].as_str()
        };
        assert_eq!(
            (held("experiment"), held("registered_model"), held("prompt")),
            (experiment, model, model),
            "{role}"
        );
    }
    let (_, none) = world.signed_in("none", &[]).await;
    let (status, _) = world.ask(&none.id, "GET", "/prod/ajax-api/2.0/mlflow/users/current", "").await;
    assert_eq!(status, 403, "nobody without a role");
    assert!(world.bench.got().is_empty(), "MLflow was asked");
}
