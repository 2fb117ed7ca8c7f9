//! What browsers are told beside a reply: that it is one person's, and that files run nothing here.
//!
//! MLflow serves its pages and what people uploaded under one origin. INVARIANT: a file that is opened as a page gets an
//! origin of its own (`sandbox`, W3C Content Security Policy Level 3 section 6.4.2), so that a script in it cannot act
//! for whoever looks at it. MLflow's own pages and scripts keep their headers.

use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderValue, X_CONTENT_TYPE_OPTIONS};

use crate::mlflow::Row;

/// Marks a reply to a browser with a session.
pub(crate) fn mark(headers: &mut HeaderMap, row: &Row) {
    if row.path.starts_with("static-files/") || row.path.starts_with("build/") {
        let told = headers.get(CACHE_CONTROL).and_then(|value| value.to_str().ok()).unwrap_or("no-cache");
        let others = told.split(',').map(str::trim).filter(|word| !word.eq_ignore_ascii_case("public"));
        let own: Vec<&str> = std::iter::once("private").chain(others).collect();
        if let Ok(value) = HeaderValue::from_str(&own.join(", ")) {
            headers.insert(CACHE_CONTROL, value);
        }
        return;
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    if !row.path.is_empty() {
        confine(headers);
    }
}

/// Keeps what is opened as a page from acting for whoever opens it.
pub(crate) fn confine(headers: &mut HeaderMap) {
    let policy = HeaderValue::from_static("sandbox allow-scripts allow-popups allow-downloads");
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}
