//! Transfers are as strong as the one they were given to: judged again at every use.

use garita_app::iam::{CreateUser, EntityName, PutInlinePolicy, UpdateAccessKey};
use garita_model::{KeyStatus, UserName};
use garita_testkit::TestCredentials;
use serde_json::{Value, json};

use super::{Bench, OK, body_of};

const STAGE: &str = "arn:aws:execute-api:eu-west-1:111122223333:mlflow0001/prod";

/// A user who may do what `paths` say.
async fn user(bench: &Bench, paths: &[&str]) -> TestCredentials {
    let (app, root) = (&bench.garita.app, bench.garita.as_root());
    let name: UserName = "ana".parse().unwrap();
    let new = CreateUser {
        name: name.clone(),
        path: garita_model::Path::default(),
        boundary: None,
        tags: Vec::new(),
    };
    app.create_user(&root, new).await.unwrap();
    grant(bench, paths).await;
    (&app.create_access_key(&bench.garita.as_root(), Some(name)).await.unwrap()).into()
}

async fn grant(bench: &Bench, paths: &[&str]) {
    let resources: Vec<String> = paths.iter().map(|path| format!("{STAGE}/{path}")).collect();
    let statement = json!({ "Effect": "Allow", "Action": "execute-api:Invoke", "Resource": resources });
    let put = PutInlinePolicy {
        entity: EntityName::User("ana".parse().unwrap()),
        name: "mlflow".parse().unwrap(),
        document: json!({ "Version": "2012-10-17", "Statement": statement }).to_string(),
    };
    bench.garita.app.put_inline_policy(&bench.garita.as_root(), put).await.unwrap();
}

async fn create(bench: &Bench, ana: &TestCredentials) -> (u16, String) {
    let body = json!({ "path": "a.bin", "num_parts": 1 }).to_string();
    let more = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    let target = "/prod/api/2.0/mlflow-artifacts/mpu/create/1/r/artifacts";
    bench.send(&bench.signed_by(ana, "POST", target, &more, body.as_bytes())).await
}

fn target(bench: &Bench, url: &Value) -> String {
    let root = format!("http://h:{}", bench.address.port());
    url.as_str().unwrap().strip_prefix(&root).unwrap().to_owned()
}

const UPLOAD: &[&str] =
    &["POST/api/2.0/mlflow-artifacts/mpu/*", "PUT/api/2.0/mlflow-artifacts/artifacts/1/*"];

#[tokio::test]
async fn parts_alone_are_no_way_around_the_put() {
    let bench = Bench::new(OK).await;
    let elsewhere = ["POST/api/2.0/mlflow-artifacts/mpu/*", "PUT/api/2.0/mlflow-artifacts/artifacts/2/*"];
    let ana = user(&bench, &elsewhere).await;
    let (status, reply) = create(&bench, &ana).await;
    assert_eq!(status, 403);
    assert!(reply.contains("prod/PUT/api/2.0/mlflow-artifacts/artifacts/1/r/artifacts/a.bin"), "{reply}");
}

#[tokio::test]
async fn a_part_url_dies_with_its_owners_rights() {
    let bench = Bench::new(OK).await;
    let ana = user(&bench, UPLOAD).await;
    for key_is_off in [false, true] {
        grant(&bench, UPLOAD).await;
        let (status, reply) = create(&bench, &ana).await;
        assert_eq!(status, 200, "{reply}");
        let begun: Value = serde_json::from_str(body_of(&reply)).unwrap();
        let part = target(&bench, &begun["credentials"][0]["url"]);
        if key_is_off {
            let (user, id) = (Some("ana".parse().unwrap()), ana.key.parse().unwrap());
            let off = UpdateAccessKey { user, id, status: KeyStatus::Inactive };
            bench.garita.app.update_access_key(&bench.garita.as_root(), off).await.unwrap();
        } else {
            grant(&bench, &["GET/nothing"]).await;
        }
        let put = format!("PUT {part} HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");
        let (status, reply) = bench.send(put.as_bytes()).await;
        assert_eq!(status, 403, "{reply}");
    }
}

#[tokio::test]
async fn a_download_url_dies_with_its_owners_rights() {
    let bench = Bench::new(OK).await;
    let ana = user(&bench, &["GET/*"]).await;
    let presigned = "/prod/api/2.0/mlflow-artifacts/presigned/1/r/artifacts/a.bin";
    let (status, reply) = bench.send(&bench.signed_by(&ana, "GET", presigned, "", b"")).await;
    assert_eq!(status, 200, "{reply}");
    let given: Value = serde_json::from_str(body_of(&reply)).unwrap();
    grant(&bench, &["GET/nothing"]).await;
    let get = format!("GET {} HTTP/1.1\r\nHost: h\r\n\r\n", target(&bench, &given["url"]));
    let (status, reply) = bench.send(get.as_bytes()).await;
    assert_eq!(status, 403, "{reply}");
    assert!(bench.got().is_empty());
}
