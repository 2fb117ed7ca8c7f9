//! `garita policy test`: counts, explanations and exit codes, and the whole corpus of the policy crate.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Output, Stdio};

use crate::harness::{Scratch, garita, run};

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// The last line of the standard output.
fn tally(output: &Output) -> &str {
    text(&output.stdout).lines().last().unwrap()
}

#[test]
fn the_whole_corpus_passes() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../policy/tests/cases");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().to_str().unwrap().to_owned())
        .collect();
    files.sort();
    let mut words = vec!["policy", "test"];
    words.extend(files.iter().map(String::as_str));
    let output = run(&words);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    let passed: usize = tally(&output).strip_suffix(" passed, 0 failed").unwrap().parse().unwrap();
    assert!(passed > 1_000, "only {passed} cases");
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
}

const PASSES: &str = r#"{"name":"nobody asked","request":{"principal":"111122223333","action":"s3:GetObject"},"expect":"allowed"}"#;
const FAILS: &str = r#"{"name":"too hopeful","request":{"principal":"arn:aws:iam::111122223333:user/ana","action":"s3:GetObject"},"expect":"allowed"}"#;

#[test]
fn a_failure_is_explained_and_makes_exit_code_1() {
    let scratch = Scratch::new();
    let file = scratch.path().join("cases.jsonl");
    std::fs::write(&file, format!("{PASSES}\n{FAILS}\n")).unwrap();
    let output = run(&["policy", "test", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(tally(&output), "1 passed, 1 failed");
    let shown = text(&output.stdout);
    assert!(shown.starts_with("FAILED too hopeful (") && shown.contains(", line 2)\n"), "{shown}");
    assert!(shown.contains("got implicitDeny because no identity-based policy allows"), "{shown}");
}

#[test]
fn what_cannot_be_read_makes_exit_code_2_and_the_rest_is_still_run() {
    let scratch = Scratch::new();
    let (good, bad) = (scratch.path().join("good.json"), scratch.path().join("bad.json"));
    std::fs::write(&good, PASSES).unwrap();
    std::fs::write(&bad, "[{\"name\": ").unwrap();
    let missing = scratch.path().join("missing.json");
    let [good, bad, missing] = [&good, &bad, &missing].map(|path| path.to_str().unwrap());
    let output = run(&["policy", "test", bad, missing, good]);
    assert_eq!((output.status.code(), tally(&output)), (Some(2), "1 passed, 0 failed"));
    let told = text(&output.stderr);
    for wanted in [format!("{bad} cannot be read"), format!("{missing} cannot be read: cannot open it")] {
        assert!(told.contains(&wanted), "{told}");
    }
}

#[test]
fn a_dash_is_standard_input() {
    let mut child = garita(&["policy", "test", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(FAILS.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), tally(&output)), (Some(1), "0 passed, 1 failed"));
    assert!(text(&output.stdout).contains("(standard input, line 1)"));
}
