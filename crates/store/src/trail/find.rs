//! Finding one record among all: line by line, in as much memory as the longest line takes.
//!
//! A file that was last written before a record was made cannot hold it. That decides only where the search begins, since
//! a copy of the trail may have other times: what is on the trail is found.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use super::MAX_LINE;
use super::line::Front;
use super::place::files;
use super::reader::Entry;

/// How far the clock of the file system may be behind.
const SLACK: Duration = Duration::from_secs(5);

/// Finds the record with this event id; intents are none. An error only when it is not found.
pub(super) fn find(folder: &Path, event_id: &str, since: Option<Timestamp>) -> io::Result<Option<Entry>> {
    let needle = format!(r#""eventID":{}"#, serde_json::Value::from(event_id));
    let mut unreadable = None;
    for path in in_order(folder, since)? {
        match find_here(&path, &needle, event_id) {
            Ok(Some(entry)) => return Ok(Some(entry)),
            Ok(None) => {}
            Err(error) => unreadable = Some(error),
        }
    }
    unreadable.map_or(Ok(None), Err)
}

/// From the first file that was written since on, then those before; all of them newest first when that is not known.
fn in_order(folder: &Path, since: Option<Timestamp>) -> io::Result<Vec<PathBuf>> {
    let mut older: Vec<PathBuf> = files(folder)?.into_iter().map(|(_, path)| path).collect();
    let since = since.and_then(|since| SystemTime::from(since).checked_sub(SLACK));
    let written_since = |path: &PathBuf| {
        let written = std::fs::metadata(path).and_then(|metadata| metadata.modified());
        since.is_some_and(|since| written.is_ok_and(|written| written >= since))
    };
    let first = older.iter().position(written_since).unwrap_or(older.len());
    let mut order = older.split_off(first);
    order.extend(older.into_iter().rev());
    Ok(order)
}

fn find_here(path: &Path, needle: &str, event_id: &str) -> io::Result<Option<Entry>> {
    let mut file = BufReader::with_capacity(MAX_LINE, File::open(path)?);
    let mut line = Vec::with_capacity(MAX_LINE);
    loop {
        line.clear();
        if file.by_ref().take(MAX_LINE as u64 + 1).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        let Some(text) = line.strip_suffix(b"\n").and_then(|line| std::str::from_utf8(line).ok()) else {
            continue;
        };
        if text.contains(needle)
            && let Some(entry) = read(text).filter(|entry| entry.record.event_id == event_id)
        {
            return Ok(Some(entry));
        }
    }
}

fn read(line: &str) -> Option<Entry> {
    let front = Front::parse(line.as_bytes()).filter(|front| !front.intent)?;
    Some(Entry { seq: front.seq, record: serde_json::from_str(line).ok()? })
}
