//! Where the trail ends, after a crash or not.
//!
//! INVARIANT: only what was never acknowledged is cut off. When whole lines follow the break, they are set aside in a
//! file of their own, because a break in the middle is no torn end.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use garita_model::AuditRecord;

use super::line::{Chain, Front};
use super::place::{DRAFT, files, sync_folder};

/// The end of the trail.
pub(super) struct Found {
    /// The newest file.
    pub(super) number: u32,
    /// Bytes of good lines in it.
    pub(super) good: u64,
    /// The last good line.
    pub(super) chain: Chain,
    /// Durable intents without a final record.
    pub(super) open: BTreeMap<u64, Vec<u8>>,
}

/// Finds the end of the trail.
pub(super) fn recover(folder: &Path) -> io::Result<Found> {
    match std::fs::remove_file(folder.join(DRAFT)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut files = files(folder)?.into_iter().rev();
    let Some((number, newest)) = files.next() else {
        return Ok(Found { number: 1, good: 0, chain: Chain::origin(), open: BTreeMap::new() });
    };
    let bytes = std::fs::read(newest)?;
    let scan = Scan::of(&bytes);
    set_aside(folder, scan.chain.as_ref(), bytes.get(scan.good..).unwrap_or_default())?;
    let mut chain = scan.chain;
    for (_, older) in files {
        if chain.is_some() {
            break;
        }
        chain = Scan::of(&std::fs::read(older)?).chain;
    }
    let chain = chain.unwrap_or_else(Chain::origin);
    Ok(Found { number, good: scan.good as u64, chain, open: scan.open })
}

/// What is good in one file.
struct Scan {
    good: usize,
    chain: Option<Chain>,
    open: BTreeMap<u64, Vec<u8>>,
}

impl Scan {
    fn of(bytes: &[u8]) -> Self {
        let mut scan = Self { good: 0, chain: None, open: BTreeMap::new() };
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let Some((text, front)) = whole(line) else { break };
            let before = scan.chain.take().unwrap_or_else(|| front.before());
            let Some(after) = before.follow(&front, text) else {
                scan.chain = Some(before).filter(|_| scan.good > 0);
                break;
            };
            scan.note(&front, text);
            scan.chain = Some(after);
            scan.good += line.len();
        }
        scan
    }

    fn note(&mut self, front: &Front, text: &[u8]) {
        match (front.ticket, front.intent) {
            (Some(ticket), true) => {
                let record = serde_json::from_slice::<AuditRecord>(text).and_then(|r| serde_json::to_vec(&r));
                self.open.extend(record.ok().map(|record| (ticket, record)));
            }
            (Some(ticket), false) => {
                self.open.remove(&ticket);
            }
            (None, _) => {}
        }
    }
}

/// A line that ends and reads.
fn whole(line: &[u8]) -> Option<(&[u8], Front)> {
    let text = line.strip_suffix(b"\n")?;
    Some((text, Front::parse(text)?))
}

/// Keeps what follows a break, if there is anything in it that reads.
fn set_aside(folder: &Path, chain: Option<&Chain>, rest: &[u8]) -> io::Result<()> {
    if !rest.is_empty() {
        tracing::warn!(bytes = rest.len(), "the audit trail has a torn end, which is cut off");
    }
    if !rest.split_inclusive(|byte| *byte == b'\n').any(|line| whole(line).is_some()) {
        return Ok(());
    }
    let after = chain.map_or(0, |chain| chain.seq);
    tracing::error!(after, "the audit trail is broken; what follows is set aside");
    let path = folder.join(format!("set-aside-after-{after}.jsonl"));
    std::fs::write(&path, rest)?;
    std::fs::File::open(path)?.sync_all()?;
    sync_folder(folder)
}
