//! Any JSON body to MLflow: what is taken is read the same way by another reader, and taken again as it is.

#![no_main]

use garita_gateway::json::JsonObject;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(object) = JsonObject::parse(data) else { return };
    let text = std::str::from_utf8(object.bytes()).expect("it is UTF-8");
    let read = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text);
    // A number that fits no type is another reader's to refuse.
    assert!(read.err().is_none_or(|error| error.to_string().starts_with("number out of range")), "{text}");
    assert_eq!(JsonObject::parse(object.bytes()).as_ref(), Ok(&object));
});
