//! The ordered migrations, each run once, with its checksum on record.
//!
//! INVARIANT: a migration that was run is never edited; a database that knows a migration this program does not
//! know is refused, because its rows may mean something else.

use garita_model::{Error, Result};
use rusqlite::{Connection, params};

use crate::{failure, statement};

/// One step of the schema.
struct Migration {
    version: i64,
    name: &'static str,
    sql: &'static str,
}

const MIGRATIONS: [Migration; 1] =
    [Migration { version: 1, name: "objects", sql: include_str!("../migrations/0001_objects.sql") }];

/// Brings the schema up to date inside the transaction of the caller.
pub(crate) fn run(connection: &Connection) -> Result<()> {
    let sql = |doing: &'static str| move |error| failure::database(doing, &error);
    connection.execute_batch(statement::CREATE_MIGRATION).map_err(sql("create the migration table"))?;
    let done = read(connection).map_err(sql("read the migrations"))?;
    check(&done)?;
    for migration in MIGRATIONS.iter().skip(done.len()) {
        connection.execute_batch(migration.sql).map_err(sql("run a migration"))?;
        let row = params![migration.version, migration.name, checksum(migration.sql)];
        connection.execute(statement::ADD_MIGRATION, row).map_err(sql("note a migration"))?;
    }
    Ok(())
}

/// A migration on record: version, name, checksum.
type Row = (i64, String, String);

fn read(connection: &Connection) -> rusqlite::Result<Vec<Row>> {
    let mut query = connection.prepare(statement::READ_MIGRATIONS)?;
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    rows.collect()
}

fn check(done: &[Row]) -> Result<()> {
    for (index, (version, name, sum)) in done.iter().enumerate() {
        let Some(known) = MIGRATIONS.get(index) else {
            return Err(Error::internal(format!(
                "the data folder was written by a newer garita: schema {version} (`{name}`), this one knows up to {}; \
                 use that version or restore a backup",
                MIGRATIONS.len()
            )));
        };
        if known.version != *version || known.name != name || checksum(known.sql) != *sum {
            return Err(Error::internal(format!(
                "schema {version} (`{name}`) of the data folder is not the one this garita knows under that number"
            )));
        }
    }
    Ok(())
}

fn checksum(sql: &str) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, sql.as_bytes());
    hex::encode(digest)
}
