//! `garita audit`: reads the trail from its files, so it works beside a running server and after it.

use std::io::Write as _;
use std::time::Duration;

use anyhow::Result;
use clap::Subcommand;
use garita_store::Trail;

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
    match command {
        AuditCommand::Tail { lines, follow } => tail(folder, lines, follow).await,
        AuditCommand::Verify => {
            let report = Trail::verify(folder.path())?;
            println!("{report:?}");
            Ok(())
        }
    }
}

async fn tail(folder: &DataFolder, lines: usize, follow: bool) -> Result<()> {
    let mut printed = 0;
    let mut first = true;
    loop {
        let records: Vec<_> = Trail::read(folder.path())?.collect::<Result<_, _>>()?;
        let from = if first { records.len().saturating_sub(lines) } else { printed };
        let mut out = std::io::stdout().lock();
        for record in records.iter().skip(from) {
            writeln!(out, "{}", serde_json::to_string(record)?)?;
        }
        out.flush()?;
        drop(out);
        (printed, first) = (records.len(), false);
        if !follow {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}
