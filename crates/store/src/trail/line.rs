//! One line of the trail, and the chain the lines form.
//!
//! A line is the record's JSON object with `seq`, `prev` and, where it belongs to a ticket, `ticket` and `intent` in
//! front. INVARIANT: a line is at most [`super::MAX_LINE`] bytes and holds no newline.

use garita_model::{AuditRecord, Error, Result};
use serde::Deserialize;
use serde_json::json;

use super::MAX_TICKET_LINE;
use crate::record::{self, Record};

/// Room for what stands in front of the record.
pub(super) const FRONT: usize = 192;
/// `prev` of the first line.
const ORIGIN: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Where the chain stands: the last line's number and hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chain {
    pub(super) seq: u64,
    pub(super) hash: String,
}

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A record of its own.
    Record,
    /// The intent of the ticket with this number; none while the line's own number is to be the ticket's.
    Intent(Option<u64>),
    /// The final record of the ticket with this number.
    Final(u64),
}

/// What stands in front of the record.
#[derive(Debug, Deserialize)]
pub(super) struct Front {
    pub(super) seq: u64,
    pub(super) prev: String,
    #[serde(default)]
    pub(super) intent: bool,
    #[serde(default)]
    pub(super) ticket: Option<u64>,
}

impl Chain {
    /// Before the first line.
    pub(super) fn origin() -> Self {
        Self { seq: 0, hash: ORIGIN.to_owned() }
    }

    /// Adds a line to `out`; answers its number.
    pub(super) fn add(&mut self, role: Role, body: &[u8], out: &mut Vec<u8>) -> u64 {
        let seq = self.seq + 1;
        let ticket = match role {
            Role::Record => String::new(),
            Role::Intent(ticket) => format!(r#""intent":true,"ticket":{},"#, ticket.unwrap_or(seq)),
            Role::Final(ticket) => format!(r#""ticket":{ticket},"#),
        };
        let start = out.len();
        out.extend_from_slice(format!(r#"{{"seq":{seq},"prev":"{}",{ticket}"#, self.hash).as_bytes());
        out.extend_from_slice(body.get(1..).unwrap_or_default());
        self.hash = hash(out.get(start..).unwrap_or_default());
        self.seq = seq;
        out.push(b'\n');
        seq
    }

    /// The chain after `line`, if the line continues it.
    pub(super) fn follow(&self, front: &Front, line: &[u8]) -> Option<Self> {
        (front.seq == self.seq + 1 && front.prev == self.hash)
            .then(|| Self { seq: front.seq, hash: hash(line) })
    }
}

impl Front {
    /// Reads the front of a line.
    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        serde_json::from_slice(line).ok()
    }

    /// The chain as it must stand before this line.
    pub(super) fn before(&self) -> Chain {
        Chain { seq: self.seq.saturating_sub(1), hash: self.prev.clone() }
    }
}

/// SHA-256 in hexadecimal.
fn hash(line: &[u8]) -> String {
    hex::encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, line))
}

/// The JSON object of a record, cut so that its line is at most `limit` bytes long.
pub(super) fn body(record: Record, limit: usize) -> Result<Vec<u8>> {
    fitted(record.into_text().into_bytes(), limit)
}

/// The final record of an intent that has no other, with what became of its request.
pub(super) fn ended(intent: &[u8], code: &str, message: &str) -> Result<Vec<u8>> {
    let mut record = read(intent)?;
    record.error_code = Some(code.to_owned());
    record.error_message = Some(message.to_owned());
    fitted(write(&record)?, MAX_TICKET_LINE)
}

fn fitted(text: Vec<u8>, limit: usize) -> Result<Vec<u8>> {
    let limit = limit.saturating_sub(FRONT);
    if text.len() <= limit {
        return Ok(text);
    }
    let mut record = read(&text)?;
    shorten(&mut record);
    omit(&mut record, limit)?;
    write(&record)
}

fn read(text: &[u8]) -> Result<AuditRecord> {
    serde_json::from_slice(text).map_err(|e| Error::internal(format!("an audit record cannot be read: {e}")))
}

fn write(record: &AuditRecord) -> Result<Vec<u8>> {
    serde_json::to_vec(record).map_err(|e| Error::internal(format!("an audit record cannot be written: {e}")))
}

/// Cuts every text so that all of them together take less than 10 KiB.
fn shorten(record: &mut AuditRecord) {
    for text in [
        &mut record.event_version,
        &mut record.event_time,
        &mut record.event_source,
        &mut record.event_name,
        &mut record.aws_region,
        &mut record.source_ip_address,
        &mut record.user_agent,
        &mut record.request_id,
        &mut record.event_id,
        &mut record.event_type,
        &mut record.recipient_account_id,
        &mut record.event_category,
    ] {
        cut(text, 512);
    }
    record.error_code.iter_mut().for_each(|text| cut(text, 256));
    record.error_message.iter_mut().for_each(|text| cut(text, 2048));
}

/// Cuts a text to what takes at most `limit` bytes in JSON.
fn cut(text: &mut String, limit: usize) {
    let mut room = limit;
    let end = text.char_indices().find_map(|(at, c)| {
        let takes = match c {
            '"' | '\\' => 2,
            c if c.is_control() => 6,
            c => c.len_utf8(),
        };
        room.checked_sub(takes).map_or(Some(at), |rest| {
            room = rest;
            None
        })
    });
    if let Some(end) = end {
        text.truncate(end);
        text.push('…');
    }
}

/// Replaces the largest structured fields until the record fits.
fn omit(record: &mut AuditRecord, limit: usize) -> Result<()> {
    while write(record)?.len() > limit {
        let sized = record::free_fields(record).into_iter().map(|field| (field.to_string().len(), field));
        match sized.max_by_key(|(size, _)| *size) {
            Some((size, field)) if size > 64 => *field = json!({ "omitted": format!("{size} bytes") }),
            _ => return Err(Error::internal("an audit record does not fit its line")),
        }
    }
    Ok(())
}
