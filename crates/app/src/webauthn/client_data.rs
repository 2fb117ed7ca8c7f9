//! What a browser says of the page that asked: Web Authentication section 5.8.1.
//!
//! INVARIANT: a page in a frame of another site is refused, whoever it is of.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::{Expected, Mismatch};

/// Most bytes that are looked at.
const MOST: usize = 4 * 1024;

/// What was asked of the authenticator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ceremony {
    /// To make a passkey.
    Create,
    /// To sign with one.
    Get,
}

/// Which pages may ask.
#[derive(Debug, Clone, Copy)]
pub enum Origins<'a> {
    /// Those of one origin.
    One(&'a str),
    /// Those on the relying party's host and on hosts below it, over TLS; and those of one more origin.
    Aligned(&'a str),
}

/// Other members are there to keep parsers from being too strict: section 5.8.1.2.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData<'a> {
    r#type: String,
    #[serde(borrow)]
    challenge: &'a str,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
    #[serde(default)]
    top_origin: Option<serde::de::IgnoredAny>,
}

/// Checks type, challenge and origin.
pub(super) fn check(ceremony: Ceremony, expected: &Expected<'_>, bytes: &[u8]) -> Result<(), Mismatch> {
    if bytes.len() > MOST {
        return Err(Mismatch::Malformed);
    }
    let data: ClientData<'_> = serde_json::from_slice(bytes).map_err(|_| Mismatch::Malformed)?;
    let name = match ceremony {
        Ceremony::Create => "webauthn.create",
        Ceremony::Get => "webauthn.get",
    };
    if data.r#type != name {
        return Err(Mismatch::Ceremony);
    }
    let challenge = URL_SAFE_NO_PAD.decode(data.challenge).map_err(|_| Mismatch::Challenge)?;
    verify_slices_are_equal(&challenge, expected.challenge).map_err(|_| Mismatch::Challenge)?;
    let foreign = data.cross_origin || data.top_origin.is_some();
    if foreign || !expected.origins.allow(&data.origin, expected.relying_party) {
        return Err(Mismatch::Origin);
    }
    Ok(())
}

impl Origins<'_> {
    fn allow(self, origin: &str, relying_party: &str) -> bool {
        match self {
            Self::One(own) => origin == own,
            Self::Aligned(own) => origin == own || is_aligned(origin, relying_party),
        }
    }
}

/// Whether an origin is on a relying party's host or on one below it, over TLS.
fn is_aligned(origin: &str, relying_party: &str) -> bool {
    let Some(authority) = origin.strip_prefix("https://") else { return false };
    let (host, port) = authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)));
    let numbered = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'.' || byte == b'-';
    if !port.is_none_or(numbered) || !host.bytes().all(plain) {
        return false;
    }
    let above = host.strip_suffix(relying_party);
    above.is_some_and(|below| below.is_empty() || (below.len() > 1 && below.ends_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_aligned_by_whole_labels() {
        for (origin, aligned) in [
            ("https://example.com", true),
            ("https://login.example.com", true),
            ("https://a.b.example.com:8443", true),
            ("http://example.com", false),
            ("https://notexample.com", false),
            ("https://.example.com", false),
            ("https://example.com.evil.test", false),
            ("https://example.com:", false),
            ("https://example.com:x", false),
            ("https://evil.test/example.com", false),
            ("https://user@example.com", false),
            ("https://EXAMPLE.com", false),
            ("null", false),
        ] {
            assert_eq!(is_aligned(origin, "example.com"), aligned, "{origin}");
        }
    }
}
