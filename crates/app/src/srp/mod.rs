//! Signing in with the Secure Remote Password protocol, the server's side, as Cognito's clients speak it.
//!
//! ```text
//! client                                     Garita
//! A = g^a                     ── SRP_A ──▶   begin: B = k·v + g^b
//!                 ◀── SALT, SRP_B, SECRET_BLOCK, USER_ID_FOR_SRP ──
//! signature under the key that only
//! password or verifier lead to  ──────────▶  open, then prove
//! ```
//!
//! Clients send nothing back but SECRET_BLOCK, so everything the second step needs is sealed in it, bound to pool and
//! client, for a few minutes. It carries the id of the sign-in: who stores a sign-in under its id only once makes the
//! block good for one. A user that is not there gets a salt that is always the same ([`Verifier::made_up`]) and the
//! same work, and fails in the end as with a wrong password.
//!
//! A stored verifier is far cheaper to guess passwords from than Argon2id: it exists only where a client asks for SRP.
//! Facts of the wire: README of `amazon-cognito-identity-js`, RFC 5054, RFC 5869.

mod group;
mod sign_in;

use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use garita_model::{Entropy, Error, Result, Sealed, Secret};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::hash::sha256;
use crate::keyring::Keyring;
use group::{Element, SIZE, padded};
pub use sign_in::{Answer, Beginning, Proved};

const BLOCK_LABEL: &str = "srp-secret-block/1";
const MADE_UP_LABEL: &str = "srp-made-up/1";
const SALT: usize = 16;
/// Longest `TIMESTAMP`: it is only signed over.
const LONGEST_STAMP: usize = 64;
/// Longest `SECRET_BLOCK`, as text.
const LONGEST_BLOCK: usize = 4096;

/// What stands for a password in SRP: a salt and g^x. To be kept sealed.
#[derive(Clone)]
pub struct Verifier {
    salt: [u8; SALT],
    power: [u8; SIZE],
}

impl Verifier {
    /// The verifier of a password. It is bound to the pool and to the user's name, which can never change.
    ///
    /// # Errors
    /// `Internal` when there is no randomness.
    pub fn of(pool: &str, username: &str, password: &Secret<String>, entropy: &dyn Entropy) -> Result<Self> {
        let mut salt = [0; SALT];
        entropy.fill(&mut salt)?;
        Ok(Self::with_salt(salt, suffix(pool), username, password))
    }

    fn with_salt(salt: [u8; SALT], pool_suffix: &str, username: &str, password: &Secret<String>) -> Self {
        let parts = [pool_suffix, username, ":", password.expose()].map(str::as_bytes);
        let x = sha256(&[&padded(&salt), &sha256(&parts)]);
        Self { salt, power: group::verifier(&x).bytes() }
    }

    /// What is told of a user that is not there: always the same for the same name, and of no password.
    ///
    /// # Errors
    /// `Internal` when the crypto library fails.
    pub fn made_up(keyring: &Keyring, pool: &str, username: &str) -> Result<Self> {
        let key = keyring.derive(MADE_UP_LABEL)?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose());
        let mut drawn = (0_u8..).flat_map(|block| {
            let length = u64::try_from(pool.len()).unwrap_or(u64::MAX).to_be_bytes();
            let text = [&[block][..], &length, pool.as_bytes(), username.as_bytes()].concat();
            hmac::sign(&key, &text).as_ref().to_vec()
        });
        let (mut salt, mut power) = ([0; SALT], [0; SIZE]);
        salt.iter_mut().chain(&mut power).zip(&mut drawn).for_each(|(to, from)| *to = from);
        Ok(Self { salt, power: Element::reduced(&power).bytes() })
    }

    /// For the store: the caller seals it.
    pub fn to_bytes(&self) -> Secret<Vec<u8>> {
        Secret::new([&self.salt[..], &self.power[..]].concat())
    }

    /// What [`Verifier::to_bytes`] gave; none for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (salt, power) = bytes.split_first_chunk::<SALT>()?;
        Some(Self { salt: *salt, power: power.try_into().ok()? })
    }
}

impl Drop for Verifier {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.power);
    }
}

/// Where and for whom a sign-in is.
#[derive(Debug, Clone, Copy)]
pub struct SignIn<'a> {
    /// The pool's id.
    pub pool: &'a str,
    /// The app client's id.
    pub client: &'a str,
    /// The user's own name, whatever the caller signed in with: `USER_ID_FOR_SRP`.
    pub username: &'a str,
    /// The id of the sign-in that begins.
    pub id: [u8; 16],
    /// The time of the request.
    pub now: Timestamp,
    /// How long the client may take to answer.
    pub within: SignedDuration,
}

/// The parameters of the challenge `PASSWORD_VERIFIER`.
#[derive(Clone, PartialEq, Eq)]
pub struct Parameters {
    /// `SALT`, in hex.
    pub salt: String,
    /// `SRP_B`, in hex.
    pub srp_b: String,
    /// `SECRET_BLOCK`, in base64.
    pub secret_block: String,
    /// `USER_ID_FOR_SRP`.
    pub user_id_for_srp: String,
}

/// What the secret block holds.
#[derive(Serialize, Deserialize)]
struct Block {
    a: String,
    b: String,
    user: String,
    id: String,
    until: i64,
}

/// Answers `SRP_A` with a challenge. A millisecond or more of arithmetic: not on a thread of the runtime.
///
/// # Errors
/// `Invalid` for an `SRP_A` that is no number of the group, or that would settle the answer; `Internal` when there is
/// no randomness.
pub fn begin(
    keyring: &Keyring,
    entropy: &dyn Entropy,
    sign_in: &SignIn<'_>,
    verifier: &Verifier,
    srp_a: &str,
) -> Result<Parameters> {
    let a =
        read_number(srp_a).ok_or_else(|| Error::invalid("SRP_A", "`SRP_A` is not a valid public value"))?;
    let mut b = [0; 32];
    entropy.fill(&mut b)?;
    let b = Secret::new(b);
    let public = group::public(&Element::reduced(&verifier.power), b.expose());
    let until = sign_in.now.as_second().saturating_add(sign_in.within.as_secs());
    let block = Block {
        a: hex::encode(a.bytes()),
        b: hex::encode(b.expose()),
        user: sign_in.username.to_owned(),
        id: hex::encode(sign_in.id),
        until,
    };
    let plain = serde_json::to_vec(&block).map(Secret::new);
    let plain = plain.map_err(|e| Error::internal(format!("cannot write a secret block: {e}")))?;
    let context = bound_to(sign_in.pool, sign_in.client);
    let sealed = keyring.seal(BLOCK_LABEL, &context, plain.expose(), entropy)?;
    Ok(Parameters {
        salt: hex::encode(verifier.salt),
        srp_b: hex::encode(public.bytes()),
        secret_block: STANDARD.encode(sealed.as_bytes()),
        user_id_for_srp: sign_in.username.to_owned(),
    })
}

/// A challenge that was given out by this Garita, found again in its secret block.
pub struct Pending {
    a: Element,
    b: Secret<[u8; 32]>,
    pool_suffix: String,
    username: String,
    id: [u8; 16],
    block: Vec<u8>,
}

impl Pending {
    /// Opens a secret block; none when it is not one given out for this pool and client, or its time is over.
    pub fn open(
        keyring: &Keyring,
        pool: &str,
        client: &str,
        secret_block: &str,
        now: Timestamp,
    ) -> Option<Self> {
        if secret_block.len() > LONGEST_BLOCK {
            return None;
        }
        let sealed = Sealed::from_bytes(STANDARD.decode(secret_block).ok()?);
        let plain = keyring.open(BLOCK_LABEL, &bound_to(pool, client), &sealed)?;
        let block: Block = serde_json::from_slice(plain.expose()).ok()?;
        if now.as_second() >= block.until {
            return None;
        }
        let b = hex::decode(&block.b).ok()?;
        Some(Self {
            a: read_number(&block.a)?,
            b: Secret::new(b.try_into().ok()?),
            pool_suffix: suffix(pool).to_owned(),
            username: block.user,
            id: hex::decode(&block.id).ok()?.try_into().ok()?,
            block: sealed.as_bytes().to_vec(),
        })
    }

    /// The user it was given out for; may not be there.
    pub fn username(&self) -> &str {
        &self.username
    }
    /// The id of the sign-in: to be stored once.
    pub fn id(&self) -> [u8; 16] {
        self.id
    }

    /// Whether a claim proves the password: `PASSWORD_CLAIM_SIGNATURE` over `TIMESTAMP`. Arithmetic as in [`begin`].
    pub fn prove(&self, verifier: &Verifier, signature: &str, timestamp: &str) -> bool {
        if timestamp.len() > LONGEST_STAMP || signature.len() > 64 {
            return false;
        }
        let Ok(signature) = STANDARD.decode(signature) else { return false };
        let power = Element::reduced(&verifier.power);
        let public = group::public(&power, self.b.expose());
        let u = sha256(&[&padded(&self.a.bytes()), &padded(&public.bytes())]);
        if u == [0; 32] {
            return false;
        }
        let shared = group::shared(&self.a, &power, &u, self.b.expose());
        let shared = Secret::new(padded(&shared.bytes()));
        let Some(key) = session_key(shared.expose(), &u) else { return false };
        let message =
            [self.pool_suffix.as_bytes(), self.username.as_bytes(), &self.block, timestamp.as_bytes()]
                .concat();
        hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, key.expose()), &message, &signature).is_ok()
    }
}

struct Bytes16;

impl KeyType for Bytes16 {
    fn len(&self) -> usize {
        16
    }
}

/// K: HKDF with the padded u for salt. Its expansion ends after half of the first block.
fn session_key(shared: &[u8], u: &[u8; 32]) -> Option<Secret<[u8; 16]>> {
    let mut key = [0; 16];
    let prk = Salt::new(HKDF_SHA256, &padded(u)).extract(shared);
    prk.expand(&[b"Caldera Derived Key"], Bytes16).and_then(|okm| okm.fill(&mut key)).ok()?;
    Some(Secret::new(key))
}

/// A number in hex of any length that a group element may have.
fn read_number(text: &str) -> Option<Element> {
    let even = if text.len().is_multiple_of(2) { text.to_owned() } else { format!("0{text}") };
    // Clients put up to a byte of zeros in front.
    let fits = even.len() <= 2 * SIZE + 2;
    Element::received(&fits.then(|| hex::decode(&even).ok())??)
}

/// What of a pool's id is hashed.
fn suffix(pool: &str) -> &str {
    pool.rsplit_once('_').map_or(pool, |(_, suffix)| suffix)
}

fn bound_to(pool: &str, client: &str) -> Vec<u8> {
    // Neither id holds a line break.
    format!("{pool}\n{client}").into_bytes()
}

#[cfg(test)]
mod tests;
