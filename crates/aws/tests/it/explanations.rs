//! Refusals that explain themselves: to whom, how much, and what the encoded message of one decodes to.

use garita_testkit::TestCredentials;
use insta::assert_snapshot;

use crate::door::{Door, element};

const DECODER: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:DecodeAuthorizationMessage","Resource":"*"}}"#;

/// What stands behind AWS's sentence.
fn explanation(reply: &str) -> String {
    let (sentence, behind) = reply.split_once(" action. ").unwrap_or_else(|| panic!("{reply}"));
    assert!(sentence.starts_with("403 AccessDenied: User: arn:aws:"), "{reply}");
    behind.to_owned()
}

async fn grant(door: &Door, user: &str, name: &str, policy: &str) {
    let call =
        [("Action", "PutUserPolicy"), ("UserName", user), ("PolicyName", name), ("PolicyDocument", policy)];
    assert!(door.iam(&call).await.starts_with("200 "));
}

async fn role(door: &Door, name: &str, trust: &str) {
    let call = [("Action", "CreateRole"), ("RoleName", name), ("AssumeRolePolicyDocument", trust)];
    assert!(door.iam(&call).await.starts_with("200 "));
}

async fn assume(door: &Door, who: &TestCredentials, role: &str) -> String {
    let arn = format!("arn:aws:iam::111122223333:role/{role}");
    let call = [("Action", "AssumeRole"), ("RoleArn", arn.as_str()), ("RoleSessionName", "s1")];
    door.sts_as(who, &call).await
}

#[tokio::test]
async fn an_implicit_deny_tells_the_nearest_allow_and_the_missing_keys() {
    let door = Door::open().await;
    let ana = door.user("ana").await;
    let policy = r#"{"Version":"2012-10-17","Statement":[
        {"Sid":"WithMfa","Effect":"Allow","Action":"iam:List*","Resource":"*",
         "Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}},
        {"Sid":"Own","Effect":"Allow","Action":"iam:GetUser","Resource":"arn:aws:iam::*:user/${aws:username}"}]}"#;
    grant(&door, "ana", "some", policy).await;
    let listed = door.iam_as(&ana, &[("Action", "ListUsers")]).await;
    assert_snapshot!(explanation(&listed), @"Nearest: statement 0 (WithMfa) of some, line 2 column 9: condition `Bool` on `aws:MultiFactorAuthPresent` is not met: the request has no such key (and 1 more). The request lacks the condition keys `aws:MultiFactorAuthPresent`. Decision id: [request id]. Encoded authorization failure message: [sealed]");
    let other = door.iam_as(&ana, &[("Action", "GetUser"), ("UserName", "bo")]).await;
    assert_snapshot!(explanation(&other), @"Nearest: statement 1 (Own) of some, line 4 column 9: `Resource` `arn:aws:iam::*:user/${aws:username}` does not fit: its resource part is `user/${aws:username}`, the request's is `user/bo` (and 1 more). Decision id: [request id]. Encoded authorization failure message: [sealed]");
}

#[tokio::test]
async fn what_a_resource_is_like_is_told_to_nobody() {
    let door = Door::open().await;
    let ana = door.user("ana").await;
    let policy = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:GetUser","Resource":"*",
        "Condition":{"StringEquals":{"aws:ResourceTag/team":"vision"}}}}"#;
    grant(&door, "ana", "some", policy).await;
    let call = [
        ("Action", "CreateUser"),
        ("UserName", "bo"),
        ("Tags.member.1.Key", "team"),
        ("Tags.member.1.Value", "secret-project"),
    ];
    door.iam(&call).await;
    door.user("cleo").await;
    let mut told = Vec::new();
    for name in ["bo", "cleo", "none"] {
        let reply = door.iam_as(&ana, &[("Action", "GetUser"), ("UserName", name)]).await;
        assert!(!reply.contains("secret-project"), "{reply}");
        told.push(explanation(&reply));
    }
    assert_snapshot!(told[0], @"Nearest: statement 0 of some, line 1 column 37: condition `StringEquals` on `aws:ResourceTag/team` is not met. Decision id: [request id]. Encoded authorization failure message: [sealed]");
    assert!(told.iter().all(|one| *one == told[0]), "tagged, untagged and absent are told alike: {told:?}");
}

#[tokio::test]
async fn a_trust_policy_is_explained_to_who_may_read_the_role_and_hides_its_presence_from_others() {
    let door = Door::open().await;
    let (ana, eve) = (door.user("ana").await, door.user("eve").await);
    let read =
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:GetRole","Resource":"*"}}"#;
    grant(&door, "ana", "read", read).await;
    let trust = r#"{"Version":"2012-10-17","Statement":{"Sid":"Outside","Effect":"Allow","Action":"sts:AssumeRole",
        "Principal":{"AWS":"111122223333"},"Condition":{"StringEquals":{"sts:ExternalId":"never-tell"}}}}"#;
    role(&door, "job", trust).await;
    let told = assume(&door, &ana, "job").await;
    assert_snapshot!(explanation(&told), @"Nearest: statement 0 (Outside) of trust policy, line 1 column 37: condition `StringEquals` on `sts:ExternalId` is not met: the request has no such key. The request lacks the condition keys `sts:ExternalId`. Decision id: [request id]. Encoded authorization failure message: [sealed]");
    assert!(!told.contains("never-tell"));
    let (there, absent) = (assume(&door, &eve, "job").await, assume(&door, &eve, "none").await);
    assert_eq!(there.replace("role/job", "role/none"), absent);
    assert_snapshot!(explanation(&there), @"Decision id: [request id]. Encoded authorization failure message: [sealed]");
}

#[tokio::test]
async fn another_account_sees_the_sentence_and_the_id_alone() {
    let door = Door::open().await;
    let (_, foreign) = door.garita.another_account("other").await;
    let allow = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}}"#;
    role(&door, "job", allow).await;
    let call = |action| [("Action", action), ("UserName", "bo")];
    door.iam_as(&foreign, &call("CreateUser")).await;
    let key = door.sent(&foreign, "iam", &call("CreateAccessKey")).await;
    let bo = TestCredentials {
        key: element(&key, "AccessKeyId").unwrap().to_owned(),
        secret: element(&key, "SecretAccessKey").unwrap().to_owned(),
        token: None,
    };
    let told = assume(&door, &bo, "job").await;
    assert_snapshot!(explanation(&told), @"Decision id: [request id]. Encoded authorization failure message: [sealed]");
}

async fn decode(door: &Door, who: &TestCredentials, message: &str) -> String {
    door.sent(who, "sts", &[("Action", "DecodeAuthorizationMessage"), ("EncodedMessage", message)]).await
}

#[tokio::test]
async fn an_encoded_message_decodes_in_its_account_for_who_may() {
    let door = Door::open().await;
    let (ana, dora) = (door.user("ana").await, door.user("dora").await);
    grant(&door, "dora", "decode", DECODER).await;
    let deny = r#"{"Version":"2012-10-17","Statement":{"Sid":"NoLists","Effect":"Deny","Action":"iam:List*","Resource":"*"}}"#;
    grant(&door, "ana", "no", deny).await;
    let refused = door.sent(&ana, "iam", &[("Action", "ListUsers")]).await;
    let id = element(&refused, "RequestId").unwrap();
    let message = element(&refused, "Message").unwrap();
    let (_, sealed) = message.split_once("Encoded authorization failure message: ").unwrap();

    let decoded = decode(&door, &dora, sealed).await;
    let text = element(&decoded, "DecodedMessage").unwrap_or_else(|| panic!("{decoded}"));
    let decoded: serde_json::Value = serde_json::from_str(&text.replace("&quot;", "\"")).unwrap();
    assert_eq!(decoded["allowed"], false);
    assert_eq!(decoded["explicitDeny"], true);
    let matched = &decoded["matchedStatements"]["items"];
    assert_eq!(matched.as_array().unwrap().len(), 1);
    assert_eq!((&matched[0]["statementId"], &matched[0]["effect"]), (&"NoLists".into(), &"DENY".into()));
    assert_eq!(decoded["failures"]["items"], serde_json::json!([]));
    let context = &decoded["context"];
    assert_eq!(context["action"], "iam:ListUsers");
    assert_eq!(context["resource"], "arn:aws:iam::111122223333:user/");
    assert_eq!(context["principal"]["name"], "ana");
    assert_eq!(context["principal"]["arn"], "arn:aws:iam::111122223333:user/ana");
    assert!(context["principal"]["id"].as_str().unwrap().starts_with("AIDA"));
    let conditions = context["conditions"]["items"].as_array().unwrap();
    let ip = conditions.iter().find(|one| one["key"] == "aws:SourceIp").unwrap();
    assert_eq!(ip["values"]["items"][0]["value"], "127.0.0.1");
    assert_eq!(decoded["decisionId"], id);

    assert!(decode(&door, &ana, sealed).await.contains("<Code>AccessDenied</Code>"));
    let (_, foreign) = door.garita.another_account("other").await;
    let invalid = "<Code>InvalidAuthorizationMessageException</Code>";
    assert!(decode(&door, &foreign, sealed).await.contains(invalid), "another account's");
    let long = "A".repeat(10_240);
    for wrong in ["A", "not sealed", &sealed[1..], &sealed[..79], &format!("{sealed}A"), "\u{1F600}", &long] {
        assert!(decode(&door, &dora, wrong).await.contains(invalid), "{wrong}");
    }
    let allowed = door.garita.app.authorization_message(&door.garita.context(&dora).unwrap()).unwrap();
    assert!(decode(&door, &dora, &allowed).await.contains(invalid), "well sealed, of no record");
}

#[tokio::test]
async fn what_another_account_refused_decodes_without_its_policies() {
    let door = Door::open().await;
    let (other, foreign) = door.garita.another_account("other").await;
    let trust = r#"{"Version":"2012-10-17","Statement":{"Sid":"Outside","Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"OTHER"},"Condition":{"StringEquals":{"sts:ExternalId":"x"}}}}"#;
    role(&door, "job", &trust.replace("OTHER", &other.to_string())).await;
    for (action, more) in
        [("CreateUser", vec![]), ("PutUserPolicy", vec![("PolicyName", "p"), ("PolicyDocument", DECODER)])]
    {
        let mut call = vec![("Action", action), ("UserName", "bo")];
        call.extend(more);
        assert!(door.iam_as(&foreign, &call).await.starts_with("200 "));
    }
    let key = door.sent(&foreign, "iam", &[("Action", "CreateAccessKey"), ("UserName", "bo")]).await;
    let bo = TestCredentials {
        key: element(&key, "AccessKeyId").unwrap().to_owned(),
        secret: element(&key, "SecretAccessKey").unwrap().to_owned(),
        token: None,
    };
    let arn = "arn:aws:iam::111122223333:role/job";
    let call = [("Action", "AssumeRole"), ("RoleArn", arn), ("RoleSessionName", "s1")];
    let refused = door.sent(&bo, "sts", &call).await;
    let sealed = element(&refused, "Message").unwrap().rsplit(' ').next().unwrap().to_owned();
    let decoded = decode(&door, &bo, &sealed).await;
    assert!(decoded.contains("&quot;action&quot;:&quot;sts:AssumeRole&quot;"), "{decoded}");
    assert!(!decoded.contains("Outside") && !decoded.contains("ExternalId"), "{decoded}");
}
