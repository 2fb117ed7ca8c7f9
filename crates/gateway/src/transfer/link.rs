//! The URLs that are handed out: what they say, and the signature that only we can make.
//!
//! INVARIANT: a claim is believed only if its HMAC agrees, compared in constant time, over purpose, id, number and
//! expiry; a part's URL is no download's, and none can be prolonged.

use aws_lc_rs::hmac;
use jiff::Timestamp;

/// What a URL is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To put one part of an upload.
    Part,
    /// To get one file.
    Download,
}

impl Purpose {
    fn word(self) -> &'static str {
        match self {
            Self::Part => "parts",
            Self::Download => "downloads",
        }
    }
}

/// What a URL claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) purpose: Purpose,
    /// The transfer.
    pub(super) id: String,
    /// The part; 0 for a download.
    pub(super) number: u32,
    /// When it is over.
    pub(super) expires: Timestamp,
    signature: Vec<u8>,
}

impl Claim {
    /// Reads a claim; it proves nothing until [`LinkKey::made`] says so.
    pub(super) fn read(purpose: Purpose, id: &str, number: &str, query: &str) -> Option<Self> {
        let (expires, signature) = query.strip_prefix("expires=")?.split_once("&signature=")?;
        let expires = Timestamp::from_second(expires.parse().ok()?).ok()?;
        let signature = hex::decode(signature).ok()?;
        Some(Self { purpose, id: id.to_owned(), number: number.parse().ok()?, expires, signature })
    }
}

/// The key that signs URLs.
pub(super) struct LinkKey(hmac::Key);

impl LinkKey {
    pub(super) fn new(secret: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// The path and query of a URL, behind the root of its stage.
    pub(super) fn url(&self, purpose: Purpose, id: &str, number: u32, expires: Timestamp) -> String {
        let tag = hmac::sign(&self.0, text(purpose, id, number, expires).as_bytes());
        let signature = hex::encode(tag);
        let (word, second) = (purpose.word(), expires.as_second());
        match purpose {
            Purpose::Part => format!("/-/{word}/{id}/{number}?expires={second}&signature={signature}"),
            Purpose::Download => format!("/-/{word}/{id}?expires={second}&signature={signature}"),
        }
    }

    /// Whether a claim is one of ours.
    pub(super) fn made(&self, claim: &Claim) -> bool {
        let text = text(claim.purpose, &claim.id, claim.number, claim.expires);
        hmac::verify(&self.0, text.as_bytes(), &claim.signature).is_ok()
    }
}

fn text(purpose: Purpose, id: &str, number: u32, expires: Timestamp) -> String {
    format!("{}\n{id}\n{number}\n{}", purpose.word(), expires.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_url_can_be_changed() {
        let key = LinkKey::new(&[7; 32]);
        let expires = Timestamp::from_second(1_800_000_000).unwrap();
        let url = key.url(Purpose::Part, "ab12", 3, expires);
        let query = url.split_once('?').unwrap().1;
        let made = |purpose, id: &str, number: &str, query: &str| {
            Claim::read(purpose, id, number, query).is_some_and(|claim| key.made(&claim))
        };
        assert!(made(Purpose::Part, "ab12", "3", query));
        assert!(!made(Purpose::Download, "ab12", "3", query));
        assert!(!made(Purpose::Part, "ab13", "3", query));
        assert!(!made(Purpose::Part, "ab12", "4", query));
        assert!(!made(Purpose::Part, "ab12", "3", &query.replace("1800000000", "1900000000")));
        assert!(!made(Purpose::Part, "ab12", "3", &query.to_uppercase()));
        assert!(!made(Purpose::Part, "ab12", "3", &format!("{query}0")));
        assert!(!made(Purpose::Part, "ab12", "3", "expires=1800000000"));
        assert!(!made(Purpose::Part, "ab12", "3", ""));
        let other = LinkKey::new(&[8; 32]);
        assert!(!other.made(&Claim::read(Purpose::Part, "ab12", "3", query).unwrap()));
    }
}
