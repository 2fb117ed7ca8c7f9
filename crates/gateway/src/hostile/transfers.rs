//! Uploads in parts and downloads by URL, as MLflow's SDK makes them.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{Bench, OK, body_of};

const FOLDER: &str = "1/r/artifacts/sub%20dir";

struct Begun {
    id: String,
    urls: Vec<String>,
}

async fn create(bench: &Bench, parts: u32) -> Begun {
    let body = json!({ "path": "/home/ana/a b.bin", "num_parts": parts }).to_string();
    let target = format!("/prod/api/2.0/mlflow-artifacts/mpu/create/{FOLDER}");
    let (status, reply) = bench.send(&bench.json("POST", &target, &body)).await;
    assert_eq!(status, 200, "{reply}");
    let reply: Value = serde_json::from_str(body_of(&reply)).unwrap();
    let urls = reply["credentials"].as_array().unwrap().iter().map(|c| c["url"].as_str().unwrap().to_owned());
    Begun { id: reply["upload_id"].as_str().unwrap().to_owned(), urls: urls.collect() }
}

async fn put(bench: &Bench, url: &str, body: &str) -> (u16, String) {
    let root = format!("http://h:{}", bench.address.port());
    let target = url.strip_prefix(&root).expect(url);
    let length = body.len();
    bench
        .send(
            format!("PUT {target} HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\n{body}").as_bytes(),
        )
        .await
}

fn etag(reply: &str) -> String {
    reply.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap().to_owned()
}

async fn complete(bench: &Bench, id: &str, etags: &[String]) -> (u16, String) {
    let parts: Vec<Value> =
        etags.iter().zip(1..).map(|(etag, n)| json!({"part_number": n, "etag": etag, "url": "x"})).collect();
    let body = json!({ "path": "a b.bin", "upload_id": id, "parts": parts }).to_string();
    bench
        .send(&bench.json("POST", &format!("/prod/api/2.0/mlflow-artifacts/mpu/complete/{FOLDER}"), &body))
        .await
}

#[tokio::test]
async fn parts_become_one_put() {
    let bench = Bench::new(OK).await;
    let begun = create(&bench, 3).await;
    let mut etags = Vec::new();
    for (url, body) in begun.urls.iter().zip(["abc", "", "def"]) {
        let (status, reply) = put(&bench, url, body).await;
        assert_eq!(status, 200, "{reply}");
        etags.push(etag(&reply));
    }
    assert_eq!(put(&bench, &begun.urls[0], "abc").await.0, 403, "a part's URL works once");
    assert!(bench.got().is_empty(), "nothing reaches MLflow before the end");
    let (status, reply) = complete(&bench, &begun.id, &etags).await;
    assert_eq!((status, body_of(&reply)), (200, "{}"));
    let got = String::from_utf8(bench.got().pop().unwrap()).unwrap();
    let line = "PUT /api/2.0/mlflow-artifacts/artifacts/1/r/artifacts/sub%20dir/a%20b.bin HTTP/1.1\r\n";
    assert!(
        got.starts_with(line) && got.contains("content-length: 6\r\n") && got.ends_with("\r\n\r\nabcdef"),
        "{got}"
    );
    assert_eq!(complete(&bench, &begun.id, &etags).await.0, 403, "an upload ends once");
    assert_eq!(put(&bench, &begun.urls[1], "x").await.0, 403);
    let left = std::fs::read_dir(bench.garita.folder().join("uploads/mlflow0001")).unwrap().count();
    assert_eq!(left, 0, "parts are removed");
}

#[tokio::test]
async fn no_parts_are_an_empty_file() {
    let bench = Bench::new(OK).await;
    let begun = create(&bench, 0).await;
    let (status, reply) = complete(&bench, &begun.id, &[]).await;
    assert_eq!(status, 200, "{reply}");
    let got = String::from_utf8(bench.got().pop().unwrap()).unwrap();
    assert!(got.contains("content-length: 0\r\n") && got.ends_with("\r\n\r\n"), "{got}");
}

#[tokio::test]
async fn an_upload_that_is_not_whole_cannot_be_completed() {
    let bench = Bench::new(OK).await;
    let begun = create(&bench, 2).await;
    let (_, reply) = put(&bench, &begun.urls[0], "abc").await;
    let first = etag(&reply);
    assert_eq!(complete(&bench, &begun.id, std::slice::from_ref(&first)).await.0, 400);
    assert_eq!(complete(&bench, &begun.id, &[first.clone(), first.clone()]).await.0, 400);
    put(&bench, &begun.urls[1], "def").await;
    assert_eq!(complete(&bench, &begun.id, &[first.clone(), first]).await.0, 400, "another part's etag");
    assert!(bench.got().is_empty());
}

#[tokio::test]
async fn an_aborted_or_late_upload_takes_nothing_more() {
    let bench = Bench::new(OK).await;
    let begun = create(&bench, 2).await;
    assert_eq!(put(&bench, &begun.urls[0], "abc").await.0, 200);
    let body = json!({ "path": "a b.bin", "upload_id": begun.id }).to_string();
    let target = format!("/prod/api/2.0/mlflow-artifacts/mpu/abort/{FOLDER}");
    assert_eq!(bench.send(&bench.json("POST", &target, &body)).await.0, 200);
    assert_eq!(put(&bench, &begun.urls[1], "def").await.0, 403);

    let begun = create(&bench, 1).await;
    bench.garita.clock.advance(SignedDuration::from_hours(2));
    let (status, reply) = put(&bench, &begun.urls[0], "abc").await;
    assert_eq!(status, 403, "{reply}");
    bench.gateway.sweep().await;
    let left = std::fs::read_dir(bench.garita.folder().join("uploads/mlflow0001")).unwrap().count();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn an_upload_is_its_creators_own() {
    let bench = Bench::new(OK).await;
    let begun = create(&bench, 1).await;
    let (_, reply) = put(&bench, &begun.urls[0], "abc").await;
    let forged = begun.urls[0].replace("/1?", "/2?");
    assert_eq!(put(&bench, &forged, "x").await.0, 403);
    let body = json!({ "path": "other.bin", "upload_id": begun.id, "parts": [{"part_number": 1, "etag": etag(&reply)}] });
    let target = format!("/prod/api/2.0/mlflow-artifacts/mpu/complete/{FOLDER}");
    assert_eq!(bench.send(&bench.json("POST", &target, &body.to_string())).await.0, 403, "another path");
    let (_, other) = bench.garita.another_account("other").await;
    let body = json!({ "path": "a b.bin", "upload_id": begun.id, "parts": [] }).to_string();
    let more = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    assert_eq!(bench.send(&bench.signed_by(&other, "POST", &target, &more, body.as_bytes())).await.0, 403);
    assert!(bench.got().is_empty());
}

#[tokio::test]
async fn a_name_that_climbs_is_refused() {
    let bench = Bench::new(OK).await;
    for name in ["..", "", "a/..", "a\\..", "%2e%2e", "a\u{0}b"] {
        let body = json!({ "path": name, "num_parts": 1 }).to_string();
        let target = format!("/prod/api/2.0/mlflow-artifacts/mpu/create/{FOLDER}");
        let (status, reply) = bench.send(&bench.json("POST", &target, &body)).await;
        assert_eq!(status, 400, "{name:?} {reply}");
    }
}

#[tokio::test]
async fn a_download_url_works_once_and_for_a_minute() {
    let bench = Bench::new(OK).await;
    let target = "/prod/api/2.0/mlflow-artifacts/presigned/1/r/artifacts/a%20b.bin";
    for late in [false, true] {
        let (status, reply) = bench.send(&bench.signed("GET", target, "", b"")).await;
        assert_eq!(status, 200, "{reply}");
        let reply: Value = serde_json::from_str(body_of(&reply)).unwrap();
        let url = reply["url"]
            .as_str()
            .unwrap()
            .strip_prefix(&format!("http://h:{}", bench.address.port()))
            .unwrap();
        let get = format!("GET {url} HTTP/1.1\r\nHost: h\r\nRange: bytes=0-1\r\n\r\n");
        if late {
            bench.garita.clock.advance(SignedDuration::from_mins(2));
            assert_eq!(bench.send(get.as_bytes()).await.0, 403);
            continue;
        }
        assert_eq!(bench.send(get.as_bytes()).await.0, 200);
        let got = String::from_utf8(bench.got().pop().unwrap()).unwrap();
        assert!(
            got.starts_with("GET /api/2.0/mlflow-artifacts/artifacts/1/r/artifacts/a%20b.bin HTTP/1.1\r\n")
        );
        assert!(got.contains("range: bytes=0-1\r\n"), "{got}");
        assert!(got.contains("x-garita-principal: arn:aws:iam::111122223333:root\r\n"), "{got}");
        assert_eq!(bench.send(get.as_bytes()).await.0, 403);
    }
}

#[tokio::test]
async fn server_info_announces_our_transfers() {
    let bench = Bench::new(
        "HTTP/1.1 200 OK\r\nContent-Length: 72\r\n\r\n\
         {\"store_type\":\"SqlStore\",\"x\":{\"y\":[1]},\"artifacts_presigned_only\":false}",
    )
    .await;
    let (status, reply) = bench
        .send(&bench.signed("GET", "/prod/api/3.0/mlflow/server-info", "Accept-Encoding: gzip\r\n", b""))
        .await;
    assert_eq!(status, 200, "{reply}");
    let info: Value = serde_json::from_str(body_of(&reply)).unwrap();
    assert_eq!(info["artifacts_presigned_only"], true);
    assert_eq!(info["multipart_uploads_enabled"], true);
    assert_eq!(info["x"]["y"][0], 1);
    assert!(!String::from_utf8(bench.got().pop().unwrap()).unwrap().contains("accept-encoding"));
}
