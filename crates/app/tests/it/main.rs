//! The verbs, driven in process: one binary for all of them.

mod iam;
mod live;
mod stage;
mod sts;
