//! Something happens while somebody signs in: whichever comes first, nothing lives on that rests on what was taken away.

use std::time::Duration;

use serde_json::{Value, json};

use super::doors::{Browser, Reply};
use super::kept::Kept;
use super::world::{PASSWORD, World};

/// What happens to `eve` or to the client she comes by.
const HAPPENS: [&str; 6] = [
    "AdminDeleteUser",
    "AdminDisableUser",
    "AdminSetUserPassword",
    "AdminResetUserPassword",
    "DeleteUserPoolClient",
    "DeleteUserPool",
];

/// Tokens of a sign-in that was let in, and the cookie of one at the pages.
async fn sign_in(world: &World) -> (Value, Browser) {
    let input = json!({
        "ClientId": world.ui, "AuthFlow": "USER_PASSWORD_AUTH",
        "AuthParameters": { "USERNAME": "eve", "PASSWORD": PASSWORD },
    });
    let mut browser = Browser::default();
    let flow = world.doors.get(&mut browser, &world.asking(&world.app.id, &[])).await.flow();
    let fields = [("flow", flow.as_str()), ("username", "eve"), ("password", PASSWORD)];
    let target = world.at("sign-in");
    let at_page = world.doors.post(&mut browser, &target, &fields);
    let (at_api, _) = tokio::join!(world.doors.person("InitiateAuth", &input), at_page);
    (at_api.json()["AuthenticationResult"].clone(), browser)
}

async fn befall(world: &World, operation: &str) {
    let mut input = json!({ "UserPoolId": world.pool });
    match operation {
        "DeleteUserPool" => {}
        "DeleteUserPoolClient" => input["ClientId"] = world.ui.as_str().into(),
        _ => input["Username"] = "eve".into(),
    }
    if operation == "AdminSetUserPassword" {
        (input["Password"], input["Permanent"]) = ("Tell-nobody-8".into(), true.into());
    }
    world.doors.done(operation, input).await;
}

/// What of a sign-in is still good, in words.
async fn lives(world: &World, operation: &str, tokens: &Value, browser: &Browser) -> Vec<String> {
    let text = |name: &str| tokens[name].as_str().unwrap_or_default().to_owned();
    let mut good = Vec::new();
    let mut note = |what: &str, reply: &Reply, wanted: u16| {
        if reply.status == wanted {
            good.push(format!("{what}: {}", reply.body));
        }
    };
    let own = json!({ "AccessToken": text("AccessToken") });
    note("access token", &world.doors.person("GetUser", &own).await, 200);
    let refresh = json!({ "ClientId": world.ui, "RefreshToken": text("RefreshToken") });
    note("refresh token", &world.doors.person("GetTokensFromRefreshToken", &refresh).await, 200);
    let bearer = format!("Bearer {}", text("IdToken"));
    let read = "/prod/api/2.0/mlflow/experiments/get?experiment_id=0";
    let bearer = [("authorization", bearer.as_str())];
    note("id token", &world.doors.at_gate(&mut Browser::default(), "GET", read, &bearer).await, 200);
    // The browser came by another client.
    if operation != "DeleteUserPoolClient" {
        let led = world.doors.get(&mut browser.clone(), &world.asking(&world.app.id, &[])).await;
        let has_code = led.location.as_deref().is_some_and(|to| to.contains("code="));
        note("browser", &led, if has_code { led.status } else { 0 });
    }
    good
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_lives_on_that_began_while_what_it_rests_on_went() {
    let world = World::new().await;
    let kept = Kept::of(&world.doors.garita);
    let mut wrong = Vec::new();
    for operation in HAPPENS {
        // None is after the sign-in, when everything was good a moment ago.
        for wait in [None, Some(0), Some(5), Some(15), Some(30), Some(60), Some(90)] {
            let signed_in = sign_in(&world);
            let (tokens, browser) = match wait {
                None => {
                    let (tokens, browser) = signed_in.await;
                    assert_eq!(lives(&world, "", &tokens, &browser).await.len(), 4, "{operation}");
                    befall(&world, operation).await;
                    (tokens, browser)
                }
                Some(wait) => {
                    let later = async {
                        tokio::time::sleep(Duration::from_millis(wait)).await;
                        befall(&world, operation).await;
                    };
                    tokio::join!(signed_in, later).0
                }
            };
            let good = lives(&world, operation, &tokens, &browser).await;
            wrong.extend(good.into_iter().map(|what| format!("{operation} after {wait:?} ms, {what}")));
            kept.put_back(&world.doors.garita).await;
            // Failed tries are forgotten.
            world.doors.garita.clock.advance(jiff::SignedDuration::from_mins(16));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
