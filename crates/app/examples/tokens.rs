//! Prints a key set and tokens signed with each of its keys, as JSON: for checking them with other software.
//!
//! `clients/tests/test_tokens.py` does that. The keys are made anew in every run.
#![allow(clippy::unwrap_used, reason = "an example that cannot go on must fail loudly")]

use garita_app::mint::token::{Access, Grant, Identity, Minter};
use garita_app::token::{Standing, Tokens, jwks};
use garita_model::{Clock as _, SystemClock, SystemEntropy, TokenAlgorithm};
use garita_testkit::OnePool;
use serde_json::{Map, json};

const ISSUER: &str = "https://idp.example/eu-west-1_Example";
const CLIENT: &str = "1example23456789";

fn main() {
    let now = SystemClock.now();
    let pool = OnePool::new(ISSUER, &TokenAlgorithm::ALL, now);
    let tokens = Tokens::default();
    let minter = Minter { tokens: &tokens, keyring: &pool.keyring, entropy: &SystemEntropy, ground: &pool };
    let standing = Standing::check(&pool, pool.sign_in(CLIENT, "ana")).unwrap();
    let (groups, scopes) = (["readers".to_owned()], ["openid".to_owned(), "email".to_owned()]);
    let attributes = [("email".to_owned(), "ana@example.com".to_owned())];
    let mut made = Map::new();
    for algorithm in TokenAlgorithm::ALL {
        let grant = Grant { algorithm, now, auth_time: now, event_id: "example", groups: &groups };
        let access = Access { life: 600, scopes: &scopes, by_oidc: true };
        let access = minter.access_token(&standing, &grant, &access).unwrap();
        let identity = Identity {
            life: 600,
            attributes: &attributes,
            roles: &[],
            preferred_role: None,
            nonce: Some("n"),
            access_token: Some(&access),
        };
        let id = minter.id_token(&standing, &grant, &identity).unwrap();
        let pair = json!({ "id": id.expose(), "access": access.expose() });
        made.insert(algorithm.as_str().to_owned(), pair);
    }
    let published = jwks::document(&pool.all_keys(), now);
    println!("{}", json!({ "issuer": ISSUER, "client": CLIENT, "jwks": published, "tokens": made }));
}
