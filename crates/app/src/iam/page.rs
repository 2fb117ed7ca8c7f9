//! Paging: one mechanism for every list.
//!
//! A marker names the last item that was given out, so a list goes on where it was even when items come and go
//! meanwhile: nothing that stays is skipped or given twice. INVARIANT: a marker is accepted only by the list it was
//! made for (same action, same resource); it is authenticated under a derived key, so nobody can make one up.
//! IAM API reference, "Common parameters": `Marker`, `MaxItems`, `IsTruncated`.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use garita_model::{Error, Result};

use super::ask::Ask;
use crate::App;

/// Items in a part when the caller does not say.
pub(super) const USUAL: u32 = 100;
/// Most items in a part.
const MOST: u32 = 1000;
/// Bytes of authentication in a marker.
const TAG: usize = 16;

/// Which part of a list is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageRequest {
    /// What the part before ended with, as [`Page::marker`] gave it; none for the first part.
    pub marker: Option<String>,
    /// Most items, 1 to 1000; 100 when not given.
    pub max_items: Option<u32>,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where to go on; none when this was the last part (`IsTruncated` is false then).
    pub marker: Option<String>,
}

/// Cuts one list into parts.
pub(crate) struct Pager {
    mac: hmac::Key,
    scope: String,
    after: Option<String>,
    most: usize,
}

impl App {
    /// The pager for the list that `ask` asks for.
    pub(super) fn pager(&self, ask: &Ask, request: &PageRequest) -> Result<Pager> {
        self.pager_over(ask.scope(), request.marker.as_deref(), most(request.max_items)?)
    }

    /// The pager for the list that `scope` tells from all others, in parts of so many.
    pub(crate) fn pager_over(&self, scope: String, marker: Option<&str>, most: usize) -> Result<Pager> {
        let key = self.derive_key("iam-page-marker")?;
        let mac = hmac::Key::new(hmac::HMAC_SHA256, key.expose());
        let mut pager = Pager { mac, scope, after: None, most };
        pager.after = marker.map(|marker| pager.open(marker)).transpose()?;
        Ok(pager)
    }
}

impl Pager {
    /// The key of the last item of the part before.
    pub(crate) fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }

    /// The part of a list whose items come in ascending order of their keys.
    pub(crate) fn cut<T>(&self, sorted: impl IntoIterator<Item = (String, T)>) -> Page<T> {
        let mut rest =
            sorted.into_iter().filter(|(key, _)| self.after().is_none_or(|after| key.as_str() > after));
        let (mut items, mut last) = (Vec::new(), None);
        for (key, item) in rest.by_ref().take(self.most) {
            items.push(item);
            last = Some(key);
        }
        let marker = rest.next().and(last).map(|key| self.seal(&key));
        Page { items, marker }
    }

    /// The part of a list whose items come in any order.
    pub(crate) fn sort<T>(&self, items: impl IntoIterator<Item = (String, T)>) -> Page<T> {
        let mut items: Vec<(String, T)> = items.into_iter().collect();
        items.sort_by(|(a, _), (b, _)| a.cmp(b));
        self.cut(items)
    }

    fn seal(&self, key: &str) -> String {
        let mut bytes = self.tag(key);
        bytes.extend_from_slice(key.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn open(&self, marker: &str) -> Result<String> {
        let opened = || {
            let bytes = URL_SAFE_NO_PAD.decode(marker).ok()?;
            let (tag, key) = bytes.split_at_checked(TAG)?;
            let key = std::str::from_utf8(key).ok()?;
            verify_slices_are_equal(tag, &self.tag(key)).ok()?;
            Some(key.to_owned())
        };
        opened().ok_or_else(|| Error::invalid("marker", "Invalid Marker."))
    }

    fn tag(&self, key: &str) -> Vec<u8> {
        let tag = hmac::sign(&self.mac, format!("{}\0{key}", self.scope).as_bytes());
        tag.as_ref().iter().copied().take(TAG).collect()
    }
}

fn most(asked: Option<u32>) -> Result<usize> {
    let asked = asked.unwrap_or(USUAL);
    let relation = match asked {
        0 => "greater than or equal to 1",
        1..=MOST => return Ok(usize::try_from(asked).unwrap_or(usize::MAX)),
        _ => "less than or equal to 1000",
    };
    Err(Error::invalid(
        "maxItems",
        format!(
            "1 validation error detected: Value '{asked}' at 'maxItems' failed to satisfy constraint: Member must have value {relation}"
        ),
    ))
}

/// Whether a path begins with a prefix; without a prefix every path does.
pub(super) fn is_under(path: &str, prefix: Option<&str>) -> bool {
    prefix.is_none_or(|prefix| path.starts_with(prefix))
}

/// Checks a path prefix.
pub(super) fn check_prefix(prefix: Option<&str>) -> Result<()> {
    let fits = |text: &str| {
        text.starts_with('/') && text.len() <= 512 && text.bytes().all(|b| (0x21..=0x7e).contains(&b))
    };
    if prefix.is_none_or(fits) {
        return Ok(());
    }
    let message = "The specified value for pathPrefix is invalid. It must begin with / and contain only alphanumeric characters and/or / characters.";
    Err(Error::invalid("pathPrefix", message))
}
