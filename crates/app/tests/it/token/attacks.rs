//! What attackers try on tokens: the catalogue of jwt_tool, and CVEs of JWT libraries.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_app::token::{TokenError, jwks};
use garita_model::{TokenAlgorithm, TokenUse};
use serde_json::json;

use super::{World, part};

/// A token of any header, claims and signature.
fn forged(header: &str, claims: &str, signature: &[u8]) -> String {
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    format!("{}.{}.{}", encode(header.as_bytes()), encode(claims.as_bytes()), encode(signature))
}

fn claims_text(token: &str) -> String {
    String::from_utf8(URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

fn signature(token: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(token.rsplit('.').next().unwrap()).unwrap()
}

#[test]
fn attributes_cannot_cover_claims() {
    let world = World::new(&[TokenAlgorithm::Es256]);
    let names = ["sub", "iss", "aud", "exp", "token_use", "cognito:groups", "garita:rev", "nbf", "at_hash"];
    let attributes = names.map(|name| (name.to_owned(), "evil".to_owned()));
    let token = world.id_by(TokenAlgorithm::Es256, &attributes);
    assert!(!claims_text(&token).contains("evil"), "{}", claims_text(&token));
    assert!(world.verify_at(&token, TokenUse::Id, world.now).is_ok());
}

#[test]
fn no_algorithm_but_the_keys_own() {
    let world = World::new(&TokenAlgorithm::ALL);
    let token = world.access_by(TokenAlgorithm::Rs256, &world.standing("ana"));
    let (claims, kid) = (claims_text(&token), part(&token, 0)["kid"].as_str().unwrap().to_owned());
    for alg in ["none", "None", "NONE", "nOnE", "", "HS256", "RS512", "PS256", "ES256", "EdDSA", "rs256"] {
        let header = format!(r#"{{"kid":"{kid}","alg":"{alg}"}}"#);
        for signature in [Vec::new(), signature(&token)] {
            assert_eq!(world.refused(&forged(&header, &claims, &signature)), TokenError::Algorithm, "{alg}");
        }
    }
    // The public key, in any of its forms, as the secret of an HMAC.
    let published = jwks::document(&world.pool.all_keys(), world.now);
    let mine = published["keys"].as_array().unwrap().iter().find(|key| key["kid"] == kid.as_str()).unwrap();
    let modulus = URL_SAFE_NO_PAD.decode(mine["n"].as_str().unwrap()).unwrap();
    for secret in [mine.to_string().into_bytes(), modulus, mine["n"].as_str().unwrap().into(), Vec::new()] {
        let header = format!(r#"{{"kid":"{kid}","alg":"HS256"}}"#);
        let unsigned = forged(&header, &claims, b"");
        let message = unsigned.trim_end_matches('.');
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), message.as_bytes());
        assert_eq!(world.refused(&forged(&header, &claims, tag.as_ref())), TokenError::Algorithm);
        // The same with the right name of the wrong algorithm: the key decides, so this is just no signature.
        let header = format!(r#"{{"kid":"{kid}","alg":"RS256"}}"#);
        assert_eq!(world.refused(&forged(&header, &claims, tag.as_ref())), TokenError::Signature);
    }
}

#[test]
fn keys_that_a_token_brings_are_nobodys() {
    let world = World::new(&[TokenAlgorithm::Es256]);
    let attacker = World::new(&[TokenAlgorithm::Es256]);
    let token = attacker.access();
    assert_eq!(world.refused(&token), TokenError::Key, "another's key under the right issuer");
    let (claims, kid) = (claims_text(&token), world.kid());
    let jwk = jwks::document(&attacker.pool.all_keys(), world.now)["keys"][0].clone();
    for extra in [
        json!({ "jwk": jwk }),
        json!({ "jku": "https://attacker.example/jwks.json" }),
        json!({ "x5u": "https://attacker.example/cert.pem" }),
        json!({ "x5c": ["MIIB"] }),
    ] {
        let mut header = json!({ "kid": kid, "alg": "ES256" });
        header.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let made = forged(&header.to_string(), &claims, &signature(&token));
        assert_eq!(world.refused(&made), TokenError::Signature, "{extra}");
    }
    for kid in [
        "../../../dev/null",
        "/dev/null",
        "' OR '1'='1",
        "x' UNION SELECT 'key' --",
        "|sleep 10",
        "",
        "eu-west-1_Other/key",
        &format!("{kid}\0"),
        &kid.to_ascii_lowercase(),
    ] {
        let header = json!({ "kid": kid, "alg": "ES256" }).to_string();
        assert_eq!(world.refused(&forged(&header, &claims, &signature(&token))), TokenError::Key, "{kid}");
    }
}

#[test]
fn a_changed_token_is_refused() {
    let world = World::new(&[TokenAlgorithm::Es256]);
    let token = world.access();
    assert!(world.verify(&token).is_ok(), "remembered from here on");
    let (header, claims) = (part(&token, 0).to_string(), claims_text(&token));
    for (from, to) in [
        ("sub-of-ana", "sub-of-bob"),
        (r#"["admins"]"#, r#"["root"]"#),
        (r#""exp":"#, r#""exp":9"#),
        (r#""garita:rev":5"#, r#""garita:rev":4"#),
    ] {
        assert!(claims.contains(from), "{claims}");
        let made = forged(&header, &claims.replace(from, to), &signature(&token));
        assert_eq!(world.refused(&made), TokenError::Signature, "{from}");
    }
    let zero = forged(&header, &claims, &[0; 64]);
    assert_eq!(world.refused(&zero), TokenError::Signature, "the psychic signature of CVE-2022-21449");
    let mut parts: Vec<&str> = token.split('.').collect();
    let last = parts.pop().unwrap();
    for end in ["", &last[..last.len() - 1], &format!("{last}="), &format!("{last}AA")] {
        let made = format!("{}.{end}", parts.join("."));
        assert!(world.verify(&made).is_err(), "{end}");
    }
    // A spare bit of base64 would give one token two spellings.
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let place = alphabet.find(last.chars().last().unwrap()).unwrap();
    let twin = alphabet.chars().nth(place ^ 1).unwrap();
    let respelled = format!("{}.{}{twin}", parts.join("."), &last[..last.len() - 1]);
    assert!(world.verify(&respelled).is_err());
}

#[test]
fn what_cannot_be_read_is_refused() {
    let world = World::new(&[TokenAlgorithm::Es256]);
    let token = world.access();
    let (kid, claims, signed) = (world.kid(), claims_text(&token), signature(&token));
    let plain = json!({ "kid": kid, "alg": "ES256" }).to_string();
    let malformed = |made: &str| assert!(matches!(world.refused(made), TokenError::Malformed(_)), "{made}");
    for made in
        ["", ".", "..", "...", "a.b", "a.b.c", "\0.\0.\0", &format!("{token}.x"), &format!(" {token}")]
    {
        malformed(made);
    }
    for header in [
        format!(r#"{{"kid":"{kid}","alg":"ES256","crit":["b64"],"b64":false}}"#),
        format!(r#"{{"kid":"{kid}","alg":"ES256","crit":[]}}"#),
        format!(r#"{{"kid":"{kid}","alg":"none","alg":"ES256"}}"#),
        "[]".to_owned(),
        "null".to_owned(),
        "{".to_owned(),
    ] {
        malformed(&forged(&header, &claims, &signed));
    }
    let doubled = claims.replacen('{', r#"{"sub":"sub-of-bob","#, 1);
    for claims in [doubled.as_str(), "[1]", "{}x", &"[".repeat(9000)] {
        malformed(&forged(&plain, claims, &signed));
    }
    for header in [r#"{"alg":"ES256"}"#, r#"{"kid":["k"],"alg":"ES256"}"#, r#"{"kid":1,"alg":"ES256"}"#] {
        assert_eq!(world.refused(&forged(header, &claims, &signed)), TokenError::Claim("kid"));
    }
    let long = forged(&plain, &claims, &vec![0; 16 * 1024]);
    assert_eq!(world.refused(&long), TokenError::TooLong);
}
