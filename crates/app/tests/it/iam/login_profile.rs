//! Passwords: held to the account's policy, never used again, never stored.

use garita_app::iam::{SetPassword, UpdateLoginProfile};
use garita_model::{PasswordPolicy, Result, Secret};
use jiff::SignedDuration;

use super::Office;
use crate::stage::{allow, told, user};

fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

async fn set(office: &Office, name: &str, password: &str) -> Result<()> {
    let user = Some(name.parse().unwrap());
    let input = SetPassword { user, password: secret(password), reset_required: true };
    office.app().create_login_profile(&office.root, input).await.map(drop)
}

async fn update(office: &Office, name: &str, password: &str) -> Result<()> {
    let password = Some(secret(password));
    let input = UpdateLoginProfile { user: name.parse().unwrap(), password, reset_required: None };
    office.app().update_login_profile(&office.root, input).await
}

#[tokio::test]
async fn a_password_lives_with_its_user() {
    let office = Office::open().await;
    let (app, root) = (office.app(), &office.root);
    office.user("ana").await.unwrap();
    let ana = || Some("ana".parse().unwrap());
    let absent = "NoSuchEntity: Login Profile for User ana cannot be found.";
    assert_eq!(told(app.get_login_profile(root, ana())), absent);
    assert_eq!(told(update(&office, "ana", "Secret-1").await), absent);
    set(&office, "ana", "Secret-1").await.unwrap();
    let twice = "EntityAlreadyExists: Login Profile for user ana already exists.";
    assert_eq!(told(set(&office, "ana", "Secret-1").await), twice);
    assert!(app.get_login_profile(root, ana()).unwrap().1.reset_required);
    let conflict = "DeleteConflict: Cannot delete entity, must delete login profile first.";
    assert_eq!(told(app.delete_user(root, "ana".parse().unwrap()).await), conflict);
    let moved = garita_app::iam::UpdateUser {
        name: "ana".parse().unwrap(),
        new_name: Some("anna".parse().unwrap()),
        new_path: None,
    };
    app.update_user(root, moved).await.unwrap();
    assert!(
        app.get_login_profile(root, Some("anna".parse().unwrap())).is_ok(),
        "it is known by the user's id"
    );
    app.delete_login_profile(root, Some("anna".parse().unwrap())).await.unwrap();
    app.delete_user(root, "anna".parse().unwrap()).await.unwrap();
    office.user("anna").await.unwrap();
    assert!(app.get_login_profile(root, Some("anna".parse().unwrap())).is_err());
}

#[tokio::test]
async fn passwords_are_held_to_the_policy_and_do_not_come_back() {
    let office = Office::open().await;
    let (app, root) = (office.app(), &office.root);
    office.user("ana").await.unwrap();
    let none = "NoSuchEntity: The Password Policy with domain name 111122223333 cannot be found.";
    assert_eq!(told(app.password_policy(root)), none);
    assert_eq!(told(app.delete_password_policy(root).await), none);
    let weak = "PasswordPolicyViolation: Password should have a minimum length of 8";
    assert_eq!(told(set(&office, "ana", "Ab1").await), weak);
    let policy = PasswordPolicy { symbols: true, reuse_prevention: Some(2), ..PasswordPolicy::default() };
    app.update_password_policy(root, policy.clone()).await.unwrap();
    assert_eq!(app.password_policy(root).unwrap(), policy);
    let plain = "PasswordPolicyViolation: Password should have at least one symbol";
    assert_eq!(told(set(&office, "ana", "Abcdefgh1").await), plain);
    set(&office, "ana", "first!").await.unwrap();
    let used = "PasswordPolicyViolation: Password cannot be reused: choose one that was not in use before";
    assert_eq!(told(update(&office, "ana", "first!").await), used);
    update(&office, "ana", "second!").await.unwrap();
    assert_eq!(told(update(&office, "ana", "first!").await), used);
    update(&office, "ana", "third!").await.unwrap();
    update(&office, "ana", "first!").await.unwrap();
    app.delete_password_policy(root).await.unwrap();
    assert_eq!(told(app.password_policy(root)), none);
}

#[tokio::test]
async fn users_change_their_own_password_by_knowing_it() {
    let office = Office::open().await;
    let (garita, app) = (&office.garita, office.app());
    let own = allow("iam:ChangePassword", "arn:aws:iam::*:user/${aws:username}");
    let ana = user(garita, "ana", Some(own)).await;
    let cx = garita.context(&ana).unwrap();
    let change = |old: &str, new: &str| app.change_password(&cx, secret(old), secret(new));
    let absent = "NoSuchEntity: Login Profile for User ana cannot be found.";
    assert_eq!(told(change("Secret-1", "Secret-2").await), absent);
    set(&office, "ana", "Secret-1").await.unwrap();
    garita.clock.advance(SignedDuration::from_secs(60));
    assert_eq!(told(change("Secret-0", "Secret-2").await), "AccessDenied: The old password was incorrect.");
    change("Secret-1", "Secret-2").await.unwrap();
    assert_eq!(told(change("Secret-1", "Secret-3").await), "AccessDenied: The old password was incorrect.");
    let profile = app.get_login_profile(&office.root, Some("ana".parse().unwrap())).unwrap().1;
    assert!(!profile.reset_required);
    let root = app.change_password(&office.root, secret("a"), secret("b")).await;
    assert_eq!(told(root), "InvalidUserType: Only IAM Users can change their own password");

    let bo = user(garita, "bo", None).await;
    set(&office, "bo", "Secret-1").await.unwrap();
    let cx = garita.context(&bo).unwrap();
    let refused = told(app.change_password(&cx, secret("Secret-1"), secret("Secret-2")).await);
    assert!(refused.starts_with("AccessDenied: User: "), "{refused}");
}

#[tokio::test]
async fn nobody_guesses_the_old_password_with_an_access_key() {
    let office = Office::open().await;
    let (garita, app) = (&office.garita, office.app());
    let ana = user(garita, "ana", Some(allow("iam:ChangePassword", "*"))).await;
    set(&office, "ana", "Secret-1").await.unwrap();
    let change = async |old: &str| {
        let cx = garita.context(&ana).unwrap();
        told(app.change_password(&cx, secret(old), secret("Secret-2")).await)
    };
    for n in 0..5 {
        assert_eq!(change(&format!("Guess-{n}")).await, "AccessDenied: The old password was incorrect.");
    }
    let wait = "AccessDenied: the old password was shown wrong too often: wait an hour";
    assert_eq!(change("Secret-1").await, wait, "also the right one");
    garita.clock.advance(SignedDuration::from_mins(61));
    assert_eq!(change("Secret-1").await, "ok");
}

#[tokio::test]
async fn the_password_policy_lets_every_user_change_the_own_password() {
    let office = Office::open().await;
    let (garita, app) = (&office.garita, office.app());
    let ana = user(garita, "ana", None).await;
    let denied = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"iam:ChangePassword","Resource":"*"}}"#;
    let bo = user(garita, "bo", Some(denied.to_owned())).await;
    for name in ["ana", "bo"] {
        set(&office, name, "Secret-1").await.unwrap();
    }
    let moved = garita_app::iam::UpdateUser {
        name: "ana".parse().unwrap(),
        new_name: None,
        new_path: Some("/gpu/".parse().unwrap()),
    };
    app.update_user(&office.root, moved).await.unwrap();
    let change = async |who: &garita_testkit::TestCredentials, old: &str, new: &str| {
        let cx = garita.context(who).unwrap();
        told(app.change_password(&cx, secret(old), secret(new)).await)
    };
    let closed = PasswordPolicy::default();
    let open = PasswordPolicy { users_may_change: true, ..closed.clone() };
    app.update_password_policy(&office.root, closed).await.unwrap();
    assert!(change(&ana, "Secret-1", "Secret-2").await.contains("no identity-based policy allows"));
    app.update_password_policy(&office.root, open).await.unwrap();
    assert_eq!(change(&ana, "Secret-1", "Secret-2").await, "ok");
    let cx = garita.context(&ana).unwrap();
    assert!(app.password_policy(&cx).unwrap().users_may_change);
    assert!(told(app.get_login_profile(&cx, Some("bo".parse().unwrap()))).starts_with("AccessDenied"));
    assert!(change(&bo, "Secret-1", "Secret-2").await.contains("with an explicit deny"));
    app.delete_password_policy(&office.root).await.unwrap();
    assert!(change(&ana, "Secret-2", "Secret-3").await.starts_with("AccessDenied: User: "));
}

#[tokio::test]
async fn no_password_gets_to_disk() {
    let office = Office::open().await;
    office.user("ana").await.unwrap();
    set(&office, "ana", "Needle-in-the-hay-1").await.unwrap();
    for file in std::fs::read_dir(office.garita.folder()).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            assert!(!bytes.windows(10).any(|window| window == b"Needle-in-"), "{}", path.display());
        }
    }
}
