//! A sign-in: what a family of tokens rests on.
//!
//! Its id is drawn when the sign-in begins and is the `origin_jti` of its tokens. INVARIANT: a sign-in is stored once,
//! so a challenge that led to it cannot be answered a second time; of its refresh tokens only the newest is good, and
//! an older one that is shown again ends the whole family. OAuth 2.0 Security Best Current Practice (RFC 9700) §4.14.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::user_pool::id::{ClientId, PoolId, Uuid};

/// A sign-in of a user to a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolSession {
    /// The pool.
    pub pool: PoolId,
    /// The `origin_jti` of its tokens.
    pub id: Uuid,
    /// Who signed in.
    pub user: Uuid,
    /// To what.
    pub client: ClientId,
    /// When they showed who they are; for an app that a browser signs in to, before this began.
    pub started: Timestamp,
    /// When this began; with `started` where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begun: Option<Timestamp>,
    /// When its refresh tokens end.
    pub expires: Timestamp,
    /// The revision of the store at which it began.
    pub iss_rev: u64,
    /// SHA-256 of the refresh token that is good now.
    pub current: TokenHash,
    /// The one before, while it is still good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<FormerToken>,
    /// Whether a second factor was proved.
    #[serde(default)]
    pub second_factor: bool,
    /// Whether it was ended before its time.
    #[serde(default)]
    pub ended: bool,
    /// The scopes of its access tokens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// The provider that vouched for the user; none when the pool itself did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<Box<str>>,
}

impl PoolSession {
    /// Longest life of an id or access token, which rests on its sign-in; and a little.
    const LONGEST_TOKEN: SignedDuration = SignedDuration::from_hours(25);
    /// How long one that was ended is kept: longer than any code or challenge, which must not be good again.
    const KEPT: SignedDuration = SignedDuration::from_hours(1);

    /// Whether nothing can rest on it any more, so that it can be forgotten.
    pub fn is_over(&self, now: Timestamp) -> bool {
        let begun = self.begun.unwrap_or(self.started);
        let (since, kept) = match self.ended {
            // Older ones do not say when they began.
            true if self.begun.is_some() => (begun, Self::KEPT),
            true | false => (self.expires, Self::LONGEST_TOKEN),
        };
        now.duration_since(since) >= kept
    }
}

/// A refresh token that was exchanged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerToken {
    /// SHA-256 of it.
    pub hash: TokenHash,
    /// Until when it is good all the same.
    pub until: Timestamp,
}

/// SHA-256 of a token.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TokenHash(pub [u8; 32]);

impl std::fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenHash")
    }
}

/// For keys: base64url.
impl std::fmt::Display for TokenHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl Serialize for TokenHash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD_NO_PAD.encode(self.0))
    }
}

impl<'de> Deserialize<'de> for TokenHash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        let bytes = STANDARD_NO_PAD.decode(text.as_bytes()).map_err(serde::de::Error::custom)?;
        let hash = bytes.try_into().map_err(|_| serde::de::Error::custom("a hash has 32 bytes"))?;
        Ok(Self(hash))
    }
}
