//! Origins: what a browser keeps cookies and pages apart by, and who of them sent a request.
//!
//! Browsers add cookies to requests that other sites' pages make. They also say where a request comes from, in headers that
//! no page can set: `Origin` (RFC 6454) and `Sec-Fetch-Site` (W3C Fetch Metadata). INVARIANT: a request counts as an
//! origin's own only if it says so, once; who says nothing is not believed to be anybody.

use http::header::{HeaderMap, HeaderValue, ORIGIN};
use http::uri::Uri;

/// A scheme, a host, and a port if it is not the scheme's own; as browsers write it.
///
/// ```
/// let origin = garita_wire::origin::Origin::of(&"https://ML.example.com:443/prod".parse().unwrap()).unwrap();
/// assert_eq!(origin.as_str(), "https://ml.example.com");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    text: String,
    keeps_cookies: bool,
}

/// Who sent a request, as the browser tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// A page of this very origin.
    Own,
    /// A page of another origin.
    Other {
        /// Whether it leads the browser here, and fetches nothing: it will not see the answer.
        leads: bool,
    },
    /// Nobody who is named: the browser's user, a browser of old, or a client that is no browser.
    Unsaid,
}

impl Origin {
    /// The origin of a URL; none unless it is of HTTP, with a host and nothing before that.
    pub fn of(url: &Uri) -> Option<Self> {
        let (scheme, authority) = (url.scheme_str()?, url.authority()?);
        let default = match scheme {
            "https" => ":443",
            "http" => ":80",
            _ => return None,
        };
        let whole = authority.as_str();
        if whole.contains('@') {
            return None;
        }
        let bare = whole.strip_suffix(default).unwrap_or(whole).to_ascii_lowercase();
        let keeps_cookies = scheme == "https" || is_loopback(authority.host());
        Some(Self { text: format!("{scheme}://{bare}"), keeps_cookies })
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is reached over TLS.
    pub fn is_secure(&self) -> bool {
        self.text.starts_with("https:")
    }

    /// Whether browsers keep `Secure` cookies of it: they do over TLS, and on loopback.
    pub fn keeps_cookies(&self) -> bool {
        self.keeps_cookies
    }

    /// Who sent a request to this origin.
    pub fn sender(&self, headers: &HeaderMap) -> Sender {
        let mut origins = headers.get_all(ORIGIN).iter();
        match (origins.next(), origins.next()) {
            (Some(origin), None) if origin.as_bytes() == self.text.as_bytes() => return Sender::Own,
            (Some(_), _) => return Sender::Other { leads: false },
            (None, _) => {}
        }
        let says = |name: &str, value: &str| headers.get(name).is_some_and(|held| held == value);
        match headers.get("sec-fetch-site").map(HeaderValue::as_bytes) {
            Some(b"same-origin") => Sender::Own,
            None | Some(b"none") => Sender::Unsaid,
            Some(_) => Sender::Other {
                leads: says("sec-fetch-mode", "navigate") && says("sec-fetch-dest", "document"),
            },
        }
    }
}

/// Whether a host is this machine's loopback, by name or by address.
pub fn is_loopback(host: &str) -> bool {
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    let address = literal.parse::<std::net::IpAddr>();
    host == "localhost" || host.ends_with(".localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(url: &str) -> Option<Origin> {
        Origin::of(&url.parse().unwrap())
    }

    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        for (url, text, secure, keeps) in [
            ("https://ID.example.com:443/x?y", "https://id.example.com", true, true),
            ("https://id.example.com:8443", "https://id.example.com:8443", true, true),
            ("http://id.example.com:80", "http://id.example.com", false, false),
            ("http://id.example.com:443", "http://id.example.com:443", false, false),
            ("http://127.0.0.1:4590", "http://127.0.0.1:4590", false, true),
            ("http://[::1]:1/", "http://[::1]:1", false, true),
            ("http://ana.localhost", "http://ana.localhost", false, true),
            ("http://127.0.0.1.example.com", "http://127.0.0.1.example.com", false, false),
        ] {
            let origin = origin(url).unwrap();
            assert_eq!((origin.as_str(), origin.is_secure(), origin.keeps_cookies()), (text, secure, keeps));
        }
        for none in ["ftp://id.example.com", "https://user@id.example.com", "/path", "id.example.com"] {
            assert_eq!(origin(none), None, "{none}");
        }
    }

    #[test]
    fn who_sent_it_is_what_the_browser_says_once() {
        let own = origin("https://ml.example/prod").unwrap();
        let sender = |lines: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in lines {
                headers.append(*name, value.parse().unwrap());
            }
            own.sender(&headers)
        };
        for lines in [&[("origin", "https://ml.example")][..], &[("sec-fetch-site", "same-origin")]] {
            assert_eq!(sender(lines), Sender::Own, "{lines:?}");
        }
        for lines in [&[][..], &[("sec-fetch-site", "none")]] {
            assert_eq!(sender(lines), Sender::Unsaid, "{lines:?}");
        }
        for lines in [
            &[("origin", "https://evil.example")][..],
            &[("origin", "https://ml.example.evil.example")],
            &[("origin", "null")],
            &[("origin", "")],
            &[("origin", "http://ml.example")],
            &[("origin", "https://ml.example:444")],
            &[("origin", "https://ml.example"), ("origin", "https://evil.example")],
            &[("origin", "https://ml.example"), ("origin", "https://ml.example")],
            &[("origin", "null"), ("sec-fetch-site", "same-origin")],
            &[("origin", "null"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")],
            &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")],
        ] {
            assert_eq!(sender(lines), Sender::Other { leads: false }, "{lines:?}");
        }
        let page = [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
        ];
        assert_eq!(sender(&page), Sender::Other { leads: true });
    }
}
