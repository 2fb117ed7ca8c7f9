//! The two steps as a door takes them: verifiers opened and sealed, arithmetic on the pool for passwords.
//!
//! INVARIANT: whether the user is there changes neither the answer's shape nor the work.

use std::sync::Arc;

use garita_model::{Error, Result, Sealed, Secret};
use jiff::{SignedDuration, Timestamp};

use super::{Parameters, Pending, SignIn, Verifier, begin};
use crate::App;

const VERIFIER_LABEL: &str = "srp-verifier/1";

/// `InitiateAuth` with `USER_SRP_AUTH`.
pub struct Beginning {
    /// The pool's id.
    pub pool: String,
    /// The app client's id.
    pub client: String,
    /// The user's own name, or what was given where there is no such user.
    pub username: String,
    /// The id of the sign-in that begins.
    pub id: [u8; 16],
    /// What is stored for the user; none when there is no such user, or none that can sign in this way.
    pub verifier: Option<Sealed>,
    /// `SRP_A`.
    pub srp_a: String,
    /// The time of the request.
    pub now: Timestamp,
    /// How long the client may take to answer.
    pub within: SignedDuration,
}

/// `RespondToAuthChallenge` to `PASSWORD_VERIFIER`.
pub struct Answer {
    /// The challenge, opened.
    pub pending: Pending,
    /// The pool's id.
    pub pool: String,
    /// What is stored now for [`Pending::username`]; none as in [`Beginning::verifier`].
    pub verifier: Option<Sealed>,
    /// `PASSWORD_CLAIM_SIGNATURE`.
    pub signature: String,
    /// `TIMESTAMP`.
    pub timestamp: String,
}

/// A sign-in whose password was proved. It may still be one that was stored before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proved {
    /// Who.
    pub username: String,
    /// The id it is to be stored under, once.
    pub id: [u8; 16],
}

impl App {
    /// What SRP needs to be stored for a password that was just set or proved.
    ///
    /// # Errors
    /// `Unavailable` when too much waits already; `Internal` when there is no randomness.
    pub async fn srp_verifier(
        self: &Arc<Self>,
        pool: &str,
        username: &str,
        password: &Secret<String>,
    ) -> Result<Sealed> {
        let (app, pool, username) = (Arc::clone(self), pool.to_owned(), username.to_owned());
        let password = password.clone();
        let work = move || {
            let verifier = Verifier::of(&pool, &username, &password, app.entropy())?;
            let context = user_of(&pool, &username);
            app.keyring.seal(VERIFIER_LABEL, &context, verifier.to_bytes().expose(), app.entropy())
        };
        self.passwords.turn(work).await?
    }

    /// Answers `SRP_A`.
    ///
    /// # Errors
    /// `Invalid` for an `SRP_A` that is none; `Unavailable` when too much waits already; `Internal`.
    pub async fn begin_srp(self: &Arc<Self>, from: Beginning) -> Result<Parameters> {
        let app = Arc::clone(self);
        let work = move || {
            let verifier = app.opened(&from.pool, &from.username, from.verifier.as_ref())?;
            let Beginning { pool, client, username, id, now, within, .. } = &from;
            let sign_in = SignIn { pool, client, username, id: *id, now: *now, within: *within };
            begin(&app.keyring, app.entropy(), &sign_in, &verifier, &from.srp_a)
        };
        self.passwords.turn(work).await?
    }

    /// Opens the challenge that an answer belongs to; none when it is none of this client's, or its time is over.
    pub fn open_srp(&self, pool: &str, client: &str, secret_block: &str, now: Timestamp) -> Option<Pending> {
        Pending::open(&self.keyring, pool, client, secret_block, now)
    }

    /// Whether an answer proves the password; none when it does not, or the user is not there.
    ///
    /// # Errors
    /// `Unavailable` when too much waits already; `Internal`.
    pub async fn finish_srp(self: &Arc<Self>, answer: Answer) -> Result<Option<Proved>> {
        let app = Arc::clone(self);
        let work = move || {
            let Answer { pending, pool, verifier, signature, timestamp } = &answer;
            let there = verifier.is_some();
            let verifier = app.opened(pool, pending.username(), verifier.as_ref())?;
            let proved = pending.prove(&verifier, signature, timestamp) && there;
            let proved = proved.then(|| Proved { username: pending.username().to_owned(), id: pending.id() });
            Ok(proved)
        };
        self.passwords.turn(work).await?
    }

    fn opened(&self, pool: &str, username: &str, sealed: Option<&Sealed>) -> Result<Verifier> {
        let Some(sealed) = sealed else { return Verifier::made_up(&self.keyring, pool, username) };
        let plain = self.keyring.open(VERIFIER_LABEL, &user_of(pool, username), sealed);
        plain
            .and_then(|plain| Verifier::from_bytes(plain.expose()))
            .ok_or_else(|| Error::internal("a stored SRP verifier does not open: wrong master key?"))
    }
}

fn user_of(pool: &str, username: &str) -> Vec<u8> {
    // A pool's id holds no line break.
    format!("{pool}\n{username}").into_bytes()
}
