//! Cookies of the gateway: read strictly, and written in one form.
//!
//! Both have the prefix `__Host-`: no other host, no path and no page without TLS can have set them (RFC 6265bis section
//! 4.1.3.2). Scripts cannot read them, and requests of other sites do not bring them but to open a page. Browsers keep
//! such cookies on loopback without TLS as well. A browser sends a host's cookies to all its ports: their names hold the
//! API's id, so that stages of one host do not meet.

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

/// What is found by a cookie's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found<'a> {
    /// No such cookie.
    None,
    /// Its value.
    One(&'a str),
    /// Several: someone else may have set one of them, and nobody can tell which.
    Several,
}

/// The cookie of a session at an API.
pub(crate) fn session(api: &str) -> String {
    format!("__Host-garita-stage-{api}")
}

/// The cookie that ties a sign-in to the browser it began in.
pub(crate) fn door(api: &str) -> String {
    format!("__Host-garita-door-{api}")
}

/// Looks for a cookie.
pub(crate) fn read<'a>(headers: &'a HeaderMap, name: &str) -> Found<'a> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut found = pairs.filter(|(held, _)| *held == name).map(|(_, value)| value);
    match (found.next(), found.next()) {
        (None, _) => Found::None,
        (Some(value), None) => Found::One(value),
        (Some(_), Some(_)) => Found::Several,
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
    fn a_cookie_that_is_there_twice_is_neither() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, "a=1; __Host-x=2".parse().unwrap());
        headers.append(COOKIE, "a=3;b=4=5".parse().unwrap());
        assert_eq!(read(&headers, "__Host-x"), Found::One("2"));
        assert_eq!(read(&headers, "b"), Found::One("4=5"));
        assert_eq!(read(&headers, "a"), Found::Several);
        assert_eq!(read(&headers, "x"), Found::None);
    }
}
