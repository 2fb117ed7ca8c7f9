//! Where Garita listens, and by which names it is known.

use std::net::SocketAddr;

use anyhow::{Result, anyhow, bail};
use garita_web::{BadSite, Site};
use serde::Deserialize;

/// A listening address.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listener {
    /// `address:port`; port 0 takes a free one.
    pub(crate) listen: SocketAddr,
}

/// The AWS endpoint.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AwsConfig {
    /// `address:port`; port 0 takes a free one.
    pub(crate) listen: SocketAddr,
    /// The URL clients reach it by, when it is not `http://{listen}`: what issuers of tokens begin with.
    pub(crate) public_url: Option<String>,
}

impl Default for AwsConfig {
    fn default() -> Self {
        Self { listen: ([127, 0, 0, 1], 4510).into(), public_url: None }
    }
}

impl AwsConfig {
    /// The URL clients reach it by, once it listens at an address.
    pub(crate) fn url(&self, listening: SocketAddr) -> String {
        self.public_url.clone().unwrap_or_else(|| format!("http://{listening}"))
    }

    /// Where browsers find it: an error says why no browser would keep the cookies of a sign-in there.
    pub(crate) fn site(&self, listening: SocketAddr) -> Result<Site> {
        let url = self.url(listening);
        Site::new(&url).map_err(|bad| anyhow!("`{url}`, the URL of the AWS endpoint, {}", bad.text()))
    }

    pub(super) fn check(&self) -> Result<()> {
        match self.public_url.as_deref().map(Site::new) {
            // Programs can use it all the same: it has no sign-in pages then.
            None | Some(Ok(_) | Err(BadSite::Plain)) => Ok(()),
            Some(Err(bad @ BadSite::Shape)) => {
                bail!("public_url `{}` of [aws] {}", self.url(self.listen), bad.text())
            }
        }
    }
}

/// Where browsers sign in.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct WebConfig {
    /// `address:port`; port 0 takes a free one.
    pub(crate) listen: SocketAddr,
    /// The URL browsers reach it by, when it is not `http://{listen}`: what issuers of tokens begin with.
    pub(crate) public_url: Option<String>,
}

impl Default for WebConfig {
    fn default() -> Self {
        Self { listen: ([127, 0, 0, 1], 4590).into(), public_url: None }
    }
}

impl WebConfig {
    /// Where browsers find it, once it listens at an address.
    pub(crate) fn site(&self, listening: SocketAddr) -> Result<Site> {
        let url = self.public_url.clone().unwrap_or_else(|| format!("http://{listening}"));
        Site::new(&url).map_err(|bad| match self.public_url {
            Some(_) => anyhow!("public_url `{url}` of [web] {}", bad.text()),
            None => anyhow!("[web] listens at {listening}, so it needs a `public_url`, which {}", bad.text()),
        })
    }
}
