//! What stands on the trail of a request.

use garita_app::authorize::Question;
use garita_app::{Outcome, RequestContext};
use garita_model::AuditRecord;
use garita_testkit::TestGarita;
use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use crate::stage::{allow, ask, assume, denied, role, trust, user};

/// The lines of the trail, without what stands in front of the records.
fn lines(garita: &TestGarita) -> Vec<Value> {
    let folder = std::fs::read_dir(garita.folder().join("audit")).unwrap();
    let files = folder.map(|entry| entry.unwrap().path());
    let mut texts =
        files.filter(|file| file.extension().is_some()).map(|file| std::fs::read_to_string(file).unwrap());
    let mut lines = Vec::new();
    for line in texts.by_ref().collect::<String>().trim_matches('\0').lines() {
        let mut line: Map<String, Value> = serde_json::from_str(line).unwrap();
        for front in ["seq", "prev"] {
            assert!(line.remove(front).is_some());
        }
        lines.push(line.into());
    }
    lines
}

async fn end(garita: &TestGarita, cx: &RequestContext) -> Value {
    garita.app.audit(cx, &Outcome::ok(200)).await.unwrap();
    lines(garita).pop().unwrap()
}

#[tokio::test]
async fn a_record_says_who_asked_for_what_and_how_it_was_judged() {
    let garita = TestGarita::new().await;
    let ana = user(&garita, "ana", Some(allow("iam:ListUsers", "*"))).await;
    let arn = role(&garita, "reader", trust(r#"{"AWS":"111122223333"}"#, ""), None).await;
    assert!(denied(assume(&garita, &ana, &ask(&arn))));

    garita.clock.advance(SignedDuration::from_millis(999));
    let cx = garita.context(&ana).unwrap();
    let account = garita.account();
    assert!(garita.app.authorize(&cx, &Question::new("iam:ListUsers", "*", account)).is_ok());
    assert!(garita.app.authorize(&cx, &Question::new("iam:GetRole", &arn, account)).is_err());
    let told = end(&garita, &cx).await;
    let key = cx.caller().key.clone().unwrap();
    assert_eq!(told["userIdentity"]["type"], "IAMUser");
    assert_eq!(told["userIdentity"]["userName"], "ana");
    assert_eq!(told["userIdentity"]["arn"], "arn:aws:iam::111122223333:user/ana");
    assert_eq!(told["userIdentity"]["accessKeyId"], key.as_str());
    assert_eq!(told["recipientAccountId"], "111122223333");
    assert_eq!(told["resources"], json!([{ "ARN": arn, "accountId": "111122223333" }]));
    let [allowed, refused] = told["additionalEventData"]["decisions"].as_array().unwrap().as_slice() else {
        panic!("{told}")
    };
    assert_eq!(
        (&allowed["decision"], &allowed["statements"][0]["policy"]),
        (&json!("allowed"), &json!("inline"))
    );
    assert_eq!((&refused["decision"], &refused["action"]), (&json!("implicitDeny"), &json!("iam:GetRole")));
    assert!(refused["context"]["aws:PrincipalArn"].is_array() && allowed.get("context").is_none());
    assert_eq!(told["eventTime"], "2026-03-01T12:00:00Z");
}

#[tokio::test]
async fn whatever_is_written_is_read_again_whole() {
    let garita = TestGarita::new().await;
    let bo = user(&garita, "bo", Some(allow("sts:*", "*"))).await;
    let trusting = trust(r#"{"AWS":"arn:aws:iam::111122223333:root"}"#, "");
    let arn = role(&garita, "reader", trusting, None).await;
    let mut asked = ask(&arn);
    asked.source_identity = Some("bo@example.com".to_owned());
    let session = garita.context(&assume(&garita, &bo, &asked).unwrap()).unwrap();
    assert!(garita.app.authorize(&session, &Question::new("iam:GetRole", &arn, garita.account())).is_err());
    let told = end(&garita, &session).await;
    let within = &told["userIdentity"]["sessionContext"];
    assert_eq!(within["sessionIssuer"]["userName"], "reader");
    assert_eq!(within["sourceIdentity"], "bo@example.com");
    assert_eq!(within["attributes"]["mfaAuthenticated"], "false");

    let arrival = garita.app.arrive([127, 0, 0, 1].into(), false, Some("curl \"8\"\n")).unwrap();
    let nobody = garita.app.nobody(arrival);
    garita.app.audit(&nobody, &Outcome::error(400, "BadRequest", "no")).await.unwrap();

    let lines = lines(&garita);
    assert_eq!(lines.iter().filter(|line| line["errorCode"] == "BadRequest").count(), 1);
    assert_eq!(lines.last().unwrap()["userAgent"], "curl \"8\"\n");
    for line in lines {
        let record: AuditRecord = serde_json::from_value(line.clone()).unwrap();
        assert_eq!(serde_json::to_value(record).unwrap(), line);
    }
}
