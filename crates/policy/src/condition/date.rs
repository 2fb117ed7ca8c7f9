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
        let mut full = Line::default();
        let first_day = match date.len() {
            4 => "-01-01",
            7 => "-01",
            _ => "",
        };
        let (clock, zone) = time.map_or(Some(("00:00:00", "Z")), clock_and_zone)?;
        [date, first_day, "T", clock, zone].into_iter().try_for_each(|part| full.push(part))?;
        full.as_str()?.parse().ok().map(Self)
    }
}

/// A short text put together without taking memory.
struct Line {
    bytes: [u8; 64],
    len: usize,
}

impl Default for Line {
    fn default() -> Self {
        Self { bytes: [0; 64], len: 0 }
    }
}

impl Line {
    fn push(&mut self, text: &str) -> Option<()> {
        let end = self.len + text.len();
        self.bytes.get_mut(self.len..end)?.copy_from_slice(text.as_bytes());
        self.len = end;
        Some(())
    }

    fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(self.bytes.get(..self.len)?).ok()
    }
}

/// `hh:mm[:ss[.f]]` and its zone, made explicit; other shapes of ISO 8601 are refused.
fn clock_and_zone(time: &str) -> Option<(&str, &str)> {
    let zone_at = time.find(['Z', '+', '-']);
    let (clock, zone) = time.split_at_checked(zone_at.unwrap_or(time.len()))?;
    let whole = clock.split_once('.').map_or(clock, |(whole, _)| whole);
    let clock_is_good = has_shape(whole, "00:00:00") || has_shape(clock, "00:00");
    let zone_is_good = matches!(zone, "" | "Z") || (zone.len() == 6 && zone.get(3..4) == Some(":"));
    let zone = if zone.is_empty() { "Z" } else { zone };
    (clock_is_good && zone_is_good).then_some((clock, zone))
}

/// Whether `text` has a digit wherever `shape` has a zero, and is the same elsewhere.
fn has_shape(text: &str, shape: &str) -> bool {
    let fits = |(byte, wanted): (u8, u8)| if wanted == b'0' { byte.is_ascii_digit() } else { byte == wanted };
    text.len() == shape.len() && text.bytes().zip(shape.bytes()).all(fits)
}
