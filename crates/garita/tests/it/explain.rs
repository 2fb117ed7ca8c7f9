//! `garita explain`: beside a running server and after it, for refusals and for what was allowed.

use serde_json::Value;

use crate::harness::{Client, Scratch, Server, garita, init, run};

fn explain(data: &std::path::Path, more: &[&str]) -> (bool, String, String) {
    let mut arguments = vec!["explain", "--data", data.to_str().unwrap()];
    arguments.extend(more);
    let output = run(&arguments);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.success(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_decision_is_explained_by_its_id() {
    let scratch = Scratch::new();
    let data = scratch.path().join("data");
    init(&data);
    let server = Server::start(&data);
    let root = server.root();
    assert_eq!(root.iam("CreateUser", "&UserName=ana").unwrap().status, 200);
    let policy = "%7B%22Statement%22%3A%7B%22Sid%22%3A%22Get%22%2C%22Effect%22%3A%22Allow%22%2C%22Action%22%3A%22iam%3AGetUser%22%2C%22Resource%22%3A%22*%22%7D%7D";
    let put = format!("&UserName=ana&PolicyName=some&PolicyDocument={policy}");
    assert_eq!(root.iam("PutUserPolicy", &put).unwrap().status, 200);
    let key = root.iam("CreateAccessKey", "&UserName=ana").unwrap();
    let ana = Client {
        address: server.address.clone(),
        key: key.element("AccessKeyId").unwrap().to_owned(),
        secret: key.element("SecretAccessKey").unwrap().to_owned(),
    };
    let refused = ana.iam("ListUsers", "").unwrap();
    let id = refused.element("RequestId").unwrap().to_owned();
    assert!(refused.element("Message").unwrap().contains(&format!("Decision id: {id}")));
    let allowed = ana.iam("GetUser", "").unwrap().element("RequestId").unwrap().to_owned();

    let (done, beside, _) = explain(&data, &[&id]);
    assert!(done);
    for line in [
        "who         arn:aws:iam::",
        "asked for   ListUsers of iam.amazonaws.com",
        "answered    403 AccessDenied",
        "action      iam:ListUsers",
        "decision    implicitDeny, because no identity-based policy allows the iam:ListUsers action",
        "decided by  identity-based policy",
        "nearest     statement 0 (Get) of some, line 1 column 14: `Action` is only `iam:GetUser`",
        "what to do  if it should be allowed, allow `iam:ListUsers` on `arn:aws:iam::",
    ] {
        assert!(beside.contains(line), "no `{line}` in\n{beside}");
    }
    let (done, json, _) = explain(&data, &[&allowed, "--json"]);
    assert!(done);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["id"], &json["operation"]), (&allowed.into(), &"GetUser".into()));
    assert_eq!(json["decisions"][0]["decision"], "allowed");
    assert_eq!(json["decisions"][0]["policyType"], "identity-based policy");
    assert_eq!(json["decisions"][0]["statements"][0]["sid"], "Get");
    assert_eq!(json["decisions"][0]["statements"][0]["type"], "identity-based policy");
    assert_eq!(json["next"], serde_json::json!([]));

    let (done, _, why) = explain(&data, &["00000000-0000-4000-8000-000000000000"]);
    assert!(!done && why.contains("no decision `00000000-0000-4000-8000-000000000000`"), "{why}");
    let (done, _, why) = explain(&data, &["nonsense"]);
    assert!(!done && why.contains("`nonsense` is not a decision id"), "{why}");

    server.terminate();
    assert_eq!(explain(&data, &[&id]).1, beside, "the same without a server");
    let nowhere = scratch.path().join("nowhere");
    let (done, _, why) = explain(&nowhere, &[&id]);
    assert!(!done && why.contains("has no audit trail"), "{why}");
    assert!(!nowhere.exists());
}

#[test]
fn a_stage_with_a_policy_that_cannot_be_read_is_neither_checked_nor_served() {
    let scratch = Scratch::new();
    let data = scratch.path().join("data");
    init(&data);
    let api = "[[api]]\nid = \"ml1\"\naccount = \"111122223333\"\nstage = \"prod\"\nupstream = \"unix:/m.sock\"\npolicy = \"stage.json\"\n";
    std::fs::write(data.join("garita.toml"), api).unwrap();
    std::fs::write(data.join("stage.json"), "{\n \"Statement\": {\"Effect\": \"Permit\"}}").unwrap();
    for command in ["check", "serve"] {
        let output = garita(&[command, "--data", data.to_str().unwrap()]).output().unwrap();
        let why = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success());
        assert!(why.contains("policy of api `ml1`") && why.contains("at line 2 column 26"), "{why}");
    }
    let policy =
        r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"execute-api:/*"}}"#;
    std::fs::write(data.join("stage.json"), policy).unwrap();
    let output = run(&["check", "--data", data.to_str().unwrap()]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && said.contains("[ml1], with a resource policy"), "{said}");
}
