//! A browser, known by a random cookie until it is closed.
//!
//! What is begun in a browser (a form, a sign-in) carries the hash of that cookie, and counts in that browser alone: no
//! other site can send a form in somebody's name, or sign somebody in as another (login CSRF). INVARIANT: the hash tells
//! nothing of the cookie, and is compared in constant time.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::ACCEPT;
use http::{HeaderMap, HeaderValue, Method};

use crate::cookie;
use crate::hash::sha256;

/// Random bytes of the cookie.
pub const COOKIE_BYTES: usize = 32;

/// Whether a person waits for a page with a browser: no SDK and no script asks so.
pub fn asks_for_page(method: &Method, headers: &HeaderMap) -> bool {
    let says = |name: &str, value: &str| headers.get(name).is_none_or(|held| held == value);
    let mut kinds =
        headers.get_all(ACCEPT).iter().filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(','));
    (method == Method::GET || method == Method::HEAD)
        && kinds
            .any(|kind| kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("text/html"))
        && says("sec-fetch-mode", "navigate")
        && says("sec-fetch-dest", "document")
}

/// A browser. Its cookie is secret: it is never printed.
pub struct Browser {
    /// The cookie's name.
    name: String,
    secret: String,
    is_new: bool,
}

impl Browser {
    /// The browser that sent a request, if it brings its cookie of this name.
    pub fn of(headers: &HeaderMap, name: &str) -> Option<Self> {
        let secret = cookie::read(headers, name).one()?;
        let whole = URL_SAFE_NO_PAD.decode(secret).is_ok_and(|bytes| bytes.len() == COOKIE_BYTES);
        whole.then(|| Self { name: name.to_owned(), secret: secret.to_owned(), is_new: false })
    }

    /// The same, or one that has not been here, with a cookie of these random bytes.
    ///
    /// # Errors
    /// As `random`, which is asked only when it is needed.
    pub fn of_or_new<E>(
        headers: &HeaderMap,
        name: &str,
        random: impl FnOnce() -> Result<[u8; COOKIE_BYTES], E>,
    ) -> Result<Self, E> {
        match Self::of(headers, name) {
            Some(known) => Ok(known),
            None => {
                Ok(Self { name: name.to_owned(), secret: URL_SAFE_NO_PAD.encode(random()?), is_new: true })
            }
        }
    }

    /// The cookie to be set, if the browser has yet to be told.
    pub fn cookie(&self) -> Option<HeaderValue> {
        self.is_new.then(|| cookie::set(&self.name, &self.secret)).flatten()
    }

    /// What it is known by where others may look.
    pub fn hash(&self) -> String {
        URL_SAFE_NO_PAD.encode(sha256(self.secret.as_bytes()))
    }

    /// Whether a hash is this browser's.
    pub fn is(&self, hash: &str) -> bool {
        verify_slices_are_equal(self.hash().as_bytes(), hash.as_bytes()).is_ok()
    }

    /// A secret that only this browser can come back to, one for each purpose: 43 characters of base64url.
    pub fn secret_for(&self, purpose: &str) -> String {
        URL_SAFE_NO_PAD.encode(sha256(format!("{purpose}\n{}", self.secret).as_bytes()))
    }
}

impl fmt::Debug for Browser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Browser")
            .field("name", &self.name)
            .field("is_new", &self.is_new)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "__Host-x";

    fn bringing(cookie: &str) -> HeaderMap {
        HeaderMap::from_iter([(http::header::COOKIE, format!("{NAME}={cookie}").parse().unwrap())])
    }

    #[test]
    fn a_browser_is_known_again_by_its_cookie() {
        let drawn = |byte| Browser::of_or_new(&HeaderMap::new(), NAME, || Ok::<_, ()>([byte; COOKIE_BYTES]));
        let (new, other) = (drawn(7).unwrap(), drawn(8).unwrap());
        let set = new.cookie().unwrap();
        let value = set.to_str().unwrap().strip_prefix("__Host-x=").unwrap().split(';').next().unwrap();
        let again = Browser::of_or_new(&bringing(value), NAME, || Err("no need of randomness")).unwrap();
        assert!(again.cookie().is_none(), "it is told once");
        assert!(again.is(&new.hash()) && !again.is(&other.hash()) && !again.is(""));
        assert_eq!(again.secret_for("a"), new.secret_for("a"));
        assert_ne!(again.secret_for("a"), again.secret_for("b"));
        assert!(![again.hash(), again.secret_for("a")].contains(&value.to_owned()));
        assert_eq!(format!("{again:?}"), "Browser { name: \"__Host-x\", is_new: false, .. }");
    }

    #[test]
    fn what_was_not_given_here_is_nobodys_cookie() {
        for made_up in ["", "abc", &"A".repeat(42), &"A".repeat(44), &"!".repeat(43)] {
            assert!(Browser::of(&bringing(made_up), NAME).is_none(), "{made_up}");
        }
        assert!(Browser::of(&bringing(&"A".repeat(43)), "__Host-y").is_none());
    }
}
