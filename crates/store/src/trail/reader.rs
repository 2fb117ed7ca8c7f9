//! Reading the trail, beside a running server or without one.
//!
//! INVARIANT: only whole lines are read; the reader stays where it is until the next line is whole.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use garita_model::{AuditRecord, Error, Result};
use serde::Serialize;

use super::line::Front;
use super::place::files;
use crate::failure;

/// A record with its place in the trail; as JSON, the record's object with `seq` in front.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    /// The number of its line.
    pub seq: u64,
    /// The record.
    #[serde(flatten)]
    pub record: AuditRecord,
}

/// Reads records one after another; see [`super::Trail::read`].
pub struct Reader {
    folder: PathBuf,
    /// The file being read: its number, itself, and where the next line begins.
    at: Option<(u32, BufReader<File>, u64)>,
}

impl Reader {
    pub(super) fn open(folder: &Path) -> Result<Self> {
        files(folder).map_err(|e| failed(&e))?;
        Ok(Self { folder: folder.to_owned(), at: None })
    }

    /// Whole lines up to the end of what there is now.
    fn next_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            // Looked up before reading: once there is a newer file, this one grows no more.
            let current = self.at.as_ref().map(|(number, ..)| *number);
            let newer = files(&self.folder)?.into_iter().find(|(n, _)| current.is_none_or(|c| *n > c));
            if let Some(line) = self.line_here()? {
                return Ok(Some(line));
            }
            let Some((number, path)) = newer else { return Ok(None) };
            self.at = Some((number, BufReader::new(File::open(path)?), 0));
        }
    }

    fn line_here(&mut self) -> io::Result<Option<Vec<u8>>> {
        let Some((_, file, position)) = &mut self.at else { return Ok(None) };
        let mut line = Vec::new();
        let read = file.read_until(b'\n', &mut line)?;
        if line.pop() == Some(b'\n') {
            *position += read as u64;
            return Ok(Some(line));
        }
        file.seek(SeekFrom::Start(*position))?;
        Ok(None)
    }
}

impl Iterator for Reader {
    type Item = Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let line = match self.next_line() {
                Ok(line) => line?,
                Err(error) => return Some(Err(failed(&error))),
            };
            let unreadable =
                || Error::invalid("", "a line of the audit trail cannot be read: verify the trail");
            let Some(front) = Front::parse(&line) else { return Some(Err(unreadable())) };
            if front.intent {
                continue;
            }
            let record = serde_json::from_slice(&line).map_err(|_| unreadable());
            return Some(record.map(|record| Entry { seq: front.seq, record }));
        }
    }
}

pub(super) fn failed(error: &io::Error) -> Error {
    failure::io("read the audit trail", error)
}
