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
mod console;
pub(crate) mod doors;
mod gate;
mod kept;
mod meanwhile;
mod once;
mod pages;
mod state;
mod strangers;
pub(crate) mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

use garita_aws::operations::operations;
use garita_web::Web;
use garita_wire::operation::Authentication;

use kept::Kept;
use state::{STATES, Thing};
use world::World;

/// An endpoint, with one of the things that can be brought to it.
pub(crate) struct Row<T: 'static> {
    endpoint: &'static str,
    variant: &'static str,
    rests_on: &'static [T],
}

impl<T> Row<T> {
    const fn new(endpoint: &'static str, variant: &'static str, rests_on: &'static [T]) -> Self {
        Self { endpoint, variant, rests_on }
    }

    fn name(&self) -> String {
        format!("{} {}", self.endpoint, self.variant).trim().to_owned()
    }
}

/// Something that happens, and what it takes away.
#[derive(Debug, Clone, Copy)]
struct State<T: 'static> {
    name: &'static str,
    takes: &'static [T],
}

impl<T: PartialEq> State<T> {
    const fn new(name: &'static str, takes: &'static [T]) -> Self {
        Self { name, takes }
    }

    /// Whether what rests on these things is still good.
    fn leaves(&self, things: &[T]) -> bool {
        !things.iter().any(|thing| self.takes.contains(thing))
    }
}

/// Operations that sign somebody in for whoever signs the request.
const FOR_ANOTHER: [&str; 2] = ["AdminInitiateAuth", "AdminRespondToAuthChallenge"];

/// What takes something else than a signature of an IAM principal.
fn endpoints() -> BTreeSet<String> {
    let operations = operations().filter(|operation| {
        operation.authentication == Authentication::None || FOR_ANOTHER.contains(&operation.name)
    });
    let operations = operations.map(|operation| operation.name.to_owned());
    let paths = Web::paths().chain(Web::console_paths()).map(|(method, path)| format!("{method} {path}"));
    let pages = garita_gateway::own_pages().map(|(verb, path)| format!("{verb} {path}"));
    operations.chain(paths).chain(pages).chain(["stage".to_owned()]).collect()
}

/// Those of people of pools; IAM users at the [`console`] have their own.
fn rows() -> impl Iterator<Item = &'static Row<Thing>> {
    api::ROWS.iter().chain(pages::ROWS).chain(gate::ROWS)
}

#[test]
fn every_endpoint_has_a_row() {
    let console = console::ROWS.iter().map(|row| row.endpoint.to_owned());
    let with_rows: BTreeSet<String> = rows().map(|row| row.endpoint.to_owned()).chain(console).collect();
    let known = endpoints();
    let without: Vec<_> = known.difference(&with_rows).collect();
    assert!(without.is_empty(), "say in `tests/it/states` what these rest on: {without:?}");
    let gone: Vec<_> = with_rows.difference(&known).collect();
    assert!(gone.is_empty(), "no such endpoints: {gone:?}");
}

/// What one row answers.
async fn ask(world: &World, row: &Row<Thing>) -> String {
    let answer = match row.endpoint {
        name if api::ROWS.iter().any(|row| row.endpoint == name) => api::ask(world, row).await,
        name if pages::ROWS.iter().any(|row| row.endpoint == name) => pages::ask(world, row).await,
        _ => gate::ask(world, row).await,
    };
    answer.replace(&world.pool, "POOL").replace(&world.ui, "UI").replace(&world.app.id, "APP")
}

/// What every row answers in a state.
async fn answers(state: State<Thing>) -> Vec<String> {
    let world = World::new().await;
    state.befall(&world).await;
    let kept = Kept::of(&world.doors.garita);
    let mut answers = Vec::new();
    for row in rows() {
        answers.push(ask(&world, row).await);
        kept.put_back(&world.doors.garita).await;
    }
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_outlives_what_it_rests_on() {
    let rows: Vec<_> = rows().collect();
    Table::of(&rows, &STATES, answers).await.hold("states.txt", "people, pool, clients and keys");
}

/// What rows answer to states.
struct Table<'a, T: 'static> {
    rows: &'a [&'static Row<T>],
    states: &'a [State<T>],
    /// By state, the one in which nothing has happened first, and by row.
    answers: Vec<Vec<String>>,
}

impl<'a, T: Copy + PartialEq + Send + Sync> Table<'a, T> {
    /// Asks everything in every state, two states at a time.
    async fn of<F: Future<Output = Vec<String>> + Send + 'static>(
        rows: &'a [&'static Row<T>],
        states: &'a [State<T>],
        ask: fn(State<T>) -> F,
    ) -> Self {
        let mut answers = Vec::new();
        for pair in states.chunks(2) {
            let running: Vec<_> = pair.iter().map(|state| tokio::spawn(ask(*state))).collect();
            for (state, told) in pair.iter().zip(running) {
                answers.push(told.await.unwrap_or_else(|died| panic!("{}: {died}", state.name)));
            }
        }
        Self { rows, states, answers }
    }

    /// Holds each cell to what its row rests on, each refusal to be one and no breakdown, and all words to those that stand in a golden file.
    fn hold(&self, file: &str, of: &str) {
        let mut wrong = Vec::new();
        for (at, row) in self.rows.iter().enumerate() {
            let good = &self.answers[0][at];
            for (state, answers) in self.states.iter().zip(&self.answers) {
                let (is_in, should_be) = (answers[at] == *good, state.leaves(row.rests_on));
                // The pages of a stage break down where there is no pool or client that its configuration names.
                if answers[at].starts_with("500") && !row.endpoint.contains(" /garita/") {
                    wrong.push(format!("{} breaks down, {}: {}", row.name(), state.name, answers[at]));
                }
                if is_in != should_be {
                    let verb = if is_in { "lets in" } else { "does not let in" };
                    wrong.push(format!("{} {verb}, {}: {}", row.name(), state.name, answers[at]));
                }
            }
        }
        let text = self.golden(of);
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(file);
        if std::env::var("GARITA_GOLDEN").is_ok_and(|word| word == "write") {
            std::fs::write(&path, &text).unwrap();
        }
        assert!(wrong.is_empty(), "{} cells are not as they should be:\n{}", wrong.len(), wrong.join("\n"));
        let held = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(text == held, "the words have changed: look at the difference with GARITA_GOLDEN=write");
    }

    /// The answers of each row, each with the states that have it.
    fn golden(&self, of: &str) -> String {
        let mut text = format!(
            "# What each endpoint answers to each state of {of}.\n\
             # GARITA_GOLDEN=write with the tests of crate garita writes it anew.\n",
        );
        for (at, row) in self.rows.iter().enumerate() {
            let mut by_answer: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
            for (state, answers) in self.states.iter().zip(&self.answers) {
                by_answer.entry(&answers[at]).or_default().push(state.name);
            }
            let good = &self.answers[0][at];
            writeln!(text, "\n{}\n  {good}", row.name()).unwrap();
            for (answer, states) in by_answer.iter().filter(|(answer, _)| *answer != good) {
                writeln!(text, "  {answer}\n    {}", states.join(", ")).unwrap();
            }
        }
        text
    }
}
