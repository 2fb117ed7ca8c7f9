//! Reading stored passwords: each form that is known, from its text.
//!
//! INVARIANT: what a hash may cost is bounded here, so that an import cannot lay in work or memory without end for
//! everybody who tries to sign in.

use std::num::NonZeroU32;
use std::str::FromStr;

use argon2::{Algorithm, Params, Version};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{NO_PAD, STANDARD};
use base64::engine::{DecodePaddingMode, GeneralPurpose};

use super::{BCRYPT, BCRYPT_HASH, Digest, How, Stored, Unreadable};
use crate::password::MEMORY;

/// Most memory of a hash, in KiB: scrypt at OWASP's strongest.
const MOST_MEMORY: u32 = 128 * 1024;
/// Most lanes of argon2, and most times that scrypt is gone through.
const MOST_LANES: u32 = 16;
/// Most work of a hash, as times 19 MiB are filled.
const MOST_PASSES: u32 = 16;
/// Greatest logarithm of bcrypt's rounds.
const MOST_BCRYPT: u32 = 15;
/// Most rounds of PBKDF2.
const MOST_ROUNDS: u32 = 2_000_000;

impl FromStr for Stored {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        if text.len() > 512 {
            return Err(Unreadable::Parts);
        }
        let mut parts = text.strip_prefix('$').unwrap_or(text).split('$');
        let (form, rest) = (parts.next().unwrap_or_default(), parts.collect::<Vec<_>>());
        match form {
            "argon2id" | "argon2i" | "argon2d" => argon2(form, &rest),
            "2a" => read_bcrypt("2a", &rest),
            "2b" => read_bcrypt("2b", &rest),
            "2y" => read_bcrypt("2y", &rest),
            "pbkdf2-sha256" => pbkdf2(Digest::Sha256, &rest),
            "pbkdf2-sha512" => pbkdf2(Digest::Sha512, &rest),
            "pbkdf2_sha256" => django(Digest::Sha256, &rest),
            "pbkdf2_sha512" => django(Digest::Sha512, &rest),
            "scrypt" => read_scrypt(&rest),
            _ => Err(Unreadable::Form),
        }
    }
}

fn argon2(form: &str, rest: &[&str]) -> Result<Stored, Unreadable> {
    let (version, rest) = match rest {
        // Before version 1.3 of Argon2 hashes did not say theirs.
        [version, rest @ ..] if version.starts_with("v=") => (*version, rest),
        rest => ("v=16", rest),
    };
    let [params, salt, hash] = rest else { return Err(Unreadable::Parts) };
    let version = match version {
        "v=19" => Version::V0x13,
        "v=16" => Version::V0x10,
        _ => return Err(Unreadable::Parts),
    };
    let algorithm = match form {
        "argon2i" => Algorithm::Argon2i,
        "argon2d" => Algorithm::Argon2d,
        _ => Algorithm::Argon2id,
    };
    let (memory, passes, lanes) = (param(params, "m")?, param(params, "t")?, param(params, "p")?);
    // What the passes cost goes with the memory they go over.
    let work = u64::from(memory).saturating_mul(u64::from(passes));
    if memory > MOST_MEMORY || work > u64::from(MEMORY) * u64::from(MOST_PASSES) || lanes > MOST_LANES {
        return Err(Unreadable::Cost);
    }
    Params::new(memory, passes, lanes, None).map_err(|_| Unreadable::Parts)?;
    let how = How::Argon2 { algorithm, version, memory, passes, lanes };
    whole(how, decode(salt)?, decode(hash)?)
}

fn read_bcrypt(prefix: &'static str, rest: &[&str]) -> Result<Stored, Unreadable> {
    let [cost, tail] = rest else { return Err(Unreadable::Parts) };
    let cost: u32 = cost.parse().map_err(|_| Unreadable::Parts)?;
    if cost > MOST_BCRYPT {
        return Err(Unreadable::Cost);
    }
    let (salt, hash) = tail.split_at_checked(22).ok_or(Unreadable::Parts)?;
    let bytes = |text: &str| BCRYPT.decode(text).map_err(|_| Unreadable::Parts);
    let stored = Stored { how: How::Bcrypt { prefix, cost }, salt: bytes(salt)?, hash: bytes(hash)? };
    let fits = cost >= 4 && stored.salt.len() == 16 && stored.hash.len() == BCRYPT_HASH;
    fits.then_some(stored).ok_or(Unreadable::Parts)
}

fn pbkdf2(digest: Digest, rest: &[&str]) -> Result<Stored, Unreadable> {
    let [params, salt, hash] = rest else { return Err(Unreadable::Parts) };
    if params.contains('=') {
        let stored = whole(rounds(digest, param(params, "i")?)?, decode(salt)?, decode(hash)?)?;
        let length = if params.contains("l=") { Some(param(params, "l")?) } else { None };
        let fits = length.is_none_or(|length| usize::try_from(length) == Ok(stored.hash.len()));
        return fits.then_some(stored).ok_or(Unreadable::Parts);
    }
    // passlib writes the rounds alone, and `.` for `+`.
    let plus = |text: &str| decode(&text.replace('.', "+"));
    let count = params.parse().map_err(|_| Unreadable::Parts)?;
    whole(rounds(digest, count)?, plus(salt)?, plus(hash)?)
}

fn django(digest: Digest, rest: &[&str]) -> Result<Stored, Unreadable> {
    let [count, salt, hash] = rest else { return Err(Unreadable::Parts) };
    let count = count.parse().map_err(|_| Unreadable::Parts)?;
    let hash = STANDARD.decode(hash).map_err(|_| Unreadable::Parts)?;
    whole(rounds(digest, count)?, salt.as_bytes().to_vec(), hash)
}

fn rounds(digest: Digest, rounds: u32) -> Result<How, Unreadable> {
    if rounds > MOST_ROUNDS {
        return Err(Unreadable::Cost);
    }
    let rounds = NonZeroU32::new(rounds).ok_or(Unreadable::Parts)?;
    Ok(How::Pbkdf2 { digest, rounds })
}

fn read_scrypt(rest: &[&str]) -> Result<Stored, Unreadable> {
    let [params, salt, hash] = rest else { return Err(Unreadable::Parts) };
    let (log_n, r, p) = (param(params, "ln")?, param(params, "r")?, param(params, "p")?);
    // RFC 7914 section 2: N times r blocks of 128 bytes, gone through p times; and r times p of them to begin with.
    let blocks = 1_u64.checked_shl(log_n).and_then(|n| n.checked_mul(u64::from(r))).unwrap_or(u64::MAX);
    let most = u64::from(MOST_MEMORY) * 8;
    if log_n > 20 || blocks > most || blocks.saturating_mul(u64::from(p)) > 2 * most || p > MOST_LANES {
        return Err(Unreadable::Cost);
    }
    if log_n == 0 {
        return Err(Unreadable::Parts);
    }
    let log_n = u8::try_from(log_n).map_err(|_| Unreadable::Parts)?;
    scrypt::Params::new(log_n, r, p).map_err(|_| Unreadable::Parts)?;
    whole(How::Scrypt { log_n, r, p }, decode(salt)?, decode(hash)?)
}

/// A hash with a salt, each of a sound length.
fn whole(how: How, salt: Vec<u8>, hash: Vec<u8>) -> Result<Stored, Unreadable> {
    let least_salt = if matches!(how, How::Argon2 { .. }) { argon2::MIN_SALT_LEN } else { 1 };
    if (least_salt..=64).contains(&salt.len()) && (16..=64).contains(&hash.len()) {
        Ok(Stored { how, salt, hash })
    } else {
        Err(Unreadable::Parts)
    }
}

/// One of `a=1,b=2`.
fn param(params: &str, name: &str) -> Result<u32, Unreadable> {
    let mut values = params.split(',').filter_map(|one| one.split_once('=')).filter(|(key, _)| *key == name);
    match (values.next(), values.next()) {
        (Some((_, value)), None) => value.parse().map_err(|_| Unreadable::Parts),
        _ => Err(Unreadable::Parts),
    }
}

/// Base64 with or without padding: both are about.
fn decode(text: &str) -> Result<Vec<u8>, Unreadable> {
    const EITHER: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        NO_PAD.with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    EITHER.decode(text).map_err(|_| Unreadable::Parts)
}
