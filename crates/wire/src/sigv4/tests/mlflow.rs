//! The dialect of the MLflow SDK's signer: what it sends passes, and nothing wider does.

use super::*;

const REPEATED: Dialect = Dialect::MlflowSdk { repeated_keys: &["order_by", "trace_ids"] };

/// Sent by the signer itself for `AKIDEXAMPLE` at 2026-01-01T00:00:00Z in `eu-west-1`.
struct Capture {
    method: &'static str,
    target: &'static str,
    body: &'static str,
    token: Option<&'static str>,
    signature: &'static str,
    /// Whether AWS itself would take it.
    is_canonical: bool,
}

const CAPTURES: &[Capture] = &[
    Capture {
        method: "GET",
        target: "/api/2.0/mlflow/experiments/get?experiment_id=1",
        body: "",
        token: None,
        signature: "20959891532821afc661762ba3250021a0bb358d3ce38692496ce31f31edff03",
        is_canonical: true,
    },
    Capture {
        method: "GET",
        target: "/prod/api/2.0/mlflow/runs/get?run_uuid=b&run_id=b",
        body: "",
        token: Some("token/+="),
        signature: "1e44ccb6f15c40df9d39c5c5120d6cb557f28713b746595a3a458a154c27050d",
        is_canonical: true,
    },
    Capture {
        method: "POST",
        target: "/api/2.0/mlflow/runs/create",
        body: r#"{"experiment_id":"1","name":"ñ"}"#,
        token: None,
        signature: "c05996dc37604f599b3d7fca81ed6e311fbf122799d74e6e6b4fb3f125ce4099",
        is_canonical: true,
    },
    Capture {
        method: "GET",
        target: "/version",
        body: "",
        token: None,
        signature: "c0ceccca9bfdd74c90731da9f9f8079be1b261156c460d81ec1d8033b977188a",
        is_canonical: true,
    },
    Capture {
        method: "GET",
        target: "/api/2.0/mlflow/registered-models/search?filter=name+%3D+%27a+b%27&max_results=1",
        body: "",
        token: None,
        signature: "31b6f9d617bf332da219ea0b47e03e9b16fe4246bf27d7b57044c4da7c62bf00",
        is_canonical: false,
    },
    Capture {
        method: "GET",
        target: "/api/2.0/mlflow/model-versions/search?order_by=name+ASC&order_by=version+DESC&max_results=10",
        body: "",
        token: None,
        signature: "58de32bc59843d397a03cfc7f09804e9615182b842125d54425113832a36b879",
        is_canonical: false,
    },
    Capture {
        method: "GET",
        target: "/api/3.0/mlflow/traces/batchGet?trace_ids=tr-2&trace_ids=tr-1&trace_ids=tr-3",
        body: "",
        token: None,
        signature: "87224bb1097f688679cd74eb61cd329930ce999aa4481b6658ee1a1084d44049",
        is_canonical: false,
    },
    Capture {
        method: "GET",
        target: "/api/2.0/mlflow-artifacts/artifacts/a%20b/model%2Fx.pkl",
        body: "",
        token: None,
        signature: "dc3caa884f44b4a5403298c31929393bc36c711db4e4d86061a0f0976c326da9",
        is_canonical: false,
    },
    Capture {
        method: "DELETE",
        target: "/api/2.0/mlflow/registered-models/delete",
        body: r#"{"name": "a/b"}"#,
        token: Some("t"),
        signature: "b81b6ea0dfd96520a8c34567d3f6621e974014d25eb69b7438e1f83644fccfbc",
        is_canonical: true,
    },
    Capture {
        method: "GET",
        target: "/api//2.0/x",
        body: "",
        token: None,
        signature: "9ed702f31ce19480de761786918b21d3ba947cb6c58739c31c0e15ee7aba93f1",
        is_canonical: false,
    },
];

impl Capture {
    fn request(&self) -> Request {
        let hash = hex::encode(sha256(self.body.as_bytes()));
        let mut headers = vec![
            ("host", "mlflow.example"),
            ("x-amz-date", "20260101T000000Z"),
            ("x-amz-content-sha256", hash.as_str()),
        ];
        headers.extend(self.token.map(|token| ("x-amz-security-token", token)));
        let mut request = Request::new(self.method, self.target, &headers, self.body);
        let token = if self.token.is_some() { ";x-amz-security-token" } else { "" };
        let names = format!("host;x-amz-content-sha256;x-amz-date{token}");
        request.set(
            "authorization",
            &format!(
                "AWS4-HMAC-SHA256 Credential={KEY_ID}/20260101/eu-west-1/execute-api/aws4_request, \
                 SignedHeaders={names}, Signature={}",
                self.signature
            ),
        );
        request
    }
}

fn check(request: &Request, dialect: Dialect) -> Result<(), SigV4Error> {
    request.check(at("2026-01-01T00:00:00Z"), "execute-api", (KEY_ID, SECRET), dialect).map(|_| ())
}

#[test]
fn what_the_sdk_sends_passes() {
    for capture in CAPTURES {
        let request = capture.request();
        assert_eq!(check(&request, REPEATED), Ok(()), "{}", capture.target);
        assert_eq!(check(&request, Dialect::Aws).is_ok(), capture.is_canonical, "{}", capture.target);
    }
}

#[test]
fn what_it_does_not_send_is_refused() {
    let refused = |target: &str, i: usize| {
        let mut request = CAPTURES[i].request();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        (request.path, request.query) = (path.into(), query.into());
        assert_eq!(check(&request, REPEATED), Err(SigV4Error::SignatureDoesNotMatch), "{target}");
    };
    // A first duplicate of a key that is no list: unsigned, and the one that the upstream would take.
    refused("/api/2.0/mlflow/experiments/get?experiment_id=2&experiment_id=1", 0);
    refused("/prod/api/2.0/mlflow/runs/get?run_id=a&run_uuid=b&run_id=b", 1);
    // The same beside a list that may repeat, under another spelling, and as an empty value.
    refused(
        "/api/2.0/mlflow/model-versions/search?order_by=name+ASC&order_by=version+DESC&max_results=99&max_results=10",
        5,
    );
    refused("/api/2.0/mlflow/experiments/get?experiment%5Fid=2&experiment_id=1", 0);
    refused("/api/2.0/mlflow/experiments/get?experiment_id=&experiment_id=1", 0);
    // A pair with no `=` or with two, which that signer can't send.
    refused("/api/2.0/mlflow/experiments/get?experiment_id=1&x", 0);
    refused("/api/2.0/mlflow/experiments/get?experiment_id=1=", 0);
    // The last of a list, a path in another spelling.
    refused("/api/3.0/mlflow/traces/batchGet?trace_ids=tr-2&trace_ids=tr-1&trace_ids=tr-4", 6);
    refused("/api/2.0/mlflow-artifacts/artifacts/a%20b/model/x.pkl", 7);
    refused("/api/2.0/mlflow-artifacts/artifacts/a%20b/model%2fx.pkl", 7);
    refused("/api/2.0/x", 9);
    refused("/version;x", 3);
}

/// Leave to repeat one key is no leave for another.
#[test]
fn repetition_needs_permission_for_each_key() {
    let request = CAPTURES[5].request();
    let refused = Err(SigV4Error::SignatureDoesNotMatch);
    assert_eq!(check(&request, Dialect::MlflowSdk { repeated_keys: &[] }), refused);
    assert_eq!(check(&request, Dialect::MlflowSdk { repeated_keys: &["trace_ids"] }), refused);
    assert_eq!(check(&request, Dialect::MlflowSdk { repeated_keys: &["order_by"] }), Ok(()));
}

/// Anything that signer doesn't do is held to AWS's form.
#[test]
fn only_that_signers_habits_earn_its_dialect() {
    let mut request = CAPTURES[4].request();
    request.set("host", "mlflow.example:5000");
    assert_eq!(check(&request, REPEATED), Err(SigV4Error::SignatureDoesNotMatch));

    let mut body_on_get = CAPTURES[0].request();
    body_on_get.body = b"{}".to_vec();
    assert_eq!(check(&body_on_get, REPEATED), Err(SigV4Error::PayloadMismatch));
}

/// The SDK's canonical request, signed with the right key, of requests that the SDK doesn't make.
#[test]
fn its_form_alone_is_not_enough() {
    let payload = hex::encode(sha256(b""));
    let signed = |query: &str, range: bool| {
        let mut request = CAPTURES[4].request();
        request.query = query.into();
        let (name, line) = if range { ("range;", "range:bytes=0-1\n") } else { ("", "") };
        let names = format!("host;{name}x-amz-content-sha256;x-amz-date");
        let canonical = format!(
            "GET\n{}\n{query}\nhost:mlflow.example\n{line}x-amz-content-sha256:{payload}\n\
             x-amz-date:20260101T000000Z\n\n{names}\n{payload}",
            request.path
        );
        request.set("range", "bytes=0-1");
        request.sign_over(&canonical, &names);
        check(&request, REPEATED)
    };
    let refused = Err(SigV4Error::SignatureDoesNotMatch);
    assert_eq!(signed("filter=a+b", false), Ok(()));
    assert_eq!(signed("filter=a+b", true), refused);
    assert_eq!(signed("filter=a+b=c", false), refused);
    assert_eq!(signed("filter=a+b&flag", false), refused);
}
