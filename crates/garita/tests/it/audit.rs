//! The trail: one record for every answered request, and none that holds a secret.

use crate::harness::{Client, ROOT_SECRET, Scratch, Server, init, run};

#[test]
fn every_answer_has_one_record() {
    let scratch = Scratch::new();
    let data = scratch.path().join("data");
    init(&data);
    let server = Server::start(&data);
    let root = server.root();
    assert_eq!(root.iam("CreateUser", "&UserName=ana").unwrap().status, 200);
    assert_eq!(root.iam("CreateUser", "&UserName=ana").unwrap().status, 409);
    assert_eq!(root.iam("GetUser", "&UserName=ana").unwrap().status, 200);
    let key = root.iam("CreateAccessKey", "&UserName=ana").unwrap();
    let secret = key.element("SecretAccessKey").unwrap().to_owned();
    let ana = Client {
        address: server.address.clone(),
        key: key.element("AccessKeyId").unwrap().to_owned(),
        secret: secret.clone(),
    };
    assert_eq!(ana.iam("ListUsers", "").unwrap().status, 403);
    let forged = Client { secret: "wrong".to_owned(), ..ana };
    assert_eq!(forged.iam("ListUsers", "").unwrap().status, 403);
    assert_eq!(root.iam("NoSuchThing", "").unwrap().status, 400);

    let tail = run(&["audit", "tail", "-n", "100", "--data", data.to_str().unwrap()]);
    let text = String::from_utf8(tail.stdout).unwrap();
    assert!(!text.contains(&secret) && !text.contains(ROOT_SECRET));
    let records: Vec<serde_json::Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let seen: Vec<(String, Option<String>)> = records
        .iter()
        .filter(|record| record["eventSource"] != "organizations.amazonaws.com")
        .map(|r| (r["eventName"].as_str().unwrap().to_owned(), r["errorCode"].as_str().map(str::to_owned)))
        .collect();
    let expected = [
        ("CreateUser", None),
        ("CreateUser", Some("EntityAlreadyExists")),
        ("GetUser", None),
        ("CreateAccessKey", None),
        ("ListUsers", Some("AccessDenied")),
        ("ListUsers", Some("SignatureDoesNotMatch")),
        ("NoSuchThing", Some("InvalidAction")),
    ];
    let expected: Vec<_> =
        expected.map(|(name, code)| (name.to_owned(), code.map(str::to_owned))).into_iter().collect();
    assert_eq!(seen, expected);
    let denied = &records[records.len() - 3];
    assert_eq!(denied["userIdentity"]["type"], "IAMUser");
    assert_eq!(denied["userIdentity"]["userName"], "ana");
    assert_eq!(denied["additionalEventData"]["status"], 403);
    assert_eq!(denied["additionalEventData"]["decisions"][0]["decision"], "implicitDeny");
}
