//! Replies: pages, redirects, JSON, files; each guarded as all doors guard theirs ([`garita_wire::page`]).
//!
//! A page may load this site's stylesheet and icon and send its forms to this site and (at the end of a sign-in, because
//! browsers hold redirects after a form to the same rule) to where the sign-in leads: nothing else. INVARIANT: nothing
//! but the files with hashed names is ever kept by a browser or on the way.

use bytes::Bytes;
use garita_wire::page::{self, PagePolicy};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body_util::Full;
use serde::Serialize;
use serde_json::Value;

use crate::asset::Asset;
use crate::pages::Page;

/// A reply to be.
#[derive(Debug)]
pub(crate) struct Reply(Response<Full<Bytes>>);

impl Reply {
    fn new(status: StatusCode, media_type: &'static str, body: impl Into<Bytes>) -> Self {
        let mut response = Response::new(Full::new(body.into()));
        *response.status_mut() = status;
        page::guard(response.headers_mut());
        let mut reply = Self(response);
        if !media_type.is_empty() {
            reply.put(CONTENT_TYPE, media_type);
        }
        reply
    }

    fn put(&mut self, name: HeaderName, value: &'static str) {
        self.0.headers_mut().insert(name, HeaderValue::from_static(value));
    }

    /// Its headers.
    pub(crate) fn headers_mut(&mut self) -> &mut HeaderMap {
        self.0.headers_mut()
    }

    /// A page, whose form may lead to `leads_to` in the end.
    pub(crate) fn page(status: StatusCode, page: Page, leads_to: Option<&str>) -> Self {
        let mut reply = Self::new(status, "text/html; charset=utf-8", page.html);
        let target = leads_to.and_then(form_target);
        // Passkeys need the one script there is; no other page may run any.
        let script = page.script.then_some("'self'");
        let policy = PagePolicy { style: "'self'", script, image: "'self'", form: target.as_deref() };
        page::permit(reply.0.headers_mut(), &policy);
        reply
    }

    /// Leads a browser on, with GET.
    pub(crate) fn see(location: &str) -> Self {
        let mut reply = Self::new(StatusCode::SEE_OTHER, "", Bytes::new());
        if let Ok(location) = HeaderValue::from_str(location) {
            reply.0.headers_mut().insert(LOCATION, location);
        }
        reply
    }

    /// A document.
    pub(crate) fn json(status: StatusCode, document: &impl Serialize) -> Self {
        match serde_json::to_vec(document) {
            Ok(text) => Self::new(status, "application/json", text),
            Err(error) => {
                tracing::error!(%error, "a document cannot be written");
                Self::bare(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }

    /// A document that may be kept for a while: there is nothing secret in it.
    pub(crate) fn kept_json(document: &Value, max_age: &'static str) -> Self {
        let mut reply = Self::json(StatusCode::OK, document);
        reply.put(CACHE_CONTROL, max_age);
        reply
    }

    /// Nothing but a status.
    pub(crate) fn bare(status: StatusCode) -> Self {
        Self::new(status, "", Bytes::new())
    }

    /// A file, for as long as a browser likes.
    pub(crate) fn asset(asset: &'static Asset) -> Self {
        let mut reply = Self::new(StatusCode::OK, asset.media_type, asset.bytes);
        // The icon brings its own two colours.
        reply.put(
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        );
        reply.put(CACHE_CONTROL, "public, max-age=31536000, immutable");
        reply
    }

    /// The same with a header.
    pub(crate) fn with(mut self, name: HeaderName, value: Option<HeaderValue>) -> Self {
        if let Some(value) = value {
            self.0.headers_mut().append(name, value);
        }
        self
    }
    /// The same with a cookie.
    pub(crate) fn cookie(self, cookie: Option<HeaderValue>) -> Self {
        self.with(SET_COOKIE, cookie)
    }

    /// Its status.
    pub(crate) fn status(&self) -> StatusCode {
        self.0.status()
    }
    /// As it is sent.
    pub(crate) fn into_response(self) -> Response<Full<Bytes>> {
        self.0
    }
}

/// A redirect URI as a source of a content security policy: its origin, or its scheme when it has no host.
fn form_target(uri: &str) -> Option<String> {
    let (scheme, rest) = uri.split_once(':')?;
    let plain = |text: &str, more: &[u8]| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || more.contains(&b))
    };
    if !plain(scheme, b"+.-") {
        return None;
    }
    match (scheme, rest.strip_prefix("//")) {
        ("http" | "https", Some(rest)) => {
            let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
            plain(authority, b".-:[]").then(|| format!("{scheme}://{authority}"))
        }
        ("http" | "https", None) => None,
        _ => Some(format!("{scheme}:")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_lead_to_the_origin_of_a_redirect_uri() {
        for (uri, source) in [
            ("https://app.example/cb?x=1", Some("https://app.example")),
            ("http://127.0.0.1:8080/cb", Some("http://127.0.0.1:8080")),
            ("com.example.app:/cb", Some("com.example.app:")),
            ("myapp://cb", Some("myapp:")),
            ("https://a; script-src *", None),
            ("https://user@host/", None),
            ("https:", None),
            ("no uri", None),
        ] {
            assert_eq!(form_target(uri).as_deref(), source, "{uri}");
        }
    }
}
