//! The names of the gateway's cookies; how they are read and written is the same at every door.
//!
//! A browser sends a host's cookies to all its ports: their names hold the API's id, so that stages of one host do not
//! meet.

pub(crate) use garita_wire::cookie::{Found, clear, read, set};

/// The cookie of a session at an API.
pub(crate) fn session(api: &str) -> String {
    format!("__Host-garita-stage-{api}")
}

/// The cookie that ties a sign-in to the browser it began in.
pub(crate) fn door(api: &str) -> String {
    format!("__Host-garita-door-{api}")
}
