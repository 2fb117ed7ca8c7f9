//! Checking the chain of a whole trail.
//!
//! INVARIANT: a line is good only when it continues the one before it, across files. The first file may begin
//! anywhere, since older ones may have been archived.

use std::path::Path;

use garita_model::{Error, Result};

use super::line::{Chain, Front};
use super::place::{files, name};
use crate::failure;

/// A trail whose chain holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The number of the first line, or 0 for an empty trail.
    pub first: u64,
    /// The number of the last line, or 0 for an empty trail.
    pub last: u64,
    /// The SHA-256 of the last line, in hexadecimal.
    pub head: String,
    /// Lines that are not intents.
    pub records: u64,
}

pub(super) fn verify(folder: &Path) -> Result<Verified> {
    let failed = |e| failure::io("read the audit trail", &e);
    let files = files(folder).map_err(failed)?;
    let newest = files.last().map(|(number, _)| *number);
    let mut walk = Walk { first: 0, chain: None, records: 0 };
    for (number, path) in files {
        let bytes = std::fs::read(path).map_err(failed)?;
        walk.file(number, &bytes, newest == Some(number))?;
    }
    let chain = walk.chain.unwrap_or_else(Chain::origin);
    Ok(Verified { first: walk.first, last: chain.seq, head: chain.hash, records: walk.records })
}

struct Walk {
    first: u64,
    chain: Option<Chain>,
    records: u64,
}

impl Walk {
    fn file(&mut self, number: u32, bytes: &[u8], newest: bool) -> Result<()> {
        for (line, row) in bytes.split_inclusive(|byte| *byte == b'\n').zip(1_u64..) {
            let broken = |what: &str| {
                let message =
                    format!("the audit trail is broken at line {row} of `{}`: {what}", name(number));
                Err(Error::invalid("", message))
            };
            let Some(text) = line.strip_suffix(b"\n") else {
                // A running server may be writing just now.
                return if newest { Ok(()) } else { broken("the line does not end") };
            };
            let Some(front) = Front::parse(text) else { return broken("the line is not a record") };
            let before = self.chain.clone().unwrap_or_else(|| front.before());
            let Some(after) = before.follow(&front, text) else {
                return broken("the line does not continue the one before it");
            };
            if self.chain.is_none() {
                self.first = front.seq;
            }
            self.chain = Some(after);
            self.records += u64::from(!front.intent);
        }
        Ok(())
    }
}
