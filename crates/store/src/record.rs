//! What an audit record may hold so that it can always be read back.
//!
//! INVARIANT: no field of a record that is written nests deeper than [`MAX_DEPTH`]: the JSON reader stops at 128
//! levels, and a line or an outbox row that cannot be read would stand in the way of every later start.

use garita_model::AuditRecord;
use serde_json::{Value, json};

/// Levels of lists and objects within one field.
const MAX_DEPTH: usize = 64;

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

/// Replaces the fields that nest too deeply.
pub(crate) fn flatten(record: &mut AuditRecord) {
    for field in free_fields(record) {
        if nests_too_deeply(field) {
            *field = json!({ "omitted": format!("more than {MAX_DEPTH} levels") });
        }
    }
}

fn nests_too_deeply(value: &Value) -> bool {
    let mut level = vec![value];
    for _ in 0..=MAX_DEPTH {
        level = level.into_iter().flat_map(inner).collect();
        if level.is_empty() {
            return false;
        }
    }
    true
}

/// The lists and objects directly within a value.
fn inner(value: &Value) -> Vec<&Value> {
    let nested = |value: &&Value| value.is_array() || value.is_object();
    match value {
        Value::Array(values) => values.iter().filter(nested).collect(),
        Value::Object(fields) => fields.values().filter(nested).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}
