//! Cookies: read strictly, and written in the one form this door uses.
//!
//! All have the prefix `__Host-`, so that no other host, path or unencrypted page can have set them (RFC 6265bis section
//! 4.1.3.2); none is readable by scripts, none goes along when another site's form is sent. Browsers take such cookies
//! on loopback without TLS as well. INVARIANT: a cookie that is there twice is not there: someone else may have set one.

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

/// Ties forms to the browser they were made for.
pub(crate) const BROWSER: &str = "__Host-garita-browser";
/// Most bytes of cookies that are looked at.
const MAX_COOKIES: usize = 16 * 1024;

/// The cookie of a sign-in to one pool.
pub(crate) fn session(pool: &str) -> String {
    format!("__Host-garita-{pool}")
}

/// A cookie that a request brings.
pub(crate) fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).iter();
    let readable = lines.filter(|line| line.len() <= MAX_COOKIES).filter_map(|line| line.to_str().ok());
    let pairs = readable.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut found = pairs.filter(|(held, _)| *held == name).map(|(_, value)| value);
    match (found.next(), found.next()) {
        (Some(value), None) => Some(value),
        _ => None,
    }
}

/// A cookie until the browser is closed. Its life on this side is kept in the store.
pub(crate) fn set(name: &str, value: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax")).ok()
}

/// Takes a cookie away.
pub(crate) fn clear(name: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("{name}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_read_when_it_is_there_once() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, "a=1; __Host-x=2".parse().unwrap());
        headers.append(COOKIE, "a=3;b=4=5".parse().unwrap());
        assert_eq!(read(&headers, "__Host-x"), Some("2"));
        assert_eq!(read(&headers, "b"), Some("4=5"));
        assert_eq!(read(&headers, "a"), None);
        assert_eq!(read(&headers, "x"), None);
    }
}
