//! kill -9 in the middle of writes: nothing acknowledged is lost, nothing is half done, start-up needs no help.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::harness::{Scratch, Server, init, run};

/// The store has its own test with hundreds of kills; this one shows that the whole program keeps the promise.
const KILLS: u32 = 40;
const WRITERS: usize = 4;

#[test]
fn acknowledged_writes_survive_kill_9() {
    let scratch = Scratch::new();
    let data = scratch.path().join("data");
    init(&data);
    let mut acknowledged = BTreeSet::new();
    let mut asked = BTreeSet::new();
    for round in 0..KILLS {
        let mut server = Server::start(&data);
        let done: Arc<Mutex<(Vec<String>, Vec<String>)>> = Arc::default();
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (client, done) = (server.root(), done.clone());
                std::thread::spawn(move || {
                    for count in 0.. {
                        let name = format!("u-{round}-{writer}-{count}");
                        done.lock().unwrap().0.push(name.clone());
                        match client.iam("CreateUser", &format!("&UserName={name}")) {
                            Ok(answer) => {
                                assert_eq!(answer.status, 200, "{}", answer.body);
                                done.lock().unwrap().1.push(name);
                            }
                            Err(_) => return,
                        }
                    }
                })
            })
            .collect();
        std::thread::sleep(Duration::from_millis(u64::from(20 + (round * 37) % 150)));
        server.kill();
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        let (tried, answered) = std::mem::take(&mut *done.lock().unwrap());
        asked.extend(tried);
        acknowledged.extend(answered);
    }
    assert!(acknowledged.len() > KILLS as usize, "only {} writes were acknowledged", acknowledged.len());

    let server = Server::start(&data);
    let present: BTreeSet<String> = server.root().users().into_iter().collect();
    let lost: Vec<_> = acknowledged.difference(&present).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
    let invented: Vec<_> = present.difference(&asked).collect();
    assert!(invented.is_empty(), "never asked for: {invented:?}");
    assert!(server.terminate().success());

    // Every change that stands has its audit record, whether or not its answer got out.
    let folder = data.to_str().unwrap();
    let trail = String::from_utf8(run(&["audit", "tail", "-n", "1000000", "--data", folder]).stdout).unwrap();
    let recorded: BTreeSet<String> = trail
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter(|record| record["eventName"] == "CreateUser" && record.get("errorCode").is_none())
        .map(|record| record["requestParameters"]["userName"].as_str().unwrap().to_owned())
        .collect();
    let unrecorded: Vec<_> = present.difference(&recorded).collect();
    assert!(unrecorded.is_empty(), "done without a record: {unrecorded:?}");
    assert!(run(&["audit", "verify", "--data", folder]).status.success());
}
