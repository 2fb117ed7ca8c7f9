//! Who gets in with a password, as which caller, and what is told of who does not.

use garita_app::iam::{EntityName, PageRequest};
use jiff::SignedDuration;
use serde_json::json;

use super::{ACCOUNT, House, PASSWORD, cookie, step};
use crate::stage::{allow, put, told, user};

#[tokio::test]
async fn a_user_at_the_console_is_the_caller_that_a_session_would_be() {
    let house = House::open().await;
    let app = house.app();
    app.create_account_alias(&house.root(), "research".parse().unwrap()).await.unwrap();
    let cookie = cookie(house.try_at("research", "Ana", PASSWORD).await);
    house.pass(SignedDuration::from_secs(90));
    let at = house.at(&cookie).unwrap();
    assert_eq!(at.arn(), "arn:aws:iam::111122223333:user/ana");
    assert!(!at.has_mfa() && at.has_password());
    for (key, value) in [
        ("aws:username", "ana"),
        ("aws:MultiFactorAuthPresent", "false"),
        ("aws:TokenIssueTime", "2026-03-01T12:00:00Z"),
        ("aws:PrincipalAccount", ACCOUNT),
        ("aws:PrincipalType", "User"),
    ] {
        let held = at.cx.keys().get(key).map(|held| format!("{held:?}"));
        assert!(held.as_deref().is_some_and(|held| held.contains(value)), "{key}: {held:?}");
    }
    assert!(at.cx.keys().get("aws:MultiFactorAuthAge").is_none());
    // What a program with temporary credentials of a user may not do without a second factor.
    assert_eq!(app.list_users(&at.cx, None, &PageRequest::default()).unwrap().items.len(), 1);
    assert!(app.caller_identity(&at.cx).unwrap().user_id.starts_with("AIDA"));
    put(&house.garita, EntityName::User("ana".parse().unwrap()), allow("s3:*", "*")).await;
    assert!(told(app.list_users(&at.cx, None, &PageRequest::default())).starts_with("AccessDenied"));

    let record = house.trail().into_iter().rfind(|record| record.event_name == "ConsoleLogin").unwrap();
    assert_eq!(
        (record.event_source.as_str(), record.event_type.as_str()),
        ("signin.amazonaws.com", "AwsConsoleSignIn")
    );
    assert_eq!(record.response_elements, json!({ "ConsoleLogin": "Success" }));
    assert_eq!(record.user_identity["userName"], "ana");
    assert_eq!(record.user_identity["arn"], "arn:aws:iam::111122223333:user/ana");
    assert_eq!(record.recipient_account_id, ACCOUNT);
    assert_eq!(record.additional_event_data["MFAUsed"], "No");
    assert_eq!(record.additional_event_data["LoginTo"], "https://garita.test/console");
    assert_eq!(record.error_code, None);
    let kept = serde_json::to_string(&house.trail()).unwrap();
    assert!(!kept.contains(PASSWORD) && !kept.contains(&cookie));
}

#[tokio::test]
async fn what_is_wrong_is_told_to_nobody() {
    let house = House::open().await;
    user(&house.garita, "bo", None).await;
    for (account, name, password, why, named) in [
        (ACCOUNT, "ana", "wrong", "Failed authentication", "ana"),
        (ACCOUNT, "bo", PASSWORD, "Failed authentication", "bo"),
        (
            ACCOUNT,
            "my-own-password",
            PASSWORD,
            "No username found in supplied account",
            "HIDDEN_DUE_TO_SECURITY_REASONS",
        ),
        (ACCOUNT, "", "", "No username found in supplied account", "HIDDEN_DUE_TO_SECURITY_REASONS"),
        (
            "999999999999",
            "ana",
            PASSWORD,
            "No username found in supplied account",
            "HIDDEN_DUE_TO_SECURITY_REASONS",
        ),
        (
            "nowhere",
            "ana",
            PASSWORD,
            "No username found in supplied account",
            "HIDDEN_DUE_TO_SECURITY_REASONS",
        ),
    ] {
        assert_eq!(step(&house.try_at(account, name, password).await), "Wrong", "{account} {name}");
        let record = house.last();
        assert_eq!(record.event_name, "ConsoleLogin");
        assert_eq!(record.error_message.as_deref(), Some(why), "{account} {name}");
        assert_eq!(record.error_code, None);
        assert_eq!(record.response_elements, json!({ "ConsoleLogin": "Failure" }));
        assert_eq!(record.user_identity["userName"], named);
        assert_eq!(record.recipient_account_id, if account == ACCOUNT { ACCOUNT } else { "" });
    }
    let kept = serde_json::to_string(&house.trail()).unwrap();
    assert!(!kept.contains("my-own-password"));
    for foreign in ["", ".", "111122223333", "111122223333.x", "x.x"] {
        assert!(house.at(foreign).is_none(), "{foreign}");
    }
}

#[tokio::test]
async fn wrong_passwords_lock_a_name_out_at_one_address() {
    let house = House::open().await;
    house.app().create_account_alias(&house.root(), "research".parse().unwrap()).await.unwrap();
    for (account, name) in [("research", "ana"), ("nowhere", "ana"), (ACCOUNT, "nobody")] {
        for n in 0..5 {
            let name = if n == 3 { name.to_uppercase() } else { name.to_owned() };
            assert_eq!(step(&house.try_at(account, &name, "wrong").await), "Wrong");
        }
        assert_eq!(step(&house.try_at(account, name, PASSWORD).await), "TooOften", "even with the right one");
        assert_eq!(house.last().error_message.as_deref(), Some("Failed authentication"));
    }
    // What is counted does not tell which number an alias is of.
    assert_eq!(step(&house.try_at(ACCOUNT, "ana", "wrong").await), "Wrong");
    house.pass(SignedDuration::from_secs(1));
    assert_eq!(step(&house.try_at("research", "ana", PASSWORD).await), "signed in");
}

#[tokio::test]
async fn reserved_words_are_nobodys_alias() {
    let house = House::open().await;
    for word in ["console", "federation", "login", "444455556666"] {
        let made = house.app().create_account_alias(&house.root(), word.parse().unwrap()).await;
        assert!(told(made).contains("reserved"), "{word}");
    }
}
