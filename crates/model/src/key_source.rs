//! What is asked of identity providers: for documents (their configuration and their keys), and at their endpoints.
//!
//! `app` says which address it wants and what it makes of the answer; the one who fetches (`backends::egress`) goes
//! there and nowhere else: no redirects, bounded time, bounded size.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use crate::secret::Secret;

/// Fetches documents, and asks endpoints.
pub trait KeySource: Send + Sync {
    /// The document at an `https` address, or at an `http` address of this machine's loopback.
    fn fetch<'a>(&'a self, address: &'a str) -> Fetching<'a>;
    /// What an endpoint answers, whatever its status; the same addresses are spoken to.
    fn ask<'a>(&'a self, question: &'a EndpointQuestion) -> Asking<'a>;
}

/// A request to an endpoint: POST when there is a form, else GET.
pub struct EndpointQuestion {
    /// Where.
    pub address: String,
    /// The `Authorization` header.
    pub authorization: Option<Secret<String>>,
    /// The form.
    pub form: Option<Secret<String>>,
}

/// What an endpoint answered. It may hold tokens, and is never printed.
pub struct EndpointAnswer {
    /// Its status.
    pub status: u16,
    /// Its body.
    pub body: Secret<Vec<u8>>,
}

/// An answer on its way.
pub type Asking<'a> = Pin<Box<dyn Future<Output = Result<EndpointAnswer, FetchError>> + Send + 'a>>;

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
