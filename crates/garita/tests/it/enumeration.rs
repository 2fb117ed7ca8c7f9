//! Nobody finds out who has an account by asking with a name alone.
//!
//! For each public endpoint that takes a name and no secret: a name that somebody has and one that nobody has get the
//! same answer, for the same work. Work is counted, not timed: pieces given to the threads that hash passwords, and
//! commits of the store; and no answer waits for a letter to be sent.
//!
//! `SignUp` is not among them: it says that a name is taken, as Cognito's does. Pools that mind let administrators alone
//! make users.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_testkit::{Authenticator, Kind, Says};
use serde_json::{Value, json};

use crate::states::doors::{Browser, Reply, SITE};
use crate::states::world::World;

/// Each in another state; `ana` has a passkey.
const KNOWN: [&str; 5] = ["ana", "mia", "neo", "sid", "una"];
const WRONG: &str = "Tell-nobody-0";
const GUESSES: [&str; 14] = [
    "InitiateAuth USER_PASSWORD_AUTH",
    "InitiateAuth USER_SRP_AUTH",
    "RespondToAuthChallenge PASSWORD_VERIFIER",
    "InitiateAuth USER_AUTH",
    "InitiateAuth USER_AUTH WEB_AUTHN",
    "InitiateAuth USER_AUTH PASSWORD",
    "RespondToAuthChallenge SELECT_CHALLENGE",
    "RespondToAuthChallenge WEB_AUTHN",
    "ConfirmSignUp",
    "ResendConfirmationCode",
    "ForgotPassword",
    "ConfirmForgotPassword",
    "page sign-in",
    "page reset",
];
/// Where every second name that nobody has is asked for a passkey.
const DIFFERS_BY_NAME: [&str; 3] =
    ["InitiateAuth USER_AUTH", "InitiateAuth USER_AUTH WEB_AUTHN", "RespondToAuthChallenge WEB_AUTHN"];

/// An answer and what was done for it.
type Seen = (String, u64, u64);

async fn world() -> World {
    let world = World::new().await;
    let history = json!({
        "UserPoolId": world.pool, "AutoVerifiedAttributes": ["email"], "MfaConfiguration": "OPTIONAL",
        "Policies": {
            "PasswordPolicy": { "PasswordHistorySize": 3 },
            "SignInPolicy": { "AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"] },
        },
    });
    world.doors.done("UpdateUserPool", history).await;
    world.doors.done("AdminDisableUser", json!({ "UserPoolId": world.pool, "Username": "sid" })).await;
    // Codes that are waiting change nothing for who guesses; the counts of those that were sent begin anew.
    world.doors.garita.clock.advance(jiff::SignedDuration::from_hours(2));
    world
}

async fn initiate(world: &World, flow: &str, parameters: Value) -> Reply {
    let input = json!({ "ClientId": world.ui, "AuthFlow": flow, "AuthParameters": parameters });
    world.doors.person("InitiateAuth", &input).await
}

async fn respond(world: &World, name: &str, session: &Value, responses: Value) -> Reply {
    let mut input = json!({ "ClientId": world.ui, "ChallengeName": name, "ChallengeResponses": responses });
    if session.is_string() {
        input["Session"] = session.clone();
    }
    world.doors.person("RespondToAuthChallenge", &input).await
}

async fn user_auth(world: &World, name: &str, preferred: Option<&str>) -> Reply {
    let mut parameters = json!({ "USERNAME": name });
    if let Some(preferred) = preferred {
        parameters["PREFERRED_CHALLENGE"] = preferred.into();
    }
    initiate(world, "USER_AUTH", parameters).await
}

/// Asks with a name; what leads to the question is not counted.
async fn guess(world: &World, guess: &str, name: &str) -> Seen {
    let own = |more: Value| {
        let mut input = json!({ "ClientId": world.ui, "Username": name });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    let code = || json!({ "ConfirmationCode": "000000" });
    let work = || {
        let app = &world.doors.garita.app;
        (app.passwords().turns(), app.snapshot().revision())
    };
    let srp = json!({ "USERNAME": name, "SRP_A": "ab".repeat(384) });
    let mut before = work();
    let reply = match guess {
        "InitiateAuth USER_PASSWORD_AUTH" => {
            initiate(world, "USER_PASSWORD_AUTH", json!({ "USERNAME": name, "PASSWORD": WRONG })).await
        }
        "InitiateAuth USER_SRP_AUTH" => initiate(world, "USER_SRP_AUTH", srp).await,
        "RespondToAuthChallenge PASSWORD_VERIFIER" => {
            let asked = initiate(world, "USER_SRP_AUTH", srp).await.json();
            let asked = &asked["ChallengeParameters"];
            let responses = json!({
                "USERNAME": asked["USER_ID_FOR_SRP"], "PASSWORD_CLAIM_SECRET_BLOCK": asked["SECRET_BLOCK"],
                "PASSWORD_CLAIM_SIGNATURE": "A".repeat(43) + "=", "TIMESTAMP": "Sun Mar 1 12:00:00 UTC 2026",
            });
            before = work();
            respond(world, "PASSWORD_VERIFIER", &Value::Null, responses).await
        }
        "InitiateAuth USER_AUTH" => user_auth(world, name, None).await,
        "InitiateAuth USER_AUTH WEB_AUTHN" => user_auth(world, name, Some("WEB_AUTHN")).await,
        "InitiateAuth USER_AUTH PASSWORD" => {
            let parameters =
                json!({ "USERNAME": name, "PREFERRED_CHALLENGE": "PASSWORD", "PASSWORD": WRONG });
            initiate(world, "USER_AUTH", parameters).await
        }
        "RespondToAuthChallenge SELECT_CHALLENGE" => {
            let asked = user_auth(world, name, None).await.json();
            before = work();
            let responses = json!({ "USERNAME": name, "ANSWER": "PASSWORD", "PASSWORD": WRONG });
            respond(world, "SELECT_CHALLENGE", &asked["Session"], responses).await
        }
        "RespondToAuthChallenge WEB_AUTHN" => {
            let asked = user_auth(world, name, Some("WEB_AUTHN")).await.json();
            before = work();
            // What anybody can make of what they were asked: all is right but the signature.
            let asked_for = asked["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"].as_str();
            let options = asked_for.map_or_else(
                || world.options["sign in at the API"].clone(),
                |options| serde_json::from_str(options).unwrap(),
            );
            let mut stranger = Authenticator::new(Kind::Es256);
            if let Some(id) = options.pointer("/allowCredentials/0/id").and_then(Value::as_str) {
                stranger.id = URL_SAFE_NO_PAD.decode(id).unwrap();
            }
            let says = Says { backup: (false, false), ..Says::at(SITE) };
            let mut credential = stranger.get(&options, &says);
            credential["response"]["userHandle"] = Value::Null;
            let credential = credential.to_string();
            let responses = json!({ "USERNAME": name, "ANSWER": "WEB_AUTHN", "CREDENTIAL": credential });
            let challenge = asked["ChallengeName"].as_str().unwrap();
            respond(world, challenge, &asked["Session"], responses).await
        }
        "ConfirmSignUp" => world.doors.person(guess, &own(code())).await,
        "ConfirmForgotPassword" => {
            let mut new = code();
            new["Password"] = "Tell-nobody-3".into();
            world.doors.person(guess, &own(new)).await
        }
        "ResendConfirmationCode" | "ForgotPassword" => world.doors.person(guess, &own(json!({}))).await,
        _ => {
            let mut browser = Browser::default();
            let flow = world.doors.get(&mut browser, &world.asking(&world.app.id, &[])).await.flow();
            let user = [("flow", flow.as_str()), ("username", name)];
            if guess == "page sign-in" {
                before = work();
                let fields = [&user[..], &[("password", WRONG)]].concat();
                world.doors.post(&mut browser, &world.at("sign-in"), &fields).await
            } else {
                let sent = world.doors.post(&mut browser, &world.at("forgot"), &user).await;
                assert_eq!(sent.status, 303, "{}", sent.body);
                let flow = sent.flow();
                before = work();
                let new = [("new-password", "Tell-nobody-3"), ("new-password-again", "Tell-nobody-3")];
                let fields = [&[("flow", flow.as_str()), ("code", "000000")][..], &new[..]].concat();
                world.doors.post(&mut browser, &world.at("reset"), &fields).await
            }
        }
    };
    let after = work();
    (told(&reply, name), after.0 - before.0, after.1 - before.1)
}

/// What an answer tells, without what is drawn for each request and without the name that was asked for.
fn told(reply: &Reply, name: &str) -> String {
    let mut body = reply.json();
    if body.is_null() {
        let mut page = reply.body.clone();
        // What is sealed differs each time, and so does what a passkey is to sign; the name stands in a field.
        for mark in ["value=\"", "flow=", "data-options=\""] {
            let mut parts = page.split(mark);
            let first = parts.next().unwrap_or_default().to_owned();
            let rest = parts.map(|part| part.split_once('"').map_or(part, |(_, rest)| rest));
            page = std::iter::once(first.as_str()).chain(rest).collect();
        }
        return format!("{} {page}", reply.status);
    }
    if let Some(session) = body.get_mut("Session") {
        *session = (session.as_str().unwrap().len() / 64).into();
    }
    if let Some(parameters) = body.get_mut("ChallengeParameters").and_then(Value::as_object_mut) {
        for (key, value) in parameters.iter_mut().filter(|(key, _)| !key.starts_with("USER")) {
            *value = match key.as_str() {
                "CREDENTIAL_REQUEST_OPTIONS" => shape(value.as_str().unwrap()),
                _ => format!("{} of {key}", value.as_str().unwrap().len().div_ceil(16)).into(),
            };
        }
    }
    if let Some(at) = body.pointer_mut("/CodeDeliveryDetails/Destination") {
        let hidden = |c: char| if c.is_ascii_lowercase() { 'x' } else { c };
        *at = at.as_str().unwrap().chars().map(hidden).collect::<String>().into();
    }
    format!("{} {body}", reply.status).replace(name, "NAME")
}

/// What an authenticator is asked for, without what is drawn.
fn shape(options: &str) -> Value {
    let mut options: Value = serde_json::from_str(options).unwrap();
    options["challenge"] = options["challenge"].as_str().unwrap().len().into();
    for allowed in options["allowCredentials"].as_array_mut().unwrap() {
        allowed["id"] = allowed["id"].as_str().unwrap().len().into();
    }
    options
}

#[tokio::test]
async fn a_name_alone_tells_nobody_from_somebody_in_words_or_in_work() {
    let world = world().await;
    for question in GUESSES {
        // As long as the others: what is sealed holds the name.
        let names = (0..if DIFFERS_BY_NAME.contains(&question) { 16 } else { 2 }).map(|n| format!("n{n:02}"));
        let mut of_nobody: BTreeSet<Seen> = BTreeSet::new();
        for name in names {
            of_nobody.insert(guess(&world, question, &name).await);
        }
        // A passkey that stands in may be copied, or may not, as others may.
        let ways = match question {
            "RespondToAuthChallenge WEB_AUTHN" => 3,
            question if DIFFERS_BY_NAME.contains(&question) => 2,
            _ => 1,
        };
        assert!(of_nobody.len() <= ways, "{question}: {of_nobody:#?}");
        for name in KNOWN {
            let seen = guess(&world, question, name).await;
            assert!(
                of_nobody.contains(&seen),
                "{question} tells {name}: {seen:?}\nof nobody: {of_nobody:#?}"
            );
        }
    }
}

#[tokio::test]
async fn the_same_name_is_always_told_the_same() {
    let world = world().await;
    for name in ["ana", "n00", "n01", "n02", "n03"] {
        let asked = async || {
            let reply = user_auth(&world, name, Some("WEB_AUTHN")).await.json();
            let options = reply["ChallengeParameters"]["CREDENTIAL_REQUEST_OPTIONS"].as_str();
            let options = options.map(|options| serde_json::from_str::<Value>(options).unwrap());
            options.map(|options| options["allowCredentials"].clone())
        };
        assert_eq!(asked().await, asked().await, "{name}");
    }
}

#[tokio::test]
async fn no_answer_waits_for_a_letter() {
    let world = world().await;
    world.doors.garita.mail.hang();
    for (operation, name) in [("ForgotPassword", "ana"), ("ResendConfirmationCode", "una")] {
        let input = json!({ "ClientId": world.ui, "Username": name });
        let asking = world.doors.person(operation, &input);
        let reply = tokio::time::timeout(Duration::from_secs(60), asking).await.expect("an answer");
        assert_eq!(reply.status, 200, "{operation}: {}", reply.body);
    }
    let (mut browser, target) = (Browser::default(), world.at("forgot"));
    let flow = world.doors.get(&mut browser, &world.asking(&world.app.id, &[])).await.flow();
    let fields = [("flow", flow.as_str()), ("username", "mia")];
    let asking = world.doors.post(&mut browser, &target, &fields);
    let reply = tokio::time::timeout(Duration::from_secs(60), asking).await.expect("an answer");
    assert_eq!(reply.status, 303);
    for _ in 0..500 {
        if world.doors.garita.mail.waiting() == 3 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the letters were not begun");
}
