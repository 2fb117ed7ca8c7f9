//! Start-up, settings and their errors.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

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
    assert!(failure(&["audit", "tail", "--data", folder]).contains("has no audit trail"));
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
fn a_check_says_where_browsers_sign_in_and_which_settings_hold() {
    let scratch = Scratch::new();
    let (data, config) = (scratch.path().join("data"), scratch.path().join("garita.toml"));
    let told = |text: Option<&str>| {
        let mut arguments = vec!["check", "--data", data.to_str().unwrap()];
        if let Some(text) = text {
            std::fs::write(&config, text).unwrap();
            arguments.extend(["--config", config.to_str().unwrap()]);
        }
        String::from_utf8(run(&arguments).stdout).unwrap()
    };
    let usual = told(None);
    assert!(usual.contains("settings built in: there is no `"), "{usual}");
    assert!(usual.contains("web      http://127.0.0.1:4510 (the AWS endpoint)"), "{usual}");
    let open = told(Some("[aws]\nlisten = \"0.0.0.0:4510\""));
    assert!(
        open.contains("web      nowhere: `http://0.0.0.0:4510`, the URL of the AWS endpoint, must begin"),
        "{open}"
    );
    let named = told(Some("[aws]\npublic_url = \"https://garita.example.com\""));
    assert!(named.contains("web      https://garita.example.com (the AWS endpoint)"), "{named}");
}

#[test]
fn a_folder_that_is_open_to_others_is_left_as_it_is() {
    use std::os::unix::fs::PermissionsExt as _;
    let scratch = Scratch::new();
    let data = scratch.path().join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o755)).unwrap();
    for command in ["init", "quickstart"] {
        assert!(
            failure(&[command, "--data", data.to_str().unwrap()]).contains("run `chmod 700"),
            "{command}"
        );
    }
    assert_eq!(std::fs::read_dir(&data).unwrap().count(), 0);
    std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o700)).unwrap();
    init(&data);
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
            let found = bytes
                .windows(crate::harness::ROOT_SECRET.len())
                .any(|w| w == crate::harness::ROOT_SECRET.as_bytes());
            assert!(!found, "the root secret stands in {}", path.display());
        }
    }
    std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o755)).unwrap();
    assert!(failure(&["serve", "--data", data.to_str().unwrap()]).contains("open to others"));
}

#[test]
fn what_is_no_request_is_recorded_as_it_was_answered() {
    let scratch = Scratch::new();
    let data = scratch.path().join("data");
    init(&data);
    let server = Server::start(&data);
    let headers = "a: b\r\n".repeat(200);
    let path = "a".repeat(70_000);
    for (raw, status) in [
        ("?? / HTTP/1.1\r\n\r\n".to_owned(), 400),
        (format!("GET / HTTP/1.1\r\n{headers}\r\n"), 431),
        (format!("GET /{path} HTTP/1.1\r\n\r\n"), 414),
    ] {
        let mut stream = TcpStream::connect(&server.address).unwrap();
        let _ = stream.write_all(raw.as_bytes());
        let mut reply = Vec::new();
        let _ = stream.read_to_end(&mut reply);
        let reply = String::from_utf8(reply).unwrap();
        assert!(reply.starts_with(&format!("HTTP/1.1 {status}")), "{reply}");
    }
    assert!(server.terminate().success());
    let tail = run(&["audit", "tail", "-n", "3", "--data", data.to_str().unwrap()]);
    let text = String::from_utf8(tail.stdout).unwrap();
    let records: Vec<serde_json::Value> = text.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let mut seen: Vec<_> =
        records.iter().map(|r| r["additionalEventData"]["status"].as_u64().unwrap()).collect();
    seen.sort_unstable();
    assert_eq!(seen, [400, 414, 431]);
    assert!(records.iter().all(|record| record["eventName"] == "UnreadableRequest"));
}
