//! The server's side of SRP for one user, over lines of JSON: for trying it with clients of other makers.
//!
//! The first line is `{"pool", "client", "username", "password"}`; then `{"SRP_A"}` is answered by the parameters of a
//! challenge, and `{"SECRET_BLOCK", "SIGNATURE", "TIMESTAMP"}` by `{"proved"}`. `clients/tests/test_srp.py` uses it.
#![allow(clippy::unwrap_used, reason = "an example that cannot go on must fail loudly")]

use std::io::{BufRead as _, Write as _};

use garita_app::Keyring;
use garita_app::srp::{Pending, SignIn, Verifier, begin};
use garita_model::{Clock as _, Secret, SystemClock, SystemEntropy};
use jiff::SignedDuration;
use serde_json::{Value, json};

fn main() {
    let mut lines = std::io::stdin().lock().lines().map(|line| serde_json::from_str::<Value>(&line.unwrap()));
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap().to_owned();
    let first = lines.next().unwrap().unwrap();
    let [pool, client, username] = ["pool", "client", "username"].map(|name| text(&first, name));
    let (keyring, password) = (Keyring::new(&Secret::new([1; 32])), Secret::new(text(&first, "password")));
    let verifier = Verifier::of(&pool, &username, &password, &SystemEntropy).unwrap();
    for line in lines {
        let (asked, now) = (line.unwrap(), SystemClock.now());
        let answer = if asked.get("SRP_A").is_some() {
            let within = SignedDuration::from_mins(3);
            let sign_in =
                SignIn { pool: &pool, client: &client, username: &username, id: [0; 16], now, within };
            match begin(&keyring, &SystemEntropy, &sign_in, &verifier, &text(&asked, "SRP_A")) {
                Ok(given) => json!({
                    "SALT": given.salt, "SRP_B": given.srp_b, "SECRET_BLOCK": given.secret_block,
                    "USERNAME": given.user_id_for_srp, "USER_ID_FOR_SRP": given.user_id_for_srp,
                }),
                Err(error) => json!({ "error": error.to_string() }),
            }
        } else {
            let pending = Pending::open(&keyring, &pool, &client, &text(&asked, "SECRET_BLOCK"), now);
            let (signature, timestamp) = (text(&asked, "SIGNATURE"), text(&asked, "TIMESTAMP"));
            json!({ "proved": pending.is_some_and(|p| p.prove(&verifier, &signature, &timestamp)) })
        };
        println!("{answer}");
        std::io::stdout().flush().unwrap();
    }
}
