//! Any form of a browser: reading it must not panic, and what was read must be within the bounds.

#![no_main]

use garita_web::fields::{Fields, MAX_FIELDS, MAX_NAME};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(fields) = Fields::parse(data) else { return };
    let names: Vec<&str> = fields.names().collect();
    assert!(names.len() <= MAX_FIELDS);
    for name in names {
        assert!(name.len() <= MAX_NAME && !name.chars().any(char::is_control));
        let value = fields.get(name);
        assert!(value.is_none_or(|value| !value.is_empty() && !value.chars().any(char::is_control)));
    }
});
