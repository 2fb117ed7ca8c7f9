//! Where documents of identity providers come from: their configuration and their keys.
//!
//! `app` says which address it wants and what it makes of the answer; the one who fetches (`backends::egress`) goes
//! there and nowhere else: no redirects, bounded time, bounded size.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

/// Fetches documents.
pub trait KeySource: Send + Sync {
    /// The document at an `https` address, or at an `http` address of this machine's loopback.
    fn fetch<'a>(&'a self, address: &'a str) -> Fetching<'a>;
}

/// A document on its way.
pub type Fetching<'a> = Pin<Box<dyn Future<Output = Result<Vec<u8>, FetchError>> + Send + 'a>>;

/// Why there is no document: for the log, not for callers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchError(pub String);

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for FetchError {}
