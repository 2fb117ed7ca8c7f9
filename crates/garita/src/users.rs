//! `garita users import` and `garita users export`: people brought along and taken away, with their hashes.
//!
//! A running server takes the file over the control socket, after the command, and gives one the same way; without a
//! server the data folder is opened for as long as it takes. The format is `garita_app::user_pool::Line`'s, told in
//! docs/reference/user-files.md. INVARIANT: hashes go into a file that only its owner reads, or nowhere. INVARIANT: half a
//! file is never taken for a whole one: the command says how long it is, and one that is written has its name at last.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use clap::Subcommand;
use garita_app::App;
use garita_app::user_pool::{Exported, Imported, MOST_LINE, UsersFileReader};
use garita_model::user_pool::PoolId;
use tokio::io::{
    AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::net::UnixStream;

use crate::config::Config;
use crate::control::{self, Answer, Command};
use crate::data_folder::DataFolder;

#[derive(Subcommand)]
pub(crate) enum UsersCommand {
    /// Put the users and groups of a file into a user pool, with the hashes of their passwords
    #[command(
        after_help = "The file is taken whole or not at all; a user who is there is left as it is, so a file can be \
    brought again.\nThe format: docs/reference/user-files.md\n\n\
    Example:\n  garita users import eu-west-1_Ab3dE5gH9 people.jsonl"
    )]
    Import {
        /// The id of the user pool
        pool: PoolId,
        /// The file, one JSON object in each line
        file: PathBuf,
    },
    /// Write the users and groups of a user pool into a new file that only its owner can read
    #[command(
        after_help = "The file holds the hashes of passwords and the keys of authenticator apps: keep it as you would \
    keep them.\n\nExample:\n  garita users export eu-west-1_Ab3dE5gH9 people.jsonl"
    )]
    Export {
        /// The id of the user pool
        pool: PoolId,
        /// The file, which must not be there yet
        file: PathBuf,
    },
}

/// Carries out the command.
pub(crate) async fn run(folder: &DataFolder, config: &Config, command: UsersCommand) -> Result<()> {
    match command {
        UsersCommand::Import { pool, file } => {
            let done = import(folder, config, pool.clone(), &file).await?;
            let Imported { users, users_there, groups, groups_there } = done;
            println!("{} and {} came into {pool}", count(users, "user"), count(groups, "group"));
            let (users, groups) = (count(users_there, "user"), count(groups_there, "group"));
            println!("{users} and {groups} were there and stayed as they were");
        }
        UsersCommand::Export { pool, file } => {
            let Exported { users, groups, left_out } = export(folder, config, &pool, &file).await?;
            let (users, groups) = (count(users, "user"), count(groups, "group"));
            println!("{users} and {groups} of {pool} are in {}", file.display());
            if left_out > 0 {
                println!("left out, because they sign in elsewhere: {}", count(left_out, "user"));
            }
        }
    }
    Ok(())
}

/// So many things of a kind, in words.
fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

async fn import(folder: &DataFolder, config: &Config, pool: PoolId, path: &Path) -> Result<Imported> {
    let file = File::open(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let found = file.metadata()?;
    if found.permissions().mode() & 0o077 != 0 {
        eprintln!(
            "garita: note: others can read `{0}`, which may hold hashes: chmod 600 {0}",
            path.display()
        );
    }
    let file = tokio::fs::File::from_std(file);
    if found.is_file() {
        return bring(folder, config, pool, BufReader::new(file), found.len()).await;
    }
    // How much will come out of a pipe is known at its end.
    let mut whole = Vec::new();
    file.take(UsersFileReader::MOST_BYTES.saturating_add(1)).read_to_end(&mut whole).await?;
    let bytes = u64::try_from(whole.len())?;
    bring(folder, config, pool, whole.as_slice(), bytes).await
}

/// Brings so many bytes to the running server, or into the data folder.
async fn bring(
    folder: &DataFolder,
    config: &Config,
    pool: PoolId,
    mut file: impl AsyncBufRead + Unpin,
    bytes: u64,
) -> Result<Imported> {
    let command = Command::ImportUsers { pool: pool.clone(), bytes };
    let Some(stream) = control::begin(folder, &command).await? else {
        let app = folder.open(config).await?;
        let done = take(&app, pool, &mut file, bytes).await;
        app.close();
        return done;
    };
    let (reading, mut writing) = stream.into_split();
    // A server that has seen enough answers all the same.
    let sent = tokio::io::copy_buf(&mut file, &mut writing).await;
    drop(writing);
    match (control::answer(BufReader::new(reading)).await, sent) {
        (Ok(Answer::Imported(done)), Ok(_)) => Ok(done),
        (Ok(_), Ok(_)) => bail!("the running server answered something else than was asked"),
        (Err(error), _) => Err(error),
        (Ok(_), Err(error)) => Err(error).context("the file could not be sent whole"),
    }
}

/// Reads a file of so many bytes to its end and puts it into a pool.
pub(crate) async fn take(
    app: &Arc<App>,
    pool: PoolId,
    file: &mut (impl AsyncBufRead + Unpin),
    bytes: u64,
) -> Result<Imported> {
    let (mut reader, mut piece, mut came) = (UsersFileReader::default(), Vec::new(), 0);
    let most = u64::try_from(MOST_LINE)?.saturating_add(1);
    loop {
        piece.clear();
        if (&mut *file).take(most).read_until(b'\n', &mut piece).await? == 0 {
            break;
        }
        came += u64::try_from(piece.len())?;
        reader.take(&piece);
    }
    ensure!(
        came == bytes,
        "{came} bytes came of a file of {bytes}: nothing was changed; see to it that nobody writes the file, and try again"
    );
    let file = reader.finish().map_err(|faults| anyhow!(faults.join("\n")))?;
    Ok(app.import_users(pool, file).await?)
}

async fn export(folder: &DataFolder, config: &Config, pool: &PoolId, path: &Path) -> Result<Exported> {
    let cannot = || format!("cannot create `{}`", path.display());
    ensure!(path.symlink_metadata().is_err(), "{}: it is there already", cannot());
    let name = path.file_name().with_context(cannot)?.to_string_lossy();
    let part = path.with_file_name(format!(".{name}.part"));
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part);
    let file = file.with_context(|| {
        format!("{}: `{}` may be left from an export that was broken off", cannot(), part.display())
    })?;
    // Half a file would look like a whole one: it gets its name at last.
    let written = write(folder, config, pool, BufWriter::new(file)).await;
    let named = written.and_then(|done| {
        std::fs::rename(&part, path).with_context(cannot)?;
        Ok(done)
    });
    if named.is_err() {
        std::fs::remove_file(&part).with_context(|| format!("cannot remove `{}`", part.display()))?;
    }
    named
}

async fn write(
    folder: &DataFolder,
    config: &Config,
    pool: &PoolId,
    mut file: BufWriter<File>,
) -> Result<Exported> {
    let done = match control::begin(folder, &Command::ExportUsers { pool: pool.clone() }).await? {
        Some(stream) => receive(stream, &mut file).await?,
        None => {
            let app = folder.open(config).await?;
            let written = write_from(&app, pool, &mut file).await;
            app.close();
            written?
        }
    };
    file.flush()?;
    file.get_ref().sync_all()?;
    Ok(done)
}

async fn write_from(app: &Arc<App>, pool: &PoolId, file: &mut BufWriter<File>) -> Result<Exported> {
    let export = app.export_users(pool).await?;
    for line in export.lines() {
        writeln!(file, "{}", line?.expose())?;
    }
    Ok(export.counts)
}

/// Writes the lines that a server sends; its answer comes last.
async fn receive(stream: UnixStream, file: &mut BufWriter<File>) -> Result<Exported> {
    let mut lines = BufReader::new(stream);
    let mut line = String::new();
    loop {
        line.clear();
        if lines.read_line(&mut line).await? == 0 {
            bail!("the running server broke off: nothing was written");
        }
        if line.starts_with("{\"user\":") || line.starts_with("{\"group\":") {
            file.write_all(line.as_bytes())?;
            continue;
        }
        return match control::parse(&line)? {
            Answer::Exported(done) => Ok(done),
            _ => bail!("the running server answered something else than was asked"),
        };
    }
}

/// Sends the users of a pool; the answer is for after them.
pub(crate) async fn give(
    app: &Arc<App>,
    pool: &PoolId,
    to: &mut (impl AsyncWrite + Unpin),
) -> Result<Exported> {
    let export = app.export_users(pool).await?;
    for line in export.lines() {
        to.write_all(line?.expose().as_bytes()).await?;
        to.write_all(b"\n").await?;
    }
    Ok(export.counts)
}
