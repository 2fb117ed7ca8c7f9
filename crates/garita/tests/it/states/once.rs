//! What is good once, shown by many at the same moment: one of them is let in, and never two.
//!
//! The rows are those of one-time things; who is let in is who gets the good answer.

use std::sync::Arc;

use super::kept::Kept;
use super::world::World;
use super::{Row, ask, rows};

/// How many show it at once.
const MANY: usize = 6;

/// One-time things, as endpoint and variant.
const ONCE: [(&str, &str); 22] = [
    ("RespondToAuthChallenge", "WEB_AUTHN"),
    ("RespondToAuthChallenge", "PASSWORD_VERIFIER of before"),
    ("RespondToAuthChallenge", "NEW_PASSWORD_REQUIRED"),
    ("RespondToAuthChallenge", "SOFTWARE_TOKEN_MFA"),
    ("RespondToAuthChallenge", "MFA_SETUP"),
    ("ConfirmSignUp", ""),
    ("ConfirmForgotPassword", ""),
    ("VerifyUserAttribute", ""),
    ("CompleteWebAuthnRegistration", ""),
    ("POST /{pool}/oauth2/token", "authorization_code"),
    ("POST /{pool}/oauth2/token", "device_code"),
    ("GET /{pool}/oauth2/idpresponse", "whom a provider vouches for"),
    ("POST /{pool}/code", ""),
    ("POST /{pool}/authenticator", ""),
    ("POST /{pool}/new-password", ""),
    ("POST /{pool}/reset", ""),
    ("POST /{pool}/confirm", ""),
    ("POST /{pool}/passkey", ""),
    ("POST /{pool}/passkey-sign-in", ""),
    ("POST /{pool}/recovery-code", ""),
    ("POST /{pool}/keep-passkey", ""),
    ("GET /garita/callback", ""),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_good_once_is_good_once_also_when_many_show_it_together() {
    let world = World::new().await;
    let kept = Kept::of(&world.doors.garita);
    let chosen: Vec<_> = rows().filter(|row| ONCE.contains(&(row.endpoint, row.variant))).collect();
    assert_eq!(chosen.len(), ONCE.len(), "every one of them is a row");
    let mut good = Vec::new();
    for row in &chosen {
        good.push(ask(&world, row).await);
        kept.put_back(&world.doors.garita).await;
    }
    let world = Arc::new(World::new().await);
    let kept = Kept::of(&world.doors.garita);
    let mut wrong = Vec::new();
    for (row, good) in chosen.into_iter().zip(good) {
        let answers = together(&world, row).await;
        let in_of_them = answers.iter().filter(|answer| **answer == good).count();
        // A code that is shown again ends what came of it, which may be before the first one has it.
        let ends = ["POST /{pool}/oauth2/token", "GET /garita/callback"].contains(&row.endpoint)
            && row.variant != "device_code";
        if in_of_them > 1 || (in_of_them == 0 && !ends) {
            wrong.push(format!("{} lets {in_of_them} of {MANY} in: {answers:?}", row.name()));
        }
        kept.put_back(&world.doors.garita).await;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn together(world: &Arc<World>, row: &'static Row<super::Thing>) -> Vec<String> {
    let asking = (0..MANY).map(|_| {
        let world = Arc::clone(world);
        tokio::spawn(async move { ask(&world, row).await })
    });
    let asking: Vec<_> = asking.collect();
    let mut answers = Vec::new();
    for asked in asking {
        answers.push(asked.await.unwrap());
    }
    answers
}
