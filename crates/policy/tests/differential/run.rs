//! Running many random cases, and stopping at the first on which the evaluators disagree.

use serde_json::{Value, json};

use crate::random::{self, Random};
use crate::shrink::{disagreement, shrink};
use crate::subject::Subject;

/// What a run went through.
#[derive(Default)]
pub(crate) struct Tally {
    /// Cases: a request against a set of policies.
    pub(crate) cases: u64,
    /// Those that are allowed.
    pub(crate) allowed: u64,
    /// Sets of policies that do not parse.
    pub(crate) unread: u64,
}

/// Runs at least `cases` cases that follow from `seed`.
///
/// # Errors
/// A smallest case on which the evaluators disagree.
pub(crate) fn run(cases: u64, seed: u64) -> Result<Tally, String> {
    let mut random = Random::Seed(seed);
    let mut tally = Tally::default();
    while tally.cases < cases {
        let case = random::case(&mut random);
        let Some(subject) = Subject::read(&case["policies"]) else {
            tally.unread += 1;
            continue;
        };
        for request in case["requests"].as_array().into_iter().flatten() {
            if subject.disagreement(request).is_some() {
                return Err(report(json!({"policies": case["policies"], "request": request})));
            }
            tally.cases += 1;
            tally.allowed += u64::from(subject.allows(request));
        }
    }
    Ok(tally)
}

fn report(case: Value) -> String {
    let case = shrink(case);
    format!("{}\n{case:#}", disagreement(&case).unwrap_or_default())
}
