//! The AWS API over a real HTTP server on loopback, signed as clients sign; time and randomness are the test's.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::string_slice,
    clippy::indexing_slicing,
    reason = "a test that cannot set up must fail loudly"
)]

mod account;
mod door;
mod explanations;
mod groups;
mod instance_profiles;
mod keys;
mod mfa;
mod passwords;
mod policies;
mod providers;
mod refusals;
mod reports;
mod roles;
mod sessions;
mod sign_in;
mod signatures;
mod simulator;
mod ssh_keys;
mod table;
mod user_pools;
mod users;
mod web_identity;
