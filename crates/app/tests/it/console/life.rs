//! How a session is used and what ends it.

use std::pin::Pin;

use garita_app::console::{ChangedPassword, Step};
use garita_app::iam::{UpdateLoginProfile, UpdateUser};
use garita_model::ConsoleSession;
use jiff::SignedDuration;

use super::{ACCOUNT, House, PASSWORD, entrance, secret};
use crate::stage::told;

#[tokio::test]
async fn what_ends_a_session() {
    type Deed = for<'a> fn(&'a House, &'a str) -> Pin<Box<dyn Future<Output = ()> + 'a>>;
    let deeds: [(&str, Deed); 7] = [
        ("the password is taken away", |house, _| {
            Box::pin(async {
                house.app().delete_login_profile(&house.root(), Some("ana".parse().unwrap())).await.unwrap();
            })
        }),
        ("the password is taken away and set again", |house, _| {
            Box::pin(async {
                house.app().delete_login_profile(&house.root(), Some("ana".parse().unwrap())).await.unwrap();
                house.set_password(false).await;
            })
        }),
        ("an administrator sets another password", |house, _| {
            Box::pin(async {
                let password = Some(secret("Another-Horse-8"));
                let input =
                    UpdateLoginProfile { user: "ana".parse().unwrap(), password, reset_required: None };
                house.app().update_login_profile(&house.root(), input).await.unwrap();
            })
        }),
        ("the user gets a device", |house, _| {
            Box::pin(async {
                house.device().await;
            })
        }),
        ("the user has another name", |house, _| {
            Box::pin(async {
                let new_name = Some("anna".parse().unwrap());
                let input = UpdateUser { name: "ana".parse().unwrap(), new_name, new_path: None };
                house.app().update_user(&house.root(), input).await.unwrap();
            })
        }),
        ("it lies unused", |house, _| Box::pin(async { house.pass(SignedDuration::from_hours(1)) })),
        ("the day is over", |house, cookie| {
            Box::pin(async {
                for _ in 0..24 {
                    house.pass(SignedDuration::from_mins(30));
                    if let Some(at) = house.at(cookie) {
                        house.app().note_console_use(&at).await.unwrap();
                    }
                }
            })
        }),
    ];
    for (what, deed) in deeds {
        let house = House::open().await;
        let cookie = house.sign_in().await;
        let before = house.at(&cookie).unwrap();
        deed(&house, &cookie).await;
        assert!(house.at(&cookie).is_none(), "{what}");
        if !what.starts_with("it lies") && !what.starts_with("the day") {
            // Whoever came in a moment before does nothing any more.
            let late = house.app().create_account_alias(&before.cx, "late".parse().unwrap()).await;
            assert!(told(late).starts_with("InvalidClientTokenId"), "{what}");
        }
        house.app().sweep_browsers().await.unwrap();
        assert!(house.app().snapshot().list::<ConsoleSession>(ACCOUNT.parse().unwrap(), "").next().is_none());
    }
}

#[tokio::test]
async fn a_session_is_used_all_day_and_signed_out() {
    let house = House::open().await;
    let cookie = house.sign_in().await;
    let revision = || house.app().snapshot().revision();
    let before = revision();
    house.pass(SignedDuration::from_mins(4));
    house.app().note_console_use(&house.at(&cookie).unwrap()).await.unwrap();
    assert_eq!(revision(), before, "a write for every page would be many");
    for _ in 0..20 {
        house.pass(SignedDuration::from_mins(35));
        house.app().note_console_use(&house.at(&cookie).unwrap()).await.unwrap();
    }
    let other = house.sign_in().await;
    house.app().console_sign_out(&house.browser(), &cookie).await.unwrap();
    assert!(house.at(&cookie).is_none() && house.at(&other).is_some());
    let record = house.last();
    assert_eq!((record.event_name.as_str(), record.event_type.as_str()), ("Logout", "AwsConsoleSignIn"));
    assert_eq!(record.user_identity["userName"], "ana");
    house.app().console_sign_out(&house.browser(), &cookie).await.unwrap();
    // A new sign-in ends what the browser had.
    let (cx, password) = (house.browser(), secret(PASSWORD));
    let again =
        house.app().console_password(&cx, entrance(Some(&other)), ACCOUNT, "ana", &password).await.unwrap();
    assert!(matches!(again, Step::SignedIn(_)) && house.at(&other).is_none());
}

#[tokio::test]
async fn another_password_signs_all_other_browsers_out() {
    let house = House::open().await;
    let (own, other) = (house.sign_in().await, house.sign_in().await);
    let change = async |old: &str, new: &str| {
        let at = house.at(&own).unwrap();
        house.app().console_change_password(&at, &secret(old), secret(new)).await.unwrap()
    };
    assert!(matches!(change("wrong", "Another-Horse-8").await, ChangedPassword::OldWrong));
    let record = house.last();
    assert_eq!(
        (record.event_source.as_str(), record.event_name.as_str()),
        ("iam.amazonaws.com", "ChangePassword")
    );
    assert_eq!(record.error_code.as_deref(), Some("AccessDenied"));
    assert!(matches!(change(PASSWORD, "short").await, ChangedPassword::Refused(_)));
    let ChangedPassword::Done(renewed) = change(PASSWORD, "Another-Horse-8").await else { panic!("refused") };
    assert!(house.at(&own).is_none() && house.at(&other).is_none());
    assert!(house.at(renewed.cookie.expose()).is_some());
    assert_eq!(house.last().user_identity["arn"], "arn:aws:iam::111122223333:user/ana");
    let own = renewed.cookie.expose().clone();
    for _ in 0..5 {
        let at = house.at(&own).unwrap();
        let _ = house
            .app()
            .console_change_password(&at, &secret("wrong"), secret("Third-Horse-9"))
            .await
            .unwrap();
    }
    let at = house.at(&own).unwrap();
    let last =
        house.app().console_change_password(&at, &secret("Another-Horse-8"), secret("Third-Horse-9")).await;
    assert!(matches!(last.unwrap(), ChangedPassword::TooOften));
}

#[tokio::test]
async fn the_last_sign_in_is_kept() {
    let house = House::open().await;
    let ana = || house.app().snapshot().user(ACCOUNT.parse().unwrap(), "ana").cloned().unwrap();
    assert_eq!(house.app().password_last_used(&ana()), None);
    house.try_at(ACCOUNT, "ana", "wrong").await;
    assert_eq!(house.app().password_last_used(&ana()), None);
    house.pass(SignedDuration::from_secs(60));
    house.sign_in().await;
    assert_eq!(house.app().password_last_used(&ana()).unwrap().to_string(), "2026-03-01T12:01:00Z");
    assert!(house.app().generate_credential_report(&house.root()).unwrap());
    let csv = house.app().credential_report(&house.root()).unwrap().csv;
    assert!(csv.contains(",true,2026-03-01T12:01:00+00:00,2026-03-01T12:00:00+00:00,"), "{csv}");
}
