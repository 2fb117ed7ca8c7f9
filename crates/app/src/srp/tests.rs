//! SRP against vectors that were computed by other code, and against what a cheat would send.

use garita_model::SystemEntropy;

use super::*;

/// Made by `tests/vectors/srp.py`.
const VECTORS: &str = include_str!("../../tests/vectors/srp.txt");
const POOL: &str = "eu-west-1_Ab3dE5gH9";
const STAMP: &str = "Sat Nov 21 00:16:09 UTC 2026";

fn secret(text: &str) -> Secret<String> {
    Secret::new(text.to_owned())
}

fn keyring() -> Keyring {
    Keyring::new(&Secret::new([7; 32]))
}

fn now() -> Timestamp {
    "2026-11-21T00:16:00Z".parse().unwrap()
}

fn sign_in(username: &str) -> SignIn<'_> {
    let within = SignedDuration::from_mins(3);
    SignIn { pool: POOL, client: "c1", username, id: [9; 16], now: now(), within }
}

fn full(number: &str) -> Vec<u8> {
    hex::decode(format!("{number:0>width$}", width = 2 * SIZE)).unwrap()
}

#[test]
fn numbers_are_those_of_independent_code() {
    let lines: Vec<Vec<&str>> =
        VECTORS.lines().filter(|l| !l.starts_with('#')).map(|l| l.split('\t').collect()).collect();
    assert_eq!(lines.len(), 12);
    for line in lines {
        let [suffix, user, password, salt, verifier, b, a, public, block, stamp, signature] = line[..] else {
            panic!("{line:?}")
        };
        let salt = hex::decode(format!("{salt:0>32}")).unwrap().try_into().unwrap();
        let made = Verifier::with_salt(salt, suffix, user, &secret(password));
        assert_eq!(made.power.to_vec(), full(verifier), "{user}");
        let b: [u8; 32] = hex::decode(format!("{b:0>64}")).unwrap().try_into().unwrap();
        assert_eq!(
            group::public(&Element::reduced(&made.power), &b).bytes().to_vec(),
            full(public),
            "{user}"
        );
        let pending = |suffix: &str| Pending {
            pool_suffix: suffix.to_owned(),
            a: read_number(a).unwrap(),
            b: Secret::new(b),
            username: user.to_owned(),
            id: [0; 16],
            block: STANDARD.decode(block).unwrap(),
        };
        assert!(pending(suffix).prove(&made, signature, stamp), "{user}");
        for (password, stamp, suffix) in [
            ("wrong", stamp, suffix),
            (password, "Sat Nov 21 00:16:10 UTC 2026", suffix),
            (password, stamp, "Other"),
        ] {
            let made = Verifier::with_salt(salt, suffix, user, &secret(password));
            assert!(!pending(suffix).prove(&made, signature, stamp));
        }
    }
}

/// What an honest client answers. The shared secret comes from the server's half: the vectors hold the client's.
fn claim(parameters: &Parameters, verifier: &Verifier) -> String {
    let pending = Pending::open(&keyring(), POOL, "c1", &parameters.secret_block, now()).unwrap();
    let power = Element::reduced(&verifier.power);
    let public = hex::decode(&parameters.srp_b).unwrap();
    let u = sha256(&[&padded(&pending.a.bytes()), &padded(&public)]);
    let shared = group::shared(&pending.a, &power, &u, pending.b.expose());
    let key = session_key(&padded(&shared.bytes()), &u).unwrap();
    let block = STANDARD.decode(&parameters.secret_block).unwrap();
    let message = [b"Ab3dE5gH9", &b"ana"[..], &block, STAMP.as_bytes()].concat();
    STANDARD.encode(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key.expose()), &message))
}

#[test]
fn a_challenge_is_good_for_its_pool_client_and_time() {
    let keyring = keyring();
    let at = sign_in("ana");
    let verifier = Verifier::of(POOL, "ana", &secret("pw"), &SystemEntropy).unwrap();
    let verifier = Verifier::from_bytes(verifier.to_bytes().expose()).unwrap();
    let given = begin(&keyring, &SystemEntropy, &at, &verifier, "02").unwrap();
    assert_eq!((given.salt.len(), given.user_id_for_srp.as_str()), (32, "ana"));
    let signature = claim(&given, &verifier);
    let open = |pool, client, block: &str, now| Pending::open(&keyring, pool, client, block, now);
    let pending = open(POOL, "c1", &given.secret_block, now()).unwrap();
    assert_eq!((pending.username(), pending.id()), ("ana", [9; 16]));
    assert!(pending.prove(&verifier, &signature, STAMP));
    for (signature, stamp) in [
        ("", STAMP),
        ("AAAA", STAMP),
        (&signature.replacen(char::is_alphanumeric, "", 4), STAMP),
        (&signature, ""),
        (&signature, &"x".repeat(65)),
    ] {
        assert!(!pending.prove(&verifier, signature, stamp));
    }
    let other = Verifier::of(POOL, "ana", &secret("other"), &SystemEntropy).unwrap();
    assert!(!pending.prove(&other, &signature, STAMP), "the password was changed meanwhile");

    let later = now() + at.within;
    assert!(open(POOL, "c1", &given.secret_block, later).is_none(), "over");
    assert!(open(POOL, "c2", &given.secret_block, now()).is_none(), "another client");
    assert!(open("eu-west-1_Other", "c1", &given.secret_block, now()).is_none(), "another pool");
    let ring = Keyring::new(&Secret::new([8; 32]));
    assert!(Pending::open(&ring, POOL, "c1", &given.secret_block, now()).is_none(), "another Garita");
    for block in
        ["", "AAAA", "!", &"A".repeat(5000), &given.secret_block.replacen(char::is_alphanumeric, "", 4)]
    {
        assert!(open(POOL, "c1", block, now()).is_none());
    }
}

#[test]
fn values_that_settle_the_answer_are_refused() {
    let at = sign_in("ana");
    let verifier = Verifier::of(POOL, "ana", &secret("pw"), &SystemEntropy).unwrap();
    let modulus = VECTORS_MODULUS;
    let doubled = format!("1{modulus}");
    for srp_a in ["", "0", "00", &"0".repeat(768), modulus, &doubled, "xyz", "-1", "2 ", &"f".repeat(769)] {
        let refused = begin(&keyring(), &SystemEntropy, &at, &verifier, srp_a).err();
        assert!(matches!(refused, Some(Error::Invalid { field: "SRP_A", .. })), "{srp_a}");
    }
    for srp_a in ["2", "02", "0002", &format!("00{}", "7f".repeat(SIZE))] {
        assert!(begin(&keyring(), &SystemEntropy, &at, &verifier, srp_a).is_ok(), "{srp_a}");
    }
}

#[test]
fn users_that_are_not_there_look_like_others() {
    let made_up = |pool, user| Verifier::made_up(&keyring(), pool, user).unwrap();
    let one = made_up(POOL, "nobody");
    assert!(one.to_bytes().expose() == made_up(POOL, "nobody").to_bytes().expose(), "the same each time");
    for (pool, user) in [(POOL, "nobody2"), ("eu-west-1_Other", "nobody"), ("eu-west-1_Ab3dE5gH9n", "obody")]
    {
        assert_ne!(one.salt, made_up(pool, user).salt, "{pool} {user}");
    }
    let given = begin(&keyring(), &SystemEntropy, &sign_in("nobody"), &one, "02").unwrap();
    let known = Verifier::of(POOL, "ana", &secret("pw"), &SystemEntropy).unwrap();
    let other = begin(&keyring(), &SystemEntropy, &sign_in("ana123"), &known, "02").unwrap();
    assert_eq!(given.salt.len(), other.salt.len());
    assert_eq!(given.srp_b.len(), other.srp_b.len());
    assert_eq!(given.secret_block.len(), other.secret_block.len());
}

const VECTORS_MODULUS: &str = "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3BE39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF";
