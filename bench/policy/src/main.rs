//! Policy decisions: Garita beside Cedar on equal work, Garita over all of AWS's managed policies at once, and who-can
//! over everyone.
//!
//! Equal work: each of N policies allows one action on one team's resources under two conditions (a `like` and an
//! equality and a flag in Cedar), every tenth denies a part, and requests are spread over the teams. Rounds are
//! interleaved; a figure is the median over rounds of the median decision of a round.
//! `docs/development/benchmarks.md` says how to read the table.

mod cedar;
mod managed;
mod population;
#[path = "../../../crates/policy/examples/world/mod.rs"]
mod world;

use std::hint::black_box;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Result, anyhow, bail, ensure};
use garita_policy::decide;
use serde_json::json;

const SIZES: [usize; 3] = [10, 1_000, 10_000];
const ROUNDS: usize = 9;
/// Decisions timed as one: the clock costs some of what a decision does.
const BLOCK: usize = 16;

/// A measured figure and the bar it has to pass.
pub(crate) struct Figure {
    name: String,
    value: f64,
    unit: &'static str,
    /// At most, or at least, this much.
    bar: Option<(bool, f64)>,
}

impl Figure {
    pub(crate) fn new(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self { name: name.into(), value, unit, bar: None }
    }

    pub(crate) fn at_most(self, most: f64) -> Self {
        Self { bar: Some((true, most)), ..self }
    }

    fn at_least(self, least: f64) -> Self {
        Self { bar: Some((false, least)), ..self }
    }

    fn ok(&self) -> Option<bool> {
        self.bar.map(|(most, bar)| if most { self.value <= bar } else { self.value >= bar })
    }

    fn bar_text(&self) -> Option<String> {
        self.bar.map(|(most, bar)| format!("{}{bar:?}", if most { "<=" } else { ">=" }))
    }
}

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let json = match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => None,
        ["--json", file] => Some(PathBuf::from(file)),
        _ => bail!("usage: bench policy [--json FILE]"),
    };
    let mut figures = beside_cedar()?;
    figures.extend(population::measure()?);
    match managed::policies() {
        Ok(policies) => figures.extend(managed::measure(&policies)?),
        Err(reason) => println!("AWS's managed policies are left out: {reason:#}"),
    }
    print(&figures);
    if let Some(path) = json {
        let line = |figure: &Figure| {
            json!({
                "figure": figure.name,
                "value": figure.value,
                "unit": figure.unit,
                "bar": figure.bar_text(),
                "ok": figure.ok(),
            })
        };
        let all: Vec<_> = figures.iter().map(line).collect();
        std::fs::write(path, serde_json::to_string_pretty(&all)? + "\n")?;
    }
    Ok(())
}

fn print(figures: &[Figure]) {
    println!("{:36}  {:>12}  {:4}  {:>9}  ok", "figure", "value", "unit", "bar");
    for figure in figures {
        let ok = figure.ok().map_or("", |ok| if ok { "yes" } else { "NO" });
        let bar = figure.bar_text().unwrap_or_default();
        println!("{:36}  {:>12.3}  {:4}  {bar:>9}  {ok}", figure.name, figure.value, figure.unit);
    }
}

/// Both engines at every size.
struct Contest {
    teams: usize,
    world: world::World,
    cedar: cedar::World,
    ours: Vec<f64>,
    theirs: Vec<f64>,
}

fn beside_cedar() -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    let mut contests = Vec::new();
    for teams in SIZES {
        let policies = world::policies(teams)?;
        let start = Instant::now();
        black_box(garita_policy::PolicyIndex::new(policies));
        figures.push(Figure::new(format!("policy.index.{teams}"), start.elapsed().as_secs_f64() * 1e3, "ms"));
        let world = world::World::new(teams).map_err(|error| anyhow!(error))?;
        let contest =
            Contest { teams, world, cedar: cedar::World::new(teams)?, ours: vec![], theirs: vec![] };
        contest.agree()?;
        contests.push(contest);
    }
    for _ in 0..ROUNDS {
        for contest in &mut contests {
            let ours = contest.ours();
            contest.ours.push(ours);
            let theirs = contest.theirs();
            contest.theirs.push(theirs);
        }
    }
    let mut middle = Vec::new();
    for contest in &mut contests {
        let (ours, theirs) = (median(&mut contest.ours), median(&mut contest.theirs));
        let teams = contest.teams;
        figures.push(Figure::new(format!("policy.decide.p50.{teams}"), ours, "us").at_most(0.5));
        figures.push(Figure::new(format!("policy.cedar.p50.{teams}"), theirs, "us"));
        let ratio = Figure::new(format!("policy.times_cedar.{teams}"), theirs / ours, "x");
        figures.push(match teams {
            10 => ratio.at_least(20.0),
            10_000 => ratio.at_least(1000.0),
            _ => ratio,
        });
        middle.push(ours);
    }
    if let [first, .., last] = middle.as_slice() {
        figures.push(Figure::new("policy.growth.10_to_10000", last / first, "x").at_most(1.3));
    }
    Ok(figures)
}

impl Contest {
    /// Both allow what they are asked.
    fn agree(&self) -> Result<()> {
        let policies = self.world.policies();
        for question in self.world.questions.iter().take(32) {
            let ours = decide(&self.world.request(question), &policies).is_allowed();
            ensure!(
                ours && self.cedar.is_allowed(question.team)?,
                "the engines do not agree on team {}",
                question.team
            );
        }
        Ok(())
    }

    /// The median decision of Garita, in microseconds.
    fn ours(&self) -> f64 {
        let policies = self.world.policies();
        time(&self.world.questions, 400, |question| {
            decide(&self.world.request(question), &policies).is_allowed()
        })
    }

    /// The median decision of Cedar, in microseconds.
    fn theirs(&self) -> f64 {
        let decisions = (2_000_000 / self.teams.max(200)).clamp(8, 2_000);
        let requests: Vec<_> =
            self.world.questions.iter().map(|question| self.cedar.request(question.team)).collect();
        let mut times = Vec::new();
        for request in requests.iter().flatten().cycle().take(decisions) {
            let start = Instant::now();
            black_box(self.cedar.decide(black_box(request)));
            times.push(start.elapsed().as_secs_f64() * 1e6);
        }
        median(&mut times)
    }
}

/// The median over blocks of decisions of what one takes, in microseconds.
pub(crate) fn time<Q>(questions: &[Q], blocks: usize, mut decide: impl FnMut(&Q) -> bool) -> f64 {
    let mut asked = questions.iter().cycle();
    let mut times: Vec<f64> = Vec::with_capacity(blocks);
    for _ in 0..blocks {
        let start = Instant::now();
        for question in asked.by_ref().take(BLOCK) {
            black_box(decide(black_box(question)));
        }
        times.push(start.elapsed().as_secs_f64() * 1e6 / BLOCK as f64);
    }
    median(&mut times)
}

pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
