//! Help that teaches: every command explains itself.

use crate::harness::run;

#[test]
fn every_command_explains_itself() {
    for command in ["quickstart", "init", "serve", "account", "check", "audit", "who-can", "what-can"] {
        let output = run(&[command, "--help"]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && text.contains("--data <DIR>"), "{command}: {text}");
    }
    let all = String::from_utf8(run(&["--help"]).stdout).unwrap();
    assert!(all.contains("garita quickstart") && !all.contains("reference"));
}
