//! A sign-in: what a family of tokens rests on.
//!
//! Its id is drawn when the sign-in begins and is the `origin_jti` of its tokens. INVARIANT: a sign-in is stored once,
//! so a challenge that led to it cannot be answered a second time; of its refresh tokens only the newest of each branch
//! is good, and an older one that is shown again ends the whole family, with all its branches. A branch comes of a
//! refresh token that is exchanged once more in its time of grace, as by two tabs of a browser; there are never more than
//! [`PoolSession::MOST_BRANCHES`]. OAuth 2.0 Security Best Current Practice (RFC 9700) §4.14.

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
    /// SHA-256 of the refresh token that was given last.
    pub current: TokenHash,
    /// Those of its other branches that are good now, the one that was given first before the others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub branches: Vec<TokenHash>,
    /// Those that were exchanged and are still in their time of grace, in the order they were exchanged in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former: Vec<FormerToken>,
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
    /// Whether a refresh token is the newest of a branch.
    pub fn is_newest(&self, is: impl Fn(&TokenHash) -> bool) -> bool {
        // All are looked at, so that the time does not tell which one it is.
        self.branches.iter().fold(is(&self.current), |found, held| is(held) | found)
    }

    /// Puts a new refresh token in place of one that is the newest of its branch, which stays good for a time of grace.
    pub fn exchange(&mut self, shown: TokenHash, new: TokenHash, now: Timestamp, grace: SignedDuration) {
        self.former.retain(|former| now < former.until);
        if !grace.is_zero() {
            let excess = (self.former.len() + 1).saturating_sub(Self::MOST_FORMER);
            self.former.drain(..excess);
            self.former.push(FormerToken { hash: shown, until: now + grace });
        }
        match self.branches.iter().position(|held| *held == shown) {
            Some(at) => {
                self.branches.remove(at);
                self.branch(new);
            }
            None => self.current = new,
        }
    }

    /// Begins a branch with a new refresh token.
    pub fn branch(&mut self, new: TokenHash) {
        self.branches.push(std::mem::replace(&mut self.current, new));
        let excess = (self.branches.len() + 1).saturating_sub(Self::MOST_BRANCHES);
        self.branches.drain(..excess);
    }

    /// Most refresh tokens of it that are good at a time. The one that was given longest ago goes before there are more,
    /// and counts as exchanged.
    pub const MOST_BRANCHES: usize = 8;
    /// Most exchanged ones that are in their time of grace. The one exchanged first goes before there are more.
    const MOST_FORMER: usize = 16;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> PoolSession {
        serde_json::from_value(serde_json::json!({
            "pool": "eu-west-1_aaaaaaaaa", "id": Uuid::from_bytes([1; 16]), "user": Uuid::from_bytes([2; 16]),
            "client": "client", "started": Timestamp::UNIX_EPOCH, "expires": Timestamp::UNIX_EPOCH, "iss_rev": 1,
            "current": hash(0),
        }))
        .unwrap()
    }

    fn hash(n: u8) -> TokenHash {
        TokenHash([n; 32])
    }

    fn good(session: &PoolSession) -> Vec<u8> {
        (0..=200).filter(|n| session.is_newest(|held| *held == hash(*n))).collect()
    }

    #[test]
    fn branches_go_on_and_are_bounded() {
        let (mut session, grace) = (session(), SignedDuration::from_secs(30));
        let at = |n| Timestamp::from_second(n).unwrap();
        session.exchange(hash(0), hash(1), at(0), grace);
        session.branch(hash(2));
        assert_eq!(good(&session), [1, 2]);
        session.exchange(hash(1), hash(3), at(1), grace);
        session.exchange(hash(2), hash(4), at(2), grace);
        assert_eq!(good(&session), [3, 4]);
        (5..11).for_each(|n| session.branch(hash(n)));
        assert_eq!(good(&session), (3..11).collect::<Vec<u8>>());
        session.exchange(hash(3), hash(11), at(3), grace);
        assert_eq!(good(&session), (4..12).collect::<Vec<u8>>(), "one for another");
        session.branch(hash(12));
        assert_eq!(good(&session), (5..13).collect::<Vec<u8>>(), "the one given longest ago goes");
        for n in 12..100 {
            session.exchange(hash(n), hash(n + 1), at(4), grace);
        }
        assert_eq!(session.former.len(), PoolSession::MOST_FORMER);
        session.exchange(hash(100), hash(101), at(60), grace);
        assert_eq!(session.former.len(), 1, "and those whose time is over are forgotten");
        session.exchange(hash(101), hash(102), at(60), SignedDuration::ZERO);
        assert_eq!(session.former.len(), 1, "without a time of grace nothing is kept");
    }
}
