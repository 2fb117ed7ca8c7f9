//! The same of IAM users and of those whom a broker leads to the console.

mod office;
mod state;

use super::doors::{Browser, Reply, encoded};
use super::kept::Kept;
use super::{Row, State, Table, pages};
use office::{OTHER, Office, PASSWORD};
use state::STATES;
use state::Thing::{self, Alone, Asked, Device, Key, Password, Role, Time, Try, User};

/// What the sign-in of a user with a password rests on, and that of whom a broker led here.
const BY_PASSWORD: &[Thing] = &[User, Password, Alone, Time];
const BY_BROKER: &[Thing] = &[User, Key, Role, Time];

pub(super) const ROWS: &[Row<Thing>] = &[
    Row::new("GET /", "", &[]),
    // An account is not told to be there, nor who is in it.
    Row::new("GET /{account}", "", &[]),
    Row::new("GET /{account}/sign-in", "", &[]),
    Row::new("POST /{account}/sign-in", "", &[User, Password, Alone, Try, Time]),
    Row::new("POST /{account}/sign-in", "of who has a device", &[User, Password, Asked, Try, Time]),
    Row::new("GET /{account}/code", "", &[Time]),
    Row::new("POST /{account}/code", "", &[User, Password, Device, Time]),
    Row::new("GET /{account}/new-password", "", &[Time]),
    Row::new("POST /{account}/new-password", "", BY_PASSWORD),
    Row::new("GET /console", "", BY_PASSWORD),
    Row::new("GET /console", "of who has a device", &[User, Password, Device, Time]),
    Row::new("GET /console", "of whom a broker led here", BY_BROKER),
    Row::new("GET /console/password", "", BY_PASSWORD),
    // Who is signed in has tries of their own: nobody outside can use them up.
    Row::new("POST /console/password", "", BY_PASSWORD),
    Row::new("POST /console/sign-out", "", &[Time]),
    Row::new("GET /federation", "getSigninToken", BY_BROKER),
    Row::new("GET /federation", "login", BY_BROKER),
    Row::new("GET /federation", "logout", BY_PASSWORD),
    Row::new("POST /federation", "getSigninToken", BY_BROKER),
];

async fn ask(office: &Office, row: &Row<Thing>) -> String {
    let (method, path) = row.endpoint.split_once(' ').unwrap();
    let path = path.replace("{account}", &office.account());
    let reply = match (method, path.as_str()) {
        (_, "/federation") => at_federation(office, method, row.variant).await,
        ("GET", "/console") => {
            let mut browser = office.browsers[row.variant].clone();
            office.doors.get(&mut browser, &path).await
        }
        _ => at_page(office, method, &path, row.variant).await,
    };
    pages::said(&reply, &format!("/{}", office.account()))
}

/// A page, or its form at the step that waits for it.
async fn at_page(office: &Office, method: &str, path: &str, variant: &str) -> Reply {
    let page = path.rsplit('/').next().unwrap_or_default();
    // Whoever asks for the first page has nothing.
    let Some((mut browser, flow)) = office.steps.get(page).cloned() else {
        return office.doors.get(&mut Browser::default(), path).await;
    };
    if method == "GET" {
        let target = if page == "password" { path.to_owned() } else { format!("{path}?flow={flow}") };
        return office.doors.get(&mut browser, &target).await;
    }
    let code = office.one_time();
    let name = if variant.is_empty() { "ana" } else { "mia" };
    let again = [("new-password", OTHER), ("new-password-again", OTHER)];
    let fields = match page {
        "sign-in" => vec![("username", name), ("password", PASSWORD)],
        "code" => vec![("code", code.as_str())],
        "new-password" => again.to_vec(),
        "password" => [&[("password", PASSWORD)][..], &again].concat(),
        _ => Vec::new(),
    };
    office.doors.post(&mut browser, path, &[&[("flow", flow.as_str())][..], &fields].concat()).await
}

async fn at_federation(office: &Office, method: &str, action: &str) -> Reply {
    let session = office.shown();
    let mut browser = match action {
        "logout" => office.browsers[""].clone(),
        _ => Browser::default(),
    };
    let fields = match action {
        "getSigninToken" => vec![("Action", action), ("Session", session.as_str())],
        "login" => vec![("Action", action), ("SigninToken", office.token.as_str())],
        _ => vec![("Action", action)],
    };
    match method {
        "GET" => office.doors.get(&mut browser, &format!("/federation?{}", encoded(&fields))).await,
        _ => office.doors.post(&mut browser, "/federation", &fields).await,
    }
}

/// What every row answers in a state.
async fn answers(state: State<Thing>) -> Vec<String> {
    let office = Office::open().await;
    state.befall(&office).await;
    let kept = Kept::of(&office.doors.garita);
    let mut answers = Vec::new();
    for row in ROWS {
        answers.push(ask(&office, row).await.replace(&office.account(), "ACCOUNT"));
        kept.put_back(&office.doors.garita).await;
    }
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_at_the_console_outlives_what_it_rests_on() {
    let rows: Vec<_> = ROWS.iter().collect();
    let table = Table::of(&rows, &STATES, answers).await;
    table.hold("console_states.txt", "IAM users, their passwords, devices and keys, and of a role");
}
