//! The published key set of a pool (RFC 7517): what anyone verifies its tokens with.
//!
//! A key stands in it before it signs and until the last token it signed has run out; a denied one leaves at once.

use std::sync::Arc;

use garita_model::{PublicKey, TokenKey};
use jiff::Timestamp;
use serde_json::{Value, json};

/// The document at `/{pool}/.well-known/jwks.json`, members in the order Cognito writes them.
pub fn document(keys: &[Arc<TokenKey>], now: Timestamp) -> Value {
    let mut published: Vec<_> = keys.iter().filter(|key| key.stage(now).verifies()).collect();
    published.sort_by_key(|key| (key.algorithm, key.signs, key.signs_from, key.kid.clone()));
    json!({ "keys": published.into_iter().map(|key| entry(key)).collect::<Vec<_>>() })
}

fn entry(key: &TokenKey) -> Value {
    let (alg, kid) = (key.algorithm.as_str(), key.kid.as_str());
    match &key.public {
        PublicKey::Rsa { n, e } => {
            json!({ "alg": alg, "e": e, "kid": kid, "kty": "RSA", "n": n, "use": "sig" })
        }
        PublicKey::P256 { x, y } => {
            json!({ "alg": alg, "crv": "P-256", "kid": kid, "kty": "EC", "use": "sig", "x": x, "y": y })
        }
        PublicKey::P384 { x, y } => {
            json!({ "alg": alg, "crv": "P-384", "kid": kid, "kty": "EC", "use": "sig", "x": x, "y": y })
        }
        PublicKey::Ed25519 { x } => {
            json!({ "alg": alg, "crv": "Ed25519", "kid": kid, "kty": "OKP", "use": "sig", "x": x })
        }
    }
}
