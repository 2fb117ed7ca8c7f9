//! The names of this door's cookies; how they are read and written is the same at every door.

pub(crate) use garita_wire::cookie::{clear, set};
use http::HeaderMap;

/// Ties forms to the browser they were made for.
pub(crate) const BROWSER: &str = "__Host-garita-browser";

/// The cookie of a sign-in at the console.
pub(crate) const CONSOLE: &str = "__Host-garita-console";

/// The cookie of a sign-in to one pool.
pub(crate) fn session(pool: &str) -> String {
    format!("__Host-garita-{pool}")
}

/// A cookie that a request brings once.
pub(crate) fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    garita_wire::cookie::read(headers, name).one()
}
