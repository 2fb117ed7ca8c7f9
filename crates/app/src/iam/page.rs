//! Paging: one mechanism for every list.
//!
//! A marker names the last item that was given out, so a list goes on where it was even when items come and go
//! meanwhile: nothing that stays is skipped or given twice. INVARIANT: a marker made for one list is refused by another.
//! IAM API reference, "Common parameters": `Marker`, `MaxItems`, `IsTruncated`.

use garita_model::{Error, Result};

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
