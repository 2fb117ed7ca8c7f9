//! Where nouns live: the only crate that knows SQL, and the audit trail on disk.
//!
//! Read top-down: [`Store`] takes changes, one [`Transaction`] at a time; [`Snapshot`] is what everyone reads,
//! immutable and compiled, at one revision; [`Trail`] is the append-only record of what was answered.
//! INVARIANT: a change is in the database, synchronously, before its future resolves, and the snapshot that holds it
//! is in place by then. INVARIANT: a row, a statement or a database error never leaves this crate.

mod aws_managed;
mod database;
mod failure;
mod inbox;
mod migration;
mod record;
pub mod snapshot;
mod statement;
mod store;
pub mod trail;
mod transaction;
mod writer;

pub use aws_managed::{AwsManagedPolicy, aws_managed};
pub use record::Record;
pub use snapshot::{PoolName, PrincipalRef, Snapshot};
pub use store::{PendingRecord, Store};
pub use trail::{Intent, Ticket, Trail};
pub use transaction::Transaction;
