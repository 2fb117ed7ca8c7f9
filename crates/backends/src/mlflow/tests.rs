//! The keeper, with a program of a few lines in MLflow's place: what is tested is the life of the process. The real
//! server is run by the acceptance tests in `clients/`.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::*;

/// A program that takes the launcher's arguments (`-I launch.py FOLDER`) and answers `/health` until standard input
/// closes. It counts its starts in `FOLDER/starts`.
const SERVER: &str = r#"#!/usr/bin/env python3
import os, socket, sys, threading
folder = sys.argv[3]
open(folder + "/starts", "a").write(f"{os.getpid()}\n")
def watch():
    while os.read(0, 100): pass
    open(folder + "/orderly", "w").close()
    os._exit(0)
threading.Thread(target=watch, daemon=True).start()
path = folder + "/mlflow.sock"
if os.path.exists(path): os.unlink(path)
listener = socket.socket(socket.AF_UNIX)
listener.bind(path)
listener.listen()
while True:
    peer, _ = listener.accept()
    peer.recv(1000)
    peer.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    peer.close()
"#;

struct Place {
    folder: PathBuf,
    program: PathBuf,
}

impl Place {
    fn new(name: &str, program: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("garita-mlflow-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("program");
        std::fs::write(&path, program).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self { program: path, folder }
    }
    fn starts(&self) -> Vec<u32> {
        let starts = std::fs::read_to_string(self.folder.join("starts")).unwrap_or_default();
        starts.lines().map(|line| line.parse().unwrap()).collect()
    }
    async fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        for _ in 0..200 {
            if holds(self) {
                return;
            }
            sleep(Duration::from_millis(50)).await;
        }
        panic!("never: {what}");
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn lives(pid: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    !status.is_empty() && !status.contains("State:\tZ")
}

fn kill(pid: u32) {
    assert!(std::process::Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap().success());
}

#[tokio::test]
async fn it_is_started_again_when_it_dies_and_ends_in_order_when_told() {
    let place = Place::new("restart", SERVER);
    let server = MlflowServer::start(&place.program, &place.folder).await.unwrap();
    assert!(health::answers(&server.socket()).await);
    let first = place.starts()[0];
    kill(first);
    place.until("a second start", |place| place.starts().len() == 2).await;
    let second = place.starts()[1];
    assert_ne!(first, second);
    server.stop().await;
    assert!(!lives(second));
    assert!(place.folder.join("orderly").exists(), "standard input was closed, not the process killed");
    assert_eq!(place.starts().len(), 2);
}

#[tokio::test]
async fn a_dropped_server_leaves_no_process() {
    let place = Place::new("drop", SERVER);
    let server = MlflowServer::start(&place.program, &place.folder).await.unwrap();
    let pid = place.starts()[0];
    assert!(lives(pid));
    drop(server);
    place.until("the process to end", |_| !lives(pid)).await;
}

#[tokio::test]
async fn a_server_that_ends_at_once_shows_the_end_of_its_log() {
    let place = Place::new("ends", "#!/bin/sh\necho 'no such database' >&2\nexit 1\n");
    let error = MlflowServer::start(&place.program, &place.folder).await.unwrap_err();
    assert!(
        matches!(&error, MlflowError::Ended { tail, .. } if tail.contains("no such database")),
        "{error}"
    );
}

#[tokio::test]
async fn an_interpreter_that_is_not_there_is_named() {
    let place = Place::new("absent", "");
    let error = MlflowServer::start(Path::new("/no/such/python"), &place.folder).await.unwrap_err();
    assert!(error.to_string().contains("/no/such/python"), "{error}");
}
