//! From the errors of the database and of the file system to the error a caller sees.
//!
//! INVARIANT: a full or failing disk is `Unavailable` and passes; everything else is a fault of Garita's own.

use garita_model::Error;
use rusqlite::ErrorCode;

/// What a caller is told when a change cannot be kept.
pub(crate) const CANNOT_STORE: &str = "the server cannot store changes now: the disk is full or failing";
/// What the operator is told when another process holds the data folder.
pub(crate) const IN_USE: &str = "the data folder is in use by another garita process";

/// The error for a failure of the database.
pub(crate) fn database(doing: &str, error: &rusqlite::Error) -> Error {
    let detail = format!("{doing}: {error}");
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::unavailable(IN_USE, detail),
        Some(
            ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::OutOfMemory,
        ) => Error::unavailable(CANNOT_STORE, detail),
        _ => Error::internal(detail),
    }
}

/// The error for a failure of the file system.
pub(crate) fn io(doing: &str, error: &std::io::Error) -> Error {
    Error::unavailable(CANNOT_STORE, format!("{doing}: {error}"))
}
