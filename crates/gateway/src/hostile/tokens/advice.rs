//! What pages are told that may be done with each MCP server and each skill: the policy engine's word, whatever MLflow says.

use serde_json::{Value, json};

use super::super::body_of;
use super::browsers::{SESSION, Stage};

const SERVERS: &str = "/prod/ajax-api/3.0/mlflow/mcp-servers";
const SKILLS: &str = "/prod/ajax-api/3.0/mlflow/skills";

/// A reply of MLflow, for as long as the tests run.
fn answered(status: &str, body: &str) -> &'static str {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}");
    Box::leak(format!("{head}\r\n\r\n{body}").into_boxed_str())
}

const STAGE: &str = "arn:aws:execute-api:eu-west-1:111122223333:mlflow0001/prod";

/// A stage before an MLflow that answers so, and the session of somebody who may do what `paths` say.
async fn stage(paths: &[&str], mlflow: &'static str) -> (Stage, String) {
    let stage = Stage::answering(mlflow).await;
    let resources: Vec<String> = paths.iter().map(|path| format!("{STAGE}/{path}")).collect();
    let statement = json!({ "Effect": "Allow", "Action": "execute-api:Invoke", "Resource": resources });
    let document = json!({ "Version": "2012-10-17", "Statement": statement }).to_string();
    stage.world.grant("reader", document).await;
    let session = stage.sign_in().await;
    (stage, format!("Cookie: {SESSION}={session}\r\n"))
}

/// What a page is told.
async fn told(paths: &[&str], target: &str, mlflow: &'static str) -> (u16, String) {
    let (stage, cookie) = stage(paths, mlflow).await;
    let (status, reply) = stage.get(target, &cookie).await;
    (status, body_of(&reply).to_owned())
}

async fn read(paths: &[&str], target: &str, body: &Value) -> Value {
    let (status, told) = told(paths, target, answered("200 OK", &body.to_string())).await;
    assert_eq!(status, 200, "{told}");
    serde_json::from_str(&told).unwrap()
}

#[tokio::test]
async fn each_has_what_the_routes_behind_its_own_name_allow() {
    let mine = "api/3.0/mlflow/mcp-servers/mine";
    let may = [
        "GET/api/3.0/mlflow/mcp-servers*".to_owned(),
        format!("PATCH/{mine}"),
        format!("POST/{mine}/versions"),
        format!("POST/{mine}/tags"),
        // Not all that changing another takes.
        "PATCH/api/3.0/mlflow/mcp-servers/half".to_owned(),
        "DELETE/api/3.0/mlflow/mcp-servers/half".to_owned(),
    ];
    let may: Vec<&str> = may.iter().map(String::as_str).collect();
    let servers = ["mine", "half", "other"].map(|name| json!({ "name": name }));
    let told = read(&may, SERVERS, &json!({ "mcp_servers": servers })).await;
    let actions = |at: usize| told["mcp_servers"][at]["allowed_actions"].clone();
    assert_eq!(actions(0), json!(["USE", "UPDATE"]));
    assert_eq!(actions(1), json!(["USE", "DELETE"]));
    assert_eq!(actions(2), json!(["USE"]));
    let one = read(&["*"], &format!("{SERVERS}/mine"), &json!({ "name": "mine" })).await;
    assert_eq!(one["allowed_actions"], json!(["USE", "UPDATE", "DELETE", "MANAGE"]));
}

#[tokio::test]
async fn a_skill_of_an_organization_is_judged_by_both_names() {
    let may = [
        "GET/api/3.0/mlflow/skills",
        "GET/api/3.0/mlflow/skills/@acme/*",
        "DELETE/api/3.0/mlflow/skills/plan",
    ];
    let skills = json!([{ "name": "plan", "organization": "acme" }, { "name": "plan" }, { "name": "plan", "organization": "" }]);
    let told = read(&may, SKILLS, &json!({ "skills": skills })).await;
    let actions: Vec<&Value> =
        told["skills"].as_array().unwrap().iter().map(|skill| &skill["allowed_actions"]).collect();
    assert_eq!(actions, [&json!(["USE"]), &json!(["DELETE"]), &json!(["DELETE"])]);
}

#[tokio::test]
async fn what_else_is_there_stays_and_what_mlflow_claims_does_not() {
    let mlflow = json!({
        "mcp_servers": [
            { "name": "a", "allowed_actions": ["MANAGE"], "not known yet": { "deep": [1.5, null, "\u{1f43b}"] } },
            { "no name": true, "allowed_actions": ["MANAGE"] },
            "a", null, 7,
        ],
        "next_page_token": "t",
    });
    let told = read(&["GET/api/3.0/mlflow/mcp-servers*"], SERVERS, &mlflow).await;
    let mut expected = mlflow.clone();
    expected["mcp_servers"][0]["allowed_actions"] = json!(["USE"]);
    // What has no name is judged by the path that an empty one makes.
    expected["mcp_servers"][1]["allowed_actions"] = json!(["USE"]);
    assert_eq!(told, expected);
    // A list that is none is no place to hide in.
    let told =
        read(&["GET/*"], SERVERS, &json!({ "mcp_servers": { "name": "a" }, "allowed_actions": ["MANAGE"] }))
            .await;
    assert_eq!(told["allowed_actions"], json!(["USE"]));
    for bare in [json!([1, "a"]), json!("a"), json!(null), json!([])] {
        assert_eq!(read(&["GET/*"], SERVERS, &bare).await, bare);
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_not_passed_on() {
    let deep = "[".repeat(10_000);
    let long = format!("\"{}\"", "a".repeat(16 << 20));
    for body in ["", "{", "<html></html>", "{\"mcp_servers\": [{\"name\": \"a\"}]} x", &deep, &long] {
        let (status, told) = told(&["GET/*"], SERVERS, answered("200 OK", body)).await;
        let shown: String = told.chars().take(200).collect();
        assert_eq!(status, 502, "{shown}");
        assert!(shown.contains("the MLflow server's registry cannot be read"), "{shown}");
    }
    let whole = format!("\"{}\"", "a".repeat((16 << 20) - 2));
    assert_eq!(told(&["GET/*"], SERVERS, answered("200 OK", &whole)).await.0, 200);
}

#[tokio::test]
async fn that_something_went_wrong_is_passed_on_as_it_came() {
    let body = r#"{"error_code": "RESOURCE_DOES_NOT_EXIST",  "message": "no \"allowed_actions\" here"}"#;
    let (status, told) = told(&["GET/*"], &format!("{SERVERS}/x"), answered("404 Not Found", body)).await;
    assert_eq!((status, told.as_str()), (404, body));
}

#[tokio::test]
async fn mlflow_is_asked_for_an_answer_that_is_plain_and_whole() {
    let (stage, cookie) = stage(&["GET/*"], answered("200 OK", "{}")).await;
    let more = "Accept-Encoding: gzip\r\nRange: bytes=0-1\r\nIf-None-Match: \"x\"\r\nIf-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT\r\n";
    assert_eq!(stage.get(SERVERS, &format!("{cookie}{more}")).await.0, 200);
    let got = String::from_utf8(stage.bench().got().concat()).unwrap().to_ascii_lowercase();
    for header in ["accept-encoding", "range", "if-none-match", "if-modified-since"] {
        assert!(!got.contains(&format!("\r\n{header}:")), "{got}");
    }
}

/// An SDK shows nothing: what it gets is MLflow's own.
#[tokio::test]
async fn an_answer_to_a_token_or_a_signature_is_mlflows_own() {
    let body = r#"{"name": "a", "allowed_actions": ["MANAGE"]}"#;
    let (stage, _) = stage(&["GET/*"], answered("200 OK", body)).await;
    let bench = stage.bench();
    let (status, reply) = bench.send(&bench.signed("GET", SERVERS, "", b"")).await;
    assert_eq!((status, body_of(&reply)), (200, body));
}
