//! SRP as a door takes it, with a client of the test's own on the other side.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto_bigint::modular::{ConstMontyForm, ConstMontyParams};
use crypto_bigint::{U256, U512, U3072, Uint, const_monty_params};
use garita_app::srp::{Answer, Beginning, Parameters, Proved};
use garita_model::{Clock as _, Error, Sealed, Secret};
use garita_testkit::TestGarita;
use jiff::SignedDuration;

const POOL: &str = "eu-west-1_Team";
const STAMP: &str = "Sun Mar 1 12:00:00 UTC 2026";

const_monty_params!(
    Modulus,
    U3072,
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3BE39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF"
);
type Number = ConstMontyForm<Modulus, { U3072::LIMBS }>;

fn number(hex: &str) -> Number {
    Number::new(&U3072::from_be_hex(&format!("{hex:0>768}")))
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u32> = hex.chars().map(|c| c.to_digit(16).unwrap()).collect();
    digits.chunks(2).map(|pair| pair.iter().fold(0, |n, digit| n * 16 + *digit as u8)).collect()
}

/// As clients hash numbers: the fewest bytes that are not read as negative.
fn padded(bytes: &[u8]) -> Vec<u8> {
    let number: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
    if number.first().is_none_or(|first| first & 0x80 != 0) { [vec![0], number].concat() } else { number }
}

fn sha(parts: &[&[u8]]) -> Vec<u8> {
    digest(&SHA256, &parts.concat()).as_ref().to_vec()
}

fn sign(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), &parts.concat()).as_ref().to_vec()
}

/// The client's a, and A.
const SMALL_A: u64 = 0x1234_5678_9abc_def1;

fn srp_a() -> String {
    let a = number("2").pow(&U256::from_u64(SMALL_A)).retrieve();
    a.to_be_bytes().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `PASSWORD_CLAIM_SIGNATURE`: S = (B - k·g^x)^(a + u·x).
fn claim(given: &Parameters, password: &str) -> String {
    let wide = |hash: &[u8]| U256::from_be_slice(hash);
    let inner = sha(&[format!("Team{}:{password}", given.user_id_for_srp).as_bytes()]);
    let x = wide(&sha(&[&padded(&bytes(&given.salt)), &inner]));
    let u = wide(&sha(&[&padded(&bytes(&srp_a())), &padded(&bytes(&given.srp_b))]));
    let modulus = Modulus::PARAMS.modulus().as_ref().to_be_bytes();
    let k = Number::new(&Uint::resize(&wide(&sha(&[&padded(modulus.as_ref()), &[2]]))));
    let exponent: U512 = u.concatenating_mul(&x).wrapping_add(&U512::from_u64(SMALL_A));
    let base = number(&given.srp_b) - k * number("2").pow(&x);
    let shared = base.pow(&exponent).retrieve().to_be_bytes();
    let prk = sign(&padded(u.to_be_bytes().as_ref()), &[&padded(shared.as_ref())]);
    let key = sign(&prk, &[b"Caldera Derived Key\x01"]);
    let block = STANDARD.decode(&given.secret_block).unwrap();
    let message = [b"Team", given.user_id_for_srp.as_bytes(), &block, STAMP.as_bytes()];
    STANDARD.encode(sign(key.get(..16).unwrap(), &message))
}

async fn begin(garita: &TestGarita, verifier: Option<Sealed>, srp_a: String) -> Result<Parameters, Error> {
    let from = Beginning {
        pool: POOL.to_owned(),
        client: "c1".to_owned(),
        username: "ana".to_owned(),
        id: [5; 16],
        verifier,
        srp_a,
        now: garita.clock.now(),
        within: SignedDuration::from_mins(3),
    };
    garita.app.begin_srp(from).await
}

async fn finish(
    garita: &TestGarita,
    given: &Parameters,
    verifier: Option<Sealed>,
    password: &str,
) -> Option<Proved> {
    let pending = garita.app.open_srp(POOL, "c1", &given.secret_block, garita.clock.now())?;
    assert_eq!(pending.username(), "ana");
    let (pool, timestamp) = (POOL.to_owned(), STAMP.to_owned());
    let answer = Answer { pending, pool, verifier, signature: claim(given, password), timestamp };
    garita.app.finish_srp(answer).await.unwrap()
}

#[tokio::test]
async fn a_password_is_proved_without_being_sent() {
    let garita = TestGarita::new().await;
    let stored = async |password: &str| {
        let password = Secret::new(password.to_owned());
        Some(garita.app.srp_verifier(POOL, "ana", &password).await.unwrap())
    };
    let verifier = stored("Passw0rd!").await;
    let given = begin(&garita, verifier.clone(), srp_a()).await.unwrap();
    let proved = finish(&garita, &given, verifier.clone(), "Passw0rd!").await;
    assert_eq!(proved, Some(Proved { username: "ana".to_owned(), id: [5; 16] }));
    assert_eq!(finish(&garita, &given, verifier.clone(), "passw0rd!").await, None);
    let changed = stored("another").await;
    assert_eq!(finish(&garita, &given, changed, "Passw0rd!").await, None, "changed meanwhile");
    assert_eq!(finish(&garita, &given, None, "Passw0rd!").await, None, "deleted meanwhile");
    garita.clock.advance(SignedDuration::from_mins(3));
    assert_eq!(finish(&garita, &given, verifier, "Passw0rd!").await, None, "too late");
}

#[tokio::test]
async fn somebody_who_is_not_there_fails_in_the_end() {
    let garita = TestGarita::new().await;
    let one = begin(&garita, None, srp_a()).await.unwrap();
    let two = begin(&garita, None, srp_a()).await.unwrap();
    assert_eq!(one.salt, two.salt);
    assert_ne!(one.srp_b, two.srp_b);
    assert_eq!(finish(&garita, &one, None, "Passw0rd!").await, None);
    let refused = begin(&garita, None, "0".to_owned()).await.map(|_| ()).unwrap_err();
    assert!(matches!(refused, Error::Invalid { field: "SRP_A", .. }), "{refused}");
}

#[tokio::test]
async fn a_verifier_is_bound_to_its_user() {
    let garita = TestGarita::new().await;
    let password = Secret::new("Passw0rd!".to_owned());
    let bobs = garita.app.srp_verifier(POOL, "bob", &password).await.unwrap();
    let refused = begin(&garita, Some(bobs), srp_a()).await.map(|_| ()).unwrap_err();
    assert!(matches!(refused, Error::Internal(_)), "a verifier in the wrong place is a damaged store");
}
