//! Browsers that a broker leads here with the credentials of a session.

use garita_app::authorize::Question;
use garita_app::console::BrokerLogin;
use garita_app::iam::{CreateOidcProvider, EntityName, PageRequest, UpdateAccessKey};
use garita_app::sts::{AssumeRoleWithWebIdentity, GetFederationToken};
use garita_model::{Clock as _, ConsoleSession, KeyStatus, Secret, SigninToken};
use garita_testkit::{TestCredentials, TestIdp};
use jiff::SignedDuration;
use serde_json::json;

use super::{ACCOUNT, House, led};
use crate::stage::{allow, ask, assume, put, role, tag, told, trust};

#[tokio::test]
async fn a_broker_signs_one_browser_in() {
    let house = House::open().await;
    let session = house.role_session().await;
    let token = house.broker(&session, Some(43_200)).await.unwrap();
    let record = house.last();
    assert_eq!(record.event_name, "GetSigninToken");
    assert_eq!(record.response_elements["GetSigninToken"], "Success");
    assert_eq!(record.response_elements["credentials"]["accessKeyId"], session.key.as_str());
    assert_eq!(record.user_identity["type"], "AssumedRole");
    let cookie = led(house.login(&token, None).await);
    let record = house.last();
    assert_eq!(
        (record.event_name.as_str(), record.user_identity["type"].as_str()),
        ("ConsoleLogin", Some("AssumedRole"))
    );
    assert_eq!(record.response_elements, json!({ "ConsoleLogin": "Success" }));
    let at = house.at(&cookie).unwrap();
    assert_eq!(at.arn(), "arn:aws:sts::111122223333:assumed-role/work/s1");
    assert!(!at.has_password() && at.cx.keys().get("aws:TokenIssueTime").is_some());
    assert!(matches!(house.login(&token, None).await, BrokerLogin::NotGood), "it was used");
    assert!(matches!(house.login(&cookie, None).await, BrokerLogin::NotGood), "a cookie is no token");
    assert!(house.at(&token).is_none(), "a token is no cookie");
    let late = house.broker(&session, None).await.unwrap();
    house.pass(SignedDuration::from_mins(15));
    assert!(matches!(house.login(&late, None).await, BrokerLogin::NotGood), "it has run out");
    let kept = serde_json::to_string(&house.trail()).unwrap();
    for hidden in [&session.secret, session.token.as_ref().unwrap(), &token, &late, &cookie] {
        assert!(!kept.contains(hidden.as_str()));
    }
    // The browser stays signed in past the credentials' own time.
    for _ in 0..3 {
        house.pass(SignedDuration::from_mins(40));
        house.app().note_console_use(&house.at(&cookie).unwrap()).await.unwrap();
    }
    assert!(house.broker(&session, None).await.is_err(), "which is over");
    // Nobody becomes somebody else unseen.
    let own = house.sign_in().await;
    let fresh = assume(&house.garita, &house.key, &ask("arn:aws:iam::111122223333:role/work")).unwrap();
    let token = house.broker(&fresh, None).await.unwrap();
    assert!(
        matches!(house.login(&token, Some(&own)).await, BrokerLogin::Another(who) if who.ends_with("user/ana"))
    );
    assert_eq!(led(house.login(&token, Some(&cookie)).await).len(), cookie.len());
    assert!(house.at(&cookie).is_none(), "the same role again, in place of the old session");
}

#[tokio::test]
async fn what_a_broker_is_refused() {
    let house = House::open().await;
    let session = house.role_session().await;
    let refused = async |shown: &TestCredentials, seconds| {
        house.broker(shown, seconds).await.unwrap_err().text().to_owned()
    };
    for seconds in [0, 899, 43_201] {
        assert!(refused(&session, Some(seconds)).await.contains("900 to 43200"));
    }
    let stolen = TestCredentials { secret: house.key.secret.clone(), ..session.clone() };
    assert!(refused(&stolen, None).await.contains("signature"), "another secret key");
    assert_eq!(house.last().response_elements, json!({ "GetSigninToken": "Failure" }));
    let crossed = TestCredentials { key: house.key.key.clone(), ..session.clone() };
    assert!(!refused(&crossed, None).await.is_empty(), "a token of another key");
    assert!(!refused(&house.key, None).await.is_empty(), "a long-term key");
    let cx = house.garita.context(&house.key).unwrap();
    let made = house.app().get_session_token(&cx, None).unwrap();
    assert!(refused(&(&made).into(), None).await.contains("GetSessionToken"));
    let input = GetFederationToken {
        name: "bob".parse().unwrap(),
        duration: None,
        policy: Some(allow("iam:ListUsers", "*")),
        policy_arns: Vec::new(),
        tags: Vec::new(),
    };
    let made = house.app().get_federation_token(&cx, &input).unwrap();
    let federated = (&made.credentials).into();
    assert!(refused(&federated, Some(900)).await.contains("GetFederationToken"));
    let token = house.broker(&federated, None).await.unwrap();
    let at = house.at(&led(house.login(&token, None).await)).unwrap();
    assert!(
        house.app().list_users(&at.cx, None, &PageRequest::default()).is_ok(),
        "which a program could not"
    );
    assert!(
        told(house.app().list_users(
            &house.garita.context(&federated).unwrap(),
            None,
            &PageRequest::default()
        ))
        .starts_with("InvalidClientTokenId")
    );

    let onward = trust(r#"{"AWS":"arn:aws:iam::111122223333:role/work"}"#, "");
    let next = role(&house.garita, "next", onward, None).await;
    put(&house.garita, EntityName::Role("work".parse().unwrap()), allow("sts:*", "*")).await;
    let chained = assume(&house.garita, &session, &ask(&next)).unwrap();
    assert!(refused(&chained, Some(3_601)).await.contains("3600"));
    assert!(house.broker(&chained, Some(3_600)).await.is_ok() && house.broker(&chained, None).await.is_ok());
    house.pass(SignedDuration::from_hours(1));
    assert!(!refused(&session, None).await.is_empty(), "they are over");
}

#[tokio::test]
async fn what_ends_the_credentials_ends_the_browser() {
    for what in ["role", "key", "user"] {
        let house = House::open().await;
        let session = house.role_session().await;
        let token = house.broker(&session, Some(43_200)).await.unwrap();
        let waiting = house.broker(&session, None).await.unwrap();
        let cookie = led(house.login(&token, None).await);
        let (app, root, ana) = (house.app(), house.root(), || Some("ana".parse().unwrap()));
        match what {
            "role" => {
                let work = EntityName::Role("work".parse().unwrap());
                app.delete_inline_policy(&root, work, "inline".parse().unwrap()).await.unwrap();
                app.delete_role(&root, "work".parse().unwrap()).await.unwrap();
            }
            "key" => {
                let key = house.key.key.parse().unwrap();
                let input = UpdateAccessKey { user: ana(), id: key, status: KeyStatus::Inactive };
                app.update_access_key(&root, input).await.unwrap();
            }
            _ => {
                let key = house.key.key.parse().unwrap();
                app.delete_access_key(&root, ana(), key).await.unwrap();
            }
        }
        assert!(house.at(&cookie).is_none(), "{what}");
        assert!(matches!(house.login(&waiting, None).await, BrokerLogin::NotGood), "{what}");
        house.app().sweep_browsers().await.unwrap();
        let state = house.app().snapshot();
        assert!(state.list::<ConsoleSession>(ACCOUNT.parse().unwrap(), "").next().is_none());
        house.pass(SignedDuration::from_mins(15));
        house.app().sweep_browsers().await.unwrap();
        let state = house.app().snapshot();
        assert!(state.list::<SigninToken>(ACCOUNT.parse().unwrap(), "").next().is_none());
    }
}

#[tokio::test]
async fn a_token_shown_twice_at_once_signs_one_browser_in() {
    let house = House::open().await;
    let session = house.role_session().await;
    for _ in 0..5 {
        let token = house.broker(&session, None).await.unwrap();
        let (one, two) = tokio::join!(house.login(&token, None), house.login(&token, None));
        let signed_in = |login: &BrokerLogin| matches!(login, BrokerLogin::SignedIn(_));
        assert!(signed_in(&one) != signed_in(&two));
    }
}

#[tokio::test]
async fn what_narrows_the_credentials_narrows_the_browser() {
    let house = House::open().await;
    let trusting = trust(r#"{"AWS":"111122223333"}"#, "");
    let arn = role(&house.garita, "wide", trusting, Some(allow("s3:*", "*"))).await;
    let mut asked = ask(&arn);
    asked.policy = Some(allow("s3:Get*", "*"));
    asked.tags = vec![tag("team", "vision")];
    asked.source_identity = Some("ana@example.com".to_owned());
    let session = assume(&house.garita, &house.key, &asked).unwrap();
    let token = house.broker(&session, Some(900)).await.unwrap();
    let at = house.at(&led(house.login(&token, None).await)).unwrap();
    let may = |action| {
        house
            .app()
            .authorize(&at.cx, &Question::new(action, "arn:aws:s3:::b/o", ACCOUNT.parse().unwrap()))
            .is_ok()
    };
    assert!(may("s3:GetObject") && !may("s3:PutObject"));
    for (key, value) in [("aws:PrincipalTag/team", "vision"), ("aws:SourceIdentity", "ana@example.com")] {
        assert!(format!("{:?}", at.cx.keys().get(key)).contains(value), "{key}");
    }
}

#[tokio::test]
async fn whom_another_provider_vouches_for_is_led_in_with_a_role() {
    let house = House::open().await;
    let idp = TestIdp::published(&house.garita.documents, "k1");
    let input = CreateOidcProvider {
        url: "https://idp.example".to_owned(),
        client_ids: vec!["app".to_owned()],
        thumbprints: Vec::new(),
        tags: Vec::new(),
    };
    house.app().create_oidc_provider(&house.root(), input).await.unwrap();
    let provider = "arn:aws:iam::111122223333:oidc-provider/idp.example";
    let trusting = trust(&format!(r#"{{"Federated":"{provider}"}}"#), "");
    let trusting = trusting.replace("\"sts:AssumeRole\"", "\"sts:AssumeRoleWithWebIdentity\"");
    let asked = AssumeRoleWithWebIdentity {
        role: role(&house.garita, "job", trusting, None).await,
        session: "s1".parse().unwrap(),
        token: Secret::new(idp.token(house.garita.clock.now(), &json!({}))),
        duration: None,
        policy: None,
        policy_arns: Vec::new(),
    };
    let made = house.app().assume_role_with_web_identity(&house.browser(), asked).await.unwrap();
    let token = house.broker(&(&made.assumed.credentials).into(), Some(7_200)).await.unwrap();
    let cookie = led(house.login(&token, None).await);
    assert!(house.at(&cookie).unwrap().arn().ends_with("assumed-role/job/s1"));
    house.app().delete_oidc_provider(&house.root(), provider).await.unwrap();
    assert!(house.at(&cookie).is_none(), "it ends with the provider");
}
