//! Any method, target and body: what is accepted has one form, and reading that form again gives the same.

#![no_main]

use garita_gateway::json::JsonObject;
use garita_gateway::mlflow::{self, Verb};
use garita_gateway::path::{CanonicalPath, MAX_PATH};
use garita_gateway::query::Query;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    json(data);
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (method, target) = text.split_once(' ').unwrap_or(("GET", text));
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    self::query(query);
    let Ok(path) = CanonicalPath::parse(path) else { return };
    let encoded = path.encoded();
    assert!(encoded.bytes().all(|b| b.is_ascii_alphanumeric() || b"/%-._~".contains(&b)), "{encoded}");
    assert!(!encoded.contains("//") && !encoded.contains("%2F") && !encoded.contains("%5C"), "{encoded}");
    for segment in path.segments() {
        assert!(!matches!(segment.as_str(), "" | "." | ".."));
        assert!(!segment.contains(['/', '\\']) && !segment.chars().any(char::is_control));
    }
    // Encoding lengthens: a path at the bound may leave it.
    if encoded.len() <= MAX_PATH {
        assert_eq!(CanonicalPath::parse(&encoded).as_ref(), Ok(&path));
    }
    let Some(verb) = Verb::from_wire(method) else { return };
    if let Some((row, found)) = mlflow::find(verb, path.segments()) {
        let given: usize = found.parameters.iter().map(|parameter| parameter.len()).sum();
        assert!(row.verb == verb && given <= path.segments().len());
    }
});

fn query(raw: &str) {
    for repeats in [&[][..], &["order_by", "run_id"][..]] {
        let Ok(query) = Query::parse(raw, repeats) else { continue };
        let encoded = query.encoded();
        assert!(encoded.bytes().all(|b| b.is_ascii_alphanumeric() || b"&=%-._~".contains(&b)), "{encoded}");
        assert_eq!(Query::parse(&encoded, repeats), Ok(query));
    }
}

fn json(body: &[u8]) {
    let Ok(object) = JsonObject::parse(body) else { return };
    assert!(object.bytes().first() == Some(&b'{') && object.bytes().last() == Some(&b'}'));
    assert_eq!(JsonObject::parse(object.bytes()).as_ref(), Ok(&object));
}
