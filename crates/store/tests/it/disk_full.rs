//! A full disk: changes are refused in words, nothing is half done, promised records find their place, and all goes
//! on when there is space again.
//!
//! Needs a small file system of its own, so it mounts one; it fails where it cannot.

use std::path::{Path, PathBuf};
use std::process::Command;

use garita_model::{Error, Object};
use garita_store::{Intent, Store, Trail};

use crate::things::*;

const TEXT: &str = "the server cannot store changes now: the disk is full or failing";

/// A file system of its own, until dropped.
struct Disk(tempfile::TempDir);

impl Disk {
    fn of(size: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let option = format!("size={size}");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &option, "tmpfs"])
            .arg(folder.path())
            .status()
            .expect("mount must be there");
        assert!(mounted.success(), "this test must be allowed to mount a tmpfs");
        Self(folder)
    }

    fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }

    /// Takes all space that is left; answers what to remove to give it back.
    fn fill(&self) -> PathBuf {
        let path = self.0.path().join("filler");
        let mut file = std::fs::File::create(&path).unwrap();
        for size in [65536, 4096, 512] {
            while std::io::Write::write_all(&mut file, &vec![7; size]).is_ok() {}
        }
        path
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

fn put_large(store: &Store, n: u32) -> garita_model::Result<()> {
    wait(store.write("fill", move |tx| {
        let mut large = policy(&format!("p{n}"), ALLOW);
        large.description = Some("x".repeat(30_000));
        tx.put(Object::ManagedPolicy(std::sync::Arc::new(large)));
        Ok(())
    }))
}

fn refused<T>(answer: garita_model::Result<T>) {
    match answer.err().expect("the disk is full") {
        error @ Error::Unavailable(_) => assert_eq!(error.to_string(), TEXT),
        error => panic!("{error:?}"),
    }
}

fn reopened(data: &Path) -> Vec<(garita_model::ObjectKey, String)> {
    let store = Store::open(data).unwrap();
    let contents = contents(&store.snapshot());
    store.close();
    contents
}

#[test]
fn the_store_refuses_and_recovers() {
    let disk = Disk::of("4m");
    let store = Store::open(&disk.data()).unwrap();
    let kept = (0..1000).find(|n| put_large(&store, *n).is_err()).expect("it fills up");
    let before = contents(&store.snapshot());
    assert_eq!(before.len(), kept as usize);
    refused(put_large(&store, 5000));
    refused(put_large(&store, 5001));
    assert_eq!(contents(&store.snapshot()), before);
    assert_eq!(store.snapshot().revision(), u64::from(kept));
    let filler = disk.fill();
    store.close();
    // It opens and reads on a full disk.
    assert_eq!(reopened(&disk.data()), before);
    std::fs::remove_file(filler).unwrap();
    let bigger = Command::new("mount").args(["-o", "remount,size=16m"]).arg(disk.0.path()).status().unwrap();
    assert!(bigger.success());
    let store = Store::open(&disk.data()).unwrap();
    put_large(&store, 5000).unwrap();
    assert_eq!(store.snapshot().revision(), u64::from(kept) + 1);
    store.close();
    assert_eq!(reopened(&disk.data()).len(), before.len() + 1);
}

#[test]
fn the_store_recovers_without_being_reopened() {
    let disk = Disk::of("4m");
    let store = Store::open(&disk.data()).unwrap();
    put_large(&store, 1).unwrap();
    let filler = disk.fill();
    let failed = (2..1000).find(|n| put_large(&store, *n).is_err()).expect("it fills up");
    refused(put_large(&store, failed));
    std::fs::remove_file(filler).unwrap();
    put_large(&store, failed).unwrap();
    let before = contents(&store.snapshot());
    store.close();
    assert_eq!(reopened(&disk.data()), before);
}

#[test]
fn a_ticket_finds_its_place_on_a_full_disk() {
    let disk = Disk::of("4m");
    let trail = Trail::open(&disk.data()).unwrap();
    let intent = |n: u32| Intent { request_id: format!("r{n}"), record: record(&format!("r{n}")) };
    let long = |n: u32| {
        let mut long = event(&format!("r{n}"));
        long.request_parameters = "x".repeat(60_000).into();
        long.response_elements = "y".repeat(15_000).into();
        kept(&long)
    };
    wait(async {
        let mut tickets = Vec::new();
        for n in 0..40 {
            tickets.push(trail.begin(intent(n)).await.unwrap());
        }
        let filler = disk.fill();
        // What is allocated ahead is used up; then there is no more.
        let mut more = 0;
        while trail.append(long(1000 + more)).await.is_ok() {
            more += 1;
        }
        refused(trail.append(long(2000)).await);
        refused(trail.begin(intent(2001)).await);
        for (ticket, n) in tickets.into_iter().zip(0..) {
            trail.finish(ticket, long(n)).await.unwrap();
        }
        std::fs::remove_file(filler).unwrap();
        trail.append(record("after")).await.unwrap();
    });
    trail.close();
    Trail::verify(&disk.data()).unwrap();
    let ids: Vec<String> = Trail::read(&disk.data()).unwrap().map(|e| e.unwrap().record.event_id).collect();
    for n in 0..40 {
        assert!(ids.contains(&format!("r{n}")), "r{n} lost its place");
    }
    assert_eq!(ids.last().map(String::as_str), Some("after"));
    assert!(!ids.contains(&"r2000".to_owned()));
}

#[test]
fn the_trail_opens_on_a_full_disk() {
    let disk = Disk::of("2m");
    let trail = Trail::open(&disk.data()).unwrap();
    wait(trail.append(record("before"))).unwrap();
    trail.close();
    let filler = disk.fill();
    let trail = Trail::open(&disk.data()).unwrap();
    let mut last = event("r");
    last.request_parameters = "x".repeat(60_000).into();
    refused(wait(trail.append(kept(&last))));
    std::fs::remove_file(filler).unwrap();
    wait(trail.append(record("after"))).unwrap();
    trail.close();
    assert_eq!(Trail::verify(&disk.data()).unwrap().records, 2);
}
