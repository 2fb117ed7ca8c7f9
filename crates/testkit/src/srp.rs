//! The other side of a sign-in by SRP: what an app does that knows a password and does not send it.
//!
//! Its secret exponent is always the same, so that a test that fails does so again. Amazon Cognito's flavour of RFC 5054.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crypto_bigint::modular::{ConstMontyForm, ConstMontyParams};
use crypto_bigint::{U256, U512, U3072, Uint, const_monty_params};
use garita_app::srp::Parameters;

/// When a claim was made, as clients write it.
pub const SRP_TIMESTAMP: &str = "Sun Mar 1 12:00:00 UTC 2026";

const_monty_params!(
    Modulus,
    U3072,
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3BE39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA051015728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200CBBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF"
);
type Number = ConstMontyForm<Modulus, { U3072::LIMBS }>;

/// The client's a.
const SMALL_A: u64 = 0x1234_5678_9abc_def1;

/// `SRP_A`: g^a.
pub fn srp_a() -> String {
    let a = number("2").pow(&U256::from_u64(SMALL_A)).retrieve();
    a.to_be_bytes().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `PASSWORD_CLAIM_SIGNATURE` at [`SRP_TIMESTAMP`], for a pool by its id: S = (B - k·g^x)^(a + u·x).
pub fn srp_claim(pool: &str, given: &Parameters, password: &str) -> String {
    let pool = pool.rsplit('_').next().unwrap();
    let wide = |hash: &[u8]| U256::from_be_slice(hash);
    let inner = sha(&[format!("{pool}{}:{password}", given.user_id_for_srp).as_bytes()]);
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
    let message = [pool.as_bytes(), given.user_id_for_srp.as_bytes(), &block, SRP_TIMESTAMP.as_bytes()];
    STANDARD.encode(sign(key.get(..16).unwrap(), &message))
}

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
