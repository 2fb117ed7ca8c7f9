//! Finding one record among all: the files are looked through for its id, in pieces of a fixed size, and only the lines
//! that hold the id are read. A million records take some tenths of a second.
//!
//! A file that was last written before a record was made cannot hold it. That decides only where the search begins, since
//! a copy of the trail may have other times: what is on the trail is found.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use memchr::memmem::Finder;
use memchr::{memchr, memrchr};

use super::MAX_LINE;
use super::line::Front;
use super::place::files;
use super::reader::Entry;

/// How far the clock of the file system may be behind.
const SLACK: Duration = Duration::from_secs(5);

/// How much of a file is looked through at a time. No line of the trail is longer.
const PIECE: usize = 1024 * 1024;
const _: () = assert!(MAX_LINE < PIECE);

/// Finds the record with this event id; intents are none. An error only when it is not found.
pub(super) fn find(folder: &Path, event_id: &str, since: Option<Timestamp>) -> io::Result<Option<Entry>> {
    let needle = format!(r#""eventID":{}"#, serde_json::Value::from(event_id));
    let (needle, mut piece) = (Finder::new(&needle), vec![0; PIECE]);
    let mut unreadable = None;
    for path in in_order(folder, since)? {
        match find_here(&path, &needle, event_id, &mut piece) {
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

fn find_here(
    path: &Path,
    needle: &Finder<'_>,
    event_id: &str,
    piece: &mut [u8],
) -> io::Result<Option<Entry>> {
    let mut file = File::open(path)?;
    // How much of the piece is the beginning of a line whose end was not read yet.
    let mut begun = 0;
    loop {
        let read = match file.read(piece.get_mut(begun..).unwrap_or_default()) {
            Ok(0) => return Ok(None),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let filled = begun + read;
        let whole = memrchr(b'\n', piece.get(..filled).unwrap_or_default()).map_or(0, |at| at + 1);
        if let Some(found) = find_among(piece.get(..whole).unwrap_or_default(), needle, event_id) {
            return Ok(Some(found));
        }
        // A line that is too long to be one of the trail is not kept.
        begun = if filled - whole > MAX_LINE { 0 } else { filled - whole };
        piece.copy_within(filled - begun..filled, 0);
    }
}

/// Looks through whole lines.
fn find_among(lines: &[u8], needle: &Finder<'_>, event_id: &str) -> Option<Entry> {
    needle.find_iter(lines).find_map(|at| {
        let (before, after) = lines.split_at_checked(at)?;
        let start = memrchr(b'\n', before).map_or(0, |newline| newline + 1);
        let end = at + memchr(b'\n', after)?;
        let line = std::str::from_utf8(lines.get(start..end)?).ok()?;
        read(line).filter(|entry| entry.record.event_id == event_id)
    })
}

fn read(line: &str) -> Option<Entry> {
    let front = Front::parse(line.as_bytes()).filter(|front| !front.intent)?;
    Some(Entry { seq: front.seq, record: serde_json::from_str(line).ok()? })
}
