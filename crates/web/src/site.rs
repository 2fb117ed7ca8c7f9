//! The one origin that pages and endpoints are served under, and whether a form came from it.
//!
//! INVARIANT: a form is taken only from a page of this very origin, by what the browser says of it
//! ([`garita_wire::origin`]); who says nothing is refused.

use garita_wire::origin::{Origin, Sender, is_loopback};
use http::header::HOST;
use http::uri::PathAndQuery;
use http::{HeaderMap, Uri};

/// Where browsers and relying parties find this door.
#[derive(Debug, Clone)]
pub struct Site {
    /// The base URL without a slash at the end: what stands before a pool's id in its issuer.
    url: String,
    origin: Origin,
}

/// Why a URL cannot be a site's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadSite {
    /// Not an absolute URL of a host, or one with a path, query or fragment.
    Shape,
    /// Without TLS, on another machine than the browser's.
    Plain,
}

impl BadSite {
    /// What is wrong and what to do.
    pub fn text(self) -> &'static str {
        match self {
            Self::Shape => "must be like `https://sign-in.example.com`, without a path",
            Self::Plain => {
                "must begin with `https://` unless it names a loopback address: browsers keep the cookies of \
                            sign-ins to secure origins"
            }
        }
    }
}

impl Site {
    /// A site by its URL.
    ///
    /// # Errors
    /// [`BadSite`].
    pub fn new(url: &str) -> Result<Self, BadSite> {
        let url = url.trim_end_matches('/');
        let parsed: Uri = url.parse().map_err(|_| BadSite::Shape)?;
        let origin = Origin::of(&parsed).ok_or(BadSite::Shape)?;
        let (Some(scheme), Some(authority)) = (parsed.scheme_str(), parsed.authority()) else {
            return Err(BadSite::Shape);
        };
        if format!("{scheme}://{authority}") != url {
            return Err(BadSite::Shape);
        }
        if !origin.keeps_cookies() {
            return Err(BadSite::Plain);
        }
        Ok(Self { url: url.to_owned(), origin })
    }

    /// The base URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where a page is that was asked for under another name of the same machine's loopback; none if it is right here. A
    /// form of that page would come from a stranger's origin, and its cookies would be of another host.
    pub(crate) fn by_its_name(&self, headers: &HeaderMap, uri: &Uri) -> Option<String> {
        let own: Uri = self.url.parse().ok()?;
        let asked: Uri = format!("http://{}", headers.get(HOST)?.to_str().ok()?).parse().ok()?;
        let (own, asked) = (own.authority()?, asked.authority()?);
        let other = is_loopback(own.host()) && is_loopback(asked.host()) && own.host() != asked.host();
        let path = uri.path_and_query().map_or("/", PathAndQuery::as_str);
        (other && own.port_u16() == asked.port_u16()).then(|| format!("{}{path}", self.url))
    }

    /// Whether a request was sent by a page of this site.
    pub(crate) fn sent(&self, headers: &HeaderMap) -> bool {
        self.origin.sender(headers) == Sender::Own
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_an_origin_that_keeps_cookies() {
        for good in [
            "https://id.example.com",
            "https://id.example.com:8443/",
            "http://127.0.0.1:4590",
            "http://[::1]:1",
        ] {
            assert_eq!(Site::new(good).unwrap().url(), good.trim_end_matches('/'));
        }
        for (bad, why) in [
            ("http://id.example.com", BadSite::Plain),
            ("http://127.0.0.1.example.com", BadSite::Plain),
            ("https://id.example.com/pools", BadSite::Shape),
            ("https://id.example.com?x", BadSite::Shape),
            ("https://user@id.example.com", BadSite::Shape),
            ("id.example.com", BadSite::Shape),
            ("ftp://id.example.com", BadSite::Shape),
            ("", BadSite::Shape),
        ] {
            assert_eq!(Site::new(bad).err(), Some(why), "{bad}");
        }
    }

    #[test]
    fn other_names_of_the_same_machine_lead_to_the_site() {
        let led = |site: &str, host: &str, path: &str| {
            let headers = HeaderMap::from_iter([(HOST, host.parse().unwrap())]);
            Site::new(site).unwrap().by_its_name(&headers, &path.parse().unwrap())
        };
        let site = "http://127.0.0.1:4510";
        for host in ["localhost:4510", "[::1]:4510"] {
            let to = led(site, host, "/team?flow=x");
            assert_eq!(to.as_deref(), Some("http://127.0.0.1:4510/team?flow=x"), "{host}");
        }
        for host in ["127.0.0.1:4510", "localhost:4580", "localhost", "garita.example.com:4510", "@", ""] {
            assert_eq!(led(site, host, "/team"), None, "{host}");
        }
        assert_eq!(led("https://id.example.com", "localhost", "/team"), None, "a proxy may name itself so");
        assert_eq!(
            led(site, "localhost:4510", "//evil.example").as_deref(),
            Some("http://127.0.0.1:4510//evil.example")
        );
    }

    #[test]
    fn forms_come_from_the_site_alone() {
        let site = Site::new("https://ID.example.com:443").unwrap();
        let sent = |name: &'static str, value: &str| {
            site.sent(&HeaderMap::from_iter([(http::HeaderName::from_static(name), value.parse().unwrap())]))
        };
        assert!(sent("origin", "https://id.example.com") && sent("sec-fetch-site", "same-origin"));
        assert!(!sent("origin", "https://evil.example") && !sent("sec-fetch-site", "same-site"));
        assert!(!site.sent(&HeaderMap::new()), "who says nothing is refused");
    }
}
