//! The bodies AWS clients send and expect: AWS Query with XML replies, AWS JSON.
//!
//! * [`query`]: `Action=CreateUser&Version=2010-05-08&UserName=ana` into typed parameters;
//! * [`xml`]: the replies and errors of Query services;
//! * [`json`]: `X-Amz-Target` and the errors of JSON services;
//! * here: what they share, instants and percent-encoding.
//!
//! INVARIANT: decoding is bounded and total; encoding can't be broken out of by any text.
//!
//! Spec: Smithy, "AWS query protocol", "AWS JSON 1.0/1.1 protocol"; botocore's service models for the shapes.

pub mod json;
pub mod query;
pub mod xml;

use jiff::{Timestamp, tz::TimeZone};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC};

/// All but the unreserved characters of RFC 3986 §2.3.
pub(crate) const RFC3986: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Percent-encodes a text as IAM does policy documents in its replies: all but RFC 3986's unreserved characters.
///
/// ```
/// assert_eq!(garita_wire::protocol::percent_encode(r#"{"a": "ñ"}"#), "%7B%22a%22%3A%20%22%C3%B1%22%7D");
/// ```
#[must_use]
pub fn percent_encode(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, RFC3986).to_string()
}

/// An instant as Query replies write it: ISO 8601, UTC, whole seconds.
///
/// ```
/// let at = "2026-01-01T00:00:00.75Z".parse()?;
/// assert_eq!(garita_wire::protocol::iso8601(at), "2026-01-01T00:00:00Z");
/// # Ok::<(), jiff::Error>(())
/// ```
#[must_use]
pub fn iso8601(at: Timestamp) -> String {
    let at = TimeZone::UTC.to_datetime(at);
    let (date, time) = (at.date(), at.time());
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        date.year(),
        date.month(),
        date.day(),
        time.hour(),
        time.minute(),
        time.second()
    )
}

/// An instant as JSON replies write it: seconds since the epoch, to the millisecond.
///
/// ```
/// let at = "2026-01-01T00:00:00.25Z".parse()?;
/// assert_eq!(garita_wire::protocol::epoch_seconds(at), 1_767_225_600.25);
/// # Ok::<(), jiff::Error>(())
/// ```
#[must_use]
pub fn epoch_seconds(at: Timestamp) -> f64 {
    at.as_millisecond() as f64 / 1000.0
}
