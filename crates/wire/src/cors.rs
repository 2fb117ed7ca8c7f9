//! What lets the scripts of other sites ask an endpoint and read its replies: the CORS protocol of the Fetch standard.
//!
//! INVARIANT: browsers are never told that they may send cookies along, so a script learns here what any other program with
//! the same password, code or token would.

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, HeaderMap, HeaderValue,
};

use crate::page::RESOURCE_POLICY;

/// Answers a browser that asks what a script may send; it may remember that for an hour. A script may send `headers`, and
/// read what [`open`] says.
pub fn permit(answer: &mut HeaderMap, methods: &'static str, headers: &'static str) {
    for (name, value) in [
        (ACCESS_CONTROL_ALLOW_METHODS, methods),
        (ACCESS_CONTROL_ALLOW_HEADERS, headers),
        (ACCESS_CONTROL_MAX_AGE, "3600"),
    ] {
        answer.insert(name, HeaderValue::from_static(value));
    }
}

/// Lets scripts of all sites read a reply, with `exposed` of its headers.
pub fn open(reply: &mut HeaderMap, exposed: &'static str) {
    for (name, value) in [
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (ACCESS_CONTROL_EXPOSE_HEADERS, exposed),
        (RESOURCE_POLICY, "cross-origin"),
    ] {
        reply.insert(name, HeaderValue::from_static(value));
    }
}
