//! One-time codes: TOTP with SHA-1, steps of thirty seconds, six digits, as authenticator apps have it (RFC 6238).

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use jiff::Timestamp;

/// Seconds of a time step.
const STEP: i64 = 30;

/// The time step of a moment.
pub(crate) fn step_of(time: Timestamp) -> i64 {
    time.as_second().div_euclid(STEP)
}

/// Whether `code` is the code of a time step.
pub(crate) fn is_code(seed: &[u8], step: i64, code: &str) -> bool {
    verify_slices_are_equal(code_of(seed, step).as_bytes(), code.as_bytes()).is_ok()
}

/// The code of a time step: RFC 4226 §5.3.
pub(crate) fn code_of(seed: &[u8], step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, seed);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let offset = tag.as_ref().last().map_or(0, |byte| usize::from(byte & 0xf));
    let word = tag.as_ref().iter().skip(offset).take(4).fold(0_u32, |n, b| (n << 8) | u32::from(*b));
    format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
}

/// Bytes as base32 without padding (RFC 4648 §6).
pub(crate) fn base32(bytes: &[u8]) -> String {
    let letter =
        |value: usize| b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".get(value).map_or('A', |b| char::from(*b));
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    for chunk in bytes.chunks(5) {
        let bits = chunk.iter().fold(0_u64, |n, b| (n << 8) | u64::from(*b)) << (8 * (5 - chunk.len()));
        let letters = (chunk.len() * 8).div_ceil(5);
        text.extend((0..letters).map(|i| letter(usize::try_from((bits >> (35 - 5 * i)) & 31).unwrap_or(0))));
    }
    text
}

/// Bytes from base32, in either case, with or without padding; none for anything else.
pub(crate) fn from_base32(text: &str) -> Option<Vec<u8>> {
    let letters = text.trim_end_matches('=').bytes();
    let (mut bytes, mut held, mut bits) = (Vec::with_capacity(text.len() * 5 / 8), 0_u32, 0_u32);
    for letter in letters {
        let value = match letter.to_ascii_uppercase() {
            letter @ b'A'..=b'Z' => letter - b'A',
            digit @ b'2'..=b'7' => digit - b'2' + 26,
            _ => return None,
        };
        held = (held << 5) | u32::from(value);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((held >> bits) & 0xff).ok()?);
            held &= (1 << bits) - 1;
        }
    }
    // What is left over is less than a letter, and zero.
    (bits < 5 && held == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_rfc() {
        // RFC 6238, appendix B, the last six of its eight digits.
        for (second, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            let step = step_of(Timestamp::from_second(second).unwrap());
            assert_eq!(code_of(b"12345678901234567890", step), code);
            assert!(is_code(b"12345678901234567890", step, code));
            assert!(!is_code(b"12345678901234567890", step + 1, code));
        }
        assert!(!is_code(b"x", 1, "") && !is_code(b"x", 1, "12345a"));
    }

    #[test]
    fn base32_is_that_of_the_rfc() {
        let table = [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
        ];
        for (plain, text) in table {
            assert_eq!(base32(plain.as_bytes()), text);
            for text in [text.to_owned(), text.to_lowercase(), format!("{text}==")] {
                assert_eq!(from_base32(&text).as_deref(), Some(plain.as_bytes()), "{text}");
            }
        }
        assert!(
            ["M", "MZ1W6", "MZ W6", "MZXW6Y", "MB", "=MY"].iter().all(|text| from_base32(text).is_none())
        );
    }
}
