//! Any claims that a provider signs: what is proved of them is what they say, read by other means; and a token that was
//! changed anywhere proves nothing.

#![no_main]

use std::sync::LazyLock;

use garita_app::oidc::{self, Expected};
use garita_model::OidcProvider;
use garita_testkit::{TestIdp, trusted_provider};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

const ISSUER: &str = "https://idp.example";
const EXPECTED: Expected<'_> =
    Expected { issuer: ISSUER, client: "app", nonce: "n-1", access_token: "at", max_age: Some(600) };

static IDP: LazyLock<(TestIdp, String)> = LazyLock::new(|| {
    let idp = TestIdp::new(ISSUER, "k");
    let keys = idp.key_set();
    (idp, keys)
});
static PROVIDER: LazyLock<OidcProvider> = LazyLock::new(|| trusted_provider("idp.example"));

const NAMES: [&str; 14] = [
    "iss",
    "sub",
    "aud",
    "azp",
    "exp",
    "iat",
    "nbf",
    "auth_time",
    "nonce",
    "at_hash",
    "amr",
    "https://aws.amazon.com/tags",
    "https://aws.amazon.com/source_identity",
    "other",
];

/// A value of a claim: one that means something somewhere, or the fuzzer's own.
fn value(kind: u8, near: i8, text: &str, now: i64) -> Value {
    match kind % 12 {
        0 => Value::Null,
        1 => text.into(),
        2 => "app".into(),
        3 => json!(["app"]),
        4 => json!(["app", text]),
        5 => json!([text]),
        6 => (now + i64::from(near) * 7).into(),
        7 => json!(now as f64 + f64::from(near) + 0.5),
        8 => (now + i64::from(near)).to_string().into(),
        9 => format!("{ISSUER}{}", ["", "/", "//", ".evil.example"][usize::from(near.unsigned_abs()) % 4]).into(),
        10 => json!(["pwd", "mfa"]),
        _ => serde_json::from_str(text).unwrap_or(Value::Bool(true)),
    }
}

// Where the token is changed and to what; and claims that stand beside or in place of good ones.
fuzz_target!(|data: (u16, u8, Vec<(u8, u8, i8, &str)>)| {
    let (at, letter, more) = data;
    let now = Timestamp::from_second(1_772_366_400).expect("a date");
    let (idp, keys) = &*IDP;
    let mut claims = json!({ "nonce": "n-1", "auth_time": now.as_second() });
    for (name, kind, near, text) in &more {
        claims[NAMES[usize::from(*name) % NAMES.len()]] = value(*kind, *near, text, now.as_second());
    }
    let token = idp.token(now, &claims);
    let by_sign_in = oidc::prove_sign_in(&EXPECTED, keys.as_bytes(), &token, now);
    let by_role = oidc::prove(&PROVIDER, keys.as_bytes(), &token, now);
    assert!(!more.is_empty() || (by_sign_in.is_ok() && by_role.is_ok()));
    let said = said(&token);
    if let Ok(proof) = by_sign_in {
        assert_eq!(Some(proof.subject.as_str()), said["sub"].as_str());
        assert!(!proof.subject.is_empty() && proof.claims == *said.as_object().expect("claims"));
        assert_eq!(said["nonce"], "n-1");
        assert!(of_issuer(&said) && for_app(&said) && in_time(&said, now.as_second()));
        assert!(said["auth_time"].as_i64().is_some_and(|then| now.as_second() - then <= 660));
        assert!(said.get("at_hash").is_none_or(Value::is_string));
        let second = said["amr"].as_array().is_some_and(|methods| methods.contains(&"mfa".into()));
        assert_eq!(proof.second_factor(), second);
    }
    if let Ok(subject) = by_role {
        assert_eq!(Some(subject.as_str()), said["sub"].as_str());
        assert!(of_issuer(&said) && for_app(&said) && in_time(&said, now.as_second()));
    }
    let mut changed = token.clone().into_bytes();
    let at = usize::from(at) % changed.len();
    changed[at] = letter & 0x7f;
    let changed = String::from_utf8(changed).expect("it is ASCII");
    if changed != token {
        assert!(oidc::prove_sign_in(&EXPECTED, keys.as_bytes(), &changed, now).is_err());
        assert!(oidc::prove(&PROVIDER, keys.as_bytes(), &changed, now).is_err());
    }
});

/// What a token says, whoever signed it.
fn said(token: &str) -> Value {
    use base64::Engine as _;
    let claims = token.split('.').nth(1).expect("three parts");
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(claims).expect("base64url");
    serde_json::from_slice(&bytes).expect("JSON")
}

fn of_issuer(said: &Value) -> bool {
    said["iss"].as_str().is_some_and(|issuer| issuer.trim_end_matches('/') == ISSUER)
}

/// The party if one is named, else the one audience.
fn for_app(said: &Value) -> bool {
    let party = said.get("azp").filter(|party| !party.is_null());
    match (&said["aud"], party) {
        (Value::String(one), None) => one == "app",
        (Value::Array(all), None) => all.len() == 1 && all[0] == "app",
        (Value::String(_) | Value::Array(_), Some(party)) => party == "app",
        _ => false,
    }
}

fn in_time(said: &Value, now: i64) -> bool {
    let now = now as f64;
    let time = |name: &str| said[name].as_f64();
    time("exp").is_some_and(|ends| ends > now)
        && time("iat").is_some_and(|made| made <= now + 60.0)
        && time("nbf").is_none_or(|begins| begins <= now + 60.0)
}
