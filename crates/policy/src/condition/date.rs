//! `Date*` operators: an instant as a W3C profile of ISO 8601, or as seconds since 1970.
//!
//! `2026`, `2026-11`, `2026-11-21`, `2026-11-21T10:30Z`, `...T10:30:00.5+01:00`, `1795257000`. Four digits are a
//! year, other digits alone are seconds; a date without a time is its midnight, a time without a zone is UTC.
//! All compare on one scale, so an epoch second equals the ISO text of the same instant.
//! IAM User Guide, "Date condition operators"; <https://www.w3.org/TR/NOTE-datetime>.

use jiff::Timestamp;

use crate::parse_error::quoted;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Instant(Timestamp);

impl Instant {
    pub(super) fn operand(text: &str) -> Result<Self, String> {
        Self::read(text).ok_or_else(|| format!("{} is not a date", quoted(text)))
    }

    pub(super) fn read(text: &str) -> Option<Self> {
        if text.len() > 40 {
            return None;
        }
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if digits(text) && text.len() != 4 {
            return Timestamp::from_second(text.parse().ok()?).ok().map(Self);
        }
        let (date, time) = match text.split_once('T') {
            Some((date, time)) => (date, Some(time)),
            None => (text, None),
        };
        let mut parts = date.split('-');
        let lengths = [4, 2, 2].map(|length| match parts.next() {
            Some(part) => digits(part) && part.len() == length,
            None => time.is_none(),
        });
        if parts.next().is_some() || lengths.contains(&false) {
            return None;
        }
        let midnight = match date.len() {
            4 => format!("{date}-01-01"),
            7 => format!("{date}-01"),
            _ => date.to_owned(),
        };
        let full = match time {
            None => format!("{midnight}T00:00:00Z"),
            Some(time) => format!("{midnight}T{}", with_zone(time)?),
        };
        full.parse().ok().map(Self)
    }
}

/// `hh:mm[:ss[.f]]`, with its zone made explicit; other shapes of ISO 8601 are refused.
fn with_zone(time: &str) -> Option<String> {
    let zone_at = time.find(['Z', '+', '-']);
    let (clock, zone) = time.split_at_checked(zone_at.unwrap_or(time.len()))?;
    let shape: String = clock.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let whole = shape.split_once('.').map_or(shape.as_str(), |(whole, _)| whole);
    let clock_is_good = whole == "00:00:00" || shape == "00:00";
    let zone_is_good = matches!(zone, "" | "Z") || (zone.len() == 6 && zone.get(3..4) == Some(":"));
    let zone = if zone.is_empty() { "Z" } else { zone };
    (clock_is_good && zone_is_good).then(|| format!("{clock}{zone}"))
}
