//! Tokens and key sets that must not be believed, one by one. The same against a real provider: the client tests.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use aws_lc_rs::{hmac, rsa};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_model::{OidcProvider, Result};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::id_token::{self, Expected};
use super::keys::KeySet;
use super::token::{Proof, Token};
use crate::audit::error_code;

const NOW: i64 = 1_772_366_400;

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// An elliptic key and its set.
fn elliptic(id: &str) -> (EcdsaKeyPair, Value) {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let point = pair.public_key().as_ref().to_vec();
    let key = json!({ "kty": "EC", "kid": id, "use": "sig", "crv": "P-256", "x": encoded(&point[1..33]), "y": encoded(&point[33..]) });
    (pair, key)
}

fn set(keys: &[&Value]) -> KeySet {
    KeySet::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
}

fn signed(pair: &EcdsaKeyPair, header: &Value, claims: &Value) -> String {
    let text = format!("{}.{}", encoded(header.to_string()), encoded(claims.to_string()));
    let signature = pair.sign(&SystemRandom::new(), text.as_bytes()).unwrap();
    format!("{text}.{}", encoded(signature.as_ref()))
}

fn provider() -> OidcProvider {
    OidcProvider {
        account: "111122223333".parse().unwrap(),
        url: "idp.example/team".to_owned(),
        plain_http: false,
        created: Timestamp::UNIX_EPOCH,
        client_ids: vec!["app".to_owned(), "other".to_owned()],
        thumbprints: Vec::new(),
        tags: Vec::new(),
    }
}

fn claims() -> Value {
    json!({ "iss": "https://idp.example/team", "sub": "ana", "aud": "app", "iat": NOW - 1, "exp": NOW + 60 })
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn verify(token: &str, keys: &KeySet) -> Result<Proof> {
    Token::read(token)?.verify(&provider(), keys, Timestamp::from_second(NOW).unwrap())
}

fn told(token: &str, keys: &KeySet) -> String {
    match verify(token, keys) {
        Ok(proof) => format!("{} for {}", proof.subject, proof.audience),
        Err(error) => format!("{}: {error}", error_code(&error)),
    }
}

#[test]
fn a_good_token_proves_who_it_is_about() {
    let (pair, key) = elliptic("k1");
    let keys = set(&[&key]);
    let header = || json!({ "alg": "ES256", "kid": "k1", "typ": "JWT" });
    assert_eq!(told(&signed(&pair, &header(), &claims()), &keys), "ana for app");
    assert_eq!(told(&signed(&pair, &json!({ "alg": "ES256" }), &claims()), &keys), "ana for app");
    let mut full = with("amr", json!(["pwd", "otp"]));
    full["nbf"] = json!(NOW);
    full["exp"] = json!(1_772_366_460.5);
    full["https://aws.amazon.com/source_identity"] = json!("ana");
    full["https://aws.amazon.com/tags"] =
        json!({ "principal_tags": { "team": ["a"], "cost": "b" }, "transitive_tag_keys": ["team"] });
    let proof = verify(&signed(&pair, &header(), &full), &keys).unwrap();
    assert_eq!(proof.methods, ["pwd", "otp"]);
    assert_eq!(proof.tags, [("cost".to_owned(), "b".to_owned()), ("team".to_owned(), "a".to_owned())]);
    assert_eq!((proof.transitive, proof.source_identity.as_deref()), (vec!["team".to_owned()], Some("ana")));
}

#[test]
fn claims_that_do_not_fit_are_refused() {
    let (pair, key) = elliptic("k1");
    let keys = set(&[&key]);
    let no_jwt = "InvalidIdentityToken: The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)";
    let rows = [
        ("exp", json!(NOW), format!("ExpiredTokenException: Token expired: current date/time {NOW} must be before the expiration date/time {NOW}")),
        ("exp", json!((NOW + 60).to_string()), no_jwt.to_owned()),
        ("exp", Value::Null, "InvalidIdentityToken: Missing a required claim: exp".to_owned()),
        ("iat", Value::Null, "InvalidIdentityToken: Missing a required claim: iat".to_owned()),
        ("nbf", json!("0"), no_jwt.to_owned()),
        ("nbf", json!(NOW + 61), "InvalidIdentityToken: the token is not valid yet: compare the clocks of the provider and of this machine".to_owned()),
        ("iat", json!(NOW + 61), "InvalidIdentityToken: the token is not valid yet: compare the clocks of the provider and of this machine".to_owned()),
        ("iss", json!("https://idp.example/other"), "InvalidIdentityToken: the token's issuer is not the provider's".to_owned()),
        ("iss", json!("http://idp.example/team"), "InvalidIdentityToken: the token's issuer is not the provider's".to_owned()),
        ("sub", Value::Null, "InvalidIdentityToken: Missing a required claim: sub".to_owned()),
        ("sub", json!(""), "InvalidIdentityToken: Missing a required claim: sub".to_owned()),
        ("sub", json!(7), no_jwt.to_owned()),
        ("aud", json!("nobody"), "InvalidIdentityToken: Incorrect token audience".to_owned()),
        ("aud", json!([]), "InvalidIdentityToken: Missing a required claim: aud".to_owned()),
        ("aud", Value::Null, "InvalidIdentityToken: Missing a required claim: aud".to_owned()),
        ("aud", json!(["app", "other"]), "InvalidIdentityToken: a token for several audiences needs the claim `azp`".to_owned()),
        ("azp", json!("nobody"), "InvalidIdentityToken: Incorrect token audience".to_owned()),
        ("azp", json!("other"), "ana for other".to_owned()),
        ("https://aws.amazon.com/tags", json!({ "principal_tags": { "t": ["a", "b"] } }), "InvalidIdentityToken: the token's tag `t` must have one value".to_owned()),
    ];
    for (name, value, says) in rows {
        let token = signed(&pair, &json!({ "alg": "ES256", "kid": "k1" }), &with(name, value.clone()));
        assert_eq!(told(&token, &keys), says, "{name} = {value}");
    }
}

#[test]
fn a_header_chooses_neither_the_key_nor_how_it_is_used() {
    let (pair, key) = elliptic("k1");
    let (_, another) = elliptic("k2");
    let keys = set(&[&key, &another]);
    let header = |change: Value| {
        let mut header = json!({ "alg": "ES256", "kid": "k1" });
        header.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        told(&signed(&pair, &header, &claims()), &keys)
    };
    for alg in ["none", "None", "HS256", "ES256K", "PS256", "EdDSA", ""] {
        let says = format!("InvalidIdentityToken: the token is signed with `{alg}`");
        assert!(header(json!({ "alg": alg })).starts_with(&says), "{alg}");
    }
    let unknown = "InvalidIdentityToken: Couldn't retrieve verification key";
    for kid in ["../../dev/null", "k1' OR '1'='1", "/etc/passwd", "K1", ""] {
        assert!(header(json!({ "kid": kid })).starts_with(unknown), "{kid}");
    }
    assert!(header(json!({ "kid": Value::Null })).starts_with(unknown), "one of two keys must be named");
    assert!(header(json!({ "alg": "RS256" })).starts_with(unknown), "the key is of another kind");
    assert_eq!(header(json!({ "kid": "k2" })), "InvalidIdentityToken: the token's signature is not valid");
    assert!(header(json!({ "crit": ["exp"] })).contains("`crit`"));
    assert_eq!(header(json!({ "jku": "https://evil.example", "jwk": another, "x5u": "x" })), "ana for app");
    let unsigned = format!("{}.{}.", encoded(r#"{"alg":"ES256","kid":"k1"}"#), encoded(claims().to_string()));
    assert!(told(&unsigned, &keys).starts_with("InvalidIdentityToken"));
    for text in ["", "a", "a.b", "a.b.c", "a.b.c.d", "..", "e30.e30.", "bm8.bm8.bm8"] {
        assert!(told(text, &keys).starts_with("InvalidIdentityToken"), "{text}");
    }
    let good = signed(&pair, &json!({ "alg": "ES256", "kid": "k1" }), &claims());
    for at in 0..good.len() {
        let mut bytes = good.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        assert!(verify(&changed, &keys).is_err(), "byte {at}");
    }
}

fn rsa_key(id: &str) -> (rsa::KeyPair, Value) {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    // `RSAPublicKey` in DER: nine bytes of heads and a zero, then the modulus.
    let der = pair.public_key().as_ref();
    let (modulus, exponent) = (&der[9..265], [1, 0, 1]);
    let key = json!({ "kty": "RSA", "kid": id, "n": encoded(modulus), "e": encoded(exponent) });
    (pair, key)
}

#[test]
fn rsa_keys_verify_rsa_only() {
    let (pair, key) = rsa_key("r1");
    let keys = set(&[&key]);
    let text = format!("{}.{}", encoded(r#"{"alg":"RS256","kid":"r1"}"#), encoded(claims().to_string()));
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
    assert_eq!(told(&format!("{text}.{}", encoded(&signature)), &keys), "ana for app");

    // The public key as the secret of an HMAC.
    let text = format!("{}.{}", encoded(r#"{"alg":"HS256","kid":"r1"}"#), encoded(claims().to_string()));
    for secret in [pair.public_key().as_ref().to_vec(), key.to_string().into_bytes()] {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), text.as_bytes());
        let token = format!("{text}.{}", encoded(tag.as_ref()));
        assert!(told(&token, &keys).contains("signed with `HS256`"));
    }
    let mut only = key.clone();
    only["alg"] = json!("RS512");
    let text = format!("{}.{}", encoded(r#"{"alg":"RS256","kid":"r1"}"#), encoded(claims().to_string()));
    let token = format!("{text}.{}", encoded(&signature));
    assert!(told(&token, &set(&[&only])).contains("Couldn't retrieve"), "a key says what it is for");
}

#[test]
fn keys_that_cannot_be_used_are_left_out() {
    let (pair, good) = elliptic("k1");
    let token = signed(&pair, &json!({ "alg": "ES256" }), &claims());
    let strange = [
        json!({ "kty": "oct", "kid": "k1", "k": "c2VjcmV0" }),
        json!({ "kty": "RSA", "kid": "k1", "n": encoded([0xff; 128]), "e": "AQAB" }),
        json!({ "kty": "RSA", "kid": "k1", "n": encoded([0xff; 2_000]), "e": "AQAB" }),
        json!({ "kty": "EC", "kid": "k1", "crv": "P-256", "x": "AA", "y": "AA" }),
        json!({ "kty": "EC", "kid": "k1", "crv": "secp256k1", "x": encoded([1; 32]), "y": encoded([1; 32]) }),
        json!({ "kty": "OKP", "kid": "k1", "crv": "Ed25519", "x": encoded([1; 32]) }),
        json!({ "kid": "k1" }),
        json!("k1"),
    ];
    let mut all: Vec<&Value> = strange.iter().collect();
    assert!(told(&token, &set(&all)).contains("Couldn't retrieve"));
    all.push(&good);
    assert_eq!(told(&token, &set(&all)), "ana for app");
    let mut for_encryption = good.clone();
    for_encryption["use"] = json!("enc");
    assert!(told(&token, &set(&[&for_encryption])).contains("Couldn't retrieve"));
    assert!(KeySet::parse(b"{}").is_none() && KeySet::parse(b"[]").is_none() && KeySet::parse(b"").is_none());
}

#[test]
fn an_id_token_with_anything_changed_or_left_out_is_refused() {
    let (pair, key) = elliptic("k1");
    let keys = set(&[&key]);
    let token = signed(&pair, &json!({ "alg": "ES256", "kid": "k1" }), &with("nonce", "n".into()));
    let expected = Expected {
        issuer: "https://idp.example/team",
        client: "app",
        nonce: "n",
        access_token: "at",
        max_age: None,
    };
    let now = Timestamp::from_second(NOW).unwrap();
    let good = |text: &str| id_token::prove(text, &expected, &keys, now).is_ok();
    assert!(good(&token));
    for at in 0..token.len() {
        let mut changed = token.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        assert!(!good(std::str::from_utf8(&changed).unwrap()), "changed at {at}");
        assert!(!good(token.get(..at).unwrap()), "cut at {at}");
    }
}

/// The same for tokens of providers, whichever way they come: at `AssumeRoleWithWebIdentity` and at a sign-in.
#[test]
fn cve_2026_25537_times_that_are_strings_are_none() {
    let (pair, key) = elliptic("k1");
    let keys = set(&[&key]);
    let expected = Expected {
        issuer: "https://idp.example/team",
        client: "app",
        nonce: "n",
        access_token: "at",
        max_age: None,
    };
    let now = Timestamp::from_second(NOW).unwrap();
    let good = |claims: &Value| {
        let token = signed(&pair, &json!({ "alg": "ES256", "kid": "k1" }), claims);
        (verify(&token, &keys).is_ok(), id_token::prove(&token, &expected, &keys, now).is_ok())
    };
    let mut claims = with("nonce", "n".into());
    claims["nbf"] = json!(NOW);
    assert_eq!(good(&claims), (true, true));
    for name in ["exp", "nbf", "iat"] {
        for written in [(NOW - 1).to_string(), (NOW + 60).to_string(), String::new()] {
            let mut changed = claims.clone();
            changed[name] = written.clone().into();
            assert_eq!(good(&changed), (false, false), "{name} = `{written}`");
        }
    }
}
