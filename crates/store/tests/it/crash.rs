//! kill -9 at any moment: nothing acknowledged is lost, no change is half there, the trail holds.
//!
//! The parent starts this test binary again as a child that writes as fast as it can and prints what was
//! acknowledged; kills it at a random moment; reopens what it left and checks everything.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use garita_model::{Object, Result};
use garita_store::{Intent, Store, Trail};

use crate::things::*;

const FOLDER: &str = "GARITA_TEST_CRASH_FOLDER";
const KILLS: u64 = 210;
/// Kills of one folder, before a new one keeps the checks short.
const KILLS_OF_ONE: u64 = 7;
/// Users the child keeps.
const WINDOW: u64 = 20;

/// One change of several objects: the account names the revision, one user comes, one goes.
async fn change(store: &Store, trail: &Trail) -> Result<()> {
    let work = |tx: &mut garita_store::Transaction| {
        let revision = tx.revision();
        tx.put(account(revision));
        tx.put(put_user(&format!("u{revision}")));
        tx.delete(user_key(&format!("u{}", revision.saturating_sub(WINDOW))));
        tx.record(record(&format!("c{revision}")));
        Ok(revision)
    };
    let revision = store.write("crash", work).await?;
    say(&format!("change {revision}"));
    trail.append(record(&format!("c{revision}"))).await?;
    say(&format!("record c{revision}"));
    store.shipped(&format!("c{revision}"));
    Ok(())
}

/// One forward: begun, then finished, given up, or left to the crash.
async fn forward(trail: &Trail, id: String) -> Result<()> {
    let intent = Intent { request_id: id.clone(), record: record(&id) };
    let ticket = trail.begin(intent).await?;
    say(&format!("begun {id}"));
    if id.ends_with('3') {
        drop(ticket);
    } else {
        trail.finish(ticket, record(&id)).await?;
    }
    say(&format!("record {id}"));
    Ok(())
}

fn say(line: &str) {
    writeln!(std::io::stdout().lock(), "{line}").unwrap();
}

/// Not a test of its own but the child of those below; without its folder there is nothing for it to do.
#[test]
#[allow(clippy::disallowed_methods, reason = "how the parent tells the child its folder")]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let folder = Path::new(&folder);
    let opened = Store::open(folder).and_then(|store| Ok((store, Trail::open(folder)?)));
    let (store, trail) = match opened {
        Ok(opened) => opened,
        Err(error) => return say(&format!("refused {error}")),
    };
    say("ready");
    let run = std::process::id();
    wait(async {
        let mut tasks = Vec::new();
        for task in 0..2 {
            let (store, records, forwards) = (store.clone(), trail.clone(), trail.clone());
            tasks.push(tokio::spawn(async move {
                loop {
                    change(&store, &records).await.unwrap();
                }
            }));
            tasks.push(tokio::spawn(async move {
                for n in 0_u64.. {
                    forward(&forwards, format!("f{run}-{task}-{n}")).await.unwrap();
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
    });
}

fn start(folder: &Path) -> std::process::Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["crash::child", "--exact", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Lets a child write until the moment comes, counted from when it is `ready` or from its start; answers what it
/// was told.
fn run_and_kill(folder: &Path, ready: bool, after: Duration) -> Vec<(String, String)> {
    let mut child = start(folder);
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while ready && !line.contains("ready") {
        line.clear();
        assert!(out.read_line(&mut line).unwrap() > 0, "the child did not start");
    }
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        out.read_to_string(&mut text).unwrap();
        text
    });
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
    let text = reader.join().unwrap();
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().filter_map(|l| l.split_once(' ')).map(|(a, b)| (a.to_owned(), b.to_owned())).collect()
}

/// What must hold in the database, read without the store.
fn check_rows(folder: &Path, head: u64) {
    let database = rusqlite::Connection::open(folder.join("garita.db")).unwrap();
    let ask = |sql: &str| database.query_row(sql, [], |row| row.get::<_, Option<u64>>(0)).unwrap();
    assert_eq!(ask("SELECT rev FROM head"), Some(head));
    assert_eq!(ask("SELECT MAX(rev) FROM change"), (head > 0).then_some(head));
    assert_eq!(ask("SELECT COUNT(DISTINCT rev) FROM change"), Some(head), "the feed has gaps");
    assert_eq!(ask("SELECT COUNT(*) FROM outbox WHERE rev > (SELECT rev FROM head)"), Some(0));
    let mut feed = BTreeMap::new();
    let mut query =
        database.prepare("SELECT rev, kind, key, document FROM change ORDER BY rev, ordinal").unwrap();
    let mut rows = query.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let key: (String, String) = (row.get(1).unwrap(), row.get(2).unwrap());
        match row.get::<_, Option<String>>(3).unwrap() {
            Some(document) => feed.insert(key, (row.get::<_, u64>(0).unwrap(), document)),
            None => feed.remove(&key),
        };
    }
    let mut query = database.prepare("SELECT kind, key, rev, document FROM object").unwrap();
    let objects = query
        .query_map([], |row| Ok(((row.get(0)?, row.get(1)?), (row.get(2)?, row.get(3)?))))
        .unwrap()
        .collect::<rusqlite::Result<BTreeMap<_, _>>>()
        .unwrap();
    assert_eq!(objects, feed, "objects are not what the feed comes to");
}

/// Opens what a killed child left, ships what is pending, as the application does, and checks it all.
fn check(folder: &Path, told: &[(String, String)]) {
    let store = Store::open(folder).unwrap();
    let trail = Trail::open(folder).unwrap();
    let head = store.snapshot().revision();
    for pending in store.pending_records() {
        let id = pending.record.event_id().to_owned();
        if !trail.contains(&id) {
            wait(trail.append(pending.record)).unwrap();
        }
        store.shipped(&id);
    }
    if head > 0 {
        assert_eq!(store.snapshot().account(account_id()).unwrap().min_rev, head, "half a change");
    }
    let users: BTreeSet<_> = store.snapshot().users(account_id(), None).map(|u| u.name.to_string()).collect();
    let expected = (head.saturating_sub(WINDOW - 1).max(1)..=head).map(|n| format!("u{n}")).collect();
    assert_eq!(users, expected);
    let kept = store.snapshot().objects().filter(|o| matches!(o, Object::User(_))).count();
    assert_eq!(kept, users.len());
    store.close();
    trail.close();
    check_rows(folder, head);
    Trail::verify(folder).unwrap();
    let records = Trail::read(folder).unwrap().map(|entry| entry.unwrap().record.event_id);
    let mut on_trail = BTreeMap::new();
    records.for_each(|id| *on_trail.entry(id).or_insert(0) += 1);
    for (what, id) in told {
        match what.as_str() {
            "change" => {
                assert!(id.parse::<u64>().unwrap() <= head, "change {id} is lost, the head is {head}");
            }
            "record" | "begun" => assert_eq!(on_trail.get(id), Some(&1), "the record of {id}"),
            _ => {}
        }
    }
    for revision in 1..=head {
        assert_eq!(on_trail.get(&format!("c{revision}")), Some(&1), "the record of revision {revision}");
    }
}

#[test]
fn nothing_acknowledged_is_lost_to_kill_9() {
    let (mut seed, mut told, mut changes) = (0x5eed_u64, Vec::new(), 0);
    let mut folder = tempfile::tempdir().unwrap();
    for kill in 0..KILLS {
        if kill % KILLS_OF_ONE == 0 {
            folder = tempfile::tempdir().unwrap();
            told.clear();
        }
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let after = Duration::from_millis((seed >> 33) % 40);
        // One in five dies while it opens what the one before it left, or soon after.
        told.extend(run_and_kill(folder.path(), kill % 5 > 0, after));
        check(folder.path(), &told);
        if (kill + 1) % KILLS_OF_ONE == 0 {
            changes += told.iter().filter(|(what, _)| what == "change").count();
        }
    }
    assert!(changes as u64 > KILLS, "only {changes} changes were acknowledged: the test tests nothing");
}

#[test]
fn another_process_on_the_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let mut text = String::new();
    start(folder.path()).stdout.unwrap().read_to_string(&mut text).unwrap();
    assert!(text.contains("refused the data folder is in use by another garita process"), "{text}");
    store.close();
    let told = run_and_kill(folder.path(), true, Duration::from_millis(100));
    assert!(told.iter().any(|(what, _)| what == "change"), "{told:?}");
}
