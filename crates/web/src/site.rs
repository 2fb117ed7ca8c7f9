//! The one origin that pages and endpoints are served under, and whether a form came from it.
//!
//! A form is taken only from a page of this very origin: browsers say where a request comes from in headers that no
//! page can set (`Origin`, RFC 6454; `Sec-Fetch-Site`, W3C Fetch Metadata). INVARIANT: who says nothing is refused.

use http::header::ORIGIN;
use http::{HeaderMap, Uri};

/// Where browsers and relying parties find this door.
#[derive(Debug, Clone)]
pub struct Site {
    /// The base URL without a slash at the end: what stands before a pool's id in its issuer.
    url: String,
    origin: String,
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
        let (Some(scheme), Some(authority)) = (parsed.scheme_str(), parsed.authority()) else {
            return Err(BadSite::Shape);
        };
        let bare = format!("{scheme}://{authority}");
        if bare != url || authority.as_str().contains('@') {
            return Err(BadSite::Shape);
        }
        match scheme {
            "https" => {}
            "http" if is_loopback(authority.host()) => {}
            "http" => return Err(BadSite::Plain),
            _ => return Err(BadSite::Shape),
        }
        let default = if scheme == "https" { ":443" } else { ":80" };
        let origin = bare.strip_suffix(default).unwrap_or(&bare).to_ascii_lowercase();
        Ok(Self { url: bare, origin })
    }

    /// The base URL.
    pub fn url(&self) -> &str {
        &self.url
    }
    /// Whether it is reached over TLS.
    pub(crate) fn is_secure(&self) -> bool {
        self.url.starts_with("https:")
    }

    /// Whether a request was sent by a page of this site.
    pub(crate) fn sent(&self, headers: &HeaderMap) -> bool {
        let mut origins = headers.get_all(ORIGIN).iter();
        match (origins.next(), origins.next()) {
            (Some(origin), None) => origin.as_bytes() == self.origin.as_bytes(),
            (Some(_), Some(_)) => false,
            (None, _) => headers.get("sec-fetch-site").is_some_and(|site| site.as_bytes() == b"same-origin"),
        }
    }
}

fn is_loopback(host: &str) -> bool {
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    let address = literal.parse::<std::net::IpAddr>();
    host == "localhost" || host.ends_with(".localhost") || address.is_ok_and(|address| address.is_loopback())
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
    fn forms_come_from_the_site_alone() {
        let site = Site::new("https://ID.example.com:443").unwrap();
        let headers = |pairs: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.append(*name, value.parse().unwrap());
            }
            headers
        };
        assert!(site.sent(&headers(&[("origin", "https://id.example.com")])));
        assert!(site.sent(&headers(&[("sec-fetch-site", "same-origin")])));
        for foreign in [
            &[("origin", "https://id.example.com.evil.example")][..],
            &[("origin", "http://id.example.com")],
            &[("origin", "null"), ("sec-fetch-site", "same-origin")],
            &[("origin", "https://id.example.com"), ("origin", "https://evil.example")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "none")],
            &[],
        ] {
            assert!(!site.sent(&headers(foreign)), "{foreign:?}");
        }
    }
}
