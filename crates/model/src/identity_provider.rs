//! Identity providers outside Garita that an account's roles may trust.

use garita_policy::AccountId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::name::SamlProviderName;
use crate::tag::Tag;

/// An OpenID Connect provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OidcProvider {
    /// The account it belongs to.
    #[serde(with = "crate::object::display")]
    pub account: AccountId,
    /// Its issuer without the scheme: part of its ARN.
    pub url: String,
    /// Whether its issuer is `http`, not `https`: one on this machine's loopback, where the operator allows that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub plain_http: bool,
    /// When it was made.
    pub created: Timestamp,
    /// The audiences its tokens may be for.
    pub client_ids: Vec<String>,
    /// SHA-1 of the certificates its keys may come under, in lower-case hex.
    pub thumbprints: Vec<String>,
    /// Its tags.
    pub tags: Vec<Tag>,
}

/// A SAML provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SamlProvider {
    /// The account it belongs to.
    #[serde(with = "crate::object::display")]
    pub account: AccountId,
    /// Its name, part of its ARN.
    pub name: SamlProviderName,
    /// Its metadata, as it was put.
    pub metadata: String,
    /// When it was made.
    pub created: Timestamp,
    /// Until when the metadata is good.
    pub valid_until: Timestamp,
    /// Its tags.
    pub tags: Vec<Tag>,
}
