//! What one caller, or a stranger, can take of what all share.

use serde_json::json;

use super::{Bench, OK};
use crate::Limits;

#[tokio::test]
async fn one_principal_cannot_take_every_transfer() {
    let bench = Bench::with(OK, Limits { transfers: 8, ..Limits::default() }).await;
    let (_, other) = bench.garita.another_account("other").await;
    let download = "/prod/api/2.0/mlflow-artifacts/presigned/1/r/artifacts/a.bin";
    let upload = "/prod/api/2.0/mlflow-artifacts/mpu/create/1/r/artifacts";
    let body = json!({ "path": "a.bin", "num_parts": 1 }).to_string();
    for wanted in [200, 200, 503] {
        let (status, reply) = bench.send(&bench.signed("GET", download, "", b"")).await;
        assert_eq!(status, wanted, "{reply}");
        let (status, reply) = bench.send(&bench.json("POST", upload, &body)).await;
        assert_eq!(status, wanted, "{reply}");
    }
    // Another account's root user has no rights here; what matters is that the places are not looked at first.
    assert_eq!(bench.send(&bench.signed_by(&other, "GET", download, "", b"")).await.0, 403);
}

#[tokio::test]
async fn a_strangers_large_body_is_not_waited_for() {
    let bench = Bench::new(OK).await;
    let head = |more: &str| {
        format!(
            "POST /prod/api/2.0/mlflow/runs/search HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n{more}\r\n{{"
        )
    };
    let date = "X-Amz-Date: 20260101T000000Z\r\n";
    let unknown = "Authorization: AWS4-HMAC-SHA256 Credential=AKIAXXXXXXXXXXXXXXXX/20260101/eu-west-1/execute-api/aws4_request, \
                   SignedHeaders=host;x-amz-date, Signature=00\r\n";
    // Only the beginning of the body is sent: an answer shows that nobody waits for the rest.
    for more in [String::new(), format!("{date}{unknown}")] {
        let (status, reply) = bench.send(head(&more).as_bytes()).await;
        assert_eq!(status, 403, "{reply}");
    }
    let chunked = "POST /prod/v1/traces HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(bench.send(chunked.as_bytes()).await.0, 403);
    assert!(bench.got().is_empty());
}
