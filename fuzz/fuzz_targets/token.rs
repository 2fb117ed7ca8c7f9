//! Any text as a token: verifying must not panic, and nothing that was not signed here may be accepted.

#![no_main]

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_app::token::{Audience, Expected, Tokens};
use garita_model::{TokenAlgorithm, TokenUse};
use garita_testkit::OnePool;
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

static POOL: LazyLock<OnePool> = LazyLock::new(|| {
    let url = "https://idp.example/eu-west-1_Team";
    OnePool::new(url, &[TokenAlgorithm::Es256, TokenAlgorithm::EdDsa], Timestamp::UNIX_EPOCH)
});
static TOKENS: LazyLock<Tokens> = LazyLock::new(Tokens::default);

// The first byte: whether what follows is a token, or its three parts by lines, with `KID` for a key of the pool.
fuzz_target!(|data: &[u8]| {
    let Some((how, rest)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let token = if how % 2 == 0 { text.to_owned() } else { encoded(text) };
    for usage in [TokenUse::Id, TokenUse::Access] {
        let expected = Expected { usage, pool: None, audience: Audience::AnyClient };
        assert!(TOKENS.verify(&*POOL, &token, &expected, Timestamp::UNIX_EPOCH).is_err());
    }
});

fn encoded(text: &str) -> String {
    let kid = POOL.all_keys().first().map(|key| key.kid.clone()).unwrap_or_default();
    let part = |line: &str| URL_SAFE_NO_PAD.encode(line.replace("KID", &kid));
    text.splitn(3, '\n').map(part).collect::<Vec<_>>().join(".")
}
