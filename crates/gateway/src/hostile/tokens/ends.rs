//! Tokens that are not, or are no longer, good: forged, foreign, and those whose ground is gone.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_app::AcceptedPool;
use garita_app::token::rotation::{Schedule, deny};
use garita_model::{Clock as _, Object, ObjectKey};
use jiff::SignedDuration;
use serde_json::Value;

use super::super::body_of;
use super::{CLIENT, READ, World, accepted};

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
