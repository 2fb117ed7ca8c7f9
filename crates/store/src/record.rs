//! Audit records as they are kept: text that can always be read back.
//!
//! INVARIANT: no field of a record nests deeper than [`MAX_DEPTH`]: the JSON reader stops at 128 levels, and a line or an
//! outbox row that cannot be read would stand in the way of every later start.

use std::io;

use garita_model::{AuditRecord, Error, Result};
use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use serde_json::{Value, json};

/// Levels of lists and objects within one field.
const MAX_DEPTH: usize = 64;
/// About what the text of a record takes, in bytes.
const USUAL_LENGTH: usize = 1024;

/// An audit record as it is kept: its JSON, and the id it is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    event_id: String,
    text: String,
}

impl Record {
    /// What serializes to the fields of an [`AuditRecord`], with that event id. A field that nests too deeply is omitted.
    ///
    /// # Errors
    /// `Internal` when it does not serialize to a record.
    pub fn of(event_id: &str, record: &impl Serialize) -> Result<Self> {
        let (mut text, mut levels) = (Vec::with_capacity(USUAL_LENGTH), Levels::default());
        record
            .serialize(&mut Serializer::with_formatter(&mut text, &mut levels))
            .map_err(|e| unwritten(&e))?;
        if levels.most > MAX_DEPTH + 1 {
            text = flattened(record).and_then(|flat| serde_json::to_vec(&flat)).map_err(|e| unwritten(&e))?;
        }
        let text = String::from_utf8(text).map_err(|_| Error::internal("an audit record is no text"))?;
        Ok(Self { event_id: event_id.to_owned(), text })
    }

    /// A record that was kept before.
    ///
    /// # Errors
    /// `Internal` when it is not to be read.
    pub(crate) fn read(text: String) -> Result<Self> {
        let record: AuditRecord = serde_json::from_str(&text)
            .map_err(|e| Error::internal(format!("an audit record cannot be read: {e}")))?;
        Ok(Self { event_id: record.event_id, text })
    }

    /// The id it is known by.
    pub fn event_id(&self) -> &str {
        &self.event_id
    }
    /// Its JSON.
    pub fn text(&self) -> &str {
        &self.text
    }
    pub(crate) fn into_event_id(self) -> String {
        self.event_id
    }
    pub(crate) fn into_text(self) -> String {
        self.text
    }
}

/// The fields that hold whatever a request held, most expendable first.
pub(crate) fn free_fields(record: &mut AuditRecord) -> [&mut Value; 5] {
    [
        &mut record.request_parameters,
        &mut record.response_elements,
        &mut record.additional_event_data,
        &mut record.resources,
        &mut record.user_identity,
    ]
}

fn unwritten(error: &serde_json::Error) -> Error {
    Error::internal(format!("an audit record cannot be written: {error}"))
}

/// The record without the fields that nest too deeply.
fn flattened(record: &impl Serialize) -> serde_json::Result<AuditRecord> {
    let mut record: AuditRecord = serde_json::from_value(serde_json::to_value(record)?)?;
    for field in free_fields(&mut record) {
        if nests_deeper(field, MAX_DEPTH) {
            *field = json!({ "omitted": format!("more than {MAX_DEPTH} levels") });
        }
    }
    Ok(record)
}

/// Whether a value has more levels than so many.
fn nests_deeper(value: &Value, levels: usize) -> bool {
    let inner = |within: &Value| nests_deeper(within, levels - 1);
    match value {
        Value::Array(values) => levels == 0 || values.iter().any(inner),
        Value::Object(fields) => levels == 0 || fields.values().any(inner),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Writes compactly, and counts how deep lists and objects nest.
#[derive(Default)]
struct Levels {
    now: usize,
    most: usize,
}

impl Levels {
    fn enter(&mut self) {
        self.now += 1;
        self.most = self.most.max(self.now);
    }
}

impl Formatter for &mut Levels {
    fn begin_array<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.enter();
        writer.write_all(b"[")
    }
    fn end_array<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.now -= 1;
        writer.write_all(b"]")
    }
    fn begin_object<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.enter();
        writer.write_all(b"{")
    }
    fn end_object<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.now -= 1;
        writer.write_all(b"}")
    }
}
