//! Rotation, with files small enough to see it.

use garita_model::AuditRecord;
use serde_json::json;
use tokio::sync::oneshot;

use super::ticket::{Intent, Ticket};
use super::worker::{BATCH, Task, Worker};
use super::{MAX_LINE, Reader, find, line, place, verify};
use crate::inbox;
use crate::record::Record;

fn record(id: &str) -> Record {
    kept(&event(id))
}

fn kept(record: &AuditRecord) -> Record {
    Record::of(&record.event_id, record).unwrap()
}

fn event(id: &str) -> AuditRecord {
    let mut text = json!({
        "eventVersion": "1.11", "userIdentity": null, "eventTime": "", "eventSource": "", "eventName": "Go",
        "awsRegion": "", "sourceIPAddress": "", "userAgent": "", "requestParameters": null,
        "responseElements": null, "additionalEventData": null, "readOnly": false, "resources": null,
        "eventType": "", "managementEvent": true, "recipientAccountId": "", "eventCategory": "",
    });
    text["requestID"] = id.into();
    text["eventID"] = id.into();
    serde_json::from_value(text).unwrap()
}

#[test]
fn rotation_keeps_the_chain_and_takes_open_intents_along() {
    let folder = tempfile::tempdir().unwrap();
    let mut worker = Worker::open(folder.path()).unwrap().rotating_at(4096);
    let (tasks, inbox) = inbox::of(BATCH);
    let thread = std::thread::spawn(move || worker.work(inbox));
    let (tell, begun) = oneshot::channel();
    let intent = Intent { request_id: "open".to_owned(), record: record("open") };
    let body = line::body(intent.record.clone(), MAX_LINE).unwrap();
    let ticket = Ticket::new(intent, tasks.clone());
    tasks.send(Task::Begin { body, ticket, tell }).unwrap();
    let ticket = begun.blocking_recv().unwrap().unwrap();
    for n in 0..60 {
        let (tell, told) = oneshot::channel();
        let body = line::body(record(&format!("e{n}")), MAX_LINE).unwrap();
        tasks.send(Task::Append { body, tell }).unwrap();
        told.blocking_recv().unwrap().unwrap();
    }
    // As after kill -9: neither finished nor dropped.
    std::mem::forget(ticket);
    tasks.send(Task::Close).unwrap();
    thread.join().unwrap();
    let files = place::files(folder.path()).unwrap();
    assert!(files.len() > 3, "{files:?}");

    drop(Worker::open(folder.path()).unwrap());
    let verified = verify::verify(folder.path()).unwrap();
    assert_eq!(verified.records, 61);
    let records: Vec<_> = Reader::open(folder.path()).unwrap().map(|e| e.unwrap().record).collect();
    assert_eq!(records.last().unwrap().error_code.as_deref(), Some("OutcomeUnknown"));
    assert_eq!(records.last().unwrap().event_id, "open");

    std::fs::remove_file(&files[1].1).unwrap();
    assert!(verify::verify(folder.path()).is_err());
}

#[test]
fn an_empty_newest_file_continues_the_one_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut worker = Worker::open(folder.path()).unwrap();
    let (tasks, inbox) = inbox::of(BATCH);
    let (tell, _told) = oneshot::channel();
    tasks.send(Task::Append { body: line::body(record("a"), MAX_LINE).unwrap(), tell }).unwrap();
    drop(tasks);
    worker.work(inbox);
    std::fs::write(folder.path().join(place::name(2)), "").unwrap();
    std::fs::write(folder.path().join(place::DRAFT), "left over").unwrap();
    let mut worker = Worker::open(folder.path()).unwrap();
    let (tasks, inbox) = inbox::of(BATCH);
    let (tell, _told) = oneshot::channel();
    tasks.send(Task::Append { body: line::body(record("b"), MAX_LINE).unwrap(), tell }).unwrap();
    drop(tasks);
    worker.work(inbox);
    assert_eq!(verify::verify(folder.path()).unwrap().last, 2);
}

#[test]
fn one_record_is_found_in_any_file_whatever_the_files_times() {
    let folder = tempfile::tempdir().unwrap();
    let mut worker = Worker::open(folder.path()).unwrap().rotating_at(4096);
    let (tasks, inbox) = inbox::of(BATCH);
    let thread = std::thread::spawn(move || worker.work(inbox));
    for n in 0..60 {
        let (tell, told) = oneshot::channel();
        let mut record = event(&format!("e{n}"));
        // A value that looks like the id of another record.
        record.user_agent = format!(r#""eventID":"e{}""#, n + 1);
        let body = line::body(kept(&record), MAX_LINE).unwrap();
        tasks.send(Task::Append { body, tell }).unwrap();
        told.blocking_recv().unwrap().unwrap();
    }
    tasks.send(Task::Close).unwrap();
    thread.join().unwrap();
    let files = place::files(folder.path()).unwrap();
    assert!(files.len() > 3, "{files:?}");
    let written = |path: &std::path::Path| std::fs::metadata(path).unwrap().modified().unwrap();
    let now = jiff::Timestamp::try_from(written(&files[0].1)).unwrap();
    let hour = jiff::SignedDuration::from_secs(3600);
    for since in [None, Some(now), Some(now + hour), Some(now - hour), Some(jiff::Timestamp::MIN)] {
        for n in [0, 1, 30, 59] {
            let found = find::find(folder.path(), &format!("e{n}"), since).unwrap().unwrap();
            assert_eq!((found.record.event_id, found.seq), (format!("e{n}"), n + 1), "{since:?}");
        }
        assert_eq!(find::find(folder.path(), "e60", since).unwrap(), None);
        assert_eq!(find::find(folder.path(), "\",\"", since).unwrap(), None);
    }
    // Lines that cannot be read, and one that never ends, hide no other.
    let mut newest = std::fs::read(&files[0].1).unwrap();
    newest.splice(0..0, [b"\xff\xfe\n".as_slice(), &vec![b'x'; 3 * MAX_LINE], b"\n"].concat());
    std::fs::write(&files[0].1, newest).unwrap();
    assert!(find::find(folder.path(), "e0", None).unwrap().is_some());
    assert!(find::find(&folder.path().join("none"), "e0", None).is_err());
}

#[test]
fn a_record_is_found_wherever_a_line_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let (mut chain, mut lines) = (line::Chain::origin(), Vec::new());
    // Some pieces of a file, with lines of every length from a few hundred bytes to the longest.
    for n in 0..150_usize {
        let mut record = event(&format!("e{n}"));
        record.user_agent = "x".repeat(n * 400);
        chain.add(line::Role::Record, &line::body(kept(&record), MAX_LINE).unwrap(), &mut lines);
    }
    assert!(lines.len() > 4 * 1024 * 1024, "{}", lines.len());
    let path = folder.path().join(place::name(1));
    std::fs::write(&path, &lines).unwrap();
    for n in 0..150_usize {
        let found = find::find(folder.path(), &format!("e{n}"), None).unwrap().unwrap();
        assert_eq!((found.record.event_id, found.seq), (format!("e{n}"), n as u64 + 1));
    }
    assert_eq!(find::find(folder.path(), "e150", None).unwrap(), None);
    // A line that is still being written is not one yet.
    lines.pop();
    std::fs::write(&path, &lines).unwrap();
    assert_eq!(find::find(folder.path(), "e149", None).unwrap(), None);
    assert!(find::find(folder.path(), "e148", None).unwrap().is_some());
}

#[test]
fn an_intent_is_not_found_as_a_record() {
    let folder = tempfile::tempdir().unwrap();
    let mut worker = Worker::open(folder.path()).unwrap();
    let (tasks, inbox) = inbox::of(BATCH);
    let thread = std::thread::spawn(move || worker.work(inbox));
    let (tell, begun) = oneshot::channel();
    let intent = Intent { request_id: "open".to_owned(), record: record("open") };
    let body = line::body(intent.record.clone(), MAX_LINE).unwrap();
    let ticket = Ticket::new(intent, tasks.clone());
    tasks.send(Task::Begin { body, ticket, tell }).unwrap();
    let ticket = begun.blocking_recv().unwrap().unwrap();
    assert_eq!(find::find(folder.path(), "open", None).unwrap(), None);
    drop(ticket);
    tasks.send(Task::Close).unwrap();
    thread.join().unwrap();
    let found = find::find(folder.path(), "open", None).unwrap().unwrap();
    assert!(found.record.error_code.is_some());
}
