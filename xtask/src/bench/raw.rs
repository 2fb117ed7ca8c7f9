//! What the machine can do at most: the arithmetic of a sign-in on all processors this process may use, with nothing around it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// Argon2id as Garita stores passwords: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const SALT: &[u8; 16] = b"sixteen bytes ok";

/// Password hashes a second, each thread with memory of its own that it uses again.
pub(super) fn hashes(seconds: u32) -> Result<f64> {
    let argon2 = argon2id()?;
    rate(seconds, || {
        let mut blocks = vec![Block::default(); argon2.params().block_count()];
        let (argon2, mut hash) = (argon2.clone(), [0_u8; 32]);
        move || {
            argon2
                .hash_password_into_with_memory(b"Bench-pass-0123", SALT, &mut hash, &mut blocks)
                .map_err(|error| anyhow!("{error}"))
        }
    })
}

/// A password as Garita stores it: in the PHC string format.
pub(super) fn stored_hash(password: &str) -> Result<String> {
    let mut hash = [0_u8; 32];
    let mut blocks = vec![Block::default(); argon2id()?.params().block_count()];
    argon2id()?
        .hash_password_into_with_memory(password.as_bytes(), SALT, &mut hash, &mut blocks)
        .map_err(|error| anyhow!("{error}"))?;
    let (salt, hash) = (STANDARD_NO_PAD.encode(SALT), STANDARD_NO_PAD.encode(hash));
    Ok(format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p=1${salt}${hash}"))
}

fn argon2id() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, Some(32)).map_err(|error| anyhow!("{error}"))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// RS256 signatures a second with a key of 2,048 bits.
pub(super) fn signatures(seconds: u32) -> Result<f64> {
    let key = KeyPair::generate(KeySize::Rsa2048)?;
    rate(seconds, || {
        let (key, random) = (&key, SystemRandom::new());
        let mut signature = vec![0; key.public_modulus_len()];
        move || {
            key.sign(&RSA_PKCS1_SHA256, &random, &[7; 900], &mut signature).context("signing")?;
            Ok(())
        }
    })
}

/// How often a second all processors together do some work that `begin` makes for each of them.
fn rate<W: FnMut() -> Result<()>>(seconds: u32, begin: impl Fn() -> W + Sync) -> Result<f64> {
    let over = AtomicBool::new(false);
    let started = Instant::now();
    let done = thread::scope(|scope| -> Result<u32> {
        let workers: Vec<_> = (0..thread::available_parallelism()?.get())
            .map(|_| {
                scope.spawn(|| -> Result<u32> {
                    let (mut work, mut done) = (begin(), 0);
                    while !over.load(Ordering::Relaxed) {
                        work()?;
                        done += 1;
                    }
                    Ok(done)
                })
            })
            .collect();
        thread::sleep(Duration::from_secs(u64::from(seconds)));
        over.store(true, Ordering::Relaxed);
        workers.into_iter().map(|worker| worker.join().map_err(|_| anyhow!("a worker died"))?).sum()
    })?;
    Ok(f64::from(done) / started.elapsed().as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_counted_on_all_processors() {
        let threads = thread::available_parallelism().unwrap().get();
        let begun = std::sync::atomic::AtomicUsize::new(0);
        let counted = rate(1, || {
            begun.fetch_add(1, Ordering::Relaxed);
            || {
                thread::sleep(Duration::from_millis(1));
                Ok(())
            }
        });
        assert!(counted.unwrap() > 0.0);
        assert_eq!(begun.load(Ordering::Relaxed), threads);
        assert!(rate(1, || || Err(anyhow!("broken"))).is_err());
    }
}
