//! AWS JSON 1.0 and 1.1: the target of a request and the envelope of an error. Shapes are the services' own.
//!
//! INVARIANT: an error body is always one JSON object with `__type` and `message`; texts are escaped, never pasted.
//!
//! Spec: Smithy, "AWS JSON 1.0 protocol", "AWS JSON 1.1 protocol".

use serde_json::json;

/// `Content-Type` of AWS JSON 1.0.
pub const CONTENT_TYPE_1_0: &str = "application/x-amz-json-1.0";
/// `Content-Type` of AWS JSON 1.1.
pub const CONTENT_TYPE_1_1: &str = "application/x-amz-json-1.1";

/// An `X-Amz-Target`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target<'a> {
    /// What names the service, e.g. `SageMaker`. May itself hold dots.
    pub prefix: &'a str,
    /// The operation, e.g. `ListApps`.
    pub operation: &'a str,
}

/// Splits `Prefix.Operation` at the last dot; `None` if there is none or a side is not made of `A-Za-z0-9_.`.
///
/// ```
/// let target = garita_wire::protocol::json::parse_target("AWSEvents.PutRule").unwrap();
/// assert_eq!((target.prefix, target.operation), ("AWSEvents", "PutRule"));
/// ```
#[must_use]
pub fn parse_target(header: &str) -> Option<Target<'_>> {
    let (prefix, operation) = header.rsplit_once('.')?;
    let is_name = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.')
    };
    (is_name(prefix) && is_name(operation)).then_some(Target { prefix, operation })
}

/// The body of an error.
///
/// ```
/// let body = garita_wire::protocol::json::error("ResourceNotFound", "no \"app\"");
/// assert_eq!(body, r#"{"__type":"ResourceNotFound","message":"no \"app\""}"#);
/// ```
#[must_use]
pub fn error(code: &str, message: &str) -> String {
    json!({ "__type": code, "message": message }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_that_are_none() {
        for bad in
            ["", ".", "SageMaker", "SageMaker.", ".ListApps", "Sage Maker.ListApps", "SageMaker.ListÁpps"]
        {
            assert_eq!(parse_target(bad), None, "{bad}");
        }
    }
}
