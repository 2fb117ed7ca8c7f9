//! Where a stage is for a browser: its URL, its origin, and whether cookies are kept there.
//!
//! It is the API's `public_url`, or what the request's own Host says when there is none. Nothing is gained by a made-up
//! Host: the address to return to must be one that the app client has registered, and cookies belong to a host.

use garita_wire::origin::{Origin, Sender};
use http::{HeaderMap, Uri};

use crate::api::Api;

/// A stage as a browser sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The URL of its root, without a slash at the end.
    url: String,
    /// None if its URL is none of a page, so that nothing comes from it.
    origin: Option<Origin>,
    /// The path of its root, without a slash at the end.
    root: String,
}

impl Place {
    pub(crate) fn of(api: &Api, authority: &str, secure: bool) -> Self {
        let scheme = if secure { "https" } else { "http" };
        let url = api.public_url.clone().unwrap_or_else(|| format!("{scheme}://{authority}/{}", api.stage));
        // INVARIANT: `public_url` was checked when it was read; what a Host says may be anything.
        Self::parse(&url).unwrap_or(Self { url, origin: None, root: format!("/{}", api.stage) })
    }

    /// Reads the URL of a stage's root; none when it is no URL of a page.
    pub fn parse(url: &str) -> Option<Self> {
        let url = url.trim_end_matches('/');
        let parsed: Uri = url.parse().ok()?;
        let origin = Origin::of(&parsed)?;
        let root = parsed.path().trim_end_matches('/');
        let fits = |b: u8| b.is_ascii_alphanumeric() || b"-._~/".contains(&b);
        let harmless = root.bytes().all(fits) && !root.contains("//") && !root.contains("/.");
        if parsed.query().is_some() || url.contains(['#', '@']) || !harmless {
            return None;
        }
        let root = root.to_owned();
        Some(Self { url: url.to_owned(), origin: Some(origin), root })
    }

    /// The URL of its root, without a slash at the end.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
    /// The path of its root, without a slash at the end.
    pub(crate) fn root(&self) -> &str {
        &self.root
    }
    /// Its origin, as browsers write it.
    pub(crate) fn origin(&self) -> &str {
        self.origin.as_ref().map_or("", Origin::as_str)
    }
    /// Whether it is reached over TLS.
    pub(crate) fn is_secure(&self) -> bool {
        self.origin.as_ref().is_some_and(Origin::is_secure)
    }
    /// Whether browsers keep the cookies of a session there.
    pub fn keeps_cookies(&self) -> bool {
        self.origin.as_ref().is_some_and(Origin::keeps_cookies)
    }
    /// Who sent a request, as the browser tells it.
    pub(crate) fn sender(&self, headers: &HeaderMap) -> Sender {
        self.origin.as_ref().map_or(Sender::Other { leads: false }, |origin| origin.sender(headers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_an_origin_and_a_root() {
        for (url, origin, root, keeps) in [
            ("https://ML.example.com:443/prod/", "https://ml.example.com", "/prod", true),
            ("https://ml.example.com", "https://ml.example.com", "", true),
            ("http://127.0.0.1:4580/prod", "http://127.0.0.1:4580", "/prod", true),
            ("http://localhost:80/prod", "http://localhost", "/prod", true),
            ("http://ml.example.com/prod", "http://ml.example.com", "/prod", false),
            ("http://127.0.0.1.example.com/prod", "http://127.0.0.1.example.com", "/prod", false),
        ] {
            let place = Place::parse(url).unwrap();
            assert_eq!((place.origin(), place.root(), place.keeps_cookies()), (origin, root, keeps), "{url}");
        }
        for bad in [
            "ml.example.com/prod",
            "ftp://ml.example.com/prod",
            "https://a@ml.example.com/prod",
            "https://ml.example.com/prod?x",
            "https://ml.example.com/prod#x",
            "https://ml.example.com//evil.example",
            "https://ml.example.com/a/../b",
            "https://ml.example.com/a%2fb",
            "",
        ] {
            assert_eq!(Place::parse(bad), None, "{bad}");
        }
    }
}
