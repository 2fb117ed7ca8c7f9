//! People sign up, set a forgotten password and look after themselves, over the wire.

use serde_json::{Value, json};

use super::{PASSWORD, Stage, Tokens, WRONG, join};
use crate::door::told;

#[tokio::test]
async fn people_sign_up_with_a_code() {
    let pool = json!({ "AutoVerifiedAttributes": ["email"], "AliasAttributes": ["email"] });
    let stage = Stage::open(pool, json!({})).await;
    let up = |name: &str, email: &str| {
        let attributes = json!([{ "Name": "email", "Value": email }]);
        json!({ "Username": name, "Password": PASSWORD, "UserAttributes": attributes })
    };
    let made = stage.person("SignUp", up("bo", "bo@example.com")).await;
    assert_eq!(
        (&made.1["UserConfirmed"], &made.1["CodeDeliveryDetails"]["Destination"]),
        (&json!(false), &json!("b***@e***"))
    );
    let code = stage.door.garita.mail.code();
    assert_eq!(
        told(&stage.sign_in("bo", PASSWORD).await),
        "400 UserNotConfirmedException: User is not confirmed."
    );
    assert_eq!(told(&stage.sign_in("bo", "Wrong-password-1").await), WRONG);
    assert_eq!(
        told(&stage.person("SignUp", up("bo", "x@example.com")).await),
        "400 UsernameExistsException: User already exists"
    );
    let proof = json!([{ "Name": "email_verified", "Value": "true" }]);
    let forged = json!({ "Username": "eve", "Password": PASSWORD, "UserAttributes": proof });
    assert!(told(&stage.person("SignUp", forged).await).contains("unauthorized attribute"));
    let confirm = |code: &str| json!({ "Username": "bo", "ConfirmationCode": code });
    let wrong = if code == "000000" { "000001" } else { "000000" };
    assert!(
        told(&stage.person("ConfirmSignUp", confirm(wrong)).await).starts_with("400 CodeMismatchException")
    );
    let again = stage.person("ResendConfirmationCode", json!({ "Username": "bo" })).await;
    assert_eq!(again.1["CodeDeliveryDetails"]["DeliveryMedium"], "EMAIL");
    tokio::task::yield_now().await;
    let newer = stage.door.garita.mail.code();
    assert!(
        told(&stage.person("ConfirmSignUp", confirm(&code)).await).starts_with("400 CodeMismatch"),
        "only the newest"
    );
    assert_eq!(told(&stage.person("ConfirmSignUp", confirm(&newer)).await), "200");
    assert!(
        told(&stage.person("ConfirmSignUp", confirm(&newer)).await).starts_with("400 CodeMismatch"),
        "twice"
    );
    Tokens::of(&stage.sign_in("bo@example.com", PASSWORD).await);

    stage.person("SignUp", up("eve", "bo@example.com")).await;
    let code = stage.door.garita.mail.code();
    let stolen = stage.person("ConfirmSignUp", json!({ "Username": "eve", "ConfirmationCode": code })).await;
    assert_eq!(told(&stolen), "400 AliasExistsException: An account with the email already exists.");
    for _ in 0..5 {
        assert_eq!(stage.person("ResendConfirmationCode", json!({ "Username": "eve" })).await.0, 200);
    }
    let sixth = stage.person("ResendConfirmationCode", json!({ "Username": "eve" })).await;
    assert_eq!(
        told(&sixth),
        "400 LimitExceededException: Attempt limit exceeded, please try after some time."
    );
    let closed =
        Stage::open(json!({ "AdminCreateUserConfig": { "AllowAdminCreateUserOnly": true } }), json!({}))
            .await;
    assert!(
        told(&closed.person("SignUp", up("bo", "b@example.com")).await).contains("SignUp is not permitted")
    );
}

#[tokio::test]
async fn a_forgotten_password_is_set_with_a_code_that_counts_once_and_in_time() {
    let stage = Stage::usual().await;
    let tokens = stage.signed_in().await;
    let forgot = json!({ "Username": "ana" });
    let sent = stage.person("ForgotPassword", forgot.clone()).await;
    assert_eq!(sent.1["CodeDeliveryDetails"]["Destination"], "a***@e***");
    tokio::task::yield_now().await;
    let code = stage.door.garita.mail.code();
    let confirm = |code: &str, password: &str| json!({ "Username": "ana", "ConfirmationCode": code, "Password": password });
    let weak = stage.person("ConfirmForgotPassword", confirm(&code, "weak")).await;
    assert!(told(&weak).starts_with("400 InvalidPasswordException"));
    let reset = stage.person("ConfirmForgotPassword", confirm(&code, "Another-one-2")).await;
    assert_eq!(told(&reset), "200");
    assert_eq!(stage.get_user(&tokens).await, "400 NotAuthorizedException: Access Token has been revoked");
    assert_eq!(told(&stage.sign_in("ana", PASSWORD).await), WRONG);
    Tokens::of(&stage.sign_in("ana", "Another-one-2").await);
    let twice = stage.person("ConfirmForgotPassword", confirm(&code, "Another-one-3")).await;
    assert!(told(&twice).starts_with("400 CodeMismatchException"));

    stage.person("ForgotPassword", forgot).await;
    tokio::task::yield_now().await;
    let code = stage.door.garita.mail.code();
    stage.advance(3_600);
    let late = stage.person("ConfirmForgotPassword", confirm(&code, "Another-one-3")).await;
    assert!(told(&late).starts_with("400 ExpiredCodeException"));
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let mut replies = Vec::new();
    for _ in 0..20 {
        replies.push(told(&stage.person("ConfirmForgotPassword", confirm(wrong, "Another-one-3")).await));
    }
    let last = replies.last().unwrap();
    assert_eq!(last, "400 LimitExceededException: Attempt limit exceeded, please try after some time.");
}

#[tokio::test]
async fn people_look_after_themselves() {
    let pool = json!({ "AutoVerifiedAttributes": ["email"], "UserAttributeUpdateSettings": { "AttributesRequireVerificationBeforeUpdate": ["email"] } });
    let stage = Stage::open(
        pool,
        json!({ "WriteAttributes": ["email", "name"], "ReadAttributes": ["email", "name"] }),
    )
    .await;
    let (tokens, other) = (stage.signed_in().await, stage.signed_in().await);
    let own = async |operation: &str, more: Value| {
        let mut input = json!({ "AccessToken": tokens.access });
        join(&mut input, more);
        stage.door.person(operation, input).await
    };
    let set = |name: &str, value: &str| json!({ "UserAttributes": [{ "Name": name, "Value": value }] });
    assert_eq!(told(&own("UpdateUserAttributes", set("name", "Ana")).await), "200");
    assert!(
        told(&own("UpdateUserAttributes", set("nickname", "A")).await).contains("unauthorized attribute")
    );
    assert!(
        told(&own("UpdateUserAttributes", set("email_verified", "true")).await)
            .contains("unauthorized attribute")
    );
    let sent = own("UpdateUserAttributes", set("email", "new@example.com")).await;
    assert_eq!(sent.1["CodeDeliveryDetailsList"][0]["Destination"], "n***@e***");
    let code = stage.door.garita.mail.code();
    let shown = own("GetUser", json!({})).await.1["UserAttributes"].to_string();
    assert!(
        shown.contains("ana@example.com")
            && !shown.contains("new@example.com")
            && !shown.contains("verified"),
        "{shown}"
    );
    let verify = json!({ "AttributeName": "email", "Code": code });
    assert_eq!(told(&own("VerifyUserAttribute", verify.clone()).await), "200");
    assert!(
        told(&own("VerifyUserAttribute", verify).await).starts_with("400 CodeMismatchException"),
        "twice"
    );
    let shown = own("GetUser", json!({})).await.1["UserAttributes"].to_string();
    assert!(shown.contains("new@example.com"), "{shown}");

    let change =
        |previous: &str| json!({ "PreviousPassword": previous, "ProposedPassword": "Another-one-2" });
    assert_eq!(told(&own("ChangePassword", change("Wrong-password-1")).await), WRONG);
    assert_eq!(told(&own("ChangePassword", change(PASSWORD)).await), "200");
    assert_eq!(stage.get_user(&tokens).await, "200", "this sign-in goes on");
    assert_eq!(stage.get_user(&other).await, "400 NotAuthorizedException: Access Token has been revoked");
    let with_id = json!({ "AccessToken": tokens.id });
    assert_eq!(
        told(&stage.door.person("GetUser", with_id).await),
        "400 NotAuthorizedException: Invalid Access Token"
    );
    assert_eq!(told(&own("GlobalSignOut", json!({})).await), "200");
    assert_eq!(stage.get_user(&tokens).await, "400 NotAuthorizedException: Access Token has been revoked");
    let tokens = Tokens::of(&stage.sign_in("ana", "Another-one-2").await);
    assert_eq!(told(&stage.door.person("DeleteUser", json!({ "AccessToken": tokens.access })).await), "200");
    assert_eq!(told(&stage.sign_in("ana", "Another-one-2").await), WRONG);
}

#[tokio::test]
async fn nobody_takes_a_name_that_means_somebody_else() {
    const TAKEN: &str = "400 UsernameExistsException: User already exists";
    let pool = json!({ "AliasAttributes": ["preferred_username"] });
    let stage = Stage::open(pool, json!({})).await;
    let known_as = json!([{ "Name": "preferred_username", "Value": "captain" }]);
    let set = json!({ "Username": "ana", "UserAttributes": known_as });
    assert_eq!(told(&stage.admin("AdminUpdateUserAttributes", set).await), "200");
    let found = stage.admin("AdminGetUser", json!({ "Username": "captain" })).await.1;
    let attributes = found["UserAttributes"].as_array().unwrap();
    let sub = attributes.iter().find(|held| held["Name"] == "sub").unwrap()["Value"].as_str().unwrap();
    for name in [sub.to_owned(), sub.to_uppercase(), "captain".to_owned(), "ana".to_owned()] {
        let input = json!({ "Username": name, "Password": PASSWORD });
        assert_eq!(told(&stage.person("SignUp", input).await), TAKEN, "{name}");
        let input = json!({ "Username": name, "MessageAction": "SUPPRESS" });
        let made = told(&stage.admin("AdminCreateUser", input).await);
        assert_eq!(made, "400 UsernameExistsException: User account already exists", "{name}");
    }
}

/// A name that looks like somebody's and is another one would be taken for theirs, by people and on the trail.
#[tokio::test]
async fn nobody_can_be_called_like_somebody_else_with_what_is_not_seen() {
    let stage = Stage::usual().await;
    for name in [
        "an\u{200b}a",
        "\u{202e}ana",
        "ana\u{feff}",
        "a\u{ad}na",
        "ana\u{fe0f}",
        "ana\u{3164}",
        "ana\u{e0061}",
    ] {
        let sign_up = json!({ "Username": name, "Password": PASSWORD });
        let address = json!([{ "Name": "email", "Value": format!("{name}@example.com") }]);
        let by_address = json!({ "Username": "bo", "Password": PASSWORD, "UserAttributes": address });
        for answer in [
            stage.person("SignUp", sign_up).await,
            stage.person("SignUp", by_address).await,
            stage.admin("AdminCreateUser", json!({ "Username": name })).await,
            stage.admin("CreateGroup", json!({ "GroupName": name })).await,
        ] {
            let told = told(&answer);
            assert!(told.starts_with("400 InvalidParameterException: "), "{}: {told}", name.escape_unicode());
        }
    }
    let (status, made) =
        stage.person("SignUp", json!({ "Username": "jos\u{e9}😀", "Password": PASSWORD })).await;
    assert_eq!(status, 200, "{made}");
}

/// Whoever may sign up names the address that is written to: a stranger's, as often as they like, if nobody counted.
#[tokio::test]
async fn nobody_has_a_stranger_written_to_without_end() {
    const ENOUGH: &str = "400 LimitExceededException: Attempt limit exceeded, please try after some time.";
    let stage = Stage::open(json!({ "AutoVerifiedAttributes": ["email"] }), json!({})).await;
    let tokens = stage.signed_in().await;
    let address = |email: &str| json!([{ "Name": "email", "Value": email }]);
    let up = async |name: &str, email: &str| {
        let input = json!({ "Username": name, "Password": PASSWORD, "UserAttributes": address(email) });
        told(&stage.person("SignUp", input).await)
    };
    let letters = || stage.door.garita.mail.take().len();
    letters();
    for name in ["b1", "b2", "b3", "b4", "b5"] {
        assert_eq!(up(name, "stranger@example.com").await, "200");
    }
    assert_eq!(up("b6", "stranger@example.com").await, ENOUGH);
    assert_eq!(up("b6", "Stranger@EXAMPLE.com").await, ENOUGH);
    let mut input = json!({ "AccessToken": tokens.access });
    join(&mut input, json!({ "UserAttributes": address("stranger@example.com") }));
    assert_eq!(told(&stage.door.person("UpdateUserAttributes", input).await), ENOUGH);
    assert_eq!(letters(), 5);
    // Nothing was changed, and nobody else is held up.
    let there = stage.admin("AdminGetUser", json!({ "Username": "b6" })).await;
    assert_eq!(told(&there), "400 UserNotFoundException: User does not exist.");
    assert!(
        !stage.admin("AdminGetUser", json!({ "Username": "ana" })).await.1.to_string().contains("stranger")
    );
    assert_eq!(up("b6", "bo@example.com").await, "200");
    stage.advance(3_600);
    assert_eq!(up("b7", "stranger@example.com").await, "200");
    assert_eq!(letters(), 2);
}
