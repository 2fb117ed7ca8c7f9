//! `garita audit`: reads the trail from its files, so it works beside a running server and after it.

use std::collections::VecDeque;
use std::io::{ErrorKind, Write as _};
use std::time::Duration;

use anyhow::{Error, Result, ensure};
use clap::Subcommand;
use garita_store::Trail;
use serde::Serialize;

use crate::data_folder::DataFolder;

/// What can be asked of the trail.
#[derive(Subcommand)]
pub(crate) enum AuditCommand {
    /// Print the last records as CloudTrail-shaped JSON lines
    Tail {
        /// How many records to begin with
        #[arg(short = 'n', long, default_value_t = 20)]
        lines: usize,
        /// Go on printing as records come
        #[arg(short, long)]
        follow: bool,
    },
    /// Check that no record was changed, cut out or lost
    Verify,
}

/// Carries out a command on a data folder's trail.
pub(crate) async fn run(folder: &DataFolder, command: AuditCommand) -> Result<()> {
    ensure!(
        folder.path().join("audit").is_dir(),
        "`{0}` has no audit trail: is it a data folder? `garita init --data {0}` makes one",
        folder.path().display()
    );
    match command {
        AuditCommand::Tail { lines, follow } => match tail(folder, lines, follow).await {
            // Whoever reads has read enough, as `head` does.
            Err(error) if is_broken_pipe(&error) => Ok(()),
            ended => ended,
        },
        AuditCommand::Verify => {
            let report = Trail::verify(folder.path())?;
            println!("{report:?}");
            Ok(())
        }
    }
}

async fn tail(folder: &DataFolder, lines: usize, follow: bool) -> Result<()> {
    let mut trail = Trail::read(folder.path())?;
    let mut last = VecDeque::new();
    for record in trail.by_ref() {
        last.push_back(record?);
        if last.len() > lines {
            last.pop_front();
        }
    }
    print(last)?;
    if !follow {
        return Ok(());
    }
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let new: Vec<_> = trail.by_ref().collect::<Result<_, _>>()?;
        print(new)?;
    }
}

fn is_broken_pipe(error: &Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

fn print(records: impl IntoIterator<Item = impl Serialize>) -> Result<()> {
    let mut out = std::io::stdout().lock();
    for record in records {
        writeln!(out, "{}", serde_json::to_string(&record)?)?;
    }
    Ok(out.flush()?)
}
