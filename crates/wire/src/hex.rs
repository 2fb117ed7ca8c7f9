//! Lower-case hexadecimal of 32-byte digests, the only base-16 in SigV4.
//!
//! INVARIANT: `decode` takes exactly what `encode` gives: 64 lower-case digits. An upper-case signature is another
//! text, and no AWS signer writes one.

/// The 64 lower-case digits of a digest.
pub(crate) fn encode(digest: &[u8; 32]) -> String {
    let mut text = String::with_capacity(64);
    for byte in digest {
        for nibble in [byte >> 4, byte & 0xf] {
            text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
    }
    text
}

/// The digest that 64 lower-case digits stand for.
pub(crate) fn decode(text: &str) -> Option<[u8; 32]> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != 32 || !rest.is_empty() {
        return None;
    }
    let mut digest = [0; 32];
    for (byte, [high, low]) in digest.iter_mut().zip(pairs) {
        *byte = nibble(*high)? << 4 | nibble(*low)?;
    }
    Some(digest)
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_encode_gives_is_decoded() {
        let digest = std::array::from_fn(|i| (i * 9) as u8);
        let text = encode(&digest);
        assert_eq!(decode(&text), Some(digest));
        assert_eq!(decode(&text.to_uppercase()), None);
        assert_eq!(decode(&"0".repeat(62)), None);
        assert_eq!(decode(&format!("{text}0")), None);
        assert_eq!(decode(&"é".repeat(32)), None);
    }
}
