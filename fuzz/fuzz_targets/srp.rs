//! Any values of a sign-in by SRP: who does not know the password gets nowhere with them, and nothing panics.

#![no_main]

use std::sync::LazyLock;

use garita_app::Keyring;
use garita_app::srp::{Pending, SignIn, Verifier, begin};
use garita_model::{Secret, SystemEntropy};
use jiff::{SignedDuration, Timestamp};
use libfuzzer_sys::fuzz_target;

const POOL: &str = "eu-west-1_Ab3dE5gH9";
const CLIENT: &str = "1client";

static KEYRING: LazyLock<Keyring> = LazyLock::new(|| Keyring::new(&Secret::new([7; 32])));
static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| {
    let password = Secret::new("Tell-nobody-1".to_owned());
    Verifier::of(POOL, "ana", &password, &SystemEntropy).expect("there is randomness")
});

// By lines: `SRP_A`, the signature, the timestamp, and a secret block.
fuzz_target!(|text: &str| {
    let mut lines = text.splitn(4, '\n');
    let [srp_a, signature, timestamp, block] = [(); 4].map(|()| lines.next().unwrap_or_default());
    let now = Timestamp::UNIX_EPOCH;
    assert!(Pending::open(&KEYRING, POOL, CLIENT, block, now).is_none());
    let within = SignedDuration::from_mins(3);
    let sign_in = SignIn { pool: POOL, client: CLIENT, username: "ana", id: [1; 16], now, within };
    let Ok(given) = begin(&KEYRING, &SystemEntropy, &sign_in, &VERIFIER, srp_a) else { return };
    let pending = Pending::open(&KEYRING, POOL, CLIENT, &given.secret_block, now).expect("it was given out");
    assert_eq!(pending.username(), "ana");
    assert!(!pending.prove(&VERIFIER, signature, timestamp));
});
