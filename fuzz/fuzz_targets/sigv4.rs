//! Any request head: parsing and verifying must not panic, and no guess may verify.

#![no_main]

use garita_wire::bearer;
use garita_wire::sigv4::{self, BodyHash, Dialect, Presence, RegionRule, RequestHead, SigningKey};
use http::{HeaderMap, HeaderName, HeaderValue};
use libfuzzer_sys::fuzz_target;

// Lines: method, path, query, then `name:value` headers.
fuzz_target!(|data: &[u8]| {
    let mut lines = data.split(|byte| *byte == b'\n');
    let mut text = || std::str::from_utf8(lines.next().unwrap_or_default()).unwrap_or_default();
    let (method, path, query) = (text(), text(), text());
    let mut headers = HeaderMap::new();
    for line in lines {
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let name = HeaderName::from_bytes(parts.next().unwrap_or_default());
        let value = HeaderValue::from_bytes(parts.next().unwrap_or_default());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    let head = RequestHead { method, path, query, headers: &headers };
    if let Ok(Some(token)) = bearer::parse(&head) {
        assert!(!token.is_empty() && matches!(sigv4::parse(&head), Ok(Presence::NotRequested)));
    }
    let Ok(Presence::Presented(presented)) = sigv4::parse(&head) else { return };
    let _ = presented.check_time(presented.timestamp);
    let _ = presented.check_scope(&["iam"], RegionRule::OneOf(&["us-east-1"]));
    let key = SigningKey::for_scope("not a secret that any input was signed with", &presented.scope);
    let dialect = Dialect::MlflowSdk { repeated_keys: &["order_by"] };
    for body in [BodyHash::of(b""), BodyHash::Declared, BodyHash::Unsigned] {
        assert!(presented.verify(&head, body, &key, dialect).is_err());
    }
});
