//! Callers, uploads that stream, and upstreams that misbehave: what the client gets and what the upstream got.

use super::{Bench, OK, body_of, request_is_whole};
use crate::{Api, Gateway, Limits, Target};

const FILE: &str = "/prod/api/2.0/mlflow-artifacts/artifacts/1/r/artifacts/a%20b.bin";
const READ: &str = "/prod/api/2.0/mlflow/runs/get?run_id=a";

fn upload(bench: &Bench, signed: &[u8], sent: &[u8], framing: &str) -> Vec<u8> {
    let mut raw = bench.signed("PUT", FILE, framing, signed);
    raw.truncate(raw.len() - signed.len());
    raw.extend_from_slice(sent);
    raw
}

#[tokio::test]
async fn a_file_is_streamed_whole() {
    let bench = Bench::new(OK).await;
    let file = vec![7_u8; 300_000];
    let kind = "Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\n";
    let raw = upload(&bench, &file, &file, &format!("Content-Length: {}\r\n{kind}", file.len()));
    assert_eq!(bench.send(&raw).await.0, 200);
    let got = bench.got().pop().unwrap();
    let head = String::from_utf8_lossy(&got[..got.len() - file.len()]).into_owned();
    assert!(head.starts_with("PUT /api/2.0/mlflow-artifacts/artifacts/1/r/artifacts/a%20b.bin HTTP/1.1\r\n"));
    assert!(head.contains("\r\ncontent-length: 300000\r\n") && !head.contains("content-type"), "{head}");
    assert!(got.ends_with(&file));
    let empty = upload(&bench, b"", b"", "Content-Length: 0\r\n");
    assert_eq!(bench.send(&empty).await.0, 200);
    assert!(String::from_utf8(bench.got().pop().unwrap()).unwrap().contains("\r\ncontent-length: 0\r\n"));
}

#[tokio::test]
async fn a_file_that_is_not_the_signed_one_never_comes_to_its_end() {
    let bench = Bench::new(OK).await;
    let (file, mut other) = (vec![7_u8; 300_000], vec![7_u8; 300_000]);
    other[299_999] = 8;
    let chunked = |file: &[u8]| [format!("{:x}\r\n", file.len()).as_bytes(), file, b"\r\n0\r\n\r\n"].concat();
    for raw in [
        upload(&bench, &file, &other, "Content-Length: 300000\r\n"),
        upload(&bench, &file, &chunked(&other), "Transfer-Encoding: chunked\r\n"),
    ] {
        let (status, reply) = bench.send(&raw).await;
        assert_eq!(status, 403, "{reply}");
        assert!(reply.contains("x-amz-content-sha256"), "{reply}");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        for got in bench.got() {
            assert!(!request_is_whole(&got), "the upstream took it for whole");
        }
    }
    let empty = upload(&bench, b"x", b"", "Content-Length: 0\r\n");
    assert_eq!(bench.send(&empty).await.0, 403);
    assert!(bench.got().is_empty());
}

#[tokio::test]
async fn limits_are_413() {
    let limits = Limits { artifact: 1000, ..Limits::default() };
    let bench = Bench::with(OK, limits).await;
    let file = vec![7_u8; 1001];
    let raw = upload(&bench, &file, &file, "Content-Length: 1001\r\n");
    assert_eq!(bench.send(&raw).await.0, 413);
    assert!(bench.got().is_empty());
    let chunks = [b"3e9\r\n", &file[..], b"\r\n0\r\n\r\n"].concat();
    let raw = upload(&bench, &file, &chunks, "Transfer-Encoding: chunked\r\n");
    assert_eq!(bench.send(&raw).await.0, 413);
}

#[tokio::test]
async fn who_may_not_is_told_why_in_both_languages() {
    let bench = Bench::new(OK).await;
    let (status, reply) = bench.send(b"GET /prod/api/2.0/mlflow/runs/get HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert_eq!(status, 403);
    assert!(reply.contains("x-amzn-errortype: MissingAuthenticationTokenException"), "{reply}");
    assert!(body_of(&reply).contains("Missing Authentication Token"));
    let (status, reply) = bench.send(b"GET /prod/nothing HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert_eq!((status, body_of(&reply).contains("Missing Authentication Token")), (403, true));

    let (_, other) = bench.garita.another_account("other").await;
    let (status, reply) = bench.send(&bench.signed_by(&other, "GET", READ, "", b"")).await;
    assert_eq!(status, 403);
    let body: serde_json::Value = serde_json::from_str(body_of(&reply)).unwrap();
    let message = body["message"].as_str().unwrap();
    assert!(
        message
            .contains("is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:")
    );
    assert!(message.contains(":111122223333:mlflow0001/prod/GET/api/2.0/mlflow/runs/get"), "{message}");
    assert_eq!((&body["Message"], &body["error_code"]), (&body["message"], &"PERMISSION_DENIED".into()));
    assert!(bench.got().is_empty());
}

#[tokio::test]
async fn a_redirect_is_not_passed_on() {
    let bench = Bench::new("HTTP/1.1 308 X\r\nLocation: http://evil/\r\nContent-Length: 0\r\n\r\n").await;
    let (status, reply) = bench.send(&bench.signed("GET", READ, "", b"")).await;
    assert_eq!(status, 502);
    assert!(!reply.contains("evil"));
}

#[tokio::test]
async fn a_reply_is_cleaned() {
    let bench = Bench::new(
        "HTTP/1.1 404 Not Found\r\nServer: uvicorn\r\nSet-Cookie: a=b\r\nConnection: X-Odd\r\nX-Odd: 1\r\n\
         Content-Length: 2\r\n\r\nno",
    )
    .await;
    let (status, reply) = bench.send(&bench.signed("GET", READ, "", b"")).await;
    assert_eq!((status, body_of(&reply)), (404, "no"));
    let head = reply.to_ascii_lowercase();
    assert!(head.contains("x-amzn-requestid: "));
    assert!(["server", "set-cookie", "x-odd", "uvicorn"].iter().all(|name| !head.contains(name)), "{head}");
}

#[tokio::test]
async fn an_upstream_that_is_down_is_503_with_retry_after() {
    let bench = Bench::new(OK).await;
    let api = Api {
        upstream: Target::Unix(bench.garita.folder().join("nobody.sock")),
        ..bench.gateway.stages[0].api.clone()
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let gateway = Gateway::new(bench.garita.app.clone(), vec![api], address).unwrap();
    tokio::spawn(super::serve(listener, gateway.clone()));
    let down = Bench { address, gateway, garita: bench.garita, got: bench.got };
    let (status, reply) = down.send(&down.signed("GET", READ, "", b"")).await;
    assert_eq!(status, 503);
    assert!(reply.to_ascii_lowercase().contains("retry-after: "), "{reply}");
}
