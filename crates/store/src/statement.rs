//! Every SQL statement, in the subset that SQLite and PostgreSQL both take.
//!
//! INVARIANT: parameters are `$1`, `$2`, ... and first appear in that order, because SQLite numbers them by
//! appearance. INVARIANT: every statement stands in [`ALL`], and a test prepares each of them.

/// Where the change feed stands, for a reader.
pub(crate) const READ_HEAD: &str = "SELECT rev, epoch FROM head WHERE id = 1";
/// The first head of a new store.
pub(crate) const CREATE_HEAD: &str =
    "INSERT INTO head (id, rev, epoch) VALUES (1, 0, $1) ON CONFLICT (id) DO NOTHING";
/// Takes the next revision; serialises writers.
pub(crate) const NEXT_REVISION: &str = "UPDATE head SET rev = rev + 1 WHERE id = 1 RETURNING rev";
/// Every object of a kind.
pub(crate) const READ_OBJECTS: &str = "SELECT key, document FROM object WHERE kind = $1 ORDER BY key";
/// Every kind that is stored.
pub(crate) const READ_KINDS: &str = "SELECT DISTINCT kind FROM object";
/// Writes an object.
pub(crate) const PUT_OBJECT: &str = "INSERT INTO object (kind, key, rev, document) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (kind, key) DO UPDATE SET rev = excluded.rev, document = excluded.document";
/// Deletes an object.
pub(crate) const DELETE_OBJECT: &str = "DELETE FROM object WHERE kind = $1 AND key = $2";
/// Adds to the change feed.
pub(crate) const ADD_CHANGE: &str =
    "INSERT INTO change (rev, ordinal, kind, key, document) VALUES ($1, $2, $3, $4, $5)";
/// Forgets the oldest part of the change feed.
pub(crate) const PRUNE_CHANGES: &str = "DELETE FROM change WHERE rev <= $1";
/// Adds to the outbox.
pub(crate) const ADD_OUTBOX: &str = "INSERT INTO outbox (rev, ordinal, record) VALUES ($1, $2, $3)";
/// What is in the outbox, in commit order.
pub(crate) const READ_OUTBOX: &str = "SELECT rev, ordinal, record FROM outbox ORDER BY rev, ordinal";
/// Takes a record out of the outbox.
pub(crate) const DELETE_OUTBOX: &str = "DELETE FROM outbox WHERE rev = $1 AND ordinal = $2";
/// The record of the migrations.
pub(crate) const CREATE_MIGRATION: &str = "CREATE TABLE IF NOT EXISTS migration \
     (version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL)";
/// The migrations that were run.
pub(crate) const READ_MIGRATIONS: &str = "SELECT version, name, checksum FROM migration ORDER BY version";
/// Notes a migration that was run.
pub(crate) const ADD_MIGRATION: &str = "INSERT INTO migration (version, name, checksum) VALUES ($1, $2, $3)";

/// All of the above.
#[cfg(test)]
pub(crate) const ALL: [&str; 15] = [
    READ_HEAD,
    CREATE_HEAD,
    NEXT_REVISION,
    READ_OBJECTS,
    READ_KINDS,
    PUT_OBJECT,
    DELETE_OBJECT,
    ADD_CHANGE,
    PRUNE_CHANGES,
    ADD_OUTBOX,
    READ_OUTBOX,
    DELETE_OUTBOX,
    CREATE_MIGRATION,
    READ_MIGRATIONS,
    ADD_MIGRATION,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_statement_is_listed_and_prepares() {
        let source = include_str!("statement.rs");
        assert_eq!(source.matches("\npub(crate) const ").count(), ALL.len() + 1);
        let folder = tempfile::tempdir().unwrap();
        let database = crate::database::Database::open(&folder.path().join("garita.db")).unwrap();
        for sql in ALL {
            database.connection().prepare(sql).unwrap_or_else(|e| panic!("{sql}: {e}"));
        }
    }

    #[test]
    fn parameters_appear_in_order() {
        for sql in ALL {
            let mut seen = 0;
            for parameter in sql.split('$').skip(1) {
                let digits: String = parameter.chars().take_while(char::is_ascii_digit).collect();
                let number: usize = digits.parse().unwrap();
                assert!(number <= seen + 1, "{sql}");
                seen = seen.max(number);
            }
            assert!(!sql.contains('?'), "{sql}");
        }
    }
}
