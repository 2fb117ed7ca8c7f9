//! `Numeric*` operators: integers and decimals of any length, compared exactly.
//!
//! Not floating point: two account numbers of twenty digits must not become equal.
//! INVARIANT: `whole` has no leading and `fraction` no trailing zero, and zero is not negative, so equal numbers
//! are equal values and digits compare as text.
//! IAM User Guide, "Numeric condition operators".

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::parse_error::quoted;

/// Longest number and largest exponent read.
const MAX_DIGITS: usize = 128;

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Decimal<'a> {
    negative: bool,
    whole: Cow<'a, str>,
    fraction: Cow<'a, str>,
}

impl<'a> Decimal<'a> {
    pub(super) fn operand(text: &str) -> Result<Decimal<'static>, String> {
        let number = Decimal::read(text).ok_or_else(|| format!("{} is not a number", quoted(text)))?;
        Ok(number.into_owned())
    }

    fn into_owned(self) -> Decimal<'static> {
        let own = |digits: Cow<'_, str>| Cow::Owned(digits.into_owned());
        Decimal { negative: self.negative, whole: own(self.whole), fraction: own(self.fraction) }
    }

    /// Reads `[+-]digits[.digits][e[+-]digits]`.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        if text.len() > MAX_DIGITS {
            return None;
        }
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, read_exponent(exponent)?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (mantissa, ""),
        };
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) {
            return None;
        }
        Some(Self::shifted(negative, whole, fraction, exponent))
    }

    /// Moves the point by `exponent` places to the right.
    fn shifted(negative: bool, whole: &'a str, fraction: &'a str, exponent: i16) -> Self {
        if exponent == 0 {
            let whole = whole.trim_start_matches('0');
            let fraction = fraction.trim_end_matches('0');
            let negative = negative && !(whole.is_empty() && fraction.is_empty());
            return Self { negative, whole: whole.into(), fraction: fraction.into() };
        }
        let places = usize::from(exponent.unsigned_abs());
        let zeros = "0".repeat(places);
        let (whole, fraction) = if exponent >= 0 {
            let digits = format!("{fraction}{zeros}");
            let (moved, left) = digits.split_at_checked(places).unwrap_or((&digits, ""));
            (format!("{whole}{moved}"), left.to_owned())
        } else {
            let digits = format!("{zeros}{whole}");
            let (left, moved) = digits.split_at_checked(digits.len() - places).unwrap_or(("", &digits));
            (left.to_owned(), format!("{moved}{fraction}"))
        };
        let whole = whole.trim_start_matches('0').to_owned();
        let fraction = fraction.trim_end_matches('0').to_owned();
        let negative = negative && !(whole.is_empty() && fraction.is_empty());
        Self { negative, whole: whole.into(), fraction: fraction.into() }
    }

    fn compare_size(&self, other: &Decimal<'_>) -> Ordering {
        let by_length = self.whole.len().cmp(&other.whole.len());
        by_length.then_with(|| self.whole.cmp(&other.whole)).then_with(|| self.fraction.cmp(&other.fraction))
    }
}

fn read_exponent(text: &str) -> Option<i16> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let exponent = text.parse::<i16>().ok()?;
    (usize::from(exponent.unsigned_abs()) <= MAX_DIGITS).then_some(exponent)
}

impl Ord for Decimal<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, false) => self.compare_size(other),
            (true, true) => other.compare_size(self),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Decimal<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
