//! The shape of a request: what is refused before anything else is looked at.
//!
//! A request that two HTTP implementations could read differently is not repaired but refused (RFC 9112 §11.2).
//! INVARIANT: a request that has a [`RequestShape`] has one of five methods, one Host, a target in origin form or in absolute
//! form with that same Host, at most one framing of its body, and no header that stands twice or could be mistaken
//! for another once a server has folded `-` and `_`.

use std::collections::HashSet;

use http::header::{self, HeaderMap, HeaderValue};
use http::{StatusCode, Uri, Version, request};

use crate::mlflow::Verb;

/// Most bytes of header names and values together.
pub const MAX_HEADERS: usize = 16 * 1024;

/// Why a request's shape is refused. Its text is for the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShapeError {
    /// Something else than `GET`, `POST`, `PUT`, `PATCH` or `DELETE`, in upper case.
    #[error("the method is not one of GET, POST, PUT, PATCH, DELETE")]
    Method,
    /// Not HTTP/1.0 or 1.1.
    #[error("the HTTP version is not 1.0 or 1.1")]
    Version,
    /// No Host, two, or one that is no `host[:port]`.
    #[error("exactly one Host header of the form `host` or `host:port` is required")]
    Host,
    /// A target that is neither a path nor `http://` with the authority of the Host header.
    #[error("the request target must be a path, or an http URL with the authority that Host names")]
    Target,
    /// A header that must stand once.
    #[error("the header `{0}` stands more than once")]
    Repeated(String),
    /// A header name with `_`: some servers read it as `-`.
    #[error("the header name `{0}` holds an underscore")]
    Underscore(String),
    /// A header value beyond printable ASCII.
    #[error("the header `{0}` holds a byte that is not printable ASCII")]
    Value(String),
    /// A header of this name is not served.
    #[error("the header `{0}` is not accepted")]
    Unwanted(String),
    /// `Connection` names something else than `keep-alive` or `close`.
    #[error("the Connection header may say keep-alive or close, and nothing else")]
    Connection,
    /// `Transfer-Encoding` other than `chunked`, or together with `Content-Length`, or in HTTP/1.0.
    #[error("Transfer-Encoding may say `chunked`, alone, in HTTP/1.1 and without Content-Length")]
    Framing,
    /// `Expect` says something else than `100-continue`.
    #[error("the only expectation that can be met is 100-continue")]
    Expect,
    /// More than [`MAX_HEADERS`].
    #[error("the headers are larger than 16384 bytes")]
    HeadersTooLarge,
}

impl ShapeError {
    /// The HTTP status: none that a client retries.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Expect => StatusCode::EXPECTATION_FAILED,
            Self::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Method
            | Self::Version
            | Self::Host
            | Self::Target
            | Self::Repeated(_)
            | Self::Underscore(_)
            | Self::Value(_)
            | Self::Unwanted(_)
            | Self::Connection
            | Self::Framing => StatusCode::BAD_REQUEST,
        }
    }
}

/// How the body is delimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// No body.
    None,
    /// So many bytes, at least one.
    Length(u64),
    /// Chunks, until the last.
    Chunked,
}

/// The shape of a request that leaves no doubt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestShape<'r> {
    /// The method.
    pub verb: Verb,
    /// The Host header as it was sent.
    pub authority: &'r str,
    /// The raw path.
    pub path: &'r str,
    /// The raw query, empty if there is none.
    pub query: &'r str,
    /// How the body is delimited.
    pub framing: Framing,
}

/// Headers that may stand more than once: lists by their definition.
const LISTS: &[&str] = &[
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "cookie",
    "forwarded",
    "pragma",
    "via",
];

/// Headers that ask for something this door does not do, and that would mean something to an upstream.
const UNWANTED: &[&str] =
    &["upgrade", "http2-settings", "trailer", "x-http-method-override", "x-mlflow-workspace"];

/// Checks the shape of a request.
///
/// # Errors
/// [`ShapeError`] for whatever another implementation could read in another way.
pub fn admit(parts: &request::Parts) -> Result<RequestShape<'_>, ShapeError> {
    let verb = Verb::from_wire(parts.method.as_str()).ok_or(ShapeError::Method)?;
    if !matches!(parts.version, Version::HTTP_10 | Version::HTTP_11) {
        return Err(ShapeError::Version);
    }
    check_headers(&parts.headers)?;
    check_connection(&parts.headers)?;
    let authority = authority(&parts.headers)?;
    check_target(&parts.uri, authority)?;
    let framing = framing(parts.version, &parts.headers)?;
    if let Some(expect) = parts.headers.get(header::EXPECT)
        && !expect.as_bytes().eq_ignore_ascii_case(b"100-continue")
    {
        return Err(ShapeError::Expect);
    }
    let (path, query) = (parts.uri.path(), parts.uri.query().unwrap_or_default());
    Ok(RequestShape { verb, authority, path, query, framing })
}

fn check_headers(headers: &HeaderMap) -> Result<(), ShapeError> {
    let (mut seen, mut size) = (HashSet::new(), 0_usize);
    for (name, value) in headers {
        size = size.saturating_add(name.as_str().len()).saturating_add(value.len());
        let text = || name.as_str().to_owned();
        if name.as_str().contains('_') {
            return Err(ShapeError::Underscore(text()));
        }
        if !is_plain(value.as_bytes()) {
            return Err(ShapeError::Value(text()));
        }
        if UNWANTED.contains(&name.as_str()) {
            return Err(ShapeError::Unwanted(text()));
        }
        if name != header::TRANSFER_ENCODING && !seen.insert(name) && !LISTS.contains(&name.as_str()) {
            return Err(if name == header::HOST { ShapeError::Host } else { ShapeError::Repeated(text()) });
        }
    }
    if size > MAX_HEADERS { Err(ShapeError::HeadersTooLarge) } else { Ok(()) }
}

/// Whether all of it is visible ASCII, blanks and tabs. Every byte is looked at, several at once: a token is long.
fn is_plain(value: &[u8]) -> bool {
    value.iter().fold(true, |plain, byte| plain & matches!(byte, b'\t' | b' '..=b'~'))
}

/// A header that `Connection` names would be dropped by the next hop: ours as well as the caller's.
fn check_connection(headers: &HeaderMap) -> Result<(), ShapeError> {
    let options = headers.get(header::CONNECTION).map(HeaderValue::as_bytes).unwrap_or_default();
    let known = |option: &[u8]| {
        let option = option.trim_ascii();
        option.is_empty()
            || option.eq_ignore_ascii_case(b"keep-alive")
            || option.eq_ignore_ascii_case(b"close")
    };
    if options.split(|b| *b == b',').all(known) { Ok(()) } else { Err(ShapeError::Connection) }
}

fn authority(headers: &HeaderMap) -> Result<&str, ShapeError> {
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).ok_or(ShapeError::Host)?;
    if is_authority(host) { Ok(host) } else { Err(ShapeError::Host) }
}

/// `host` or `host:port` of RFC 9110 §7.2, without user information.
fn is_authority(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((v6, "")) => return v6.parse::<std::net::Ipv6Addr>().is_ok(),
        Some((v6, rest)) if v6.parse::<std::net::Ipv6Addr>().is_ok() => ("v6", rest.strip_prefix(':')),
        Some(_) => return false,
        None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    let name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-');
    let host_fits = (1..=253).contains(&host.len()) && host.bytes().all(name);
    let v6_without_port = text.starts_with('[') && port.is_none();
    let port_fits = port.is_none_or(|port| {
        port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|n| n > 0)
    });
    host_fits && port_fits && !v6_without_port
}

fn check_target(uri: &Uri, authority: &str) -> Result<(), ShapeError> {
    let same = match (uri.scheme_str(), uri.authority()) {
        (None, None) => true,
        (Some("http" | "https"), Some(given)) => given.as_str().eq_ignore_ascii_case(authority),
        _ => false,
    };
    if same && uri.path().starts_with('/') { Ok(()) } else { Err(ShapeError::Target) }
}

fn framing(version: Version, headers: &HeaderMap) -> Result<Framing, ShapeError> {
    let mut encodings = headers.get_all(header::TRANSFER_ENCODING).iter();
    let length = headers.get(header::CONTENT_LENGTH);
    match (encodings.next(), encodings.next()) {
        (Some(encoding), None) => {
            let chunked = encoding.as_bytes().eq_ignore_ascii_case(b"chunked");
            let alone = length.is_none() && version == Version::HTTP_11;
            if chunked && alone { Ok(Framing::Chunked) } else { Err(ShapeError::Framing) }
        }
        (Some(_), Some(_)) => Err(ShapeError::Framing),
        (None, _) => match length.map(|value| value.to_str().ok().and_then(parse_length)) {
            None | Some(Some(0)) => Ok(Framing::None),
            Some(Some(length)) => Ok(Framing::Length(length)),
            Some(None) => Err(ShapeError::Framing),
        },
    }
}

fn parse_length(text: &str) -> Option<u64> {
    if text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, target: &str, headers: &[(&str, &str)]) -> request::Parts {
        let mut builder = http::Request::builder().method(method).uri(target);
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        builder.body(()).unwrap().into_parts().0
    }

    #[test]
    fn shapes_that_are_refused() {
        let big = "x".repeat(MAX_HEADERS);
        for (method, target, headers, why) in [
            ("get", "/", &[("host", "h")][..], ShapeError::Method),
            ("HEAD", "/", &[("host", "h")], ShapeError::Method),
            ("OPTIONS", "/", &[("host", "h")], ShapeError::Method),
            ("CONNECT", "h:22", &[("host", "h")], ShapeError::Method),
            ("TRACE", "/", &[("host", "h")], ShapeError::Method),
            ("GET", "/", &[], ShapeError::Host),
            ("GET", "/", &[("host", "h"), ("host", "h")], ShapeError::Host),
            ("GET", "/", &[("host", "")], ShapeError::Host),
            ("GET", "/", &[("host", "h/x?y=")], ShapeError::Host),
            ("GET", "/", &[("host", "u@h")], ShapeError::Host),
            ("GET", "/", &[("host", "h:")], ShapeError::Host),
            ("GET", "/", &[("host", "h:99999")], ShapeError::Host),
            ("GET", "/", &[("host", "h:1:2")], ShapeError::Host),
            ("GET", "/", &[("host", "[::1")], ShapeError::Host),
            ("GET", "/", &[("host", "[x]")], ShapeError::Host),
            ("GET", "http://other/", &[("host", "h")], ShapeError::Target),
            ("GET", "http://u@h/", &[("host", "h")], ShapeError::Target),
            ("GET", "ftp://h/", &[("host", "h")], ShapeError::Target),
            ("GET", "a", &[("host", "h")], ShapeError::Target),
            (
                "GET",
                "/",
                &[("host", "h"), ("x-user", "1"), ("x-user", "2")],
                ShapeError::Repeated("x-user".into()),
            ),
            ("GET", "/", &[("host", "h"), ("x_user", "1")], ShapeError::Underscore("x_user".into())),
            ("GET", "/", &[("host", "h"), ("upgrade", "h2c")], ShapeError::Unwanted("upgrade".into())),
            ("GET", "/", &[("host", "h"), ("connection", "close, x-user")], ShapeError::Connection),
            ("GET", "/", &[("host", "h"), ("connection", "upgrade")], ShapeError::Connection),
            ("GET", "/", &[("host", "h"), ("x", &big)], ShapeError::HeadersTooLarge),
            ("POST", "/", &[("host", "h"), ("expect", "200-ok")], ShapeError::Expect),
            ("POST", "/", &[("host", "h"), ("transfer-encoding", "gzip, chunked")], ShapeError::Framing),
            ("POST", "/", &[("host", "h"), ("transfer-encoding", "chunked, chunked")], ShapeError::Framing),
            (
                "POST",
                "/",
                &[("host", "h"), ("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")],
                ShapeError::Framing,
            ),
            (
                "POST",
                "/",
                &[("host", "h"), ("transfer-encoding", "chunked"), ("content-length", "3")],
                ShapeError::Framing,
            ),
            ("POST", "/", &[("host", "h"), ("content-length", "+3")], ShapeError::Framing),
            ("POST", "/", &[("host", "h"), ("content-length", "3, 3")], ShapeError::Framing),
        ] {
            assert_eq!(admit(&request(method, target, headers)), Err(why), "{method} {target} {headers:?}");
        }
    }

    #[test]
    fn shapes_that_are_let_in() {
        for (target, host) in
            [("/a?b", "h"), ("http://h:80/a?b", "H:80"), ("/a?b", "[::1]:8080"), ("/a?b", "[::1]")]
        {
            let parts =
                request("POST", target, &[("host", host), ("content-length", "3"), ("connection", "close")]);
            let shape = admit(&parts).unwrap();
            assert_eq!((shape.path, shape.query, shape.framing), ("/a", "b", Framing::Length(3)));
        }
        let parts = request("DELETE", "/", &[("host", "h"), ("content-length", "0")]);
        assert_eq!(admit(&parts).unwrap().framing, Framing::None);
    }
}
