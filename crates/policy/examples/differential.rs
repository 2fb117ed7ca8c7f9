//! Random requests and policies through evaluators that must agree: `--cases N --seed S`.
//!
//! A disagreement is shrunk to a smallest case, printed as JSON, and ends the run with exit code 1.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "these modules are tests"
)]

use std::process::ExitCode;

#[path = "../tests/differential/naive.rs"]
mod naive;
#[path = "../tests/differential/random.rs"]
mod random;
#[path = "../tests/differential/reach.rs"]
mod reach;
#[path = "../tests/differential/run.rs"]
mod run;
#[path = "../tests/differential/shrink.rs"]
mod shrink;
#[path = "../tests/differential/subject.rs"]
mod subject;

const USAGE: &str = "usage: differential [--cases N] [--seed S]";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let (mut cases, mut seed) = (10_000_000_u64, 1_u64);
    for pair in words.chunks(2) {
        match pair {
            [name, value] if name == "--cases" && value.parse::<u64>().is_ok() => {
                cases = value.parse().unwrap();
            }
            [name, value] if name == "--seed" && value.parse::<u64>().is_ok() => {
                seed = value.parse().unwrap();
            }
            _ => {
                eprintln!("{USAGE}");
                return ExitCode::from(2);
            }
        }
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let results: Vec<_> = std::thread::scope(|scope| {
        let share = cases.div_ceil(threads);
        // Far apart in the sequence, so that no thread repeats another's cases.
        let start = |thread: u64| seed.wrapping_add(thread << 48);
        let running: Vec<_> =
            (0..threads).map(|thread| scope.spawn(move || run::run(share, start(thread)))).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let mut done = run::Tally::default();
    for result in results {
        match result {
            Ok(tally) => {
                done.cases += tally.cases;
                done.allowed += tally.allowed;
                done.unread += tally.unread;
            }
            Err(case) => {
                println!("{case}");
                return ExitCode::FAILURE;
            }
        }
    }
    let run::Tally { cases, allowed, unread } = done;
    println!(
        "{cases} cases agree, {allowed} of them allowed ({unread} sets of policies did not parse), seed {seed}"
    );
    ExitCode::SUCCESS
}
