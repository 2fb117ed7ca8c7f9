//! Sign-in by SRP over the wire: where it is open, and what it tells.

use serde_json::{Value, json};

use super::{PASSWORD, Stage, WRONG};
use crate::door::told;

/// Anything of the group.
const SRP_A: &str = "7b3f9c4e21";

impl Stage {
    async fn ask_for_srp(&self, name: &str, srp_a: &str) -> (u16, Value) {
        let parameters = json!({ "USERNAME": name, "SRP_A": srp_a });
        self.person("InitiateAuth", json!({ "AuthFlow": "USER_SRP_AUTH", "AuthParameters": parameters }))
            .await
    }

    /// An answer with a proof that is none.
    async fn prove(&self, name: &str, asked: &Value) -> (u16, Value) {
        let responses = json!({
            "USERNAME": name, "PASSWORD_CLAIM_SECRET_BLOCK": asked["ChallengeParameters"]["SECRET_BLOCK"],
            "PASSWORD_CLAIM_SIGNATURE": "bm90aGluZw==", "TIMESTAMP": "Sat Nov 21 00:16:09 UTC 2026",
        });
        let answer = json!({ "ChallengeName": "PASSWORD_VERIFIER", "ChallengeResponses": responses });
        self.person("RespondToAuthChallenge", answer).await
    }
}

fn with_srp() -> Value {
    json!({ "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH", "ALLOW_USER_PASSWORD_AUTH"] })
}

#[tokio::test]
async fn srp_is_open_only_where_the_client_says_so() {
    let stage = Stage::usual().await;
    let closed = "400 InvalidParameterException: USER_SRP_AUTH is not enabled for the client.";
    assert_eq!(told(&stage.ask_for_srp("ana", SRP_A).await), closed);
    assert_eq!(
        told(&stage.prove("ana", &json!({ "ChallengeParameters": { "SECRET_BLOCK": "AA==" } })).await),
        closed
    );
    let made = json!({ "ClientName": "of no flows" });
    let (_, made) = stage.admin("CreateUserPoolClient", made).await;
    assert_eq!(made["UserPoolClient"]["ExplicitAuthFlows"], json!(["ALLOW_REFRESH_TOKEN_AUTH"]));
}

#[tokio::test]
async fn srp_tells_nobody_from_somebody() {
    let stage = Stage::open(json!({ "UsernameAttributes": ["email"] }), with_srp()).await;
    for name in ["ana@example.com", "nobody@example.com"] {
        let (status, asked) = stage.ask_for_srp(name, SRP_A).await;
        assert_eq!((status, &asked["ChallengeName"]), (200, &json!("PASSWORD_VERIFIER")));
        let given = &asked["ChallengeParameters"];
        let again = stage.ask_for_srp(name, SRP_A).await.1;
        for stays in ["SALT", "USER_ID_FOR_SRP", "USERNAME"] {
            assert_eq!(given[stays], again["ChallengeParameters"][stays], "{stays} of {name}");
        }
        for drawn in ["SRP_B", "SECRET_BLOCK"] {
            assert_ne!(given[drawn], again["ChallengeParameters"][drawn], "{drawn} of {name}");
        }
        let id = given["USER_ID_FOR_SRP"].as_str().unwrap();
        assert!(id.len() == 36 && id.as_bytes().get(14) == Some(&b'4'), "{id}");
        assert_eq!(given["SALT"].as_str().unwrap().len(), 32);
        // Sent passwords and proofs are counted together.
        for _ in 0..3 {
            assert_eq!(told(&stage.prove(id, &asked).await), WRONG);
        }
        for _ in 0..2 {
            assert_eq!(told(&stage.sign_in(name, "Wrong-password-1").await), WRONG);
        }
        let exceeded = "400 NotAuthorizedException: Password attempts exceeded";
        assert_eq!(told(&stage.prove(name, &asked).await), exceeded);
        assert_eq!(told(&stage.sign_in(name, PASSWORD).await), exceeded);
        let alien = "400 NotAuthorizedException: Invalid session for the user.";
        assert_eq!(told(&stage.prove("another@example.com", &asked).await), alien);
    }
}

#[tokio::test]
async fn srp_values_that_settle_the_answer_are_refused() {
    let stage = Stage::open(json!({}), with_srp()).await;
    for srp_a in ["0", "00", "xyz", &"f".repeat(1_000)] {
        let refused = told(&stage.ask_for_srp("ana", srp_a).await);
        assert_eq!(refused, "400 InvalidParameterException: `SRP_A` is not a valid public value");
    }
    let asked = stage.ask_for_srp("ana", SRP_A).await.1;
    stage.advance(180);
    let late = told(&stage.prove("ana", &asked).await);
    assert_eq!(late, "400 NotAuthorizedException: Invalid session for the user.");
}
