//! What a stage of the gateway is asked: with each kind of credential that it takes, and its own pages.

use super::Row;
use super::doors::{Browser, Reply};
use super::state::Thing::{
    self, Client, Enabled, Former, Group, Key, OneFactor, Pool, SignIn, User, Vouched,
};
use super::world::{PAGE, World};

const READ: &str = "/prod/api/2.0/mlflow/experiments/get?experiment_id=0";

pub(super) const ROWS: &[Row<Thing>] = &[
    Row::new(
        "stage",
        "bearer id token",
        &[Pool, Client, User, Enabled, Former, SignIn, Group, OneFactor, Key],
    ),
    Row::new(
        "stage",
        "bearer access token",
        &[Pool, Client, User, Enabled, Former, SignIn, Group, OneFactor, Key],
    ),
    Row::new(
        "stage",
        "bearer id token of a code",
        &[Pool, Client, User, Enabled, Former, Group, OneFactor, Key],
    ),
    Row::new(
        "stage",
        "bearer id token of whom a provider vouched for",
        &[Pool, Client, User, Enabled, Vouched, Group, OneFactor, Key],
    ),
    Row::new("stage", "cookie", &[Pool, Client, User, Enabled, Former, Group, OneFactor]),
    Row::new(
        "stage",
        "address of an artifact",
        &[Pool, Client, User, Enabled, Former, SignIn, Group, OneFactor],
    ),
    Row::new("GET /garita/sign-in", "", &[Pool, Client]),
    Row::new("GET /garita/callback", "", &[Pool, Client, User, Enabled, Former, OneFactor]),
    Row::new("GET /garita/account", "", &[Pool, Client, User, Enabled, Former, OneFactor]),
    Row::new("POST /garita/sign-out", "", &[]),
];

pub(super) async fn ask(world: &World, row: &Row<Thing>) -> String {
    let mut browser = world.at_stage.clone();
    let doors = &world.doors;
    let reply = match (row.endpoint, row.variant) {
        ("stage", "cookie") => doors.at_gate(&mut browser, "GET", READ, &[]).await,
        ("stage", "address of an artifact") => {
            doors.at_gate(&mut Browser::default(), "GET", &world.link, &[]).await
        }
        ("stage", which) => {
            let token = match which {
                "bearer id token" => &world.tokens.id,
                "bearer access token" => &world.tokens.access,
                "bearer id token of whom a provider vouched for" => &world.vouched.id,
                _ => &world.granted.id,
            };
            let token = format!("Bearer {token}");
            let bearer = [("authorization", token.as_str())];
            doors.at_gate(&mut Browser::default(), "GET", READ, &bearer).await
        }
        ("GET /garita/sign-in", _) => {
            let target = "/prod/garita/sign-in?to=%2F&at=";
            doors.at_gate(&mut Browser::default(), "GET", target, &PAGE).await
        }
        ("GET /garita/callback", _) => {
            let (mut browser, target) = world.coming_back.clone();
            let reply = doors.at_gate(&mut browser, "GET", &target, &PAGE).await;
            let has_session = browser.0.keys().any(|name| name.contains("stage"));
            assert_eq!(has_session, reply.status == 303, "{reply:?}");
            reply
        }
        ("GET /garita/account", _) => doors.at_gate(&mut browser, "GET", "/prod/garita/account", &PAGE).await,
        _ => {
            let own = [("origin", "http://localhost"), ("content-length", "0")];
            doors.at_gate(&mut browser, "POST", "/prod/garita/sign-out", &own).await
        }
    };
    told(&reply)
}

fn told(reply: &Reply) -> String {
    if let Some(to) = &reply.location {
        let bare = to.split(['?', '&']).next().unwrap_or_default();
        return format!("{} to {}", reply.status, bare.rsplit('/').next().unwrap_or_default());
    }
    let body = reply.json();
    let said = body["message"].as_str().or_else(|| reply.between("<h1>", "</h1>")).unwrap_or_default();
    // Who it is stands in some of them, and in which pool.
    let said = said.split(" on resource").next().unwrap_or_default();
    format!("{} {said}", reply.status).trim().to_owned()
}
