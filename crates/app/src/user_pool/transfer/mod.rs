//! Users brought along and taken away, with the hashes of their passwords: a file of lines, each a JSON object.
//!
//! [`line`] is the format, [`import`] puts a file into a pool, [`export`] writes one. The operator of the machine does
//! both; there is no operation for them on the wire, because whoever has the hashes can guess at the passwords.
//!
//! INVARIANT: a file is taken whole or not at all, in one change with one record, which names the file's SHA-256 and
//! what came of it. INVARIANT: a user who is there is left alone, so a file can be brought a second time.

mod export;
mod import;
mod line;

pub use export::{Export, Exported};
pub use import::{Imported, UsersFile, UsersFileReader};
pub use line::{GroupLine, Line, MOST_LINE, TokenLine, UserLine};
