//! A second factor, and passwords that have to be replaced.

use garita_app::console::{Refusal, Renewal, Step};
use garita_app::iam::{EntityName, UpdateLoginProfile};
use garita_model::{PasswordFault, PasswordPolicy};
use jiff::SignedDuration;
use serde_json::json;

use super::{ACCOUNT, House, PASSWORD, SERIAL, cookie, secret, step};
use crate::stage::{allow, put};

#[tokio::test]
async fn a_second_factor_is_asked_of_who_has_one() {
    let house = House::open().await;
    let seed = house.device().await;
    let proof = house.proof().await;
    let record = house.last();
    assert_eq!(record.event_name, "CheckMfa");
    assert_eq!(record.response_elements, json!({ "CheckMfa": "Success" }));
    assert_eq!(record.additional_event_data["MfaType"], "Virtual MFA");

    // Straight to the last step, past the code.
    assert_eq!(step(&house.new_password(proof.clone(), "Another-Horse-8").await), "Over");
    assert_eq!(step(&house.code(proof.clone(), "000000").await), "Code");
    let record = house.last();
    assert_eq!(
        (record.event_name.as_str(), record.error_message.as_deref()),
        ("ConsoleLogin", Some("Failed authentication"))
    );
    assert_eq!(record.additional_event_data["MFAUsed"], "Yes");
    let code = house.shown(&seed, 0);
    let cookie = cookie(house.code(proof.clone(), &code).await);
    assert_eq!(house.last().additional_event_data["MFAUsed"], "Yes");
    assert_eq!(step(&house.code(proof, &code).await), "Code", "it was used");
    house.pass(SignedDuration::from_secs(30));
    assert_eq!(step(&house.code(house.proof().await, &code).await), "Code", "whoever shows it");

    house.pass(SignedDuration::from_secs(60));
    let at = house.at(&cookie).unwrap();
    assert!(at.has_mfa());
    let held = |key: &str| format!("{:?}", at.cx.keys().get(key));
    assert!(
        held("aws:MultiFactorAuthPresent").contains("true") && held("aws:MultiFactorAuthAge").contains("90")
    );

    let (name, serial) = (Some("ana".parse().unwrap()), SERIAL.to_owned());
    house.app().deactivate_mfa_device(&house.root(), name, serial).await.unwrap();
    assert!(house.at(&cookie).is_none(), "the device it rests on is taken off");
}

#[tokio::test]
async fn a_proof_does_not_outlive_what_it_was_of() {
    let house = House::open().await;
    let seed = house.device().await;
    let proof = house.proof().await;
    house.pass(SignedDuration::from_mins(15));
    assert_eq!(step(&house.code(proof, &house.shown(&seed, 0)).await), "Over");
    let proof = house.proof().await;
    let password = Some(secret("Another-Horse-8"));
    let input = UpdateLoginProfile { user: "ana".parse().unwrap(), password, reset_required: None };
    house.app().update_login_profile(&house.root(), input).await.unwrap();
    assert_eq!(step(&house.code(proof, &house.shown(&seed, 0)).await), "Over");
}

#[tokio::test]
async fn guesses_at_a_code_are_few() {
    let house = House::open().await;
    let seed = house.device().await;
    let proof = house.proof().await;
    for _ in 0..5 {
        assert_eq!(step(&house.code(proof.clone(), "000000").await), "Code");
    }
    assert_eq!(step(&house.code(proof.clone(), &house.shown(&seed, 0)).await), "Code", "even the right one");
    house.pass(SignedDuration::from_mins(5));
    assert_eq!(step(&house.code(proof, &house.shown(&seed, 0)).await), "signed in");
}

#[tokio::test]
async fn a_password_of_an_administrator_is_replaced_by_who_may() {
    let house = House::open().await;
    let app = house.app();
    app.delete_login_profile(&house.root(), Some("ana".parse().unwrap())).await.unwrap();
    house.set_password(true).await;
    let ana = || EntityName::User("ana".parse().unwrap());
    put(&house.garita, ana(), allow("s3:*", "*")).await;
    let first = house.try_at(ACCOUNT, "ana", PASSWORD).await;
    assert!(matches!(first, Step::NewPassword(_, Renewal::Reset)));
    let proof = house.proof().await;
    let barred = house.new_password(proof.clone(), "Another-Horse-8").await;
    assert_eq!(step(&barred), "MayNotChange");
    assert!(house.last().error_message.unwrap().contains("iam:ChangePassword"));
    // The account lets everybody.
    house
        .policy(PasswordPolicy { users_may_change: true, min_length: 10, ..PasswordPolicy::default() })
        .await;
    for (new, why) in [(PASSWORD, PasswordFault::Unchanged), ("short", PasswordFault::TooShort(10))] {
        let refused = house.new_password(proof.clone(), new).await;
        assert!(
            matches!(&refused, Step::Refused(Refusal::Password(told)) if *told == why),
            "{}",
            step(&refused)
        );
    }
    let cookie = cookie(house.new_password(proof.clone(), "Another-Horse-8").await);
    assert!(house.at(&cookie).is_some());
    let record = house.last();
    assert_eq!(record.response_elements, json!({ "ConsoleLogin": "Success", "passwordChanged": true }));
    assert_eq!(record.user_identity["userName"], "ana");
    assert!(record.additional_event_data["decisions"].to_string().contains("iam:ChangePassword"));
    assert_eq!(step(&house.new_password(proof, "Third-Horse-9").await), "Over", "it was of the old one");
    assert_eq!(step(&house.try_at(ACCOUNT, "ana", PASSWORD).await), "Wrong");
    assert_eq!(step(&house.try_at(ACCOUNT, "ana", "Another-Horse-8").await), "signed in");
}

#[tokio::test]
async fn a_code_comes_before_another_password() {
    let house = House::open().await;
    house.app().delete_login_profile(&house.root(), Some("ana".parse().unwrap())).await.unwrap();
    house.set_password(true).await;
    let seed = house.device().await;
    let proof = house.proof().await;
    assert_eq!(step(&house.new_password(proof.clone(), "Another-Horse-8").await), "Over");
    let Step::NewPassword(proof, Renewal::Reset) = house.code(proof, &house.shown(&seed, 0)).await else {
        panic!("a new password is due");
    };
    assert_eq!(house.last().event_name, "CheckMfa");
    let cookie = cookie(house.new_password(proof, "Another-Horse-8").await);
    assert!(house.at(&cookie).unwrap().has_mfa());
    assert_eq!(house.last().additional_event_data["MFAUsed"], "Yes");
}

#[tokio::test]
async fn old_passwords_run_out() {
    let house = House::open().await;
    house
        .policy(PasswordPolicy { max_age: Some(90), reuse_prevention: Some(2), ..PasswordPolicy::default() })
        .await;
    house.pass(SignedDuration::from_hours(24 * 90 - 1));
    house.sign_in().await;
    house.pass(SignedDuration::from_hours(1));
    let Step::NewPassword(proof, Renewal::Expired) = house.try_at(ACCOUNT, "ana", PASSWORD).await else {
        panic!("it has run out");
    };
    assert_eq!(step(&house.new_password(proof, "Another-Horse-8").await), "signed in");
    house.pass(SignedDuration::from_hours(24 * 90));
    house
        .policy(PasswordPolicy { max_age: Some(90), hard_expiry: Some(true), ..PasswordPolicy::default() })
        .await;
    assert_eq!(step(&house.try_at(ACCOUNT, "ana", "Another-Horse-8").await), "Expired");
    assert_eq!(step(&house.try_at(ACCOUNT, "ana", PASSWORD).await), "Wrong", "told to who knows it alone");
}

#[tokio::test]
async fn a_code_shown_twice_at_once_counts_once() {
    let house = House::open().await;
    let seed = house.device().await;
    for _ in 0..3 {
        let (proof, code) = (house.proof().await, house.shown(&seed, 0));
        let (one, two) = tokio::join!(house.code(proof.clone(), &code), house.code(proof, &code));
        let signed_in = |told: &Step| matches!(told, Step::SignedIn(_));
        assert!(signed_in(&one) != signed_in(&two));
        house.pass(SignedDuration::from_secs(60));
    }
}
