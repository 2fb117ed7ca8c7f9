//! The store as its users see it, on a real disk.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that cannot go on fails"
)]

mod contract;
mod crash;
mod disk_full;
mod pools;
mod property;
mod things;
mod trail;
