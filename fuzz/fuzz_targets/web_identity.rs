//! Any key set of a provider and any token: reading them must not panic, and nothing is proved that no key signed.

#![no_main]

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_app::oidc;
use garita_model::OidcProvider;
use garita_testkit::trusted_provider;
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

static PROVIDER: LazyLock<OidcProvider> = LazyLock::new(|| trusted_provider("idp.example"));
/// The key of RFC 7515 appendix A.3: a sound one, so that signatures are looked at.
const SOUND: &[u8] = br#"{"keys":[{"kty":"EC","crv":"P-256","kid":"k","alg":"ES256","use":"sig",
    "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;

// The first byte: whose keys, and whether what follows is a token or its three parts by lines. A line of two bars
// stands between keys and token.
fuzz_target!(|data: &[u8]| {
    let Some((how, rest)) = data.split_first() else { return };
    let (keys, token) = match rest.windows(4).position(|four| four == b"\n||\n") {
        Some(at) => (&rest[..at], &rest[at + 4..]),
        None => (SOUND, rest),
    };
    let Ok(text) = std::str::from_utf8(token) else { return };
    let token = match how % 2 {
        0 => text.to_owned(),
        _ => text.splitn(3, '\n').map(|part| URL_SAFE_NO_PAD.encode(part)).collect::<Vec<_>>().join("."),
    };
    let keys = if how & 2 == 0 { keys } else { SOUND };
    assert!(oidc::prove(&PROVIDER, keys, &token, Timestamp::UNIX_EPOCH).is_err());
});
