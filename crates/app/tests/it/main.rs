//! The verbs, driven in process: one binary for all of them.
#![allow(
    clippy::unwrap_used,
    clippy::string_slice,
    clippy::needless_pass_by_value,
    reason = "a stage that cannot be set must fail loudly; results are passed to be told"
)]

mod audit;
mod console;
mod federated;
mod federation;
mod forgotten;
mod iam;
mod live;
mod oauth;
mod outbound;
mod pool_keeping;
mod reach;
mod recovery;
mod srp;
mod stage;
mod sts;
mod token;
mod user_file;
mod web_identity;
