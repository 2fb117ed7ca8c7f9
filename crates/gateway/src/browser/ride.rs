//! Whether a request that brings a session's cookie was sent by the stage's own pages.
//!
//! INVARIANT: a request that may change something must say that it comes from this origin ([`garita_wire::origin`]); one
//! that says nothing is refused. Another site may only lead a browser to a page here, not fetch from here.

use garita_wire::origin::Sender;
use http::HeaderMap;

use super::place::Place;
use crate::refusal::Refusal;

/// Refuses a request with a cookie that another site sent.
pub(crate) fn check(headers: &HeaderMap, place: &Place, reads: bool) -> Result<(), Refusal> {
    let allowed = match place.sender(headers) {
        Sender::Own => true,
        Sender::Unsaid => reads,
        Sender::Other { leads } => reads && leads,
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
