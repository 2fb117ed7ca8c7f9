//! What every reply to a browser says beside what it shows, so that nobody misuses the browser with it.
//!
//! All doors have it from here: a reply of theirs that a browser takes for a page is of one strictness wherever it came
//! from. A page names what it may load and where its forms may lead ([`PagePolicy`]: W3C Content Security Policy Level 3);
//! everything else is refused. INVARIANT: nothing that is guarded here is kept by a browser or on the way, stands in a frame,
//! or is read by another site, unless who guards it says so afterwards.

use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
/// `Cross-Origin-Resource-Policy` of the Fetch standard: which sites may load a reply.
pub const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
/// As many headers as a reply usually has.
const ROOM: usize = 16;
/// For replies that are no page: they load nothing.
const NO_PAGE: &str = "default-src 'none'; frame-ancestors 'none'";

/// What a page may load, and where its forms may lead, as sources of a content security policy.
#[derive(Debug, Clone, Copy)]
pub struct PagePolicy<'a> {
    /// Its styles.
    pub style: &'a str,
    /// Its scripts, if it runs any.
    pub script: Option<&'a str>,
    /// Its pictures.
    pub image: &'a str,
    /// Where its forms may lead in the end besides its own site: browsers hold redirects after a form to the same rule.
    pub form: Option<&'a str>,
}

impl PagePolicy<'_> {
    /// As a header has it.
    pub fn text(&self) -> String {
        let Self { style, script, image, form } = self;
        let script = script.map(|source| format!("script-src {source}; ")).unwrap_or_default();
        let form = form.map(|source| format!(" {source}")).unwrap_or_default();
        format!(
            "default-src 'none'; style-src {style}; {script}img-src {image}; form-action 'self'{form}; \
             frame-ancestors 'none'; base-uri 'none'"
        )
    }
}

/// Guards a reply: to a browser it is a page that loads nothing, until it is told otherwise.
pub fn guard(headers: &mut HeaderMap) {
    headers.reserve(ROOM);
    for (name, value) in [
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CONTENT_SECURITY_POLICY, NO_PAGE),
        // Not `no-referrer`: with that, browsers send forms of this very site with `Origin: null`.
        (REFERRER_POLICY, "same-origin"),
        (OPENER_POLICY, "same-origin"),
        (RESOURCE_POLICY, "same-origin"),
        (PERMISSIONS_POLICY, "camera=(), microphone=(), geolocation=()"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// Lets a guarded reply be this page.
pub fn permit(headers: &mut HeaderMap, policy: &PagePolicy<'_>) {
    // A policy that is no header leaves the strict one in place.
    if let Ok(policy) = HeaderValue::from_str(&policy.text()) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_may_what_it_names_and_nothing_else() {
        let mut headers = HeaderMap::new();
        guard(&mut headers);
        assert_eq!(headers[CONTENT_SECURITY_POLICY], NO_PAGE);
        assert_eq!(
            (&headers[CACHE_CONTROL], &headers[X_CONTENT_TYPE_OPTIONS]),
            (&"no-store".parse().unwrap(), &"nosniff".parse().unwrap())
        );
        let policy = PagePolicy { style: "'self'", script: None, image: "data:", form: None };
        permit(&mut headers, &policy);
        let told = "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; frame-ancestors 'none'; \
                    base-uri 'none'";
        assert_eq!(headers[CONTENT_SECURITY_POLICY], told);
        let more = PagePolicy { script: Some("'self'"), form: Some("https://app.example"), ..policy };
        let told = more.text();
        assert!(
            told.contains(" script-src 'self';") && told.contains(" form-action 'self' https://app.example;")
        );
        permit(&mut headers, &PagePolicy { image: "\n", ..policy });
        assert!(!headers[CONTENT_SECURITY_POLICY].is_empty());
    }
}
