//! `application/x-www-form-urlencoded`, read strictly: in a query that is signed, and in the body of AWS Query.
//!
//! INVARIANT: total, and never lossy: a `%` that two hexadecimal digits don't follow is an error, not a literal, and
//! bytes stay bytes, so that two texts which differ never decode to one.
//!
//! Spec: WHATWG URL, "application/x-www-form-urlencoded parsing", made strict.

/// A percent escape that is none; the text says which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadEscape(pub &'static str);

/// The pairs of a raw text, split at `&` and the first `=`; empty ones are dropped.
pub fn raw_pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// Decodes one side of a pair; `+` is a space.
///
/// # Errors
/// A `%` that two hexadecimal digits do not follow.
pub fn decode(text: &str) -> Result<Vec<u8>, BadEscape> {
    if !text.contains(['%', '+']) {
        return Ok(text.as_bytes().to_vec());
    }
    for escape in text.split('%').skip(1) {
        match escape.as_bytes() {
            [high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {}
            [_, _, ..] => return Err(BadEscape("Illegal hex characters in escape (%) pattern")),
            _ => return Err(BadEscape("Incomplete trailing escape % sequence")),
        }
    }
    Ok(percent_encoding::percent_decode_str(&text.replace('+', " ")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoding_is_strict() {
        assert_eq!(decode("a+b%20c%c3%B1%00").unwrap(), "a b cñ\0".as_bytes());
        for bad in ["%", "%4", "a%zz", "%%41", "%é"] {
            assert!(decode(bad).is_err(), "{bad}");
        }
        assert_eq!(raw_pairs("a=b=c&&d&=e").collect::<Vec<_>>(), [("a", "b=c"), ("d", ""), ("", "e")]);
    }
}
