//! Any lines of cookies: a value is found only where exactly one cookie has the name, and one more of that name takes it
//! away again.

#![no_main]

use garita_wire::cookie::{self, Found};
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;

const NAME: &str = "__Host-x";

fuzz_target!(|data: &[u8]| {
    let mut headers = HeaderMap::new();
    for line in data.split(|byte| *byte == b'\n').take(8) {
        // What the HTTP library lets through.
        if let Ok(line) = HeaderValue::from_bytes(line) {
            headers.append(COOKIE, line);
        }
    }
    let found = cookie::read(&headers, NAME);
    if let Found::One(value) = found {
        assert!(!value.contains(';') && value.is_ascii());
    }
    let expected = if found == Found::None { Found::One("1") } else { Found::Several };
    let mut more = headers.clone();
    more.append(COOKIE, HeaderValue::from_static("a=b; __Host-x=1"));
    assert_eq!(cookie::read(&more, NAME), expected);
    assert_eq!(cookie::read(&headers, "__Host-y=").one(), None);
});
