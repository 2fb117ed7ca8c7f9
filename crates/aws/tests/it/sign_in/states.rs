//! What each operation of signing in answers in each state of a user: a table that is read when it changes.
//!
//! Written anew with `INSTA_UPDATE=always cargo test -p garita-aws --test it states`. Beside it: where a client hides who is
//! there, a name that nobody has is answered as one whose secret is wrong, in every state, word for word.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{PASSWORD, Stage, Tokens};
use crate::door::told;

const STATES: [&str; 7] =
    ["CONFIRMED", "UNCONFIRMED", "FORCE_CHANGE_PASSWORD", "RESET_REQUIRED", "disabled", "deleted", "absent"];

/// Those that change a user come last.
const OPERATIONS: [&str; 19] = [
    "InitiateAuth, right password",
    "InitiateAuth, wrong password",
    "InitiateAuth, SRP",
    "RespondToAuthChallenge, SRP with a wrong password",
    "AdminInitiateAuth, right password",
    "InitiateAuth, refresh token of before",
    "GetTokensFromRefreshToken, of before",
    "GetUser, access token of before",
    "RespondToAuthChallenge, new password, challenge of before",
    "SignUp",
    "ConfirmSignUp, wrong code",
    "ResendConfirmationCode",
    "ForgotPassword",
    "ConfirmForgotPassword, wrong code",
    "ChangePassword, access token of before",
    "GlobalSignOut, access token of before",
    "RevokeToken, of before",
    "AdminResetUserPassword",
    "AdminConfirmSignUp",
];

/// Those that anybody can try with a name and no secret, but for `SignUp`, which says that a name is taken.
const GUESSES: [&str; 7] = [
    "InitiateAuth, wrong password",
    "InitiateAuth, SRP",
    "RespondToAuthChallenge, SRP with a wrong password",
    "ConfirmSignUp, wrong code",
    "ResendConfirmationCode",
    "ForgotPassword",
    "ConfirmForgotPassword, wrong code",
];

/// A user in a state, and what the user had before.
struct Subject {
    name: String,
    tokens: Option<Tokens>,
    /// The string of a challenge for a new password, of a user of its own in this state.
    challenge: Option<Value>,
}

impl Subject {
    async fn in_state(stage: &Stage, state: &str) -> Self {
        let name = format!("user-{}", STATES.iter().position(|known| *known == state).unwrap());
        match state {
            "absent" => return Self { name, tokens: None, challenge: None },
            "UNCONFIRMED" => {
                let address = json!([{ "Name": "email", "Value": format!("{name}@example.com") }]);
                let input = json!({ "Username": name, "Password": PASSWORD, "UserAttributes": address });
                assert_eq!(stage.person("SignUp", input).await.0, 200);
                return Self { name, tokens: None, challenge: None };
            }
            _ => {}
        }
        stage.user(&name).await;
        let tokens = Some(Tokens::of(&stage.sign_in(&name, PASSWORD).await));
        move_to(stage, &name, state).await;
        let challenge = Self::challenged(stage, &name, state).await;
        Self { name, tokens, challenge }
    }

    /// Begins to sign a new user in, who then comes into the state, where that is possible.
    async fn challenged(stage: &Stage, name: &str, state: &str) -> Option<Value> {
        if state == "RESET_REQUIRED" {
            return None;
        }
        let name = format!("{name}-new");
        let made = json!({ "Username": name, "TemporaryPassword": PASSWORD, "MessageAction": "SUPPRESS" });
        assert_eq!(stage.admin("AdminCreateUser", made).await.0, 200);
        let (_, asked) = stage.sign_in(&name, PASSWORD).await;
        assert_eq!(asked["ChallengeName"], "NEW_PASSWORD_REQUIRED");
        if state != "FORCE_CHANGE_PASSWORD" {
            move_to(stage, &name, state).await;
        }
        Some(asked["Session"].clone())
    }
}

async fn move_to(stage: &Stage, name: &str, state: &str) {
    let user = json!({ "Username": name });
    let password =
        |permanent: bool| json!({ "Username": name, "Password": PASSWORD, "Permanent": permanent });
    let (status, body) = match state {
        "FORCE_CHANGE_PASSWORD" => stage.admin("AdminSetUserPassword", password(false)).await,
        "RESET_REQUIRED" => stage.admin("AdminResetUserPassword", user).await,
        "disabled" => stage.admin("AdminDisableUser", user).await,
        "deleted" => stage.admin("AdminDeleteUser", user).await,
        "CONFIRMED" if name.ends_with("-new") => stage.admin("AdminSetUserPassword", password(true)).await,
        _ => return,
    };
    assert_eq!(status, 200, "{body}");
}

async fn start(prevent: &str) -> Stage {
    let flows = [
        "ALLOW_USER_PASSWORD_AUTH",
        "ALLOW_ADMIN_USER_PASSWORD_AUTH",
        "ALLOW_USER_SRP_AUTH",
        "ALLOW_REFRESH_TOKEN_AUTH",
    ];
    let client = json!({ "PreventUserExistenceErrors": prevent, "ExplicitAuthFlows": flows });
    Stage::open(json!({ "AutoVerifiedAttributes": ["email"] }), client).await
}

async fn with_srp(stage: &Stage, name: &str) -> (u16, Value) {
    let parameters = json!({ "USERNAME": name, "SRP_A": "ab".repeat(384) });
    stage.person("InitiateAuth", json!({ "AuthFlow": "USER_SRP_AUTH", "AuthParameters": parameters })).await
}

/// The answer to an operation; none where there is nothing to ask with.
async fn ask(stage: &Stage, operation: &str, subject: &Subject) -> Option<(u16, Value)> {
    let name = subject.name.as_str();
    let user = json!({ "Username": name });
    let code = |more: Value| {
        let mut input = json!({ "Username": name, "ConfirmationCode": "000000" });
        super::join(&mut input, more);
        input
    };
    let tokens = subject.tokens.as_ref();
    let access = |tokens: &Tokens| json!({ "AccessToken": tokens.access });
    Some(match operation {
        "InitiateAuth, right password" => stage.sign_in(name, PASSWORD).await,
        "InitiateAuth, wrong password" => stage.sign_in(name, "Tell-nobody-2").await,
        "InitiateAuth, SRP" => with_srp(stage, name).await,
        "RespondToAuthChallenge, SRP with a wrong password" => {
            let (_, asked) = with_srp(stage, name).await;
            let asked = asked.get("ChallengeParameters")?;
            let responses = json!({
                "USERNAME": asked["USER_ID_FOR_SRP"], "PASSWORD_CLAIM_SECRET_BLOCK": asked["SECRET_BLOCK"],
                "PASSWORD_CLAIM_SIGNATURE": "A".repeat(43) + "=", "TIMESTAMP": "Sun Mar 1 12:00:00 UTC 2026",
            });
            let input = json!({ "ChallengeName": "PASSWORD_VERIFIER", "ChallengeResponses": responses });
            stage.person("RespondToAuthChallenge", input).await
        }
        "AdminInitiateAuth, right password" => {
            let parameters = json!({ "USERNAME": name, "PASSWORD": PASSWORD });
            let flow = "ADMIN_USER_PASSWORD_AUTH";
            let input = json!({ "ClientId": stage.client, "AuthFlow": flow, "AuthParameters": parameters });
            stage.admin("AdminInitiateAuth", input).await
        }
        "InitiateAuth, refresh token of before" => stage.refresh(&tokens?.refresh).await,
        "GetTokensFromRefreshToken, of before" => stage.exchange(&tokens?.refresh).await,
        "GetUser, access token of before" => stage.door.person("GetUser", access(tokens?)).await,
        "RespondToAuthChallenge, new password, challenge of before" => {
            let responses = json!({ "USERNAME": format!("{name}-new"), "NEW_PASSWORD": "Tell-nobody-3" });
            let input = json!({
                "ChallengeName": "NEW_PASSWORD_REQUIRED", "Session": subject.challenge.as_ref()?,
                "ChallengeResponses": responses,
            });
            stage.person("RespondToAuthChallenge", input).await
        }
        "SignUp" => {
            // Who is not there would be from then on.
            let there = stage.admin("AdminGetUser", user).await.0 == 200;
            let tried = if there { name.to_owned() } else { format!("{name}-again") };
            stage.person("SignUp", json!({ "Username": tried, "Password": PASSWORD })).await
        }
        "ConfirmSignUp, wrong code" => stage.person("ConfirmSignUp", code(json!({}))).await,
        "ResendConfirmationCode" => stage.person("ResendConfirmationCode", user).await,
        "ForgotPassword" => stage.person("ForgotPassword", user).await,
        "ConfirmForgotPassword, wrong code" => {
            stage.person("ConfirmForgotPassword", code(json!({ "Password": "Tell-nobody-3" }))).await
        }
        "ChangePassword, access token of before" => {
            let mut input = json!({ "PreviousPassword": PASSWORD, "ProposedPassword": PASSWORD });
            super::join(&mut input, access(tokens?));
            stage.door.person("ChangePassword", input).await
        }
        "RevokeToken, of before" => stage.person("RevokeToken", json!({ "Token": tokens?.refresh })).await,
        "GlobalSignOut, access token of before" => stage.door.person("GlobalSignOut", access(tokens?)).await,
        "AdminResetUserPassword" => stage.admin("AdminResetUserPassword", user).await,
        "AdminConfirmSignUp" => stage.admin("AdminConfirmSignUp", user).await,
        other => panic!("{other}"),
    })
}

fn cell(answer: Option<(u16, Value)>) -> String {
    let Some(answer) = answer else { return "-".to_owned() };
    if answer.1.get("AuthenticationResult").is_some() {
        return format!("{} tokens", answer.0);
    }
    match answer.1["ChallengeName"].as_str() {
        Some(name) => format!("{} challenge {name}", answer.0),
        None => told(&answer),
    }
}

async fn table(prevent: &str) -> String {
    let stage = start(prevent).await;
    let mut blocks: Vec<String> = OPERATIONS.iter().map(|operation| format!("{operation}\n")).collect();
    for state in STATES {
        let subject = Subject::in_state(&stage, state).await;
        for (operation, block) in OPERATIONS.iter().zip(&mut blocks) {
            let answer = cell(ask(&stage, operation, &subject).await);
            block.push_str(&format!("  {state:<22} {answer}\n"));
        }
    }
    blocks.join("\n")
}

#[tokio::test]
async fn each_state_answers_each_operation_where_users_are_hidden() {
    assert_snapshot!(table("ENABLED").await);
}

#[tokio::test]
async fn each_state_answers_each_operation_where_users_are_told() {
    assert_snapshot!(table("LEGACY").await);
}

/// What an answer tells, without what is drawn for each request and without the name that was asked for.
fn told_of(answer: (u16, Value), name: &str) -> String {
    let (status, mut body) = answer;
    if let Some(parameters) = body.get_mut("ChallengeParameters").and_then(Value::as_object_mut) {
        for (key, value) in parameters.iter_mut().filter(|(key, _)| !key.starts_with("USER")) {
            *value = format!("{} of {key}", value.as_str().unwrap().len().div_ceil(16)).into();
        }
    }
    let masked = |c: char| if c.is_ascii_lowercase() { 'x' } else { c };
    if let Some(at) = body.pointer_mut("/CodeDeliveryDetails/Destination") {
        *at = at.as_str().unwrap().chars().map(masked).collect::<String>().into();
    }
    format!("{status} {body}").replace(name, "NAME")
}

#[tokio::test]
async fn a_name_that_nobody_has_is_answered_as_one_whose_secret_is_wrong() {
    let stage = start("ENABLED").await;
    let mut answers: Vec<Vec<(&str, String)>> = vec![Vec::new(); GUESSES.len()];
    for state in STATES {
        let subject = Subject::in_state(&stage, state).await;
        for (operation, answers) in GUESSES.iter().zip(&mut answers) {
            let answer = ask(&stage, operation, &subject).await.unwrap();
            answers.push((state, told_of(answer, &subject.name)));
        }
    }
    for (operation, answers) in GUESSES.iter().zip(answers) {
        let (_, absent) = answers.last().unwrap();
        for (state, answer) in &answers {
            assert_eq!(answer, absent, "{operation}: {state} is told from a name that nobody has");
        }
    }
}
