//! `garita policy test`: policy tests as data, for the CI of whoever writes policies. Needs no server.
//!
//! The format is that of [`garita_policy::cases`]. What fails goes to standard output with its explanation, what cannot
//! be read to standard error; the last line on standard output counts.

use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use clap::{Args, Subcommand};
use garita_policy::cases::{self, Verdict};

/// Most bytes of one file of cases.
const MAX_FILE: u64 = 64 << 20;

/// What can be done with policies at hand.
#[derive(Subcommand)]
pub(crate) enum PolicyCommand {
    /// Decide the cases in files and compare with what they expect; needs no server
    Test(TestArgs),
}

#[derive(Args)]
#[command(after_help = "A case is one JSON object; a file holds a JSON list of them, or one a line:\n  \
    {\"name\": \"ana reads her own models\",\n   \
    \"request\": {\"principal\": \"arn:aws:iam::111122223333:user/ana\", \"action\": \"s3:GetObject\",\n               \
    \"resource\": \"arn:aws:s3:::models/ana/weights\"},\n   \
    \"policies\": {\"identity\": [{\"Version\": \"2012-10-17\", \"Statement\": {\"Effect\": \"Allow\",\n     \
    \"Action\": \"s3:Get*\", \"Resource\": \"arn:aws:s3:::models/${aws:username}/*\"}}]},\n   \
    \"expect\": \"allowed\"}\n\n\
    Exit code: 0 when all pass, 1 when some fail, 2 when a file or a case cannot be read.\n\
    The whole format: docs/reference/policy-tests.md")]
pub(crate) struct TestArgs {
    /// Files of cases; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Carries out a command.
pub(crate) fn run(command: &PolicyCommand) -> Result<ExitCode> {
    let PolicyCommand::Test(args) = command;
    let mut tally = Tally::default();
    for path in &args.files {
        tally.file(path)?;
    }
    println!("{} passed, {} failed", tally.passed, tally.failed);
    Ok(match tally {
        Tally { unreadable: 1.., .. } => ExitCode::from(2),
        Tally { failed: 1.., .. } => ExitCode::FAILURE,
        Tally { .. } => ExitCode::SUCCESS,
    })
}

#[derive(Default)]
struct Tally {
    passed: usize,
    failed: usize,
    unreadable: usize,
}

impl Tally {
    fn file(&mut self, path: &Path) -> Result<()> {
        let shown = if path.as_os_str() == "-" { Path::new("standard input") } else { path }.display();
        let read = read(path).and_then(|text| Ok(cases::read(&text)?));
        let cases = match read {
            Ok(cases) => cases,
            Err(error) => {
                self.unreadable += 1;
                eprintln!("garita: {shown} cannot be read: {error:#}");
                return Ok(());
            }
        };
        for case in cases {
            match case.map(|case| (case.run(), case)) {
                Ok((Verdict::Passed, _)) => self.passed += 1,
                Ok((Verdict::Failed(why), case)) => {
                    self.failed += 1;
                    let (name, line) = (case.name(), case.position().line);
                    writeln!(std::io::stdout(), "FAILED {name} ({shown}, line {line})\n{why}")?;
                }
                Err(error) => {
                    self.unreadable += 1;
                    eprintln!("garita: {shown}: {error}");
                }
            }
        }
        Ok(())
    }
}

fn read(path: &Path) -> Result<String> {
    let mut text = String::new();
    if path.as_os_str() == "-" {
        std::io::stdin().lock().take(MAX_FILE + 1).read_to_string(&mut text)?;
    } else {
        let file = std::fs::File::open(path).context("cannot open it")?;
        file.take(MAX_FILE + 1).read_to_string(&mut text)?;
    }
    ensure!(text.len() as u64 <= MAX_FILE, "more than {MAX_FILE} bytes");
    Ok(text)
}
