//! Instants as SigV4 writes them: ISO 8601 "basic format", `20260101T000000Z`.
//!
//! INVARIANT: `parse` takes exactly what `basic` gives. Spec: IAM User Guide, "Elements of an AWS API request signature".

use jiff::{Timestamp, civil, tz::TimeZone};

/// `20260101T000000Z`.
pub(super) fn basic(at: Timestamp) -> String {
    let at = TimeZone::UTC.to_datetime(at);
    format!("{}T{:02}{:02}{:02}Z", day(at), at.hour(), at.minute(), at.second())
}

/// `20260101`, the day of a credential scope.
pub(super) fn basic_date(at: Timestamp) -> String {
    day(TimeZone::UTC.to_datetime(at))
}

/// The instant that `20260101T000000Z` names; `None` for any other shape.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let ([year_high, year_low, month, day], [hour, minute, second]) = (pairs(date)?, pairs(time)?);
    let year = i16::from(year_high) * 100 + i16::from(year_low);
    let at = civil::DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
    TimeZone::UTC.to_timestamp(at).ok()
}

fn day(at: civil::DateTime) -> String {
    format!("{:04}{:02}{:02}", at.year(), at.month(), at.day())
}

fn pairs<const N: usize>(digits: &str) -> Option<[i8; N]> {
    let (chunks, rest) = digits.as_bytes().as_chunks::<2>();
    if chunks.len() != N || !rest.is_empty() {
        return None;
    }
    let mut out = [0; N];
    for (value, [tens, units]) in out.iter_mut().zip(chunks) {
        if !tens.is_ascii_digit() || !units.is_ascii_digit() {
            return None;
        }
        *value = i8::try_from((tens - b'0') * 10 + (units - b'0')).ok()?;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_basic_format_is_read() {
        let at = parse("20260101T235958Z").unwrap();
        assert_eq!((basic(at).as_str(), basic_date(at).as_str()), ("20260101T235958Z", "20260101"));
        for bad in [
            "",
            "Z",
            "20260101T235958",
            "20260101 235958Z",
            "2026-01-01T23:59:58Z",
            "20261301T000000Z",
            "20260230T000000Z",
            "20260101T250000Z",
            "20260101T0000000Z",
            "+0260101T000000Z",
            "2026010éT000000Z",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
