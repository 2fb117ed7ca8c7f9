//! Signing out by MLflow's own menu: which request it is, and who may send it.

use super::browsers::{SESSION, Stage, header};

const QUESTION: &str = "/prod/ajax-api/2.0/mlflow/users/current";
const SCRIPT: &str = "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Dest: empty\r\n";
const MARK: &str = "mlflow_user=signed-in";

/// Every `Set-Cookie` of a reply.
fn told(reply: &str) -> Vec<&str> {
    reply.lines().filter_map(|line| line.strip_prefix("set-cookie: ")).collect()
}

#[tokio::test]
async fn the_menu_ends_the_session_and_takes_the_mark_away() {
    let stage = Stage::new().await;
    let session = stage.sign_in().await;
    let (status, reply) = stage.get(QUESTION, &format!("Cookie: {SESSION}={session}\r\n{SCRIPT}")).await;
    assert_eq!(status, 200, "{reply}");
    let cookies = told(&reply);
    assert!(
        cookies.iter().any(|line| line.starts_with(&format!("{SESSION}=;")) && line.contains("Max-Age=0"))
    );
    assert!(cookies.contains(&"mlflow_user=; Path=/prod/; SameSite=Lax; Max-Age=0"), "{cookies:?}");
    assert_eq!(stage.read(&session).await, 401);
    assert!(stage.bench().got().is_empty(), "MLflow is asked nothing of this");
}

#[tokio::test]
async fn the_same_question_at_any_other_time_signs_nobody_out() {
    let stage = Stage::new().await;
    let session = stage.sign_in().await;
    let own = format!("Cookie: {SESSION}={session}\r\n");
    let marked = format!("Cookie: {SESSION}={session}; {MARK}\r\n");
    let twice = format!("Cookie: {SESSION}={session}; {MARK}; {MARK}\r\n");
    let other = QUESTION.replace("current", "current/permissions");
    let root = QUESTION.replace("ajax-api", "api");
    for (target, cookies, more) in [
        (QUESTION, &marked, SCRIPT),
        (QUESTION, &twice, SCRIPT),
        // All other questions of the pages' scripts.
        (QUESTION, &own, &format!("{SCRIPT}Content-Type: application/json\r\n")),
        (QUESTION, &own, "Sec-Fetch-Site: same-origin\r\n"),
        (QUESTION, &own, "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Dest: document\r\n"),
        // An address that somebody typed, a browser of old, a link on another site, a request of one.
        (QUESTION, &own, ""),
        (QUESTION, &own, "Sec-Fetch-Site: none\r\nSec-Fetch-Dest: document\r\n"),
        (QUESTION, &own, "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Dest: empty\r\n"),
        (QUESTION, &own, "Sec-Fetch-Site: same-site\r\nSec-Fetch-Dest: empty\r\n"),
        (QUESTION, &own, &format!("{SCRIPT}Authorization: Basic YTpi\r\n")),
        (&other, &own, SCRIPT),
        (&root, &own, SCRIPT),
        (&format!("{QUESTION}/"), &own, SCRIPT),
    ] {
        let (_, reply) = stage.get(target, &format!("{cookies}{more}")).await;
        let ends = |line: &&str| line.starts_with(SESSION) || line.starts_with("mlflow_user=;");
        assert!(!told(&reply).iter().any(ends), "{target} {more}: {reply}");
        assert_eq!(stage.read(&session).await, 200, "{target} {more}");
    }
    for method in ["POST", "PUT", "DELETE", "HEAD"] {
        let raw = format!(
            "{method} {QUESTION} HTTP/1.1\r\nHost: localhost\r\n{own}{SCRIPT}Content-Length: 0\r\n\r\n"
        );
        stage.bench().send(raw.as_bytes()).await;
        assert_eq!(stage.read(&session).await, 200, "{method}");
    }
}

/// A browser sends `Origin` with what other sites' scripts ask: one that says so is not believed the rest.
#[tokio::test]
async fn a_request_of_another_origin_is_refused_and_ends_nothing() {
    let stage = Stage::new().await;
    let session = stage.sign_in().await;
    for origin in ["http://evil.example", "null", "http://localhost:81"] {
        let more = format!("Cookie: {SESSION}={session}\r\n{SCRIPT}Origin: {origin}\r\n");
        let (status, reply) = stage.get(QUESTION, &more).await;
        assert_eq!((status, header(&reply, "set-cookie")), (403, None), "{origin}: {reply}");
        assert_eq!(stage.read(&session).await, 200, "{origin}");
    }
    let (status, _) = stage
        .get(QUESTION, &format!("Cookie: {SESSION}={session}\r\n{SCRIPT}Origin: http://localhost\r\n"))
        .await;
    assert_eq!((status, stage.read(&session).await), (200, 401));
}

#[tokio::test]
async fn a_session_that_is_none_gets_no_page_but_the_way_out() {
    let stage = Stage::new().await;
    for cookies in ["", "Cookie: a=b\r\n"] {
        let (status, reply) = stage.get(QUESTION, &format!("{cookies}{SCRIPT}")).await;
        assert_eq!((status, header(&reply, "set-cookie")), (401, None), "{reply}");
    }
    let (status, reply) = stage.get(QUESTION, &format!("Cookie: {SESSION}=AAAA\r\n{SCRIPT}")).await;
    assert_eq!((status, told(&reply).len()), (200, 2), "{reply}");
}
