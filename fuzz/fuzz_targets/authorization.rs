//! Any `Authorization` headers of an app client, and any form: a client is who exactly one of them says, and what it writes
//! as the RFC says is read as it was.

#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use garita_web::authorization::{bearer, credentials};
use garita_web::fields::Fields;
use garita_wire::protocol::percent_encode;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;

// Two texts, which are a client's id and secret, a token, and headers by lines with a form after them.
fuzz_target!(|data: (&str, &str, &[u8])| {
    let (id, secret, form) = data;
    let none = Fields::parse(b"").expect("it is empty");
    let written = format!("{}:{}", percent_encode(id), percent_encode(secret));
    let basic = with(&[format!("Basic {}", STANDARD.encode(&written)).as_bytes()]);
    let shown = credentials(&basic, &none).expect("it is well-formed");
    assert_eq!(shown.id, id);
    assert_eq!(shown.secret.map_or(String::new(), |held| held.expose().clone()), secret);
    assert!(bearer(&basic).is_none());

    let mut lines = form.split(|byte| *byte == b'\n');
    let first = lines.next().unwrap_or_default();
    let rest = form.get(first.len() + 1..).unwrap_or_default();
    let headers = with(&[first]);
    let Ok(fields) = Fields::parse(rest) else { return };
    let token = bearer(&headers);
    if let Ok(shown) = credentials(&headers, &fields) {
        assert!(token.is_none(), "it is a token and a client");
        if headers.is_empty() {
            assert_eq!(fields.get("client_id"), Some(shown.id.as_str()));
            assert_eq!(fields.get("client_secret"), shown.secret.as_ref().map(|held| held.expose().as_str()));
        } else {
            assert!(fields.get("client_secret").is_none());
            assert!(fields.get("client_id").is_none_or(|named| named == shown.id));
        }
    }
    if let Some(token) = token {
        let again = with(&[format!("Bearer {}", token.expose()).as_bytes()]);
        assert_eq!(bearer(&again).map(|again| again.expose().clone()), Some(token.expose().clone()));
    }
    // One more of them, and nobody is anybody.
    let twice = with(&[first, b"Basic YTpi"]);
    if twice.len() == 2 {
        assert!(bearer(&twice).is_none() && credentials(&twice, &fields).is_err());
    }
});

/// As the HTTP library lets them through.
fn with(lines: &[&[u8]]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines.iter().filter(|line| !line.is_empty()) {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append(AUTHORIZATION, value);
        }
    }
    headers
}
