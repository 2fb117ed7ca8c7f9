//! Tests of the simulator: what they share, and by subject what it says, what it refuses, and that it decides as the
//! engine does.

mod agreement;
mod answers;
mod entries;
mod limits;
mod refused;

use super::*;

const ANA: &str = "arn:aws:iam::111122223333:user/team/ana";
const JOB: &str = "arn:aws:iam::111122223333:role/job";
const OBJECT: &str = "arn:aws:s3:::models/ana/weights";
const ALL: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;

fn statement(members: &str) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":{{{members}}}}}"#)
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// These policies, asked for one action.
fn suppose(policies: &[&str], action: &str, resources: &[&str]) -> Supposition {
    Supposition {
        policies: texts(policies),
        actions: texts(&[action]),
        resources: texts(resources),
        ..Supposition::default()
    }
}

fn run(supposed: &Supposition) -> ActionResult {
    run_held(supposed, Held::default())
}

fn run_held(supposed: &Supposition, held: Held) -> ActionResult {
    let simulation = Simulation::new(supposed, held).unwrap_or_else(|error| panic!("{error}"));
    simulation.run(&supposed.actions[0])
}

fn refusal(supposed: &Supposition) -> String {
    Simulation::new(supposed, Held::default()).unwrap_err().to_string()
}

/// `allowed by PolicyInputList.1; missing aws:username`
fn told(finding: &Finding) -> String {
    let mut told = finding.outcome.to_string();
    for one in &finding.matched {
        told.push_str(&format!(" by {}[{}]", one.policy_id, one.index));
    }
    if !finding.missing.is_empty() {
        told.push_str(&format!("; missing {}", finding.missing.join(", ")));
    }
    told
}

fn said(supposed: &Supposition) -> String {
    told(&run(supposed).finding)
}

fn entry(name: &str, kind: &str, values: &[&str]) -> ContextEntry {
    ContextEntry { name: name.to_owned(), kind: Some(kind.to_owned()), values: texts(values) }
}
