//! Whether a request that brings a session's cookie was sent by the stage's own pages.
//!
//! Browsers add cookies to requests that other sites' pages make. They also say where a request comes from, in headers that
//! no page can set: `Origin` (RFC 6454) and `Sec-Fetch-Site` (W3C Fetch Metadata). INVARIANT: a request that may change
//! something must say that it comes from this origin; one that says nothing is refused. Another site may only lead a
//! browser to a page here, not fetch from here.

use http::HeaderMap;
use http::header::ORIGIN;

use super::place::Place;
use crate::refusal::Refusal;

/// Refuses a request with a cookie that another site sent.
pub(crate) fn check(headers: &HeaderMap, place: &Place, reads: bool) -> Result<(), Refusal> {
    let says = |name: &str, value: &str| headers.get(name).is_some_and(|held| held == value);
    let mut origins = headers.get_all(ORIGIN).iter();
    let own = match (origins.next(), origins.next()) {
        (Some(origin), None) => Some(origin.as_bytes() == place.origin().as_bytes()),
        (Some(_), Some(_)) => Some(false),
        (None, _) => None,
    };
    let site = headers.get("sec-fetch-site").map(http::HeaderValue::as_bytes);
    let allowed = match (own, reads) {
        (Some(own), _) => own,
        (None, false) => site == Some(b"same-origin"),
        (None, true) => match site {
            None | Some(b"same-origin" | b"none") => true,
            Some(_) => says("sec-fetch-mode", "navigate") && says("sec-fetch-dest", "document"),
        },
    };
    if allowed {
        return Ok(());
    }
    let origin = place.origin();
    Err(Refusal::forbidden(format!(
        "a request with the cookie of a session must be sent by a page of `{origin}`: if this stage is reached by another \
         address, set it as the `public_url` of its api"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(lines: &[(&'static str, &'static str)], reads: bool) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        check(&headers, &Place::parse("https://ml.example/prod").unwrap(), reads).is_ok()
    }

    #[test]
    fn what_may_change_something_comes_from_the_stage_itself() {
        assert!(allowed(&[("origin", "https://ml.example")], false));
        assert!(allowed(&[("sec-fetch-site", "same-origin")], false));
        for lines in [
            &[][..],
            &[("origin", "https://evil.example")],
            &[("origin", "null")],
            &[("origin", "http://ml.example")],
            &[("origin", "https://ml.example:444")],
            &[("origin", "https://ml.example"), ("origin", "https://evil.example")],
            &[("origin", "null"), ("sec-fetch-site", "same-origin")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "none")],
        ] {
            assert!(!allowed(lines, false), "{lines:?}");
        }
    }

    #[test]
    fn other_sites_may_lead_to_a_page_and_fetch_nothing() {
        let page = [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
        ];
        assert!(allowed(&page, true) && allowed(&[], true) && allowed(&[("sec-fetch-site", "none")], true));
        for (mode, dest) in
            [("no-cors", "image"), ("no-cors", "script"), ("cors", "empty"), ("navigate", "iframe")]
        {
            let lines =
                [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", mode), ("sec-fetch-dest", dest)];
            assert!(!allowed(&lines, true), "{mode} {dest}");
        }
        assert!(!allowed(&[("origin", "https://evil.example")], true));
    }
}
