//! The audit trail as its users see it.

use std::path::Path;
use std::sync::Arc;

use garita_model::{AuditRecord, Error};
use garita_store::{Intent, Store, Trail};
use serde_json::Value;

use crate::things::*;

fn intent(id: &str) -> Intent {
    Intent { request_id: id.to_owned(), record: record(id) }
}

fn read(folder: &Path) -> Vec<AuditRecord> {
    Trail::read(folder).unwrap().map(|entry| entry.unwrap().record).collect()
}

fn ids(folder: &Path) -> Vec<(String, Option<String>)> {
    read(folder).into_iter().map(|record| (record.event_id, record.error_code)).collect()
}

fn newest(folder: &Path) -> std::path::PathBuf {
    folder.join("audit/trail-000001.jsonl")
}

#[test]
fn records_come_back_in_order_and_the_chain_holds() {
    let folder = tempfile::tempdir().unwrap();
    let trail = Trail::open(folder.path()).unwrap();
    wait(async {
        let mut tasks = Vec::new();
        for n in 0..500 {
            let trail = trail.clone();
            tasks.push(tokio::spawn(async move { trail.append(record(&format!("e{n}"))).await }));
        }
        for task in tasks {
            task.await.unwrap().unwrap();
        }
    });
    let head = wait(trail.head()).unwrap();
    trail.close();
    let verified = Trail::verify(folder.path()).unwrap();
    assert_eq!((verified.first, verified.last, verified.records), (1, 500, 500));
    assert_eq!(head, (500, verified.head));
    assert_eq!(ids(folder.path()).len(), 500);
}

#[test]
fn every_ticket_ends_in_one_record() {
    let folder = tempfile::tempdir().unwrap();
    let trail = Trail::open(folder.path()).unwrap();
    wait(async {
        let kept = trail.begin(intent("kept")).await.unwrap();
        let given_up = trail.begin(intent("dropped")).await.unwrap();
        assert_eq!(kept.request_id(), "kept");
        trail.finish(kept, record("kept")).await.unwrap();
        drop(given_up);
        let left = trail.begin(intent("left")).await.unwrap();
        trail.head().await.unwrap();
        std::mem::forget(left);
    });
    trail.close();
    Trail::open(folder.path()).unwrap().close();
    let gone = Some("ClientDisconnected".to_owned());
    let expected = [
        ("kept".to_owned(), None),
        ("dropped".to_owned(), gone),
        ("left".to_owned(), Some("OutcomeUnknown".to_owned())),
    ];
    assert_eq!(ids(folder.path()), expected);
    assert_eq!(Trail::verify(folder.path()).unwrap().records, 3);
}

#[test]
fn a_torn_end_is_cut_and_whole_lines_behind_a_break_are_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let fill = |from: u32| {
        let trail = Trail::open(folder.path()).unwrap();
        wait(async {
            for n in from..from + 5 {
                trail.append(record(&format!("e{n}"))).await.unwrap();
            }
        });
        trail.close();
    };
    fill(0);
    let bytes = std::fs::read(newest(folder.path())).unwrap();
    std::fs::write(newest(folder.path()), &bytes[..bytes.len() - 9]).unwrap();
    fill(5);
    assert_eq!(ids(folder.path()).len(), 9);
    assert_eq!(Trail::verify(folder.path()).unwrap().last, 9);

    let text = std::fs::read_to_string(newest(folder.path())).unwrap();
    std::fs::write(newest(folder.path()), text.replacen("\"e6\"", "\"eX\"", 1)).unwrap();
    fill(10);
    assert!(Trail::verify(folder.path()).is_ok());
    let aside = std::fs::read_dir(folder.path().join("audit")).unwrap();
    let aside: Vec<_> =
        aside.map(|e| e.unwrap().file_name()).filter(|n| n.to_str().unwrap().contains("aside")).collect();
    assert_eq!(aside.len(), 1, "{aside:?}");
}

#[test]
fn any_change_to_a_line_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let trail = Trail::open(folder.path()).unwrap();
    wait(async {
        for n in 0..6 {
            trail.append(record(&format!("e{n}"))).await.unwrap();
        }
    });
    trail.close();
    let whole = std::fs::read_to_string(newest(folder.path())).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let check = |lines: &[&str]| {
        std::fs::write(newest(folder.path()), lines.join("\n") + "\n").unwrap();
        Trail::verify(folder.path())
    };
    assert!(check(&lines).is_ok());
    for n in 1..5 {
        let removed: Vec<&str> = lines.iter().enumerate().filter(|(i, _)| *i != n).map(|(_, l)| *l).collect();
        let edited_line = lines[n].replace("CreateUser", "DeleteUser");
        let mut edited = lines.clone();
        edited[n] = &edited_line;
        let mut swapped = lines.clone();
        swapped.swap(n, n - 1);
        for broken in [removed, edited, swapped] {
            assert!(matches!(check(&broken), Err(Error::Invalid { .. })));
        }
    }
}

#[test]
fn long_fields_are_cut_so_that_every_line_fits() {
    let folder = tempfile::tempdir().unwrap();
    let trail = Trail::open(folder.path()).unwrap();
    let mut long = event("long");
    long.user_agent = "\u{1}".repeat(100_000);
    long.error_message = Some("ñ\"".repeat(100_000));
    long.request_parameters = Value::from("x".repeat(200_000));
    long.resources = Value::from(vec!["arn"; 20_000]);
    let long = kept(&long);
    wait(async {
        trail.append(long.clone()).await.unwrap();
        let ticket = trail.begin(Intent { request_id: "r".into(), record: long.clone() }).await;
        trail.finish(ticket.unwrap(), long.clone()).await.unwrap();
    });
    trail.close();
    let text = std::fs::read_to_string(newest(folder.path())).unwrap();
    let lengths: Vec<usize> = text.lines().map(str::len).collect();
    assert!(lengths[0] <= 64 * 1024 && lengths[1..].iter().all(|l| *l <= 16 * 1024), "{lengths:?}");
    assert_eq!(read(folder.path())[0].event_name, "CreateUser");
}

#[test]
fn a_reader_follows_a_running_trail() {
    let folder = tempfile::tempdir().unwrap();
    let trail = Trail::open(folder.path()).unwrap();
    let mut reader = Trail::read(folder.path()).unwrap();
    for n in 0..4 {
        assert!(reader.next().is_none());
        wait(trail.append(record(&format!("e{n}")))).unwrap();
        let entry = reader.next().unwrap().unwrap();
        assert_eq!((entry.seq, entry.record.event_id), (n + 1, format!("e{n}")));
    }
    assert!(trail.contains("e3") && !trail.contains("e4"));
    let error = Trail::open(folder.path()).err().unwrap();
    assert_eq!(error.to_string(), "the data folder is in use by another garita process");
}

#[test]
fn giving_up_while_waiting_for_a_ticket_is_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let trail = Trail::open(folder.path()).unwrap();
    wait(async {
        let trail = Arc::new(trail.clone());
        for n in 0..50 {
            let waiting = trail.clone();
            let task = tokio::spawn(async move { waiting.begin(intent(&format!("e{n}"))).await.map(drop) });
            tokio::task::yield_now().await;
            task.abort();
        }
        trail.head().await.unwrap();
        trail.head().await.unwrap();
    });
    trail.close();
    let records = ids(folder.path());
    assert!(
        records.len() <= 50 && records.iter().all(|(_, code)| code.as_deref() == Some("ClientDisconnected"))
    );
    let text = std::fs::read_to_string(newest(folder.path())).unwrap();
    assert_eq!(text.matches("\"intent\":true").count(), records.len());
}

#[test]
fn a_record_that_nests_deeply_can_still_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let deep: Value = serde_json::from_str(&("[".repeat(126) + &"]".repeat(126))).unwrap();
    let mut bad = event("deep");
    bad.request_parameters = deep.clone();
    bad.resources = Value::from(vec![deep]);
    let bad = kept(&bad);
    let trail = Trail::open(folder.path()).unwrap();
    let store = Store::open(folder.path()).unwrap();
    wait(trail.append(bad.clone())).unwrap();
    wait(store.write("test", move |tx| {
        tx.record(bad);
        Ok(())
    }))
    .unwrap();
    trail.close();
    store.close();
    assert_eq!(read(folder.path())[0].event_id, "deep");
    assert_eq!(Store::open(folder.path()).unwrap().pending_records().len(), 1);
}
