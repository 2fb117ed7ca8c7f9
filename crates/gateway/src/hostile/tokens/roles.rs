//! The role a token gives: groups, rules, trust, and what the UI is told of it.

use std::sync::Arc;

use garita_app::{AcceptedPool, RoleRule, RuleMatch, TagSource};
use garita_model::{Object, UserPool};
use serde_json::{Value, json};

use super::super::body_of;
use super::{CLIENT, POOL, READ, World, accepted, assumer, pool_arn, role_arn, session};

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

/// Nothing is stored between these requests: what was found out for the first holds for the others, but for what the
/// trust policy asks of each.
#[tokio::test]
async fn a_trust_policy_is_asked_at_every_request() {
    let world = World::new().await;
    world.role("careful", &json!({ "StringEquals": { "aws:UserAgent": "notebook" } })).await;
    world.grant("careful", ALL.to_owned()).await;
    world.bench.garita.pool_group(&world.pool, "careful", Some(&role_arn("careful")), None).await;
    let (_, tokens) = world.signed_in("ana", &["careful"]).await;
    for (agent, status) in [("notebook", 200), ("notebook", 200), ("other", 403), ("notebook", 200)] {
        let raw = format!(
            "GET {READ} HTTP/1.1\r\nHost: h\r\nUser-Agent: {agent}\r\nAuthorization: Bearer {}\r\n\r\n",
            tokens.access
        );
        assert_eq!(world.bench.send(raw.as_bytes()).await.0, status, "{agent}");
    }
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
async fn the_role_of_a_group_that_asks_for_a_second_factor_needs_one() {
    let world = World::new().await;
    let garita = &world.bench.garita;
    let ana = garita.person(&world.pool, "ana", &["admin"]).await;
    let (once, twice) = (garita.sign_in(&ana, CLIENT, false).await, garita.sign_in(&ana, CLIENT, true).await);
    assert_eq!((world.read(&once.id).await, world.read(&twice.id).await), (200, 200));
    let mut pool = UserPool::clone(garita.app.snapshot().user_pool(&world.pool).unwrap());
    pool.tags.insert("garita:require-mfa/admin".to_owned(), "true".to_owned());
    world.put(Object::UserPool(Arc::new(pool))).await;
    assert_eq!((world.read(&once.id).await, world.read(&twice.id).await), (403, 200));
    let (_, reply) = world.ask(&once.access, "GET", "/prod/ajax-api/2.0/mlflow/users/current", "").await;
    assert!(reply.contains("asks for a second factor"), "{reply}");
}

/// A browser of somebody in such a group is refused whichever way the role comes; so is a token.
#[tokio::test]
async fn a_rule_is_no_way_round_a_group_that_asks_for_a_second_factor() {
    let rule = RoleRule {
        attribute: "custom:team".to_owned(),
        matches: RuleMatch::Equals,
        value: "vision".to_owned(),
        role: role_arn("admin"),
    };
    let world = World::taking(AcceptedPool { rules: vec![rule], ..accepted() }).await;
    let garita = &world.bench.garita;
    let mut ana = garita.person(&world.pool, "ana", &["reader"]).await;
    ana.attributes.set("custom:team", "vision").unwrap();
    world.put(Object::PoolUser(Arc::new(ana.clone()))).await;
    let (once, twice) = (garita.sign_in(&ana, CLIENT, false).await, garita.sign_in(&ana, CLIENT, true).await);
    assert_eq!((world.read(&once.access).await, world.read(&twice.access).await), (200, 200));
    let mut pool = UserPool::clone(garita.app.snapshot().user_pool(&world.pool).unwrap());
    pool.tags.insert("garita:require-mfa/reader".to_owned(), "true".to_owned());
    world.put(Object::UserPool(Arc::new(pool))).await;
    assert_eq!((world.read(&once.access).await, world.read(&twice.access).await), (403, 200));
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
