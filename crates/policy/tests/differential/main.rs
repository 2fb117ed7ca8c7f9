//! The compiled evaluator, the explaining one, a naive one and the formulas of `reach`, held against each other on
//! random cases.
//!
//! `cargo run --release -p garita-policy --example differential -- --cases 10000000` runs more of them.

#[cfg(test)]
mod naive;
#[cfg(test)]
mod random;
#[cfg(test)]
mod reach;
#[cfg(test)]
mod run;
#[cfg(test)]
mod shrink;
#[cfg(test)]
mod subject;

/// How many cases: fewer when each of many builds is to be tested, as by `cargo xtask mutants`.
#[cfg(test)]
fn cases() -> u64 {
    option_env!("GARITA_DIFFERENTIAL_CASES").map_or(100_000, |cases| cases.parse().unwrap())
}

#[test]
fn evaluators_agree() {
    let tally = run::run(cases(), 20_260_101).unwrap_or_else(|case| panic!("{case}"));
    // The cases are worth something: most can be read, and neither answer is rare.
    let share = tally.allowed as f64 / tally.cases as f64;
    assert!(tally.unread * 100 < tally.cases, "{} sets of policies do not parse", tally.unread);
    assert!((0.1..0.9).contains(&share), "{share} of the cases are allowed");
}

#[test]
fn shrinking_leaves_nothing_that_can_go() {
    let unchanged = serde_json::json!({"policies": {}, "request": {}});
    assert_eq!(shrink::shrink(unchanged.clone()), unchanged);
}
