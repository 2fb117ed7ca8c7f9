//! Cookies: read strictly, and written in one form.
//!
//! All have the prefix `__Host-`, which is in the names that doors give them: no other host, no path and no page without
//! TLS can have set them (RFC 6265bis section 4.1.3.2). Scripts cannot read them, and they do not go along when another
//! site sends a form. Browsers take such cookies on loopback without TLS as well. INVARIANT: a cookie that is there twice
//! has no value: someone else may have set one of them, and nobody can tell which.

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

/// Most bytes of a line of cookies that are looked at.
const MAX_COOKIES: usize = 16 * 1024;

/// What is found by a cookie's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found<'a> {
    /// No such cookie.
    None,
    /// Its value.
    One(&'a str),
    /// It is there more than once.
    Several,
}

impl<'a> Found<'a> {
    /// The value, if the cookie is there once.
    pub fn one(self) -> Option<&'a str> {
        match self {
            Self::One(value) => Some(value),
            Self::None | Self::Several => None,
        }
    }
}

/// Looks for a cookie that a request brings.
pub fn read<'a>(headers: &'a HeaderMap, name: &str) -> Found<'a> {
    let lines = headers.get_all(COOKIE).iter();
    let readable = lines.filter(|line| line.len() <= MAX_COOKIES).filter_map(|line| line.to_str().ok());
    let pairs = readable.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut found = pairs.filter(|(held, _)| *held == name).map(|(_, value)| value);
    match (found.next(), found.next()) {
        (None, _) => Found::None,
        (Some(value), None) => Found::One(value),
        (Some(_), Some(_)) => Found::Several,
    }
}

/// A cookie until the browser is closed; none for a value that no header can hold.
pub fn set(name: &str, value: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax")).ok()
}

/// Takes a cookie away.
pub fn clear(name: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("{name}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_that_is_there_twice_has_no_value() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, "a=1; __Host-x=2".parse().unwrap());
        headers.append(COOKIE, "a=3;b=4=5".parse().unwrap());
        assert_eq!(read(&headers, "__Host-x"), Found::One("2"));
        assert_eq!(read(&headers, "b"), Found::One("4=5"));
        assert_eq!(read(&headers, "a"), Found::Several);
        assert_eq!(read(&headers, "x"), Found::None);
        let values = ["__Host-x", "b", "a", "x"].map(|name| read(&headers, name).one());
        assert_eq!(values, [Some("2"), Some("4=5"), None, None]);
    }
}
