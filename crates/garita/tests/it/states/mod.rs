//! What each endpoint that mints or accepts anything answers to each state of a person, a pool, a client and its keys.
//!
//! A row is an endpoint with what it rests on ([`state::Thing`]); a state is something that happens to people who hold
//! everything that can be held, and what it takes away. INVARIANT: an endpoint lets somebody in exactly if the state has
//! taken nothing away that it rests on. That is asserted of each cell by itself; the words of each answer stand in
//! `golden/states.txt`, which people review (`GARITA_GOLDEN=write` writes it anew).
//!
//! Endpoints come from the operations table, from the routes of the pages and from the gateway's own pages: one without a
//! row fails [`every_endpoint_has_a_row`].

mod api;
pub(crate) mod doors;
mod gate;
mod pages;
mod state;
pub(crate) mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

use garita_aws::operations::operations;
use garita_web::Web;
use garita_wire::operation::Authentication;

use state::{STATES, State, Thing};
use world::World;

/// An endpoint, with one of the things that can be brought to it.
pub(crate) struct Row {
    endpoint: &'static str,
    variant: &'static str,
    rests_on: &'static [Thing],
}

impl Row {
    const fn new(endpoint: &'static str, variant: &'static str, rests_on: &'static [Thing]) -> Self {
        Self { endpoint, variant, rests_on }
    }

    fn name(&self) -> String {
        format!("{} {}", self.endpoint, self.variant).trim().to_owned()
    }
}

/// Operations that sign somebody in for whoever signs the request.
const FOR_ANOTHER: [&str; 2] = ["AdminInitiateAuth", "AdminRespondToAuthChallenge"];

/// What takes something else than a signature of an IAM principal. The console's pages, where IAM users sign in, are held
/// by the tests of `app`.
fn endpoints() -> BTreeSet<String> {
    let operations = operations().filter(|operation| {
        operation.authentication == Authentication::None || FOR_ANOTHER.contains(&operation.name)
    });
    let operations = operations.map(|operation| operation.name.to_owned());
    let paths = Web::paths().map(|(method, path)| format!("{method} {path}"));
    let pages = garita_gateway::own_pages().map(|(verb, path)| format!("{verb} {path}"));
    operations.chain(paths).chain(pages).chain(["stage".to_owned()]).collect()
}

fn rows() -> impl Iterator<Item = &'static Row> {
    api::ROWS.iter().chain(pages::ROWS).chain(gate::ROWS)
}

#[test]
fn every_endpoint_has_a_row() {
    let with_rows: BTreeSet<String> = rows().map(|row| row.endpoint.to_owned()).collect();
    let known = endpoints();
    let without: Vec<_> = known.difference(&with_rows).collect();
    assert!(without.is_empty(), "say in `tests/it/states` what these rest on: {without:?}");
    let gone: Vec<_> = with_rows.difference(&known).collect();
    assert!(gone.is_empty(), "no such endpoints: {gone:?}");
}

/// What every row answers in a state.
async fn answers(state: State) -> Vec<String> {
    let mut world = World::new().await;
    state.befall(&world).await;
    world.remember();
    let mut answers = Vec::new();
    for row in rows() {
        let answer = match row.endpoint {
            name if api::ROWS.iter().any(|row| row.endpoint == name) => api::ask(&world, row).await,
            name if pages::ROWS.iter().any(|row| row.endpoint == name) => pages::ask(&world, row).await,
            _ => gate::ask(&world, row).await,
        };
        answers
            .push(answer.replace(&world.pool, "POOL").replace(&world.ui, "UI").replace(&world.app.id, "APP"));
        world.restore().await;
    }
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_outlives_what_it_rests_on() {
    let mut table: Vec<Vec<String>> = Vec::new();
    for pair in STATES.chunks(2) {
        let running: Vec<_> = pair.iter().map(|state| tokio::spawn(answers(*state))).collect();
        for (state, answers) in pair.iter().zip(running) {
            table.push(answers.await.unwrap_or_else(|died| panic!("{}: {died}", state.name)));
        }
    }
    let mut wrong = Vec::new();
    for (at, row) in rows().enumerate() {
        let good = &table[0][at];
        for (state, answers) in STATES.iter().zip(&table) {
            let (is_in, should_be) = (answers[at] == *good, state.leaves(row.rests_on));
            if is_in != should_be {
                let verb = if is_in { "lets in" } else { "does not let in" };
                wrong.push(format!("{} {verb}, {}: {}", row.name(), state.name, answers[at]));
            }
        }
    }
    let text = golden(&table);
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/states.txt");
    if std::env::var("GARITA_GOLDEN").is_ok_and(|word| word == "write") {
        std::fs::write(&path, &text).unwrap();
    }
    assert!(wrong.is_empty(), "{} cells are not as they should be:\n{}", wrong.len(), wrong.join("\n"));
    let held = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(text == held, "the words have changed: look at the difference with GARITA_GOLDEN=write");
}

/// The answers of each row, each with the states that have it.
fn golden(table: &[Vec<String>]) -> String {
    let mut text = String::from(
        "# What each endpoint answers to each state of people, pool, clients and keys.\n\
         # GARITA_GOLDEN=write with the tests of crate garita writes it anew.\n",
    );
    for (at, row) in rows().enumerate() {
        let mut by_answer: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (state, answers) in STATES.iter().zip(table) {
            by_answer.entry(&answers[at]).or_default().push(state.name);
        }
        let good = &table[0][at];
        writeln!(text, "\n{}\n  {good}", row.name()).unwrap();
        for (answer, states) in by_answer.iter().filter(|(answer, _)| *answer != good) {
            writeln!(text, "  {answer}\n    {}", states.join(", ")).unwrap();
        }
    }
    text
}
