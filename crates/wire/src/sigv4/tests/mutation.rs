//! Each byte of each signed part of each case of the suite, changed: none may pass.

use super::suite::{CASES, Case};
use super::*;

/// The other bytes tried in place of one: a neighbour, the other case, a digit, and one that is never there.
fn others(byte: u8) -> impl Iterator<Item = u8> {
    [byte ^ 1, byte ^ 0x20, b'0', b'~'].into_iter().filter(move |other| *other != byte)
}

/// Every text that differs from `text` in one byte, if it still is a text.
fn changed(text: &str) -> impl Iterator<Item = String> {
    (0..text.len()).flat_map(move |i| {
        others(text.as_bytes()[i]).filter_map(move |other| {
            let mut bytes = text.as_bytes().to_vec();
            bytes[i] = other;
            String::from_utf8(bytes).ok()
        })
    })
}

fn must_fail(case: &Case, what: &str, request: &Request) {
    assert!(case.check(request).is_err(), "{}: passed with another {what}: {request:?}", case.name);
}

/// What a reader makes of a query, told by another decoder: `%E1` and `%e1` are one, and so is the order of pairs.
fn meaning(query: &str) -> Vec<(Vec<u8>, Vec<u8>)> {
    let decode = |text: &str| percent_encoding::percent_decode_str(text).collect::<Vec<u8>>();
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let mut pairs: Vec<_> = pairs.map(|(key, value)| (decode(key), decode(value))).collect();
    pairs.sort();
    pairs
}

#[test]
fn method() {
    for case in CASES.iter() {
        for method in changed(&case.request.method) {
            must_fail(case, "method", &Request { method, ..case.request.clone() });
        }
    }
}

#[test]
fn path() {
    let exact = |case: &&Case| !case.settings.normalize_path || path_is_normal(&case.request.path);
    for case in CASES.iter().filter(exact) {
        for path in changed(&case.request.path) {
            must_fail(case, "path", &Request { path, ..case.request.clone() });
        }
    }
}

#[test]
fn query() {
    for case in CASES.iter() {
        for query in changed(&case.request.query) {
            if meaning(&query) != meaning(&case.request.query) {
                must_fail(case, "query", &Request { query, ..case.request.clone() });
            }
        }
        let query = format!("{}&a=b", case.request.query);
        must_fail(case, "query", &Request { query, ..case.request.clone() });
    }
}

#[test]
fn body() {
    for case in CASES.iter() {
        let body = case.request.body.clone();
        for i in 0..body.len() {
            for other in others(body[i]) {
                let mut body = body.clone();
                body[i] = other;
                must_fail(case, "body", &Request { body, ..case.request.clone() });
            }
        }
        let longer = [body, b"x".to_vec()].concat();
        must_fail(case, "body", &Request { body: longer, ..case.request.clone() });
    }
}

/// Header values: those signed, the token wherever it stands, and `Authorization` with its signature, scope and list.
#[test]
fn headers() {
    for case in CASES.iter() {
        let mut names = case.request.presented().unwrap().signed_headers;
        names.extend(["authorization".into(), "x-amz-security-token".into()]);
        for name in names {
            let count = case.request.headers.get_all(&name).iter().count();
            for nth in 0..count {
                let value = case.request.headers.get_all(&name).iter().nth(nth).unwrap();
                for value in changed(value.to_str().unwrap()) {
                    let Ok(value) = HeaderValue::from_str(&value) else { continue };
                    let request = with_header(&case.request, &name, nth, &value);
                    must_fail(case, &name, &request);
                }
            }
        }
    }
}

fn with_header(request: &Request, name: &str, nth: usize, value: &HeaderValue) -> Request {
    let mut values: Vec<HeaderValue> = request.headers.get_all(name).iter().cloned().collect();
    values[nth] = value.clone();
    let mut request = request.clone();
    request.headers.remove(name);
    for value in values {
        request.headers.append(name.parse::<HeaderName>().unwrap(), value);
    }
    request
}

/// Signed as if it was there and empty, or as if two were one: what is signed must be what came.
#[test]
fn a_signed_header_must_be_there_and_host_once() {
    let payload = hex::encode(sha256(b""));
    let check = |hosts: &[&str], host_line: &str, extra: Option<&str>| {
        let headers: Vec<(&str, &str)> = hosts.iter().map(|host| ("host", *host)).collect();
        let mut request = Request::new("GET", "/", &headers, "");
        request.set("x-amz-date", "20260101T000000Z");
        if let Some(value) = extra {
            request.set("my-header", value);
        }
        let canonical = format!(
            "GET\n/\n\nhost:{host_line}\nmy-header:\nx-amz-date:20260101T000000Z\n\n\
             host;my-header;x-amz-date\n{payload}"
        );
        request.sign_over(&canonical, "host;my-header;x-amz-date");
        request.check(at("2026-01-01T00:00:00Z"), "execute-api", (KEY_ID, SECRET), Dialect::Aws).map(|_| ())
    };
    let refused = Err(SigV4Error::SignatureDoesNotMatch);
    assert_eq!(check(&["a"], "a", Some("")), Ok(()));
    assert_eq!(check(&["a"], "a", None), refused);
    assert_eq!(check(&["a", "b"], "a,b", Some("")), refused);
}
