//! A key that signs the tokens of a user pool or of an account's issuer, and the times it does what.
//!
//! A pool has a key for each algorithm its app clients ask for, and separate ones for id and access tokens, as Cognito
//! has. An account's issuer has one for each algorithm, for id tokens. A key is published before it signs, and after, for as long as tokens signed with it may live; which of these
//! it does is read off its times ([`TokenKey::stage`]), so nothing has to happen at the moment of a change.
//! INVARIANT: a denied key is never published and verifies nothing, whatever its times say.

use garita_policy::AccountId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::secret::Sealed;

/// How a token is signed: names of RFC 7518 section 3.1 and RFC 8037 section 3.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum TokenAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256; 2048 bits. What Cognito's clients expect.
    #[serde(rename = "RS256")]
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// ECDSA on P-384 with SHA-384.
    #[serde(rename = "ES384")]
    Es384,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl TokenAlgorithm {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Rs256, Self::Es256, Self::Es384, Self::EdDsa];

    /// The name in a token's header.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
        }
    }
}

/// What a token is for: Cognito's `token_use`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenUse {
    /// Tells an app who signed in.
    Id,
    /// Lets its bearer do something.
    Access,
}

impl TokenUse {
    /// The claim's value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Access => "access",
        }
    }
}

/// The public half: the members of a JSON Web Key that hold it, as base64url. Each kind of key has a tag of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kty")]
pub enum PublicKey {
    /// RFC 7518 section 6.3.1.
    #[serde(rename = "RSA")]
    Rsa {
        /// Modulus.
        n: String,
        /// Exponent.
        e: String,
    },
    /// A point on P-256: RFC 7518 section 6.2.1.
    #[serde(rename = "EC")]
    P256 {
        /// One coordinate.
        x: String,
        /// The other.
        y: String,
    },
    /// A point on P-384.
    #[serde(rename = "EC-P384")]
    P384 {
        /// One coordinate.
        x: String,
        /// The other.
        y: String,
    },
    /// A point on Ed25519: RFC 8037 section 2.
    #[serde(rename = "OKP")]
    Ed25519 {
        /// The point.
        x: String,
    },
}

/// A signing key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenKey {
    /// The account of the pool, or of the issuer.
    #[serde(with = "crate::object::display")]
    pub account: AccountId,
    /// The pool whose tokens it signs, or the issuer, by id.
    pub pool: String,
    /// Its name in tokens and in the published set: the key's own thumbprint (RFC 7638).
    pub kid: String,
    /// How it signs.
    pub algorithm: TokenAlgorithm,
    /// Which tokens it signs.
    pub signs: TokenUse,
    /// The public half.
    pub public: PublicKey,
    /// The private half as PKCS #8, encrypted under the master key.
    pub private: Sealed,
    /// When it was made, and published.
    pub created: Timestamp,
    /// When it begins to sign.
    pub signs_from: Timestamp,
    /// When it no longer signs, once another follows.
    pub signs_until: Option<Timestamp>,
    /// When the last token it signed has run out, once another follows.
    pub verifies_until: Option<Timestamp>,
    /// When it was denied because someone else may have it.
    pub denied: Option<Timestamp>,
}

/// What a key does at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyStage {
    /// Published, so that those who keep the set for a while have it in time.
    Next,
    /// Signs.
    Current,
    /// Signs no more, but tokens it signed may be about.
    Retired,
    /// Over.
    Gone,
    /// Refused.
    Denied,
}

impl KeyStage {
    /// Whether tokens of the key are accepted, and the key is published.
    pub fn verifies(self) -> bool {
        match self {
            Self::Next | Self::Current | Self::Retired => true,
            Self::Gone | Self::Denied => false,
        }
    }
}

impl TokenKey {
    /// What the key does at `now`.
    pub fn stage(&self, now: Timestamp) -> KeyStage {
        if self.denied.is_some() {
            KeyStage::Denied
        } else if self.verifies_until.is_some_and(|end| now >= end) {
            KeyStage::Gone
        } else if self.signs_until.is_some_and(|end| now >= end) {
            KeyStage::Retired
        } else if now < self.signs_from {
            KeyStage::Next
        } else {
            KeyStage::Current
        }
    }

    /// What [`crate::Plain::local`] of a pool's keys begins with.
    pub fn prefix(pool: &str) -> String {
        format!("{pool}/")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_does_what_its_times_say() {
        let at = |second: i64| Timestamp::from_second(second).unwrap();
        let mut key = TokenKey {
            account: "111122223333".parse().unwrap(),
            pool: "eu-west-1_abc".to_owned(),
            kid: "k".to_owned(),
            algorithm: TokenAlgorithm::EdDsa,
            signs: TokenUse::Access,
            public: PublicKey::Ed25519 { x: String::new() },
            private: Sealed::from_bytes(Vec::new()),
            created: at(0),
            signs_from: at(10),
            signs_until: None,
            verifies_until: None,
            denied: None,
        };
        assert_eq!([at(0), at(9), at(10), at(999)].map(|now| key.stage(now)), {
            use KeyStage::{Current, Next};
            [Next, Next, Current, Current]
        });
        (key.signs_until, key.verifies_until) = (Some(at(20)), Some(at(30)));
        assert_eq!([at(19), at(20), at(29), at(30)].map(|now| key.stage(now)), {
            use KeyStage::{Current, Gone, Retired};
            [Current, Retired, Retired, Gone]
        });
        key.denied = Some(at(5));
        assert!([0, 10, 20, 30].iter().all(|second| !key.stage(at(*second)).verifies()));
        let text = serde_json::to_string(&key).unwrap();
        assert!(
            text.contains(r#""algorithm":"EdDSA","signs":"access","public":{"kty":"OKP","x":""}"#),
            "{text}"
        );
        assert!(serde_json::from_str::<TokenKey>(&text).unwrap() == key);
    }
}
