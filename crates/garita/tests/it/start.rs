//! Start-up, settings and their errors.

use crate::harness::{Scratch, Server, init, run};

fn failure(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert!(!output.status.success(), "{arguments:?} should fail");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn errors_say_what_to_do() {
    let scratch = Scratch::new();
    let data = scratch.path().join("data");
    let folder = data.to_str().unwrap();
    assert!(failure(&["serve", "--data", folder]).contains("run `garita init"));
    init(&data);
    assert!(failure(&["init", "--data", folder]).contains("is a data folder already"));

    let config = scratch.path().join("bad.toml");
    std::fs::write(&config, "regoin = \"x\"").unwrap();
    assert!(failure(&["check", "--config", config.to_str().unwrap()]).contains("unknown field `regoin`"));
    let api = "[[api]]\nid = \"a\"\naccount = \"999999999999\"\nstage = \"prod\"\nupstream = \"http://127.0.0.1:9\"\n";
    std::fs::write(&config, api).unwrap();
    let arguments = ["serve", "--data", folder, "--config", config.to_str().unwrap()];
    assert!(failure(&arguments).contains("`garita account create` makes it"));
}

#[test]
fn one_process_at_a_time_holds_the_data_folder() {
    let scratch = Scratch::new();
    let data = scratch.path().join("data");
    init(&data);
    let server = Server::start(&data);
    let said = failure(&["serve", "--data", data.to_str().unwrap()]);
    assert!(said.contains("in use by another garita process"), "{said}");
    assert_eq!(server.root().iam("ListUsers", "").unwrap().status, 200);
    assert!(server.terminate().success());
}

#[test]
fn secrets_are_private_on_disk() {
    use std::os::unix::fs::PermissionsExt as _;
    let scratch = Scratch::new();
    let data = scratch.path().join("data");
    init(&data);
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    assert_eq!(mode(&data.join("master.key")), 0o600);
    for entry in std::fs::read_dir(&data).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            let found = bytes.windows(crate::harness::ROOT_SECRET.len()).any(|w| w == crate::harness::ROOT_SECRET.as_bytes());
            assert!(!found, "the root secret stands in {}", path.display());
        }
    }
    std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o755)).unwrap();
    assert!(failure(&["serve", "--data", data.to_str().unwrap()]).contains("open to others"));
}
