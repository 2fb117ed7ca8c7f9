//! Resource policies of a stage: whom they let in, whom they keep out, and what is told to whom.

use garita_app::RequestContext;
use garita_app::iam::{CreateUser, EntityName, PutInlinePolicy};
use garita_testkit::TestCredentials;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{Bench, OK, body_of};
use crate::stage_policy::Owner;
use crate::{Api, Gateway, StagePolicy};

const READ: &str = "/prod/api/2.0/mlflow/runs/get?run_id=1";
const INVOKE: &str = "execute-api:Invoke";

/// The same bench, its stage with a policy of these statements.
async fn behind(bench: Bench, statements: Value) -> Bench {
    let api = bench.gateway.stages[0].api.clone();
    let owner = Owner { account: api.account, region: &api.region, api: &api.id, stage: &api.stage };
    let text = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
    let policy = Some(StagePolicy::parse(&text, owner).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let apis = vec![Api { policy, ..api.clone() }];
    let gateway = Gateway::new(bench.garita.app.clone(), apis, address).unwrap();
    tokio::spawn(super::serve(listener, gateway.clone()));
    Bench { address, gateway, garita: bench.garita, got: bench.got }
}

/// A user of the account of `root`, who is allowed these actions everywhere.
async fn user(bench: &Bench, root: &RequestContext, name: &str, actions: &[&str]) -> TestCredentials {
    let (app, path) = (&bench.garita.app, garita_model::Path::default());
    let new = CreateUser { name: name.parse().unwrap(), path, boundary: None, tags: Vec::new() };
    app.create_user(root, new).await.unwrap();
    if !actions.is_empty() {
        let statement = json!({ "Sid": "Own", "Effect": "Allow", "Action": actions, "Resource": "*" });
        let document = json!({ "Version": "2012-10-17", "Statement": statement }).to_string();
        let entity = EntityName::User(name.parse().unwrap());
        let put = PutInlinePolicy { entity, name: "own".parse().unwrap(), document };
        app.put_inline_policy(root, put).await.unwrap();
    }
    (&app.create_access_key(root, Some(name.parse().unwrap())).await.unwrap()).into()
}

async fn read(bench: &Bench, who: &TestCredentials) -> (u16, Value) {
    let (status, reply) = bench.send(&bench.signed_by(who, "GET", READ, "", b"")).await;
    (status, serde_json::from_str(body_of(&reply)).unwrap())
}

fn allow(principal: &str) -> Value {
    json!({ "Sid": "In", "Effect": "Allow", "Principal": { "AWS": principal }, "Action": INVOKE,
            "Resource": "execute-api:/prod/GET/api/*" })
}

#[tokio::test]
async fn in_one_account_either_policy_lets_in_unless_one_denies() {
    let bench = Bench::new(OK).await;
    let root = bench.garita.as_root();
    let (ana, bo) = (user(&bench, &root, "ana", &[]).await, user(&bench, &root, "bo", &[INVOKE]).await);
    assert_eq!((read(&bench, &ana).await.0, read(&bench, &bo).await.0), (403, 200), "without a policy");
    let bench = behind(bench, json!([allow("arn:aws:iam::111122223333:user/ana")])).await;
    assert_eq!((read(&bench, &ana).await.0, read(&bench, &bo).await.0), (200, 200));
    let other_path = bench.signed_by(&ana, "GET", "/prod/version", "", b"");
    assert_eq!(bench.send(&other_path).await.0, 403, "another path than the one allowed");

    let bench = behind(bench, json!([allow("111122223333")])).await;
    assert_eq!((read(&bench, &ana).await.0, read(&bench, &bo).await.0), (403, 200), "left to the account");

    let deny = json!({ "Sid": "NotFromHere", "Effect": "Deny", "Principal": "*", "Action": INVOKE,
        "Resource": "execute-api:/*", "Condition": { "IpAddress": { "aws:SourceIp": "127.0.0.0/8" } } });
    let bench = behind(bench, json!([allow("arn:aws:iam::111122223333:user/ana"), deny])).await;
    let (status, body) = read(&bench, &bo).await;
    assert_eq!((status, read(&bench, &ana).await.0), (403, 403));
    let message = body["message"].as_str().unwrap();
    let stage = "arn:aws:apigateway:eu-west-1::/restapis/mlflow0001/stages/prod";
    assert!(message.contains(&format!(
        "with an explicit deny in a resource-based policy. Denied by statement 1 (NotFromHere) of {stage}, line 1 "
    )), "{message}");
    assert!(!message.contains("127.0.0.0"), "{message}");
    let decision = &body["decision"];
    assert!(message.ends_with(decision["id"].as_str().unwrap()), "{message}");
    assert_eq!(decision["decision"], "explicitDeny");
    assert_eq!(decision["policyType"], "resource-based policy");
    assert_eq!(decision["statements"][0]["policy"], stage);
    assert_eq!(decision["statements"][0]["sid"], "NotFromHere");
    assert_eq!((&decision["nearest"], &decision["missingContextKeys"]), (&json!([]), &json!([])));
}

#[tokio::test]
async fn across_accounts_both_sides_must_allow_and_no_details_are_told() {
    let bench = Bench::new(OK).await;
    let (other, root) = bench.garita.another_account("other").await;
    let root = bench.garita.context(&root).unwrap();
    let (ana, bo) = (user(&bench, &root, "ana", &[]).await, user(&bench, &root, "bo", &[INVOKE]).await);
    assert_eq!((read(&bench, &ana).await.0, read(&bench, &bo).await.0), (403, 403), "without a policy");
    let bench = behind(bench, json!([allow("arn:aws:iam::111122223333:user/ana")])).await;
    assert_eq!(read(&bench, &bo).await.0, 403, "a policy that names others");
    let bench = behind(bench, json!([allow(&other.to_string())])).await;
    assert_eq!(read(&bench, &bo).await.0, 200);
    let (status, body) = read(&bench, &ana).await;
    let (message, id) = (body["message"].as_str().unwrap(), body["decision"]["id"].as_str().unwrap());
    assert_eq!(status, 403);
    assert!(
        message.ends_with(&format!(
            "because no identity-based policy allows the execute-api:Invoke action. Decision id: {id}"
        )),
        "{message}"
    );
    assert_eq!(body["decision"], json!({ "id": id }));
    let whole = body.to_string();
    assert!(!whole.contains("(In)") && !whole.contains("restapis"), "{whole}");
}

#[tokio::test]
async fn a_refusal_in_the_own_account_names_the_nearest_allow_and_the_record_has_it_too() {
    let bench = Bench::new(OK).await;
    let root = bench.garita.as_root();
    let ana = user(&bench, &root, "ana", &["execute-api:ManageConnections"]).await;
    let (_, body) = read(&bench, &ana).await;
    let message = body["message"].as_str().unwrap();
    assert_eq!(body["Message"], body["message"]);
    let near = "statement 0 (Own) of own, line 1 column 37: `Action` is only `execute-api:ManageConnections`";
    assert!(
        message.contains(&format!("execute-api:Invoke action. Nearest: {near}. Decision id: ")),
        "{message}"
    );
    assert_eq!(body["decision"]["nearest"], json!([near]));
    let id = body["decision"]["id"].as_str().unwrap();
    let trail = std::fs::read_to_string(bench.garita.folder().join("audit/trail-000001.jsonl")).unwrap();
    let record: Value = serde_json::from_str(trail.lines().find(|line| line.contains(id)).unwrap()).unwrap();
    assert!(record["errorMessage"].as_str().unwrap().ends_with("the execute-api:Invoke action"));
    let decision = &record["additionalEventData"]["decisions"][0];
    assert_eq!(decision["nearest"], json!([near]));
    assert_eq!(decision["policyType"], "identity-based policy");
    assert_eq!(decision["resourceAccount"], "111122223333");
    assert_eq!(decision["context"]["aws:SourceIp"], json!(["127.0.0.1"]));
}
