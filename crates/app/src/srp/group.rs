//! The arithmetic of Cognito's SRP: RFC 5054's protocol over the 3072-bit group of RFC 3526 section 5, hashed the way
//! Cognito's clients hash.
//!
//! Secret exponents and bases go through constant-time exponentiation only. What is hashed is written as a signed number
//! of the fewest bytes ([`padded`]): the clients take it from hexadecimal text and put `00` in front where the first
//! bit is set.

use crypto_bigint::modular::ConstMontyForm;
use crypto_bigint::{U256, U3072, Uint, const_monty_params};

use crate::hash::sha256;

/// Bytes of a number below the modulus.
pub(super) const SIZE: usize = 384;

const_monty_params!(
    Modulus,
    U3072,
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD\
     EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED\
     EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F\
     83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B\
     E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510\
     15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7\
     ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C\
     BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
    "The safe prime of RFC 3526 section 5."
);

/// A number below the modulus.
#[derive(Clone, Copy)]
pub(super) struct Element(ConstMontyForm<Modulus, { U3072::LIMBS }>);

impl Element {
    /// The number of exactly so many bytes, taken modulo the prime.
    pub(super) fn reduced(bytes: &[u8; SIZE]) -> Self {
        Self(ConstMontyForm::new(&U3072::from_be_slice(bytes)))
    }

    /// A number that someone sent; none when it is zero, or not below the prime: both would make the answer one that
    /// does not depend on the password (RFC 5054 section 2.5.4).
    pub(super) fn received(bytes: &[u8]) -> Option<Self> {
        let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
        let number = bytes.get(zeros..).filter(|number| !number.is_empty() && number.len() <= SIZE)?;
        let mut full = [0; SIZE];
        full.get_mut(SIZE - number.len()..)?.copy_from_slice(number);
        let element = Self::reduced(&full);
        (element.bytes() == full).then_some(element)
    }

    /// Its bytes.
    pub(super) fn bytes(&self) -> [u8; SIZE] {
        let mut bytes = [0; SIZE];
        let encoded = self.0.retrieve().to_be_bytes();
        bytes.iter_mut().zip(encoded.as_ref()).for_each(|(to, from)| *to = *from);
        bytes
    }

    fn power(&self, exponent: &[u8; 32]) -> Self {
        Self(self.0.pow(&U256::from_be_slice(exponent)))
    }
}

/// g^x.
pub(super) fn verifier(x: &[u8; 32]) -> Element {
    Element(ConstMontyForm::new(&U3072::from_u8(2))).power(x)
}

/// B = k·v + g^b.
pub(super) fn public(verifier_of_password: &Element, b: &[u8; 32]) -> Element {
    let k = ConstMontyForm::new(&widened(&multiplier()));
    Element(k * verifier_of_password.0 + verifier(b).0)
}

/// S = (A·v^u)^b.
pub(super) fn shared(a: &Element, verifier_of_password: &Element, u: &[u8; 32], b: &[u8; 32]) -> Element {
    Element(a.0 * verifier_of_password.power(u).0).power(b)
}

/// k = H(pad(N) ‖ pad(g)).
fn multiplier() -> [u8; 32] {
    let modulus = <Modulus as crypto_bigint::modular::ConstMontyParams<{ U3072::LIMBS }>>::PARAMS.modulus();
    sha256(&[&padded(modulus.as_ref().to_be_bytes().as_ref()), &[2]])
}

fn widened(number: &[u8; 32]) -> U3072 {
    let small: U256 = U256::from_be_slice(number);
    Uint::resize(&small)
}

/// A number as it is hashed: the fewest bytes, with a zero in front where it would seem negative.
pub(super) fn padded(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let number = bytes.get(zeros..).unwrap_or_default();
    let sign = number.first().is_none_or(|first| *first >= 0x80).then_some(0);
    sign.into_iter().chain(number.iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_padded_as_signed_ones() {
        for (number, hashed) in [
            (&[][..], &[0][..]),
            (&[0, 0], &[0]),
            (&[0x7f], &[0x7f]),
            (&[0x80], &[0, 0x80]),
            (&[0, 0, 0x80, 0], &[0, 0x80, 0]),
            (&[0, 1, 0], &[1, 0]),
        ] {
            assert_eq!(padded(number), hashed);
        }
    }

    #[test]
    fn numbers_that_would_settle_the_answer_are_refused() {
        let modulus =
            <Modulus as crypto_bigint::modular::ConstMontyParams<{ U3072::LIMBS }>>::PARAMS.modulus();
        let modulus = modulus.as_ref().to_be_bytes().as_ref().to_vec();
        let mut below = modulus.clone();
        below[SIZE - 1] -= 1;
        let above = [&[1][..], &[0; SIZE][..]].concat();
        for bad in
            [&[][..], &[0], &[0; SIZE], &modulus, &[&[0][..], &modulus].concat(), &[0xff; SIZE], &above]
        {
            assert!(Element::received(bad).is_none());
        }
        for good in [&[1][..], &[0, 0, 1], &below, &[0x7f; SIZE]] {
            assert!(Element::received(good).is_some());
        }
    }
}
