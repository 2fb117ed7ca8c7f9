//! The whole program, driven from outside: one binary for all of it, so that it links once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    reason = "a test that cannot go on must fail loudly"
)]

mod account;
mod attacks;
mod audit;
mod crash;
mod disk_full;
mod enumeration;
mod explain;
mod harness;
mod help;
mod operations_golden;
mod policy;
mod relying_party;
mod start;
mod states;
mod who_can;
