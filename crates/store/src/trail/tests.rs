//! Rotation, with files small enough to see it.

use std::sync::mpsc::channel;

use garita_model::AuditRecord;
use serde_json::json;
use tokio::sync::oneshot;

use super::ticket::{Intent, Ticket};
use super::worker::{Task, Worker};
use super::{MAX_LINE, Reader, line, place, verify};

fn record(id: &str) -> AuditRecord {
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
    let (tasks, inbox) = channel();
    let thread = std::thread::spawn(move || worker.work(&inbox));
    let (tell, begun) = oneshot::channel();
    let intent = Intent { request_id: "open".to_owned(), record: record("open") };
    let body = line::body(&intent.record, MAX_LINE).unwrap();
    let ticket = Ticket::new(intent, tasks.clone());
    tasks.send(Task::Begin { body, ticket, tell }).unwrap();
    let ticket = begun.blocking_recv().unwrap().unwrap();
    for n in 0..60 {
        let (tell, told) = oneshot::channel();
        let body = line::body(&record(&format!("e{n}")), MAX_LINE).unwrap();
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
    let (tasks, inbox) = channel();
    let (tell, _told) = oneshot::channel();
    tasks.send(Task::Append { body: line::body(&record("a"), MAX_LINE).unwrap(), tell }).unwrap();
    drop(tasks);
    worker.work(&inbox);
    std::fs::write(folder.path().join(place::name(2)), "").unwrap();
    std::fs::write(folder.path().join(place::DRAFT), "left over").unwrap();
    let mut worker = Worker::open(folder.path()).unwrap();
    let (tasks, inbox) = channel();
    let (tell, _told) = oneshot::channel();
    tasks.send(Task::Append { body: line::body(&record("b"), MAX_LINE).unwrap(), tell }).unwrap();
    drop(tasks);
    worker.work(&inbox);
    assert_eq!(verify::verify(folder.path()).unwrap().last, 2);
}
