//! Headers, both ways: what of a request is sent on, and what of a reply is passed back.
//!
//! INVARIANT: a request to an upstream holds only headers on the list here, and what Garita itself says of the
//! caller. Credentials, cookies, forwarding headers and anything that could look like an identity stay behind, not
//! because they are known but because they are not on the list.

use std::net::IpAddr;

use http::header::{self, HeaderMap, HeaderName, HeaderValue};

use crate::refusal::REQUEST_ID;

/// The caller as Garita verified it.
pub(crate) const PRINCIPAL: HeaderName = HeaderName::from_static("x-garita-principal");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// What is sent on as it came.
const SENT_ON: &[&str] = &[
    "accept",
    "accept-encoding",
    "accept-language",
    "user-agent",
    "if-match",
    "if-none-match",
    "if-modified-since",
    "if-unmodified-since",
    "if-range",
    "range",
    "x-mlflow-client-version",
    "x-mlflow-experiment-id",
    "x-mlflow-run-id",
    "traceparent",
    "tracestate",
];

/// What of a reply is not passed back: it belongs to the connection, names the server's make, or speaks for us.
const KEPT_BACK: &[&str] = &[
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authenticate",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "server",
    "date",
    "via",
    "set-cookie",
    "www-authenticate",
    "alt-svc",
    "access-control-allow-origin",
    "access-control-allow-credentials",
    "access-control-expose-headers",
];

/// What Garita says of a request.
pub(crate) struct Said<'a> {
    /// Host for the upstream.
    pub(crate) host: &'a str,
    /// The verified caller's ARN.
    pub(crate) principal: &'a str,
    /// The request's id.
    pub(crate) request_id: &'a str,
    /// The peer's address.
    pub(crate) peer: IpAddr,
    /// Whether the client came over TLS.
    pub(crate) secure: bool,
}

/// The headers of a request to an upstream, but for those of its body.
pub(crate) fn to_upstream(given: &HeaderMap, said: &Said<'_>) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(16);
    let mut put = |name: HeaderName, value: &str| {
        // Values are printable ASCII already; one that is not is left out rather than cut.
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.append(name, value);
        }
    };
    put(header::HOST, said.host);
    for name in SENT_ON {
        for value in given.get_all(*name).iter().filter_map(|value| value.to_str().ok()) {
            put(HeaderName::from_static(name), value);
        }
    }
    if given.contains_key(header::ORIGIN) {
        // MLflow refuses an Origin other than its own. Who may ask was decided by the signature, not by the Origin.
        put(header::ORIGIN, &format!("http://{}", said.host));
    }
    put(header::VIA, "1.1 garita");
    put(FORWARDED_FOR, &said.peer.to_string());
    put(FORWARDED_PROTO, if said.secure { "https" } else { "http" });
    put(PRINCIPAL, said.principal);
    put(REQUEST_ID, said.request_id);
    headers
}

/// Cleans the headers of an upstream's reply.
pub(crate) fn to_client(headers: &mut HeaderMap, request_id: &str) {
    let nominated: Vec<String> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .collect();
    for name in
        nominated.iter().filter(|name| !matches!(name.as_str(), "" | "content-length" | "content-type"))
    {
        headers.remove(name.as_str());
    }
    for name in KEPT_BACK {
        headers.remove(*name);
    }
    let ours: Vec<HeaderName> = headers
        .keys()
        .filter(|n| n.as_str().starts_with("x-garita-") || n.as_str().starts_with("x-amzn-"))
        .cloned()
        .collect();
    for name in ours {
        headers.remove(name);
    }
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_the_list_is_sent_on() {
        let mut given = HeaderMap::new();
        for name in [
            "authorization",
            "cookie",
            "x-amz-security-token",
            "x-forwarded-for",
            "x-garita-principal",
            "forwarded",
            "via",
            "remote-user",
            "x-user",
            "accept",
        ] {
            given.insert(name, HeaderValue::from_static("evil"));
        }
        given.insert("origin", HeaderValue::from_static("https://ml.example"));
        let said = Said {
            host: "localhost",
            principal: "arn:aws:iam::111122223333:user/ana",
            request_id: "r-1",
            peer: [192, 0, 2, 1].into(),
            secure: true,
        };
        let sent = to_upstream(&given, &said);
        let lines: Vec<String> = sent.iter().map(|(n, v)| format!("{n}: {}", v.to_str().unwrap())).collect();
        assert_eq!(
            lines,
            [
                "host: localhost",
                "accept: evil",
                "origin: http://localhost",
                "via: 1.1 garita",
                "x-forwarded-for: 192.0.2.1",
                "x-forwarded-proto: https",
                "x-garita-principal: arn:aws:iam::111122223333:user/ana",
                "x-amzn-requestid: r-1",
            ]
        );
    }

    #[test]
    fn a_reply_loses_what_is_the_connections_or_the_servers() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "close, X-Odd"),
            ("x-odd", "1"),
            ("server", "uvicorn"),
            ("set-cookie", "a=b"),
            ("x-amzn-errortype", "Faked"),
            ("content-type", "application/json"),
            ("etag", "\"1\""),
        ] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        to_client(&mut headers, "r-1");
        let mut names: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["content-type", "etag", "x-amzn-requestid"]);
    }
}
