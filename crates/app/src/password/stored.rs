//! What a stored password looks like: Garita's own form, and those of other systems that people bring along.
//!
//! | form | from |
//! |---|---|
//! | `$argon2id$v=19$m=…,t=…,p=…$salt$hash`, also `argon2i` and `argon2d` | Garita; the PHC string format |
//! | `$2a$`, `$2b$`, `$2y$` | bcrypt |
//! | `$pbkdf2-sha256$i=…$salt$hash`, `$pbkdf2-sha256$29000$salt$hash`, `pbkdf2_sha256$600000$salt$hash`, and `sha512` | the PHC string format; passlib; Django |
//! | `$scrypt$ln=…,r=…,p=…$salt$hash` | the PHC string format; passlib |
//!
//! INVARIANT: a password is compared in constant time, whatever the form. They are read in [`read`].

mod read;

use std::fmt;
use std::num::NonZeroU32;

use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::pbkdf2;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::{NO_PAD, STANDARD_NO_PAD};
use garita_model::Secret;
use thiserror::Error;

use super::{MEMORY, PASSES, Scratch};

/// Bytes of a bcrypt hash: of the 24 that are computed, one was never written down.
const BCRYPT_HASH: usize = 23;
/// Its base64; the bits that are left over may be anything.
const BCRYPT: GeneralPurpose =
    GeneralPurpose::new(&alphabet::BCRYPT, NO_PAD.with_decode_allow_trailing_bits(true));

/// Whether a password was the one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checked {
    /// It was not.
    No,
    /// It was.
    Yes,
    /// It was, and is stored in another form or at another cost than Garita's: store it anew.
    NeedsUpgrade,
}

/// Why a text is no stored password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unreadable {
    /// A form that is not known.
    #[error(
        "not a password hash of a known form: use argon2, bcrypt, pbkdf2-sha256, pbkdf2-sha512 or scrypt"
    )]
    Form,
    /// A known form with something wrong in it.
    #[error("a password hash that is not whole: parameters, salt or hash cannot be read")]
    Parts,
    /// A hash that would cost too much each time it is checked.
    #[error("a password hash that costs too much to check: lower its memory or its rounds")]
    Cost,
}

/// A stored password.
#[derive(Clone, PartialEq, Eq)]
pub struct Stored {
    how: How,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

#[derive(Clone, PartialEq, Eq)]
enum How {
    Argon2 { algorithm: Algorithm, version: Version, memory: u32, passes: u32, lanes: u32 },
    Bcrypt { prefix: &'static str, cost: u32 },
    Pbkdf2 { digest: Digest, rounds: NonZeroU32 },
    Scrypt { log_n: u8, r: u32, p: u32 },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Digest {
    Sha256,
    Sha512,
}

impl Stored {
    pub(super) fn argon2id(memory: u32, passes: u32, salt: Vec<u8>, hash: Vec<u8>) -> Self {
        let (algorithm, version) = (Algorithm::Argon2id, Version::V0x13);
        Self { how: How::Argon2 { algorithm, version, memory, passes, lanes: 1 }, salt, hash }
    }

    /// Whether a password is this one; compared in constant time.
    pub(super) fn check(&self, password: &[u8], scratch: &mut Scratch) -> Checked {
        let hash = self.derive(password, scratch);
        let same = hash.is_some_and(|hash| verify_slices_are_equal(&hash, &self.hash).is_ok());
        match (same, self.is_own()) {
            (false, _) => Checked::No,
            (true, true) => Checked::Yes,
            (true, false) => Checked::NeedsUpgrade,
        }
    }

    /// Whether it is of the form and cost that Garita gives.
    fn is_own(&self) -> bool {
        let how = Self::argon2id(MEMORY, PASSES, Vec::new(), Vec::new()).how;
        self.how == how && self.hash.len() == super::HASH && self.salt.len() >= super::SALT
    }

    /// The hash of a password with this one's salt and cost; none when there is no memory.
    pub(super) fn derive(&self, password: &[u8], scratch: &mut Scratch) -> Option<Vec<u8>> {
        let mut out = vec![0; self.hash.len()];
        match &self.how {
            How::Argon2 { algorithm, version, memory, passes, lanes } => {
                let params = Params::new(*memory, *passes, *lanes, Some(out.len())).ok()?;
                let blocks = scratch.blocks(params.block_count())?;
                Argon2::new(*algorithm, *version, params)
                    .hash_password_into_with_memory(password, &self.salt, &mut out, blocks)
                    .ok()?;
            }
            How::Pbkdf2 { digest, rounds } => {
                let algorithm = match digest {
                    Digest::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
                    Digest::Sha512 => pbkdf2::PBKDF2_HMAC_SHA512,
                };
                pbkdf2::derive(algorithm, *rounds, &self.salt, password, &mut out);
            }
            How::Scrypt { log_n, r, p } => {
                let params = scrypt::Params::new(*log_n, *r, *p).ok()?;
                scrypt::scrypt(password, &self.salt, &params, &mut out).ok()?;
            }
            How::Bcrypt { cost, .. } => {
                // As all of its kind: a zero at the end, and no more than 72 bytes with it.
                let key: Vec<u8> = password.iter().copied().chain([0]).take(72).collect();
                let key = Secret::new(key);
                let made = bcrypt::bcrypt(*cost, *self.salt.first_chunk()?, key.expose());
                out.copy_from_slice(made.get(..BCRYPT_HASH)?);
            }
        }
        Some(out)
    }
}

/// The form it is stored and exported in.
impl fmt::Display for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.how {
            How::Argon2 { algorithm, version, memory, passes, lanes } => {
                let version = u32::from(*version);
                write!(f, "${}$v={version}$m={memory},t={passes},p={lanes}", algorithm.as_str())?;
            }
            How::Bcrypt { prefix, cost } => {
                let (salt, hash) = (BCRYPT.encode(&self.salt), BCRYPT.encode(&self.hash));
                return write!(f, "${prefix}${cost:02}${salt}{hash}");
            }
            How::Pbkdf2 { digest, rounds } => {
                let digest = match digest {
                    Digest::Sha256 => "sha256",
                    Digest::Sha512 => "sha512",
                };
                write!(f, "$pbkdf2-{digest}$i={rounds},l={}", self.hash.len())?;
            }
            How::Scrypt { log_n, r, p } => write!(f, "$scrypt$ln={log_n},r={r},p={p}")?,
        }
        write!(f, "${}${}", STANDARD_NO_PAD.encode(&self.salt), STANDARD_NO_PAD.encode(&self.hash))
    }
}

impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stored")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with other software than Garita's own libraries: `tests/vectors/passwords.py`.
    const VECTORS: &str = include_str!("../../tests/vectors/passwords.txt");

    fn check(stored: &str, password: &str) -> Checked {
        stored.parse::<Stored>().unwrap().check(password.as_bytes(), &mut Scratch::default())
    }

    #[test]
    fn hashes_of_other_software_are_checked() {
        let lines: Vec<_> = VECTORS.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(lines.len() >= 14);
        for line in lines {
            let (password, stored) = line.split_once('\t').unwrap();
            let expected = match stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$") {
                true => Checked::Yes,
                false => Checked::NeedsUpgrade,
            };
            assert_eq!(check(stored, password), expected, "{stored}");
            assert_eq!(check(stored, &format!("{password}x")), Checked::No, "{stored}");
            let printed = stored.parse::<Stored>().unwrap().to_string();
            assert_eq!(check(&printed, password), expected, "{stored} as {printed}");
        }
    }

    #[test]
    fn what_is_no_hash_is_refused() {
        let salt = "c29tZXNhbHRzb21lc2FsdA";
        let hash = "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI";
        let parse = |text: String| text.parse::<Stored>().map(|_| ()).unwrap_err();
        for text in ["", "$", "plain", "{SSHA}abc", "$1$salt$hash", "$6$salt$hash", "$2x$10$abc"] {
            assert_eq!(parse(text.to_owned()), Unreadable::Form, "{text}");
        }
        for text in [
            format!("$argon2id$v=19$m=19456,t=2,p=1${salt}"),
            format!("$argon2id$v=18$m=19456,t=2,p=1${salt}${hash}"),
            format!("$argon2id$v=19$m=19456,t=2${salt}${hash}"),
            format!("$argon2id$v=19$m=19456,t=2,p=1,p=2${salt}${hash}"),
            format!("$argon2id$v=19$m=19456,t=0,p=1${salt}${hash}"),
            format!("$argon2id$v=19$m=1,t=2,p=1${salt}${hash}"),
            format!("$argon2id$v=19$m=19456,t=2,p=1$!!${hash}"),
            format!("$argon2id$v=19$m=19456,t=2,p=1${salt}$MTIz"),
            format!("$argon2id$v=19$m=19456,t=2,p=1${salt}${hash}$"),
            format!("$pbkdf2-sha256$i=0${salt}${hash}"),
            format!("$pbkdf2-sha256$i=1000,l=64${salt}${hash}"),
            format!("pbkdf2_sha256$x${salt}${hash}"),
            format!("$scrypt$ln=14,r=0,p=1${salt}${hash}"),
            format!("$scrypt$ln=0,r=8,p=1${salt}${hash}"),
            format!("$2b$03${}", "a".repeat(53)),
            format!("$2b$10${}", "a".repeat(52)),
            "$2b$10$".to_owned() + &"é".repeat(27).replacen("é", "a", 1),
            "$2b$10$".to_owned() + &"a".repeat(600),
        ] {
            assert_eq!(parse(text.clone()), Unreadable::Parts, "{text}");
        }
        for text in [
            format!("$argon2id$v=19$m=1048576,t=1,p=1${salt}${hash}"),
            format!("$argon2id$v=19$m=19456,t=4000000000,p=1${salt}${hash}"),
            format!("$argon2id$v=19$m=19456,t=2,p=255${salt}${hash}"),
            format!("$pbkdf2-sha512$i=2000001${salt}${hash}"),
            format!("$scrypt$ln=63,r=8,p=1${salt}${hash}"),
            format!("$scrypt$ln=17,r=16,p=1${salt}${hash}"),
            // Hardly any memory for one time, and 128 GiB for all of them.
            format!("$scrypt$ln=1,r=1,p=1073741823${salt}${hash}"),
            format!("$scrypt$ln=2,r=1,p=17${salt}${hash}"),
            format!("$scrypt$ln=4294967295,r=8,p=1${salt}${hash}"),
            format!("$2b$31${}", "a".repeat(53)),
        ] {
            assert_eq!(parse(text.clone()), Unreadable::Cost, "{text}");
        }
    }
}
